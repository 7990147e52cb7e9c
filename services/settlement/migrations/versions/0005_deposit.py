"""Quality deposits: the agreed share that is withheld of each payment, and its release (rulings §19)."""

from alembic import op

from shared.db.rules import pool_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE deposit_rate (
  pool_code text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  rate_e4 integer NOT NULL CHECK (rate_e4 BETWEEN 0 AND 2000),
  document text NOT NULL CHECK (document <> ''),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, institution_code, valid_from, recorded_seq)
);
CREATE TABLE deposit_release (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  reason text NOT NULL CHECK (reason <> ''),
  prepared_by text NOT NULL,
  prepared_at timestamptz NOT NULL,
  approved_by text,
  approved_on date,
  PRIMARY KEY (pool_code, id),
  CHECK (approved_by <> prepared_by),
  CHECK ((approved_by IS NULL) = (approved_on IS NULL))
);
"""


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(pool_table("settlement", "deposit_rate"))
    op.execute(pool_table("settlement", "deposit_release", update_columns="approved_by, approved_on"))


def downgrade() -> None:
    raise NotImplementedError("the books are never taken back; restore a backup instead")
