"""The table of statements, declared for ``alembic check``; checks and row policies stand in migration 0005."""

from sqlalchemy import (
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
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.columns import MOMENT, code, required

SUMS = ("due_fen", "advanced_fen", "pay_fen", "kept_fen", "shared_fen", "returned_fen")


def declare(metadata: MetaData) -> None:
    """Declares the table of this capability."""
    table = Table(
        "payment_statement",
        metadata,
        code("pool_code"),
        required("id", Uuid),
        code("institution_code"),
        required("kind", Text),
        required("span", Text),
        required("first_day", Date),
        required("last_day", Date),
        required("document_id", Uuid),
        code("document_hash"),
        required("status", Text),
        required("cases", Integer),
        required("heads", Integer),
        Column("point_value_fen", BigInteger),
        required("input", JSONB),
        required("gone", JSONB),
        required("lines", JSONB),
        *(required(name, BigInteger) for name in SUMS),
        required("prepared_by", Text),
        required("prepared_at", MOMENT),
        *(Column(f"{noun}_{part}", kind) for noun in ("issued", "agreed", "withdrawn")
          for part, kind in (("by", Text), ("at", MOMENT))),
        Column("withdrawal_reason", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(
            ["pool_code", "document_id"], ["payment_document.pool_code", "payment_document.id"]
        ),
    )  # fmt: skip
    c = table.c
    Index(
        "payment_statement_once", c.pool_code, c.institution_code, c.kind, c.span, c.first_day, unique=True,
        postgresql_where=text("(status <> 'withdrawn'::text)"),
    )  # fmt: skip
