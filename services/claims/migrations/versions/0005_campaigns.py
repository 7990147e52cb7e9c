"""What is paid beside the claims: second compensation, hospitals by their documents, increases of late decisions."""

from alembic import op

from shared.db.rules import pool_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CAMPAIGN = """
CREATE TABLE campaign (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  year integer NOT NULL,
  title text NOT NULL,
  document_number text NOT NULL,
  decided_on date NOT NULL,
  pot_fen bigint NOT NULL CHECK (pot_fen > 0),
  status text NOT NULL CHECK (status IN ('open', 'proposed', 'approved', 'published', 'released', 'closed')),
  version integer NOT NULL CHECK (version > 0),
  run integer NOT NULL,
  list_number integer NOT NULL,
  scope jsonb,
  terms jsonb,
  listed integer NOT NULL CHECK (listed >= 0),
  listed_fen bigint NOT NULL,
  paid_fen bigint NOT NULL CHECK (paid_fen >= 0),
  returned_fen bigint NOT NULL CHECK (returned_fen >= 0),
  opened_by text NOT NULL,
  opened_at timestamptz NOT NULL,
  proposed_by text,
  approved_by text,
  approval_number text,
  published_on date,
  objections_until date,
  released_by text,
  released_on date,
  claim_by date,
  closed_on date,
  void_asked_by text,
  void_reason text,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT campaign_year UNIQUE (pool_code, year),
  CONSTRAINT campaign_pot CHECK (listed_fen BETWEEN 0 AND pot_fen),
  CONSTRAINT campaign_paid CHECK (paid_fen + returned_fen <= listed_fen),
  CONSTRAINT campaign_ends_even CHECK (status <> 'closed' OR paid_fen + returned_fen = listed_fen),
  CHECK (approved_by <> opened_by AND approved_by <> proposed_by)
);
CREATE TABLE campaign_candidate (
  pool_code text COLLATE "C" NOT NULL,
  campaign_id uuid NOT NULL,
  run integer NOT NULL,
  member_id uuid NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  eligible_fen bigint NOT NULL CHECK (eligible_fen >= 0),
  first_fen bigint NOT NULL CHECK (first_fen BETWEEN 0 AND eligible_fen),
  excluded_fen bigint NOT NULL CHECK (excluded_fen >= 0),
  beside_fen bigint NOT NULL CHECK (beside_fen >= 0),
  room_fen bigint CHECK (room_fen >= 0),
  claims uuid[] NOT NULL CHECK (cardinality(claims) > 0),
  PRIMARY KEY (pool_code, campaign_id, run, member_id),
  FOREIGN KEY (pool_code, campaign_id) REFERENCES campaign (pool_code, id)
);
CREATE TABLE campaign_payment (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  list_number integer NOT NULL,
  member_id uuid NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  village_code text COLLATE "C",
  masked_name text,
  base_fen bigint NOT NULL,
  due_fen bigint NOT NULL CHECK (due_fen BETWEEN 1 AND base_fen),
  amount_fen bigint NOT NULL CHECK (amount_fen BETWEEN 1 AND due_fen),
  status text NOT NULL CHECK (status IN ('listed', 'struck', 'superseded', 'released', 'paid', 'returned')),
  version integer NOT NULL CHECK (version >= 0),
  paid_on date,
  channel text CHECK (channel = 'bank'),
  reference text,
  recorded_by text,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT campaign_payment_once UNIQUE (pool_code, campaign_id, list_number, member_id),
  FOREIGN KEY (pool_code, campaign_id) REFERENCES campaign (pool_code, id),
  CHECK ((status = 'paid') = (paid_on IS NOT NULL))
);
CREATE INDEX campaign_payment_place ON campaign_payment (pool_code, campaign_id, list_number, township_code, id);
CREATE TABLE campaign_objection (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  payment_id uuid,
  township_code text COLLATE "C" NOT NULL,
  ground text NOT NULL,
  raised_by text NOT NULL,
  raised_at timestamptz NOT NULL,
  outcome text CHECK (outcome IN ('rejected', 'struck', 'recompute')),
  note text,
  decided_by text,
  decided_at timestamptz,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, campaign_id) REFERENCES campaign (pool_code, id),
  CHECK ((outcome IS NULL) = (decided_by IS NULL)),
  CHECK (decided_by <> raised_by)
);
"""

STATEMENT = """
CREATE TABLE payment_statement (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('inpatient', 'outpatient')),
  span text NOT NULL CHECK (span IN ('month', 'year')),
  first_day date NOT NULL,
  last_day date NOT NULL CHECK (last_day > first_day),
  document_id uuid NOT NULL,
  document_hash text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('prepared', 'issued', 'agreed', 'withdrawn')),
  cases integer NOT NULL,
  heads integer NOT NULL,
  point_value_fen bigint,
  input jsonb NOT NULL,
  gone jsonb NOT NULL,
  lines jsonb NOT NULL,
  due_fen bigint NOT NULL,
  advanced_fen bigint NOT NULL,
  pay_fen bigint NOT NULL,
  kept_fen bigint NOT NULL,
  shared_fen bigint NOT NULL CHECK (shared_fen >= 0),
  returned_fen bigint NOT NULL CHECK (returned_fen >= 0),
  prepared_by text NOT NULL,
  prepared_at timestamptz NOT NULL,
  issued_by text,
  issued_at timestamptz,
  agreed_by text,
  agreed_at timestamptz,
  withdrawn_by text,
  withdrawn_at timestamptz,
  withdrawal_reason text,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, document_id) REFERENCES payment_document (pool_code, id),
  CHECK (span <> 'month' OR pay_fen + kept_fen = due_fen),
  CHECK (due_fen >= 0 AND advanced_fen >= 0 OR gone <> '[]' OR span = 'year'),
  CHECK (issued_by <> prepared_by),
  CHECK ((status IN ('issued', 'agreed')) <= (issued_by IS NOT NULL)),
  CHECK ((status = 'agreed') = (agreed_by IS NOT NULL)),
  CHECK ((status = 'withdrawn') = (withdrawn_by IS NOT NULL) AND (withdrawn_by IS NULL) = (withdrawal_reason IS NULL))
);
CREATE UNIQUE INDEX payment_statement_once ON payment_statement (pool_code, institution_code, kind, span, first_day)
  WHERE status <> 'withdrawn';
CREATE INDEX claim_of_cutoff ON claim (pool_code, cutoff_id) WHERE cutoff_id IS NOT NULL;
"""

INCREASES = """
CREATE TABLE increase_list (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  ground text NOT NULL CHECK (ground IN ('late_decision', 'readjudication')),
  policy_id uuid,
  status text NOT NULL CHECK (status IN ('prepared', 'approved', 'withdrawn')),
  lines integer NOT NULL CHECK (lines >= 0),
  listed_fen bigint NOT NULL CHECK ((listed_fen > 0) = (lines > 0)),
  approved_fen bigint NOT NULL CHECK (approved_fen BETWEEN 0 AND listed_fen),
  claims integer NOT NULL CHECK (claims >= 0),
  let_stand_fen bigint NOT NULL CHECK (let_stand_fen >= 0),
  prepared_by text NOT NULL,
  prepared_at timestamptz NOT NULL,
  approved_by text,
  approved_at timestamptz,
  approved_on date,
  document_number text,
  withdrawn_by text,
  withdrawal_reason text,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, policy_id) REFERENCES policy (pool_code, id),
  CHECK ((ground = 'late_decision') = (policy_id IS NOT NULL)),
  CHECK (CASE ground WHEN 'late_decision' THEN lines > 0 AND claims = 0 AND let_stand_fen = 0 ELSE claims > 0 END),
  CHECK (approved_by <> prepared_by),
  CHECK ((status = 'approved') = (approved_by IS NOT NULL) AND (approved_by IS NULL) = (document_number IS NULL)),
  CHECK ((status = 'withdrawn') = (withdrawn_by IS NOT NULL) AND (withdrawn_by IS NULL) = (withdrawal_reason IS NULL))
);
CREATE TABLE increase (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  list_id uuid NOT NULL,
  ground text NOT NULL CHECK (ground IN ('late_decision', 'readjudication')),
  policy_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('inpatient', 'outpatient')),
  member_id uuid NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  benefit_year integer NOT NULL,
  payer text NOT NULL,
  account text COLLATE "C" NOT NULL,
  expense_account text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  risk_bearer text NOT NULL,
  listed_fen bigint NOT NULL CHECK (listed_fen > 0),
  amount_fen bigint NOT NULL CHECK (amount_fen BETWEEN 0 AND listed_fen),
  status text NOT NULL CHECK (status IN ('listed', 'released', 'exhausted', 'paid', 'withdrawn', 'void', 'compensated',
                                         'reversed')),
  counts jsonb NOT NULL,
  paid_on date,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, list_id) REFERENCES increase_list (pool_code, id),
  FOREIGN KEY (pool_code, claim_id) REFERENCES claim (pool_code, id),
  CHECK ((status IN ('released', 'paid', 'reversed')) = (amount_fen > 0)),
  CHECK ((status IN ('paid', 'reversed')) = (paid_on IS NOT NULL))
);
CREATE INDEX increase_of_list ON increase (pool_code, list_id, id);
CREATE UNIQUE INDEX increase_once ON increase (pool_code, claim_id, layer, policy_id)
  WHERE ground = 'late_decision' AND status NOT IN ('withdrawn', 'void', 'compensated');
-- whatever the ground, a claim waits on one list at a time
CREATE UNIQUE INDEX increase_waits_once ON increase (pool_code, claim_id, layer) WHERE status = 'listed';
CREATE TABLE readjudged (
  pool_code text COLLATE "C" NOT NULL,
  list_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  cancelled_claims uuid[] NOT NULL CHECK (cardinality(cancelled_claims) > 0),
  member_id uuid NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  admitted_on date NOT NULL,
  settled_on date NOT NULL,
  policy_before text NOT NULL,
  policy text NOT NULL,
  outcome text NOT NULL,
  benefit_before_fen bigint NOT NULL CHECK (benefit_before_fen >= 0),
  benefit_fen bigint NOT NULL CHECK (benefit_fen >= 0),
  paid_more_fen bigint NOT NULL CHECK (paid_more_fen >= 0),
  to_pay_fen bigint NOT NULL CHECK (to_pay_fen >= 0),
  let_stand_fen bigint NOT NULL
    CHECK (let_stand_fen = greatest(0, benefit_before_fen + paid_more_fen - benefit_fen)),
  layers jsonb NOT NULL,
  PRIMARY KEY (pool_code, list_id, claim_id),
  FOREIGN KEY (pool_code, list_id) REFERENCES increase_list (pool_code, id),
  FOREIGN KEY (pool_code, claim_id) REFERENCES claim (pool_code, id)
);
ALTER TABLE readjudication ADD FOREIGN KEY (pool_code, list_id) REFERENCES increase_list (pool_code, id);
"""


def upgrade() -> None:
    op.execute(CAMPAIGN)
    op.execute(STATEMENT)
    op.execute(INCREASES)
    stands = (
        "status, version, run, list_number, scope, terms, listed, listed_fen, paid_fen, returned_fen, proposed_by, "
        "approved_by, approval_number, published_on, objections_until, released_by, released_on, claim_by, closed_on, "
        "void_asked_by, void_reason"
    )
    payment = "village_code, masked_name, status, version, paid_on, channel, reference, recorded_by"
    told = "status, paid_fen, returned_fen, closed_on, version"
    op.execute(pool_table("claims", "campaign", update_columns=stands, worker_update_columns=told))
    op.execute(pool_table("claims", "campaign_candidate"))
    paid = "status, paid_on, channel, reference, recorded_by"
    op.execute(pool_table("claims", "campaign_payment", update_columns=payment, worker_update_columns=paid))
    op.execute(pool_table("claims", "campaign_objection", update_columns="outcome, note, decided_by, decided_at"))
    steps = ", ".join(f"{noun}_by, {noun}_at" for noun in ("issued", "agreed", "withdrawn"))
    op.execute(
        pool_table(
            "claims",
            "payment_statement",
            institution_column="institution_code",
            update_columns=f"status, {steps}, withdrawal_reason",
        )
    )
    listed = (
        "status, approved_fen, approved_by, approved_at, approved_on, document_number, withdrawn_by, withdrawal_reason"
    )
    op.execute(pool_table("claims", "increase_list", update_columns=listed))
    op.execute(pool_table("claims", "readjudged"))
    op.execute(
        pool_table("claims", "increase", update_columns="status, amount_fen", worker_update_columns="status, paid_on")
    )


def downgrade() -> None:
    raise NotImplementedError("campaigns are not taken away; restore a backup instead")
