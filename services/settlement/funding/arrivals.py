"""Money that arrives: subsidies, sponsors and remittances, and temporary receipts of years that have not begun."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.settlement.funding import arrivals_store
from services.settlement.funding.accounts import (
    BASIC,
    FISCAL,
    INCOME,
    SPONSORED_PREMIUMS,
    SUBSIDY_INCOME,
    TEMPORARY_RECEIPTS,
    TOWNSHIP_TO_INCOME,
)
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Movement, Seen, check_not_future, journal, lock_account
from services.settlement.funding.problems import (
    NOTHING_TO_CARRY,
    REFERENCE_USED,
    SPONSORSHIP_EXCEEDED,
    SPONSORSHIP_UNKNOWN,
    SUBSIDY_NOT_AUDITED,
)
from services.settlement.ledger.posting import SYSTEM
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan


async def record_subsidy(desk: Desk, level: str, year: int, fen: int, reference: str, day: date) -> UUID:
    """A subsidy arrived on the fiscal account: booked at once, ticked off when the bank's statement shows it. One paid
    ahead for a later coverage year is a temporary receipt until that year begins (rulings §6).

    Raises REFERENCE_USED and IN_THE_FUTURE.
    """
    later = year > desk.day.year
    if later:
        await lock_account(desk, FISCAL)
        await arrivals_store.add_temporary(desk.conn, desk.pool_code, year, SUBSIDY_INCOME[level], fen)
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
    rows = await arrivals_store.subsidy_year(desk.conn, desk.pool_code, year)
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
    await arrivals_store.add_subsidy_carry(desk.conn, desk.pool_code, year, differences, document, desk.day, desk.by)


async def record_sponsor(desk: Desk, sponsorship_id: UUID, fen: int, reference: str, day: date) -> UUID:
    """A sponsor's money for the premiums of a group arrived; of a later coverage year it is a temporary receipt.

    Raises SPONSORSHIP_UNKNOWN, SPONSORSHIP_EXCEEDED, REFERENCE_USED and IN_THE_FUTURE.
    """
    await lock_account(desk, FISCAL)
    known = await arrivals_store.sponsorship(desk.conn, desk.pool_code, sponsorship_id)
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
        await arrivals_store.add_temporary(desk.conn, desk.pool_code, known["coverage_year"], SPONSORED_PREMIUMS, fen)
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
    if not await arrivals_store.add_arrival(
        desk.conn,
        (desk.pool_code, arrival_id, kind, level, sponsorship_id, year, fen, reference, day, desk.by, desk.now),
    ):
        raise REFERENCE_USED(reference=reference)
    await book(desk, [Entry(BASIC, f"arrival:{arrival_id}", day, text, ((FISCAL, income, fen),))])
    await journal(desk, [Movement(new_id(desk.now), FISCAL, fen, reference, kind, arrival_id, day)])
    return arrival_id


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


async def remittances_arrived(desk: Desk, seen: Sequence[Seen]) -> None:
    """Marks remittances as arrived; their entries are booked by the caller before."""
    await arrivals_store.remittances_arrived(
        desk.conn, desk.pool_code, [s.source_id for s in seen], [s.value_date for s in seen]
    )


async def add_temporary(desk: Desk, year: int, income_account: str, fen: int) -> None:
    """Adds to the temporary receipts of a year that has not begun."""
    await arrivals_store.add_temporary(desk.conn, desk.pool_code, year, income_account, fen)


async def lower_temporary(desk: Desk, year: int, income_account: str, fen: int) -> None:
    """Part of the temporary receipts of a year was given back: it will not become income."""
    await arrivals_store.lower_temporary(desk.conn, desk.pool_code, year, income_account, fen)


async def recognise_temporary_receipts(desk: Desk, year: int) -> None:
    """From 1 January premiums paid for the year that begins are income (rulings §6); once for each amount."""
    due = await arrivals_store.recognise_temporary(desk.conn, desk.pool_code, year)
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
