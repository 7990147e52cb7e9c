"""The tables of campaigns, declared for ``alembic check``; checks and row policies stand in migration 0005."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.columns import CODE, MOMENT, code, required

_OF = ["pool_code", "campaign_id"]
_CAMPAIGN = ["campaign.pool_code", "campaign.id"]


def declare(metadata: MetaData) -> None:
    """Declares the tables of this capability."""
    _campaign(metadata)
    _lists(metadata)
    Table(
        "campaign_objection",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        required("campaign_id", Uuid),
        Column("payment_id", Uuid),
        code("township_code"),
        required("ground", Text),
        required("raised_by", Text),
        required("raised_at", MOMENT),
        Column("outcome", Text),
        Column("note", Text),
        Column("decided_by", Text),
        Column("decided_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(_OF, _CAMPAIGN),
    )


def _campaign(metadata: MetaData) -> None:
    Table(
        "campaign",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        required("year", Integer),
        required("title", Text),
        required("document_number", Text),
        required("decided_on", Date),
        required("pot_fen", BigInteger),
        required("status", Text),
        required("version", Integer),
        required("run", Integer),
        required("list_number", Integer),
        Column("scope", JSONB),
        Column("terms", JSONB),
        required("listed", Integer),
        required("listed_fen", BigInteger),
        required("paid_fen", BigInteger),
        required("returned_fen", BigInteger),
        required("opened_by", Text),
        required("opened_at", MOMENT),
        Column("proposed_by", Text),
        Column("approved_by", Text),
        Column("approval_number", Text),
        Column("published_on", Date),
        Column("objections_until", Date),
        Column("released_by", Text),
        Column("released_on", Date),
        Column("claim_by", Date),
        Column("closed_on", Date),
        Column("void_asked_by", Text),
        Column("void_reason", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "year", name="campaign_year"),
    )


def _lists(metadata: MetaData) -> None:
    Table(
        "campaign_candidate",
        metadata,
        code("pool_code"),
        required("campaign_id", Uuid),
        required("run", Integer),
        required("member_id", Uuid),
        required("household_id", Uuid),
        code("township_code"),
        required("eligible_fen", BigInteger),
        required("first_fen", BigInteger),
        required("excluded_fen", BigInteger),
        required("beside_fen", BigInteger),
        Column("room_fen", BigInteger),
        required("claims", ARRAY(Uuid)),
        PrimaryKeyConstraint(*_OF, "run", "member_id"),
        ForeignKeyConstraint(_OF, _CAMPAIGN),
    )
    payment = Table(
        "campaign_payment",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        required("campaign_id", Uuid),
        required("list_number", Integer),
        required("member_id", Uuid),
        required("household_id", Uuid),
        code("township_code"),
        Column("village_code", CODE),
        Column("masked_name", Text),
        required("base_fen", BigInteger),
        required("due_fen", BigInteger),
        required("amount_fen", BigInteger),
        required("status", Text),
        required("version", Integer),
        Column("paid_on", Date),
        Column("channel", Text),
        Column("reference", Text),
        Column("recorded_by", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint(*_OF, "list_number", "member_id", name="campaign_payment_once"),
        ForeignKeyConstraint(_OF, _CAMPAIGN),
    )
    c = payment.c
    Index("campaign_payment_place", c.pool_code, c.campaign_id, c.list_number, c.township_code, c.id)
