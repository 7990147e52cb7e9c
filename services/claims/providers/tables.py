"""Tables of institutions and agreements, declared for ``alembic check``; the SQL is in the migration."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Adds the tables to the service's MetaData."""
    _institution(metadata)
    _institution_start(metadata)
    _agreement(metadata)
    _payment_document(metadata)
    _payment_start(metadata)


def _institution(metadata: MetaData) -> None:
    Table(
        "institution",
        metadata,
        Column("code", CODE, primary_key=True),
        Column("registered_at", MOMENT, nullable=False),
    )


def _institution_start(metadata: MetaData) -> None:
    Table(
        "institution_start",
        metadata,
        Column("institution_code", CODE),
        Column("valid_from", Date),
        Column("recorded_seq", BigInteger, Identity(always=True)),
        Column("name", Text, nullable=False),
        Column("level", Text, nullable=False),
        Column("ownership", Text, nullable=False),
        Column("area_code", CODE, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("institution_code", "valid_from", "recorded_seq"),
        ForeignKeyConstraint(["institution_code"], ["institution.code"], name="institution_start_of"),
    )


def _agreement(metadata: MetaData) -> None:
    Table(
        "agreement",
        metadata,
        Column("pool_code", CODE),
        Column("institution_code", CODE),
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
        Column("recorded_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "institution_code", "valid_from", "recorded_seq"),
        ForeignKeyConstraint(["institution_code"], ["institution.code"], name="agreement_institution"),
    )


def _payment_document(metadata: MetaData) -> None:
    Table(
        "payment_document",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("institution_code", CODE, nullable=False),
        Column("kind", Text, nullable=False),
        Column("code", CODE, nullable=False),
        Column("title", Text, nullable=False),
        Column("hash", CODE, nullable=False),
        Column("effective_from", Date, nullable=False),
        Column("document", Text, nullable=False),
        Column("canonical", Text, nullable=False),
        Column("illustrative", Boolean, nullable=False),
        Column("status", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("author_role", Text, nullable=False),
        Column("created_at", MOMENT, nullable=False),
        Column("checked_by", Text),
        Column("checked_at", MOMENT),
        Column("decided_by", Text),
        Column("decided_at", MOMENT),
        Column("document_number", Text),
        Column("decided_on", Date),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "hash", name="payment_document_once"),
        ForeignKeyConstraint(["institution_code"], ["institution.code"], name="payment_document_institution"),
    )


def _payment_start(metadata: MetaData) -> None:
    Table(
        "payment_start",
        metadata,
        Column("pool_code", CODE),
        Column("institution_code", CODE),
        Column("kind", CODE),
        Column("valid_from", Date),
        Column("recorded_seq", BigInteger, Identity(always=True)),
        Column("document_id", Uuid, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "institution_code", "kind", "valid_from", "recorded_seq"),
        ForeignKeyConstraint(
            ["pool_code", "document_id"],
            ["payment_document.pool_code", "payment_document.id"],
            name="payment_start_document",
        ),
    )
