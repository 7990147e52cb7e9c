"""What the ledger's routes answer, and the filters they take."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.http.wire import WireModel, Yuan


class BookOut(WireModel):
    """A book with its head. Hashes are hex."""

    book: str
    chart: str
    title_zh: str
    title_en: str
    last_number: int
    last_hash: str
    open_day: date
    sealed_through: date
    closed_through: date


class Books(WireModel):
    """The books of a pool."""

    items: list[BookOut]


class BookIn(WireModel):
    """The day before which nothing can be posted to the new book."""

    first_day: date


class ViewOut(WireModel):
    """A chart in which a book can be shown, and where each of its accounts stands there."""

    chart: str
    title_zh: str
    title_en: str
    source: str
    mapping: dict[str, str]


class Views(WireModel):
    """The charts in which a book can be shown beside the one that it is kept on."""

    book: str
    chart: str
    items: list[ViewOut]


class AccountOut(WireModel):
    """An account of a book's chart. A guarded account may not fall below zero, holds included."""

    account: str
    name_zh: str
    name_en: str
    normal_side: str
    keeper: str | None
    guarded: bool


class Accounts(WireModel):
    """The accounts of a book."""

    book: str
    items: list[AccountOut]


class PostingOut(WireModel):
    """An amount from ``credit`` to ``debit``."""

    line: int
    debit: str
    credit: str
    amount: Yuan
    party: str
    ref: str
    memo: str


class VoucherOut(WireModel):
    """A voucher 记账凭证 with its place in the chain. ``month`` is the month's first day; ``sheets`` were attached when
    it was booked (附件张数), ``papers`` are the SHA-256 of the kept documents among them."""

    number: int
    month: date
    month_number: int
    source_event: str
    posting_date: date
    value_date: date
    reason: str
    reversal_of: int | None
    preparer: str
    checker: str
    poster: str
    text: str
    sheets: int
    papers: list[str]
    postings: list[PostingOut]
    hash: str


class BalanceOut(WireModel):
    """Turnover and balance of an account; the balance has the sign of the account's normal side."""

    account: str
    name_zh: str
    name_en: str
    normal_side: str
    debit: Yuan
    credit: Yuan
    balance: Yuan


class Balances(WireModel):
    """All accounts of a book through a day. ``ties``: debits equal credits."""

    book: str
    chart: str
    at: date
    by: str
    items: list[BalanceOut]
    debit: Yuan
    credit: Yuan
    ties: bool


class AvailableOut(WireModel):
    """An account now: what it holds, what of it is set aside, what can be spent."""

    account: str
    balance: Yuan
    held: Yuan
    available: Yuan


class Available(WireModel):
    """All accounts of a book now."""

    book: str
    items: list[AvailableOut]


class EntryOut(WireModel):
    """A posting with what its voucher says; ``side`` is that of the account asked for."""

    number: int
    line: int
    month: date
    month_number: int
    posting_date: date
    value_date: date
    reason: str
    text: str
    debit: str
    credit: str
    side: str | None
    amount: Yuan
    party: str
    ref: str
    memo: str


class Entries(WireModel):
    """A page of entries; opening and closing balance where an account and nothing else was asked for."""

    items: list[EntryOut]
    opening: Yuan | None
    closing: Yuan | None
    next_cursor: str | None


class Root(WireModel):
    """A published seal: the signed Merkle root of a day (docs/ledger-format.md). Bytes are hex."""

    pool_code: str
    book: str
    day: date
    seal_number: int
    first_number: int
    last_number: int
    root: str
    last_hash: str
    previous: str
    signed_at: str
    key_id: str
    signature: str


class PublicKey(WireModel):
    """A public key that signs roots, or signed them from ``first_day`` to ``last_day``; the present one has no last
    day, and no first where none was before it."""

    key_id: str
    public_key: str
    first_day: date | None
    last_day: date | None


class Roots(WireModel):
    """Published seals and the public keys they can be checked with, by key id and, with their days, oldest first: pin
    each key once, from another channel."""

    items: list[Root]
    public_keys: dict[str, str]
    keys: list[PublicKey]
    next_cursor: str | None


class Sealed(WireModel):
    """The seals made by one call: the day asked for and earlier ones that had none."""

    items: list[Root]


class PathStep(WireModel):
    """A neighbour on the way from the voucher to the root; ``side`` is where it stands."""

    side: Literal["left", "right"]
    hash: str


class ProofVoucher(WireModel):
    """A voucher with the fields of the export (docs/ledger-format.md, section 5), as they are hashed."""

    number: int
    month: str
    month_number: int
    source_event: str
    posting_date: str
    value_date: str
    reason: str
    reversal_of: int | None
    preparer: str
    checker: str
    poster: str
    text: str
    sheets: int
    papers: list[str]
    postings: list[dict[str, str | int]]
    hash: str


class Proof(WireModel):
    """One voucher, the hash before it, the path to the root of its day, and the seal of that day."""

    format: str
    pool_code: str
    book: str
    previous: str
    voucher: ProofVoucher
    path: list[PathStep]
    seal: Root


class Difference(WireModel):
    """Something stored that differs from what the postings give."""

    kind: str
    subject: str
    stored: str | None
    computed: str | None


class Replay(WireModel):
    """The result of working a book out again from its postings."""

    book: str
    replayed_at: datetime
    ties: bool
    differences: list[Difference]


class _Query(BaseModel):
    """A filter that is not named here is refused, never ignored."""

    model_config = ConfigDict(extra="forbid")


class VoucherQuery(_Query):
    """Filters of vouchers: by posting dates, or by source event alone."""

    from_: date | None = Field(None, alias="from")
    to: date | None = None
    source_event: str | None = Field(None, max_length=200)
    cursor: str | None = Field(None, max_length=400)
    limit: int = Field(50, ge=1, le=200)


class BalanceQuery(_Query):
    """The day, today where left out; which of the two dates counts; the chart to show in, that of the book if none."""

    at: date | None = None
    by: Literal["posting", "value"] = "posting"
    chart: str | None = Field(None, max_length=40)


class EntryQuery(_Query):
    """An account, a party or a business number within a period of posting dates; a business number also without."""

    account: str | None = Field(None, max_length=40)
    party: str | None = Field(None, min_length=1, max_length=200)
    ref: str | None = Field(None, min_length=1, max_length=200)
    from_: date | None = Field(None, alias="from")
    to: date | None = None
    cursor: str | None = Field(None, max_length=400)
    limit: int = Field(50, ge=1, le=200)


class RootQuery(_Query):
    """Published seals of all pools, of one pool, of one book."""

    pool_code: str | None = Field(None, max_length=40)
    book: str | None = Field(None, max_length=40)
    cursor: str | None = Field(None, max_length=400)
    limit: int = Field(200, ge=1, le=200)
