"""Tables of funding: accounts, what events told, money in and between keepers, replenishment.

Constraints that guard each invariant are in the migration; here is what ``alembic check`` compares.
"""

from sqlalchemy import (
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
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.settlement.funding import receivable_tables
from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Declares the tables on the service's MetaData."""
    _bank_account(metadata)
    _premium(metadata)
    _temporary_receipt(metadata)
    _remittance(metadata)
    _sponsorship(metadata)
    _subsidy_due(metadata)
    _subsidy_carry(metadata)
    _replenishment(metadata)
    _transfer(metadata)
    _movement(metadata)
    _paid_line(metadata)
    _replenishment_line(metadata)
    receivable_tables.declare(metadata)


def _bank_account(metadata: MetaData) -> None:
    Table(
        "bank_account",
        metadata,
        Column("pool_code", CODE),
        Column("account", CODE),
        Column("version", Integer),
        Column("bank_name", Text, nullable=False),
        Column("bank_ownership", Text, nullable=False),
        Column("holder_name", Text, nullable=False),
        Column("number_sealed", LargeBinary, nullable=False),
        Column("number_index", LargeBinary, nullable=False),
        Column("registered_by", Text, nullable=False),
        Column("registered_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "account", "version"),
    )


def _premium(metadata: MetaData) -> None:
    Table(
        "premium",
        metadata,
        Column("pool_code", CODE),
        Column("bill_id", CODE),
        Column("sequence", BigInteger),
        Column("coverage_year", Integer, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("business_day", Date, nullable=False),
        Column("temporary", Boolean, nullable=False),
        PrimaryKeyConstraint("pool_code", "bill_id", "sequence"),
    )


def _temporary_receipt(metadata: MetaData) -> None:
    Table(
        "temporary_receipt",
        metadata,
        Column("pool_code", CODE),
        Column("book", CODE),
        Column("coverage_year", Integer),
        Column("income_account", CODE),
        Column("amount_fen", BigInteger, nullable=False),
        Column("recognised_fen", BigInteger, nullable=False, server_default=text("0")),
        PrimaryKeyConstraint("pool_code", "book", "coverage_year", "income_account"),
    )


def _remittance(metadata: MetaData) -> None:
    Table(
        "remittance",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("reference", CODE, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("business_day", Date, nullable=False),
        Column("arrived_on", Date),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "reference"),
    )


def _sponsorship(metadata: MetaData) -> None:
    Table(
        "sponsorship",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("sequence", BigInteger, nullable=False),
        Column("sponsor", Text, nullable=False),
        Column("coverage_year", Integer, nullable=False),
        Column("head_count", Integer, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("business_day", Date, nullable=False),
        PrimaryKeyConstraint("pool_code", "id"),
    )


def _subsidy_due(metadata: MetaData) -> None:
    Table(
        "subsidy_due",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("sequence", BigInteger, nullable=False),
        Column("coverage_year", Integer, nullable=False),
        Column("level", CODE, nullable=False),
        Column("head_count", Integer, nullable=False),
        Column("standard_fen", BigInteger, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("business_day", Date, nullable=False),
        Column("audited", Boolean, nullable=False),
        PrimaryKeyConstraint("pool_code", "id", "sequence"),
    )


def _subsidy_carry(metadata: MetaData) -> None:
    Table(
        "subsidy_carry",
        metadata,
        Column("pool_code", CODE),
        Column("coverage_year", Integer),
        Column("level", CODE),
        Column("seq", Integer),
        Column("due_fen", BigInteger, nullable=False),
        Column("arrived_fen", BigInteger, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("document", Text, nullable=False),
        Column("carried_on", Date, nullable=False),
        Column("carried_by", Text, nullable=False),
        PrimaryKeyConstraint("pool_code", "coverage_year", "level", "seq"),
    )


def _replenishment(metadata: MetaData) -> None:
    Table(
        "replenishment",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("number", CODE, nullable=False),
        Column("status", CODE, nullable=False),
        Column("applied_fen", BigInteger, nullable=False),
        Column("line_count", Integer, nullable=False),
        Column("refused_fen", BigInteger, nullable=False, server_default=text("0")),
        Column("applied_by", Text, nullable=False),
        Column("applied_at", MOMENT, nullable=False),
        Column("rechecked_by", Text),
        Column("rechecked_at", MOMENT),
        Column("approved_by", Text),
        Column("approved_at", MOMENT),
        Column("sent_back_by", Text),
        Column("sent_back_reason", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "number", name="replenishment_number"),
    )


def _transfer(metadata: MetaData) -> None:
    Table(
        "transfer",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("kind", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("reference", CODE, nullable=False),
        Column("status", CODE, nullable=False),
        Column("replenishment_id", Uuid),
        Column("prepared_by", Text, nullable=False),
        Column("prepared_at", MOMENT, nullable=False),
        Column("released_by", Text),
        Column("released_on", Date),
        Column("arrived_on", Date),
        Column("cancelled_by", Text),
        Column("cancel_reason", Text),
        Column("township_code", CODE),
        Column("shown_as", CODE),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "reference"),
        ForeignKeyConstraint(["pool_code", "replenishment_id"], ["replenishment.pool_code", "replenishment.id"]),
        Index(
            "transfer_of_application",
            "pool_code",
            "replenishment_id",
            unique=True,
            postgresql_where=text("(status <> ALL (ARRAY['returned'::text, 'cancelled'::text]))"),
        ),
        Index("transfer_shown_as", "pool_code", "shown_as", postgresql_where=text("(shown_as IS NOT NULL)")),
    )


def _movement(metadata: MetaData) -> None:
    Table(
        "movement",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("account", CODE, nullable=False),
        Column("signed_fen", BigInteger, nullable=False),
        Column("reference", CODE, nullable=False),
        Column("kind", CODE, nullable=False),
        Column("source_id", Uuid, nullable=False),
        Column("value_date", Date, nullable=False),
        Column("booked_on", Date, nullable=False),
        PrimaryKeyConstraint("pool_code", "id"),
        Index(
            "movement_source",
            "pool_code",
            "account",
            "kind",
            "source_id",
            unique=True,
            postgresql_where=text(
                "(kind <> ALL (ARRAY['receivable:seen'::text, 'recovery:seen'::text, 'second_payment:seen'::text, "
                "'second_order:seen'::text]))"
            ),
        ),
        Index("movement_reference", "pool_code", "account", "reference"),
    )


def _paid_line(metadata: MetaData) -> None:
    Table(
        "paid_line",
        metadata,
        Column("pool_code", CODE),
        Column("instruction_id", Uuid),
        Column("claim_id", Uuid),
        Column("layer", CODE),
        Column("sign", SmallInteger),
        Column("amount_fen", BigInteger, nullable=False),
        Column("benefit_account", CODE, nullable=False),
        Column("business_day", Date, nullable=False),
        Column("booked_on", Date, nullable=False),
        Column("replenishment_id", Uuid),
        PrimaryKeyConstraint("pool_code", "instruction_id", "claim_id", "layer", "sign"),
        ForeignKeyConstraint(["pool_code", "replenishment_id"], ["replenishment.pool_code", "replenishment.id"]),
        Index("paid_line_waiting", "pool_code", "business_day", postgresql_where=text("(replenishment_id IS NULL)")),
    )


def _replenishment_line(metadata: MetaData) -> None:
    Table(
        "replenishment_line",
        metadata,
        Column("pool_code", CODE),
        Column("replenishment_id", Uuid),
        Column("line", Integer),
        Column("instruction_id", Uuid, nullable=False),
        Column("claim_id", Uuid, nullable=False),
        Column("layer", CODE, nullable=False),
        Column("sign", SmallInteger, nullable=False),
        PrimaryKeyConstraint("pool_code", "replenishment_id", "line"),
        ForeignKeyConstraint(
            ["pool_code", "instruction_id", "claim_id", "layer", "sign"],
            [
                "paid_line.pool_code",
                "paid_line.instruction_id",
                "paid_line.claim_id",
                "paid_line.layer",
                "paid_line.sign",
            ],
        ),
        ForeignKeyConstraint(["pool_code", "replenishment_id"], ["replenishment.pool_code", "replenishment.id"]),
    )
