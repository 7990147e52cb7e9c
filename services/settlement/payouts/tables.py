"""Tables of payouts: the claims' projection, cut-offs and payables, batches, instructions, files.

Constraints that guard each invariant are in the migration; here is what ``alembic check`` compares. Longer than most
because a table is one function with a line a column, and the tables of payouts refer to each other.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    _deposit_rate(metadata)
    _deposit_release(metadata)
    _deposit_void(metadata)
    _cash_payout(metadata)
    _float_month(metadata)
    _claim_state(metadata)
    _claim_total(metadata)
    _cutoff(metadata)
    _payable(metadata)
    _payee(metadata)
    _batch(metadata)
    _batch_cutoff(metadata)
    _instruction(metadata)
    _instruction_claim(metadata)
    _set_off(metadata)
    _payment_file(metadata)
    _obligation_day(metadata)
    _second_payment(metadata)
    _increase_payment(metadata)


def _claim_state(metadata: MetaData) -> None:
    Table(
        "claim_state",
        metadata,
        Column("pool_code", CODE),
        Column("claim_id", Uuid),
        Column("version", BigInteger, nullable=False),
        Column("state", CODE, nullable=False),
        Column("institution_code", CODE, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("care_kind", CODE, nullable=False),
        Column("fund_fen", BigInteger, nullable=False),
        Column("approved_fen", BigInteger, nullable=False),
        Column("cut_fen", BigInteger, nullable=False),
        Column("settled_on", Date, nullable=False),
        Column("benefit_year", Integer, nullable=False),
        Column("opened_on", Date, nullable=False),
        Column("decided_on", Date),
        Column("decided_fen", BigInteger),
        Column("ended_on", Date),
        PrimaryKeyConstraint("pool_code", "claim_id"),
        Index("claim_state_reversed", "pool_code", "claim_id", postgresql_where=text("(state = 'reversed'::text)")),
    )


def _claim_total(metadata: MetaData) -> None:
    Table(
        "claim_total",
        metadata,
        Column("pool_code", CODE),
        Column("state", CODE),
        Column("claims", BigInteger, nullable=False),
        Column("fund_fen", BigInteger, nullable=False),
        Column("approved_fen", BigInteger, nullable=False),
        Column("cut_fen", BigInteger, nullable=False),
        PrimaryKeyConstraint("pool_code", "state"),
    )


def _cutoff(metadata: MetaData) -> None:
    Table(
        "cutoff",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("kind", CODE, nullable=False, server_default=text("'claims'")),
        Column("institution_code", CODE, nullable=False),
        Column("expected_count", Integer, nullable=False),
        Column("expected_fen", BigInteger, nullable=False),
        Column("received_count", Integer, nullable=False),
        Column("received_fen", BigInteger, nullable=False),
        PrimaryKeyConstraint("pool_code", "id"),
    )


def _payable(metadata: MetaData) -> None:
    Table(
        "payable",
        metadata,
        Column("pool_code", CODE),
        Column("claim_id", Uuid),
        Column("layer", CODE),
        Column("version", BigInteger, nullable=False),
        Column("cutoff_id", Uuid, nullable=False),
        Column("institution_code", CODE, nullable=False),
        Column("care_kind", CODE, nullable=False),
        Column("township_code", CODE, nullable=False),
        Column("payer", Text, nullable=False),
        Column("book", CODE, nullable=False),
        Column("account", CODE, nullable=False),
        Column("expense_account", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("released_on", Date, nullable=False),
        Column("status", CODE, nullable=False),
        Column("instruction_id", Uuid),
        Column("published", BigInteger, nullable=False, server_default=text("0")),
        PrimaryKeyConstraint("pool_code", "claim_id", "layer"),
        ForeignKeyConstraint(["pool_code", "cutoff_id"], ["cutoff.pool_code", "cutoff.id"]),
        Index("payable_cutoff", "pool_code", "cutoff_id", "layer"),
        Index("payable_instruction", "pool_code", "instruction_id"),
        Index(
            "payable_open",
            "pool_code",
            postgresql_where=text("(status = 'open'::text)"),
            postgresql_include=["amount_fen"],
        ),
    )


def _payee(metadata: MetaData) -> None:
    Table(
        "payee",
        metadata,
        Column("pool_code", CODE),
        Column("institution_code", CODE),
        Column("version", Integer),
        Column("payee_name", Text, nullable=False),
        Column("bank_name", Text, nullable=False),
        Column("number_sealed", LargeBinary, nullable=False),
        Column("number_index", LargeBinary, nullable=False),
        Column("registered_by", Text, nullable=False),
        Column("registered_at", MOMENT, nullable=False),
        Column("confirmed_by", Text),
        Column("confirmed_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "institution_code", "version"),
    )


def _batch(metadata: MetaData) -> None:
    Table(
        "batch",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("number", CODE, nullable=False),
        Column("layer", CODE, nullable=False),
        Column("account", CODE, nullable=False),
        Column("status", CODE, nullable=False),
        Column("instruction_count", Integer, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("prepared_by", Text, nullable=False),
        Column("prepared_at", MOMENT, nullable=False),
        Column("business_day", Date, nullable=False),
        Column("released_by", Text),
        Column("released_at", MOMENT),
        Column("sent_by", Text),
        Column("sent_at", MOMENT),
        Column("cancelled_by", Text),
        Column("cancel_reason", Text),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "number", name="batch_number"),
    )


def _batch_cutoff(metadata: MetaData) -> None:
    Table(
        "batch_cutoff",
        metadata,
        Column("pool_code", CODE),
        Column("cutoff_id", Uuid),
        Column("layer", CODE),
        Column("batch_id", Uuid, nullable=False),
        Column("cancelled", Boolean, nullable=False, server_default=text("false")),
        PrimaryKeyConstraint("pool_code", "batch_id", "cutoff_id", "layer"),
        ForeignKeyConstraint(["pool_code", "batch_id"], ["batch.pool_code", "batch.id"]),
        ForeignKeyConstraint(["pool_code", "cutoff_id"], ["cutoff.pool_code", "cutoff.id"]),
        Index(
            "batch_cutoff_once",
            "pool_code",
            "cutoff_id",
            "layer",
            unique=True,
            postgresql_where=text("NOT cancelled"),
        ),
    )


def _instruction(metadata: MetaData) -> None:
    Table(
        "instruction",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("batch_id", Uuid, nullable=False),
        Column("institution_code", CODE, nullable=False),
        Column("payee_version", Integer, nullable=False),
        Column("end_to_end_id", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("set_off_fen", BigInteger, nullable=False, server_default=text("0")),
        Column("withheld_fen", BigInteger, nullable=False, server_default=text("0")),
        Column("claim_count", Integer, nullable=False),
        Column("status", CODE, nullable=False),
        Column("replaces", Uuid),
        Column("deadline", Date),
        Column("confirmed_on", Date),
        Column("returned_on", Date),
        Column("hold_id", Uuid),
        Column("shown_as", CODE),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "batch_id", "institution_code"),
        UniqueConstraint("pool_code", "end_to_end_id"),
        ForeignKeyConstraint(["pool_code", "batch_id"], ["batch.pool_code", "batch.id"]),
        ForeignKeyConstraint(
            ["pool_code", "institution_code", "payee_version"],
            ["payee.pool_code", "payee.institution_code", "payee.version"],
        ),
        ForeignKeyConstraint(["pool_code", "replaces"], ["instruction.pool_code", "instruction.id"]),
        Index("instruction_institution", "pool_code", "institution_code", "confirmed_on"),
        Index("instruction_shown_as", "pool_code", "shown_as", postgresql_where=text("(shown_as IS NOT NULL)")),
        Index(
            "instruction_waiting",
            "pool_code",
            "deadline",
            postgresql_where=text("(status = ANY (ARRAY['released'::text, 'sent'::text]))"),
        ),
        Index(
            "instruction_replaces_once",
            "pool_code",
            "replaces",
            unique=True,
            postgresql_where=text("status <> 'cancelled'"),
        ),
    )


def _instruction_claim(metadata: MetaData) -> None:
    Table(
        "instruction_claim",
        metadata,
        Column("pool_code", CODE),
        Column("instruction_id", Uuid),
        Column("claim_id", Uuid),
        Column("layer", CODE),
        Column("expense_account", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("set_off_fen", BigInteger, nullable=False, server_default=text("0")),
        Column("withheld_fen", BigInteger, nullable=False, server_default=text("0")),
        PrimaryKeyConstraint("pool_code", "instruction_id", "claim_id", "layer"),
        ForeignKeyConstraint(
            ["pool_code", "claim_id", "layer"], ["payable.pool_code", "payable.claim_id", "payable.layer"]
        ),
        ForeignKeyConstraint(["pool_code", "instruction_id"], ["instruction.pool_code", "instruction.id"]),
    )


def _set_off(metadata: MetaData) -> None:
    Table(
        "set_off",
        metadata,
        Column("pool_code", CODE),
        Column("receivable_id", Uuid),
        Column("instruction_id", Uuid),
        Column("amount_fen", BigInteger, nullable=False),
        Column("done_on", Date),
        Column("given_up", Boolean, nullable=False, server_default=text("false")),
        PrimaryKeyConstraint("pool_code", "receivable_id", "instruction_id"),
        ForeignKeyConstraint(["pool_code", "receivable_id"], ["receivable.pool_code", "receivable.id"]),
        ForeignKeyConstraint(["pool_code", "instruction_id"], ["instruction.pool_code", "instruction.id"]),
        Index("set_off_instruction", "pool_code", "instruction_id"),
    )


def _payment_file(metadata: MetaData) -> None:
    Table(
        "payment_file",
        metadata,
        Column("pool_code", CODE),
        Column("batch_id", Uuid),
        Column("message_id", CODE, nullable=False),
        Column("content_sealed", LargeBinary, nullable=False),
        Column("sha256", LargeBinary, nullable=False),
        Column("control_sum_fen", BigInteger, nullable=False),
        Column("made_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "batch_id"),
        UniqueConstraint("pool_code", "message_id"),
        ForeignKeyConstraint(["pool_code", "batch_id"], ["batch.pool_code", "batch.id"]),
    )


def _obligation_day(metadata: MetaData) -> None:
    Table(
        "obligation_day",
        metadata,
        Column("pool_code", CODE),
        Column("business_day", Date),
        Column("debit", CODE),
        Column("credit", CODE),
        Column("amount_fen", BigInteger, nullable=False),
        PrimaryKeyConstraint("pool_code", "business_day", "debit", "credit"),
    )


def _second_payment(metadata: MetaData) -> None:
    Table(
        "second_payment",
        metadata,
        Column("pool_code", CODE),
        Column("payment_id", Uuid),
        Column("campaign_id", Uuid, nullable=False),
        Column("member_id", Uuid, nullable=False),
        Column("document_number", Text, nullable=False),
        Column("claim_by", Date, nullable=False),
        PrimaryKeyConstraint("pool_code", "payment_id"),
        Index("second_payment_campaign", "pool_code", "campaign_id", "claim_by"),
    )


def _increase_payment(metadata: MetaData) -> None:
    Table(
        "increase_payment",
        metadata,
        Column("pool_code", CODE),
        Column("payment_id", Uuid),
        Column("claim_id", Uuid, nullable=False),
        Column("layer", CODE, nullable=False),
        Column("document_number", Text, nullable=False),
        PrimaryKeyConstraint("pool_code", "payment_id"),
    )


def _deposit_rate(metadata: MetaData) -> None:
    Table(
        "deposit_rate",
        metadata,
        Column("pool_code", CODE),
        Column("institution_code", CODE),
        Column("valid_from", Date),
        Column("recorded_seq", Integer),
        Column("rate_e4", Integer, nullable=False),
        Column("document", Text, nullable=False),
        Column("set_by", Text, nullable=False),
        Column("set_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "institution_code", "valid_from", "recorded_seq"),
    )


def _deposit_release(metadata: MetaData) -> None:
    Table(
        "deposit_release",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("institution_code", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("prepared_by", Text, nullable=False),
        Column("prepared_at", MOMENT, nullable=False),
        Column("approved_by", Text),
        Column("approved_on", Date),
        Column("forfeit", Boolean, nullable=False),
        Column("refused_by", Text),
        Column("refused_on", Date),
        Column("refusal", Text),
        PrimaryKeyConstraint("pool_code", "id"),
    )


def _deposit_void(metadata: MetaData) -> None:
    Table(
        "deposit_void",
        metadata,
        Column("pool_code", CODE),
        Column("claim_id", Uuid),
        Column("layer", CODE),
        Column("institution_code", CODE, nullable=False),
        Column("expense_account", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("voided_on", Date, nullable=False),
        PrimaryKeyConstraint("pool_code", "claim_id", "layer"),
        ForeignKeyConstraint(
            ["pool_code", "claim_id", "layer"], ["payable.pool_code", "payable.claim_id", "payable.layer"]
        ),
        Index("deposit_void_institution", "pool_code", "institution_code"),
    )


def _cash_payout(metadata: MetaData) -> None:
    Table(
        "cash_payout",
        metadata,
        Column("pool_code", CODE),
        Column("id", Uuid),
        Column("township_code", CODE, nullable=False),
        Column("claim_id", Uuid, nullable=False),
        Column("layer", CODE, nullable=False),
        Column("expense_account", CODE, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("receipt_number", CODE, nullable=False),
        Column("paid_on", Date, nullable=False),
        Column("booked_on", Date, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("pool_code", "id"),
        UniqueConstraint("pool_code", "receipt_number"),
        UniqueConstraint("pool_code", "claim_id", "layer"),
        ForeignKeyConstraint(
            ["pool_code", "claim_id", "layer"], ["payable.pool_code", "payable.claim_id", "payable.layer"]
        ),
        Index("cash_payout_township", "pool_code", "township_code", "paid_on"),
    )


def _float_month(metadata: MetaData) -> None:
    sums = ("opening_fen", "received_fen", "returned_fen", "paid_fen", "closing_fen")
    Table(
        "float_month",
        metadata,
        Column("pool_code", CODE),
        Column("township_code", CODE),
        Column("month", Date),
        *(Column(name, BigInteger, nullable=False) for name in sums),
        Column("payouts", Integer, nullable=False),
        Column("signed_by", Text, nullable=False),
        Column("signed_at", MOMENT, nullable=False),
        Column("accepted_by", Text),
        Column("accepted_at", MOMENT),
        PrimaryKeyConstraint("pool_code", "township_code", "month"),
    )
