"""Routes of voluntary layers: what a year costs, who joined, who left, and how many they are."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Query
from pydantic import Field

from services.enrollment.financing import layers, layers_store
from services.enrollment.financing.api import MONEY_READERS, Year
from services.enrollment.financing.billing import STANDARD_UNKNOWN
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.territory import areas_named, areas_of, household_within, member_within
from services.enrollment.registry.texts import Reason, ReceiptNumber, Text60
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import NOT_FOUND, documented
from shared.http.unit import UnitDep
from shared.kernel.areas import within

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]
Layer = Annotated[Literal["supplementary"], Path(description="its id in the policy documents")]
JOINERS_MAX_BYTES = 2 * 1024 * 1024


class LayerStandardBody(WireModel):
    """What a year of the layer costs a head and what the city adds, by which document of the health bureau."""

    premium: Annotated[Yuan, Field(gt=0)]
    subsidy: Annotated[Yuan, Field(ge=0)]
    document_number: Text60


class LayerStandardAnswer(LayerStandardBody):
    """The standard as recorded."""

    layer: str
    year: int


class JoinerBody(WireModel):
    """A person who paid, on which receipt and when; a household's persons may share a receipt."""

    member_id: UUID
    receipt_number: ReceiptNumber
    paid_on: date


class JoinersBody(WireModel):
    """A list of persons who paid for a coverage year."""

    year: Annotated[int, Field(ge=2003, le=2200)]
    joiners: Annotated[list[JoinerBody], Field(min_length=1, max_length=5000)]


class JoinersAnswer(WireModel):
    """How many joined now, how many had before, and the money of those who joined now."""

    joined: int
    unchanged: int
    amount: Yuan


class LeavingBody(WireModel):
    """From which day on the layer counts for the person no longer, and why."""

    year: Annotated[int, Field(ge=2003, le=2200)]
    left_from: date
    reason: Reason


class LeavingAnswer(WireModel):
    """The person who leaves."""

    member_id: UUID
    layer: str
    left_from: date


class HouseholdLayerItem(WireModel):
    """A member: his payment for the layer's year, and from when to when he has joined; nothing where he has not."""

    member_id: UUID
    member_number: int
    receipt_number: str | None
    paid_on: date | None
    joined_from: date | None
    left_from: date | None


class HouseholdLayerAnswer(WireModel):
    """A voluntary layer of a household: its price a head, what was paid, and what all others would pay."""

    household_id: UUID
    layer: str
    year: int
    premium: Yuan
    paid: Yuan
    open: Yuan
    members: list[HouseholdLayerItem]


class HeadsItem(WireModel):
    """Who paid in a township, their money, and what the city owes for them; ``left_early`` are among ``heads``."""

    township_code: str
    heads: int
    left_early: int
    premium: Yuan
    subsidy: Yuan


class HeadsAnswer(WireModel):
    """The head count of a layer's year, on which the city's subsidy rests."""

    layer: str
    year: int
    heads: int
    premium: Yuan
    subsidy: Yuan
    townships: list[HeadsItem]


@router.put(
    "/pools/{pool_code}/layers/{layer}/standards/{year}",
    openapi_extra=access(("county_director", "city_health"), command="put_layer_standard"),
    responses=documented(STANDARD_UNKNOWN, layers.LAYER_STANDARD_FIXED),
)
async def record_layer_standard(
    pool_code: PoolCode, layer: Layer, year: Year, body: LayerStandardBody, unit: UnitDep
) -> LayerStandardAnswer:
    """Records what a coverage year of a voluntary layer costs; recorded once, by the public side (ZZ-53)."""
    new = layers.LayerStandard(layer, year, body.premium, body.subsidy, body.document_number)
    await layers.put_layer_standard(await act_of(unit), new)
    unit.result("layer_standard", f"{layer}:{year}")
    return LayerStandardAnswer(layer=layer, year=year, **body.model_dump())


@router.post(
    "/pools/{pool_code}/layers/{layer}/joiners",
    openapi_extra=access(("township_clerk",), command="join_layer", max_bytes=JOINERS_MAX_BYTES),
    responses=documented(STANDARD_UNKNOWN, layers.LAYER_UNKNOWN, layers.JOINERS_REFUSED),
)
async def join_layer(pool_code: PoolCode, layer: Layer, body: JoinersBody, unit: UnitDep) -> JoinersAnswer:
    """Records who paid for a voluntary layer, each person for himself; the same list again changes nothing."""
    joiners = [layers.Joiner(one.member_id, one.receipt_number, one.paid_on) for one in body.joiners]
    done = await layers.join(await act_of(unit), sealer_of(unit), areas_of(unit.actor), layer, body.year, joiners)
    unit.result("layer", f"{layer}:{body.year}")
    unit.note(joined=len(done.members), amount_fen=done.amount_fen)
    return JoinersAnswer(joined=len(done.members), unchanged=done.unchanged, amount=done.amount_fen)


@router.post(
    "/pools/{pool_code}/members/{member_id}/layers/{layer}/leaving",
    openapi_extra=access(("township_director", "county_recheck"), command="leave_layer"),
    responses=documented(layers.LEAVING_REFUSED),
)
async def leave_layer(
    pool_code: PoolCode, member_id: UUID, layer: Layer, body: LeavingBody, unit: UnitDep
) -> LeavingAnswer:
    """A person leaves a voluntary layer from a later day on; what was settled before stands."""
    await member_within(unit, member_id)
    act = await act_of(unit)
    await layers.leave(act, sealer_of(unit), layer, body.year, member_id, body.left_from, body.reason)
    unit.result("member", member_id)
    unit.note(layer=layer, left_from=body.left_from.isoformat())
    return LeavingAnswer(member_id=member_id, layer=layer, left_from=body.left_from)


@router.get(
    "/pools/{pool_code}/households/{household_id}/layers/{layer}",
    openapi_extra=access(MONEY_READERS, command="read_household_layer"),
    responses=documented(NOT_FOUND, layers.LAYER_UNKNOWN),
)
async def read_household_layer(
    pool_code: PoolCode,
    household_id: UUID,
    layer: Layer,
    unit: UnitDep,
    year: Annotated[int, Query(ge=2003, le=2200)],
) -> HouseholdLayerAnswer:
    """What a voluntary layer costs a household beside its bill: who has paid, and what those would who could join."""
    await household_within(unit, household_id)
    costs = await layers.layer_standard(unit.conn, pool_code, layer, year)
    rows = await layers_store.of_household(unit.conn, pool_code, household_id, layer, year)
    waiting = sum(row["receipt_number"] is None for row in rows)
    return HouseholdLayerAnswer(
        household_id=household_id,
        layer=layer,
        year=year,
        premium=costs.premium_fen,
        paid=costs.premium_fen * (len(rows) - waiting),
        open=costs.premium_fen * waiting,
        members=[HouseholdLayerItem(**{name: row[name] for name in HouseholdLayerItem.model_fields}) for row in rows],
    )


@router.get(
    "/pools/{pool_code}/layers/{layer}/heads",
    openapi_extra=access(MONEY_READERS, command="read_layer_heads"),
    responses=documented(layers.LAYER_UNKNOWN),
)
async def read_layer_heads(
    pool_code: PoolCode, layer: Layer, unit: UnitDep, year: Annotated[int, Query(ge=2003, le=2200)]
) -> HeadsAnswer:
    """How many joined a layer for a year, township by township, with their premiums and the subsidy due (ZZ-30)."""
    areas = areas_of(unit.actor)
    found = [
        one for one in await layers.heads_of(unit.conn, pool_code, layer, year) if within(areas, one.township_code)
    ]
    return HeadsAnswer(
        layer=layer,
        year=year,
        heads=sum(one.heads for one in found),
        premium=sum(one.premium_fen for one in found),
        subsidy=sum(one.subsidy_fen for one in found),
        townships=[
            HeadsItem(
                township_code=one.township_code,
                heads=one.heads,
                left_early=one.left_early,
                premium=one.premium_fen,
                subsidy=one.subsidy_fen,
            )
            for one in found
        ],
    )
