"""Money orders, and the two-person declaration that a payment was not executed (contracts §11, rulings §18)."""

from alembic import op

from shared.db.rules import pool_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE money_order (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  debit text COLLATE "C" NOT NULL,
  credit text COLLATE "C" NOT NULL,
  account text COLLATE "C",
  direction smallint NOT NULL CHECK (direction IN (-1, 0, 1)),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  reference text COLLATE "C" NOT NULL CHECK (reference <> ''),
  coverage_year integer,
  bill_id uuid,
  head_count integer CHECK (head_count > 0),
  cause text COLLATE "C" CHECK (cause IN ('withdrawn', 'double_enrolment', 'own_error')),
  party text NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  value_date date,
  status text COLLATE "C" NOT NULL CHECK (status IN ('prepared', 'checked', 'booked', 'refused', 'reversed')),
  prepared_by text NOT NULL,
  prepared_at timestamptz NOT NULL,
  prepared_on date NOT NULL,
  checked_by text,
  checked_at timestamptz,
  booked_by text,
  booked_on date,
  refused_by text,
  refusal text,
  refused_on date,
  returned_on date,
  attempt integer NOT NULL DEFAULT 1 CHECK (attempt > 0),
  reversal_reason text CHECK (reversal_reason <> ''),
  reversal_document text CHECK (reversal_document <> ''),
  reversal_by text,
  reversed_by text,
  reversed_on date,
  PRIMARY KEY (pool_code, id),
  CHECK (checked_by <> prepared_by),
  CHECK (booked_by <> prepared_by),
  CHECK (booked_by <> checked_by),
  CHECK ((direction = 0) = (account IS NULL)),
  CHECK ((status = 'checked') <= (checked_by IS NOT NULL)),
  CHECK ((status IN ('booked', 'reversed')) = (booked_by IS NOT NULL AND booked_on IS NOT NULL)),
  CHECK ((status = 'refused') = (refused_by IS NOT NULL AND refused_on IS NOT NULL)),
  CHECK ((reversal_by IS NULL) = (reversal_reason IS NULL) AND (reversal_by IS NULL) = (reversal_document IS NULL)),
  CHECK (reversal_by IS NULL OR status IN ('booked', 'reversed')),
  CHECK ((status = 'reversed') = (reversed_by IS NOT NULL AND reversed_on IS NOT NULL)),
  CHECK (reversed_by IS NULL OR reversal_by IS NOT NULL AND reversed_by <> reversal_by)
);
-- what was recorded wrongly and turned down or reversed is recorded again under the bank's reference
CREATE UNIQUE INDEX money_order_reference ON money_order (pool_code, reference)
  WHERE status NOT IN ('refused', 'reversed');
CREATE INDEX money_order_bill ON money_order (pool_code, bill_id) WHERE bill_id IS NOT NULL;
-- from when to when an order waited that waits or was paid once more: what a list of a past day shows
CREATE TABLE order_wait (
  pool_code text COLLATE "C" NOT NULL,
  order_id uuid NOT NULL,
  attempt integer NOT NULL CHECK (attempt > 0),
  reference text COLLATE "C" NOT NULL CHECK (reference <> ''),
  waited_from date NOT NULL,
  waited_to date NOT NULL,
  PRIMARY KEY (pool_code, order_id, attempt),
  FOREIGN KEY (pool_code, order_id) REFERENCES money_order (pool_code, id),
  CHECK (waited_to >= waited_from)
);
-- a payment by order that the bank never executed: one person declares it with the bank's document, another confirms
CREATE TABLE order_declaration (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  order_id uuid NOT NULL,
  attempt integer NOT NULL CHECK (attempt > 0),
  reference text COLLATE "C" NOT NULL CHECK (reference <> ''),
  reason text NOT NULL CHECK (reason <> ''),
  document text NOT NULL CHECK (document <> ''),
  proposed_by text NOT NULL,
  proposed_at timestamptz NOT NULL,
  confirmed_by text,
  confirmed_on date,
  withdrawal_reason text CHECK (withdrawal_reason <> ''),
  withdrawal_document text CHECK (withdrawal_document <> ''),
  withdrawal_by text,
  withdrawn_by text,
  withdrawn_on date,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, order_id) REFERENCES money_order (pool_code, id),
  CHECK (confirmed_by <> proposed_by),
  CHECK ((confirmed_by IS NULL) = (confirmed_on IS NULL)),
  CHECK ((withdrawal_by IS NULL) = (withdrawal_reason IS NULL)
    AND (withdrawal_by IS NULL) = (withdrawal_document IS NULL)),
  CHECK ((withdrawn_by IS NULL) = (withdrawn_on IS NULL) AND (withdrawn_by IS NULL OR withdrawal_by IS NOT NULL)),
  CHECK (confirmed_by IS NULL OR withdrawn_by <> withdrawal_by) -- one person takes back what nobody has confirmed
);
CREATE UNIQUE INDEX order_declaration_stands ON order_declaration (pool_code, order_id, attempt)
  WHERE withdrawn_on IS NULL;
ALTER TABLE receivable ADD FOREIGN KEY (pool_code, order_id) REFERENCES money_order (pool_code, id);
CREATE TABLE declaration (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  instruction_id uuid NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  proposed_by text NOT NULL,
  proposed_at timestamptz NOT NULL,
  confirmed_by text,
  confirmed_on date,
  withdrawal_reason text CHECK (withdrawal_reason <> ''),
  withdrawal_by text,
  withdrawn_by text,
  withdrawn_on date,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, instruction_id) REFERENCES instruction (pool_code, id),
  CHECK (confirmed_by <> proposed_by),
  CHECK ((confirmed_by IS NULL) = (confirmed_on IS NULL)),
  CHECK ((withdrawal_by IS NULL) = (withdrawal_reason IS NULL)),
  CHECK ((withdrawn_by IS NULL) = (withdrawn_on IS NULL) AND (withdrawn_by IS NULL OR withdrawal_by IS NOT NULL)),
  CHECK (confirmed_by IS NULL OR withdrawn_by <> withdrawal_by)
);
CREATE UNIQUE INDEX declaration_stands ON declaration (pool_code, instruction_id) WHERE withdrawn_on IS NULL;
"""


def upgrade() -> None:
    op.execute(_TABLES)
    changing = "status, debit, credit, checked_by, checked_at, booked_by, booked_on, value_date, refused_by, refusal"
    changing += ", refused_on, attempt, reference, returned_on"
    changing += ", reversal_reason, reversal_document, reversal_by, reversed_by, reversed_on"
    op.execute(pool_table("settlement", "money_order", update_columns=changing, worker="SELECT, INSERT"))
    op.execute(pool_table("settlement", "order_wait"))
    declared = "confirmed_by, confirmed_on, withdrawal_reason, withdrawal_by, withdrawn_by, withdrawn_on"
    op.execute(pool_table("settlement", "order_declaration", update_columns=declared + ", withdrawal_document"))
    op.execute(pool_table("settlement", "declaration", update_columns=declared))


def downgrade() -> None:
    raise NotImplementedError("the books are never taken back; restore a backup instead")
