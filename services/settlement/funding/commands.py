"""What every verb of funding uses: registered accounts and their keepers, the locks, the bank journal, interest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.settlement.funding import store
from services.settlement.funding.accounts import (
    BANK_ACCOUNTS,
    INTEREST,
    BankAccount,
    may_hold_fund_money,
)
from services.settlement.funding.booking import Desk, Entry
from services.settlement.funding.problems import (
    ACCOUNT_NOT_REGISTERED,
    ACCOUNT_UNKNOWN,
    BANK_NOT_STATE_OWNED,
    BEFORE_THE_SCHEME,
    IN_THE_FUTURE,
    KEEPER_ONLY,
)
from services.settlement.ledger.posting import REVERSAL, voucher_number
from services.settlement.ledger.refusals import KEEPERS
from shared.db.personal import Sealer
from shared.http.preconditions import Precondition, etag
from shared.http.roles import role_words
from shared.kernel.dates import shanghai_date

SCHEME_BEGAN = date(2003, 1, 1)
"""The first pilot counties began in 2003; the ledger takes no value date before."""


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """A bank account as its keeper registers it."""

    bank_name: str
    bank_ownership: str
    holder_name: str
    account_number: str


@dataclass(frozen=True, slots=True)
class Movement:
    """Money on a bank account; ``source_id`` is what moved it."""

    id: UUID
    account: str
    signed_fen: int
    reference: str
    kind: str
    source_id: UUID
    value_date: date


@dataclass(frozen=True, slots=True)
class Seen:
    """Something expected that a bank statement now shows, on the line's value date."""

    source_id: UUID
    signed_fen: int
    reference: str
    value_date: date
    line_id: UUID | None = None
    """The line, where a statement shows it."""


def account_of(code: str) -> BankAccount:
    """A bank account of the fund; raises ACCOUNT_UNKNOWN."""
    if (account := BANK_ACCOUNTS.get(code)) is None:
        raise ACCOUNT_UNKNOWN(account=code, known="、".join(BANK_ACCOUNTS))
    return account


def check_keeper(account: BankAccount, role: str) -> None:
    """Raises KEEPER_ONLY unless the role acts for the account's keeper (rulings §19)."""
    if role not in account.roles:
        raise KEEPER_ONLY(
            name=(account.name_zh, account.name_en), keeper=KEEPERS[account.keeper], role=role_words(role)
        )


def check_date(day: date, desk: Desk) -> None:
    """A day on which money can have moved; the ledger takes no other value date, and would say so when it is too late
    to put right. Raises IN_THE_FUTURE for a day after today in Shanghai, and BEFORE_THE_SCHEME."""
    if day > (today := shanghai_date(desk.now)):
        raise IN_THE_FUTURE(day=day, today=today)
    if day < SCHEME_BEGAN:
        raise BEFORE_THE_SCHEME(day=day, first=SCHEME_BEGAN)


def account_tag(code: str, version: int) -> str:
    """The ETag of a registered bank account."""
    return etag("bank_account", code, version)


async def register_account(
    desk: Desk, sealer: Sealer, code: str, role: str, details: AccountDetails, expected: Precondition
) -> int:
    """Registers a bank account of the fund or changes it; the version it has now.

    Raises BANK_NOT_STATE_OWNED (ZZ-12), ACCOUNT_UNKNOWN, KEEPER_ONLY, and what ``expected`` raises.
    """
    account = account_of(code)
    check_keeper(account, role)
    if account.fund and not may_hold_fund_money(details.bank_ownership):
        raise BANK_NOT_STATE_OWNED(bank_name=details.bank_name)
    await lock_account(desk, code)
    known = await store.bank_account(desk.conn, desk.pool_code, code)
    index = sealer.blind_index("bank_account", details.account_number)
    same = known and (known["bank_name"], known["bank_ownership"], known["holder_name"], known["number_index"]) == (
        details.bank_name,
        details.bank_ownership,
        details.holder_name,
        index,
    )
    expected.check(account_tag(code, known["version"]) if known else None, needed=not same)
    if same:
        return int(known["version"])
    version = known["version"] + 1 if known else 1
    sealed = sealer.seal("bank_account", "number_sealed", f"{desk.pool_code}/{code}/{version}", details.account_number)
    await store.add_bank_account(
        desk.conn,
        (
            desk.pool_code,
            code,
            version,
            details.bank_name,
            details.bank_ownership,
            details.holder_name,
            sealed,
            index,
            desk.by,
            desk.now,
        ),
    )
    return version


async def registered_account(desk: Desk, code: str, sealer: Sealer) -> AccountDetails:
    """A bank account as registered now, its number opened. Raises ACCOUNT_NOT_REGISTERED."""
    known = await store.bank_account(desk.conn, desk.pool_code, code)
    if known is None:
        account = account_of(code)
        raise ACCOUNT_NOT_REGISTERED(name=(account.name_zh, account.name_en), account=code)
    number = sealer.open(
        "bank_account", "number_sealed", f"{desk.pool_code}/{code}/{known['version']}", known["number_sealed"]
    )
    return AccountDetails(known["bank_name"], known["bank_ownership"], known["holder_name"], number)


async def lock_account(desk: Desk, code: str) -> None:
    """One act at a time on what is registered and matched under this name; taken before every other lock."""
    await store.lock_account(desk.conn, desk.pool_code, code)


async def lock_matching(desk: Desk, code: str) -> None:
    """The account's lock for whoever matches its lines, and then that of its book: money owed, and a transfer between
    two accounts, can be shown by statements of both, and of two at once the later sees what the first one booked."""
    await lock_account(desk, code)
    await lock_account(desk, f"matching:{account_of(code).book}")


async def journal(desk: Desk, movements: Sequence[Movement]) -> None:
    """Writes the bank journal; nothing to do for none."""
    if movements:
        await store.add_movements(
            desk.conn,
            desk.pool_code,
            desk.day,
            [
                (
                    m.id,
                    m.account,
                    m.signed_fen,
                    m.reference,
                    m.kind,
                    m.source_id,
                    m.value_date,
                    account_of(m.account).book,
                )
                for m in movements
            ],
        )


def interest_entry(account: str, line_id: UUID, fen: int, day: date, importer: str, checker: str) -> Entry:
    """Interest that the bank credited: recognised by a second person. Its account has one code in every chart."""
    known = BANK_ACCOUNTS[account]
    lines = ((known.ledger_account, INTEREST, fen),)
    return Entry(known.book, f"interest:{line_id}", day, "银行利息", lines, preparer=importer, checker=checker)


async def correction_entry(
    desk: Desk, account: str, line_id: UUID, corrected: UUID, fen: int, day: date, importer: str, checker: str
) -> Entry:
    """The bank took interest back: the voucher of the line that had brought it is reversed, by two persons."""
    known = BANK_ACCOUNTS[account]
    number = await voucher_number(desk.conn, desk.pool_code, known.book, f"interest:{corrected}")
    lines = ((INTEREST, known.ledger_account, fen),)
    return Entry(known.book, f"interest:{line_id}", day, "银行更正利息", lines, preparer=importer, checker=checker,
                 reason=REVERSAL, reversal_of=number)  # fmt: skip
