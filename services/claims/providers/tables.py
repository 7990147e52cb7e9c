"""Tables of institutions and agreements, declared for ``alembic check``; the SQL is in the migration."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)


def declare(metadata: MetaData) -> None:
    """Adds the tables to the service's MetaData."""
    key, moment = Text(collation="C"), DateTime(timezone=True)
    Table(
        "institution",
        metadata,
        Column("code", key, primary_key=True),
        Column("registered_at", moment, nullable=False),
    )
    Table(
        "institution_start",
        metadata,
        Column("institution_code", key),
        Column("valid_from", Date),
        Column("recorded_seq", BigInteger, Identity(always=True)),
        Column("name", Text, nullable=False),
        Column("level", Text, nullable=False),
        Column("ownership", Text, nullable=False),
        Column("area_code", key, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", moment, nullable=False),
        PrimaryKeyConstraint("institution_code", "valid_from", "recorded_seq"),
        ForeignKeyConstraint(["institution_code"], ["institution.code"], name="institution_start_of"),
    )
    Table(
        "agreement",
        metadata,
        Column("pool_code", key),
        Column("institution_code", key),
        Column("valid_from", Date),
        Column("recorded_seq", BigInteger, Identity(always=True)),
        Column("id", Uuid, nullable=False),
        Column("state", Text, nullable=False),
        Column("kinds", ARRAY(Text), nullable=False),
        Column("grade", Text, nullable=False),
        Column("place", Text),
        Column("payee", Text, nullable=False),
        Column("bank_name", Text, nullable=False),
        Column("bank_account", LargeBinary, nullable=False),
        Column("bank_account_index", LargeBinary, nullable=False),
        Column("document_number", Text, nullable=False),
        Column("decided_on", Date, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", moment, nullable=False),
        PrimaryKeyConstraint("pool_code", "institution_code", "valid_from", "recorded_seq"),
        ForeignKeyConstraint(["institution_code"], ["institution.code"], name="agreement_institution"),
    )
