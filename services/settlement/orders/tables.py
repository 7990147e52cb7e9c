"""The table of money orders; constraints that guard each invariant are in the migration."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
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

_CODE = Text(collation="C")
_MOMENT = DateTime(timezone=True)


def declare(metadata: MetaData) -> None:
    """Declares the table on the service's MetaData."""
    Table(
        "money_order",
        metadata,
        Column("pool_code", _CODE),
        Column("id", Uuid),
        Column("kind", _CODE, nullable=False),
        Column("book", _CODE, nullable=False),
        Column("debit", _CODE, nullable=False),
        Column("credit", _CODE, nullable=False),
        Column("account", _CODE),
        Column("direction", SmallInteger, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("reference", _CODE, nullable=False),
        Column("coverage_year", Integer),
        Column("bill_id", Uuid),
        Column("head_count", Integer),
        Column("cause", _CODE),
        Column("party", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("value_date", Date),
        Column("status", _CODE, nullable=False),
        Column("prepared_by", Text, nullable=False),
        Column("prepared_at", _MOMENT, nullable=False),
        Column("checked_by", Text),
        Column("checked_at", _MOMENT),
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
            postgresql_where=text("status <> 'reversed'"),
        ),
        Index("money_order_bill", "pool_code", "bill_id", postgresql_where=text("(bill_id IS NOT NULL)")),
    )
