"""Voluntary layers: what a year of one costs, and who has joined it."""

from alembic import op

from shared.db.rules import pool_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LAYERS = """
CREATE TABLE layer_standard (
  pool_code text COLLATE "C" NOT NULL,
  layer text COLLATE "C" NOT NULL CHECK (layer IN ('supplementary')),
  year smallint NOT NULL,
  premium_fen bigint NOT NULL CHECK (premium_fen > 0),
  subsidy_fen bigint NOT NULL CHECK (subsidy_fen >= 0),
  document_number text NOT NULL,
  recorded_by text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, layer, year),
  FOREIGN KEY (pool_code, year) REFERENCES standard
);
CREATE TABLE layer_payment (
  pool_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  receipt_number text COLLATE "C" NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  paid_on date NOT NULL,
  joined_from date NOT NULL,
  left_from date CHECK (left_from > joined_from),
  reason text CHECK ((reason IS NULL) = (left_from IS NULL)),
  recorded_by text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, layer, year, member_id),
  FOREIGN KEY (pool_code, member_id) REFERENCES member,
  FOREIGN KEY (pool_code, layer, year) REFERENCES layer_standard
);
CREATE INDEX layer_payment_township ON layer_payment (pool_code, layer, year, township_code);
CREATE INDEX layer_payment_receipt ON layer_payment (pool_code, layer, receipt_number);
CREATE TABLE member_layer (
  pool_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  layer text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  state text NOT NULL CHECK (state IN ('joined', 'none')),
  recorded_by text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, member_id, layer, valid_from, recorded_seq),
  FOREIGN KEY (pool_code, member_id) REFERENCES member
);
CREATE TABLE layer_file (
  pool_code text COLLATE "C" NOT NULL,
  file_id uuid NOT NULL,
  number text COLLATE "C" NOT NULL CHECK (starts_with(number, pool_code || '-')),
  layer text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
  rows_read integer NOT NULL CHECK (rows_read > 0),
  joined integer NOT NULL CHECK (joined >= 0),
  unchanged integer NOT NULL CHECK (unchanged >= 0),
  returned integer NOT NULL CHECK (returned >= 0),
  amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
  areas text COLLATE "C" NOT NULL,
  uploaded_by text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, file_id),
  CONSTRAINT layer_file_number UNIQUE (pool_code, number),
  FOREIGN KEY (pool_code, layer, year) REFERENCES layer_standard,
  CHECK (rows_read = joined + unchanged + returned)
);
CREATE INDEX layer_file_content ON layer_file (pool_code, layer, year, content_hash);
CREATE TABLE layer_file_error (
  pool_code text COLLATE "C" NOT NULL,
  file_id uuid NOT NULL,
  row_number integer NOT NULL,
  row_sealed bytea NOT NULL,
  PRIMARY KEY (pool_code, file_id, row_number),
  FOREIGN KEY (pool_code, file_id) REFERENCES layer_file
);
"""


def upgrade() -> None:
    op.execute(LAYERS)
    op.execute(pool_table("enrollment", "layer_standard"))
    op.execute(pool_table("enrollment", "layer_payment", update_columns="left_from, reason"))
    for table in ("member_layer", "layer_file", "layer_file_error"):
        op.execute(pool_table("enrollment", table))


def downgrade() -> None:
    raise NotImplementedError("who joined is not taken away; restore a backup instead")
