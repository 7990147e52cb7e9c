"""The tables of increases, declared for ``alembic check``; checks and row policies stand in migration 0005."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
    _lists(metadata)
    _lines(metadata)
    _readjudged(metadata)


def _lists(metadata: MetaData) -> None:
    Table(
        "increase_list",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        required("ground", Text),
        Column("policy_id", Uuid),
        required("status", Text),
        required("lines", Integer),
        required("listed_fen", BigInteger),
        required("approved_fen", BigInteger),
        required("claims", Integer),
        required("let_stand_fen", BigInteger),
        required("prepared_by", Text),
        required("prepared_at", MOMENT),
        Column("approved_by", Text),
        Column("approved_at", MOMENT),
        Column("approved_on", Date),
        Column("document_number", Text),
        Column("withdrawn_by", Text),
        Column("withdrawal_reason", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(["pool_code", "policy_id"], ["policy.pool_code", "policy.id"]),
    )


def _lines(metadata: MetaData) -> None:
    line = Table(
        "increase",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        required("list_id", Uuid),
        required("ground", Text),
        required("policy_id", Uuid),
        required("claim_id", Uuid),
        code("layer"),
        code("institution_code"),
        required("kind", Text),
        required("member_id", Uuid),
        required("household_id", Uuid),
        code("township_code"),
        required("benefit_year", Integer),
        required("payer", Text),
        code("account"),
        code("expense_account"),
        code("book"),
        required("risk_bearer", Text),
        required("listed_fen", BigInteger),
        required("amount_fen", BigInteger),
        required("status", Text),
        required("counts", JSONB),
        Column("paid_on", Date),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(["pool_code", "list_id"], ["increase_list.pool_code", "increase_list.id"]),
        ForeignKeyConstraint(["pool_code", "claim_id"], ["claim.pool_code", "claim.id"]),
    )
    c = line.c
    Index("increase_of_list", c.pool_code, c.list_id, c.id)
    stands = text(
        "(ground = 'late_decision'::text AND status <> ALL (ARRAY['withdrawn'::text, 'void'::text, "
        "'compensated'::text]))"
    )
    Index("increase_once", c.pool_code, c.claim_id, c.layer, c.policy_id, unique=True, postgresql_where=stands)
    waits = text("(status = 'listed'::text)")
    Index("increase_waits_once", c.pool_code, c.claim_id, c.layer, unique=True, postgresql_where=waits)


def _readjudged(metadata: MetaData) -> None:
    Table(
        "readjudged",
        metadata,
        code("pool_code"),
        required("list_id", Uuid),
        required("claim_id", Uuid),
        required("cancelled_claims", ARRAY(Uuid)),
        required("member_id", Uuid),
        required("household_id", Uuid),
        code("township_code"),
        code("institution_code"),
        required("admitted_on", Date),
        required("settled_on", Date),
        required("policy_before", Text),
        required("policy", Text),
        required("outcome", Text),
        required("benefit_before_fen", BigInteger),
        required("benefit_fen", BigInteger),
        required("paid_more_fen", BigInteger),
        required("to_pay_fen", BigInteger),
        required("let_stand_fen", BigInteger),
        required("layers", JSONB),
        PrimaryKeyConstraint("pool_code", "list_id", "claim_id"),
        ForeignKeyConstraint(["pool_code", "list_id"], ["increase_list.pool_code", "increase_list.id"]),
        ForeignKeyConstraint(["pool_code", "claim_id"], ["claim.pool_code", "claim.id"]),
    )
