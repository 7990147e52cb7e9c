"""Working days, time limits, measured events, and figures fixed with their definition."""

from alembic import op

from shared.db.rules import free_table, pool_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERVICE = "performance"

_WORKING_DAYS = """
CREATE TABLE working_day_exception (
  day date NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  working boolean NOT NULL,
  source text NOT NULL CHECK (source <> ''),
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (day, recorded_seq)
)
"""

_STANDARD = """
CREATE TABLE indicator_standard (
  pool_code text COLLATE "C" NOT NULL,
  indicator text COLLATE "C" NOT NULL CHECK (indicator IN ('review_time')),
  valid_from date NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  limit_working_days integer NOT NULL CHECK (limit_working_days BETWEEN 1 AND 250),
  document_number text NOT NULL CHECK (document_number <> ''),
  decided_on date NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, indicator, valid_from, recorded_seq)
)
"""

_MEASURED_EVENT = """
CREATE TABLE measured_event (
  pool_code text COLLATE "C" NOT NULL,
  event_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('settled', 'approved')),
  occurred_at timestamptz NOT NULL,
  business_day date NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  PRIMARY KEY (pool_code, event_id)
);
CREATE UNIQUE INDEX measured_event_settled_once ON measured_event (pool_code, claim_id) WHERE kind = 'settled';
CREATE INDEX measured_event_by_day ON measured_event (pool_code, kind, business_day, event_id)
"""

_FIGURE = """
CREATE TABLE indicator_figure (
  pool_code text COLLATE "C" NOT NULL,
  indicator text COLLATE "C" NOT NULL CHECK (indicator IN ('review_time')),
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  figure jsonb NOT NULL,
  definition jsonb NOT NULL,
  evidence_count integer NOT NULL CHECK (evidence_count >= 0),
  evidence_digest bytea NOT NULL CHECK (length(evidence_digest) = 32),
  fixed_by text NOT NULL,
  fixed_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, indicator, month, recorded_seq)
)
"""


def upgrade() -> None:
    op.execute(_WORKING_DAYS)
    op.execute(free_table(SERVICE, "working_day_exception", app="SELECT, INSERT", worker=""))
    op.execute(_STANDARD)
    op.execute(pool_table(SERVICE, "indicator_standard", app="SELECT, INSERT", worker=""))
    op.execute(_MEASURED_EVENT)
    op.execute(pool_table(SERVICE, "measured_event", app="SELECT", worker="SELECT, INSERT"))
    op.execute(_FIGURE)
    op.execute(pool_table(SERVICE, "indicator_figure", app="SELECT, INSERT", worker=""))


def downgrade() -> None:
    raise NotImplementedError("measured events are not taken away; restore a backup instead")
