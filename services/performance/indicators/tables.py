"""Tables of indicators: what was measured, event by event, and the figures fixed from it."""

from sqlalchemy import (
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Declares them for ``alembic check``; the migration is the word of record for constraints and rules."""
    event = Table(
        "measured_event",
        metadata,
        Column("pool_code", CODE),
        Column("event_id", Uuid),
        Column("claim_id", Uuid, nullable=False),
        Column("kind", CODE, nullable=False),
        Column("occurred_at", MOMENT, nullable=False),
        Column("business_day", Date, nullable=False),
        Column("institution_code", CODE, nullable=False),
        PrimaryKeyConstraint("pool_code", "event_id"),
    )
    Index(
        "measured_event_settled_once",
        event.c.pool_code,
        event.c.claim_id,
        unique=True,
        postgresql_where=text("kind = 'settled'"),
    )
    Index("measured_event_by_day", event.c.pool_code, event.c.kind, event.c.business_day, event.c.event_id)
    Table(
        "indicator_figure",
        metadata,
        Column("pool_code", CODE),
        Column("indicator", CODE),
        Column("month", Date),
        Column("recorded_seq", Integer),
        Column("figure", JSONB, nullable=False),
        Column("definition", JSONB, nullable=False),
        Column("evidence_count", Integer, nullable=False),
        Column("evidence_digest", LargeBinary, nullable=False),
        Column("fixed_by", Text, nullable=False),
        Column("fixed_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "indicator", "month", "recorded_seq"),
    )
