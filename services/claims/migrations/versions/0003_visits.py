"""Coverage as claims knows it, visits, claims, accumulators, reviews, cut-offs.

Longer than most because a table's columns, constraints, index and rules stand together.
"""

from pathlib import Path

from alembic import op

from shared.db.rules import free_table, pool_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SETTLING = (Path(__file__).parents[1] / "sql" / "settling.sql").read_text()
REVERSALS = (Path(__file__).parents[1] / "sql" / "reversals.sql").read_text()
COVERAGE = """
CREATE TABLE member_coverage (
  pool_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  blind_index bytea NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  village_code text COLLATE "C" NOT NULL DEFAULT '',
  birth_date date NOT NULL,
  sex text NOT NULL,
  sequence bigint NOT NULL CHECK (sequence >= 0),
  timeline jsonb NOT NULL,
  groups jsonb NOT NULL,
  layers jsonb NOT NULL DEFAULT '[]',
  entitlements jsonb NOT NULL DEFAULT '[]',
  entitlement_seq bigint NOT NULL DEFAULT 0,
  learnt_from text NOT NULL CHECK (learnt_from IN ('event', 'answer')),
  learnt_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, member_id)
);
CREATE INDEX member_coverage_blind ON member_coverage (pool_code, blind_index);
CREATE INDEX member_coverage_household ON member_coverage (pool_code, household_id);
CREATE TABLE coverage_case (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('coverage_withdrawn')),
  claim_id uuid NOT NULL,
  member_id uuid NOT NULL,
  coverage_sequence bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'closed')),
  version integer NOT NULL,
  opened_at timestamptz NOT NULL,
  outcome text CHECK (outcome IN ('stands', 'restored', 'repaid', 'handed_over')),
  reason text,
  closed_by text,
  closed_at timestamptz,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT coverage_case_once UNIQUE (pool_code, claim_id, kind),
  CHECK ((status = 'closed') = (outcome IS NOT NULL)),
  CHECK ((status = 'closed') = (num_nonnulls(reason, closed_by, closed_at) = 3)),
  CHECK ((status = 'open') = (num_nonnulls(reason, closed_by, closed_at) = 0))
);
"""

VISITS = """
CREATE TABLE visit (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  institution_number text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('inpatient', 'outpatient')),
  status text NOT NULL CHECK (status IN ('registered', 'discharged', 'withdrawn')),
  admitted_at timestamptz NOT NULL,
  admitted_on date NOT NULL,
  discharged_at timestamptz,
  diagnosis_code text NOT NULL,
  diagnosis_name text NOT NULL,
  circumstances text[] NOT NULL,
  third_party text NOT NULL
    CHECK (third_party IN ('none', 'pending', 'liable', 'shared', 'advanced', 'accident')),
  third_party_share integer NOT NULL DEFAULT 0 CHECK (third_party_share BETWEEN 0 AND 10000),
  mother_id uuid,
  elsewhere jsonb,
  channel text NOT NULL DEFAULT 'bedside' CHECK (channel IN ('bedside', 'window')),
  submitted_on date,
  missing_papers text[] NOT NULL DEFAULT '{}',
  facts_seq integer NOT NULL DEFAULT 0,
  line_sheets integer NOT NULL DEFAULT 0,
  registered_at timestamptz NOT NULL,
  registered_by text NOT NULL,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT visit_institution UNIQUE (pool_code, id, institution_code),
  CHECK (discharged_at >= admitted_at),
  CHECK (status = 'withdrawn' OR (status = 'discharged') = (discharged_at IS NOT NULL)),
  CHECK (channel = 'window' OR status <> 'withdrawn'),
  CHECK (channel = 'window' OR missing_papers = '{}'),
  CHECK ((third_party IN ('shared', 'advanced')) = (third_party_share > 0)),
  CHECK ((channel = 'window') = (submitted_on IS NOT NULL))
);
CREATE INDEX visit_of_member ON visit (pool_code, member_id);
-- a registration that was withdrawn leaves its number and its settlement of elsewhere to the right one
CREATE UNIQUE INDEX visit_institution_number ON visit (pool_code, institution_code, institution_number)
  WHERE status <> 'withdrawn';
CREATE UNIQUE INDEX visit_elsewhere_once ON visit (pool_code, (elsewhere ->> 'scheme'), (elsewhere ->> 'settlement'))
  WHERE elsewhere IS NOT NULL AND status <> 'withdrawn';
CREATE TABLE window_slip (
  pool_code text COLLATE "C" NOT NULL,
  visit_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  needed text[] NOT NULL,
  accepted_at timestamptz NOT NULL,
  accepted_by text NOT NULL,
  PRIMARY KEY (pool_code, visit_id),
  CONSTRAINT window_slip_number UNIQUE (pool_code, number),
  FOREIGN KEY (pool_code, visit_id, institution_code) REFERENCES visit (pool_code, id, institution_code)
);
CREATE TABLE window_paper (
  pool_code text COLLATE "C" NOT NULL,
  visit_id uuid NOT NULL,
  position integer NOT NULL CHECK (position > 0),
  institution_code text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  original text NOT NULL CHECK (original IN ('kept', 'returned', 'copy')),
  recorded_at timestamptz NOT NULL,
  recorded_by text NOT NULL,
  PRIMARY KEY (pool_code, visit_id, position),
  FOREIGN KEY (pool_code, visit_id) REFERENCES window_slip (pool_code, visit_id),
  FOREIGN KEY (pool_code, visit_id, institution_code) REFERENCES visit (pool_code, id, institution_code)
);
CREATE TABLE visit_withdrawal (
  pool_code text COLLATE "C" NOT NULL,
  visit_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  withdrawn_at timestamptz NOT NULL,
  withdrawn_by text NOT NULL,
  PRIMARY KEY (pool_code, visit_id),
  FOREIGN KEY (pool_code, visit_id, institution_code) REFERENCES visit (pool_code, id, institution_code)
);
CREATE TABLE invoice_attempt (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  code text COLLATE "C" NOT NULL,
  number text COLLATE "C" NOT NULL,
  visit_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  used_pool_code text COLLATE "C" NOT NULL,
  used_visit_id uuid NOT NULL,
  used_at timestamptz NOT NULL,
  attempted_at timestamptz NOT NULL,
  attempted_by text NOT NULL,
  PRIMARY KEY (pool_code, id)
);
-- of no pool: an invoice is used once in all pools and schemes (rulings §14), until its registration is withdrawn
CREATE TABLE invoice_use (
  code text COLLATE "C" NOT NULL,
  number text COLLATE "C" NOT NULL,
  pool_code text COLLATE "C" NOT NULL,
  visit_id uuid NOT NULL,
  used_at timestamptz NOT NULL,
  freed_at timestamptz,
  PRIMARY KEY (code, number, visit_id)
);
CREATE UNIQUE INDEX invoice_use_once ON invoice_use (code, number) WHERE freed_at IS NULL;
CREATE INDEX invoice_use_of_visit ON invoice_use (visit_id);
CREATE TABLE given_file (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  content_hash bytea NOT NULL,
  rows_read integer NOT NULL,
  entered integer NOT NULL,
  unchanged integer NOT NULL,
  returned integer NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT given_file_number UNIQUE (pool_code, number),
  CHECK (rows_read = entered + unchanged + returned)
);
CREATE INDEX given_file_content ON given_file (pool_code, content_hash);
CREATE TABLE given_file_error (
  pool_code text COLLATE "C" NOT NULL,
  file_id uuid NOT NULL,
  row_number integer NOT NULL,
  row_sealed bytea NOT NULL,
  PRIMARY KEY (pool_code, file_id, row_number),
  FOREIGN KEY (pool_code, file_id) REFERENCES given_file (pool_code, id)
);
CREATE TABLE visit_lines (
  pool_code text COLLATE "C" NOT NULL,
  visit_id uuid NOT NULL,
  sheet integer NOT NULL CHECK (sheet > 0),
  institution_code text COLLATE "C" NOT NULL,
  item_codes text[] NOT NULL,
  item_names text[] NOT NULL,
  days date[] NOT NULL,
  prices_micro bigint[] NOT NULL,
  quantities_e4 bigint[] NOT NULL,
  amounts_fen bigint[] NOT NULL,
  restrictions_met boolean[] NOT NULL,
  uploaded_at timestamptz NOT NULL,
  uploaded_by text NOT NULL,
  PRIMARY KEY (pool_code, visit_id, sheet),
  FOREIGN KEY (pool_code, visit_id, institution_code) REFERENCES visit (pool_code, id, institution_code),
  CHECK (0 <= ALL (amounts_fen)),
  CHECK (cardinality(item_codes) = cardinality(amounts_fen) AND cardinality(item_names) = cardinality(amounts_fen)
         AND cardinality(days) = cardinality(amounts_fen) AND cardinality(prices_micro) = cardinality(amounts_fen)
         AND cardinality(quantities_e4) = cardinality(amounts_fen)
         AND cardinality(restrictions_met) = cardinality(amounts_fen))
);
CREATE TABLE visit_lines_withdrawal (
  pool_code text COLLATE "C" NOT NULL,
  visit_id uuid NOT NULL,
  sheet integer NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  withdrawn_at timestamptz NOT NULL,
  withdrawn_by text NOT NULL,
  PRIMARY KEY (pool_code, visit_id, sheet),
  FOREIGN KEY (pool_code, visit_id, sheet) REFERENCES visit_lines (pool_code, visit_id, sheet),
  FOREIGN KEY (pool_code, visit_id, institution_code) REFERENCES visit (pool_code, id, institution_code)
);
"""

CLAIMS = """
CREATE TABLE claim (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  visit_id uuid NOT NULL,
  member_id uuid NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('inpatient', 'outpatient')),
  status text NOT NULL
    CHECK (status IN ('settled', 'approved', 'rejected', 'returned', 'cancelled', 'released', 'reversed')),
  version integer NOT NULL CHECK (version > 0),
  admitted_on date NOT NULL,
  discharged_on date,
  settled_on date NOT NULL,
  settled_at timestamptz NOT NULL,
  settled_by text NOT NULL,
  benefit_year integer NOT NULL,
  outcome text NOT NULL,
  total_fen bigint NOT NULL CHECK (total_fen > 0),
  eligible_fen bigint NOT NULL CHECK (eligible_fen BETWEEN 0 AND total_fen),
  benefit_fen bigint NOT NULL CHECK (benefit_fen BETWEEN 0 AND total_fen),
  account_fen bigint NOT NULL DEFAULT 0 CHECK (account_fen >= 0),
  elsewhere_fen bigint NOT NULL DEFAULT 0 CHECK (elsewhere_fen >= 0),
  hospital_fen bigint NOT NULL DEFAULT 0 CHECK (hospital_fen >= 0),
  midway boolean NOT NULL DEFAULT false,
  part integer NOT NULL DEFAULT 1 CHECK (part > 0),
  sheets_to integer NOT NULL DEFAULT 0,
  deductible_fen bigint NOT NULL DEFAULT 0 CHECK (deductible_fen >= 0),
  so_far jsonb CHECK (midway OR so_far IS NULL),
  paid_to text NOT NULL DEFAULT 'hospital' CHECK (paid_to IN ('hospital', 'person')),
  payable_fen bigint NOT NULL,
  policy_id text NOT NULL,
  policy_hash text NOT NULL,
  catalogue_version text NOT NULL,
  coverage_sequence bigint NOT NULL,
  layers jsonb NOT NULL,
  cutoff_id uuid,
  reversal_id uuid,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  PRIMARY KEY (pool_code, id),
  CONSTRAINT claim_number UNIQUE (pool_code, number),
  FOREIGN KEY (pool_code, visit_id, institution_code) REFERENCES visit (pool_code, id, institution_code),
  CHECK ((status IN ('released', 'reversed')) = (cutoff_id IS NOT NULL)),
  CHECK ((status = 'reversed') = (reversal_id IS NOT NULL)),
  CHECK (payable_fen BETWEEN 0 AND benefit_fen + account_fen),
  CHECK (benefit_fen + account_fen + elsewhere_fen + hospital_fen <= total_fen)
) WITH (fillfactor = 90);
-- a stay is settled once at its end, and before that in parts
CREATE UNIQUE INDEX claim_live ON claim (pool_code, visit_id)
  WHERE status NOT IN ('cancelled', 'reversed') AND NOT midway;
CREATE UNIQUE INDEX claim_part ON claim (pool_code, visit_id, part) WHERE status NOT IN ('cancelled', 'reversed');
CREATE INDEX claim_of_day ON claim (pool_code, settled_on, id);
CREATE INDEX claim_pending ON claim (pool_code, status, institution_code, settled_on, id)
  WHERE status IN ('settled', 'approved');
CREATE TABLE claim_detail (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  item_codes text[] NOT NULL,
  item_names text[] NOT NULL,
  days date[] NOT NULL,
  prices_micro bigint[] NOT NULL,
  quantities_e4 bigint[] NOT NULL,
  amounts_fen bigint[] NOT NULL,
  eligible_fen bigint[] NOT NULL,
  over_ceiling_fen bigint[] NOT NULL,
  own_share_fen bigint[] NOT NULL,
  reasons text[] NOT NULL,
  facts json NOT NULL,
  decision json NOT NULL,
  PRIMARY KEY (pool_code, claim_id)
) WITH (toast_tuple_target = 8160);
"""

ACCUMULATORS = """
CREATE TABLE accumulator (
  pool_code text COLLATE "C" NOT NULL,
  owner_id uuid NOT NULL,
  scope text COLLATE "C" NOT NULL,
  year integer NOT NULL,
  detail text COLLATE "C" NOT NULL,
  used jsonb NOT NULL,
  moves bigint NOT NULL,
  PRIMARY KEY (pool_code, owner_id, scope, year, detail),
  CONSTRAINT accumulator_not_negative CHECK (NOT jsonb_path_exists(used, '$.* ? (@ < 0)')),
  CONSTRAINT family_account_not_overdrawn CHECK (scope <> 'family_account' OR
    coalesce((used ->> 'family_account.spent')::bigint, 0)
      <= coalesce((used ->> 'family_account.credited')::bigint, 0))
) WITH (fillfactor = 80);
CREATE TABLE accumulator_entry (
  pool_code text COLLATE "C" NOT NULL,
  owner_id uuid NOT NULL,
  scope text COLLATE "C" NOT NULL,
  year integer NOT NULL,
  detail text COLLATE "C" NOT NULL,
  move bigint NOT NULL,
  claim_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  takes_back boolean NOT NULL,
  added jsonb NOT NULL,
  counted_on date NOT NULL,
  PRIMARY KEY (pool_code, owner_id, scope, year, detail, move)
);
CREATE TABLE family_account_credit (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  household_id uuid NOT NULL,
  year integer NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen <> 0),
  reason text NOT NULL,
  credited_on date NOT NULL,
  posted_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, id)
);
CREATE INDEX family_account_credit_of ON family_account_credit (pool_code, household_id, id);
CREATE TABLE cancellation (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  cancelled_at timestamptz NOT NULL,
  cancelled_on date NOT NULL,
  cancelled_by text NOT NULL,
  PRIMARY KEY (pool_code, claim_id)
);
CREATE TABLE cancellation_release (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  released_at timestamptz NOT NULL,
  released_by text NOT NULL,
  PRIMARY KEY (pool_code, claim_id),
  FOREIGN KEY (pool_code, claim_id) REFERENCES claim
);
CREATE TABLE readjudication (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  cancelled_claim_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  listed_at timestamptz NOT NULL,
  list_id uuid,
  PRIMARY KEY (pool_code, claim_id, cancelled_claim_id)
);
"""

REVIEW = """
CREATE TABLE claim_review (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  claim_version integer NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  decision text NOT NULL CHECK (decision IN ('approved', 'rejected', 'returned')),
  reviewer text NOT NULL,
  decided_at timestamptz NOT NULL,
  decided_on date NOT NULL,
  ground text NOT NULL,
  bearer text CHECK (bearer IN ('hospital', 'patient', 'insurer', 'nobody')),
  payable_fen bigint NOT NULL CHECK (payable_fen >= 0),
  cut_fen bigint NOT NULL CHECK (cut_fen >= 0),
  taken_back boolean NOT NULL,
  layers jsonb NOT NULL,
  PRIMARY KEY (pool_code, claim_id, claim_version)
);
CREATE TABLE claim_cut (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  claim_version integer NOT NULL,
  number integer NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  line integer,
  bearer text NOT NULL CHECK (bearer IN ('hospital', 'patient', 'insurer', 'nobody')),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  fund_share_fen bigint NOT NULL CHECK (fund_share_fen BETWEEN 0 AND amount_fen),
  patient_owed_fen bigint NOT NULL CHECK (patient_owed_fen BETWEEN 0 AND amount_fen),
  penalty_fen bigint NOT NULL CHECK (penalty_fen >= 0),
  reason text NOT NULL,
  PRIMARY KEY (pool_code, claim_id, claim_version, number),
  FOREIGN KEY (pool_code, claim_id, claim_version) REFERENCES claim_review (pool_code, claim_id, claim_version)
);
CREATE TABLE cutoff (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  up_to date NOT NULL,
  claims integer NOT NULL CHECK (claims > 0),
  amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
  released_at timestamptz NOT NULL,
  released_on date NOT NULL,
  released_by text NOT NULL,
  PRIMARY KEY (pool_code, id)
);
"""


def _rules() -> list[str]:
    """Row policies and grants; what a hospital sees is limited to its institution wherever a row names one."""
    service, of = "claims", "institution_code"
    coverage = (
        "blind_index, household_id, township_code, village_code, birth_date, sex, sequence, timeline, groups, layers, "
        "learnt_from, learnt_at"
    )
    claim = "status, version, payable_fen, cutoff_id, reversal_id, so_far"
    visit = "status, discharged_at, line_sheets, third_party, third_party_share, elsewhere, facts_seq, missing_papers"
    entitled = "entitlements, entitlement_seq"
    return [
        pool_table(
            service,
            "member_coverage",
            update_columns=f"{coverage}, {entitled}",
            worker="SELECT, INSERT",
            worker_update_columns=coverage,
        ),
        pool_table(
            service,
            "coverage_case",
            app="SELECT",
            institution_column=of,
            update_columns="status, version, outcome, reason, closed_by, closed_at",
            worker="SELECT, INSERT",
        ),
        pool_table(service, "visit", institution_column=of, update_columns=visit),
        pool_table(service, "given_file"),
        pool_table(service, "given_file_error"),
        free_table(service, "invoice_use", app="SELECT, INSERT", update_columns="freed_at"),
        pool_table(service, "window_slip", institution_column=of),
        pool_table(service, "window_paper", institution_column=of),
        pool_table(service, "visit_withdrawal", institution_column=of),
        pool_table(service, "invoice_attempt"),
        pool_table(service, "visit_lines", institution_column=of),
        pool_table(service, "visit_lines_withdrawal", institution_column=of),
        pool_table(service, "claim", institution_column=of, update_columns=claim),
        pool_table(service, "claim_detail", institution_column=of),
        pool_table(
            service,
            "accumulator",
            update_columns="used, moves",
            worker="SELECT, INSERT",
            worker_update_columns="used, moves",
        ),
        pool_table(service, "accumulator_entry", worker="SELECT, INSERT"),
        pool_table(service, "family_account_credit", app="SELECT", worker="SELECT, INSERT"),
        pool_table(service, "cancellation", institution_column=of),
        pool_table(service, "cancellation_release", institution_column=of),
        pool_table(service, "readjudication", update_columns="list_id"),
        pool_table(
            service,
            "claim_payment",
            app="SELECT",
            institution_column=of,
            worker="SELECT, INSERT",
            worker_update_columns="paid, told_at",
        ),
        pool_table(service, "reversal_release", institution_column=of, update_columns="approved_by, approved_at"),
        pool_table(service, "claim_reversal", institution_column=of),
        pool_table(service, "benefit_year_close"),
        pool_table(service, "claim_review", institution_column=of),
        pool_table(service, "claim_cut", institution_column=of),
        pool_table(service, "cutoff", institution_column=of),
    ]


def upgrade() -> None:
    for statement in (COVERAGE, VISITS, CLAIMS, ACCUMULATORS, REVIEW, REVERSALS, SETTLING, *_rules()):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("claims are not taken away; restore a backup instead")
