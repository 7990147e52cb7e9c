"""Setting off what a hospital owes against what it is due: posted gross, a benefit and a recovery (rulings §1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.settlement.funding.booking import Desk
from services.settlement.funding.receivables import begin_set_off, of_hospitals
from services.settlement.payouts import result_store
from services.settlement.payouts.problems import SET_OFF_INVALID, SET_OFF_TOO_MUCH
from shared.kernel.money import format_yuan, split_by_weight


@dataclass(frozen=True, slots=True)
class Owing:
    """What is set off of a receivable on a hospital, in fen: all that is open of it, or the part that was named."""

    id: UUID
    institution_code: str
    amount_fen: int


async def owing(desk: Desk, book: str, wanted: Mapping[UUID, int | None]) -> list[Owing]:
    """The named receivables, kept from others until the end, each with the part to set off (None: all that is open).

    Raises SET_OFF_INVALID, also for a part that is more than is open, and for what is owed in another book: nobody pays
    himself out of what is owed to somebody else.
    """
    if not wanted:
        return []
    rows = await of_hospitals(desk, book, sorted(wanted))
    found = [
        Owing(row["id"], row["institution_code"], fen)
        for row in rows
        if 0 < (fen := wanted[row["id"]] or row["open_fen"]) <= row["open_fen"]
    ]
    if missing := sorted(wanted.keys() - {one.id for one in found}):
        raise SET_OFF_INVALID(receivables="、".join(map(str, missing)))
    return found


def check(found: Sequence[Owing], due: Mapping[str, int]) -> None:
    """Each is owed by a hospital that is due more than it owes: something is always paid, under which the set-off is
    seen by the bank. Raises SET_OFF_INVALID and SET_OFF_TOO_MUCH."""
    if strangers := [one.id for one in found if one.institution_code not in due]:
        raise SET_OFF_INVALID(receivables="、".join(map(str, strangers)))
    for institution, fen in due.items():
        owed = sum(one.amount_fen for one in found if one.institution_code == institution)
        if owed >= fen:
            raise SET_OFF_TOO_MUCH(institution=institution, due=format_yuan(fen), amount=format_yuan(owed))


async def share(desk: Desk, found: Sequence[Owing], instructions: Sequence[Any]) -> None:
    """Ties each receivable to its hospital's instruction, and splits what is set off and withheld over the claims by
    amount, so that a claim of its own tells what of it was paid."""
    by_hospital = {row["institution_code"]: row for row in instructions}
    if found:
        tied = [(one.id, by_hospital[one.institution_code]["id"], one.amount_fen) for one in found]
        await begin_set_off(desk, tied)
    concerned = {row["id"]: row for row in instructions if row["set_off_fen"] or row["withheld_fen"]}
    if not concerned:
        return
    claims: dict[UUID, list[Any]] = {}
    for row in await result_store.claim_amounts(desk.conn, desk.pool_code, sorted(concerned)):
        claims.setdefault(row["instruction_id"], []).append(row)
    shares: list[tuple[UUID, UUID, str, int, int]] = []
    for instruction_id, rows in claims.items():
        amounts = [row["amount_fen"] for row in rows]
        withheld = split_by_weight(concerned[instruction_id]["withheld_fen"], amounts)
        left = [fen - kept for fen, kept in zip(amounts, withheld, strict=True)]
        set_off = split_by_weight(concerned[instruction_id]["set_off_fen"], left)
        shares += [
            (instruction_id, row["claim_id"], row["layer"], off, kept)
            for row, off, kept in zip(rows, set_off, withheld, strict=True)
        ]
    await result_store.write_shares(desk.conn, desk.pool_code, shares)
