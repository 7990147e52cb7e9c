"""The register's tables. Constraints that guard an invariant stand in the migration; this mirror serves the check."""

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.db.columns import CODE, MOMENT


def pool_key(name: str) -> tuple[Column[str], Column[object]]:
    """The key of a pool's table: (pool_code, id)."""
    return Column("pool_code", CODE, primary_key=True), Column(name, Uuid, primary_key=True)


def of(table: str, *columns: str) -> ForeignKeyConstraint:
    """Ties a row to a row of the same pool by columns of the same names."""
    named = ("pool_code", *columns)
    return ForeignKeyConstraint(named, [f"{table}.{column}" for column in named])


def declare(metadata: MetaData) -> None:
    """Declares the tables of the register."""
    _areas(metadata)
    _people(metadata)
    _timelines(metadata)


def _areas(metadata: MetaData) -> None:
    area = Table(
        "area",
        metadata,
        Column("area_code", CODE, primary_key=True),
        Column("parent_code", CODE, ForeignKey("area.area_code")),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
    )
    Index("area_parent", area.c.parent_code)
    Table(
        "pool",
        metadata,
        Column("pool_code", CODE, primary_key=True),
        Column("name", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
    )
    for table, subject in (("area_pool", ()), ("area_payer", (Column("level", Text, primary_key=True),))):
        Table(
            table,
            metadata,
            Column("area_code", CODE, ForeignKey("area.area_code"), primary_key=True),
            *subject,
            Column("valid_from", Date, primary_key=True),
            Column("recorded_seq", Integer, primary_key=True),
            Column("state", CODE if table == "area_pool" else Text, nullable=False),
            Column("recorded_by", Text, nullable=False),
            Column("recorded_at", MOMENT, nullable=False),
        )


def _people(metadata: MetaData) -> None:
    Table(
        "person",
        metadata,
        Column("person_id", Uuid, primary_key=True),
        Column("id_index", LargeBinary),
        Column("id_sealed", LargeBinary),
        Column("recorded_at", MOMENT, nullable=False),
        UniqueConstraint("id_index", name="person_id_index_once"),
    )
    household = Table(
        "household",
        metadata,
        *pool_key("household_id"),
        Column("township_code", CODE, nullable=False),
        Column("village_code", CODE, nullable=False),
        Column("group_name", CODE, nullable=False),
        Column("household_number", CODE, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        UniqueConstraint("pool_code", "village_code", "group_name", "household_number", name="household_number_once"),
    )
    Index("household_township", household.c.pool_code, household.c.township_code)
    member = Table(
        "member",
        metadata,
        *pool_key("member_id"),
        Column("household_id", Uuid, nullable=False),
        Column("person_id", Uuid, ForeignKey("person.person_id")),
        Column("member_number", SmallInteger, nullable=False),
        Column("name", Text, nullable=False),
        Column("relation", Text, nullable=False),
        Column("sex", Text),
        Column("birth_date", Date),
        Column("status", Text, nullable=False),
        Column("stated_id_sealed", LargeBinary),
        Column("phone_sealed", LargeBinary),
        Column("coverage_version", Integer, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        Column("updated_at", MOMENT, nullable=False),
        Column("name_order", CODE, nullable=False),
        UniqueConstraint("person_id", "pool_code", name="member_person_once"),
        UniqueConstraint("pool_code", "household_id", "member_number", name="member_number_once"),
        of("household", "household_id"),
    )
    Index("member_by_name", member.c.pool_code, member.c.name_order, member.c.member_id)
    Index("member_one_pool", member.c.person_id, unique=True, postgresql_where=text("status <> 'ended'"))


def of_member() -> ForeignKeyConstraint:
    """Ties (pool_code, member_id) to the member."""
    return of("member", "member_id")


def _timelines(metadata: MetaData) -> None:
    Table(
        "member_group",
        metadata,
        *pool_key("member_id"),
        Column("group_code", CODE, primary_key=True),
        Column("valid_from", Date, primary_key=True),
        Column("recorded_seq", Integer, primary_key=True),
        Column("state", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        of_member(),
    )
    Table(
        "member_layer",
        metadata,
        *pool_key("member_id"),
        Column("layer", CODE, primary_key=True),
        Column("valid_from", Date, primary_key=True),
        Column("recorded_seq", Integer, primary_key=True),
        Column("state", Text, nullable=False),
        Column("recorded_by", CODE, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        of_member(),
    )
    Table(
        "coverage",
        metadata,
        *pool_key("member_id"),
        Column("valid_from", Date, primary_key=True),
        Column("recorded_seq", Integer, primary_key=True),
        Column("state", Text, nullable=False),
        Column("cause", Text, nullable=False),
        Column("reason", Text),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        of_member(),
    )
