"""Routes of payments: what an institution was paid, by payer, down to the claims behind each payment."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.settlement.funding.roles import READERS
from services.settlement.payouts import payment_store, sheets
from services.settlement.payouts.problems import (
    INSTITUTION_NOT_HEARD_OF,
    INSTRUCTION_UNKNOWN,
    PERIOD_INVALID,
)
from services.settlement.payouts.purses import PURSES
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import documented
from shared.http.unit import UnitDep

router = ServiceRouter()


class InstructionOut(WireModel):
    """A payment to one hospital; ``end_to_end_id`` is its id for life, which the bank's statement shows. ``account`` is
    that of the layer's payer."""

    id: UUID
    batch_id: UUID
    layer: str
    account: str
    institution_code: str
    end_to_end_id: str
    amount: Yuan
    set_off: Yuan
    withheld: Yuan
    claim_count: int
    status: str
    replaces: UUID | None
    deadline: date | None
    confirmed_on: date | None
    returned_on: date | None


def instruction_out(row: Any) -> InstructionOut:
    return InstructionOut(
        id=row["id"],
        batch_id=row["batch_id"],
        layer=row["layer"],
        account=row["account"],
        institution_code=row["institution_code"],
        end_to_end_id=row["shown_as"] or row["end_to_end_id"],
        amount=row["amount_fen"],
        set_off=row["set_off_fen"],
        withheld=row["withheld_fen"],
        claim_count=row["claim_count"],
        status=row["status"],
        replaces=row["replaces"],
        deadline=row["deadline"],
        confirmed_on=row["confirmed_on"],
        returned_on=row["returned_on"],
    )


class PayerOut(WireModel):
    """What one layer's payer paid; the names are those of the account that paid it."""

    layer: str
    account: str
    name_zh: str
    name_en: str
    payments: int
    paid: Yuan


class PaymentsOut(WireModel):
    """Payments to one institution in a period, and their sums by payer; returned ones are listed and in no sum."""

    institution_code: str
    first_day: date
    last_day: date
    paid: Yuan
    payers: list[PayerOut]
    payments: list[InstructionOut]


@router.get(
    "/pools/{pool_code}/institutions/{institution_code}/payments",
    response_model=PaymentsOut,
    responses=documented(PERIOD_INVALID, INSTITUTION_NOT_HEARD_OF),
    openapi_extra=access(READERS | {"hospital"}, command="list_institution_payments", scope="institution")
    | sheets.PAYMENTS,
)
async def get_institution_payments(
    pool_code: str,
    institution_code: str,
    unit: UnitDep,
    first: Annotated[date, Query(alias="from")],
    last: Annotated[date, Query(alias="to")],
) -> PaymentsOut:
    """对某医院的付款. Payments to an institution that the bank confirmed in a period of at most 366 days."""
    if not 0 <= (last - first).days <= _PERIOD_MAX_DAYS:
        raise PERIOD_INVALID(days=_PERIOD_MAX_DAYS)
    if unit.actor.role != "hospital" and not await payment_store.heard_of(unit.conn, pool_code, institution_code):
        raise INSTITUTION_NOT_HEARD_OF(pool_code=pool_code, institution_code=institution_code)
    rows = await payment_store.payments_to(unit.conn, pool_code, institution_code, first, last)
    return PaymentsOut(
        institution_code=institution_code,
        first_day=first,
        last_day=last,
        paid=sum(r["amount_fen"] for r in rows if r["status"] == "confirmed"),
        payers=_payers([r for r in rows if r["status"] == "confirmed"]),
        payments=[instruction_out(r) for r in rows],
    )


def _payers(paid: Sequence[Any]) -> list[PayerOut]:
    """In the order of the layers."""
    found = []
    for purse in PURSES.values():
        mine = [r["amount_fen"] for r in paid if r["layer"] == purse.layer]
        if mine:
            bank = purse.bank
            found.append(
                PayerOut(
                    layer=purse.layer,
                    account=bank.code,
                    name_zh=bank.name_zh,
                    name_en=bank.name_en,
                    payments=len(mine),
                    paid=sum(mine),
                )
            )
    return found


_PERIOD_MAX_DAYS = 366


class PaidClaimOut(WireModel):
    """A claim behind a payment; claims answers what it was for. ``amount`` is paid, set off and withheld together."""

    claim_id: UUID
    layer: str
    amount: Yuan
    paid: Yuan
    set_off: Yuan
    withheld: Yuan
    expense_account: str
    kind: str
    township_code: str
    cutoff_id: UUID


@router.get(
    "/pools/{pool_code}/payments/{instruction_id}/claims",
    response_model=Page[PaidClaimOut],
    responses=documented(INSTRUCTION_UNKNOWN),
    openapi_extra=access(READERS | {"hospital"}, command="list_payment_claims", scope="institution")
    | sheets.PAID_CLAIMS,
)
async def get_payment_claims(
    pool_code: str, instruction_id: UUID, unit: UnitDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[PaidClaimOut]:
    """一笔付款下的案件;医院只看付给自己的. The claims that a payment pays, by id; a hospital sees its own payments."""
    key = read_cursor(cursor, UUID, str)
    if await payment_store.instruction(unit.conn, pool_code, instruction_id) is None:
        raise INSTRUCTION_UNKNOWN(instruction=instruction_id)
    rows = await payment_store.claims_of(unit.conn, pool_code, instruction_id, key, limit + 1)
    items = [
        PaidClaimOut(
            claim_id=r["claim_id"],
            layer=r["layer"],
            amount=r["amount_fen"],
            paid=r["amount_fen"] - r["set_off_fen"] - r["withheld_fen"],
            set_off=r["set_off_fen"],
            withheld=r["withheld_fen"],
            expense_account=r["expense_account"],
            kind=r["care_kind"],
            township_code=r["township_code"],
            cutoff_id=r["cutoff_id"],
        )
        for r in rows[:limit]
    ]
    more = encode_cursor(items[-1].claim_id, items[-1].layer) if len(rows) > limit else None
    return Page(items=items, next_cursor=more)
