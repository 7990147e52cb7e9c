"""The tables of cases, declared for ``alembic check``; checks and row policies stand in migration 0004."""

from sqlalchemy import (
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.columns import MOMENT, code, required


def declare(metadata: MetaData) -> None:
    """Declares the tables of this capability."""
    _indexes(_case(metadata))
    _step(metadata)
    _start(metadata)


def _of_case() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["pool_code", "case_id"], ["entitlement_case.pool_code", "entitlement_case.id"])


def _case(metadata: MetaData) -> Table:
    return Table(
        "entitlement_case",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("institution_code"),
        required("kind", Text),
        required("member_id", Uuid),
        required("household_id", Uuid),
        code("township_code"),
        Column("visit_id", Uuid),
        code("disease_code"),
        required("valid_from", Date),
        Column("valid_to", Date),
        required("papers", JSONB),
        required("status", Text),
        required("version", Integer),
        required("submitted_by", Text),
        required("submitted_at", MOMENT),
        required("due_on", Date),
        Column("liability", Text),
        required("share", Integer),
        Column("posted_on", Date),
        Column("posted_until", Date),
        PrimaryKeyConstraint("pool_code", "id"),
    )


def _indexes(case: Table) -> None:
    c = case.c
    waiting = "status IN ('submitted', 'endorsed', 'opposed')"
    Index("entitlement_case_due", c.pool_code, c.due_on, c.id, postgresql_where=text(waiting))
    Index(
        "entitlement_case_once", c.pool_code, c.member_id, c.kind, c.disease_code, unique=True,
        postgresql_where=text(f"{waiting} AND kind <> 'accident'"),
    )  # fmt: skip
    Index(
        "entitlement_case_visit", c.pool_code, c.visit_id, unique=True,
        postgresql_where=text(f"{waiting} AND kind = 'accident'"),
    )  # fmt: skip


def _step(metadata: MetaData) -> None:
    Table(
        "case_step",
        metadata,
        code("pool_code"),
        required("case_id", Uuid),
        required("version", Integer),
        code("institution_code"),
        required("act", Text),
        required("by", Text),
        required("role", Text),
        required("at", MOMENT),
        required("on", Date),
        required("note", Text),
        required("detail", JSONB),
        PrimaryKeyConstraint("pool_code", "case_id", "version"),
        _of_case(),
    )


def _start(metadata: MetaData) -> None:
    Table(
        "entitlement_start",
        metadata,
        code("pool_code"),
        required("member_id", Uuid),
        code("code"),
        code("disease_code"),
        required("valid_from", Date),
        Column("recorded_seq", Integer, nullable=False),
        required("state", Text),
        required("case_id", Uuid),
        required("recorded_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "member_id", "code", "disease_code", "valid_from", "recorded_seq"),
        _of_case(),
    )
