"""Verbs of funding but for replenishment: register an account, record an arrival, move money between keepers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.settlement.funding import store
from services.settlement.funding.accounts import (
    BANK_ACCOUNTS,
    BASIC,
    EXPENDITURE,
    FISCAL,
    INCOME,
    INTEREST,
    SPONSORED_PREMIUMS,
    SUBSIDY_INCOME,
    TEMPORARY_RECEIPTS,
    TOWNSHIP_TO_INCOME,
    TRANSFERS,
    BankAccount,
    may_hold_fund_money,
)
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.problems import (
    ACCOUNT_NOT_REGISTERED,
    ACCOUNT_UNKNOWN,
    ADVANCE_EXCEEDED,
    BANK_NOT_STATE_OWNED,
    IN_THE_FUTURE,
    KEEPER_ONLY,
    NOTHING_TO_CARRY,
    NOTHING_TO_SWEEP,
    REFERENCE_USED,
    SPONSORSHIP_EXCEEDED,
    SPONSORSHIP_UNKNOWN,
    SUBSIDY_NOT_AUDITED,
    TRANSFER_OF_APPLICATION,
    TRANSFER_RELEASED,
    TRANSFER_UNKNOWN,
)
from services.settlement.ledger.posting import SYSTEM
from services.settlement.ledger.refusals import KEEPERS
from shared.db.personal import Sealer
from shared.http.preconditions import Precondition, etag
from shared.http.problems import FOUR_EYES
from shared.http.roles import role_words
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import Words
from shared.kernel.ids import new_id, to_base32
from shared.kernel.money import format_yuan


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


def check_not_future(day: date, desk: Desk) -> None:
    """Raises IN_THE_FUTURE for a day after today in Shanghai."""
    if day > (today := shanghai_date(desk.now)):
        raise IN_THE_FUTURE(day=day, today=today)


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


async def record_subsidy(desk: Desk, level: str, year: int, fen: int, reference: str, day: date) -> UUID:
    """A subsidy arrived on the fiscal account: booked at once, ticked off when the bank's statement shows it. One paid
    ahead for a later coverage year is a temporary receipt until that year begins (rulings §6).

    Raises REFERENCE_USED and IN_THE_FUTURE.
    """
    later = year > desk.day.year
    if later:
        await lock_account(desk, FISCAL)
        await store.add_temporary(desk.conn, desk.pool_code, year, SUBSIDY_INCOME[level], fen)
    return await _arrive(
        desk,
        "subsidy",
        level,
        None,
        year,
        fen,
        reference,
        day,
        TEMPORARY_RECEIPTS if later else SUBSIDY_INCOME[level],
        f"{year} 年度{_LEVEL_ZH[level]}财政补助到账",
    )


async def carry_subsidies(desk: Desk, year: int, document: str) -> None:
    """Carries what is still due (or came too much) of an audited coverage year on to the next year's due, by level.

    Raises SUBSIDY_NOT_AUDITED and NOTHING_TO_CARRY. Again it carries what has changed since.
    """
    await lock_account(desk, f"subsidies:{year}")
    rows = await store.subsidy_year(desk.conn, desk.pool_code, year)
    if not rows or any(row["due_fen"] and not row["audited"] for row in rows):
        raise SUBSIDY_NOT_AUDITED(year=year)
    due = {row["level"]: row["due_fen"] + row["carried_in_fen"] - row["carried_on_fen"] for row in rows}
    differences = [
        (row["level"], due[row["level"]], row["arrived_fen"], fen)
        for row in rows
        if (fen := due[row["level"]] - row["arrived_fen"])
    ]
    if not differences:
        raise NOTHING_TO_CARRY(year=year)
    await store.add_subsidy_carry(desk.conn, desk.pool_code, year, differences, document, desk.day, desk.by)


async def record_sponsor(desk: Desk, sponsorship_id: UUID, fen: int, reference: str, day: date) -> UUID:
    """A sponsor's money for the premiums of a group arrived; of a later coverage year it is a temporary receipt.

    Raises SPONSORSHIP_UNKNOWN, SPONSORSHIP_EXCEEDED, REFERENCE_USED and IN_THE_FUTURE.
    """
    await lock_account(desk, FISCAL)
    known = await store.sponsorship(desk.conn, desk.pool_code, sponsorship_id)
    if known is None:
        raise SPONSORSHIP_UNKNOWN(sponsorship=sponsorship_id)
    if known["arrived_fen"] + fen > known["amount_fen"]:
        raise SPONSORSHIP_EXCEEDED(
            sponsorship=sponsorship_id,
            due=format_yuan(known["amount_fen"]),
            arrived=format_yuan(known["arrived_fen"]),
            amount=format_yuan(fen),
        )
    later = known["coverage_year"] > day.year
    if later:
        await store.add_temporary(desk.conn, desk.pool_code, known["coverage_year"], SPONSORED_PREMIUMS, fen)
    return await _arrive(
        desk,
        "sponsor",
        None,
        sponsorship_id,
        known["coverage_year"],
        fen,
        reference,
        day,
        TEMPORARY_RECEIPTS if later else SPONSORED_PREMIUMS,
        "资助参合资金到账",
    )


_LEVEL_ZH = {"central": "中央", "province": "省级", "city": "市级", "county": "县级"}


async def _arrive(
    desk: Desk,
    kind: str,
    level: str | None,
    sponsorship_id: UUID | None,
    year: int,
    fen: int,
    reference: str,
    day: date,
    income: str,
    text: str,
) -> UUID:
    check_not_future(day, desk)
    arrival_id = new_id(desk.now)
    if not await store.add_arrival(
        desk.conn,
        (desk.pool_code, arrival_id, kind, level, sponsorship_id, year, fen, reference, day, desk.by, desk.now),
    ):
        raise REFERENCE_USED(reference=reference)
    await book(desk, [Entry(BASIC, f"arrival:{arrival_id}", day, text, ((FISCAL, income, fen),))])
    await journal(desk, [Movement(new_id(desk.now), FISCAL, fen, reference, kind, arrival_id, day)])
    return arrival_id


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


async def prepare_transfer(
    desk: Desk,
    kind: str,
    role: str,
    fen: int,
    replenishment_id: UUID | None = None,
    township_code: str | None = None,
) -> Any:
    """Prepares a transfer between two keepers; another person releases it.

    Raises KEEPER_ONLY, NOTHING_TO_SWEEP, ADVANCE_EXCEEDED.
    """
    route = TRANSFERS[kind]
    check_keeper(route.keeper, role)
    if kind == "sweep":
        await lock_account(desk, EXPENDITURE)
        if fen > (available := await store.sweepable(desk.conn, desk.pool_code, EXPENDITURE)):
            raise NOTHING_TO_SWEEP(available=format_yuan(available), amount=format_yuan(fen))
    if kind == "advance_return":
        await lock_account(desk, EXPENDITURE)
        if fen > (granted := await store.advance_outstanding(desk.conn, desk.pool_code)):
            raise ADVANCE_EXCEEDED(granted=format_yuan(granted), amount=format_yuan(fen))
    transfer_id = new_id(desk.now)
    row = (transfer_id, kind, fen, to_base32(transfer_id), replenishment_id, township_code)
    await store.add_transfer(desk.conn, (desk.pool_code, *row, desk.by, desk.now))
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


async def transfer(desk: Desk, transfer_id: UUID) -> Any:
    """A transfer or None."""
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


async def renew_transfer(desk: Desk, returned: Any) -> None:
    """The same transfer once more, under a reference of its own."""
    transfer_id = new_id(desk.now)
    row = (returned["kind"], returned["amount_fen"], to_base32(transfer_id), returned["replenishment_id"], None)
    await store.add_transfer(desk.conn, (desk.pool_code, transfer_id, *row, desk.by, desk.now))


async def cancel_transfer(desk: Desk, transfer_id: UUID, role: str, reason: str) -> Any:
    """Gives up a transfer that was not released; one of an application ends with the application.

    Raises TRANSFER_UNKNOWN, KEEPER_ONLY, TRANSFER_OF_APPLICATION and TRANSFER_RELEASED.
    """
    known = await store.transfer(desk.conn, desk.pool_code, transfer_id)
    if known is None:
        raise TRANSFER_UNKNOWN(transfer=transfer_id)
    check_keeper(TRANSFERS[known["kind"]].keeper, role)
    if known["replenishment_id"] is not None:
        raise TRANSFER_OF_APPLICATION(transfer=transfer_id)
    if not await store.cancel_transfer(desk.conn, desk.pool_code, transfer_id, desk.by, reason):
        status = "released" if known["status"] == "prepared" else known["status"]
        raise TRANSFER_RELEASED(transfer=transfer_id, status=TRANSFER_STATUS[status])
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


async def release_transfer(desk: Desk, transfer_id: UUID, role: str) -> Any:
    """The second person sends the money off: in transit until the receiver's bank statement shows it.

    Raises TRANSFER_UNKNOWN, FOUR_EYES, KEEPER_ONLY, TRANSFER_RELEASED and the ledger's overdrawn.
    """
    known = await store.transfer(desk.conn, desk.pool_code, transfer_id)
    if known is None:
        raise TRANSFER_UNKNOWN(transfer=transfer_id)
    route = TRANSFERS[known["kind"]]
    if role not in route.release_roles:
        check_keeper(route.keeper, role)
    if known["prepared_by"] == desk.by:
        raise FOUR_EYES(act=("填制划转", "prepare the transfer"), then=("放行", "release it"))
    if known["status"] != "prepared":
        raise TRANSFER_RELEASED(transfer=transfer_id, status=TRANSFER_STATUS[known["status"]])
    fen = known["amount_fen"]
    await book(
        desk,
        [
            Entry(
                BASIC,
                f"transfer:{transfer_id}:released",
                desk.day,
                TRANSFER_KINDS[route.kind][0],
                ((route.in_transit, route.source, fen),),
                preparer=known["prepared_by"],
                checker=desk.by,
            )
        ],
    )
    if not await store.release_transfer(desk.conn, desk.pool_code, transfer_id, desk.by, desk.day):
        raise TRANSFER_RELEASED(transfer=transfer_id, status=TRANSFER_STATUS["released"])
    if route.source in BANK_ACCOUNTS:
        left = Movement(new_id(desk.now), route.source, -fen, known["reference"], route.kind, transfer_id, desk.day)
        await journal(desk, [left])
    return await store.transfer(desk.conn, desk.pool_code, transfer_id)


TRANSFER_STATUS: Mapping[str, Words] = MappingProxyType(
    {
        "prepared": ("待放行", "prepared"),
        "released": ("已放行", "released"),
        "arrived": ("已到账", "arrived"),
        "cancelled": ("已撤销", "cancelled"),
        "returned": ("已被银行退回", "sent back by the bank"),
    }
)
TRANSFER_KINDS: Mapping[str, Words] = MappingProxyType(
    {
        "income_to_fiscal": ("收入户缴财政专户", "income to the fiscal account"),
        "advance": ("拨付周转金", "advance"),
        "replenishment": ("拨付回补资金", "replenishment"),
        "sweep": ("支出户利息上划财政专户", "interest swept to the fiscal account"),
        "advance_return": ("退回周转金", "advance sent back"),
        "float_issue": ("拨付乡镇备用金", "cash float to a township"),
        "float_return": ("退回乡镇备用金", "cash float sent back"),
    }
)


def transfer_entries(kind: str, seen: Sequence[Seen]) -> list[Entry]:
    """What arrival of transfers of one kind books: out of transit, onto the receiver's account."""
    route = TRANSFERS[kind]
    return [
        Entry(
            BASIC,
            f"transfer:{s.source_id}:arrived",
            s.value_date,
            f"{TRANSFER_KINDS[kind][0]}到账",
            ((route.target, route.in_transit, s.signed_fen),),
        )
        for s in seen
    ]


def transfer_return_entries(kind: str, seen: Sequence[Seen]) -> list[Entry]:
    """What transfers of one kind book that the bank sent back: the money is where it came from."""
    route = TRANSFERS[kind]
    return [
        Entry(
            BASIC,
            f"transfer:{s.source_id}:returned",
            s.value_date,
            f"{TRANSFER_KINDS[kind][0]}被银行退回",
            ((route.source, route.in_transit, s.signed_fen),),
        )
        for s in seen
    ]


def remittance_entries(seen: Sequence[Seen]) -> list[Entry]:
    """What arrival of townships' remittances books."""
    return [
        Entry(
            BASIC,
            f"remittance:{s.source_id}:arrived",
            s.value_date,
            "乡镇缴款到账",
            ((INCOME, TOWNSHIP_TO_INCOME, s.signed_fen),),
        )
        for s in seen
    ]


def interest_entry(account: str, line_id: UUID, fen: int, day: date, importer: str, checker: str) -> Entry:
    """Interest that the bank credited: recognised by a second person. Its account has one code in every chart."""
    known = BANK_ACCOUNTS[account]
    lines = ((known.ledger_account, INTEREST, fen),)
    return Entry(known.book, f"interest:{line_id}", day, "银行利息", lines, preparer=importer, checker=checker)


async def transfers_arrived(desk: Desk, seen: Sequence[Seen]) -> None:
    """Marks transfers as arrived; their entries are booked by the caller before."""
    await store.transfers_arrived(desk.conn, desk.pool_code, [s.source_id for s in seen], [s.value_date for s in seen])


async def transfers_returned(desk: Desk, seen: Sequence[Seen]) -> list[Any]:
    """Marks transfers that the bank sent back; the rows, so that what they were for can be transferred anew."""
    return await store.transfers_returned(desk.conn, desk.pool_code, [s.source_id for s in seen])


async def remittances_arrived(desk: Desk, seen: Sequence[Seen]) -> None:
    """Marks remittances as arrived; their entries are booked by the caller before."""
    await store.remittances_arrived(
        desk.conn, desk.pool_code, [s.source_id for s in seen], [s.value_date for s in seen]
    )


async def add_temporary(desk: Desk, year: int, income_account: str, fen: int) -> None:
    """Adds to the temporary receipts of a year that has not begun."""
    await store.add_temporary(desk.conn, desk.pool_code, year, income_account, fen)


async def lower_temporary(desk: Desk, year: int, income_account: str, fen: int) -> None:
    """Part of the temporary receipts of a year was given back: it will not become income."""
    await store.lower_temporary(desk.conn, desk.pool_code, year, income_account, fen)


async def recognise_temporary_receipts(desk: Desk, year: int) -> None:
    """From 1 January premiums paid for the year that begins are income (rulings §6); once for each amount."""
    due = await store.recognise_temporary(desk.conn, desk.pool_code, year)
    await book(
        desk,
        [
            Entry(
                BASIC,
                f"recognise:{row['coverage_year']}:{row['income_account']}:{row['before']}",
                min(desk.day, date(max(row["coverage_year"], 1), 1, 1)),
                f"{row['coverage_year']} 年度保费转为当年收入",
                ((TEMPORARY_RECEIPTS, row["income_account"], row["fen"]),),
                preparer=SYSTEM,
            )
            for row in due
        ],
    )
