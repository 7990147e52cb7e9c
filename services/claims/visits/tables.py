"""The tables of visits and what comes with them, declared for ``alembic check``; checks and row policies stand in
migration 0003. Those of claims stand in `claim_tables`, those of reversals in `reversal_tables`."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.columns import CODE
from shared.db.columns import MOMENT as MOMENT  # these three also for `reversal_tables`, which takes them from here
from shared.db.columns import code as code
from shared.db.columns import required as required


def of_visit() -> ForeignKeyConstraint:
    """Ties a row to the institution of its visit (contracts §4)."""
    columns = ["pool_code", "visit_id", "institution_code"]
    return ForeignKeyConstraint(columns, ["visit.pool_code", "visit.id", "visit.institution_code"])


def bill() -> list[Column[Any]]:
    """A bill as columns of equal length: one row instead of one row a line."""
    return [
        required("item_codes", ARRAY(Text)),
        required("item_names", ARRAY(Text)),
        required("days", ARRAY(Date)),
        required("prices_micro", ARRAY(BigInteger)),
        required("quantities_e4", ARRAY(BigInteger)),
        required("amounts_fen", ARRAY(BigInteger)),
    ]


def declare(metadata: MetaData) -> None:
    """Declares the tables of coverage, visits and the window."""
    for tables in (_coverage, _visit, _given_files, _lines, _slips, _withdrawals, _invoices):
        tables(metadata)


def _coverage(metadata: MetaData) -> None:
    member = Table(
        "member_coverage",
        metadata,
        code("pool_code"),
        required("member_id", Uuid),
        required("blind_index", LargeBinary),
        required("household_id", Uuid),
        code("township_code"),
        Column("village_code", CODE, nullable=False, server_default=""),
        required("birth_date", Date),
        required("sex", Text),
        required("sequence", BigInteger),
        required("timeline", JSONB),
        required("groups", JSONB),
        Column("layers", JSONB, nullable=False, server_default="[]"),
        Column("entitlements", JSONB, nullable=False, server_default="[]"),
        Column("entitlement_seq", BigInteger, nullable=False, server_default="0"),
        required("learnt_from", Text),
        required("learnt_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "member_id"),
    )
    Index("member_coverage_blind", member.c.pool_code, member.c.blind_index)
    Index("member_coverage_household", member.c.pool_code, member.c.household_id)
    Table(
        "coverage_case",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("institution_code"),
        required("kind", Text),
        required("claim_id", Uuid),
        required("member_id", Uuid),
        required("coverage_sequence", BigInteger),
        required("status", Text),
        required("version", Integer),
        required("opened_at", MOMENT),
        Column("outcome", Text),
        Column("reason", Text),
        Column("closed_by", Text),
        Column("closed_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "claim_id", "kind", name="coverage_case_once"),
    )


def _visit(metadata: MetaData) -> None:
    visit = Table(
        "visit",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("institution_code"),
        code("institution_number"),
        required("member_id", Uuid),
        required("kind", Text),
        required("status", Text),
        required("admitted_at", MOMENT),
        required("admitted_on", Date),
        Column("discharged_at", MOMENT),
        required("diagnosis_code", Text),
        required("diagnosis_name", Text),
        required("circumstances", ARRAY(Text)),
        required("third_party", Text),
        Column("third_party_share", Integer, nullable=False, server_default="0"),
        Column("mother_id", Uuid),
        Column("elsewhere", JSONB),
        Column("channel", Text, nullable=False, server_default="bedside"),
        Column("submitted_on", Date),
        Column("missing_papers", ARRAY(Text), nullable=False, server_default="{}"),
        Column("facts_seq", Integer, nullable=False, server_default="0"),
        Column("line_sheets", Integer, nullable=False, server_default="0"),
        required("registered_at", MOMENT),
        required("registered_by", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "id", "institution_code", name="visit_institution"),
    )
    Index(
        "visit_institution_number",
        *(visit.c[name] for name in ("pool_code", "institution_code", "institution_number")),
        unique=True,
        postgresql_where=text("status <> 'withdrawn'"),
    )
    Index("visit_of_member", visit.c.pool_code, visit.c.member_id)
    given = visit.c.elsewhere
    Index(
        "visit_elsewhere_once",
        visit.c.pool_code,
        given["scheme"].astext,
        given["settlement"].astext,
        unique=True,
        postgresql_where=text("elsewhere IS NOT NULL AND status <> 'withdrawn'"),
    )


def _given_files(metadata: MetaData) -> None:
    file = Table(
        "given_file",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("number"),
        required("content_hash", LargeBinary),
        *(required(name, Integer) for name in ("rows_read", "entered", "unchanged", "returned")),
        required("recorded_by", Text),
        required("recorded_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "number", name="given_file_number"),
    )
    Index("given_file_content", file.c.pool_code, file.c.content_hash)
    Table(
        "given_file_error",
        metadata,
        code("pool_code"),
        required("file_id", Uuid),
        required("row_number", Integer),
        required("row_sealed", LargeBinary),
        PrimaryKeyConstraint("pool_code", "file_id", "row_number"),
        ForeignKeyConstraint(["pool_code", "file_id"], ["given_file.pool_code", "given_file.id"]),
    )


def _lines(metadata: MetaData) -> None:
    Table(
        "visit_lines",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        required("sheet", Integer),
        code("institution_code"),
        *bill(),
        required("restrictions_met", ARRAY(Boolean)),
        required("uploaded_at", MOMENT),
        required("uploaded_by", Text),
        PrimaryKeyConstraint("pool_code", "visit_id", "sheet"),
        of_visit(),
    )
    sheet = ["pool_code", "visit_id", "sheet"]
    Table(
        "visit_lines_withdrawal",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        required("sheet", Integer),
        code("institution_code"),
        required("withdrawn_at", MOMENT),
        required("withdrawn_by", Text),
        PrimaryKeyConstraint(*sheet),
        ForeignKeyConstraint(sheet, [f"visit_lines.{name}" for name in sheet]),
        of_visit(),
    )


def _slips(metadata: MetaData) -> None:
    Table(
        "window_slip",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        code("institution_code"),
        code("number"),
        required("needed", ARRAY(Text)),
        required("accepted_at", MOMENT),
        required("accepted_by", Text),
        PrimaryKeyConstraint("pool_code", "visit_id"),
        UniqueConstraint("pool_code", "number", name="window_slip_number"),
        of_visit(),
    )
    Table(
        "window_paper",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        required("position", Integer),
        code("institution_code"),
        required("kind", Text),
        required("original", Text),
        required("recorded_at", MOMENT),
        required("recorded_by", Text),
        PrimaryKeyConstraint("pool_code", "visit_id", "position"),
        ForeignKeyConstraint(["pool_code", "visit_id"], ["window_slip.pool_code", "window_slip.visit_id"]),
        of_visit(),
    )


def _withdrawals(metadata: MetaData) -> None:
    Table(
        "visit_withdrawal",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        code("institution_code"),
        required("reason", Text),
        required("withdrawn_at", MOMENT),
        required("withdrawn_by", Text),
        PrimaryKeyConstraint("pool_code", "visit_id"),
        of_visit(),
    )


def _invoices(metadata: MetaData) -> None:
    Table(
        "invoice_attempt",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("code"),
        code("number"),
        required("visit_id", Uuid),
        code("institution_code"),
        required("member_id", Uuid),
        code("used_pool_code"),
        required("used_visit_id", Uuid),
        required("used_at", MOMENT),
        required("attempted_at", MOMENT),
        required("attempted_by", Text),
        PrimaryKeyConstraint("pool_code", "id"),
    )
    used = Table(
        "invoice_use",
        metadata,
        code("code"),
        code("number"),
        code("pool_code"),
        required("visit_id", Uuid),
        required("used_at", MOMENT),
        Column("freed_at", MOMENT),
        PrimaryKeyConstraint("code", "number", "visit_id"),
    )
    once = text("freed_at IS NULL")
    Index("invoice_use_once", used.c.code, used.c.number, unique=True, postgresql_where=once)
    Index("invoice_use_of_visit", used.c.visit_id)
