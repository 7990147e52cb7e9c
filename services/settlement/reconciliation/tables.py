"""Tables of reconciliation: statements, lines, what each line shows, what stays open.

Constraints that guard each invariant are in the migration; here is what ``alembic check`` compares.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
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

from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Declares the tables on the service's MetaData."""
    _statement(metadata)
    _statement_line(metadata)
    _line_match(metadata)
    _line_reading(metadata)
    _open_line(metadata)
    _declaration(metadata)


def _statement(metadata: MetaData) -> None:
    Table(
        "statement",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("account", CODE, nullable=False),
        Column("day", Date, nullable=False),
        Column("opening_fen", BigInteger, nullable=False),
        Column("closing_fen", BigInteger, nullable=False),
        Column("line_count", Integer, nullable=False),
        Column("sha256", LargeBinary, nullable=False),
        Column("imported_by", Text, nullable=False),
        Column("imported_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "account", "day"),
    )


def _statement_line(metadata: MetaData) -> None:
    Table(
        "statement_line",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("statement_id", Uuid, nullable=False),
        Column("line", Integer, nullable=False),
        Column("account", CODE, nullable=False),
        Column("signed_fen", BigInteger, nullable=False),
        Column("reference", CODE, nullable=False),
        Column("value_date", Date, nullable=False),
        Column("counterparty_sealed", LargeBinary),
        Column("narrative_sealed", LargeBinary),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "statement_id", "line"),
        ForeignKeyConstraint(["pool_code", "statement_id"], ["statement.pool_code", "statement.id"]),
    )


def _line_match(metadata: MetaData) -> None:
    Table(
        "line_match",
        metadata,
        Column("pool_code", CODE),
        Column("line_id", Uuid),
        Column("movement_id", Uuid, nullable=False),
        Column("matched_by", Text, nullable=False),
        Column("matched_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "line_id"),
        UniqueConstraint("pool_code", "movement_id"),
        ForeignKeyConstraint(["pool_code", "line_id"], ["statement_line.pool_code", "statement_line.id"]),
        ForeignKeyConstraint(["pool_code", "movement_id"], ["movement.pool_code", "movement.id"]),
    )


def _line_reading(metadata: MetaData) -> None:
    Table(
        "line_reading",
        metadata,
        Column("pool_code", CODE),
        Column("line_id", Uuid),
        Column("reference", CODE, nullable=False),
        Column("reason", Text, nullable=False),
        Column("read_by", Text, nullable=False),
        Column("read_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "line_id"),
        ForeignKeyConstraint(["pool_code", "line_id"], ["statement_line.pool_code", "statement_line.id"]),
    )


def _open_line(metadata: MetaData) -> None:
    Table(
        "open_line",
        metadata,
        Column("pool_code", CODE),
        Column("line_id", Uuid),
        Column("account", CODE, nullable=False),
        PrimaryKeyConstraint("pool_code", "line_id"),
        ForeignKeyConstraint(["pool_code", "line_id"], ["statement_line.pool_code", "statement_line.id"]),
        Index("open_line_account", "pool_code", "account"),
    )


def _declaration(metadata: MetaData) -> None:
    Table(
        "declaration",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("instruction_id", Uuid, nullable=False),
        Column("reason", Text, nullable=False),
        Column("proposed_by", Text, nullable=False),
        Column("proposed_at", MOMENT, nullable=False),
        Column("confirmed_by", Text),
        Column("confirmed_on", Date),
        Column("withdrawal_reason", Text),
        Column("withdrawal_by", Text),
        Column("withdrawn_by", Text),
        Column("withdrawn_on", Date),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(["pool_code", "instruction_id"], ["instruction.pool_code", "instruction.id"]),
        Index(
            "declaration_stands",
            "pool_code",
            "instruction_id",
            unique=True,
            postgresql_where=text("(withdrawn_on IS NULL)"),
        ),
    )
