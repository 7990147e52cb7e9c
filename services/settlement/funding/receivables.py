"""What is owed to the fund: refused lines, second payments, claw-backs, overspent family accounts, and what third
parties owe for accidents (rulings §1, §13). Other payers are owed second payments and what reversed claims were paid.

A receivable is made good by money under its reference, in parts or at once, by being set off, or by its payment coming
back. Money for a
line that the county had not yet made good restores the advance; a claw-back of a line already made good lowers the next
application instead, or goes to the fiscal account, where it came from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.settlement.funding import commands, replenishment_store
from services.settlement.funding import receivable_store as store
from services.settlement.funding.accounts import BASIC, EXPENDITURE, RECEIVABLE, BankAccount
from services.settlement.funding.booking import Desk, Entry, book, keep_away_from_home
from services.settlement.funding.commands import Seen
from services.settlement.funding.problems import RECOVERY_DECIDED, RECOVERY_EXCEEDS, RECOVERY_UNKNOWN
from shared.http.problems import FOUR_EYES
from shared.kernel.ids import new_id, to_base32
from shared.kernel.money import format_yuan

RECHECK, SECOND, FAMILY, RECOVERY = "recheck", "second_payment", "family_account", "recovery"
ACCIDENT, CANCELLATION, ORDER_TWICE = "accident", "cancellation", "order_paid_twice"
THIRD_PARTY, HOSPITAL, PAYEE = "third_party", "hospital", "payee"
ASKED_BACK = "asked-back"
"""The name under which one act at a time decides what is asked back of payments; taken after the account's lock."""
WITHDRAWN, WRITTEN_OFF = "withdrawn", "written_off"
NOBODY = "nobody"
FAMILY_BENEFITS = "5002"
_LOWERING = frozenset({RECOVERY, CANCELLATION})
"""Origins whose money on the expenditure account lowers the next application: what was paid is made good in full."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A receivable to be: who bears it, of which payment, and the three amounts of rulings §1 in fen: the fund's share,
    what the hospital owes the patient besides, and the penalty, which goes to the treasury and never into the books."""

    origin: str
    bearer: str
    reason: str
    amount_fen: int
    institution_code: str | None = None
    household_id: UUID | None = None
    expense_account: str | None = None
    care_year: int | None = None
    replenishment_id: UUID | None = None
    line: int | None = None
    instruction_id: UUID | None = None
    patient_owed_fen: int = 0
    penalty_fen: int = 0
    id: UUID | None = None
    claim_id: UUID | None = None
    layer: str | None = None
    book: str = BASIC
    """The book of the payer whom it is owed to."""
    order_id: UUID | None = None
    shown_as: str | None = None
    """The reference under which the bank paid too often: it may come back under it, as well as under its own."""


def owing(bearer: str, paid: Any) -> str:
    """Whose code a receivable carries: of who was paid, but where the hospital bears what a person was paid, of the
    hospital of his care, so that it can be set off against what it is due."""
    code: str = paid["care_institution"] if bearer == HOSPITAL else paid["institution_code"]
    return code


async def arise(desk: Desk, owed: Sequence[Owed]) -> list[UUID]:
    """Receivables that arise today; their entries are the caller's. Their ids in order."""
    rows = []
    for one in owed:
        one_id = one.id or new_id(desk.now)
        rows.append(
            (
                one_id,
                one.origin,
                one.bearer,
                one.institution_code,
                one.household_id,
                one.expense_account,
                one.care_year,
                one.replenishment_id,
                one.line,
                one.instruction_id,
                one.reason,
                one.amount_fen,
                one.patient_owed_fen,
                one.penalty_fen,
                to_base32(one_id),
                one.claim_id,
                one.layer,
                one.book,
                one.order_id,
                one.shown_as,
            )
        )
    await store.add(desk.conn, desk.pool_code, desk.day, rows)
    return [row[0] for row in rows]


async def family_account_overspent(desk: Desk, refund_id: UUID, household_id: UUID, year: int, fen: int) -> None:
    """A household owes family-account money that it spent and whose premium was refunded (contracts §8)."""
    entry = Entry(
        BASIC,
        f"overspent:{refund_id}",
        desk.day,
        "退费后家庭账户已用款转应收",
        ((RECEIVABLE, FAMILY_BENEFITS, fen),),
        ref=to_base32(refund_id),
    )
    await book(desk, [entry])
    owed = Owed(FAMILY, "patient", "退费前已使用家庭账户", fen, household_id=household_id, care_year=year)
    await arise(desk, [owed])


# -- money that comes in


def entries(bank: BankAccount, seen: Sequence[Seen]) -> list[Entry]:
    """What repayments book on the account that shows them: the money is back, and nobody owes it any more."""
    return [
        Entry(
            bank.book,
            f"receivable:{s.source_id}:{s.line_id}",
            s.value_date,
            "应收款项收回",
            ((bank.ledger_account, RECEIVABLE, s.signed_fen),),
            ref=s.reference,
        )
        for s in seen
    ]


async def repaid(desk: Desk, seen: Sequence[Seen]) -> None:
    """Money on the account that paid: on the fund's, a claw-back of a line that was made good lowers the next
    application. Each part does so under the line that showed it."""
    rows = {row["id"]: row for row in await _settled(desk, seen)}
    parts = [(s.line_id, s.source_id, s.signed_fen, rows[s.source_id]["expense_account"]) for s in seen]
    await claw_back(desk, [part for part in parts if lowers(rows[part[1]])])


async def repaid_to_fiscal(desk: Desk, seen: Sequence[Seen]) -> None:
    """Money on the fiscal account, which it had left (rulings §1)."""
    await _settled(desk, seen)


async def _settled(desk: Desk, seen: Sequence[Seen]) -> list[Any]:
    ids, fens = [s.source_id for s in seen], [s.signed_fen for s in seen]
    return await store.settle(desk.conn, desk.pool_code, ids, fens, [s.value_date for s in seen])


def lowers(row: Any) -> bool:
    """Whether money for it on the expenditure account lowers the next application."""
    return row["book"] == BASIC and row["origin"] in _LOWERING


async def claw_back(desk: Desk, parts: Sequence[tuple[Any, ...]], sign: int = -1) -> None:
    """(instruction or line of a statement, receivable, fen, expense account): lines with a minus to apply for, each
    under its receivable in the place of a claim; with a plus for what was taken back."""
    if parts:
        rows = [(under, receivable, "basic", sign, fen, account) for under, receivable, fen, account in parts]
        await replenishment_store.add_paid_lines(desk.conn, desk.pool_code, desk.day, rows)


# -- set-off


async def of_hospitals(desk: Desk, book_name: str, ids: Sequence[UUID]) -> list[Any]:
    """Of the named receivables those that a hospital owes to the payer of this book, with what is open of each."""
    return await store.of_hospitals(desk.conn, desk.pool_code, book_name, ids)


async def begin_set_off(desk: Desk, rows: Sequence[tuple[UUID, UUID, int]]) -> None:
    """(receivable, instruction, fen): each part will be made good by its instruction."""
    await store.begin_set_off(desk.conn, desk.pool_code, rows)


async def set_offs_confirmed(desk: Desk, instruction_ids: Sequence[UUID]) -> None:
    """Parts that confirmed payments set off are made good; their entries are booked by the caller before."""
    rows = await store.set_off_done(desk.conn, desk.pool_code, instruction_ids, desk.day)
    named = ("instruction_id", "receivable_id", "amount_fen", "expense_account")
    await claw_back(desk, [tuple(row[name] for name in named) for row in rows if lowers(row)])


# -- what is owed no more


async def withdraw(desk: Desk, rows: Sequence[Any], reason: str) -> None:
    """Nobody owes what is still open of these any more: the expenditure that they lessened stands again."""
    if not rows:
        return
    parts = [(new_id(desk.now), row, row["amount_fen"] - row["settled_fen"] - row["waived_fen"]) for row in rows]
    await book(
        desk,
        [
            Entry(
                BASIC,
                f"waiver:{waiver_id}",
                desk.day,
                f"应收追回款撤回:{reason}",
                ((row["expense_account"], RECEIVABLE, fen),),
                party="" if row["bearer"] == THIRD_PARTY else row["institution_code"],
                ref=row["reference"],
            )
            for waiver_id, row, fen in parts
        ],
    )
    told = [(waiver_id, row["id"], fen, row["care_year"], reason) for waiver_id, row, fen in parts]
    await store.waive(desk.conn, desk.pool_code, desk.day, WITHDRAWN, told)


# -- payments that come back


@dataclass(frozen=True, slots=True)
class Refused:
    """A paid line that the county refused and nobody has made good yet."""

    instruction_id: UUID
    claim_id: UUID
    layer: str
    expense_account: str
    amount_fen: int
    receivable_id: UUID


async def refused_of(desk: Desk, instruction_ids: Sequence[UUID]) -> list[Refused]:
    """Refused lines of instructions whose money comes back: the bank makes them good, nobody owes them any more."""
    rows = await store.refused_open(desk.conn, desk.pool_code, instruction_ids)
    return [Refused(**row) for row in rows]


async def made_good_by_return(desk: Desk, refused: Sequence[Refused], day: date) -> None:
    """Marks the receivables of refused lines whose payment came back."""
    ids, fens = [r.receivable_id for r in refused], [r.amount_fen for r in refused]
    await store.settle(desk.conn, desk.pool_code, ids, fens, [day] * len(ids))


# -- recoveries


@dataclass(frozen=True, slots=True)
class NewRecovery:
    """What a decision of the county office takes back of a payment that was made good; amounts in fen."""

    instruction_id: UUID
    claim_id: UUID
    layer: str
    bearer: str
    amount_fen: int
    patient_owed_fen: int
    penalty_fen: int
    document: str
    reason: str


async def ask_recovery(desk: Desk, new: NewRecovery) -> Any:
    """The first person asks money back of a payment that the county has made good already: overpaid, found fictitious,
    owed by a third party, or the insurer's own error. Raises RECOVERY_UNKNOWN, RECOVERY_EXCEEDS, CONFLICT_OF_INTEREST.
    """
    await commands.lock_account(desk, EXPENDITURE)
    await commands.lock_account(desk, ASKED_BACK)
    paid = await store.payment_of(desk.conn, desk.pool_code, new.instruction_id, new.claim_id, new.layer)
    if paid is None:
        raise RECOVERY_UNKNOWN(claim=new.claim_id)
    keep_away_from_home(desk, paid["care_institution"])
    if paid["asked_fen"] + new.amount_fen > paid["amount_fen"]:
        raise RECOVERY_EXCEEDS(
            claim=new.claim_id,
            paid=format_yuan(paid["amount_fen"]),
            asked=format_yuan(paid["asked_fen"]),
            waiting=format_yuan(paid["waiting_fen"]),
            amount=format_yuan(new.amount_fen),
        )
    recovery_id = new_id(desk.now)
    await store.add_recovery(
        desk.conn,
        (
            desk.pool_code,
            recovery_id,
            new.instruction_id,
            new.claim_id,
            new.layer,
            owing(new.bearer, paid),
            paid["benefit_account"],
            paid["benefit_year"] or desk.day.year,
            new.bearer,
            new.amount_fen,
            new.patient_owed_fen,
            new.penalty_fen,
            new.document,
            new.reason,
            desk.by,
            desk.now,
        ),
    )
    return await store.recovery(desk.conn, desk.pool_code, recovery_id)


async def approve_recovery(desk: Desk, recovery_id: UUID) -> Any:
    """The second person approves: it is owed from now on, and lessens this period's expenditure under its year of care.

    Raises RECOVERY_UNKNOWN, CONFLICT_OF_INTEREST, FOUR_EYES, RECOVERY_EXCEEDS and RECOVERY_DECIDED.
    """
    known = await store.recovery(desk.conn, desk.pool_code, recovery_id)
    if known is None:
        raise RECOVERY_UNKNOWN(claim=recovery_id)
    keep_away_from_home(desk, known["institution_code"])
    if known["asked_by"] == desk.by:
        raise FOUR_EYES(act=("提出追回", "ask for the recovery"), then=("批准", "approve it"))
    await commands.lock_account(desk, ASKED_BACK)
    await _check_not_reversed(desk, known)
    if not await store.approve_recovery(desk.conn, desk.pool_code, recovery_id, desk.by, desk.now, desk.day):
        raise RECOVERY_DECIDED(recovery=recovery_id)
    await book(
        desk,
        [
            Entry(
                BASIC,
                f"recovery:{recovery_id}",
                desk.day,
                f"追回 {known['care_year']} 年度补偿款转应收",
                ((RECEIVABLE, known["expense_account"], known["amount_fen"]),),
                preparer=known["asked_by"],
                checker=desk.by,
                party=known["institution_code"],
                ref=to_base32(recovery_id),
            )
        ],
    )
    owed = Owed(
        RECOVERY,
        known["bearer"],
        known["reason"],
        known["amount_fen"],
        institution_code=known["institution_code"],
        expense_account=known["expense_account"],
        care_year=known["care_year"],
        patient_owed_fen=known["patient_owed_fen"],
        penalty_fen=known["penalty_fen"],
        id=recovery_id,
        claim_id=known["claim_id"],
        layer=known["layer"],
    )
    await arise(desk, [owed])
    return await store.recovery(desk.conn, desk.pool_code, recovery_id)


async def refuse_recovery(desk: Desk, recovery_id: UUID, reason: str) -> Any:
    """Somebody of the county office, the asker too, turns a recovery down before it is approved; what it asked for can
    be asked for again. Raises RECOVERY_UNKNOWN, CONFLICT_OF_INTEREST and RECOVERY_DECIDED."""
    known = await store.recovery(desk.conn, desk.pool_code, recovery_id)
    if known is None:
        raise RECOVERY_UNKNOWN(claim=recovery_id)
    keep_away_from_home(desk, known["institution_code"])
    if not await store.refuse_recovery(desk.conn, desk.pool_code, recovery_id, desk.by, desk.day, reason):
        raise RECOVERY_DECIDED(recovery=recovery_id)
    return await store.recovery(desk.conn, desk.pool_code, recovery_id)


async def _check_not_reversed(desk: Desk, known: Any) -> None:
    """Raises RECOVERY_EXCEEDS where the claim was cancelled meanwhile, and all of it is owed by that."""
    paid = await store.payment_of(desk.conn, desk.pool_code, known["instruction_id"], known["claim_id"], known["layer"])
    if paid is not None and paid["asked_fen"] > paid["amount_fen"]:
        raise RECOVERY_EXCEEDS(
            claim=known["claim_id"],
            paid=format_yuan(paid["amount_fen"]),
            asked=format_yuan(paid["asked_fen"] - known["amount_fen"]),
            waiting=format_yuan(paid["waiting_fen"] - known["amount_fen"]),
            amount=format_yuan(known["amount_fen"]),
        )
