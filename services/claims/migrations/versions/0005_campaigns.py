"""Second compensation: campaigns, candidates, payments, objections."""

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


def upgrade() -> None:
    op.execute(CAMPAIGN)
    stands = (
        "status, version, run, list_number, scope, terms, listed, listed_fen, paid_fen, returned_fen, proposed_by, "
        "approved_by, approval_number, published_on, objections_until, released_by, released_on, claim_by, closed_on"
    )
    payment = "village_code, masked_name, status, version, paid_on, channel, reference, recorded_by"
    told = "status, paid_fen, returned_fen, closed_on, version"
    op.execute(pool_table("claims", "campaign", update_columns=stands, worker_update_columns=told))
    op.execute(pool_table("claims", "campaign_candidate"))
    paid = "status, paid_on, channel, reference, recorded_by"
    op.execute(pool_table("claims", "campaign_payment", update_columns=payment, worker_update_columns=paid))
    op.execute(pool_table("claims", "campaign_objection", update_columns="outcome, note, decided_by, decided_at"))


def downgrade() -> None:
    raise NotImplementedError("campaigns are not taken away; restore a backup instead")
