"""The tables of visits and claims, declared for ``alembic check``; checks and row policies stand in migration 0003.

Longer than most because a table is one list with a line a column.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

MOMENT = DateTime(timezone=True)


def required(name: str, kind: Any) -> Column[Any]:
    """A column that is always filled."""
    return Column(name, kind, nullable=False)


def code(name: str) -> Column[Any]:
    """A text key in byte order (contracts §12)."""
    return Column(name, Text(collation="C"), nullable=False)


def _of_visit() -> ForeignKeyConstraint:
    """Ties a row to the institution of its visit (contracts §4)."""
    columns = ["pool_code", "visit_id", "institution_code"]
    return ForeignKeyConstraint(columns, ["visit.pool_code", "visit.id", "visit.institution_code"])


def _bill() -> list[Column[Any]]:
    """A bill as columns of equal length: one row instead of one row a line."""
    return [
        required("item_codes", ARRAY(Text)),
        required("item_names", ARRAY(Text)),
        required("days", ARRAY(Date)),
        required("prices_micro", ARRAY(BigInteger)),
        required("quantities_e4", ARRAY(BigInteger)),
        required("amounts_fen", ARRAY(BigInteger)),
    ]


def declare(metadata: MetaData) -> None:
    """Declares the tables of this capability."""
    _coverage(metadata)
    _visits(metadata)
    _claims(metadata)
    _accumulators(metadata)


def _coverage(metadata: MetaData) -> None:
    member = Table(
        "member_coverage",
        metadata,
        code("pool_code"),
        required("member_id", Uuid),
        required("blind_index", LargeBinary),
        required("household_id", Uuid),
        code("township_code"),
        Column("village_code", Text(collation="C"), nullable=False, server_default=""),
        required("birth_date", Date),
        required("sex", Text),
        required("sequence", BigInteger),
        required("timeline", JSONB),
        required("groups", JSONB),
        Column("layers", JSONB, nullable=False, server_default="[]"),
        Column("entitlements", JSONB, nullable=False, server_default="[]"),
        Column("entitlement_seq", BigInteger, nullable=False, server_default="0"),
        required("learnt_from", Text),
        required("learnt_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "member_id"),
    )
    Index("member_coverage_blind", member.c.pool_code, member.c.blind_index)
    Index("member_coverage_household", member.c.pool_code, member.c.household_id)
    Table(
        "coverage_case",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("institution_code"),
        required("kind", Text),
        required("claim_id", Uuid),
        required("member_id", Uuid),
        required("coverage_sequence", BigInteger),
        required("status", Text),
        required("version", Integer),
        required("opened_at", MOMENT),
        Column("outcome", Text),
        Column("reason", Text),
        Column("closed_by", Text),
        Column("closed_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "claim_id", "kind", name="coverage_case_once"),
    )


def _visits(metadata: MetaData) -> None:
    visit = Table(
        "visit",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("institution_code"),
        code("institution_number"),
        required("member_id", Uuid),
        required("kind", Text),
        required("status", Text),
        required("admitted_at", MOMENT),
        required("admitted_on", Date),
        Column("discharged_at", MOMENT),
        required("diagnosis_code", Text),
        required("diagnosis_name", Text),
        required("circumstances", ARRAY(Text)),
        required("third_party", Text),
        Column("third_party_share", Integer, nullable=False, server_default="0"),
        Column("mother_id", Uuid),
        Column("elsewhere", JSONB),
        Column("channel", Text, nullable=False, server_default="bedside"),
        Column("submitted_on", Date),
        Column("missing_papers", ARRAY(Text), nullable=False, server_default="{}"),
        Column("facts_seq", Integer, nullable=False, server_default="0"),
        Column("line_sheets", Integer, nullable=False, server_default="0"),
        required("registered_at", MOMENT),
        required("registered_by", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "id", "institution_code", name="visit_institution"),
    )
    Index(
        "visit_institution_number",
        *(visit.c[name] for name in ("pool_code", "institution_code", "institution_number")),
        unique=True,
        postgresql_where=text("status <> 'withdrawn'"),
    )
    Index("visit_of_member", visit.c.pool_code, visit.c.member_id)
    given = visit.c.elsewhere
    Index(
        "visit_elsewhere_once",
        visit.c.pool_code,
        given["scheme"].astext,
        given["settlement"].astext,
        unique=True,
        postgresql_where=text("elsewhere IS NOT NULL AND status <> 'withdrawn'"),
    )
    _window(metadata)
    file = Table(
        "given_file",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("number"),
        required("content_hash", LargeBinary),
        *(required(name, Integer) for name in ("rows_read", "entered", "unchanged", "returned")),
        required("recorded_by", Text),
        required("recorded_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "number", name="given_file_number"),
    )
    Index("given_file_content", file.c.pool_code, file.c.content_hash)
    Table(
        "given_file_error",
        metadata,
        code("pool_code"),
        required("file_id", Uuid),
        required("row_number", Integer),
        required("row_sealed", LargeBinary),
        PrimaryKeyConstraint("pool_code", "file_id", "row_number"),
        ForeignKeyConstraint(["pool_code", "file_id"], ["given_file.pool_code", "given_file.id"]),
    )
    Table(
        "visit_lines",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        required("sheet", Integer),
        code("institution_code"),
        *_bill(),
        required("restrictions_met", ARRAY(Boolean)),
        required("uploaded_at", MOMENT),
        required("uploaded_by", Text),
        PrimaryKeyConstraint("pool_code", "visit_id", "sheet"),
        _of_visit(),
    )
    sheet = ["pool_code", "visit_id", "sheet"]
    Table(
        "visit_lines_withdrawal",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        required("sheet", Integer),
        code("institution_code"),
        required("withdrawn_at", MOMENT),
        required("withdrawn_by", Text),
        PrimaryKeyConstraint(*sheet),
        ForeignKeyConstraint(sheet, [f"visit_lines.{name}" for name in sheet]),
        _of_visit(),
    )


def _window(metadata: MetaData) -> None:
    Table(
        "window_slip",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        code("institution_code"),
        code("number"),
        required("needed", ARRAY(Text)),
        required("accepted_at", MOMENT),
        required("accepted_by", Text),
        PrimaryKeyConstraint("pool_code", "visit_id"),
        UniqueConstraint("pool_code", "number", name="window_slip_number"),
        _of_visit(),
    )
    Table(
        "window_paper",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        required("position", Integer),
        code("institution_code"),
        required("kind", Text),
        required("original", Text),
        required("recorded_at", MOMENT),
        required("recorded_by", Text),
        PrimaryKeyConstraint("pool_code", "visit_id", "position"),
        ForeignKeyConstraint(["pool_code", "visit_id"], ["window_slip.pool_code", "window_slip.visit_id"]),
        _of_visit(),
    )
    Table(
        "visit_withdrawal",
        metadata,
        code("pool_code"),
        required("visit_id", Uuid),
        code("institution_code"),
        required("reason", Text),
        required("withdrawn_at", MOMENT),
        required("withdrawn_by", Text),
        PrimaryKeyConstraint("pool_code", "visit_id"),
        _of_visit(),
    )
    Table(
        "invoice_attempt",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("code"),
        code("number"),
        required("visit_id", Uuid),
        code("institution_code"),
        required("member_id", Uuid),
        code("used_pool_code"),
        required("used_visit_id", Uuid),
        required("used_at", MOMENT),
        required("attempted_at", MOMENT),
        required("attempted_by", Text),
        PrimaryKeyConstraint("pool_code", "id"),
    )
    used = Table(
        "invoice_use",
        metadata,
        code("code"),
        code("number"),
        code("pool_code"),
        required("visit_id", Uuid),
        required("used_at", MOMENT),
        Column("freed_at", MOMENT),
        PrimaryKeyConstraint("code", "number", "visit_id"),
    )
    once = text("freed_at IS NULL")
    Index("invoice_use_once", used.c.code, used.c.number, unique=True, postgresql_where=once)
    Index("invoice_use_of_visit", used.c.visit_id)


def _claims(metadata: MetaData) -> None:
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
        _of_visit(),
    )
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
    Table(
        "claim_detail",
        metadata,
        code("pool_code"),
        required("claim_id", Uuid),
        code("institution_code"),
        *_bill(),
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
        PrimaryKeyConstraint("pool_code", "claim_id", "cancelled_claim_id"),
    )
