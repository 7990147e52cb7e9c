"""Refunds of premiums that were remitted: applied for here, decided and paid by settlement (rulings §18).

What settlement pays lessens the bill, the heads of the coverage year and what the fiscal levels owe for it; the members
concerned are not covered by that bill any more, and the family account gives back what was split off for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from services.enrollment.financing import refund_store, store, totals_store
from services.enrollment.financing.billing import settle_complete
from services.enrollment.financing.dues import count_dues
from services.enrollment.financing.rules import PAYABLE
from services.enrollment.financing.voids import end_coverage
from services.enrollment.registry.act import SERVICE, Act
from services.enrollment.registry.model import within
from shared.contracts.enrollment import FamilyAccountWithdrawn, RefundApplied
from shared.db.personal import Sealer
from shared.http.problems import NOT_FOUND
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.messaging.outbox import Outgoing, emit_many

ERRORS_OF_OURS = ("double_enrolment", "own_error")
"""Why a premium is refunded although its coverage year has begun."""

REFUND_YEAR_BEGUN = define(
    "refund_of_begun_year",
    409,
    "保障年度已开始",
    "The coverage year has begun",
    "{year} 年度保障已开始,个人缴费不再退还;只有重复参合或经办差错可以退,请填写原因。",
    "Coverage of {year} has begun: premiums are refunded for double enrolment or our own error only; name the cause.",
)
REFUND_NOT_REMITTED = define(
    "refund_not_remitted",
    409,
    "款还在乡镇",
    "The money is still with the township",
    "收据 {numbers} 还没有上缴,不走退费:请先作废收据,或上缴后再申请。",
    "Receipts {numbers} are not remitted: void them instead, or apply once they are.",
)
REFUND_NOTHING = define(
    "refund_nothing",
    409,
    "没有可退的缴费",
    "Nothing to refund",
    "这张缴费单没有家庭自己缴的钱可退。",
    "The household has paid nothing on this bill that could be refunded.",
)
REFUND_MEMBERS = define(
    "refund_members",
    422,
    "所列人员不能退费",
    "These members cannot be refunded",
    "{members} 不在这张缴费单上自费参合,或该户还没有缴清;请核对,未缴清的只能整户退。",
    "{members} are not paid for by the household on this bill, or it is not complete: an incomplete bill is refunded "
    "as a whole.",
)
REFUND_OPEN = define(
    "refund_open",
    409,
    "已有退费申请在办",
    "A refund is under way",
    "这张缴费单已有一份退费申请在办;办结后再申请。",
    "A refund of this bill waits for a decision; apply again when it has ended.",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a township asks back: the premiums of the members named, or all that the household paid."""

    bill_id: UUID
    member_ids: Sequence[UUID] | None
    cause: str
    reason: str


async def apply(act: Act, areas: Sequence[str], asked: Asked) -> UUID:
    """Applies for a refund; nothing changes until settlement has paid it. The id of the refund.

    Raises NOT_FOUND, REFUND_YEAR_BEGUN, REFUND_NOT_REMITTED, REFUND_NOTHING, REFUND_MEMBERS, REFUND_OPEN.
    """
    locked = await store.lock_bills(act.conn, act.pool_code, [asked.bill_id])
    if not locked or not within(areas, locked[0]["township_code"]):
        raise NOT_FOUND(what=(f"缴费单 {asked.bill_id}", f"bill {asked.bill_id}"))
    (bill,) = locked
    if bill["year"] <= act.day.year and asked.cause not in ERRORS_OF_OURS:
        raise REFUND_YEAR_BEGUN(year=bill["year"])
    if numbers := await refund_store.unremitted(act.conn, act.pool_code, asked.bill_id):
        raise REFUND_NOT_REMITTED(numbers="、".join(numbers[:20]))
    lines, fen = _lines(await store.bill_lines(act.conn, act.pool_code, asked.bill_id), bill, asked.member_ids)
    refund_id = new_id(act.now)
    try:
        await refund_store.insert(
            act.conn,
            act.pool_code,
            lines,
            refund_id,
            asked.bill_id,
            bill["township_code"],
            bill["year"],
            asked.cause,
            fen,
            asked.reason,
            act.by,
            act.now,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "refund_one_open":
            raise
        raise REFUND_OPEN() from error
    await emit_many(act.conn, [_applied(act, refund_id, bill, asked.cause, fen, len(lines))])
    return refund_id


def _lines(rows: Sequence[Any], bill: Any, wanted: Sequence[UUID] | None) -> tuple[list[tuple[UUID, int]], int]:
    """The lines to strike with their premiums, and the fen to pay back."""
    payable = {row["member_id"]: row["premium_fen"] for row in rows if row["kind"] == PAYABLE}
    if bill["paid_fen"] == 0:
        raise REFUND_NOTHING()
    if wanted is None or set(wanted) == payable.keys():
        return sorted(payable.items()), bill["paid_fen"]
    unfit = [member for member in wanted if member not in payable]
    if unfit or bill["paid_fen"] < bill["due_fen"]:
        raise REFUND_MEMBERS(members="、".join(str(member) for member in unfit or wanted))
    lines = [(member, payable[member]) for member in sorted(set(wanted))]
    return lines, sum(premium for _, premium in lines)


def _applied(act: Act, refund_id: UUID, bill: Any, cause: str, fen: int, heads: int) -> Outgoing:
    payload = RefundApplied(
        refund_id=refund_id,
        bill_id=bill["bill_id"],
        township_code=bill["township_code"],
        year=bill["year"],
        cause=cause,
        head_count=heads,
        amount=fen,
        applied_by=act.by,
        at=act.now,
    )
    return Outgoing(payload, act.pool_code, str(refund_id), 1, act.day, act.now, SERVICE, fen)


async def paid(act: Act, sealer: Sealer, refund_id: UUID) -> None:
    """Settlement has paid: bill, coverage, heads and dues of the year shrink, the family account gives back its part.

    Raises LookupError for a refund that nobody applied for here.
    """
    known = await refund_store.refund(act.conn, act.pool_code, refund_id)
    if known is None:
        raise LookupError(f"no refund {refund_id}")
    await store.lock_bills(act.conn, act.pool_code, [known["bill_id"]])
    if not await refund_store.end(act.conn, act.pool_code, refund_id, "paid", act.day):
        raise LookupError(f"refund {refund_id} has ended before")
    struck = await refund_store.strike(act.conn, act.pool_code, known["bill_id"], refund_id)
    await refund_store.pay_back(act.conn, act.pool_code, known["bill_id"], known["amount_fen"])
    covered = {row["member_id"]: row["covered_from"] for row in struck if row["covered_from"] is not None}
    await end_coverage(act, sealer, known["year"], covered, "refunded")
    await settle_complete(act, sealer, [known["bill_id"]])
    if await totals_store.dues(act.conn, act.pool_code, known["year"]):
        await count_dues(act, known["year"], None)
    await _withdraw(act, known, len(covered))


async def refused(act: Act, refund_id: UUID) -> None:
    """Settlement has turned it down: nothing changes, and another may be applied for."""
    if not await refund_store.end(act.conn, act.pool_code, refund_id, "refused", act.day):
        raise LookupError(f"no open refund {refund_id}")


async def _withdraw(act: Act, refund: Any, heads: int) -> None:
    """Takes back what was split off for these heads; claims alone knows what of it is spent (contracts §8)."""
    credit = await refund_store.credit_of(act.conn, act.pool_code, refund["household_id"], refund["year"])
    if credit is None or not heads:
        return
    per_head = credit["amount_fen"] // credit["head_count"]
    fen = min(per_head * heads, credit["amount_fen"] - credit["withdrawn_fen"])
    if fen <= 0:
        return
    await refund_store.withdraw(act.conn, act.pool_code, credit["credit_id"], fen)
    payload = FamilyAccountWithdrawn(
        credit_id=credit["credit_id"],
        refund_id=refund["refund_id"],
        household_id=refund["household_id"],
        year=refund["year"],
        amount=fen,
        withdrawn_on=act.day,
        at=act.now,
    )
    sequence = credit["version"] + 1
    told = Outgoing(payload, act.pool_code, str(credit["credit_id"]), sequence, act.day, act.now, SERVICE, fen)
    await emit_many(act.conn, [told])
