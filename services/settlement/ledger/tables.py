"""The ledger's tables as Alembic checks them; constraints, policies and functions are in the migration's SQL."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
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


def _of_book(name: str, metadata: MetaData, *columns: Any, key: tuple[str, ...] = ()) -> Table:
    """A table whose key begins with pool and book."""
    return Table(
        name,
        metadata,
        Column("pool_code", CODE),
        Column("book", CODE),
        *columns,
        PrimaryKeyConstraint("pool_code", "book", *key),
    )


def _required(kind: Any, *names: str) -> list[Column[Any]]:
    return [Column(name, kind, nullable=False) for name in names]


def declare(metadata: MetaData) -> None:
    """Declares all tables of the ledger."""
    _declare_charts(metadata)
    _declare_books(metadata)
    _declare_vouchers(metadata)
    _declare_attachments(metadata)
    _declare_postings(metadata)
    _declare_balances(metadata)
    _declare_seals(metadata)


def _declare_charts(metadata: MetaData) -> None:
    Table(
        "chart",
        metadata,
        Column("chart", CODE, primary_key=True),
        *_required(CODE, "book"),
        *_required(Text(), "title_zh", "title_en", "source"),
    )
    Table(
        "chart_account",
        metadata,
        Column("chart", CODE, ForeignKey("chart.chart")),
        Column("account", CODE),
        *_required(Text(), "name_zh", "name_en", "normal_side"),
        Column("keeper", CODE),
        *_required(Boolean(), "guarded"),
        PrimaryKeyConstraint("chart", "account"),
    )
    Table(
        "permitted_flow",
        metadata,
        Column("chart", CODE),
        Column("debit", CODE),
        Column("credit", CODE),
        Column("keeper", CODE),
        Column("reason", CODE),
        PrimaryKeyConstraint("chart", "debit", "credit"),
        ForeignKeyConstraint(["chart", "debit"], ["chart_account.chart", "chart_account.account"]),
        ForeignKeyConstraint(["chart", "credit"], ["chart_account.chart", "chart_account.account"]),
    )
    Table("signing_key", metadata, Column("key_id", CODE), PrimaryKeyConstraint("key_id"))
    Table("keeper_role", metadata, Column("keeper", CODE), Column("role", CODE), PrimaryKeyConstraint("keeper", "role"))


def _declare_books(metadata: MetaData) -> None:
    _of_book(
        "book",
        metadata,
        Column("chart", CODE, ForeignKey("chart.chart"), nullable=False),
        *_required(Date(), "first_day"),
        *_required(LargeBinary(), "genesis"),
    )
    head = _of_book(
        "book_head",
        metadata,
        *_required(BigInteger(), "last_number"),
        *_required(LargeBinary(), "last_hash"),
        *_required(Date(), "open_day"),
        *_required(BigInteger(), "month_base"),
        *_required(Date(), "sealed_through", "closed_through"),
    )
    head.append_constraint(ForeignKeyConstraint(["pool_code", "book"], ["book.pool_code", "book.book"]))
    _of_book(
        "book_day",
        metadata,
        Column("posting_date", Date()),
        *_required(BigInteger(), "first_number", "last_number"),
        key=("posting_date",),
    )


def _declare_vouchers(metadata: MetaData) -> None:
    voucher = _of_book(
        "voucher",
        metadata,
        Column("number", BigInteger()),
        *_required(Date(), "month"),
        *_required(BigInteger(), "month_number"),
        *_required(CODE, "source_event"),
        *_required(Date(), "posting_date", "value_date"),
        *_required(CODE, "reason"),
        Column("reversal_of", BigInteger()),
        *_required(Text(), "preparer", "checker", "poster", "text"),
        *_required(Integer(), "sheets"),
        *_required(CODE, "papers"),
        *_required(LargeBinary(), "postings_digest", "hash"),
        key=("number",),
    ).c
    Index("voucher_source_event", voucher.source_event, voucher.book, voucher.pool_code, unique=True)
    Index(
        "voucher_reversed_once",
        voucher.pool_code,
        voucher.book,
        voucher.reversal_of,
        unique=True,
        postgresql_where=text("reversal_of IS NOT NULL"),
    )


def _declare_attachments(metadata: MetaData) -> None:
    attached = Table(
        "voucher_attachment",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid()),
        *_required(CODE, "book"),
        *_required(BigInteger(), "number"),
        *_required(Text(), "text"),
        *_required(Integer(), "sheets"),
        *_required(CODE, "sha256"),
        *_required(Text(), "added_by"),
        *_required(MOMENT, "added_at"),
        PrimaryKeyConstraint("pool_code", "id"),
        ForeignKeyConstraint(["pool_code", "book", "number"], ["voucher.pool_code", "voucher.book", "voucher.number"]),
    ).c
    found = (attached.pool_code, attached.book, attached.number)
    Index("voucher_attachment_number", *found)
    Index("voucher_attachment_once", *found, attached.sha256, unique=True, postgresql_where=text("sha256 > ''"))


def _declare_postings(metadata: MetaData) -> None:
    posting = _of_book(
        "posting",
        metadata,
        Column("number", BigInteger()),
        Column("line", Integer()),
        *_required(CODE, "debit", "credit"),
        *_required(BigInteger(), "amount_fen"),
        *_required(CODE, "party", "ref"),
        *_required(Text(), "memo"),
        key=("number", "line"),
    ).c
    Index("posting_ref", posting.ref, postgresql_where=text("line = 1 AND ref > ''"))


def _declare_balances(metadata: MetaData) -> None:
    _of_book(
        "balance",
        metadata,
        Column("account", CODE),
        *_required(Boolean(), "guarded"),
        *_required(BigInteger(), "posted_fen", "pending_fen"),
        key=("account",),
    )
    _of_book(
        "account_day",
        metadata,
        Column("account", CODE),
        Column("posting_date", Date()),
        Column("value_date", Date()),
        *_required(BigInteger(), "debit_fen", "credit_fen"),
        key=("account", "posting_date", "value_date"),
    )
    _of_book(
        "hold",
        metadata,
        Column("hold_id", Uuid()),
        *_required(CODE, "account"),
        *_required(BigInteger(), "amount_fen"),
        key=("hold_id",),
    )
    end = _of_book(
        "hold_end",
        metadata,
        Column("hold_id", Uuid()),
        *_required(Text(), "outcome"),
        Column("number", BigInteger()),
        key=("hold_id",),
    )
    end.append_constraint(
        ForeignKeyConstraint(["pool_code", "book", "hold_id"], ["hold.pool_code", "hold.book", "hold.hold_id"])
    )


def _declare_seals(metadata: MetaData) -> None:
    seal = _of_book(
        "day_seal",
        metadata,
        Column("day", Date()),
        *_required(BigInteger(), "seal_number", "first_number", "last_number"),
        *_required(LargeBinary(), "root", "last_hash", "previous"),
        *_required(MOMENT, "signed_at"),
        *_required(Text(), "key_id"),
        *_required(LargeBinary(), "signature"),
        key=("day",),
    )
    seal.append_constraint(UniqueConstraint("pool_code", "book", "seal_number"))
