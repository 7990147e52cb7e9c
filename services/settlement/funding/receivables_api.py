"""Routes of receivables and of recoveries: what is owed to the fund, and the two persons who ask it back."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field

from services.settlement.funding import receivable_store as store
from services.settlement.funding import receivables
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import RECOVERY_DECIDED, RECOVERY_EXCEEDS, RECOVERY_UNKNOWN
from services.settlement.funding.refusal import Decision, RefusalIn
from services.settlement.funding.roles import READERS
from shared.contracts.layers import LayerBook
from shared.contracts.wire import Line, Reason, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, moment, page, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()
Bearer = Literal["hospital", "patient", "insurer", "third_party"]
Book = LayerBook | Literal["budget", "county_budget"]
"""A layer's payer, or the payer of the handling: he is owed what the bank paid twice alone."""


class ReceivableOut(WireModel):
    """What somebody owes the fund, or the payer of another layer in his own ``book``, on whose account it is awaited;
    ``reference`` is what his payment names, in parts or at once. ``open`` is neither made good nor about to
    be set off, ``waived`` is owed by nobody any more. ``made_good_on`` is the day since which nothing is owed."""

    id: UUID
    book: Book
    origin: Literal[
        "recheck",
        "second_payment",
        "family_account",
        "recovery",
        "accident",
        "cancellation",
        "order_paid_twice",
    ]
    bearer: Bearer | Literal["payee", "nobody"]
    institution_code: str | None
    household_id: UUID | None
    claim_id: UUID | None
    layer: str | None
    care_year: int | None
    reason: str
    amount: Yuan
    patient_owed: Yuan
    penalty: Yuan
    made_good: Yuan
    waived: Yuan
    being_set_off: Yuan
    open: Yuan
    reference: str
    arisen_on: date
    made_good_on: date | None


@router.get(
    "/pools/{pool_code}/receivables",
    response_model=Page[ReceivableOut],
    openapi_extra=access(READERS, command="list_receivables"),
)
async def get_receivables(
    pool_code: str,
    unit: UnitDep,
    institution_code: str | None = None,
    book: Book | None = None,
    open_only: Annotated[bool, Query(alias="open")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ReceivableOut]:
    """应收追回款:谁欠、欠多少、怎样收回. What is owed to the fund and by whom, newest first."""
    after = read_cursor(cursor, date.fromisoformat, UUID)
    rows = await store.listed(unit.conn, pool_code, book, institution_code, open_only, after, limit + 1)
    return page(rows, limit, _receivable, "arisen_on", "id")


def _receivable(row: Any) -> ReceivableOut:
    named = ("id", "book", "origin", "bearer", "institution_code", "household_id", "claim_id", "layer", "care_year",
             "reason", "reference")  # fmt: skip
    return ReceivableOut(
        amount=row["amount_fen"],
        patient_owed=row["patient_owed_fen"],
        penalty=row["penalty_fen"],
        made_good=row["settled_fen"],
        waived=row["waived_fen"],
        being_set_off=row["setting_off_fen"],
        open=row["amount_fen"] - row["settled_fen"] - row["waived_fen"] - row["setting_off_fen"],
        arisen_on=row["arisen_on"],
        made_good_on=row["made_good_on"],
        **{name: row[name] for name in named},
    )


class RecoveryIn(WireModel):
    """What a decision takes back of a payment that the county has made good; the three amounts of rulings §1."""

    instruction_id: UUID
    claim_id: UUID
    layer: Annotated[str, Field(max_length=40, pattern=r"^[a-z_]+$")] = "basic"
    bearer: Bearer
    amount: Annotated[Yuan, Field(gt=0)]
    patient_owed: Annotated[Yuan, Field(ge=0)] = 0
    penalty: Annotated[Yuan, Field(ge=0)] = 0
    document: Line
    reason: Reason


class RecoveryOut(WireModel):
    """A recovery, ``waiting`` until the second person decides; once approved it is a receivable of the same id.
    ``care_year`` is the year of care it belongs to."""

    id: UUID
    instruction_id: UUID
    claim_id: UUID
    layer: str
    institution_code: str
    expense_account: str
    care_year: int
    bearer: Bearer
    amount: Yuan
    patient_owed: Yuan
    penalty: Yuan
    document: str
    reason: str
    status: Decision
    asked_by: str
    asked_at: datetime
    approved_by: str | None
    approved_on: date | None
    refused_by: str | None
    refused_on: date | None
    refusal: str | None


def _recovery(row: Any) -> RecoveryOut:
    amounts = {name: row[f"{name}_fen"] for name in ("amount", "patient_owed", "penalty")}
    return RecoveryOut(**amounts, **{n: row[n] for n in RecoveryOut.model_fields if n not in amounts})


@router.post(
    "/pools/{pool_code}/recoveries",
    status_code=201,
    response_model=RecoveryOut,
    responses=documented(RECOVERY_UNKNOWN, RECOVERY_EXCEEDS, CONFLICT_OF_INTEREST),
    openapi_extra=access({"county_inspector", "county_recheck"}, command="ask_recovery"),
)
async def post_recovery(pool_code: str, body: RecoveryIn, unit: UnitDep) -> RecoveryOut:
    """提出追回已回补的补偿款,写明承担人和三项金额. Asks money back of a payment that was made good."""
    fields = body.model_dump()
    fen = {f"{name}_fen": fields.pop(name) for name in ("amount", "patient_owed", "penalty")}
    row = await receivables.ask_recovery(await desk_of(unit), receivables.NewRecovery(**fields, **fen))
    unit.result("recovery", row["id"])
    unit.note(amount_fen=row["amount_fen"], bearer=row["bearer"])
    return _recovery(row)


@router.get(
    "/pools/{pool_code}/recoveries",
    response_model=Page[RecoveryOut],
    openapi_extra=access(READERS, command="list_recoveries"),
)
async def get_recoveries(
    pool_code: str, unit: UnitDep, status: Decision | None = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[RecoveryOut]:
    """追回申请清单;待批准的用 ``status=waiting``. Recoveries, newest first, by status if asked for."""
    rows = await store.recoveries(unit.conn, pool_code, status, read_cursor(cursor, moment, UUID), limit + 1)
    return page(rows, limit, _recovery, "asked_at", "id")


@router.post(
    "/pools/{pool_code}/recoveries/{recovery_id}/approval",
    response_model=RecoveryOut,
    responses=documented(RECOVERY_UNKNOWN, RECOVERY_EXCEEDS, RECOVERY_DECIDED, CONFLICT_OF_INTEREST, FOUR_EYES),
    openapi_extra=access({"county_director"}, command="approve_recovery"),
)
async def post_recovery_approval(pool_code: str, recovery_id: UUID, unit: UnitDep) -> RecoveryOut:
    """批准追回(另一人),转为应收. The second person approves: it is owed from now on."""
    row = await receivables.approve_recovery(await desk_of(unit), recovery_id)
    unit.result("recovery", recovery_id)
    return _recovery(row)


@router.post(
    "/pools/{pool_code}/recoveries/{recovery_id}/refusal",
    response_model=RecoveryOut,
    responses=documented(RECOVERY_UNKNOWN, RECOVERY_DECIDED, CONFLICT_OF_INTEREST),
    openapi_extra=access({"county_inspector", "county_recheck", "county_director"}, command="refuse_recovery"),
)
async def post_recovery_refusal(pool_code: str, recovery_id: UUID, body: RefusalIn, unit: UnitDep) -> RecoveryOut:
    """批准前退回追回申请(提出人也可撤回). Turns a recovery down before it is approved; who asked may take it back."""
    row = await receivables.refuse_recovery(await desk_of(unit), recovery_id, body.reason)
    unit.result("recovery", recovery_id)
    return _recovery(row)
