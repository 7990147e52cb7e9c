"""Quality deposits: the agreed share that is withheld, and its release (rulings §19); townships' cash (§16)."""

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
  forfeit boolean NOT NULL,
  refused_by text,
  refused_on date,
  refusal text CHECK (refusal <> ''),
  PRIMARY KEY (pool_code, id),
  CHECK (approved_by <> prepared_by),
  CHECK (approved_by IS NULL OR refused_by IS NULL),
  CHECK ((approved_by IS NULL) = (approved_on IS NULL)),
  CHECK ((refused_by IS NULL) = (refused_on IS NULL) AND (refused_by IS NULL) = (refusal IS NULL))
);
CREATE TABLE deposit_void (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  expense_account text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  voided_on date NOT NULL,
  PRIMARY KEY (pool_code, claim_id, layer),
  FOREIGN KEY (pool_code, claim_id, layer) REFERENCES payable (pool_code, claim_id, layer)
);
CREATE INDEX deposit_void_institution ON deposit_void (pool_code, institution_code);
CREATE TABLE cash_payout (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  expense_account text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  receipt_number text COLLATE "C" NOT NULL,
  paid_on date NOT NULL,
  booked_on date NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, id),
  UNIQUE (pool_code, receipt_number),
  UNIQUE (pool_code, claim_id, layer),
  FOREIGN KEY (pool_code, claim_id, layer) REFERENCES payable (pool_code, claim_id, layer)
);
CREATE INDEX cash_payout_township ON cash_payout (pool_code, township_code, paid_on);
CREATE TABLE float_month (
  pool_code text COLLATE "C" NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  month date NOT NULL,
  opening_fen bigint NOT NULL,
  received_fen bigint NOT NULL,
  returned_fen bigint NOT NULL,
  paid_fen bigint NOT NULL,
  closing_fen bigint NOT NULL CHECK (closing_fen >= 0),
  payouts integer NOT NULL,
  signed_by text NOT NULL,
  signed_at timestamptz NOT NULL,
  accepted_by text,
  accepted_at timestamptz,
  PRIMARY KEY (pool_code, township_code, month),
  CHECK (opening_fen + received_fen = returned_fen + paid_fen + closing_fen),
  CHECK (accepted_by <> signed_by),
  CHECK ((accepted_by IS NULL) = (accepted_at IS NULL))
);
"""


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(pool_table("settlement", "cash_payout"))
    op.execute(pool_table("settlement", "float_month", update_columns="accepted_by, accepted_at"))
    op.execute(pool_table("settlement", "deposit_rate"))
    op.execute(pool_table("settlement", "deposit_void", app="SELECT", worker="SELECT, INSERT"))
    changing = "approved_by, approved_on, refused_by, refused_on, refusal"
    op.execute(pool_table("settlement", "deposit_release", update_columns=changing))


def downgrade() -> None:
    raise NotImplementedError("the books are never taken back; restore a backup instead")
