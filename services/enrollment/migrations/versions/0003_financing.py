"""Year standards, bills, receipts, remittances, sponsorships, subsidies due; rosters and the rows they sent back;
books of receipts and what became of each of their numbers."""

from alembic import op

from shared.db.rules import pool_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STANDARDS = """
CREATE TABLE standard (
  pool_code text COLLATE "C" NOT NULL,
  year smallint NOT NULL CHECK (year BETWEEN 2003 AND 2200),
  premium_fen bigint NOT NULL CHECK (premium_fen > 0),
  central_fen bigint NOT NULL CHECK (central_fen >= 0),
  province_fen bigint NOT NULL CHECK (province_fen >= 0),
  city_fen bigint NOT NULL CHECK (city_fen >= 0),
  county_fen bigint NOT NULL CHECK (county_fen >= 0),
  coverage_from date NOT NULL,
  coverage_to date NOT NULL,
  collection_from date NOT NULL,
  collection_until date NOT NULL,
  late_start text NOT NULL CHECK (late_start IN ('payment_day', 'next_day', 'next_month', 'refused')),
  receipt_numbers text NOT NULL CHECK (receipt_numbers IN ('any', 'issued_books')),
  document_number text,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, year),
  CHECK (coverage_from <= coverage_to AND collection_from <= collection_until AND collection_until <= coverage_to)
);
"""

BILLS = """
CREATE TABLE bill (
  pool_code text COLLATE "C" NOT NULL,
  bill_id uuid NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  due_fen bigint NOT NULL CHECK (due_fen >= 0),
  paid_fen bigint NOT NULL DEFAULT 0 CHECK (paid_fen >= 0),
  last_paid_on date,
  version integer NOT NULL DEFAULT 0,
  recorded_at timestamptz NOT NULL,
  refunded_fen bigint NOT NULL DEFAULT 0 CHECK (refunded_fen >= 0),
  PRIMARY KEY (pool_code, bill_id),
  CONSTRAINT bill_year_once UNIQUE (pool_code, household_id, year),
  CONSTRAINT bill_not_overpaid CHECK (paid_fen <= due_fen),
  FOREIGN KEY (pool_code, household_id) REFERENCES household,
  FOREIGN KEY (pool_code, year) REFERENCES standard
);
CREATE INDEX bill_year ON bill (pool_code, year, bill_id);
CREATE TABLE sponsorship (
  pool_code text COLLATE "C" NOT NULL,
  sponsorship_id uuid NOT NULL,
  sponsor text NOT NULL CHECK (sponsor <> ''),
  group_code text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  head_count integer NOT NULL CHECK (head_count > 0),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  status text NOT NULL CHECK (status IN ('applied', 'confirmed', 'refused')),
  applied_by text COLLATE "C" NOT NULL,
  applied_at timestamptz NOT NULL,
  decided_by text COLLATE "C",
  decided_at timestamptz,
  reason text,
  PRIMARY KEY (pool_code, sponsorship_id),
  FOREIGN KEY (pool_code, year) REFERENCES standard,
  CHECK ((status = 'applied') = (decided_by IS NULL)),
  CONSTRAINT sponsorship_four_eyes CHECK (decided_by <> applied_by)
);
CREATE TABLE bill_line (
  pool_code text COLLATE "C" NOT NULL,
  bill_id uuid NOT NULL,
  member_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('payable', 'sponsored', 'excused')),
  premium_fen bigint NOT NULL CHECK (premium_fen >= 0),
  reason text,
  sponsorship_id uuid,
  settled_on date,
  covered_from date,
  PRIMARY KEY (pool_code, bill_id, member_id),
  FOREIGN KEY (pool_code, bill_id) REFERENCES bill,
  FOREIGN KEY (pool_code, member_id) REFERENCES member,
  FOREIGN KEY (pool_code, sponsorship_id) REFERENCES sponsorship,
  CHECK ((kind = 'sponsored') = (sponsorship_id IS NOT NULL)),
  CHECK ((kind = 'excused') = (reason IS NOT NULL)),
  CHECK (kind <> 'excused' OR (premium_fen = 0 AND settled_on IS NULL)),
  CHECK ((settled_on IS NULL) = (covered_from IS NULL))
);
CREATE INDEX bill_line_member ON bill_line (pool_code, member_id);
CREATE TABLE sponsorship_line (
  pool_code text COLLATE "C" NOT NULL,
  sponsorship_id uuid NOT NULL,
  member_id uuid NOT NULL,
  bill_id uuid NOT NULL,
  premium_fen bigint NOT NULL CHECK (premium_fen > 0),
  PRIMARY KEY (pool_code, sponsorship_id, member_id),
  FOREIGN KEY (pool_code, sponsorship_id) REFERENCES sponsorship,
  FOREIGN KEY (pool_code, bill_id, member_id) REFERENCES bill_line
);
"""

REINSTATEMENTS = """
CREATE TABLE reinstatement (
  pool_code text COLLATE "C" NOT NULL,
  reinstatement_id uuid NOT NULL,
  member_id uuid NOT NULL,
  effective_on date NOT NULL,
  reason text NOT NULL,
  status text NOT NULL CHECK (status IN ('applied', 'confirmed', 'refused')),
  applied_by text COLLATE "C" NOT NULL,
  applied_at timestamptz NOT NULL,
  decided_by text COLLATE "C",
  decided_at timestamptz,
  PRIMARY KEY (pool_code, reinstatement_id),
  FOREIGN KEY (pool_code, member_id) REFERENCES member,
  CHECK ((status = 'applied') = (decided_by IS NULL)),
  CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
  CONSTRAINT reinstatement_four_eyes CHECK (decided_by <> applied_by)
);
CREATE UNIQUE INDEX reinstatement_one_open ON reinstatement (pool_code, member_id) WHERE status = 'applied';
"""

MONEY = """
CREATE TABLE receipt (
  pool_code text COLLATE "C" NOT NULL,
  receipt_id uuid NOT NULL,
  receipt_number text COLLATE "C" NOT NULL,
  bill_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  paid_on date NOT NULL,
  collected_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, receipt_id),
  CONSTRAINT receipt_number_once UNIQUE (pool_code, receipt_number),
  FOREIGN KEY (pool_code, bill_id) REFERENCES bill
);
CREATE INDEX receipt_township ON receipt (pool_code, township_code, paid_on);
CREATE INDEX receipt_year ON receipt (pool_code, year);
CREATE TABLE remittance (
  pool_code text COLLATE "C" NOT NULL,
  remittance_id uuid NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  township_code text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  receipt_count integer NOT NULL CHECK (receipt_count > 0),
  missing_numbers integer NOT NULL CHECK (missing_numbers >= 0),
  remitted_on date NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, remittance_id),
  CONSTRAINT remittance_number UNIQUE (pool_code, number)
);
CREATE TABLE remittance_line (
  pool_code text COLLATE "C" NOT NULL,
  receipt_id uuid NOT NULL,
  remittance_id uuid NOT NULL,
  PRIMARY KEY (pool_code, receipt_id),
  FOREIGN KEY (pool_code, receipt_id) REFERENCES receipt,
  FOREIGN KEY (pool_code, remittance_id) REFERENCES remittance
);
CREATE INDEX remittance_line_of ON remittance_line (pool_code, remittance_id);
CREATE TABLE subsidy_due (
  pool_code text COLLATE "C" NOT NULL,
  due_id uuid NOT NULL,
  revision integer NOT NULL CHECK (revision > 0),
  year smallint NOT NULL,
  level text NOT NULL CHECK (level IN ('central', 'province', 'city', 'county')),
  payer text NOT NULL,
  head_count integer NOT NULL CHECK (head_count >= 0),
  standard_fen bigint NOT NULL CHECK (standard_fen >= 0),
  total_fen bigint NOT NULL CHECK (total_fen >= 0),
  change_fen bigint NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  audited boolean NOT NULL DEFAULT false,
  PRIMARY KEY (pool_code, due_id, revision),
  CONSTRAINT subsidy_due_once UNIQUE (pool_code, year, level, payer, revision),
  FOREIGN KEY (pool_code, year) REFERENCES standard,
  CHECK (total_fen = head_count * standard_fen)
);
"""

REFUNDS = """
CREATE TABLE receipt_void (
  pool_code text COLLATE "C" NOT NULL,
  receipt_id uuid NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  voided_on date NOT NULL,
  voided_by text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, receipt_id),
  FOREIGN KEY (pool_code, receipt_id) REFERENCES receipt
);
CREATE TABLE refund (
  pool_code text COLLATE "C" NOT NULL,
  refund_id uuid NOT NULL,
  bill_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  cause text NOT NULL CHECK (cause IN ('withdrawn', 'double_enrolment', 'own_error')),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  reason text NOT NULL CHECK (reason <> ''),
  status text NOT NULL CHECK (status IN ('applied', 'paid', 'refused')),
  applied_by text COLLATE "C" NOT NULL,
  applied_at timestamptz NOT NULL,
  ended_on date,
  PRIMARY KEY (pool_code, refund_id),
  FOREIGN KEY (pool_code, bill_id) REFERENCES bill,
  CHECK ((status = 'applied') = (ended_on IS NULL))
);
CREATE UNIQUE INDEX refund_one_open ON refund (pool_code, bill_id) WHERE status = 'applied';
CREATE TABLE refund_line (
  pool_code text COLLATE "C" NOT NULL,
  refund_id uuid NOT NULL,
  bill_id uuid NOT NULL,
  member_id uuid NOT NULL,
  premium_fen bigint NOT NULL CHECK (premium_fen > 0),
  PRIMARY KEY (pool_code, refund_id, member_id),
  FOREIGN KEY (pool_code, refund_id) REFERENCES refund,
  FOREIGN KEY (pool_code, bill_id, member_id) REFERENCES bill_line
);
"""

BOOKS = """
CREATE TABLE receipt_book (
  pool_code text COLLATE "C" NOT NULL,
  book_id uuid NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  township_code text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  series text COLLATE "C" NOT NULL,
  digits smallint NOT NULL CHECK (digits BETWEEN 1 AND 12),
  first_number bigint NOT NULL CHECK (first_number >= 0),
  last_number bigint NOT NULL,
  issued_on date NOT NULL,
  issued_by text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, book_id),
  CONSTRAINT receipt_book_number UNIQUE (pool_code, number),
  FOREIGN KEY (pool_code, year) REFERENCES standard,
  CHECK (first_number <= last_number)
);
CREATE INDEX receipt_book_recorded ON receipt_book (pool_code, recorded_at, book_id);
CREATE TABLE receipt_book_holder (
  pool_code text COLLATE "C" NOT NULL,
  book_id uuid NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  collector text NOT NULL CHECK (collector <> ''),
  handed_on date NOT NULL,
  recorded_by text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, book_id, recorded_seq),
  FOREIGN KEY (pool_code, book_id) REFERENCES receipt_book
);
-- the key is the number as printed: it stands in one book for ever
CREATE TABLE receipt_leaf (
  pool_code text COLLATE "C" NOT NULL,
  receipt_number text COLLATE "C" NOT NULL,
  book_id uuid NOT NULL,
  number bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('out', 'used', 'voided', 'lost', 'returned')),
  reason text,
  declaration text,
  changed_by text COLLATE "C",
  changed_at timestamptz,
  PRIMARY KEY (pool_code, receipt_number),
  CONSTRAINT receipt_leaf_of_book UNIQUE (pool_code, book_id, number),
  FOREIGN KEY (pool_code, book_id) REFERENCES receipt_book,
  CHECK ((state IN ('voided', 'lost')) = (reason IS NOT NULL)),
  CHECK ((state = 'lost') = (declaration IS NOT NULL)),
  CHECK ((state = 'out') = (changed_at IS NULL) AND (changed_at IS NULL) = (changed_by IS NULL))
);
"""

ROSTERS = """
CREATE TABLE roster (
  pool_code text COLLATE "C" NOT NULL,
  roster_id uuid NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  year smallint NOT NULL,
  content_hash bytea NOT NULL,
  rows_read integer NOT NULL,
  households integer NOT NULL,
  enrolled integer NOT NULL,
  verified integer NOT NULL,
  updated integer NOT NULL,
  unchanged integer NOT NULL,
  to_verify integer NOT NULL,
  rejected integer NOT NULL,
  areas text COLLATE "C" NOT NULL,
  uploaded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, roster_id),
  CONSTRAINT roster_number UNIQUE (pool_code, number)
);
CREATE INDEX roster_content ON roster (pool_code, year, content_hash);
CREATE TABLE roster_error (
  pool_code text COLLATE "C" NOT NULL,
  roster_id uuid NOT NULL,
  row_number integer NOT NULL,
  codes text[] NOT NULL,
  kept boolean NOT NULL,
  row_sealed bytea NOT NULL,
  PRIMARY KEY (pool_code, roster_id, row_number),
  FOREIGN KEY (pool_code, roster_id) REFERENCES roster
);
"""


def upgrade() -> None:
    service = "enrollment"
    for tables in (STANDARDS, BILLS, REINSTATEMENTS, MONEY, REFUNDS, BOOKS, ROSTERS):
        op.execute(tables)
    op.execute(pool_table(service, "standard"))
    # what settlement tells of a refund, the worker books
    bill_columns, told = "due_fen, paid_fen, refunded_fen, last_paid_on, version", "due_fen, paid_fen, refunded_fen"
    op.execute(pool_table(service, "bill", update_columns=bill_columns, worker_update_columns=told))
    line_columns = "kind, premium_fen, reason, sponsorship_id, settled_on, covered_from"
    op.execute(pool_table(service, "bill_line", update_columns=line_columns, worker_update_columns=line_columns))
    op.execute(pool_table(service, "refund", worker_update_columns="status, ended_on"))
    op.execute(pool_table(service, "subsidy_due", worker="SELECT, INSERT"))
    op.execute(pool_table(service, "sponsorship", update_columns="status, decided_by, decided_at, reason"))
    op.execute(pool_table(service, "reinstatement", update_columns="status, decided_by, decided_at"))
    op.execute(pool_table(service, "receipt_leaf", update_columns="state, reason, declaration, changed_by, changed_at"))
    for table in (
        "receipt_book",
        "receipt_book_holder",
        "sponsorship_line",
        "receipt",
        "remittance",
        "remittance_line",
        "receipt_void",
        "refund_line",
        "roster",
        "roster_error",
    ):
        op.execute(pool_table(service, table))


def downgrade() -> None:
    raise NotImplementedError("money records are not taken away; restore a backup instead")
