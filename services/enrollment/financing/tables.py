"""The tables of financing. Constraints that guard an invariant stand in the migration; this mirror serves the check.
Those of receipt books stand in ``receipt_book_tables``."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.enrollment.registry.tables import of, of_member, pool_key
from shared.db.columns import CODE, MOMENT


def declare(metadata: MetaData) -> None:
    """Declares the tables of financing."""
    _standards(metadata)
    _bills(metadata)
    _sponsorships(metadata)
    _reinstatements(metadata)
    _receipts(metadata)
    _remittances(metadata)
    _dues(metadata)
    _family_accounts(metadata)
    _layers(metadata)
    _layer_files(metadata)
    _refunds(metadata)


_DAYS = ("coverage_from", "coverage_to", "collection_from", "collection_until")


def _standards(metadata: MetaData) -> None:
    Table(
        "standard",
        metadata,
        Column("pool_code", CODE, primary_key=True),
        Column("year", SmallInteger, primary_key=True, autoincrement=False),
        *(
            Column(f"{name}_fen", BigInteger, nullable=False)
            for name in ("premium", "central", "province", "city", "county")
        ),
        *(Column(name, Date, nullable=False) for name in _DAYS),
        Column("late_start", Text, nullable=False),
        Column("receipt_numbers", Text, nullable=False),
        Column("document_number", Text),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
    )


def _bills(metadata: MetaData) -> None:
    bill = Table(
        "bill",
        metadata,
        *pool_key("bill_id"),
        Column("household_id", Uuid, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("due_fen", BigInteger, nullable=False),
        Column("paid_fen", BigInteger, nullable=False),
        Column("last_paid_on", Date),
        Column("version", Integer, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        Column("refunded_fen", BigInteger, nullable=False, server_default=text("0")),
        UniqueConstraint("pool_code", "household_id", "year", name="bill_year_once"),
        of("household", "household_id"),
        of("standard", "year"),
    )
    Index("bill_year", bill.c.pool_code, bill.c.year, bill.c.bill_id)
    line = Table(
        "bill_line",
        metadata,
        *pool_key("bill_id"),
        Column("member_id", Uuid, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("premium_fen", BigInteger, nullable=False),
        Column("reason", Text),
        Column("sponsorship_id", Uuid),
        Column("settled_on", Date),
        Column("covered_from", Date),
        of("bill", "bill_id"),
        of_member(),
        of("sponsorship", "sponsorship_id"),
    )
    Index("bill_line_member", line.c.pool_code, line.c.member_id)


def _sponsorships(metadata: MetaData) -> None:
    Table(
        "sponsorship",
        metadata,
        *pool_key("sponsorship_id"),
        Column("sponsor", Text, nullable=False),
        Column("group_code", CODE, nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("head_count", Integer, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("status", Text, nullable=False),
        Column("applied_by", CODE, nullable=False),
        Column("applied_at", MOMENT, nullable=False),
        Column("decided_by", CODE),
        Column("decided_at", MOMENT),
        Column("reason", Text),
        of("standard", "year"),
    )
    Table(
        "sponsorship_line",
        metadata,
        *pool_key("sponsorship_id"),
        Column("member_id", Uuid, primary_key=True),
        Column("bill_id", Uuid, nullable=False),
        Column("premium_fen", BigInteger, nullable=False),
        of("sponsorship", "sponsorship_id"),
        of("bill_line", "bill_id", "member_id"),
    )


def _reinstatements(metadata: MetaData) -> None:
    reinstatement = Table(
        "reinstatement",
        metadata,
        *pool_key("reinstatement_id"),
        Column("member_id", Uuid, nullable=False),
        Column("effective_on", Date, nullable=False),
        Column("reason", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("applied_by", CODE, nullable=False),
        Column("applied_at", MOMENT, nullable=False),
        Column("decided_by", CODE),
        Column("decided_at", MOMENT),
        of_member(),
    )
    Index(
        "reinstatement_one_open",
        reinstatement.c.pool_code,
        reinstatement.c.member_id,
        unique=True,
        postgresql_where=text("status = 'applied'"),
    )


def _receipts(metadata: MetaData) -> None:
    receipt = Table(
        "receipt",
        metadata,
        *pool_key("receipt_id"),
        Column("receipt_number", CODE, nullable=False),
        Column("bill_id", Uuid, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("paid_on", Date, nullable=False),
        Column("collected_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        UniqueConstraint("pool_code", "receipt_number", name="receipt_number_once"),
        of("bill", "bill_id"),
    )
    Index("receipt_township", receipt.c.pool_code, receipt.c.township_code, receipt.c.paid_on)
    Index("receipt_year", receipt.c.pool_code, receipt.c.year)


def _remittances(metadata: MetaData) -> None:
    Table(
        "remittance",
        metadata,
        *pool_key("remittance_id"),
        Column("number", CODE, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("receipt_count", Integer, nullable=False),
        Column("missing_numbers", Integer, nullable=False),
        Column("remitted_on", Date, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        UniqueConstraint("pool_code", "number", name="remittance_number"),
    )
    line = Table(
        "remittance_line",
        metadata,
        *pool_key("receipt_id"),
        Column("remittance_id", Uuid, nullable=False),
        of("receipt", "receipt_id"),
        of("remittance", "remittance_id"),
    )
    Index("remittance_line_of", line.c.pool_code, line.c.remittance_id)


def _dues(metadata: MetaData) -> None:
    Table(
        "subsidy_due",
        metadata,
        *pool_key("due_id"),
        Column("revision", Integer, primary_key=True, autoincrement=False),
        Column("year", SmallInteger, nullable=False),
        Column("level", Text, nullable=False),
        Column("payer", Text, nullable=False),
        Column("head_count", Integer, nullable=False),
        Column("standard_fen", BigInteger, nullable=False),
        Column("total_fen", BigInteger, nullable=False),
        Column("change_fen", BigInteger, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        Column("audited", Boolean, nullable=False, server_default=text("false")),
        UniqueConstraint("pool_code", "year", "level", "payer", "revision", name="subsidy_due_once"),
        of("standard", "year"),
    )


def _family_accounts(metadata: MetaData) -> None:
    Table(
        "family_account_credit",
        metadata,
        *pool_key("credit_id"),
        Column("household_id", Uuid, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("head_count", Integer, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("document_number", Text, nullable=False),
        Column("credited_on", Date, nullable=False),
        Column("credited_by", CODE, nullable=False),
        Column("version", Integer, nullable=False, server_default=text("1")),
        Column("withdrawn_fen", BigInteger, nullable=False, server_default=text("0")),
        UniqueConstraint("pool_code", "household_id", "year", name="family_account_credit_once"),
        of("household", "household_id"),
        of("standard", "year"),
    )


def _layers(metadata: MetaData) -> None:
    Table(
        "layer_standard",
        metadata,
        Column("pool_code", CODE, primary_key=True),
        Column("layer", CODE, primary_key=True),
        Column("year", SmallInteger, primary_key=True, autoincrement=False),
        Column("premium_fen", BigInteger, nullable=False),
        Column("subsidy_fen", BigInteger, nullable=False),
        Column("document_number", Text, nullable=False),
        Column("recorded_by", CODE, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        of("standard", "year"),
    )
    payment = Table(
        "layer_payment",
        metadata,
        Column("pool_code", CODE, primary_key=True),
        Column("layer", CODE, primary_key=True),
        Column("year", SmallInteger, primary_key=True, autoincrement=False),
        Column("member_id", Uuid, primary_key=True),
        Column("township_code", CODE, nullable=False),
        Column("receipt_number", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("paid_on", Date, nullable=False),
        Column("joined_from", Date, nullable=False),
        Column("left_from", Date),
        Column("reason", Text),
        Column("recorded_by", CODE, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        of_member(),
        of("layer_standard", "layer", "year"),
    )
    p = payment.c
    Index("layer_payment_township", p.pool_code, p.layer, p.year, p.township_code)
    Index("layer_payment_receipt", p.pool_code, p.layer, p.receipt_number)


def _layer_files(metadata: MetaData) -> None:
    file = Table(
        "layer_file",
        metadata,
        *pool_key("file_id"),
        Column("number", CODE, nullable=False),
        Column("layer", CODE, nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("content_hash", LargeBinary, nullable=False),
        *(Column(name, Integer, nullable=False) for name in ("rows_read", "joined", "unchanged", "returned")),
        Column("amount_fen", BigInteger, nullable=False),
        Column("areas", CODE, nullable=False),
        Column("uploaded_by", CODE, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        UniqueConstraint("pool_code", "number", name="layer_file_number"),
        of("layer_standard", "layer", "year"),
    )
    Index("layer_file_content", file.c.pool_code, file.c.layer, file.c.year, file.c.content_hash)
    Table(
        "layer_file_error",
        metadata,
        *pool_key("file_id"),
        Column("row_number", Integer, primary_key=True, autoincrement=False),
        Column("row_sealed", LargeBinary, nullable=False),
        of("layer_file", "file_id"),
    )


def _refunds(metadata: MetaData) -> None:
    Table(
        "receipt_void",
        metadata,
        *pool_key("receipt_id"),
        Column("reason", Text, nullable=False),
        Column("voided_on", Date, nullable=False),
        Column("voided_by", CODE, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        of("receipt", "receipt_id"),
    )
    refund = Table(
        "refund",
        metadata,
        *pool_key("refund_id"),
        Column("bill_id", Uuid, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("year", SmallInteger, nullable=False),
        Column("cause", Text, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("applied_by", CODE, nullable=False),
        Column("applied_at", MOMENT, nullable=False),
        Column("ended_on", Date),
        of("bill", "bill_id"),
    )
    Index(
        "refund_one_open",
        refund.c.pool_code,
        refund.c.bill_id,
        unique=True,
        postgresql_where=text("status = 'applied'"),
    )
    Table(
        "refund_line",
        metadata,
        *pool_key("refund_id"),
        Column("bill_id", Uuid, nullable=False),
        Column("member_id", Uuid, primary_key=True),
        Column("premium_fen", BigInteger, nullable=False),
        of("refund", "refund_id"),
        of("bill_line", "bill_id", "member_id"),
    )
