"""The tables of money orders, declarations and arrivals; what guards each invariant is in the migrations."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Declares the tables on the service's MetaData."""
    _money_order(metadata)
    _order_wait(metadata)
    _order_declaration(metadata)
    _arrival(metadata)


def _money_order(metadata: MetaData) -> None:
    Table(
        "money_order",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("kind", CODE, nullable=False),
        Column("book", CODE, nullable=False),
        Column("debit", CODE, nullable=False),
        Column("credit", CODE, nullable=False),
        Column("account", CODE),
        Column("direction", SmallInteger, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("reference", CODE, nullable=False),
        Column("coverage_year", Integer),
        Column("bill_id", Uuid),
        Column("head_count", Integer),
        Column("cause", CODE),
        Column("party", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("value_date", Date),
        Column("status", CODE, nullable=False),
        Column("prepared_by", Text, nullable=False),
        Column("prepared_at", MOMENT, nullable=False),
        Column("prepared_on", Date, nullable=False),
        Column("checked_by", Text),
        Column("checked_at", MOMENT),
        Column("booked_by", Text),
        Column("booked_on", Date),
        Column("refused_by", Text),
        Column("refusal", Text),
        Column("refused_on", Date),
        Column("returned_on", Date),
        Column("attempt", Integer, nullable=False, server_default=text("1")),
        Column("reversal_reason", Text),
        Column("reversal_document", Text),
        Column("reversal_by", Text),
        Column("reversed_by", Text),
        Column("reversed_on", Date),
        PrimaryKeyConstraint("pool_code", "id"),
        Index(
            "money_order_reference",
            "pool_code",
            "reference",
            unique=True,
            postgresql_where=text("(status <> ALL (ARRAY['refused'::text, 'reversed'::text]))"),
        ),
        Index("money_order_bill", "pool_code", "bill_id", postgresql_where=text("(bill_id IS NOT NULL)")),
    )


def _order_wait(metadata: MetaData) -> None:
    Table(
        "order_wait",
        metadata,
        Column("pool_code", CODE),
        Column("order_id", Uuid),
        Column("attempt", Integer),
        Column("reference", CODE, nullable=False),
        Column("waited_from", Date, nullable=False),
        Column("waited_to", Date, nullable=False),
        PrimaryKeyConstraint("pool_code", "order_id", "attempt"),
        ForeignKeyConstraint(["pool_code", "order_id"], ["money_order.pool_code", "money_order.id"]),
    )


def _order_declaration(metadata: MetaData) -> None:
    Table(
        "order_declaration",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("order_id", Uuid, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("reference", CODE, nullable=False),
        Column("reason", Text, nullable=False),
        Column("document", Text, nullable=False),
        Column("proposed_by", Text, nullable=False),
        Column("proposed_at", MOMENT, nullable=False),
        Column("confirmed_by", Text),
        Column("confirmed_on", Date),
        Column("withdrawal_reason", Text),
        Column("withdrawal_document", Text),
        Column("withdrawal_by", Text),
        Column("withdrawn_by", Text),
        Column("withdrawn_on", Date),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(["pool_code", "order_id"], ["money_order.pool_code", "money_order.id"]),
        Index(
            "order_declaration_stands",
            "pool_code",
            "order_id",
            "attempt",
            unique=True,
            postgresql_where=text("(withdrawn_on IS NULL)"),
        ),
    )


def _arrival(metadata: MetaData) -> None:
    Table(
        "arrival",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("kind", CODE, nullable=False),
        Column("level", CODE),
        Column("sponsorship_id", Uuid),
        Column("coverage_year", Integer, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("bank_reference", CODE, nullable=False),
        Column("value_date", Date, nullable=False),
        Column("status", CODE, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        Column("recorded_on", Date, nullable=False),
        Column("booked_by", Text),
        Column("booked_on", Date),
        Column("refused_by", Text),
        Column("refusal", Text),
        Column("refused_on", Date),
        Column("reversal_reason", Text),
        Column("reversal_document", Text),
        Column("reversal_by", Text),
        Column("reversed_by", Text),
        Column("reversed_on", Date),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(["pool_code", "sponsorship_id"], ["sponsorship.pool_code", "sponsorship.id"]),
        Index(
            "arrival_reference",
            "pool_code",
            "bank_reference",
            unique=True,
            postgresql_where=text("(status <> ALL (ARRAY['refused'::text, 'reversed'::text]))"),
        ),
    )
