"""What claims are decided on: policies, catalogues, institutions and their agreements."""

from alembic import op

from shared.db.rules import free_table, pool_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

POLICIES = """
CREATE TABLE policy (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  code text COLLATE "C" NOT NULL,
  title text NOT NULL,
  hash text COLLATE "C" NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  effective_from date NOT NULL,
  document text NOT NULL,
  canonical text NOT NULL,
  illustrative text[] NOT NULL,
  status text NOT NULL CHECK (status IN ('proposed', 'draft', 'checked', 'decided')),
  version integer NOT NULL CHECK (version > 0),
  author text NOT NULL,
  author_role text NOT NULL,
  created_at timestamptz NOT NULL,
  checked_by text,
  checked_at timestamptz,
  decided_by text,
  decided_at timestamptz,
  document_number text,
  decided_on date,
  accepted text[],
  PRIMARY KEY (pool_code, id),
  CONSTRAINT policy_hash_once UNIQUE (pool_code, hash),
  CONSTRAINT policy_four_eyes CHECK (checked_by <> author AND decided_by <> author),
  CONSTRAINT policy_checked CHECK ((status IN ('checked', 'decided')) = (checked_by IS NOT NULL)
    AND (checked_by IS NULL) = (checked_at IS NULL)),
  CONSTRAINT policy_decided CHECK ((status = 'decided') = (decided_by IS NOT NULL)
    AND (decided_by IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (document_number IS NULL)
    AND (decided_by IS NULL) = (decided_on IS NULL) AND (decided_by IS NULL) = (accepted IS NULL)),
  CONSTRAINT policy_accepted CHECK (accepted <@ illustrative)
);
CREATE TABLE policy_start (
  pool_code text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  recorded_seq bigint GENERATED ALWAYS AS IDENTITY,
  policy_id uuid NOT NULL,
  hash text COLLATE "C" NOT NULL,
  accepted text[] NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, valid_from, recorded_seq),
  CONSTRAINT policy_start_policy FOREIGN KEY (pool_code, policy_id) REFERENCES policy (pool_code, id)
);
CREATE FUNCTION heyi_policy_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status = 'decided' THEN
    RAISE EXCEPTION 'a decided policy does not change: decide another version' USING ERRCODE = 'HY011';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_decided_once BEFORE UPDATE ON policy FOR EACH ROW EXECUTE FUNCTION heyi_policy_decided_once();
CREATE TABLE policy_template (
  code text COLLATE "C" PRIMARY KEY,
  region text COLLATE "C" NOT NULL CHECK (region ~ '^[0-9]{4}$'),
  title text NOT NULL,
  hash text COLLATE "C" NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  effective_from date NOT NULL,
  document text NOT NULL,
  canonical text NOT NULL,
  illustrative text[] NOT NULL,
  status text NOT NULL CHECK (status IN ('draft', 'checked', 'decided')),
  author text NOT NULL,
  created_at timestamptz NOT NULL,
  checked_by text,
  checked_at timestamptz,
  decided_by text,
  decided_at timestamptz,
  document_number text,
  decided_on date,
  CONSTRAINT policy_template_four_eyes CHECK (checked_by <> author AND decided_by <> author),
  CONSTRAINT policy_template_checked CHECK ((status IN ('checked', 'decided')) = (checked_by IS NOT NULL)
    AND (checked_by IS NULL) = (checked_at IS NULL)),
  CONSTRAINT policy_template_decided CHECK ((status = 'decided') = (decided_by IS NOT NULL)
    AND (decided_by IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (document_number IS NULL)
    AND (decided_by IS NULL) = (decided_on IS NULL))
);
CREATE TRIGGER policy_template_decided_once BEFORE UPDATE ON policy_template
  FOR EACH ROW EXECUTE FUNCTION heyi_policy_decided_once();
"""

CATALOGUES = """
CREATE TABLE catalogue_version (
  code text COLLATE "C" PRIMARY KEY,
  title text NOT NULL,
  region text COLLATE "C" NOT NULL CHECK (region ~ '^[0-9]{0,6}$'),
  effective_from date NOT NULL,
  status text NOT NULL CHECK (status IN ('draft', 'decided')),
  author text NOT NULL,
  created_at timestamptz NOT NULL,
  item_count integer NOT NULL CHECK (item_count >= 0),
  edition integer NOT NULL,
  decided_by text,
  decided_at timestamptz,
  document_number text,
  decided_on date,
  CONSTRAINT catalogue_four_eyes CHECK (decided_by <> author),
  CONSTRAINT catalogue_decided CHECK ((status = 'decided') = (decided_by IS NOT NULL)
    AND (decided_by IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (document_number IS NULL)
    AND (decided_by IS NULL) = (decided_on IS NULL))
);
CREATE INDEX catalogue_version_in_force ON catalogue_version (effective_from) WHERE status = 'decided';
CREATE TABLE catalogue_item (
  version_code text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  name text NOT NULL,
  category text NOT NULL CHECK (category IN ('drug', 'treatment', 'material', 'bed', 'other')),
  item_class text NOT NULL CHECK (item_class IN ('A', 'B', 'C', 'none')),
  own_share integer NOT NULL CHECK (own_share BETWEEN 0 AND 10000),
  ceilings jsonb,
  restricted boolean NOT NULL,
  restriction text,
  essential boolean NOT NULL,
  PRIMARY KEY (version_code, code),
  CONSTRAINT catalogue_item_version FOREIGN KEY (version_code) REFERENCES catalogue_version (code),
  CONSTRAINT catalogue_item_restriction CHECK (restricted = (restriction IS NOT NULL)),
  CONSTRAINT catalogue_item_share CHECK (item_class <> 'A' OR own_share = 0),
  CONSTRAINT catalogue_item_essential CHECK (NOT essential OR category = 'drug')
);
CREATE FUNCTION heyi_catalogue_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status = 'decided' THEN
    RAISE EXCEPTION 'a decided catalogue does not change: decide another version' USING ERRCODE = 'HY012';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER catalogue_decided_once BEFORE UPDATE ON catalogue_version
  FOR EACH ROW EXECUTE FUNCTION heyi_catalogue_decided_once();
CREATE FUNCTION heyi_catalogue_item_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT status FROM public.catalogue_version WHERE code = NEW.version_code) <> 'draft' THEN
    RAISE EXCEPTION 'items of a decided catalogue do not change' USING ERRCODE = 'HY012';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER catalogue_item_frozen BEFORE INSERT OR UPDATE ON catalogue_item
  FOR EACH ROW EXECUTE FUNCTION heyi_catalogue_item_frozen();
"""

PROVIDERS = """
CREATE TABLE institution (
  code text COLLATE "C" PRIMARY KEY CHECK (code ~ '^[A-Z0-9]{12}$'),
  registered_at timestamptz NOT NULL
);
CREATE TABLE institution_start (
  institution_code text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  recorded_seq bigint GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  level text NOT NULL CHECK (level IN ('village', 'township', 'county', 'prefecture', 'province')),
  ownership text NOT NULL CHECK (ownership IN ('public', 'private')),
  area_code text COLLATE "C" NOT NULL CHECK (area_code ~ '^[0-9]{6,12}$'),
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (institution_code, valid_from, recorded_seq),
  CONSTRAINT institution_start_of FOREIGN KEY (institution_code) REFERENCES institution (code)
);
CREATE TABLE agreement (
  pool_code text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  recorded_seq bigint GENERATED ALWAYS AS IDENTITY,
  id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('active', 'suspended', 'none')),
  kinds text[] NOT NULL,
  grade text NOT NULL,
  place text CHECK (place IN ('in_county', 'in_province', 'out_of_province')),
  payee text NOT NULL,
  bank_name text NOT NULL,
  bank_account bytea NOT NULL,
  bank_account_index bytea NOT NULL,
  document_number text NOT NULL,
  decided_on date NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, institution_code, valid_from, recorded_seq),
  CONSTRAINT agreement_institution FOREIGN KEY (institution_code) REFERENCES institution (code),
  CONSTRAINT agreement_kinds CHECK (state = 'none' OR cardinality(kinds) > 0)
);
"""

PAYMENTS = """
CREATE TABLE payment_document (
  pool_code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('inpatient', 'outpatient')),
  code text COLLATE "C" NOT NULL,
  title text NOT NULL,
  hash text COLLATE "C" NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  effective_from date NOT NULL CHECK (extract(day FROM effective_from) = 1),
  document text NOT NULL,
  canonical text NOT NULL,
  illustrative boolean NOT NULL,
  status text NOT NULL CHECK (status IN ('proposed', 'draft', 'checked', 'decided')),
  author text NOT NULL,
  author_role text NOT NULL,
  created_at timestamptz NOT NULL,
  checked_by text,
  checked_at timestamptz,
  decided_by text,
  decided_at timestamptz,
  document_number text,
  decided_on date,
  PRIMARY KEY (pool_code, id),
  CONSTRAINT payment_document_once UNIQUE (pool_code, hash),
  CONSTRAINT payment_document_institution FOREIGN KEY (institution_code) REFERENCES institution (code),
  CONSTRAINT payment_document_four_eyes CHECK (checked_by <> author AND decided_by <> author),
  CONSTRAINT payment_document_checked CHECK ((status IN ('checked', 'decided')) = (checked_by IS NOT NULL)
    AND (checked_by IS NULL) = (checked_at IS NULL)),
  CONSTRAINT payment_document_decided CHECK ((status = 'decided') = (decided_by IS NOT NULL)
    AND (decided_by IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (document_number IS NULL)
    AND (decided_by IS NULL) = (decided_on IS NULL))
);
CREATE TRIGGER payment_document_decided_once BEFORE UPDATE ON payment_document
  FOR EACH ROW EXECUTE FUNCTION heyi_policy_decided_once();
CREATE TABLE payment_start (
  pool_code text COLLATE "C" NOT NULL,
  institution_code text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  recorded_seq bigint GENERATED ALWAYS AS IDENTITY,
  document_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, institution_code, kind, valid_from, recorded_seq),
  CONSTRAINT payment_start_document FOREIGN KEY (pool_code, document_id) REFERENCES payment_document (pool_code, id)
);
"""

FUNCTIONS = """
CREATE FUNCTION policy_on(pool text, day date) RETURNS TABLE (policy_id uuid, hash text, accepted text[])
LANGUAGE sql STABLE AS $$
  SELECT s.policy_id, s.hash, s.accepted FROM public.policy_start s
  WHERE s.pool_code = pool AND s.valid_from <= day
  ORDER BY s.valid_from DESC, s.recorded_seq DESC LIMIT 1
$$;
CREATE FUNCTION catalogue_on(pool text, day date) RETURNS TABLE (code text)
LANGUAGE sql STABLE AS $$
  SELECT v.code FROM public.catalogue_version v
  WHERE v.status = 'decided' AND v.effective_from <= day AND starts_with(pool, v.region)
  ORDER BY v.effective_from DESC, length(v.region) DESC, v.decided_at DESC, v.code DESC LIMIT 1
$$;
CREATE FUNCTION institution_on(pool text, institution text, day date) RETURNS TABLE (
  institution_code text, name text, level text, ownership text, area_code text,
  agreement_from date, agreement_seq bigint, state text, kinds text[], grade text, payee text, place text)
LANGUAGE sql STABLE AS $$
  SELECT i.institution_code, i.name, i.level, i.ownership, i.area_code,
         a.valid_from, a.recorded_seq, a.state, a.kinds, a.grade, a.payee, a.place
  FROM (SELECT * FROM public.institution_start s WHERE s.institution_code = institution AND s.valid_from <= day
        ORDER BY s.valid_from DESC, s.recorded_seq DESC LIMIT 1) i
  LEFT JOIN LATERAL (
        SELECT * FROM public.agreement g
        WHERE g.pool_code = pool AND g.institution_code = institution AND g.valid_from <= day
        ORDER BY g.valid_from DESC, g.recorded_seq DESC LIMIT 1) a ON true
$$;
"""


def upgrade() -> None:
    for statements in (POLICIES, CATALOGUES, PROVIDERS, PAYMENTS, FUNCTIONS):
        op.execute(statements)
    checked = "status, version, checked_by, checked_at, decided_by, decided_at, document_number, decided_on, accepted"
    op.execute(pool_table("claims", "policy", update_columns=checked))
    op.execute(pool_table("claims", "policy_start"))
    on_its_way = "status, checked_by, checked_at, decided_by, decided_at, document_number, decided_on"
    op.execute(free_table("claims", "policy_template", app="SELECT, INSERT", update_columns=on_its_way))
    op.execute(
        free_table(
            "claims",
            "catalogue_version",
            app="SELECT, INSERT",
            update_columns="title, region, effective_from, status, item_count, edition, decided_by, decided_at,"
            " document_number, decided_on",
        )
    )
    op.execute(
        free_table(
            "claims",
            "catalogue_item",
            app="SELECT, INSERT",
            update_columns="name, category, item_class, own_share, ceilings, restricted, restriction, essential",
        )
    )
    op.execute(free_table("claims", "institution", app="SELECT, INSERT"))
    op.execute(free_table("claims", "institution_start", app="SELECT, INSERT"))
    of = "institution_code"
    op.execute(pool_table("claims", "agreement", institution_column=of))
    op.execute(pool_table("claims", "payment_document", institution_column=of, update_columns=on_its_way))
    op.execute(pool_table("claims", "payment_start", institution_column=of))


def downgrade() -> None:
    raise NotImplementedError("reference data is not taken away; restore a backup instead")
