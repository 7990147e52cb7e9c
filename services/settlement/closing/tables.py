"""Tables of closing: control totals received and published, days closed.

Constraints that guard each invariant are in the migration; here is what ``alembic check`` compares.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Declares the tables on the service's MetaData."""
    _control_total(metadata)
    _source_day(metadata)
    _published_total(metadata)
    _day_close(metadata)


def _control_total(metadata: MetaData) -> None:
    Table(
        "control_total",
        metadata,
        Column("pool_code", CODE),
        Column("source", CODE),
        Column("business_day", Date),
        Column("kind", CODE),
        Column("count", BigInteger, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        PrimaryKeyConstraint("pool_code", "source", "business_day", "kind"),
    )


def _source_day(metadata: MetaData) -> None:
    Table(
        "source_day",
        metadata,
        Column("pool_code", CODE),
        Column("source", CODE),
        Column("business_day", Date),
        Column("received_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "source", "business_day"),
    )


def _published_total(metadata: MetaData) -> None:
    Table(
        "published_total",
        metadata,
        Column("pool_code", CODE),
        Column("source", CODE),
        Column("business_day", Date),
        Column("kind", CODE),
        Column("count", BigInteger, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        PrimaryKeyConstraint("pool_code", "source", "business_day", "kind"),
        ForeignKeyConstraint(
            ["pool_code", "source", "business_day"],
            ["source_day.pool_code", "source_day.source", "source_day.business_day"],
        ),
    )


def _day_close(metadata: MetaData) -> None:
    Table(
        "day_close",
        metadata,
        Column("pool_code", CODE),
        Column("day", Date),
        Column("closed_by", Text, nullable=False),
        Column("closed_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "day"),
    )
