"""The tables that every service has besides its own: scope function, idempotency, audit, the open business day.

A migration calls ``create``; the service's MetaData calls ``declare``, so that ``alembic check`` holds both together.
This is version 1 and frozen: a change is a new migration with its own statements.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.columns import CODE, MOMENT, required
from shared.db.rules import pool_table

_SCOPE_FUNCTION = """
CREATE FUNCTION heyi_set_scope(role text, pools text[], institutions text[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT set_config('heyi.role', role, true), set_config('heyi.pools', pools::text, true),
         set_config('heyi.institutions', institutions::text, true)
$$
"""

_OPEN_DAY_FUNCTION = """
CREATE FUNCTION heyi_open_day(pool text) RETURNS date LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('heyi.day:' || pool, 0));
  RETURN (SELECT d.first_open_day FROM public.pool_day d WHERE d.pool_code = pool);
END $$
"""

_TABLES = """
CREATE TABLE idempotency (
  pool_code text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  request_hash bytea NOT NULL,
  result_kind text,
  result_id text,
  status smallint,
  answer bytea,
  created_at timestamptz NOT NULL,
  etag text,
  PRIMARY KEY (pool_code, subject, key)
);
CREATE INDEX idempotency_age ON idempotency USING brin (created_at);
CREATE TABLE audit (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  subject text NOT NULL,
  role text NOT NULL,
  action text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('done', 'refused', 'read')),
  resource_kind text,
  resource_id text,
  request_id text NOT NULL,
  detail jsonb,
  number bigint,
  hash bytea,
  PRIMARY KEY (pool_code, id),
  CHECK ((number IS NULL) = (hash IS NULL))
);
CREATE INDEX audit_unsealed ON audit (pool_code, id) WHERE number IS NULL;
CREATE UNIQUE INDEX audit_number ON audit (pool_code, number) WHERE number IS NOT NULL;
CREATE TABLE audit_head (
  pool_code text COLLATE "C" PRIMARY KEY,
  number bigint NOT NULL,
  hash bytea NOT NULL
);
CREATE TABLE audit_root (
  pool_code text COLLATE "C" NOT NULL,
  day date NOT NULL,
  through_number bigint NOT NULL,
  root bytea NOT NULL,
  signature bytea NOT NULL,
  key_id text NOT NULL,
  signed_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, day)
);
CREATE TABLE pool_day (
  pool_code text COLLATE "C" PRIMARY KEY,
  first_open_day date NOT NULL
);
CREATE TABLE number_series (
  pool_code text COLLATE "C" NOT NULL,
  day date NOT NULL,
  last bigint NOT NULL CHECK (last > 0),
  PRIMARY KEY (pool_code, day)
) WITH (fillfactor = 50);
CREATE FUNCTION heyi_audit_sealed_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.number IS NOT NULL THEN
    RAISE EXCEPTION 'an audit row is sealed once' USING ERRCODE = 'HY001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_sealed_once BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION heyi_audit_sealed_once();
"""


def create(op: Any, service: str) -> None:
    """Creates the frame's functions and tables with their rules; ``op`` is Alembic's."""
    op.execute(_SCOPE_FUNCTION)
    op.execute(_TABLES)
    op.execute(_OPEN_DAY_FUNCTION)
    op.execute(
        pool_table(
            service,
            "idempotency",
            app="SELECT, INSERT, DELETE",
            worker="SELECT, INSERT",
            update_columns="result_kind, result_id, status, answer, etag",
            worker_update_columns="answer",
            worker_all_pools=True,
        )
    )
    op.execute(
        pool_table(
            service, "audit", worker="SELECT, INSERT", worker_update_columns="number, hash", worker_all_pools=True
        )
    )
    op.execute(
        pool_table(
            service,
            "audit_head",
            app="SELECT",
            worker="SELECT, INSERT",
            worker_update_columns="number, hash",
            worker_all_pools=True,
        )
    )
    op.execute(pool_table(service, "audit_root", app="SELECT", worker="SELECT, INSERT", worker_all_pools=True))
    op.execute(
        pool_table(
            service,
            "pool_day",
            worker="SELECT, INSERT",
            update_columns="first_open_day",
            worker_update_columns="first_open_day",
            worker_all_pools=True,
        )
    )
    op.execute(pool_table(service, "number_series", update_columns="last"))


def declare(metadata: MetaData) -> None:
    """Declares the same tables for ``alembic check``."""
    _declare_idempotency(metadata)
    _declare_audit(metadata)
    _declare_days(metadata)


def _pool(**more: Any) -> Column[str]:
    return Column("pool_code", CODE, **more)


def _declare_idempotency(metadata: MetaData) -> None:
    idempotency = Table(
        "idempotency",
        metadata,
        _pool(),
        Column("subject", CODE),
        Column("key", CODE),
        Column("request_hash", LargeBinary, nullable=False),
        Column("result_kind", Text),
        Column("result_id", Text),
        Column("status", SmallInteger),
        Column("answer", LargeBinary),
        required("created_at", MOMENT),
        Column("etag", Text),
        PrimaryKeyConstraint("pool_code", "subject", "key"),
    )
    Index("idempotency_age", idempotency.c.created_at, postgresql_using="brin")


def _declare_audit(metadata: MetaData) -> None:
    audit = Table(
        "audit",
        metadata,
        _pool(),
        Column("id", Uuid),
        required("at", MOMENT),
        Column("subject", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("resource_kind", Text),
        Column("resource_id", Text),
        Column("request_id", Text, nullable=False),
        Column("detail", JSONB),
        Column("number", BigInteger),
        Column("hash", LargeBinary),
        PrimaryKeyConstraint("pool_code", "id"),
    )
    Index("audit_unsealed", audit.c.pool_code, audit.c.id, postgresql_where=text("number IS NULL"))
    Index("audit_number", audit.c.pool_code, audit.c.number, unique=True, postgresql_where=text("number IS NOT NULL"))
    Table(
        "audit_head",
        metadata,
        _pool(primary_key=True),
        Column("number", BigInteger, nullable=False),
        Column("hash", LargeBinary, nullable=False),
    )
    Table(
        "audit_root",
        metadata,
        _pool(),
        Column("day", Date),
        Column("through_number", BigInteger, nullable=False),
        Column("root", LargeBinary, nullable=False),
        Column("signature", LargeBinary, nullable=False),
        Column("key_id", Text, nullable=False),
        required("signed_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "day"),
    )


def _declare_days(metadata: MetaData) -> None:
    Table(
        "pool_day",
        metadata,
        _pool(primary_key=True),
        Column("first_open_day", Date, nullable=False),
    )
    Table(
        "number_series",
        metadata,
        _pool(),
        Column("day", Date),
        Column("last", BigInteger, nullable=False),
        PrimaryKeyConstraint("pool_code", "day"),
    )
