"""The tables of reversals, declared for ``alembic check``; checks and row policies stand in migration 0003."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.claims.visits.tables import MOMENT, code, required


def declare(metadata: MetaData) -> None:
    """Declares what settlement told of payments, releases of the county office, negative claims and closed years."""
    Table(
        "claim_payment",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        code("layer"),
        code("institution_code"),
        required("paid", Boolean),
        required("told_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "claim_id", "layer"),
        _of_claim(),
    )
    Table(
        "reversal_release",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        code("institution_code"),
        required("reason", Text),
        required("document", Text),
        required("layers", JSONB),
        required("asked_by", Text),
        required("asked_at", MOMENT),
        Column("approved_by", Text),
        Column("approved_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "claim_id"),
        _of_claim(),
    )
    _reversal(metadata)
    Table(
        "benefit_year_close",
        metadata,
        code("pool_code"),
        required("year", Integer),
        required("document", Text),
        required("closed_by", Text),
        required("closed_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "year"),
    )


def _of_claim() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["pool_code", "claim_id"], ["claim.pool_code", "claim.id"])


def _reversal(metadata: MetaData) -> None:
    reversal = Table(
        "claim_reversal",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("number"),
        required("claim_id", Uuid),
        code("institution_code"),
        required("member_id", Uuid),
        code("township_code"),
        required("kind", Text),
        required("benefit_year", Integer),
        *(required(f"{name}_fen", BigInteger) for name in ("total", "eligible", "benefit", "account", "payable")),
        required("layers", JSONB),
        required("reason", Text),
        required("reversed_on", Date),
        required("reversed_at", MOMENT),
        required("reversed_by", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "claim_id", name="claim_reversal_once"),
        UniqueConstraint("pool_code", "number", name="claim_reversal_number"),
        _of_claim(),
    )
    Index("claim_reversal_of_day", reversal.c.pool_code, reversal.c.reversed_on, reversal.c.id)
