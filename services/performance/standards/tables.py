"""Tables of standards: exceptions of the working week (of the whole country) and time limits (of a pool)."""

from sqlalchemy import Boolean, Column, Date, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from shared.db.columns import CODE, MOMENT


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
        Column("recorded_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("day", "recorded_seq"),
    )
    Table(
        "indicator_standard",
        metadata,
        Column("pool_code", CODE),
        Column("indicator", CODE),
        Column("valid_from", Date),
        Column("recorded_seq", Integer),
        Column("limit_working_days", Integer, nullable=False),
        Column("document_number", Text, nullable=False),
        Column("decided_on", Date, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "indicator", "valid_from", "recorded_seq"),
    )
