"""What becomes of payments (contracts §11): confirmed by the bank's statement, returned after they were paid, declared
not executed by two people, and executed all the same after that."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Any
from uuid import UUID

import structlog

from services.settlement.funding.accounts import RECEIVABLE
from services.settlement.funding.booking import Desk, Entry
from services.settlement.funding.commands import Seen
from services.settlement.funding.receivables import (
    SECOND,
    Owed,
    arise,
    made_good_by_return,
    refused_of,
    set_offs_confirmed,
)
from services.settlement.funding.replenishment import PaidLine, record_paid
from services.settlement.ledger.posting import hold, release_hold
from services.settlement.payouts import obligations, owed_store, payees, result_store, second
from services.settlement.payouts.deposits import KIND as DEPOSIT
from services.settlement.payouts.problems import DECLARATION_FOLLOWED
from services.settlement.payouts.purses import purse_of
from shared.contracts.settlement import (
    PaymentConfirmed,
    PaymentNotExecuted,
    PaymentOutstanding,
    PaymentPaidTwice,
    PaymentReturned,
)
from shared.kernel.ids import new_id
from shared.messaging.outbox import Outgoing, emit_many

SERVICE = "settlement"
NOT_EXECUTED = "not_executed"
_log = structlog.get_logger("heyi.settlement.payments")


async def confirmation_entries(desk: Desk, seen: Sequence[Seen]) -> list[Entry]:
    """One voucher an instruction, made from the bank's confirmation; it uses the hold that the batch took, unless that
    was freed by declaring the payment not executed."""
    return [
        Entry(
            bank.book,
            f"payment:{s.source_id}:confirmed",
            s.value_date,
            "银行确认支付补偿款",
            (
                *((row["expense_account"], bank.ledger_account, row["fen"]) for row in rows),
                *((row["expense_account"], RECEIVABLE, row["set_off_fen"]) for row in rows),
            ),
            hold_id=None if rows[0]["status"] == NOT_EXECUTED else rows[0]["hold_id"],
            party=rows[0]["institution_code"],
            ref=s.reference,
        )
        for s, rows in await _by_instruction(desk, seen)
        for bank in (purse_of(rows[0]["purse"]).bank,)
    ]


async def return_entries(desk: Desk, seen: Sequence[Seen]) -> list[Entry]:
    """One voucher an instruction whose money came back; what the county had refused is made good by it."""
    refused: dict[UUID, Counter[str]] = {}
    for r in await refused_of(desk, [s.source_id for s in seen]):
        refused.setdefault(r.instruction_id, Counter())[r.expense_account] += r.amount_fen
    entries = []
    for s, rows in await _by_instruction(desk, seen):
        made_good, bank = refused.get(s.source_id, Counter()), purse_of(rows[0]["purse"]).bank
        paying = bank.ledger_account
        back = [(paying, row["expense_account"], row["fen"] - made_good[row["expense_account"]]) for row in rows]
        entries.append(
            Entry(
                bank.book,
                f"payment:{s.source_id}:returned",
                s.value_date,
                "银行退票",
                (*back, (paying, RECEIVABLE, made_good.total())),
                party=rows[0]["institution_code"],
                ref=s.reference,
            )
        )
    return entries


async def executed_again_entries(desk: Desk, seen: Sequence[Seen]) -> list[Entry]:
    """One voucher an instruction that had come back and that the bank executed again: under the line's id, which is
    that of the instruction made of it (``repayments``)."""
    return [
        Entry(
            bank.book,
            f"payment:{s.line_id}:confirmed",
            s.value_date,
            "银行再次支付退回的补偿款",
            tuple((row["expense_account"], bank.ledger_account, row["fen"]) for row in rows),
            party=rows[0]["institution_code"],
            ref=s.reference,
        )
        for s, rows in await _by_instruction(desk, seen)
        for bank in (purse_of(rows[0]["purse"]).bank,)
    ]


async def second_payment_entries(desk: Desk, seen: Sequence[Seen]) -> list[Entry]:
    """The bank executed a payment once more, or what was paid again: the hospital owes the second payment."""
    return [
        Entry(
            bank.book,
            f"payment:{s.source_id}:second:{s.line_id}",
            s.value_date,
            "银行重复支付转应收",
            ((RECEIVABLE, bank.ledger_account, -s.signed_fen),),
            party=rows[0]["institution_code"],
            ref=s.reference,
        )
        for s, rows in await _by_instruction(desk, seen)
        for bank in (purse_of(rows[0]["purse"]).bank,)
    ]


async def confirmed(desk: Desk, seen: Sequence[Seen]) -> None:
    """Instructions and payables are paid; the lines wait to be applied for; one event a payable."""
    ids = [s.source_id for s in seen]
    _expect(await result_store.confirm(desk.conn, desk.pool_code, ids, [s.value_date for s in seen]), len(ids))
    await second.claimed_after_all(desk, ids)
    rows = await result_store.move_payables(desk.conn, desk.pool_code, ids, ("batched", "bounced"), "paid")
    parts = await _parts(desk, ids)
    await _record(desk, list(parts.values()), 1)
    await set_offs_confirmed(desk, ids)
    await emit_many(
        desk.conn,
        [
            _outgoing(desk, row, PaymentConfirmed(**_common(desk, row, shown, parts), confirmed_on=shown.value_date))
            for row, shown in _shown(rows, seen)
        ],
    )


async def returned(desk: Desk, seen: Sequence[Seen]) -> None:
    """Instructions came back: their payables are open again, for one new instruction that names the old."""
    ids = [s.source_id for s in seen]
    _expect(await result_store.bounce(desk.conn, desk.pool_code, ids, [s.value_date for s in seen]), len(ids))
    refused = await refused_of(desk, ids)
    rows = await result_store.move_payables(desk.conn, desk.pool_code, ids, ("paid",), "bounced")
    parts = await _parts(desk, ids)
    await _record(desk, list(parts.values()), -1, {(r.instruction_id, r.claim_id, r.layer) for r in refused})
    if refused:
        await made_good_by_return(desk, refused, desk.day)
    await emit_many(
        desk.conn,
        [
            _outgoing(desk, row, PaymentReturned(**_common(desk, row, shown, parts), returned_on=shown.value_date))
            for row, shown in _shown(rows, seen)
        ],
    )


async def declare_not_executed(desk: Desk, instruction: Any) -> None:
    """The payment was never executed: its hold is free and its payables are open for one new instruction.

    The caller holds the account's lock and has made sure that two people say so (contracts §11).
    """
    held = instruction["hold_id"] or instruction["id"]
    await release_hold(desk.conn, desk.pool_code, purse_of(instruction["layer"]).bank.book, held)
    _expect(await result_store.undo(desk.conn, desk.pool_code, instruction["id"], NOT_EXECUTED), 1)
    rows = await result_store.move_payables(desk.conn, desk.pool_code, [instruction["id"]], ("batched",), "bounced")
    seen = Seen(instruction["id"], -instruction["amount_fen"], instruction["end_to_end_id"], desk.day)
    parts = await _parts(desk, [instruction["id"]])
    told = [PaymentNotExecuted(**_common(desk, row, seen, parts), declared_on=desk.day) for row in rows]
    await emit_many(desk.conn, [_outgoing(desk, row, one) for row, one in zip(rows, told, strict=True)])


async def outstanding_again(desk: Desk, instruction: Any) -> None:
    """The declaration is withdrawn: the payment's result is unknown as before, its money is set aside again, and its
    payables wait for the bank. The caller holds the account's lock and has made sure that two people say so.

    Raises DECLARATION_FOLLOWED, and the ledger's overdrawn where the money has been used meanwhile.
    """
    one, bank = instruction["id"], purse_of(instruction["layer"]).bank
    if not await result_store.is_open_whole(desk.conn, desk.pool_code, one):
        raise DECLARATION_FOLLOWED(instruction=one)
    hold_id = new_id(desk.now)
    await hold(desk.conn, desk.pool_code, bank.book, bank.ledger_account, instruction["amount_fen"], hold_id)
    _expect(await result_store.outstanding_again(desk.conn, desk.pool_code, one, hold_id), 1)
    rows = await result_store.move_payables(desk.conn, desk.pool_code, [one], ("bounced",), "batched")
    seen = Seen(one, -instruction["amount_fen"], instruction["end_to_end_id"], desk.day)
    parts = await _parts(desk, [one])
    told = [PaymentOutstanding(**_common(desk, row, seen, parts), withdrawn_on=desk.day) for row in rows]
    await emit_many(desk.conn, [_outgoing(desk, row, each) for row, each in zip(rows, told, strict=True)])


async def paid_twice(desk: Desk, seen: Sequence[Seen]) -> None:
    """Alarms about payments that the bank executed once too often; each is a receivable on its hospital."""
    for s, rows in await _by_instruction(desk, seen):
        hospital = rows[0]["institution_code"]
        owed = Owed(
            SECOND,
            "patient" if payees.is_person(hospital) else "hospital",
            f"银行重复支付 {s.reference}",
            -s.signed_fen,
            institution_code=hospital,
            instruction_id=s.source_id,
            book=purse_of(rows[0]["purse"]).bank.book,
            shown_as=s.reference,
        )
        (receivable_id,) = await arise(desk, [owed])
        if rows[0]["status"] == NOT_EXECUTED:
            _expect(await result_store.undo(desk.conn, desk.pool_code, s.source_id, "paid_twice"), 1)
        _log.error("payment executed twice", instruction=str(s.source_id), institution=hospital)
        told = PaymentPaidTwice(
            institution_code=hospital,
            instruction_id=s.source_id,
            end_to_end_id=s.reference,
            receivable_id=receivable_id,
            amount=-s.signed_fen,
            paid_on=s.value_date,
            at=desk.now,
        )
        times = await result_store.times_too_often(desk.conn, desk.pool_code, s.source_id)
        await emit_many(
            desk.conn,
            [Outgoing(told, desk.pool_code, str(s.source_id), times, desk.day, desk.now, SERVICE, -s.signed_fen)],
        )


async def _by_instruction(desk: Desk, seen: Sequence[Seen]) -> list[tuple[Seen, list[Any]]]:
    sums: dict[UUID, list[Any]] = {}
    for row in await result_store.instruction_sums(desk.conn, desk.pool_code, [s.source_id for s in seen]):
        sums.setdefault(row["instruction_id"], []).append(row)
    return [(s, sums[s.source_id]) for s in seen]


Parts = Mapping[tuple[UUID, UUID, str], Any]
"""What an instruction was to settle of a claim's layer, and what of that is set off or withheld."""


async def _parts(desk: Desk, ids: Sequence[UUID]) -> Parts:
    rows = await result_store.claim_amounts(desk.conn, desk.pool_code, sorted(ids))
    return {(row["instruction_id"], row["claim_id"], row["layer"]): row for row in rows}


def _shown(rows: Sequence[Any], seen: Sequence[Seen]) -> list[tuple[Any, Seen]]:
    """Each payable with what the bank's statement shows of its instruction."""
    by_id = {s.source_id: s for s in seen}
    return [(row, by_id[row["instruction_id"]]) for row in rows]


async def _record(
    desk: Desk, found: Sequence[Any], sign: int, refused: Set[tuple[UUID, UUID, str]] = frozenset()
) -> None:
    """Lines to apply for (a refused one that came back was never replenished), and what the day changed in what is
    owed."""
    # paid: the whole benefit but what is withheld; come back: the money alone
    fen = [row["amount_fen"] - row["withheld_fen"] - (row["set_off_fen"] if sign < 0 else 0) for row in found]
    lines = [
        PaidLine(row["instruction_id"], row["claim_id"], row["layer"], sign, amount, row["expense_account"])
        for row, amount in zip(found, fen, strict=True)
        if amount and purse_of(row["purse"]).of_fund  # only the fund's lines are replenished (rulings §3)
    ]
    await record_paid(desk, [x for x in lines if (x.instruction_id, x.claim_id, x.layer) not in refused])
    kept = sum(row["withheld_fen"] for row in found)
    moved = obligations.paid if sign > 0 else obligations.bounced
    flows = [
        moved(amount, payees.owed_account(row["institution_code"])) for row, amount in zip(found, fen, strict=True)
    ]
    if sign > 0:
        flows.append(obligations.withheld(kept))
    moves = obligations.totals(flow for flow in flows if flow.amount_fen)
    await owed_store.add_obligations(desk.conn, desk.pool_code, desk.day, moves)


def _common(desk: Desk, row: Any, seen: Seen, parts: Parts) -> dict[str, Any]:
    part = parts[row["instruction_id"], row["claim_id"], row["layer"]]
    return {
        "claim_id": row["claim_id"],
        "layer": row["layer"],
        "institution_code": row["institution_code"],
        "instruction_id": row["instruction_id"],
        "end_to_end_id": seen.reference,
        "purpose": "deposit" if row["care_kind"] == DEPOSIT else "claim",
        "amount": part["amount_fen"],
        "paid": part["amount_fen"] - part["set_off_fen"] - part["withheld_fen"],
        "set_off": part["set_off_fen"],
        "withheld": part["withheld_fen"],
        "at": desk.now,
    }


_Told = PaymentConfirmed | PaymentReturned | PaymentNotExecuted | PaymentOutstanding


def _outgoing(desk: Desk, row: Any, payload: _Told) -> Outgoing:
    return Outgoing(
        payload,
        desk.pool_code,
        f"{row['claim_id']}:{row['layer']}",
        row["published"],
        desk.day,
        desk.now,
        SERVICE,
        payload.amount,
    )


def _expect(moved: int, wanted: int) -> None:
    """Instructions are matched under the account's lock; another number means a bug, and everything is rolled back."""
    if moved != wanted:
        raise RuntimeError(f"{wanted} instructions were matched and {moved} moved")
