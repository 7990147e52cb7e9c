"""Replenishment of the insurer's expenditure account: apply ▸ re-check ▸ approve ▸ transfer, each by another person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

import structlog

from services.settlement.funding import commands, store, third_parties, transfers, write_offs
from services.settlement.funding import replenishment_store as lines_store
from services.settlement.funding.accounts import BASIC, EXPENDITURE, FISCAL, RECEIVABLE
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.problems import (
    HOME_INSTITUTION,
    LINES_INVALID,
    NOTHING_TO_APPLY_FOR,
    REFUSALS_EXCEED,
    REPLENISHMENT_STATE,
    REPLENISHMENT_UNKNOWN,
)
from services.settlement.funding.receivables import ASKED_BACK, NOBODY, Owed, arise, owing
from services.settlement.funding.receivables import RECHECK as ORIGIN
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
BY_THE_BANK = "rule:transfer"
"""Stands for who released a transfer that nobody here told the bank to execute."""
SHOWN_AFTER_ALL = "银行对账单显示原划转已执行"
"""Why a transfer prepared again is given up by the import of a statement."""
_log = structlog.get_logger("heyi.settlement.transfers")
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
    """A line refused at the county's re-check, who bears it, and in fen what its hospital owes the patient besides and
    the penalty, which goes to the treasury (rulings §1); the fund's share is the line's whole amount."""

    line: int
    bearer: str
    reason: str
    patient_owed_fen: int = 0
    penalty_fen: int = 0


async def record_paid(desk: Desk, lines: Sequence[PaidLine]) -> None:
    """Lines that wait to be applied for, and what third parties owe of them from now on; nothing to do for none."""
    if lines:
        due = await lines_store.add_paid_lines(
            desk.conn,
            desk.pool_code,
            desk.day,
            [(x.instruction_id, x.claim_id, x.layer, x.sign, x.amount_fen, x.expense_account) for x in lines],
        )
        await third_parties.owe(desk, due)


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
    """The county office re-checks: a refused line becomes a receivable on its bearer, and the advance stays short. Of a
    line that nobody bears the director decides whether the fund does.

    Raises REPLENISHMENT_UNKNOWN, FOUR_EYES, CONFLICT_OF_INTEREST, REPLENISHMENT_STATE, LINES_INVALID and
    REFUSALS_EXCEED.
    """
    await commands.lock_account(desk, EXPENDITURE)  # a payment that comes back now is seen, or sees what is refused
    await commands.lock_account(desk, ASKED_BACK)
    if refusals:
        await commands.lock_account(desk, FISCAL)  # what a third party pays now is seen, or finds nothing owed
    known = await _expect(desk, replenishment_id, "applied", RECHECK)
    await _keep_away_from_home(desk, replenishment_id)
    named = {
        row["line"]: row
        for row in await lines_store.lines_named(
            desk.conn, desk.pool_code, replenishment_id, [refusal.line for refusal in refusals]
        )
    }
    _check_lines(refusals, named)
    refused = sum(named[r.line]["amount_fen"] for r in refusals)
    if refused > known["applied_fen"]:
        raise REFUSALS_EXCEED(refused=format_yuan(refused), applied=format_yuan(known["applied_fen"]))
    if refusals:
        await _refuse(desk, replenishment_id, refusals, named)
    if not await lines_store.recheck(desk.conn, desk.pool_code, replenishment_id, refused, desk.by, desk.now):
        raise REPLENISHMENT_STATE(replenishment=replenishment_id, status=_RECHECKED, act=RECHECK)
    return await lines_store.replenishment(desk.conn, desk.pool_code, replenishment_id)


_NO_LINE: Words = ("没有这一支付行,或重复列出", "no such payment line, or named twice")
_THIRD_PARTY_PAID: Words = (
    "第三方已归还该行的款项,不能拒付;请予以通过,其余部分另行追回",
    "a third party has paid for this line already: accept it and ask the rest back by a recovery",
)


_REVERSED: Words = (
    "该笔结算已冲销,款项由收款人退还,不能再拒付;请予以通过",
    "the claim is reversed and whoever was paid owes it already: accept the line",
)


def _check_lines(refusals: Sequence[Refusal], named: Mapping[int, Any]) -> None:
    """Raises LINES_INVALID for lines that cannot be refused, all at once."""
    count = Counter(refusal.line for refusal in refusals)
    wrong = {line: _NO_LINE for line in count if line not in named or count[line] > 1}
    wrong |= {line: _REVERSED for line, row in named.items() if row["reversed"]}
    wrong |= {line: _THIRD_PARTY_PAID for line, row in named.items() if row["third_party_paid_fen"]}
    if wrong:
        raise LINES_INVALID(errors=[{"at": f"line {line}", "reason": wrong[line]} for line in sorted(wrong)])


async def _refuse(desk: Desk, replenishment_id: UUID, refusals: Sequence[Refusal], named: dict[int, Any]) -> None:
    by_account: dict[str, int] = {}
    for refusal in refusals:
        row = named[refusal.line]
        by_account[row["benefit_account"]] = by_account.get(row["benefit_account"], 0) + row["amount_fen"]
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
    ids = await arise(desk, [_owed(replenishment_id, refusal, named[refusal.line]) for refusal in refusals])
    pairs = zip(ids, refusals, strict=True)
    await write_offs.borne_by_nobody(
        desk, [(one, refusal.reason) for one, refusal in pairs if refusal.bearer == NOBODY]
    )
    await third_parties.refused(desk, [named[refusal.line] for refusal in refusals])


def _owed(replenishment_id: UUID, refusal: Refusal, row: Any) -> Owed:
    return Owed(
        ORIGIN,
        refusal.bearer,
        refusal.reason,
        row["amount_fen"],
        institution_code=owing(refusal.bearer, row),
        expense_account=row["benefit_account"],
        replenishment_id=replenishment_id,
        line=refusal.line,
        claim_id=row["claim_id"],
        layer=row["layer"],
        patient_owed_fen=refusal.patient_owed_fen,
        penalty_fen=refusal.penalty_fen,
    )


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
        await transfers.prepare_transfer(desk, "replenishment", role, fen, replenishment_id)
    return await lines_store.replenishment(desk.conn, desk.pool_code, replenishment_id)


async def transfer(desk: Desk, replenishment_id: UUID, role: str) -> Any:
    """A second person of finance releases the transfer of an approved application; returns the transfer."""
    await commands.lock_account(desk, FISCAL)  # of two who release it at once the later sees that it left
    await _expect(desk, replenishment_id, "approved", TRANSFER)
    prepared = await store.transfer_of(desk.conn, desk.pool_code, replenishment_id)
    if prepared is None:
        raise REPLENISHMENT_STATE(replenishment=replenishment_id, status=_NOTHING_LEFT, act=TRANSFER)
    return await release(desk, prepared["id"], role)


async def release(desk: Desk, transfer_id: UUID, role: str) -> Any:
    """Releases any transfer; one of an application marks the application too."""
    released = await transfers.release_transfer(desk, transfer_id, role)
    if released["replenishment_id"] is not None:
        await lines_store.transferred(desk.conn, desk.pool_code, released["replenishment_id"])
    return released


async def transfers_returned(desk: Desk, seen: Sequence[commands.Seen]) -> None:
    """The bank sent transfers back: an application's is prepared anew, and another person releases it."""
    for row in await transfers.transfers_returned(desk, seen):
        if row["replenishment_id"] is not None:
            await lines_store.back_to_approved(desk.conn, desk.pool_code, row["replenishment_id"])
            await transfers.renew_transfer(desk, row)


_MORE: Mapping[str, str] = MappingProxyType({"replenishment": "advance", "sweep": "advance_return"})
"""What a transfer is that the bank executed beside one that stands: money of the same route, for no application and
of no interest, so that it is the advance that is more or less."""


async def executed_again(desk: Desk, seen: Sequence[commands.Seen]) -> None:
    """The bank executed transfers once more (0299): one that had come back is the transfer after all, and what was
    prepared in its place is given up; any other is one more, on its way until a bank shows where it is. An alarm each.
    Their entries are booked by the caller before, under the lines' ids, which are those of the new transfers."""
    for s in seen:
        assert s.line_id is not None
        old = await store.transfer(desk.conn, desk.pool_code, s.source_id)
        kind, application = await _executed_as(desk, old, s.reference)
        row = (s.line_id, kind, -s.signed_fen, to_base32(s.line_id), application, old["township_code"])
        hands = (desk.by, desk.now, BY_THE_BANK, desk.day, s.reference)
        await store.add_executed(desk.conn, (desk.pool_code, *row, *hands))
        _log.error("transfer executed again by the bank", transfer=str(s.source_id), kind=kind, reference=s.reference)


async def _executed_as(desk: Desk, old: Any, reference: str) -> tuple[str, UUID | None]:
    """Kind and application of what the bank executed again under a reference."""
    kind, application = old["kind"], old["replenishment_id"]
    if application is None:
        stands = await store.stands_under(desk.conn, desk.pool_code, reference)
        return (_MORE.get(kind, kind) if stands else kind), None
    instead = await store.transfer_of(desk.conn, desk.pool_code, application)
    if instead is not None and instead["status"] != "prepared":
        return _MORE[kind], None
    if instead is not None:
        await store.cancel_transfer(desk.conn, desk.pool_code, instead["id"], desk.by, SHOWN_AFTER_ALL)
    await lines_store.transferred(desk.conn, desk.pool_code, application)
    return kind, application


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
