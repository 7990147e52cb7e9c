"""Money in before and after it arrives: subsidies carried on, remittances, and temporary receipts of years that have
not begun."""

from collections.abc import Sequence
from datetime import date

from services.settlement.funding import arrivals_store
from services.settlement.funding.accounts import BASIC, INCOME, TEMPORARY_RECEIPTS, TOWNSHIP_TO_INCOME
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Seen, lock_account
from services.settlement.funding.problems import NOTHING_TO_CARRY, SUBSIDY_NOT_AUDITED
from services.settlement.ledger.posting import SYSTEM


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


async def add_temporary(desk: Desk, year: int, income_account: str, fen: int, book_name: str = BASIC) -> None:
    """Adds to a book's temporary receipts of a year that has not begun."""
    await arrivals_store.add_temporary(desk.conn, desk.pool_code, book_name, year, income_account, fen)


async def lower_temporary(desk: Desk, year: int, income_account: str, fen: int, book_name: str = BASIC) -> int:
    """Part of a book's temporary receipts of a year never came or was given back: it will not become income. How many
    fen of it had become income already."""
    return await arrivals_store.lower_temporary(desk.conn, desk.pool_code, book_name, year, income_account, fen)


async def recognise_temporary_receipts(desk: Desk, year: int) -> None:
    """From 1 January what was received for the year that begins is income of its book (rulings §6); once for each
    amount."""
    due = await arrivals_store.recognise_temporary(desk.conn, desk.pool_code, year)
    await book(
        desk,
        [
            Entry(
                row["book"],
                f"recognise:{row['coverage_year']}:{row['income_account']}:{row['before']}",
                min(desk.day, date(max(row["coverage_year"], 1), 1, 1)),
                f"{row['coverage_year']} 年度保费转为当年收入",
                ((TEMPORARY_RECEIPTS, row["income_account"], row["fen"]),),
                preparer=SYSTEM,
            )
            for row in due
        ],
    )
