"""Tables of standards: exceptions of the working week (of the whole country) and time limits (of a pool)."""

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, MetaData, PrimaryKeyConstraint, Table, Text


def declare(metadata: MetaData) -> None:
    """Declares them for ``alembic check``; the migration is the word of record for constraints and rules."""
    Table(
        "working_day_exception",
        metadata,
        Column("day", Date),
        Column("recorded_seq", Integer),
        Column("working", Boolean, nullable=False),
        Column("source", Text, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("day", "recorded_seq"),
    )
    Table(
        "indicator_standard",
        metadata,
        Column("pool_code", Text(collation="C")),
        Column("indicator", Text(collation="C")),
        Column("valid_from", Date),
        Column("recorded_seq", Integer),
        Column("limit_working_days", Integer, nullable=False),
        Column("document_number", Text, nullable=False),
        Column("decided_on", Date, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("pool_code", "indicator", "valid_from", "recorded_seq"),
    )
