"""Replenishment of the insurer's expenditure account: apply ▸ re-check ▸ approve ▸ transfer, each by another person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.settlement.funding import commands, store
from services.settlement.funding import replenishment_store as lines_store
from services.settlement.funding.accounts import BASIC, EXPENDITURE, RECEIVABLE, BankAccount
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Seen
from services.settlement.funding.problems import (
    HOME_INSTITUTION,
    LINES_INVALID,
    NOTHING_TO_APPLY_FOR,
    REFUSALS_EXCEED,
    REPLENISHMENT_STATE,
    REPLENISHMENT_UNKNOWN,
)
from shared.db.numbers import next_number
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES
from shared.kernel.errors import Words
from shared.kernel.ids import new_id, to_base32
from shared.kernel.money import format_yuan

STATUS: Mapping[str, Words] = MappingProxyType(
    {
        "applied": ("已申报", "applied for"),
        "rechecked": ("已复核", "re-checked"),
        "approved": ("已批准", "approved"),
        "transferred": ("已拨付", "transferred"),
        "sent_back": ("已退回", "sent back"),
    }
)
_RECHECKED = ("已复核或已退回", "re-checked or sent back")
_NOTHING_LEFT = ("已批准,应拨 0.00 元", "approved with nothing to transfer")
RECHECK: Words = ("复核", "re-check")
SEND_BACK: Words = ("退回", "send back")
APPROVE: Words = ("批准", "approve")
TRANSFER: Words = ("拨付", "transfer")


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A claim's layer that an instruction paid (sign 1), or whose money came back (sign -1)."""

    instruction_id: UUID
    claim_id: UUID
    layer: str
    sign: int
    amount_fen: int
    expense_account: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line refused at the county's re-check, and who bears it (rulings §1)."""

    line: int
    bearer: str
    reason: str


async def record_paid(desk: Desk, lines: Sequence[PaidLine]) -> None:
    """Lines that wait to be applied for; nothing to do for none."""
    if lines:
        await lines_store.add_paid_lines(
            desk.conn,
            desk.pool_code,
            desk.day,
            [(x.instruction_id, x.claim_id, x.layer, x.sign, x.amount_fen, x.expense_account) for x in lines],
        )


async def apply(desk: Desk, up_to: date | None) -> Any:
    """The insurer applies for all that was paid up to a day and not applied for. Raises NOTHING_TO_APPLY_FOR."""
    through = up_to or desk.day
    await commands.lock_account(desk, EXPENDITURE)  # no statement confirms or returns a payment while lines are taken
    count, fen = await lines_store.waiting(desk.conn, desk.pool_code, through)
    if fen <= 0:
        raise NOTHING_TO_APPLY_FOR(up_to=through, amount=format_yuan(fen))
    replenishment_id = new_id(desk.now)
    number = await next_number(desk.conn, desk.pool_code, desk.day)
    await lines_store.add_application(
        desk.conn, desk.pool_code, replenishment_id, number, count, fen, desk.by, desk.now
    )
    if await lines_store.take_lines(desk.conn, desk.pool_code, replenishment_id, through) != count:
        raise RuntimeError("paid lines changed while they were applied for")
    return await lines_store.replenishment(desk.conn, desk.pool_code, replenishment_id)


async def recheck(desk: Desk, replenishment_id: UUID, refusals: Sequence[Refusal]) -> Any:
    """The county office re-checks: a refused line becomes a receivable on its bearer, and the advance stays short.

    Raises REPLENISHMENT_UNKNOWN, FOUR_EYES, CONFLICT_OF_INTEREST, REPLENISHMENT_STATE, LINES_INVALID and
    REFUSALS_EXCEED.
    """
    await commands.lock_account(desk, EXPENDITURE)  # a payment that comes back now is seen, or sees what is refused
    known = await _expect(desk, replenishment_id, "applied", RECHECK)
    await _keep_away_from_home(desk, replenishment_id)
    named = {
        row["line"]: row
        for row in await lines_store.lines_named(
            desk.conn, desk.pool_code, replenishment_id, [refusal.line for refusal in refusals]
        )
    }
    wrong = [r.line for r in refusals if r.line not in named]
    repeated = {r.line for r in refusals if [x.line for x in refusals].count(r.line) > 1}
    if wrong or repeated:
        raise LINES_INVALID(
            errors=[
                {"at": f"line {line}", "reason": ("没有这一支付行,或重复列出", "no such payment line, or named twice")}
                for line in sorted({*wrong, *repeated})
            ]
        )
    refused = sum(named[r.line]["amount_fen"] for r in refusals)
    if refused > known["applied_fen"]:
        raise REFUSALS_EXCEED(refused=format_yuan(refused), applied=format_yuan(known["applied_fen"]))
    if refusals:
        await _refuse(desk, replenishment_id, refusals, named)
    if not await lines_store.recheck(desk.conn, desk.pool_code, replenishment_id, refused, desk.by, desk.now):
        raise REPLENISHMENT_STATE(replenishment=replenishment_id, status=_RECHECKED, act=RECHECK)
    return await lines_store.replenishment(desk.conn, desk.pool_code, replenishment_id)


async def _refuse(desk: Desk, replenishment_id: UUID, refusals: Sequence[Refusal], named: dict[int, Any]) -> None:
    by_account: dict[str, int] = {}
    rows = []
    for refusal in refusals:
        row = named[refusal.line]
        by_account[row["benefit_account"]] = by_account.get(row["benefit_account"], 0) + row["amount_fen"]
        receivable_id = new_id(desk.now)
        rows.append(
            (receivable_id, refusal.line, refusal.bearer, refusal.reason, row["amount_fen"], to_base32(receivable_id))
        )
    await book(
        desk,
        [
            Entry(
                BASIC,
                f"recheck:{replenishment_id}",
                desk.day,
                "复核拒付转应收",
                tuple((RECEIVABLE, account, fen) for account, fen in sorted(by_account.items())),
            )
        ],
    )
    await lines_store.add_receivables(desk.conn, desk.pool_code, replenishment_id, desk.day, rows)


async def send_back(desk: Desk, replenishment_id: UUID, reason: str) -> Any:
    """The county office sends an application back for correction: its lines wait again."""
    await commands.lock_account(desk, EXPENDITURE)
    await _expect(desk, replenishment_id, "applied", SEND_BACK)
    await _keep_away_from_home(desk, replenishment_id)
    if not await lines_store.send_back(desk.conn, desk.pool_code, replenishment_id, desk.by, reason):
        raise REPLENISHMENT_STATE(replenishment=replenishment_id, status=_RECHECKED, act=SEND_BACK)
    await lines_store.free_lines(desk.conn, desk.pool_code, replenishment_id)
    return await lines_store.replenishment(desk.conn, desk.pool_code, replenishment_id)


async def approve(desk: Desk, replenishment_id: UUID, role: str) -> Any:
    """Finance approves what was not refused and prepares its transfer, which another person releases."""
    known = await _expect(desk, replenishment_id, "rechecked", APPROVE)
    await _keep_away_from_home(desk, replenishment_id)
    if not await lines_store.approve(desk.conn, desk.pool_code, replenishment_id, desk.by, desk.now):
        raise REPLENISHMENT_STATE(replenishment=replenishment_id, status=STATUS["approved"], act=APPROVE)
    if fen := known["applied_fen"] - known["refused_fen"]:
        await commands.prepare_transfer(desk, "replenishment", role, fen, replenishment_id)
    return await lines_store.replenishment(desk.conn, desk.pool_code, replenishment_id)


async def transfer(desk: Desk, replenishment_id: UUID, role: str) -> Any:
    """A second person of finance releases the transfer of an approved application; returns the transfer."""
    await _expect(desk, replenishment_id, "approved", TRANSFER)
    prepared = await store.transfer_of(desk.conn, desk.pool_code, replenishment_id)
    if prepared is None:
        raise REPLENISHMENT_STATE(replenishment=replenishment_id, status=_NOTHING_LEFT, act=TRANSFER)
    return await release(desk, prepared["id"], role)


async def release(desk: Desk, transfer_id: UUID, role: str) -> Any:
    """Releases any transfer; one of an application marks the application too."""
    released = await commands.release_transfer(desk, transfer_id, role)
    if released["replenishment_id"] is not None:
        await lines_store.transferred(desk.conn, desk.pool_code, released["replenishment_id"])
    return released


def receivable_entries(seen: Sequence[Seen], bank: BankAccount) -> list[Entry]:
    """What a bearer's repayment books: the money is back on the account that it was paid from; of the fund's, the
    advance is restored."""
    return [
        Entry(
            bank.book,
            f"receivable:{s.source_id}",
            s.value_date,
            "应收款项收回",
            ((bank.ledger_account, RECEIVABLE, s.signed_fen),),
        )
        for s in seen
    ]


async def receivables_made_good(desk: Desk, seen: Sequence[Seen]) -> None:
    """Marks receivables as made good; their entries are booked by the caller before."""
    await lines_store.receivables_made_good(
        desk.conn, desk.pool_code, [s.source_id for s in seen], [s.value_date for s in seen]
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """A paid line that the county refused and nobody has made good yet."""

    instruction_id: UUID
    claim_id: UUID
    layer: str
    expense_account: str
    amount_fen: int
    receivable_id: UUID


@dataclass(frozen=True, slots=True)
class SecondPayment:
    """A payment that the bank executed after it had been declared not executed and paid again."""

    instruction_id: UUID
    amount_fen: int
    reference: str
    bearer: str
    """Who was paid twice: ``hospital`` or ``patient``."""


async def record_second_payment(desk: Desk, second: SecondPayment) -> UUID:
    """The receivable on who was paid twice; its entry is booked by the caller before."""
    receivable_id = new_id(desk.now)
    await lines_store.add_second_payment(
        desk.conn,
        (
            desk.pool_code,
            receivable_id,
            second.instruction_id,
            second.bearer,
            f"银行在申明未执行后仍支付 {second.reference}",
            second.amount_fen,
            to_base32(receivable_id),
            desk.day,
        ),
    )
    return receivable_id


async def hospital_receivables(desk: Desk, ids: Sequence[UUID]) -> list[Any]:
    """Of the named receivables those that a hospital owes and that can be set off."""
    return await lines_store.hospital_receivables(desk.conn, desk.pool_code, ids)


async def begin_set_off(desk: Desk, ids: Sequence[UUID], instruction_ids: Sequence[UUID]) -> None:
    """Each receivable will be made good by its instruction."""
    await lines_store.begin_set_off(desk.conn, desk.pool_code, ids, instruction_ids)


async def set_offs_confirmed(desk: Desk, instruction_ids: Sequence[UUID]) -> None:
    """Receivables that confirmed payments set off are made good; their entries are booked by the caller before."""
    await lines_store.set_off_done(desk.conn, desk.pool_code, instruction_ids, desk.day)


async def refused_of(desk: Desk, instruction_ids: Sequence[UUID]) -> list[Refused]:
    """Refused lines of instructions whose money comes back: the bank makes them good, nobody owes them any more."""
    rows = await lines_store.refused_open(desk.conn, desk.pool_code, instruction_ids)
    return [Refused(**row) for row in rows]


async def made_good_by_return(desk: Desk, refused: Sequence[Refused], day: date) -> None:
    """Marks the receivables of refused lines whose payment came back."""
    ids = [r.receivable_id for r in refused]
    await lines_store.receivables_made_good(desk.conn, desk.pool_code, ids, [day] * len(ids))


async def _keep_away_from_home(desk: Desk, replenishment_id: UUID) -> None:
    """Nobody decides on money paid to the hospital where his home unit sits (WC-07); raises CONFLICT_OF_INTEREST."""
    if desk.home_institution is not None and await lines_store.pays_institution(
        desk.conn, desk.pool_code, replenishment_id, desk.home_institution
    ):
        raise CONFLICT_OF_INTEREST(tie=HOME_INSTITUTION)


async def _expect(desk: Desk, replenishment_id: UUID, status: str, act: Words) -> Any:
    """The application in the state that the act needs, none of whose earlier acts is by this person."""
    known = await lines_store.replenishment(desk.conn, desk.pool_code, replenishment_id)
    if known is None:
        raise REPLENISHMENT_UNKNOWN(replenishment=replenishment_id)
    if desk.by in (known["applied_by"], known["rechecked_by"]):
        raise FOUR_EYES(act=("申报或复核", "apply or re-check"), then=act)
    if known["status"] != status:
        raise REPLENISHMENT_STATE(replenishment=replenishment_id, status=STATUS[known["status"]], act=act)
    return known
