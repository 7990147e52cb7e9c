"""Credits of family accounts: decided by the county for the households of a township, once a household and year."""

from alembic import op

from shared.db.rules import pool_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CREDITS = """
CREATE TABLE family_account_credit (
  pool_code text COLLATE "C" NOT NULL,
  credit_id uuid NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  head_count integer NOT NULL CHECK (head_count > 0),
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  document_number text NOT NULL,
  credited_on date NOT NULL,
  credited_by text COLLATE "C" NOT NULL,
  version integer NOT NULL DEFAULT 1,
  withdrawn_fen bigint NOT NULL DEFAULT 0 CHECK (withdrawn_fen BETWEEN 0 AND amount_fen),
  PRIMARY KEY (pool_code, credit_id),
  CONSTRAINT family_account_credit_once UNIQUE (pool_code, household_id, year),
  FOREIGN KEY (pool_code, household_id) REFERENCES household,
  FOREIGN KEY (pool_code, year) REFERENCES standard
);
"""


def upgrade() -> None:
    op.execute(CREDITS)
    op.execute(pool_table("enrollment", "family_account_credit", worker_update_columns="version, withdrawn_fen"))


def downgrade() -> None:
    raise NotImplementedError("credits are not taken away; restore a backup instead")
