-- The ledger's tables (contracts §9). Amounts are fen. The app may read them; only the functions beside write them.
CREATE TABLE chart (
  chart text COLLATE "C" PRIMARY KEY,
  book text COLLATE "C" NOT NULL,
  title_zh text NOT NULL,
  title_en text NOT NULL,
  source text NOT NULL
);
CREATE TABLE chart_account (
  chart text COLLATE "C" NOT NULL REFERENCES chart,
  account text COLLATE "C" NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  normal_side text NOT NULL CHECK (normal_side IN ('debit', 'credit')),
  keeper text COLLATE "C",
  guarded boolean NOT NULL,
  PRIMARY KEY (chart, account)
);
-- keeper is that of the flow's accounts (they have one at most); reason limits a flow to vouchers with that reason
CREATE TABLE permitted_flow (
  chart text COLLATE "C" NOT NULL,
  debit text COLLATE "C" NOT NULL,
  credit text COLLATE "C" NOT NULL,
  keeper text COLLATE "C",
  reason text COLLATE "C",
  PRIMARY KEY (chart, debit, credit),
  FOREIGN KEY (chart, debit) REFERENCES chart_account,
  FOREIGN KEY (chart, credit) REFERENCES chart_account,
  CHECK (debit <> credit)
);
-- which roles act for a keeper; '-' is the keeper of accounts that nobody keeps, '*' names the machine roles
CREATE TABLE keeper_role (
  keeper text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  PRIMARY KEY (keeper, role)
);
CREATE TABLE book (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  chart text COLLATE "C" NOT NULL REFERENCES chart,
  first_day date NOT NULL,
  genesis bytea NOT NULL,
  PRIMARY KEY (pool_code, book)
);
-- month_base: the last number before the month of open_day; closed_through: the end of the last closed month
CREATE TABLE book_head (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  last_number bigint NOT NULL CHECK (last_number >= 0),
  last_hash bytea NOT NULL CHECK (octet_length(last_hash) = 32),
  open_day date NOT NULL,
  month_base bigint NOT NULL CHECK (month_base BETWEEN 0 AND last_number),
  sealed_through date NOT NULL,
  closed_through date NOT NULL,
  PRIMARY KEY (pool_code, book),
  FOREIGN KEY (pool_code, book) REFERENCES book,
  CHECK (open_day > sealed_through),
  CHECK (sealed_through >= closed_through)
);
-- sheets: how many sheets are attached (附件张数); papers: SHA-256 of the kept documents among them, joined by commas
CREATE TABLE voucher (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  month_number bigint NOT NULL CHECK (month_number > 0),
  source_event text COLLATE "C" NOT NULL CHECK (source_event <> ''),
  posting_date date NOT NULL,
  value_date date NOT NULL,
  reason text COLLATE "C" NOT NULL
    CHECK (reason IN ('normal', 'late', 'correction', 'reversal', 'opening', 'closing')),
  reversal_of bigint CHECK (reversal_of < number),
  preparer text NOT NULL CHECK (preparer <> ''),
  checker text NOT NULL CHECK (checker <> ''),
  poster text NOT NULL CHECK (poster <> ''),
  text text NOT NULL CHECK (text <> ''),
  sheets integer NOT NULL CHECK (sheets >= 0),
  papers text COLLATE "C" NOT NULL CONSTRAINT voucher_papers_are_hashes
    CHECK (papers = '' OR sheets > 0 AND papers ~ '^[0-9a-f]{64}(,[0-9a-f]{64})*$'),
  postings_digest bytea NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (pool_code, book, number),
  CONSTRAINT voucher_two_persons CHECK (lower(btrim(preparer)) <> lower(btrim(checker))),
  CONSTRAINT voucher_rule_named CHECK (btrim(checker) <> 'rule:'),
  CONSTRAINT voucher_reversal CHECK ((reason = 'reversal') = (reversal_of IS NOT NULL))
);
-- the source first: it alone decides nearly every comparison, and nothing is searched by pool and book in this index
CREATE UNIQUE INDEX voucher_source_event ON voucher (source_event, book, pool_code);
CREATE UNIQUE INDEX voucher_reversed_once ON voucher (pool_code, book, reversal_of) WHERE reversal_of IS NOT NULL;
-- what was attached after the voucher was booked: the chain cannot cover it, the audit log does
CREATE TABLE voucher_attachment (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  book text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  text text NOT NULL CHECK (text <> ''),
  sheets integer NOT NULL CHECK (sheets > 0),
  sha256 text COLLATE "C" NOT NULL CHECK (sha256 = '' OR sha256 ~ '^[0-9a-f]{64}$'),
  added_by text NOT NULL,
  added_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, id),
  FOREIGN KEY (pool_code, book, number) REFERENCES voucher
);
CREATE INDEX voucher_attachment_number ON voucher_attachment (pool_code, book, number);
CREATE UNIQUE INDEX voucher_attachment_once ON voucher_attachment (pool_code, book, number, sha256) WHERE sha256 > '';
CREATE TABLE posting (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  line integer NOT NULL CHECK (line > 0),
  debit text COLLATE "C" NOT NULL,
  credit text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  party text COLLATE "C" NOT NULL,
  ref text COLLATE "C" NOT NULL,
  memo text NOT NULL,
  PRIMARY KEY (pool_code, book, number, line),
  CHECK (debit <> credit)
);
-- each further index costs 3 to 10% of the rate of posting; account and party are searched within a period, whose numbers
-- book_day gives. A voucher has one business number (post refuses others), so that its first posting finds it.
CREATE INDEX posting_ref ON posting (ref) WHERE line = 1 AND ref > '';
-- the numbers of each posting day; numbers and posting days rise together
CREATE TABLE book_day (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  posting_date date NOT NULL,
  first_number bigint NOT NULL,
  last_number bigint NOT NULL,
  PRIMARY KEY (pool_code, book, posting_date)
);
-- caches, proved by ledger_replay: the balance now, and the turnover of an account by posting and value date
CREATE TABLE balance (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  guarded boolean NOT NULL,
  posted_fen bigint NOT NULL,
  pending_fen bigint NOT NULL CHECK (pending_fen <= 0),
  PRIMARY KEY (pool_code, book, account),
  CONSTRAINT balance_not_negative CHECK (NOT guarded OR posted_fen + pending_fen >= 0)
);
CREATE TABLE account_day (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  posting_date date NOT NULL,
  value_date date NOT NULL,
  debit_fen bigint NOT NULL CHECK (debit_fen >= 0),
  credit_fen bigint NOT NULL CHECK (credit_fen >= 0),
  PRIMARY KEY (pool_code, book, account, posting_date, value_date)
);
CREATE TABLE hold (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  hold_id uuid NOT NULL,
  account text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  PRIMARY KEY (pool_code, book, hold_id)
);
CREATE TABLE hold_end (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  hold_id uuid NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('released', 'posted')),
  number bigint,
  PRIMARY KEY (pool_code, book, hold_id),
  FOREIGN KEY (pool_code, book, hold_id) REFERENCES hold,
  CHECK ((outcome = 'posted') = (number IS NOT NULL))
);
-- The public keys whose seals are taken. The first seal of the database brings its own; a further one is registered by the
-- owner alone. A key's id is the beginning of its hash, and the database cannot check a signature: that is for outsiders.
CREATE TABLE signing_key (
  key_id text COLLATE "C" PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$')
);
-- published: signed with a key that the database does not hold
CREATE TABLE day_seal (
  pool_code text COLLATE "C" NOT NULL,
  book text COLLATE "C" NOT NULL,
  day date NOT NULL,
  seal_number bigint NOT NULL CHECK (seal_number > 0),
  first_number bigint NOT NULL,
  last_number bigint NOT NULL,
  root bytea NOT NULL,
  last_hash bytea NOT NULL,
  previous bytea NOT NULL,
  signed_at timestamptz NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  PRIMARY KEY (pool_code, book, day),
  UNIQUE (pool_code, book, seal_number)
);
