"""Areas, pools, persons, households, members, their groups and their coverage."""

from alembic import op

from shared.db.rules import HAS_SCOPE, IN_POOL, free_table, grants, pool_table, role

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AREAS = """
CREATE TABLE area (
  area_code text COLLATE "C" PRIMARY KEY CHECK (area_code ~ '^[0-9]{2,12}$'),
  parent_code text COLLATE "C" REFERENCES area,
  kind text NOT NULL CHECK (kind IN ('province', 'prefecture', 'county', 'township', 'village')),
  name text NOT NULL CHECK (name <> ''),
  version integer NOT NULL,
  recorded_at timestamptz NOT NULL,
  CHECK ((parent_code IS NULL) = (kind = 'province')
         OR (parent_code IS NULL AND kind IN ('prefecture', 'county'))),
  CHECK (parent_code IS NULL OR (length(area_code) > length(parent_code)
         AND left(area_code, length(parent_code)) = parent_code))
);
CREATE INDEX area_parent ON area (parent_code);
CREATE TABLE pool (
  pool_code text COLLATE "C" PRIMARY KEY CHECK (pool_code ~ '^[0-9]{6}$'),
  name text NOT NULL CHECK (name <> ''),
  recorded_at timestamptz NOT NULL
);
CREATE TABLE area_pool (
  area_code text COLLATE "C" NOT NULL REFERENCES area,
  valid_from date NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  state text COLLATE "C" NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (area_code, valid_from, recorded_seq)
);
CREATE TABLE area_payer (
  area_code text COLLATE "C" NOT NULL REFERENCES area,
  level text NOT NULL CHECK (level IN ('central', 'province', 'city', 'county')),
  valid_from date NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  state text NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (area_code, level, valid_from, recorded_seq)
);
"""

PEOPLE = """
CREATE TABLE person (
  person_id uuid PRIMARY KEY,
  id_index bytea CHECK (length(id_index) = 32),
  id_sealed bytea,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT person_id_index_once UNIQUE (id_index),
  CHECK ((id_index IS NULL) = (id_sealed IS NULL))
);
CREATE TABLE household (
  pool_code text COLLATE "C" NOT NULL,
  household_id uuid NOT NULL,
  township_code text COLLATE "C" NOT NULL,
  village_code text COLLATE "C" NOT NULL,
  group_name text COLLATE "C" NOT NULL,
  household_number text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, household_id),
  CONSTRAINT household_number_once UNIQUE (pool_code, village_code, group_name, household_number)
);
CREATE INDEX household_township ON household (pool_code, township_code);
CREATE TABLE member (
  pool_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  household_id uuid NOT NULL,
  person_id uuid REFERENCES person,
  member_number smallint NOT NULL CHECK (member_number > 0),
  name text NOT NULL CHECK (name <> ''),
  relation text NOT NULL,
  sex text CHECK (sex IN ('male', 'female')),
  birth_date date,
  status text NOT NULL CHECK (status IN ('enrolled', 'to_verify', 'ended')),
  stated_id_sealed bytea,
  phone_sealed bytea,
  coverage_version integer NOT NULL DEFAULT 0,
  recorded_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  name_order text COLLATE "C" NOT NULL,
  PRIMARY KEY (pool_code, member_id),
  CONSTRAINT member_person_once UNIQUE (person_id, pool_code),
  CONSTRAINT member_number_once UNIQUE (pool_code, household_id, member_number),
  FOREIGN KEY (pool_code, household_id) REFERENCES household,
  CHECK (status = 'to_verify' OR (person_id IS NOT NULL AND sex IS NOT NULL AND birth_date IS NOT NULL))
);
CREATE INDEX member_by_name ON member (pool_code, name_order, member_id);
CREATE UNIQUE INDEX member_one_pool ON member (person_id) WHERE status <> 'ended';
CREATE TABLE member_group (
  pool_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  group_code text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  state text NOT NULL CHECK (state IN ('member', 'none')),
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, member_id, group_code, valid_from, recorded_seq),
  FOREIGN KEY (pool_code, member_id) REFERENCES member
);
CREATE TABLE coverage (
  pool_code text COLLATE "C" NOT NULL,
  member_id uuid NOT NULL,
  valid_from date NOT NULL,
  recorded_seq integer NOT NULL CHECK (recorded_seq > 0),
  state text NOT NULL CHECK (state IN ('covered', 'none')),
  cause text NOT NULL CHECK (cause IN ('premium', 'sponsored', 'verified', 'year_end', 'lapse', 'birth', 'death',
                                       'reinstated', 'refunded', 'voided')),
  reason text,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (pool_code, member_id, valid_from, recorded_seq),
  FOREIGN KEY (pool_code, member_id) REFERENCES member
);
"""

# A person is looked for in every pool, but only "known, in pool X" is answered (contracts §1): the pool of the open
# membership, otherwise of the last one.
KNOWN = """
CREATE FUNCTION heyi_person_known(indexes bytea[]) RETURNS TABLE (id_index bytea, pool_code text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.id_index, held.pool_code FROM public.person AS p CROSS JOIN LATERAL (
    SELECT m.pool_code FROM public.member AS m WHERE m.person_id = p.person_id
    ORDER BY m.status = 'ended', m.recorded_at DESC LIMIT 1
  ) AS held WHERE p.id_index = ANY (indexes)
$$;
REVOKE ALL ON FUNCTION heyi_person_known(bytea[]) FROM PUBLIC;
"""

# A person is of no pool: whoever holds a membership of his, open or ended, sees him.
PERSON_ROWS = f"""
EXISTS (SELECT FROM member AS m WHERE m.person_id = person.person_id AND m.{IN_POOL})
"""


def person_table(service: str) -> str:
    """Policies and grants of ``person``: seen through a membership in the scope's pools, recorded by any scope."""
    statements = ["ALTER TABLE person ENABLE ROW LEVEL SECURITY;", "ALTER TABLE person FORCE ROW LEVEL SECURITY;"]
    statements += [
        f"CREATE POLICY {kind} ON person TO {role(service, kind)} USING ({PERSON_ROWS}) WITH CHECK ({HAS_SCOPE});"
        for kind in ("app", "worker")
    ]
    statements += [
        f"CREATE POLICY reader ON person FOR SELECT TO {role(service, 'reader')} USING ({PERSON_ROWS});",
        f"CREATE POLICY owner ON person TO {role(service, 'owner')} USING (true) WITH CHECK (true);",
        grants(service, "person", app="SELECT, INSERT", update_columns=None, worker="SELECT"),
    ]
    return "\n".join(statements)


MEMBER_COLUMNS = (
    "person_id, name, name_order, relation, sex, birth_date, status, stated_id_sealed, phone_sealed, coverage_version, "
    "updated_at"
)


def upgrade() -> None:
    service = "enrollment"
    op.execute(AREAS)
    op.execute(PEOPLE)
    op.execute(KNOWN)
    op.execute(f"GRANT EXECUTE ON FUNCTION heyi_person_known(bytea[]) TO {role(service, 'app')};")
    op.execute(free_table(service, "area", app="SELECT, INSERT", update_columns="name, version, recorded_at"))
    op.execute(free_table(service, "pool", app="SELECT, INSERT", update_columns="name, recorded_at"))
    op.execute(free_table(service, "area_pool", app="SELECT, INSERT"))
    op.execute(free_table(service, "area_payer", app="SELECT, INSERT"))
    op.execute(person_table(service))
    op.execute(pool_table(service, "household"))
    told = "coverage_version, updated_at"
    op.execute(
        pool_table(service, "member", update_columns=MEMBER_COLUMNS, worker_update_columns=told, owner_sees=True)
    )
    op.execute(pool_table(service, "member_group"))
    op.execute(pool_table(service, "coverage", worker="SELECT, INSERT"))


def downgrade() -> None:
    raise NotImplementedError("the register is not taken away; restore a backup instead")
