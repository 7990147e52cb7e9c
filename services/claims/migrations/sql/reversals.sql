-- Cancellation of what is paid (rulings §2): what settlement tells of payments, the county office's release by two
-- persons, the negative claim of the current period, and the years whose claims are corrected at the window alone.
CREATE TABLE claim_payment (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  paid boolean NOT NULL,
  told_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, claim_id, layer),
  FOREIGN KEY (pool_code, claim_id) REFERENCES claim
);
CREATE TABLE reversal_release (
  pool_code text COLLATE "C" NOT NULL,
  claim_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  document text NOT NULL CHECK (document <> ''),
  layers jsonb NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  approved_by text,
  approved_at timestamptz,
  PRIMARY KEY (pool_code, claim_id),
  FOREIGN KEY (pool_code, claim_id) REFERENCES claim,
  CHECK (approved_by <> asked_by),
  CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);
CREATE TABLE claim_reversal (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  claim_id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('inpatient', 'outpatient')),
  benefit_year integer NOT NULL,
  total_fen bigint NOT NULL CHECK (total_fen < 0),
  eligible_fen bigint NOT NULL CHECK (eligible_fen <= 0),
  benefit_fen bigint NOT NULL CHECK (benefit_fen <= 0),
  account_fen bigint NOT NULL CHECK (account_fen <= 0),
  payable_fen bigint NOT NULL CHECK (payable_fen <= 0),
  layers jsonb NOT NULL,
  reason text NOT NULL,
  reversed_on date NOT NULL,
  reversed_at timestamptz NOT NULL,
  reversed_by text NOT NULL,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT claim_reversal_once UNIQUE (pool_code, claim_id),
  CONSTRAINT claim_reversal_number UNIQUE (pool_code, number),
  FOREIGN KEY (pool_code, claim_id) REFERENCES claim
);
CREATE INDEX claim_reversal_of_day ON claim_reversal (pool_code, reversed_on, id);
CREATE TABLE benefit_year_close (
  pool_code text COLLATE "C" NOT NULL,
  year integer NOT NULL,
  document text NOT NULL CHECK (document <> ''),
  closed_by text NOT NULL,
  closed_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, year)
);
