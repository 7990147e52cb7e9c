"""Cases: the form, its steps, and the starts of what was granted."""

from alembic import op

from shared.db.rules import pool_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE entitlement_case (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('chronic_card', 'special_card', 'tb', 'rabies', 'delivery', 'referral',
    'out_of_area', 'emergency', 'migrant', 'late_submission', 'accident')),
  member_id uuid NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  visit_id uuid,
  disease_code text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  valid_to date,
  papers jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('submitted', 'endorsed', 'opposed', 'granted', 'denied', 'ended')),
  version integer NOT NULL CHECK (version > 0),
  submitted_by text NOT NULL,
  submitted_at timestamptz NOT NULL,
  due_on date NOT NULL,
  liability text CHECK (liability IN ('none', 'accident', 'shared', 'liable', 'advanced')),
  share integer NOT NULL CHECK (share BETWEEN 0 AND 10000),
  posted_on date,
  posted_until date,
  PRIMARY KEY (pool_code, id),
  CHECK (valid_to >= valid_from),
  CHECK ((kind = 'accident') = (visit_id IS NOT NULL)),
  CHECK (kind = 'accident' OR liability IS NULL),
  CHECK (posted_on IS NULL OR kind = 'accident'),
  CHECK ((posted_on IS NULL) = (posted_until IS NULL) AND posted_until > posted_on),
  CHECK (share = 0 OR liability IN ('shared', 'advanced') AND liability IS NOT NULL)
);
CREATE INDEX entitlement_case_due ON entitlement_case (pool_code, due_on, id)
  WHERE status IN ('submitted', 'endorsed', 'opposed');
CREATE UNIQUE INDEX entitlement_case_once ON entitlement_case (pool_code, member_id, kind, disease_code)
  WHERE status IN ('submitted', 'endorsed', 'opposed') AND kind <> 'accident';
CREATE UNIQUE INDEX entitlement_case_visit ON entitlement_case (pool_code, visit_id)
  WHERE status IN ('submitted', 'endorsed', 'opposed') AND kind = 'accident';
CREATE TABLE case_step (
  pool_code text COLLATE "C" NOT NULL,
  case_id uuid NOT NULL,
  version integer NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  act text NOT NULL CHECK (act IN ('submitted', 'endorsed', 'opposed', 'posted', 'objected', 'replied', 'granted',
    'denied', 'ended')),
  by text NOT NULL,
  role text NOT NULL,
  at timestamptz NOT NULL,
  "on" date NOT NULL,
  note text NOT NULL,
  detail jsonb NOT NULL,
  PRIMARY KEY (pool_code, case_id, version),
  FOREIGN KEY (pool_code, case_id) REFERENCES entitlement_case (pool_code, id)
);
CREATE TABLE entitlement_start (
  pool_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  code text COLLATE "C" NOT NULL,
  disease_code text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  recorded_seq integer NOT NULL,
  state text NOT NULL CHECK (state IN ('granted', 'none')),
  case_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, member_id, code, disease_code, valid_from, recorded_seq),
  FOREIGN KEY (pool_code, case_id) REFERENCES entitlement_case (pool_code, id)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
    decided = "status, version, valid_from, valid_to, liability, share, posted_on, posted_until"
    of = "institution_code"
    op.execute(pool_table("claims", "entitlement_case", institution_column=of, update_columns=decided))
    op.execute(pool_table("claims", "case_step", institution_column=of))
    op.execute(pool_table("claims", "entitlement_start"))


def downgrade() -> None:
    raise NotImplementedError("cases are not taken away; restore a backup instead")
