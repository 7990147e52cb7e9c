"""The tables of the review, declared for ``alembic check``; checks and row policies stand in migration 0003."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.columns import MOMENT, code, required

_REVIEW = ["pool_code", "claim_id", "claim_version"]


def declare(metadata: MetaData) -> None:
    """Declares the tables of this capability."""
    _review(metadata)
    _cut(metadata)
    _cutoff(metadata)


def _review(metadata: MetaData) -> None:
    Table(
        "claim_review",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        required("claim_version", Integer),
        code("institution_code"),
        required("decision", Text),
        required("reviewer", Text),
        required("decided_at", MOMENT),
        required("decided_on", Date),
        required("ground", Text),
        Column("bearer", Text),
        required("payable_fen", BigInteger),
        required("cut_fen", BigInteger),
        required("taken_back", Boolean),
        required("layers", JSONB),
        PrimaryKeyConstraint(*_REVIEW),
    )


def _cut(metadata: MetaData) -> None:
    Table(
        "claim_cut",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        required("claim_version", Integer),
        required("number", Integer),
        code("institution_code"),
        Column("line", Integer),
        required("bearer", Text),
        required("amount_fen", BigInteger),
        required("fund_share_fen", BigInteger),
        required("patient_owed_fen", BigInteger),
        required("penalty_fen", BigInteger),
        required("reason", Text),
        PrimaryKeyConstraint(*_REVIEW, "number"),
        ForeignKeyConstraint(_REVIEW, [f"claim_review.{column}" for column in _REVIEW]),
    )


def _cutoff(metadata: MetaData) -> None:
    Table(
        "cutoff",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("institution_code"),
        required("up_to", Date),
        required("claims", Integer),
        required("amount_fen", BigInteger),
        required("released_at", MOMENT),
        required("released_on", Date),
        required("released_by", Text),
        PrimaryKeyConstraint("pool_code", "id"),
    )
