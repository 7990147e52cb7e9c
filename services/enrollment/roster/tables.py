"""Rosters as they came in, with what became of them, and the rows that went back."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.enrollment.registry.tables import of, pool_key
from shared.db.columns import CODE, MOMENT

COUNTS = ("rows_read", "households", "enrolled", "verified", "updated", "unchanged", "to_verify", "rejected")


def declare(metadata: MetaData) -> None:
    """Declares the tables of rosters."""
    roster = Table(
        "roster",
        metadata,
        *pool_key("roster_id"),
        Column("number", CODE, nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("content_hash", LargeBinary, nullable=False),
        *(Column(name, Integer, nullable=False) for name in COUNTS),
        Column("areas", CODE, nullable=False),
        Column("uploaded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        UniqueConstraint("pool_code", "number", name="roster_number"),
    )
    Index("roster_content", roster.c.pool_code, roster.c.year, roster.c.content_hash)
    Table(
        "roster_error",
        metadata,
        *pool_key("roster_id"),
        Column("row_number", Integer, primary_key=True, autoincrement=False),
        Column("codes", ARRAY(Text), nullable=False),
        Column("kept", Boolean, nullable=False),
        Column("row_sealed", LargeBinary, nullable=False),
        of("roster", "roster_id"),
    )
