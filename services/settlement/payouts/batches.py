"""Batches of payments: prepare whole cut-offs ▸ release by a second person ▸ hand to the bank; pay again once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import FISCAL
from services.settlement.funding.booking import Desk, ensure_books
from services.settlement.funding.open_lines import check_no_line_could_be_it
from services.settlement.ledger.posting import Hold, hold_many, release_hold
from services.settlement.payouts import deposits, payee_store, payment_store, second, set_offs, store
from services.settlement.payouts.batch_files import expect_none_declared, keep_file
from services.settlement.payouts.hands import check_either, check_enters, check_releases
from services.settlement.payouts.problems import (
    BATCH_STATE,
    BATCH_UNKNOWN,
    CUTOFF_BATCHED,
    CUTOFF_INCOMPLETE,
    CUTOFF_UNKNOWN,
    INSTRUCTION_UNKNOWN,
    LAYER_NOT_PAYABLE,
    NOT_RETURNED,
    NOTHING_TO_PAY,
    PAID_AGAIN_ALREADY,
    PAYEE_MISSING,
)
from services.settlement.payouts.purses import BASIC_LAYER, LAYER_WORDS, SECOND_LAYER, Purse, purse_of
from services.settlement.payouts.states import PAYMENT_STATUS, STATUS
from shared.db.numbers import next_number
from shared.db.personal import Sealer
from shared.http.problems import FOUR_EYES
from shared.kernel.ids import new_id, to_base32
from shared.kernel.money import format_yuan

CANCEL = ("撤销", "cancel")
SHOWN_AFTER_ALL = "银行对账单显示原付款已执行"
"""Why a repayment is given up by the import of a statement."""
HAND_OVER = ("送银行", "hand over")
BANK_DEADLINE_DAYS = 3
"""Days after the release, and anew after the file was handed over, within which the bank has to show a result; later
the instruction is ``unknown``."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One instruction to be: all that the batch pays to one hospital, in fen."""

    institution_code: str
    claims: int
    fen: int
    replaces: UUID | None = None
    set_off: int = 0
    """What of it is set off against what the hospital owes."""
    withheld: int = 0
    """What of it is withheld as quality deposit; the rest is paid."""

    @property
    def paid(self) -> int:
        """What the bank is told to pay."""
        return self.fen - self.set_off - self.withheld


async def prepare(
    desk: Desk,
    role: str,
    cutoff_ids: Sequence[UUID],
    receivables: Mapping[UUID, int | None] = MappingProxyType({}),
    layer: str = BASIC_LAYER,
) -> Any:
    """Puts what one layer owes for whole cut-offs into a batch and sets its money aside on the account that pays the
    layer; receivables of the fund on its hospitals are set off whole or by the fen named (rulings §1, §3).

    Raises KEEPER_ONLY, LAYER_NOT_PAYABLE, CUTOFF_UNKNOWN, CUTOFF_INCOMPLETE, CUTOFF_BATCHED, NOTHING_TO_PAY,
    PAYEE_MISSING, SET_OFF_INVALID, SET_OFF_TOO_MUCH, CLAIM_DAY_OVER and the ledger's overdrawn. The number of
    statements does not depend on the number of claims or hospitals.
    """
    purse = purse_of(layer)
    check_enters(purse, role)
    if receivables:
        await _no_money_comes_in(desk, purse)
    wanted = sorted(set(cutoff_ids))
    await _check_whole(desk, wanted, purse)
    if purse.layer == SECOND_LAYER:
        await second.check_claimable(desk, wanted)
    totals = await _totals(desk, wanted, purse)
    owing = await set_offs.owing(desk, purse.bank.book, receivables)
    withheld = await deposits.withheld(desk, cutoff_ids=wanted, totals=totals) if purse.of_fund else {}
    drafts = [
        Draft(
            code,
            row["claims"],
            row["fen"],
            set_off=sum(r.amount_fen for r in owing if r.institution_code == code),
            withheld=withheld.get(code, 0),
        )
        for row in totals
        for code in (row["institution_code"],)
    ]
    set_offs.check(owing, {d.institution_code: d.fen - d.withheld for d in drafts})
    batch_id = await _make(desk, drafts, purse)
    taken = await store.take_cutoffs(desk.conn, desk.pool_code, batch_id, purse.layer, wanted)
    if missing := set(wanted) - set(taken):
        raise CUTOFF_BATCHED(cutoffs=_listed(sorted(missing)))
    made = await _hold(desk, batch_id, purse)
    moved = await store.take_payables(desk.conn, desk.pool_code, batch_id, wanted, purse.pays)
    _check_moved(moved, drafts)
    await set_offs.share(desk, owing, made)
    return await store.batch(desk.conn, desk.pool_code, batch_id)


async def pay_again(desk: Desk, role: str, instruction_id: UUID) -> Any:
    """A new batch of one instruction that names the one returned or declared not executed, and pays its claims; once
    (contracts §11), and not while an open line could be an execution of it (0299).

    Raises INSTRUCTION_UNKNOWN, KEEPER_ONLY, NOT_RETURNED, PAID_AGAIN_ALREADY, LINE_COULD_BE_IT, CLAIM_DAY_OVER and the
    ledger's overdrawn.
    """
    old = await payment_store.instruction(desk.conn, desk.pool_code, instruction_id)
    if old is None:
        raise INSTRUCTION_UNKNOWN(instruction=instruction_id)
    check_enters(purse_of(old["layer"]), role)
    if old["replaced_by"] is not None:
        raise PAID_AGAIN_ALREADY(instruction=instruction_id)
    if old["status"] not in ("returned", "not_executed"):
        raise NOT_RETURNED(instruction=instruction_id, status=PAYMENT_STATUS[old["status"]])
    never, purse = old["status"] == "not_executed", purse_of(old["layer"])
    set_off, withheld = (old["set_off_fen"], old["withheld_fen"]) if never else (0, 0)
    gross = old["amount_fen"] + set_off + withheld
    drafts = [Draft(old["institution_code"], old["claim_count"], gross, instruction_id, set_off, withheld)]
    await funding.lock_account(desk, purse.bank.code)
    again = await payment_store.instruction(desk.conn, desk.pool_code, instruction_id)
    if again["replaced_by"] is not None:
        raise PAID_AGAIN_ALREADY(instruction=instruction_id)
    if again["status"] != old["status"]:  # the bank's statement has shown it meanwhile
        raise NOT_RETURNED(instruction=instruction_id, status=PAYMENT_STATUS[again["status"]])
    await check_no_line_could_be_it(desk, purse.bank.code, old["amount_fen"])
    if purse.layer == SECOND_LAYER:
        await second.check_claimable(desk, await payment_store.paid_by(desk.conn, desk.pool_code, instruction_id))
    batch_id = await _make(desk, drafts, purse)
    made = await _hold(desk, batch_id, purse)
    moved = await store.retake_payables(desk.conn, desk.pool_code, instruction_id, made[0]["id"], with_set_off=never)
    _check_moved(moved, drafts)
    return await store.batch(desk.conn, desk.pool_code, batch_id)


async def _no_money_comes_in(desk: Desk, purse: Purse) -> None:
    """Nothing is repaid of a receivable while it is set off; what is owed to the fund has two accounts to come to."""
    await funding.lock_account(desk, purse.bank.code)
    if purse.of_fund:
        await funding.lock_account(desk, FISCAL)


async def _totals(desk: Desk, wanted: Sequence[UUID], purse: Purse) -> list[Any]:
    """What the layer owes for the cut-offs by institution, all of it on the account that pays the layer."""
    totals = await store.open_totals(desk.conn, desk.pool_code, wanted, purse.pays)
    for row in totals:
        if (row["book"], row["account"]) != (purse.bank.book, purse.bank.ledger_account):
            raise LAYER_NOT_PAYABLE(layer=LAYER_WORDS[purse.layer], account=f"{row['book']} {row['account']}")
    if not totals:
        await _check_whole(desk, wanted, purse)  # another batch may have taken them since: then that is what to tell
    return totals


async def _check_whole(desk: Desk, wanted: Sequence[UUID], purse: Purse) -> None:
    rows = await store.cutoffs(desk.conn, desk.pool_code, wanted, purse.cutoffs, purse.layer)
    known = {row["id"]: row for row in rows}
    if unknown := [x for x in wanted if x not in known]:
        raise CUTOFF_UNKNOWN(cutoffs=_listed(unknown))
    if batched := [row["id"] for row in rows if row["batch_id"] is not None]:
        raise CUTOFF_BATCHED(cutoffs=_listed(batched))
    errors = [
        {
            "cutoff_id": str(row["id"]),
            "missing_claims": row["expected_count"] - row["received_count"],
            "missing_amount": format_yuan(row["expected_fen"] - row["received_fen"]),
        }
        for row in known.values()
        if (row["expected_count"], row["expected_fen"]) != (row["received_count"], row["received_fen"])
    ]
    if errors:
        raise CUTOFF_INCOMPLETE(errors=errors, retry_after_seconds=5)


def _listed(ids: Sequence[UUID]) -> str:
    return "、".join(str(x) for x in ids)


async def _make(desk: Desk, drafts: Sequence[Draft], purse: Purse) -> UUID:
    """The batch and its instructions, each with its id for life and the payee as registered now."""
    if not drafts:
        raise NOTHING_TO_PAY(layer=LAYER_WORDS[purse.layer])
    payees = {
        row["institution_code"]: row["version"]
        for row in await payee_store.payees(desk.conn, desk.pool_code, [draft.institution_code for draft in drafts])
    }
    if missing := [d.institution_code for d in drafts if d.institution_code not in payees]:
        raise PAYEE_MISSING(institutions="、".join(missing))
    batch_id, total = new_id(desk.now), sum(d.paid for d in drafts)
    number = await next_number(desk.conn, desk.pool_code, desk.day)
    await store.add_batch(
        desk.conn,
        (
            desk.pool_code,
            batch_id,
            purse.layer,
            purse.bank.code,
            len(drafts),
            total,
            desk.by,
            desk.now,
            desk.day,
            number,
        ),
    )
    ids = [new_id(desk.now) for _ in drafts]
    await store.add_instructions(
        desk.conn,
        desk.pool_code,
        batch_id,
        [
            (
                i,
                d.institution_code,
                payees[d.institution_code],
                to_base32(i),
                d.paid,
                d.claims,
                d.replaces,
                d.set_off,
                d.withheld,
            )
            for i, d in zip(ids, drafts, strict=True)
        ],
    )
    return batch_id


async def _hold(desk: Desk, batch_id: UUID, purse: Purse) -> list[Any]:
    made, bank = await store.instructions(desk.conn, desk.pool_code, batch_id), purse.bank
    holds = [Hold(i["id"], i["amount_fen"]) for i in made]
    await ensure_books(desk.conn, desk.pool_code, (bank.book,))
    await hold_many(desk.conn, desk.pool_code, bank.book, bank.ledger_account, holds)
    return made


def _check_moved(moved: Any, drafts: Sequence[Draft]) -> None:
    """The payables that went in are those that were added up; otherwise the transaction ends with an error."""
    if (moved["claims"], moved["fen"]) != (sum(d.claims for d in drafts), sum(d.fen for d in drafts)):
        raise RuntimeError("payables changed while their batch was made")


async def release(desk: Desk, role: str, batch_id: UUID, sealer: Sealer) -> Any:
    """A second person releases the batch: its payment file is made now and kept for ever.

    Raises BATCH_UNKNOWN, KEEPER_ONLY, FOUR_EYES, BATCH_STATE, LINE_COULD_BE_IT (of a repayment) and
    ACCOUNT_NOT_REGISTERED.
    """
    known = await _locked(desk, batch_id)
    check_releases(purse_of(known["layer"]), role)
    if known["prepared_by"] == desk.by:
        raise FOUR_EYES(act=("编制批次", "prepare the batch"), then=("放行", "release it"))
    if known["status"] == "prepared":
        for fen in await payment_store.repaid_by(desk.conn, desk.pool_code, batch_id):
            await check_no_line_could_be_it(desk, known["account"], fen)
    if not await store.release_batch(desk.conn, desk.pool_code, batch_id, desk.by, desk.now):
        raise BATCH_STATE(batch=batch_id, status=STATUS[known["status"]], act=("放行", "release"))
    await store.move_instructions(
        desk.conn, desk.pool_code, batch_id, ("prepared",), "released", desk.day + timedelta(days=BANK_DEADLINE_DAYS)
    )
    await keep_file(desk, batch_id, sealer, purse_of(known["layer"]))
    return await _batch(desk, batch_id)


async def cancel(desk: Desk, role: str, batch_id: UUID, reason: str) -> Any:
    """Gives up a batch that was not released: its holds are free and all is as before.

    Raises BATCH_UNKNOWN, KEEPER_ONLY, BATCH_STATE.
    """
    known = await _locked(desk, batch_id)
    check_either(purse_of(known["layer"]), role)
    return await _cancel(desk, batch_id, reason)


async def give_up_repayments(desk: Desk, batch_ids: Sequence[UUID]) -> None:
    """The bank's statement shows the payments that these batches would have paid again: they are given up before their
    release, so that what the bank has executed is the payment. The account's lock is held."""
    for batch_id in batch_ids:
        await _cancel(desk, batch_id, SHOWN_AFTER_ALL)


async def _cancel(desk: Desk, batch_id: UUID, reason: str) -> Any:
    known = await _batch(desk, batch_id)
    if known["status"] != "prepared":
        raise BATCH_STATE(batch=batch_id, status=STATUS[known["status"]], act=CANCEL)
    made = await store.instructions(desk.conn, desk.pool_code, batch_id)
    await release_hold(desk.conn, desk.pool_code, purse_of(known["layer"]).bank.book, *(i["id"] for i in made))
    if not await store.cancel_batch(desk.conn, desk.pool_code, batch_id, desk.by, reason):
        raise BATCH_STATE(batch=batch_id, status=STATUS["released"], act=CANCEL)
    return await _batch(desk, batch_id)


async def dispatch(desk: Desk, role: str, batch_id: UUID) -> Any:
    """The file was handed to the bank: its payments are sent, also overdue ones, and the bank's deadline runs from now.

    Raises BATCH_UNKNOWN, KEEPER_ONLY, and BATCH_STATE also where two people have declared a payment of it not
    executed: it may have been paid again, and the bank must not execute both.
    """
    known = await _locked(desk, batch_id)
    check_enters(purse_of(known["layer"]), role)
    await expect_none_declared(desk.conn, desk.pool_code, batch_id, HAND_OVER)
    if not await store.send_batch(desk.conn, desk.pool_code, batch_id, desk.by, desk.now):
        raise BATCH_STATE(batch=batch_id, status=STATUS[known["status"]], act=HAND_OVER)
    await store.move_instructions(
        desk.conn,
        desk.pool_code,
        batch_id,
        ("released", "unknown"),
        "sent",
        desk.day + timedelta(days=BANK_DEADLINE_DAYS),
    )
    return await _batch(desk, batch_id)


async def _batch(desk: Desk, batch_id: UUID) -> Any:
    known = await store.batch(desk.conn, desk.pool_code, batch_id)
    if known is None:
        raise BATCH_UNKNOWN(batch=batch_id)
    return known


async def _locked(desk: Desk, batch_id: UUID) -> Any:
    """A batch, while nothing else happens to the account that pays it. Raises BATCH_UNKNOWN."""
    await funding.lock_account(desk, (await _batch(desk, batch_id))["account"])
    return await _batch(desk, batch_id)
