"""The tables of claims and what they count toward, declared for ``alembic check``; checks and row policies stand in
migration 0003."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from services.claims.visits.tables import bill, of_visit
from shared.db.columns import MOMENT, code, required


def declare(metadata: MetaData) -> None:
    """Declares the tables of claims, accumulators, family accounts and cancellations."""
    for tables in (_claim, _claim_detail, _accumulators, _family_account, _cancellations):
        tables(metadata)


def _claim(metadata: MetaData) -> None:
    claim = Table(
        "claim",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("institution_code"),
        required("visit_id", Uuid),
        required("member_id", Uuid),
        required("household_id", Uuid),
        code("township_code"),
        required("kind", Text),
        required("status", Text),
        required("version", Integer),
        required("admitted_on", Date),
        Column("discharged_on", Date),
        required("settled_on", Date),
        required("settled_at", MOMENT),
        required("settled_by", Text),
        required("benefit_year", Integer),
        required("outcome", Text),
        required("total_fen", BigInteger),
        required("eligible_fen", BigInteger),
        required("benefit_fen", BigInteger),
        Column("account_fen", BigInteger, nullable=False, server_default="0"),
        Column("elsewhere_fen", BigInteger, nullable=False, server_default="0"),
        Column("hospital_fen", BigInteger, nullable=False, server_default="0"),
        Column("midway", Boolean, nullable=False, server_default=text("false")),
        Column("part", Integer, nullable=False, server_default="1"),
        Column("sheets_to", Integer, nullable=False, server_default="0"),
        Column("deductible_fen", BigInteger, nullable=False, server_default="0"),
        Column("so_far", JSONB),
        Column("paid_to", Text, nullable=False, server_default="hospital"),
        required("payable_fen", BigInteger),
        required("policy_id", Text),
        required("policy_hash", Text),
        required("catalogue_version", Text),
        required("coverage_sequence", BigInteger),
        required("layers", JSONB),
        Column("cutoff_id", Uuid),
        Column("reversal_id", Uuid),
        code("number"),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "number", name="claim_number"),
        of_visit(),
    )
    _claim_indexes(claim)


def _claim_indexes(claim: Table) -> None:
    c = claim.c
    last = text("status NOT IN ('cancelled', 'reversed') AND NOT midway")
    Index("claim_live", c.pool_code, c.visit_id, unique=True, postgresql_where=last)
    live = text("status NOT IN ('cancelled', 'reversed')")
    Index("claim_part", c.pool_code, c.visit_id, c.part, unique=True, postgresql_where=live)
    Index("claim_of_day", c.pool_code, c.settled_on, c.id)
    cut_off = text("cutoff_id IS NOT NULL")
    Index("claim_of_cutoff", c.pool_code, c.cutoff_id, postgresql_where=cut_off)
    pending = text("status IN ('settled', 'approved')")
    Index("claim_pending", c.pool_code, c.status, c.institution_code, c.settled_on, c.id, postgresql_where=pending)


def _claim_detail(metadata: MetaData) -> None:
    Table(
        "claim_detail",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        code("institution_code"),
        *bill(),
        required("eligible_fen", ARRAY(BigInteger)),
        required("over_ceiling_fen", ARRAY(BigInteger)),
        required("own_share_fen", ARRAY(BigInteger)),
        required("reasons", ARRAY(Text)),
        required("facts", JSON),
        required("decision", JSON),
        PrimaryKeyConstraint("pool_code", "claim_id"),
    )


def _accumulators(metadata: MetaData) -> None:
    Table(
        "accumulator",
        metadata,
        code("pool_code"),
        required("owner_id", Uuid),
        code("scope"),
        required("year", Integer),
        code("detail"),
        required("used", JSONB),
        required("moves", BigInteger),
        PrimaryKeyConstraint("pool_code", "owner_id", "scope", "year", "detail"),
    )
    Table(
        "accumulator_entry",
        metadata,
        code("pool_code"),
        required("owner_id", Uuid),
        code("scope"),
        required("year", Integer),
        code("detail"),
        required("move", BigInteger),
        required("claim_id", Uuid),
        code("institution_code"),
        required("takes_back", Boolean),
        required("added", JSONB),
        required("counted_on", Date),
        PrimaryKeyConstraint("pool_code", "owner_id", "scope", "year", "detail", "move"),
    )


def _family_account(metadata: MetaData) -> None:
    credited = Table(
        "family_account_credit",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        required("household_id", Uuid),
        required("year", Integer),
        required("amount_fen", BigInteger),
        required("reason", Text),
        required("credited_on", Date),
        required("posted_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "id"),
    )
    Index("family_account_credit_of", credited.c.pool_code, credited.c.household_id, credited.c.id)


def _cancellations(metadata: MetaData) -> None:
    Table(
        "cancellation",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        code("institution_code"),
        required("reason", Text),
        required("cancelled_at", MOMENT),
        required("cancelled_on", Date),
        required("cancelled_by", Text),
        PrimaryKeyConstraint("pool_code", "claim_id"),
    )
    Table(
        "cancellation_release",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        code("institution_code"),
        required("reason", Text),
        required("released_at", MOMENT),
        required("released_by", Text),
        PrimaryKeyConstraint("pool_code", "claim_id"),
        ForeignKeyConstraint(["pool_code", "claim_id"], ["claim.pool_code", "claim.id"]),
    )
    Table(
        "readjudication",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        required("cancelled_claim_id", Uuid),
        code("institution_code"),
        required("listed_at", MOMENT),
        Column("list_id", Uuid),
        PrimaryKeyConstraint("pool_code", "claim_id", "cancelled_claim_id"),
        ForeignKeyConstraint(["pool_code", "list_id"], ["increase_list.pool_code", "increase_list.id"]),
    )
