"""Tables of the catalogues, declared for ``alembic check``; the SQL is in the migration."""

from sqlalchemy import (
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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Adds the tables to the service's MetaData."""
    version = Table(
        "catalogue_version",
        metadata,
        Column("code", CODE, primary_key=True),
        Column("title", Text, nullable=False),
        Column("region", CODE, nullable=False),
        Column("effective_from", Date, nullable=False),
        Column("status", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("created_at", MOMENT, nullable=False),
        Column("item_count", Integer, nullable=False),
        Column("edition", Integer, nullable=False),
        Column("decided_by", Text),
        Column("decided_at", MOMENT),
        Column("document_number", Text),
        Column("decided_on", Date),
    )
    Index("catalogue_version_in_force", version.c.effective_from, postgresql_where=text("status = 'decided'"))
    Table(
        "catalogue_item",
        metadata,
        Column("version_code", CODE),
        Column("code", CODE),
        Column("name", Text, nullable=False),
        Column("category", Text, nullable=False),
        Column("item_class", Text, nullable=False),
        Column("own_share", Integer, nullable=False),
        Column("ceilings", JSONB),
        Column("restricted", Boolean, nullable=False),
        Column("restriction", Text),
        Column("essential", Boolean, nullable=False),
        PrimaryKeyConstraint("version_code", "code"),
        ForeignKeyConstraint(["version_code"], ["catalogue_version.code"], name="catalogue_item_version"),
    )
