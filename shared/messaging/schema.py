"""The tables of messaging in every service's database (contracts §6): outbox, inbox, order per subject, parked events.

A migration calls ``create``; the service's MetaData calls ``declare``. Outbox and inbox are partitioned by month: the
outbox by business day, the inbox by the month of the event's id. This is version 1 and frozen: a change is a new
migration with its own statements.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from shared.db.columns import CODE, MOMENT
from shared.db.rules import free_table, pool_table, role
from shared.messaging.partitions import FUNCTION, UP_FRONT

_TABLES = """
CREATE TABLE outbox (
  pool_code text COLLATE "C" NOT NULL,
  business_day date NOT NULL,
  id uuid NOT NULL,
  topic text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0),
  partition_key text NOT NULL,
  amount_fen bigint,
  envelope text NOT NULL,
  traceparent text,
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  PRIMARY KEY (pool_code, business_day, id)
) PARTITION BY RANGE (business_day);
CREATE INDEX outbox_unsent ON outbox (subject, sequence) WHERE sent_at IS NULL;
CREATE TABLE inbox (
  pool_code text COLLATE "C" NOT NULL,
  consumer text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  event_id uuid NOT NULL,
  event_month date NOT NULL,
  handled_at timestamptz NOT NULL,
  PRIMARY KEY (event_id, consumer, generation, event_month) -- the id first: it alone decides nearly every comparison
) PARTITION BY RANGE (event_month);
CREATE TABLE consumer_subject (
  pool_code text COLLATE "C" NOT NULL,
  consumer text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  topic text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL CHECK (sequence >= 0),
  PRIMARY KEY (consumer, generation, pool_code, topic, subject)
) WITH (fillfactor = 80);
CREATE TABLE parked (
  pool_code text COLLATE "C" NOT NULL,
  consumer text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  event_id uuid NOT NULL,
  topic text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  envelope text NOT NULL,
  reason text NOT NULL CHECK (reason IN ('error', 'behind', 'gap', 'unreadable')),
  error text,
  attempts integer NOT NULL DEFAULT 0,
  parked_at timestamptz NOT NULL,
  attempted_at timestamptz,
  retry_asked_at timestamptz,
  retry_asked_by text,
  released_at timestamptz,
  PRIMARY KEY (consumer, generation, event_id)
);
CREATE INDEX parked_open ON parked (consumer, generation, pool_code, topic, subject, sequence)
  WHERE released_at IS NULL;
CREATE TABLE stream_heartbeat (
  consumer text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  sent_at timestamptz NOT NULL,
  PRIMARY KEY (consumer, generation, topic, partition)
);
CREATE TABLE republish_request (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  topic text COLLATE "C" NOT NULL,
  from_day date NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  events bigint,
  done_at timestamptz,
  PRIMARY KEY (pool_code, id)
);
CREATE INDEX republish_request_open ON republish_request (asked_at) WHERE done_at IS NULL;
"""
_IS_OPERATOR = "(SELECT nullif(current_setting('heyi.role', true), '')) = 'operator'"


def create(op: Any, service: str) -> None:
    """Creates the tables, their rules and the partitions known beforehand; ``op`` is Alembic's."""
    op.execute(_TABLES)
    op.execute(
        pool_table(service, "outbox", worker="SELECT, INSERT", worker_update_columns="sent_at", worker_all_pools=True)
    )
    op.execute(pool_table(service, "inbox", app="", worker="SELECT, INSERT", worker_all_pools=True))
    op.execute(
        pool_table(
            service,
            "consumer_subject",
            app="",
            worker="SELECT, INSERT",
            worker_update_columns="sequence",
            worker_all_pools=True,
        )
    )
    op.execute(
        pool_table(
            service,
            "parked",
            app="SELECT",
            update_columns="retry_asked_at, retry_asked_by",
            worker="SELECT, INSERT",
            worker_update_columns="reason, error, attempts, attempted_at, retry_asked_at, released_at",
            worker_all_pools=True,
        )
    )
    op.execute(
        pool_table(
            service,
            "republish_request",
            worker="SELECT, INSERT",
            worker_update_columns="events, done_at",
            worker_all_pools=True,
        )
    )
    op.execute(free_table(service, "stream_heartbeat", worker="SELECT, INSERT", worker_update_columns="sent_at"))
    for table in ("parked", "republish_request"):  # an operator sees no personal data and works for every pool
        op.execute(
            f"CREATE POLICY operator ON {table} TO {role(service, 'app')}"
            f" USING ({_IS_OPERATOR}) WITH CHECK ({_IS_OPERATOR})"
        )
    op.execute(FUNCTION)
    op.execute("REVOKE ALL ON FUNCTION heyi_month_partitions(date, date) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION heyi_month_partitions(date, date) TO {role(service, 'worker')}")
    for first, last in UP_FRONT:
        op.execute(f"SELECT heyi_month_partitions(DATE '{first}', DATE '{last}')")


def declare(metadata: MetaData) -> None:
    """Declares the same tables for ``alembic check``."""
    _declare_outbox(metadata)
    _declare_consumers(metadata)
    _declare_parked(metadata)
    asked = Table(
        "republish_request",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("topic", CODE, nullable=False),
        Column("from_day", Date, nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("asked_at", MOMENT, nullable=False),
        Column("events", BigInteger),
        Column("done_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "id"),
    )
    Index("republish_request_open", asked.c.asked_at, postgresql_where=text("done_at IS NULL"))


def _declare_outbox(metadata: MetaData) -> None:
    outbox = Table(
        "outbox",
        metadata,
        Column("pool_code", CODE),
        Column("business_day", Date),
        Column("id", Uuid),
        Column("topic", CODE, nullable=False),
        Column("type", CODE, nullable=False),
        Column("subject", CODE, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("partition_key", Text, nullable=False),
        Column("amount_fen", BigInteger),
        Column("envelope", Text, nullable=False),
        Column("traceparent", Text),
        Column("created_at", MOMENT, nullable=False),
        Column("sent_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "business_day", "id"),
        postgresql_partition_by="RANGE (business_day)",
    )
    Index("outbox_unsent", outbox.c.subject, outbox.c.sequence, postgresql_where=text("sent_at IS NULL"))


def _declare_consumers(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("pool_code", CODE, nullable=False),
        Column("consumer", CODE),
        Column("generation", Integer),
        Column("event_id", Uuid),
        Column("event_month", Date),
        Column("handled_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("event_id", "consumer", "generation", "event_month"),
        postgresql_partition_by="RANGE (event_month)",
    )
    Table(
        "consumer_subject",
        metadata,
        Column("pool_code", CODE),
        Column("consumer", CODE),
        Column("generation", Integer),
        Column("topic", CODE),
        Column("subject", CODE),
        Column("sequence", BigInteger, nullable=False),
        PrimaryKeyConstraint("consumer", "generation", "pool_code", "topic", "subject"),
    )
    Table(
        "stream_heartbeat",
        metadata,
        Column("consumer", CODE),
        Column("generation", Integer),
        Column("topic", CODE),
        Column("partition", Integer),
        Column("sent_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("consumer", "generation", "topic", "partition"),
    )


def _declare_parked(metadata: MetaData) -> None:
    parked = Table(
        "parked",
        metadata,
        Column("pool_code", CODE, nullable=False),
        Column("consumer", CODE),
        Column("generation", Integer),
        Column("event_id", Uuid),
        Column("topic", CODE, nullable=False),
        Column("type", CODE, nullable=False),
        Column("subject", CODE, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("envelope", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("parked_at", MOMENT, nullable=False),
        Column("attempted_at", MOMENT),
        Column("retry_asked_at", MOMENT),
        Column("retry_asked_by", Text),
        Column("released_at", MOMENT),
        PrimaryKeyConstraint("consumer", "generation", "event_id"),
    )
    c = parked.c
    Index(
        "parked_open",
        c.consumer,
        c.generation,
        c.pool_code,
        c.topic,
        c.subject,
        c.sequence,
        postgresql_where=text("released_at IS NULL"),
    )
