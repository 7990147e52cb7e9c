"""Money in, payables and payments, bank statements, control totals.

Longer than most because a table's columns, constraints, index and rules stand together.
"""

from alembic import op

from shared.db.rules import pool_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FUNDING = """
CREATE TABLE bank_account (
  pool_code text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  bank_name text NOT NULL,
  bank_ownership text NOT NULL,
  holder_name text NOT NULL,
  number_sealed bytea NOT NULL,
  number_index bytea NOT NULL,
  registered_by text NOT NULL,
  registered_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, account, version),
  CHECK (bank_ownership IN ('state_owned', 'state_controlled')
    OR bank_ownership = 'other' AND account IN ('supplementary-1001', 'budget-1001'))
);
CREATE TABLE premium (
  pool_code text COLLATE "C" NOT NULL,
  bill_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  coverage_year integer NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL,
  business_day date NOT NULL,
  temporary boolean NOT NULL,
  PRIMARY KEY (pool_code, bill_id, sequence)
);
CREATE TABLE temporary_receipt (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  coverage_year integer NOT NULL,
  income_account text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
  recognised_fen bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (pool_code, book, coverage_year, income_account),
  CHECK (recognised_fen BETWEEN 0 AND amount_fen)
);
CREATE TABLE remittance (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  reference text COLLATE "C" NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  business_day date NOT NULL,
  arrived_on date,
  PRIMARY KEY (pool_code, id),
  UNIQUE (pool_code, reference)
);
CREATE TABLE sponsorship (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  sequence bigint NOT NULL,
  sponsor text NOT NULL,
  coverage_year integer NOT NULL,
  head_count integer NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
  business_day date NOT NULL,
  PRIMARY KEY (pool_code, id)
);
-- every word of enrollment about what a level owes: the highest sequence counts, or counted by a day
CREATE TABLE subsidy_due (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  sequence bigint NOT NULL,
  coverage_year integer NOT NULL,
  level text COLLATE "C" NOT NULL CHECK (level IN ('central', 'province', 'city', 'county')),
  head_count integer NOT NULL,
  standard_fen bigint NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
  business_day date NOT NULL,
  audited boolean NOT NULL,
  PRIMARY KEY (pool_code, id, sequence)
);
CREATE TABLE subsidy_carry (
  pool_code text COLLATE "C" NOT NULL,
  coverage_year integer NOT NULL,
  level text COLLATE "C" NOT NULL CHECK (level IN ('central', 'province', 'city', 'county')),
  seq integer NOT NULL CHECK (seq > 0),
  due_fen bigint NOT NULL,
  arrived_fen bigint NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen <> 0),
  document text NOT NULL CHECK (document <> ''),
  carried_on date NOT NULL,
  carried_by text NOT NULL,
  PRIMARY KEY (pool_code, coverage_year, level, seq)
);
CREATE TABLE arrival (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('subsidy', 'sponsor')),
  level text COLLATE "C" CHECK (level IN ('central', 'province', 'city', 'county')),
  sponsorship_id uuid,
  coverage_year integer NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  bank_reference text COLLATE "C" NOT NULL,
  value_date date NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('prepared', 'booked', 'refused', 'reversed')),
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  recorded_on date NOT NULL,
  booked_by text,
  booked_on date,
  refused_by text,
  refusal text CHECK (refusal <> ''),
  refused_on date,
  reversal_reason text CHECK (reversal_reason <> ''),
  reversal_document text CHECK (reversal_document <> ''),
  reversal_by text,
  reversed_by text,
  reversed_on date,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, sponsorship_id) REFERENCES sponsorship (pool_code, id),
  CHECK ((kind = 'subsidy') = (level IS NOT NULL)),
  CHECK ((kind = 'sponsor') = (sponsorship_id IS NOT NULL)),
  CHECK (booked_by <> recorded_by),
  CHECK ((status IN ('booked', 'reversed')) = (booked_by IS NOT NULL AND booked_on IS NOT NULL)),
  CHECK ((status = 'refused') = (refused_by IS NOT NULL AND refusal IS NOT NULL AND refused_on IS NOT NULL)),
  CHECK ((reversal_by IS NULL) = (reversal_reason IS NULL) AND (reversal_by IS NULL) = (reversal_document IS NULL)),
  CHECK (reversal_by IS NULL OR status IN ('booked', 'reversed')),
  CHECK ((status = 'reversed') = (reversed_by IS NOT NULL AND reversed_on IS NOT NULL)),
  CHECK (reversed_by IS NULL OR reversal_by IS NOT NULL AND reversed_by <> reversal_by)
);
-- what was turned down or reversed is recorded again under the bank's reference
CREATE UNIQUE INDEX arrival_reference ON arrival (pool_code, bank_reference)
  WHERE status NOT IN ('refused', 'reversed');
CREATE TABLE replenishment (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  status text COLLATE "C" NOT NULL CHECK (status IN ('applied', 'rechecked', 'approved', 'transferred', 'sent_back')),
  applied_fen bigint NOT NULL CHECK (applied_fen > 0),
  line_count integer NOT NULL CHECK (line_count > 0),
  refused_fen bigint NOT NULL DEFAULT 0 CHECK (refused_fen >= 0),
  applied_by text NOT NULL,
  applied_at timestamptz NOT NULL,
  rechecked_by text,
  rechecked_at timestamptz,
  approved_by text,
  approved_at timestamptz,
  sent_back_by text,
  sent_back_reason text,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT replenishment_number UNIQUE (pool_code, number),
  CHECK (refused_fen <= applied_fen),
  CHECK (rechecked_by <> applied_by),
  CHECK (approved_by <> applied_by AND approved_by <> rechecked_by)
);
CREATE TABLE transfer (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('income_to_fiscal', 'advance', 'replenishment', 'sweep',
                                               'advance_return', 'float_issue', 'float_return')),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  reference text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('prepared', 'released', 'arrived', 'cancelled', 'returned')),
  replenishment_id uuid,
  prepared_by text NOT NULL,
  prepared_at timestamptz NOT NULL,
  released_by text,
  released_on date,
  arrived_on date,
  cancelled_by text,
  cancel_reason text,
  township_code text COLLATE "C",
  shown_as text COLLATE "C", -- the bank executed again what it had under this reference
  PRIMARY KEY (pool_code, id),
  UNIQUE (pool_code, reference),
  CHECK ((kind IN ('float_issue', 'float_return')) = (township_code IS NOT NULL)),
  FOREIGN KEY (pool_code, replenishment_id) REFERENCES replenishment (pool_code, id),
  CHECK (released_by <> prepared_by),
  CHECK ((kind = 'replenishment') = (replenishment_id IS NOT NULL)),
  CHECK ((status IN ('prepared', 'cancelled')) = (released_by IS NULL)),
  CHECK ((status = 'cancelled') = (cancelled_by IS NOT NULL)),
  CHECK ((status = 'arrived') = (arrived_on IS NOT NULL))
);
CREATE UNIQUE INDEX transfer_of_application ON transfer (pool_code, replenishment_id)
  WHERE status NOT IN ('returned', 'cancelled');
CREATE INDEX transfer_shown_as ON transfer (pool_code, shown_as) WHERE shown_as IS NOT NULL;
CREATE TABLE movement (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  account text COLLATE "C" NOT NULL,
  signed_fen bigint NOT NULL CHECK (signed_fen <> 0),
  reference text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  source_id uuid NOT NULL,
  value_date date NOT NULL,
  booked_on date NOT NULL,
  PRIMARY KEY (pool_code, id)
);
-- what moves money once; what is owed may come in parts, and a bank may pay any number of times too often: each the
-- movement of a line of its own
CREATE UNIQUE INDEX movement_source ON movement (pool_code, account, kind, source_id)
  WHERE kind NOT IN ('receivable:seen', 'recovery:seen', 'second_payment:seen', 'second_order:seen');
CREATE INDEX movement_reference ON movement (pool_code, account, reference);
CREATE TABLE paid_line (
  pool_code text COLLATE "C" NOT NULL,
  instruction_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  sign smallint NOT NULL CHECK (sign IN (-1, 1)),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  benefit_account text COLLATE "C" NOT NULL,
  business_day date NOT NULL,
  booked_on date NOT NULL, -- posting date of its voucher: later where the book was sealed before the day's end
  replenishment_id uuid,
  PRIMARY KEY (pool_code, instruction_id, claim_id, layer, sign),
  FOREIGN KEY (pool_code, replenishment_id) REFERENCES replenishment (pool_code, id)
);
CREATE INDEX paid_line_waiting ON paid_line (pool_code, business_day) WHERE replenishment_id IS NULL;
CREATE TABLE replenishment_line (
  pool_code text COLLATE "C" NOT NULL,
  replenishment_id uuid NOT NULL,
  line integer NOT NULL CHECK (line > 0),
  instruction_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  sign smallint NOT NULL,
  PRIMARY KEY (pool_code, replenishment_id, line),
  FOREIGN KEY (pool_code, replenishment_id) REFERENCES replenishment (pool_code, id),
  FOREIGN KEY (pool_code, instruction_id, claim_id, layer, sign)
    REFERENCES paid_line (pool_code, instruction_id, claim_id, layer, sign)
);
CREATE TABLE receivable (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  book text COLLATE "C" NOT NULL CHECK (book IN ('basic', 'critical_illness', 'supplementary', 'assistance',
                                                     'budget', 'county_budget')),
  origin text COLLATE "C" NOT NULL
    CHECK (origin IN ('recheck', 'second_payment', 'family_account', 'recovery', 'accident', 'cancellation',
                      'order_paid_twice')),
  bearer text COLLATE "C" NOT NULL
    CHECK (bearer IN ('hospital', 'patient', 'insurer', 'third_party', 'payee', 'nobody')),
  institution_code text COLLATE "C",
  household_id uuid,
  claim_id uuid,
  layer text COLLATE "C",
  expense_account text COLLATE "C",
  care_year integer,
  replenishment_id uuid,
  line integer,
  instruction_id uuid,
  order_id uuid,
  reason text NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  patient_owed_fen bigint NOT NULL CHECK (patient_owed_fen >= 0),
  penalty_fen bigint NOT NULL CHECK (penalty_fen >= 0),
  settled_fen bigint NOT NULL DEFAULT 0,
  waived_fen bigint NOT NULL DEFAULT 0,
  reference text COLLATE "C" NOT NULL,
  shown_as text COLLATE "C", -- the reference under which the bank paid too often, and may take it back
  arisen_on date NOT NULL,
  booked_on date NOT NULL,
  made_good_on date,
  PRIMARY KEY (pool_code, id),
  UNIQUE (pool_code, reference),
  UNIQUE (pool_code, replenishment_id, line),
  FOREIGN KEY (pool_code, replenishment_id, line) REFERENCES replenishment_line (pool_code, replenishment_id, line),
  CHECK ((origin = 'recheck') = (replenishment_id IS NOT NULL AND line IS NOT NULL)),
  CHECK ((origin = 'second_payment') = (instruction_id IS NOT NULL)),
  CHECK ((origin IN ('second_payment', 'order_paid_twice')) = (shown_as IS NOT NULL)),
  CHECK ((origin = 'family_account') = (household_id IS NOT NULL)),
  CHECK ((origin = 'order_paid_twice') = (order_id IS NOT NULL) AND (order_id IS NULL) = (bearer <> 'payee')),
  CHECK (origin IN ('family_account', 'order_paid_twice') OR institution_code IS NOT NULL),
  CHECK (origin NOT IN ('recovery', 'accident', 'cancellation')
    OR (expense_account IS NOT NULL AND care_year IS NOT NULL AND claim_id IS NOT NULL AND layer IS NOT NULL)),
  CHECK (book = 'basic' OR origin IN ('second_payment', 'cancellation', 'order_paid_twice')),
  CHECK (book NOT IN ('budget', 'county_budget') OR origin = 'order_paid_twice'),
  CHECK (origin <> 'accident' OR bearer = 'third_party'),
  CHECK (bearer <> 'nobody' OR origin = 'recheck' AND penalty_fen = 0 AND patient_owed_fen = 0),
  CHECK (settled_fen >= 0 AND waived_fen >= 0 AND settled_fen + waived_fen <= amount_fen),
  CHECK ((made_good_on IS NOT NULL) = (settled_fen + waived_fen = amount_fen))
);
CREATE INDEX receivable_shown_as ON receivable (pool_code, shown_as) WHERE shown_as IS NOT NULL;
CREATE INDEX receivable_claim ON receivable (pool_code, claim_id, layer) WHERE claim_id IS NOT NULL;
-- of a claim's layer the liable third party is asked once, and its cancellation is owed once
CREATE UNIQUE INDEX receivable_once ON receivable (pool_code, claim_id, layer, origin)
  WHERE origin IN ('accident', 'cancellation');
-- what is owed no more although nobody paid it: withdrawn by the rule that says so
CREATE TABLE waiver (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  receivable_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('withdrawn', 'written_off')),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  care_year integer,
  reason text NOT NULL CHECK (reason <> ''),
  waived_on date NOT NULL,
  booked_on date NOT NULL,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, receivable_id) REFERENCES receivable (pool_code, id)
);
CREATE INDEX waiver_receivable ON waiver (pool_code, receivable_id);
-- what the fund is to bear itself: asked by one person, decided by another with the document
CREATE TABLE write_off (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  receivable_id uuid NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  decision text COLLATE "C" CHECK (decision IN ('approved', 'refused')),
  document text CHECK (document <> ''),
  decided_by text,
  decided_at timestamptz,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, receivable_id) REFERENCES receivable (pool_code, id),
  CHECK (decided_by <> asked_by),
  CHECK (num_nulls(decision, document, decided_by, decided_at) IN (0, 4))
);
CREATE UNIQUE INDEX write_off_once ON write_off (pool_code, receivable_id) WHERE decision IS DISTINCT FROM 'refused';
-- what claims told at the release of a claim: a third party owes this of it, once the fund has paid
CREATE TABLE third_party_liability (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  expense_account text COLLATE "C" NOT NULL,
  care_year integer NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  PRIMARY KEY (pool_code, claim_id, layer)
);
CREATE TABLE recovery (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  instruction_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  expense_account text COLLATE "C" NOT NULL,
  care_year integer NOT NULL,
  bearer text COLLATE "C" NOT NULL CHECK (bearer IN ('hospital', 'patient', 'insurer', 'third_party')),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  patient_owed_fen bigint NOT NULL CHECK (patient_owed_fen >= 0),
  penalty_fen bigint NOT NULL CHECK (penalty_fen >= 0),
  document text NOT NULL CHECK (document <> ''),
  reason text NOT NULL CHECK (reason <> ''),
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  approved_by text,
  approved_at timestamptz,
  approved_on date,
  refused_by text,
  refused_on date,
  refusal text CHECK (refusal <> ''),
  PRIMARY KEY (pool_code, id),
  CHECK (approved_by <> asked_by),
  CHECK (approved_by IS NULL OR refused_by IS NULL),
  CHECK ((approved_by IS NULL) = (approved_on IS NULL) AND (approved_by IS NULL) = (approved_at IS NULL)),
  CHECK ((refused_by IS NULL) = (refused_on IS NULL) AND (refused_by IS NULL) = (refusal IS NULL))
);
CREATE INDEX recovery_claim ON recovery (pool_code, instruction_id, claim_id, layer);
"""

_PAYOUTS = """
-- business days: when it was first told, when it was decided, and when nothing was owed for it any more; decided_fen is
-- what was approved then, which a cancellation leaves
CREATE TABLE claim_state (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  version bigint NOT NULL,
  state text COLLATE "C" NOT NULL
    CHECK (state IN ('settled', 'approved', 'released', 'rejected', 'returned', 'cancelled', 'reversed')),
  institution_code text COLLATE "C" NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  care_kind text COLLATE "C" NOT NULL,
  fund_fen bigint NOT NULL,
  approved_fen bigint NOT NULL,
  cut_fen bigint NOT NULL,
  settled_on date NOT NULL,
  benefit_year integer NOT NULL,
  opened_on date NOT NULL,
  decided_on date,
  decided_fen bigint,
  ended_on date,
  PRIMARY KEY (pool_code, claim_id)
);
CREATE INDEX claim_state_reversed ON claim_state (pool_code, claim_id) WHERE state = 'reversed';
CREATE TABLE claim_total (
  pool_code text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  claims bigint NOT NULL,
  fund_fen bigint NOT NULL,
  approved_fen bigint NOT NULL,
  cut_fen bigint NOT NULL,
  PRIMARY KEY (pool_code, state)
);
CREATE TABLE cutoff (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL DEFAULT 'claims' CHECK (kind IN ('claims', 'second_compensation')),
  institution_code text COLLATE "C" NOT NULL,
  expected_count integer NOT NULL,
  expected_fen bigint NOT NULL,
  received_count integer NOT NULL,
  received_fen bigint NOT NULL,
  PRIMARY KEY (pool_code, id)
);
CREATE TABLE payable (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  cutoff_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  care_kind text COLLATE "C" NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  payer text NOT NULL,
  book text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  expense_account text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  released_on date NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('open', 'batched', 'paid', 'bounced', 'unclaimed')),
  instruction_id uuid,
  published bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (pool_code, claim_id, layer),
  FOREIGN KEY (pool_code, cutoff_id) REFERENCES cutoff (pool_code, id),
  CHECK (status = 'unclaimed' OR (status = 'open') = (instruction_id IS NULL))
);
CREATE INDEX payable_cutoff ON payable (pool_code, cutoff_id, layer);
CREATE INDEX payable_instruction ON payable (pool_code, instruction_id);
CREATE INDEX payable_open ON payable (pool_code) INCLUDE (amount_fen) WHERE status = 'open';
CREATE TABLE payee (
  pool_code text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  payee_name text NOT NULL,
  bank_name text NOT NULL,
  number_sealed bytea NOT NULL,
  number_index bytea NOT NULL,
  registered_by text NOT NULL,
  registered_at timestamptz NOT NULL,
  confirmed_by text,
  confirmed_at timestamptz,
  PRIMARY KEY (pool_code, institution_code, version),
  CHECK (confirmed_by <> registered_by),
  CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL))
);
CREATE TABLE batch (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  layer text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('prepared', 'released', 'sent', 'cancelled')),
  instruction_count integer NOT NULL CHECK (instruction_count > 0),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  prepared_by text NOT NULL,
  prepared_at timestamptz NOT NULL,
  business_day date NOT NULL,
  released_by text,
  released_at timestamptz,
  sent_by text,
  sent_at timestamptz,
  cancelled_by text,
  cancel_reason text,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT batch_number UNIQUE (pool_code, number),
  CHECK (released_by <> prepared_by),
  CHECK ((status IN ('prepared', 'cancelled')) = (released_by IS NULL)),
  CHECK ((status = 'cancelled') = (cancelled_by IS NOT NULL))
);
CREATE TABLE batch_cutoff (
  pool_code text COLLATE "C" NOT NULL,
  cutoff_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  batch_id uuid NOT NULL,
  cancelled boolean NOT NULL DEFAULT false,
  PRIMARY KEY (pool_code, batch_id, cutoff_id, layer),
  FOREIGN KEY (pool_code, cutoff_id) REFERENCES cutoff (pool_code, id),
  FOREIGN KEY (pool_code, batch_id) REFERENCES batch (pool_code, id)
);
CREATE UNIQUE INDEX batch_cutoff_once ON batch_cutoff (pool_code, cutoff_id, layer) WHERE NOT cancelled;
CREATE TABLE instruction (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  batch_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  payee_version integer NOT NULL,
  end_to_end_id text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  set_off_fen bigint NOT NULL DEFAULT 0 CHECK (set_off_fen >= 0),
  withheld_fen bigint NOT NULL DEFAULT 0 CHECK (withheld_fen >= 0),
  claim_count integer NOT NULL CHECK (claim_count > 0),
  status text COLLATE "C" NOT NULL
    CHECK (status IN ('prepared', 'released', 'sent', 'unknown', 'confirmed', 'returned', 'not_executed',
                      'paid_twice', 'cancelled')),
  replaces uuid,
  deadline date,
  confirmed_on date,
  returned_on date,
  hold_id uuid, -- taken anew when a declaration was withdrawn; its own id otherwise
  shown_as text COLLATE "C", -- made by the bank alone: it executed again what had come back under this reference
  PRIMARY KEY (pool_code, id),
  UNIQUE (pool_code, end_to_end_id),
  UNIQUE (pool_code, batch_id, institution_code),
  FOREIGN KEY (pool_code, batch_id) REFERENCES batch (pool_code, id),
  FOREIGN KEY (pool_code, replaces) REFERENCES instruction (pool_code, id),
  FOREIGN KEY (pool_code, institution_code, payee_version) REFERENCES payee (pool_code, institution_code, version),
  CHECK (status <> 'confirmed' OR confirmed_on IS NOT NULL),
  CHECK ((status = 'returned') = (returned_on IS NOT NULL))
);
CREATE UNIQUE INDEX instruction_replaces_once ON instruction (pool_code, replaces) WHERE status <> 'cancelled';
CREATE INDEX instruction_institution ON instruction (pool_code, institution_code, confirmed_on);
CREATE INDEX instruction_shown_as ON instruction (pool_code, shown_as) WHERE shown_as IS NOT NULL;
CREATE INDEX instruction_waiting ON instruction (pool_code, deadline) WHERE status IN ('released', 'sent');
CREATE TABLE instruction_claim (
  pool_code text COLLATE "C" NOT NULL,
  instruction_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  expense_account text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  set_off_fen bigint NOT NULL DEFAULT 0 CHECK (set_off_fen >= 0),
  withheld_fen bigint NOT NULL DEFAULT 0 CHECK (withheld_fen >= 0 AND set_off_fen + withheld_fen <= amount_fen),
  PRIMARY KEY (pool_code, instruction_id, claim_id, layer),
  FOREIGN KEY (pool_code, instruction_id) REFERENCES instruction (pool_code, id),
  FOREIGN KEY (pool_code, claim_id, layer) REFERENCES payable (pool_code, claim_id, layer)
);
CREATE TABLE set_off (
  pool_code text COLLATE "C" NOT NULL,
  receivable_id uuid NOT NULL,
  instruction_id uuid NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  done_on date,
  given_up boolean NOT NULL DEFAULT false,
  PRIMARY KEY (pool_code, receivable_id, instruction_id),
  FOREIGN KEY (pool_code, receivable_id) REFERENCES receivable (pool_code, id),
  FOREIGN KEY (pool_code, instruction_id) REFERENCES instruction (pool_code, id),
  CHECK (done_on IS NULL OR NOT given_up)
);
CREATE INDEX set_off_instruction ON set_off (pool_code, instruction_id);
CREATE TABLE payment_file (
  pool_code text COLLATE "C" NOT NULL,
  batch_id uuid NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  content_sealed bytea NOT NULL,
  sha256 bytea NOT NULL,
  control_sum_fen bigint NOT NULL,
  made_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, batch_id),
  UNIQUE (pool_code, message_id),
  FOREIGN KEY (pool_code, batch_id) REFERENCES batch (pool_code, id)
);
CREATE TABLE second_payment (
  pool_code text COLLATE "C" NOT NULL,
  payment_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  member_id uuid NOT NULL,
  document_number text NOT NULL,
  claim_by date NOT NULL,
  PRIMARY KEY (pool_code, payment_id)
);
CREATE INDEX second_payment_campaign ON second_payment (pool_code, campaign_id, claim_by);
CREATE TABLE increase_payment (
  pool_code text COLLATE "C" NOT NULL,
  payment_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  document_number text NOT NULL,
  PRIMARY KEY (pool_code, payment_id)
);
CREATE TABLE obligation_day (
  pool_code text COLLATE "C" NOT NULL,
  business_day date NOT NULL,
  debit text COLLATE "C" NOT NULL,
  credit text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  PRIMARY KEY (pool_code, business_day, debit, credit)
);
"""

_RECONCILIATION = """
CREATE TABLE statement (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  account text COLLATE "C" NOT NULL,
  day date NOT NULL,
  opening_fen bigint NOT NULL,
  closing_fen bigint NOT NULL,
  line_count integer NOT NULL,
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  imported_by text NOT NULL,
  imported_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, id),
  UNIQUE (pool_code, account, day)
);
CREATE TABLE statement_line (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  statement_id uuid NOT NULL,
  line integer NOT NULL CHECK (line > 0),
  account text COLLATE "C" NOT NULL,
  signed_fen bigint NOT NULL CHECK (signed_fen <> 0),
  reference text COLLATE "C" NOT NULL,
  value_date date NOT NULL,
  counterparty_sealed bytea,
  narrative_sealed bytea,
  PRIMARY KEY (pool_code, id),
  UNIQUE (pool_code, statement_id, line),
  FOREIGN KEY (pool_code, statement_id) REFERENCES statement (pool_code, id)
);
CREATE TABLE line_match (
  pool_code text COLLATE "C" NOT NULL,
  line_id uuid NOT NULL,
  movement_id uuid NOT NULL,
  matched_by text NOT NULL,
  matched_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, line_id),
  UNIQUE (pool_code, movement_id),
  FOREIGN KEY (pool_code, line_id) REFERENCES statement_line (pool_code, id),
  FOREIGN KEY (pool_code, movement_id) REFERENCES movement (pool_code, id)
);
-- a line whose reference was wrong, read by a second person under the one that was meant
CREATE TABLE line_reading (
  pool_code text COLLATE "C" NOT NULL,
  line_id uuid NOT NULL,
  reference text COLLATE "C" NOT NULL CHECK (reference <> ''),
  reason text NOT NULL CHECK (reason <> ''),
  read_by text NOT NULL,
  read_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, line_id),
  FOREIGN KEY (pool_code, line_id) REFERENCES statement_line (pool_code, id)
);
CREATE TABLE open_line (
  pool_code text COLLATE "C" NOT NULL,
  line_id uuid NOT NULL,
  account text COLLATE "C" NOT NULL,
  PRIMARY KEY (pool_code, line_id),
  FOREIGN KEY (pool_code, line_id) REFERENCES statement_line (pool_code, id)
);
CREATE INDEX open_line_account ON open_line (pool_code, account);
"""

_CLOSING = """
CREATE TABLE control_total (
  pool_code text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  business_day date NOT NULL,
  kind text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  amount_fen bigint NOT NULL,
  PRIMARY KEY (pool_code, source, business_day, kind)
);
CREATE TABLE source_day (
  pool_code text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  business_day date NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, source, business_day)
);
CREATE TABLE published_total (
  pool_code text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  business_day date NOT NULL,
  kind text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  amount_fen bigint NOT NULL,
  PRIMARY KEY (pool_code, source, business_day, kind),
  FOREIGN KEY (pool_code, source, business_day) REFERENCES source_day (pool_code, source, business_day)
);
CREATE TABLE day_close (
  pool_code text COLLATE "C" NOT NULL,
  day date NOT NULL,
  closed_by text NOT NULL,
  closed_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, day)
);
"""

_SERVICE = "settlement"
_WRITE = "SELECT, INSERT"


def upgrade() -> None:
    for tables in (_FUNDING, _PAYOUTS, _RECONCILIATION, _CLOSING):
        op.execute(tables)
    for table in (
        "bank_account",
        "subsidy_carry",
        "replenishment_line",
        "payment_file",
        "statement",
        "statement_line",
        "line_reading",
        "day_close",
    ):
        op.execute(pool_table(_SERVICE, table))
    op.execute(pool_table(_SERVICE, "third_party_liability", app="SELECT", worker=_WRITE))
    for table in ("premium", "source_day", "published_total", "sponsorship", "subsidy_due"):
        changing = "sequence, coverage_year, head_count, amount_fen, business_day" if table == "sponsorship" else None
        op.execute(pool_table(_SERVICE, table, app="SELECT", worker=_WRITE, worker_update_columns=changing))
    for table, (app, worker, changing) in _CHANGING.items():
        op.execute(
            pool_table(
                _SERVICE,
                table,
                app=_GRANTED[app],
                update_columns=None if app in (_READ, _ADD) else changing,
                worker=_GRANTED[worker],
                worker_update_columns=None if worker == _READ else changing,
                institution_column="institution_code" if table in _OF_INSTITUTION else None,
            )
        )
    for table in ("movement", "line_match"):
        op.execute(pool_table(_SERVICE, table, worker=_WRITE))
    op.execute(pool_table(_SERVICE, "open_line", app="SELECT, INSERT, DELETE", worker="SELECT, DELETE"))


_READ, _ADD, _CHANGE, _FULL = "read", "add", "change", "write"
_GRANTED = {_READ: "SELECT", _ADD: _WRITE, _CHANGE: "SELECT", _FULL: _WRITE}
_OF_INSTITUTION = {"claim_state", "payable", "instruction"}
# what the app and the worker may do, and the columns that may change: what events tell, the worker alone writes
_CHANGING = {
    "payee": (_FULL, _READ, "confirmed_by, confirmed_at"),
    "temporary_receipt": (_FULL, _FULL, "amount_fen, recognised_fen"),
    "remittance": (_CHANGE, _FULL, "arrived_on"),
    "arrival": (
        _FULL,
        _READ,
        "status, booked_by, booked_on, refused_by, refusal, refused_on, "
        "reversal_reason, reversal_document, reversal_by, reversed_by, reversed_on",
    ),
    "replenishment": (
        _FULL,
        _READ,
        "status, refused_fen, rechecked_by, rechecked_at, approved_by, approved_at, sent_back_by, sent_back_reason",
    ),
    "transfer": (_FULL, _FULL, "status, released_by, released_on, arrived_on, cancelled_by, cancel_reason"),
    "paid_line": (_FULL, _READ, "replenishment_id"),
    "receivable": (_FULL, _FULL, "made_good_on, settled_fen, waived_fen, bearer, institution_code"),
    "waiver": (_FULL, _FULL, None),
    "write_off": (_FULL, _READ, "decision, document, decided_by, decided_at"),
    "recovery": (_FULL, _READ, "approved_by, approved_at, approved_on, refused_by, refused_on, refusal"),
    "set_off": (_FULL, _READ, "instruction_id, done_on, given_up"),
    "claim_state": (_READ, _FULL, "version, state, approved_fen, cut_fen, fund_fen, decided_on, decided_fen, ended_on"),
    "claim_total": (_READ, _FULL, "claims, fund_fen, approved_fen, cut_fen"),
    "cutoff": (_ADD, _FULL, "received_count, received_fen"),
    "payable": (_FULL, _FULL, "version, status, instruction_id, published"),
    "batch": (_FULL, _READ, "status, released_by, released_at, sent_by, sent_at, cancelled_by, cancel_reason"),
    "batch_cutoff": (_FULL, _READ, "cancelled"),
    "instruction": (_FULL, _CHANGE, "status, deadline, confirmed_on, returned_on, hold_id, shown_as"),
    "instruction_claim": (_FULL, _READ, "set_off_fen, withheld_fen"),
    "second_payment": (_READ, _FULL, None),
    "increase_payment": (_READ, _FULL, None),
    "obligation_day": (_FULL, _FULL, "amount_fen"),
    "control_total": (_READ, _FULL, "count, amount_fen"),
}


def downgrade() -> None:
    raise NotImplementedError("the books are never taken back; restore a backup instead")
