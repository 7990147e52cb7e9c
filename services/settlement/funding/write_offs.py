"""What a payer bears himself: a receivable that cannot be recovered, and of the fund a refused line that nobody bears
(rulings §1).

One person asks, another decides with the document; whose hands these are is the book's (0292). Approved, nobody owes it
any more: the expenditure that it had lessened stands again. A refused line left the advance short until it was made
good; borne by the fund, it is applied for at the next replenishment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.settlement.funding import commands, receivable_store, replenishment_store
from services.settlement.funding import write_off_store as store
from services.settlement.funding.accounts import (
    ASSISTANCE,
    BANK_ACCOUNTS,
    BASIC,
    CRITICAL_ILLNESS,
    EXPENDITURE,
    FISCAL,
    RECEIVABLE,
    SUPPLEMENTARY,
)
from services.settlement.funding.booking import Desk, Entry, book, keep_away_from_home
from services.settlement.funding.problems import (
    BEARER_MISSING,
    NOT_TO_WRITE_OFF,
    RECEIVABLE_UNKNOWN,
    WRITE_OFF_ASKED,
    WRITE_OFF_DECIDED,
    WRITE_OFF_HAND,
    WRITE_OFF_UNKNOWN,
)
from services.settlement.funding.receivables import (
    ACCIDENT,
    ASKED_BACK,
    CANCELLATION,
    FAMILY_BENEFITS,
    NOBODY,
    ORDER_TWICE,
    RECHECK,
    RECOVERY,
    SECOND,
    WRITTEN_OFF,
)
from services.settlement.ledger.refusals import book_words
from shared.http.problems import FOUR_EYES
from shared.http.roles import role_words, roles_words
from shared.kernel.errors import Words
from shared.kernel.ids import new_id

APPROVED, REFUSED = "approved", "refused"
OF_CARE = frozenset({RECOVERY, ACCIDENT, CANCELLATION})
"""Origins that lessened the expenditure under a year of care: written off, they stand under that year again."""
_NEVER_SPENT = frozenset({SECOND, ORDER_TWICE})


@dataclass(frozen=True, slots=True)
class Hands:
    """Who may ask that a payer bears what cannot be recovered, and who decides it."""

    asks: frozenset[str]
    decides: frozenset[str]


_OFFICE = frozenset({"county_recheck", "county_inspector"})
_INSURER, _FINANCE = frozenset({"insurer_finance"}), frozenset({"county_finance"})
HANDS: Mapping[str, Hands] = MappingProxyType(
    {
        BASIC: Hands(_OFFICE, frozenset({"county_director"})),
        CRITICAL_ILLNESS: Hands(_INSURER, frozenset({"county_director"})),  # its money is the fund's
        SUPPLEMENTARY: Hands(_INSURER, frozenset({"insurer_manager", "insurer_approver"})),
        ASSISTANCE: Hands(_OFFICE | _FINANCE, _FINANCE),
    }
)
ASKS = frozenset().union(*(hands.asks for hands in HANDS.values()))
DECIDES = frozenset().union(*(hands.decides for hands in HANDS.values()))
_ASK: Words = ("提出核销", "ask for the write-off")
_DECIDE: Words = ("决定", "decide it")


async def borne_by_nobody(desk: Desk, rows: Sequence[tuple[UUID, str]]) -> None:
    """Refused lines that nobody bears: (receivable, reason). Who re-checked asks that the fund bears them."""
    if rows:
        asked = [(new_id(desk.now), receivable, reason) for receivable, reason in rows]
        await store.ask(desk.conn, desk.pool_code, desk.by, desk.now, asked)


async def ask(desk: Desk, role: str, receivable_id: UUID, reason: str) -> Any:
    """The first person: this cannot be recovered. Raises RECEIVABLE_UNKNOWN, WRITE_OFF_HAND, CONFLICT_OF_INTEREST,
    NOT_TO_WRITE_OFF and WRITE_OFF_ASKED."""
    name = await _book_of(desk, receivable_id)
    _check_hand(name, HANDS[name].asks, role)
    await _lock(desk, name)
    await _recoverable(desk, receivable_id)
    write_off_id = new_id(desk.now)
    if not await store.ask(desk.conn, desk.pool_code, desk.by, desk.now, [(write_off_id, receivable_id, reason)]):
        raise WRITE_OFF_ASKED(receivable=receivable_id)
    return await store.write_off(desk.conn, desk.pool_code, write_off_id)


async def approve(desk: Desk, role: str, write_off_id: UUID, document: str) -> Any:
    """The second person, with the document: the payer bears what is still open of it.

    Raises WRITE_OFF_UNKNOWN, WRITE_OFF_HAND, CONFLICT_OF_INTEREST, FOUR_EYES, WRITE_OFF_DECIDED and NOT_TO_WRITE_OFF.
    """
    known = await _decide(desk, role, write_off_id, APPROVED, document)
    row = await _recoverable(desk, known["receivable_id"])
    fen = row["amount_fen"] - row["settled_fen"] - row["waived_fen"]
    account = row["expense_account"] or FAMILY_BENEFITS
    year = row["care_year"] if row["book"] == BASIC and row["origin"] in OF_CARE else None
    await book(
        desk,
        [
            Entry(
                row["book"],
                f"{'write-off' if year is None else 'waiver'}:{write_off_id}",
                desk.day,
                "应收追回款核销,由基金承担" if row["book"] == BASIC else "应收追回款核销,由付款方承担",
                ((account, RECEIVABLE, fen),),
                preparer=known["asked_by"],
                checker=desk.by,
                ref=row["reference"],
            )
        ],
    )
    told = (write_off_id, row["id"], fen, year, known["reason"])
    await receivable_store.waive(desk.conn, desk.pool_code, desk.day, WRITTEN_OFF, [told])
    if row["origin"] == RECHECK:
        line = (write_off_id, row["id"], "basic", 1, fen, account)
        await replenishment_store.add_paid_lines(desk.conn, desk.pool_code, desk.day, [line])
    return await store.write_off(desk.conn, desk.pool_code, write_off_id)


async def refuse(desk: Desk, role: str, write_off_id: UUID, document: str, bearer: str | None) -> Any:
    """The second person does not agree: it stays owed, by whom he names where nobody was named.

    Raises WRITE_OFF_UNKNOWN, WRITE_OFF_HAND, CONFLICT_OF_INTEREST, FOUR_EYES, WRITE_OFF_DECIDED and BEARER_MISSING.
    """
    known = await _decide(desk, role, write_off_id, REFUSED, document)
    if (known["bearer"] == NOBODY) != (bearer is not None):
        raise BEARER_MISSING()
    if bearer is not None:
        await store.name_bearer(desk.conn, desk.pool_code, known["receivable_id"], bearer)
    return await store.write_off(desk.conn, desk.pool_code, write_off_id)


async def _book_of(desk: Desk, receivable_id: UUID) -> str:
    """The book whom it is owed to. Raises RECEIVABLE_UNKNOWN, and NOT_TO_WRITE_OFF where a book has no such hands."""
    row = await receivable_store.receivable(desk.conn, desk.pool_code, receivable_id)
    if row is None:
        raise RECEIVABLE_UNKNOWN(receivable=receivable_id)
    if row["book"] not in HANDS:
        raise NOT_TO_WRITE_OFF(receivable=receivable_id)
    name: str = row["book"]
    return name


def _check_hand(name: str, allowed: frozenset[str], role: str) -> None:
    if role not in allowed:
        raise WRITE_OFF_HAND(book=book_words(name), allowed=roles_words(allowed), role=role_words(role))


async def _lock(desk: Desk, name: str) -> None:
    """No money comes in for it, and nothing is set off, refused or asked back, while it is decided. What is owed to the
    fund has two accounts to come to, what is owed to another payer his own."""
    if name == BASIC:
        await commands.lock_account(desk, EXPENDITURE)
    else:
        await commands.lock_account(desk, next(a.code for a in BANK_ACCOUNTS.values() if a.book == name))
    await commands.lock_account(desk, ASKED_BACK)
    if name == BASIC:
        await commands.lock_account(desk, FISCAL)


async def _decide(desk: Desk, role: str, write_off_id: UUID, decision: str, document: str) -> Any:
    known = await store.write_off(desk.conn, desk.pool_code, write_off_id)
    if known is None:
        raise WRITE_OFF_UNKNOWN(write_off=write_off_id)
    _check_hand(known["book"], HANDS[known["book"]].decides, role)
    await _lock(desk, known["book"])
    if known["institution_code"] is not None:
        keep_away_from_home(desk, known["institution_code"])
    if known["asked_by"] == desk.by:
        raise FOUR_EYES(act=_ASK, then=_DECIDE)
    if not await store.decide(desk.conn, desk.pool_code, write_off_id, decision, document, desk.by, desk.now):
        raise WRITE_OFF_DECIDED(write_off=write_off_id)
    return known


async def _recoverable(desk: Desk, receivable_id: UUID) -> Any:
    """The receivable, of which something is open and nothing about to be set off. A second payment stays its bank's or
    hospital's to give back, since it was never expenditure."""
    row = await receivable_store.receivable(desk.conn, desk.pool_code, receivable_id)
    if row is None:
        raise RECEIVABLE_UNKNOWN(receivable=receivable_id)
    if row["institution_code"] is not None:
        keep_away_from_home(desk, row["institution_code"])
    if row["made_good_on"] is not None or row["setting_off_fen"] or row["origin"] in _NEVER_SPENT:
        raise NOT_TO_WRITE_OFF(receivable=receivable_id)
    return row
