"""What a second person says of an open line: which reference was meant, or that it is interest or its correction."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding.booking import Desk, book
from services.settlement.funding.commands import Movement
from services.settlement.funding.movements import INTEREST, INTEREST_CORRECTED
from services.settlement.reconciliation import store
from services.settlement.reconciliation.commands import Matched, match_open_lines
from services.settlement.reconciliation.problems import LINE_UNKNOWN, NOT_INTEREST, NOTHING_OF_THIS_REFERENCE
from shared.http.problems import FOUR_EYES
from shared.kernel.errors import Words
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan

IMPORT: Words = ("导入对账单", "import the statement")


async def read_line(desk: Desk, role: str, line_id: UUID, reference: str, reason: str) -> Matched:
    """A second person reads an open line, whose reference the bank or the typist got wrong, under the one meant: it is
    matched like any other, amount and direction included; a late execution of an order waits for its last hand.

    Raises LINE_UNKNOWN, KEEPER_ONLY, FOUR_EYES, and NOTHING_OF_THIS_REFERENCE where it still shows nothing.
    """
    line = await _open_line(desk, role, line_id, ("认定所指款项", "say what its line means"))
    await store.add_reading(desk.conn, (desk.pool_code, line_id, reference, reason, desk.by, desk.now))
    matched = await match_open_lines(desk, line["account"])
    still_open = await store.open_line(desk.conn, desk.pool_code, line_id) is not None
    if still_open and not matched.lacking_fen and not await _order_waits(desk, line, reference):
        raise NOTHING_OF_THIS_REFERENCE(reference=reference, amount=format_yuan(line["signed_fen"]))
    return matched


async def _order_waits(desk: Desk, line: Any, reference: str) -> bool:
    """Whether a payment by order that was declared not executed or came back had this reference and amount: the line
    then waits for the order's last hand, who records that it was executed late (0263)."""
    fen = line["signed_fen"]
    return await store.order_waits(desk.conn, desk.pool_code, line["account"], reference, fen)


async def _open_line(desk: Desk, role: str, line_id: UUID, then: Words) -> Any:
    """An open line with its account locked, for another than who imported it.

    Raises LINE_UNKNOWN, KEEPER_ONLY and FOUR_EYES.
    """
    known = await store.open_line(desk.conn, desk.pool_code, line_id)
    if known is None:
        raise LINE_UNKNOWN(line=line_id)
    await funding.lock_matching(desk, known["account"])
    line = await store.open_line(desk.conn, desk.pool_code, line_id)
    if line is None:
        raise LINE_UNKNOWN(line=line_id)
    funding.check_keeper(funding.account_of(line["account"]), role)
    if line["imported_by"] == desk.by:
        raise FOUR_EYES(act=IMPORT, then=then)
    return line


async def recognise_interest(desk: Desk, role: str, line_id: UUID) -> UUID:
    """A second person recognises an open line as interest, or as the bank's correction of interest recognised before;
    returns its movement.

    Raises LINE_UNKNOWN, KEEPER_ONLY, FOUR_EYES, NOT_INTEREST, and the ledger's overdrawn of a correction.
    """
    line = await _open_line(desk, role, line_id, ("确认利息", "recognise interest"))
    signed, account = line["signed_fen"], line["account"]
    kind, source = INTEREST, line_id
    hands = (line["value_date"], line["imported_by"], desk.by)
    if signed > 0:
        entry = funding.interest_entry(account, line_id, signed, *hands)
    else:
        known = await store.interest_of(desk.conn, desk.pool_code, account, -signed)
        if known is None:
            raise NOT_INTEREST(line=line["line"], amount=format_yuan(-signed))
        kind, source = INTEREST_CORRECTED, known["id"]
        entry = await funding.correction_entry(desk, account, line_id, known["source_id"], -signed, *hands)
    await book(desk, [replace(entry, papers=(line["sha256"].hex(),))])
    movement = Movement(new_id(desk.now), account, signed, line["reference"], kind, source, line["value_date"])
    await funding.journal(desk, [movement])
    await store.add_matches(desk.conn, desk.pool_code, desk.by, desk.now, [(line_id, movement.id)])
    return movement.id
