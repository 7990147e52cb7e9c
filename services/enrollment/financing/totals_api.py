"""Routes of what a coverage year brings: subsidies due, and the totals of the townships."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from services.enrollment.financing import totals_store
from services.enrollment.financing.api import MONEY_READERS, PoolCode, Year
from services.enrollment.financing.dues import count_dues
from services.enrollment.financing.totals import Totals, added_up, totals_of_year
from services.enrollment.registry.act import act_of
from services.enrollment.registry.model import within
from services.enrollment.registry.territory import areas_named, areas_of, sees_whole_pool
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
Level = Literal["central", "province", "city", "county"]


class DuesBody(WireModel):
    """``audited_head_count``, where given, has to equal the register's: the dues are confirmed by it."""

    audited_head_count: Annotated[int, Field(ge=0, le=100_000_000)] | None = None


class DueItem(WireModel):
    """What one level owes by one payer; ``change`` is against the revision before."""

    due_id: UUID
    revision: int
    level: Level
    payer: str
    head_count: int
    standard: Yuan
    total: Yuan
    change: Yuan
    audited: bool


class DuesAnswer(WireModel):
    """The dues of a coverage year."""

    year: int
    head_count: int
    total: Yuan
    dues: list[DueItem]


class TotalsItem(WireModel):
    """Counts of households and members, and premiums: asked for, collected, remitted, refunded, open, still with the
    township."""

    households: int
    complete: int
    members: int
    covered: int
    to_verify: int
    excused: int
    sponsored: int
    receipts: int
    billed: Yuan
    collected: Yuan
    remitted: Yuan
    refunded: Yuan
    on_hand: Yuan
    open: Yuan
    sponsored_amount: Yuan


class TownshipTotals(TotalsItem):
    """The totals of one township."""

    township_code: str


class DueTotal(WireModel):
    """The newest due of a level and payer."""

    due_id: UUID
    level: Level
    payer: str
    head_count: int
    total: Yuan


class FinancingAnswer(WireModel):
    """The enrollment side of identity (a) for a coverage year; townships add up to the pool."""

    pool_code: str
    year: int
    pool: TotalsItem
    townships: list[TownshipTotals]
    dues: list[DueTotal]


@router.post(
    "/pools/{pool_code}/subsidies/{year}/dues", openapi_extra=access(("county_finance",), command="count_dues")
)
async def record_dues(pool_code: PoolCode, year: Year, body: DuesBody, unit: UnitDep) -> DuesAnswer:
    """Counts the covered heads and records what each fiscal level owes; again records the difference."""
    dues = await count_dues(await act_of(unit), year, body.audited_head_count)
    heads = max((sum(d.head_count for d in dues if d.level == level) for level in {d.level for d in dues}), default=0)
    unit.result("subsidy_dues", year)
    unit.note(heads=heads, dues=len(dues))
    items = [
        DueItem.model_validate(
            {
                "due_id": d.due_id,
                "revision": d.revision,
                "level": d.level,
                "payer": d.payer,
                "head_count": d.head_count,
                "standard": d.standard_fen,
                "total": d.total_fen,
                "change": d.change_fen,
                "audited": d.audited,
            }
        )
        for d in sorted(dues, key=lambda due: (due.level, due.payer))
    ]
    return DuesAnswer(year=year, head_count=heads, total=sum(d.total_fen for d in dues), dues=items)


@router.get("/pools/{pool_code}/financing/{year}", openapi_extra=access(MONEY_READERS, command="read_financing"))
async def read_financing(pool_code: PoolCode, year: Year, unit: UnitDep) -> FinancingAnswer:
    """Premiums collected, remitted, open and sponsored, and the dues of each level, for a coverage year.

    A township's people get the totals of their own townships, and no dues: those are owed to the pool.
    """
    areas = areas_of(unit.actor)
    townships = await totals_of_year(unit.conn, pool_code, year)
    by_township = {code: total for code, total in townships.items() if within(areas, code)}
    dues = await totals_store.dues(unit.conn, pool_code, year) if sees_whole_pool(unit.actor) else []
    return FinancingAnswer(
        pool_code=pool_code,
        year=year,
        pool=TotalsItem(**_totals(added_up(by_township.values()))),
        townships=[TownshipTotals(township_code=code, **_totals(t)) for code, t in by_township.items()],
        dues=[
            DueTotal(
                due_id=row["due_id"],
                level=row["level"],
                payer=row["payer"],
                head_count=row["head_count"],
                total=row["total_fen"],
            )
            for row in dues
        ],
    )


def _totals(total: Totals) -> dict[str, Any]:
    return {
        "households": total.households,
        "complete": total.complete,
        "members": total.members,
        "covered": total.covered,
        "to_verify": total.to_verify,
        "excused": total.excused,
        "sponsored": total.sponsored,
        "receipts": total.receipts,
        "billed": total.billed_fen,
        "collected": total.collected_fen,
        "remitted": total.remitted_fen,
        "refunded": total.refunded_fen,
        "on_hand": total.on_hand_fen,
        "open": total.open_fen,
        "sponsored_amount": total.sponsored_fen,
    }
