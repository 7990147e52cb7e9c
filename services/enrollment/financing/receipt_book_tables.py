"""The tables of receipt books: books, who holds them, and each number. The migration has the constraints."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from services.enrollment.registry.tables import of, pool_key
from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Declares the tables of receipt books."""
    _books(metadata)
    _leaves(metadata)


def _books(metadata: MetaData) -> None:
    book = Table(
        "receipt_book",
        metadata,
        *pool_key("book_id"),
        Column("number", CODE, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("series", CODE, nullable=False),
        Column("digits", SmallInteger, nullable=False),
        Column("first_number", BigInteger, nullable=False),
        Column("last_number", BigInteger, nullable=False),
        Column("issued_on", Date, nullable=False),
        Column("issued_by", CODE, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        UniqueConstraint("pool_code", "number", name="receipt_book_number"),
        of("standard", "year"),
    )
    Index("receipt_book_recorded", book.c.pool_code, book.c.recorded_at, book.c.book_id)
    Table(
        "receipt_book_holder",
        metadata,
        *pool_key("book_id"),
        Column("recorded_seq", Integer, primary_key=True, autoincrement=False),
        Column("collector", Text, nullable=False),
        Column("handed_on", Date, nullable=False),
        Column("recorded_by", CODE, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        of("receipt_book", "book_id"),
    )


def _leaves(metadata: MetaData) -> None:
    Table(
        "receipt_leaf",
        metadata,
        Column("pool_code", CODE, primary_key=True),
        Column("receipt_number", CODE, primary_key=True),
        Column("book_id", Uuid, nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("state", Text, nullable=False),
        Column("reason", Text),
        Column("declaration", Text),
        Column("changed_by", CODE),
        Column("changed_at", MOMENT),
        UniqueConstraint("pool_code", "book_id", "number", name="receipt_leaf_of_book"),
        of("receipt_book", "book_id"),
    )
