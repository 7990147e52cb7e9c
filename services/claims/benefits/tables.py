"""Tables of the policies, declared for ``alembic check``; the SQL is in the migration."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)


def declare(metadata: MetaData) -> None:
    """Adds the tables to the service's MetaData."""
    key, moment = Text(collation="C"), DateTime(timezone=True)
    Table(
        "policy",
        metadata,
        Column("pool_code", key),
        Column("id", Uuid),
        Column("code", key, nullable=False),
        Column("title", Text, nullable=False),
        Column("hash", key, nullable=False),
        Column("effective_from", Date, nullable=False),
        Column("document", Text, nullable=False),
        Column("canonical", Text, nullable=False),
        Column("illustrative", ARRAY(Text), nullable=False),
        Column("status", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("author", Text, nullable=False),
        Column("author_role", Text, nullable=False),
        Column("created_at", moment, nullable=False),
        Column("checked_by", Text),
        Column("checked_at", moment),
        Column("decided_by", Text),
        Column("decided_at", moment),
        Column("document_number", Text),
        Column("decided_on", Date),
        Column("accepted", ARRAY(Text)),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "hash", name="policy_hash_once"),
    )
    Table(
        "policy_start",
        metadata,
        Column("pool_code", key),
        Column("valid_from", Date),
        Column("recorded_seq", BigInteger, Identity(always=True)),
        Column("policy_id", Uuid, nullable=False),
        Column("hash", key, nullable=False),
        Column("accepted", ARRAY(Text), nullable=False),
        Column("recorded_at", moment, nullable=False),
        PrimaryKeyConstraint("pool_code", "valid_from", "recorded_seq"),
        ForeignKeyConstraint(["pool_code", "policy_id"], ["policy.pool_code", "policy.id"], name="policy_start_policy"),
    )
