"""The tables of what is owed to the fund: receivables, recoveries, what is owed no more, what third parties owe.

Declared for ``alembic check``; checks and row policies stand in migration 0003.
"""

from sqlalchemy import (
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
    UniqueConstraint,
    Uuid,
    text,
)

from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Declares the tables of receivables."""
    _receivable(metadata)
    _recovery(metadata)
    _waiver(metadata)
    _write_off(metadata)
    _third_party_liability(metadata)


def _receivable(metadata: MetaData) -> None:
    Table(
        "receivable",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("book", CODE, nullable=False),
        Column("origin", CODE, nullable=False),
        Column("bearer", CODE, nullable=False),
        Column("institution_code", CODE),
        Column("household_id", Uuid),
        Column("claim_id", Uuid),
        Column("layer", CODE),
        Column("expense_account", CODE),
        Column("care_year", Integer),
        Column("replenishment_id", Uuid),
        Column("line", Integer),
        Column("instruction_id", Uuid),
        Column("order_id", Uuid),
        Column("reason", Text, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("patient_owed_fen", BigInteger, nullable=False),
        Column("penalty_fen", BigInteger, nullable=False),
        Column("settled_fen", BigInteger, nullable=False, server_default=text("0")),
        Column("waived_fen", BigInteger, nullable=False, server_default=text("0")),
        Column("reference", CODE, nullable=False),
        Column("shown_as", CODE),
        Column("arisen_on", Date, nullable=False),
        Column("booked_on", Date, nullable=False),
        Column("made_good_on", Date),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "reference"),
        UniqueConstraint("pool_code", "replenishment_id", "line"),
        ForeignKeyConstraint(
            ["pool_code", "replenishment_id", "line"],
            ["replenishment_line.pool_code", "replenishment_line.replenishment_id", "replenishment_line.line"],
        ),
        ForeignKeyConstraint(["pool_code", "order_id"], ["money_order.pool_code", "money_order.id"]),
        Index("receivable_shown_as", "pool_code", "shown_as", postgresql_where=text("(shown_as IS NOT NULL)")),
        Index("receivable_claim", "pool_code", "claim_id", "layer", postgresql_where=text("(claim_id IS NOT NULL)")),
        Index(
            "receivable_once",
            "pool_code",
            "claim_id",
            "layer",
            "origin",
            unique=True,
            postgresql_where=text("(origin = ANY (ARRAY['accident'::text, 'cancellation'::text]))"),
        ),
    )


def _recovery(metadata: MetaData) -> None:
    Table(
        "recovery",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("instruction_id", Uuid, nullable=False),
        Column("claim_id", Uuid, nullable=False),
        Column("layer", CODE, nullable=False),
        Column("institution_code", CODE, nullable=False),
        Column("expense_account", CODE, nullable=False),
        Column("care_year", Integer, nullable=False),
        Column("bearer", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("patient_owed_fen", BigInteger, nullable=False),
        Column("penalty_fen", BigInteger, nullable=False),
        Column("document", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("asked_at", MOMENT, nullable=False),
        Column("approved_by", Text),
        Column("approved_at", MOMENT),
        Column("approved_on", Date),
        Column("refused_by", Text),
        Column("refused_on", Date),
        Column("refusal", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        Index("recovery_claim", "pool_code", "instruction_id", "claim_id", "layer"),
    )


def _waiver(metadata: MetaData) -> None:
    Table(
        "waiver",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("receivable_id", Uuid, nullable=False),
        Column("kind", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("care_year", Integer),
        Column("reason", Text, nullable=False),
        Column("waived_on", Date, nullable=False),
        Column("booked_on", Date, nullable=False),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(["pool_code", "receivable_id"], ["receivable.pool_code", "receivable.id"]),
        Index("waiver_receivable", "pool_code", "receivable_id"),
    )


def _write_off(metadata: MetaData) -> None:
    Table(
        "write_off",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("receivable_id", Uuid, nullable=False),
        Column("reason", Text, nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("asked_at", MOMENT, nullable=False),
        Column("decision", CODE),
        Column("document", Text),
        Column("decided_by", Text),
        Column("decided_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(["pool_code", "receivable_id"], ["receivable.pool_code", "receivable.id"]),
        Index(
            "write_off_once",
            "pool_code",
            "receivable_id",
            unique=True,
            postgresql_where=text("(decision IS DISTINCT FROM 'refused'::text)"),
        ),
    )


def _third_party_liability(metadata: MetaData) -> None:
    Table(
        "third_party_liability",
        metadata,
        Column("pool_code", CODE),
        Column("claim_id", Uuid),
        Column("layer", CODE),
        Column("institution_code", CODE, nullable=False),
        Column("expense_account", CODE, nullable=False),
        Column("care_year", Integer, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        PrimaryKeyConstraint("pool_code", "claim_id", "layer"),
    )
