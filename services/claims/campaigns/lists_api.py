"""Routes that read a campaign's list: the notice for everybody, the lines, the workbook, the sums."""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.claims.campaigns import commands, store
from services.claims.campaigns.api import OFFICE, TOWNSHIP, WATCHERS, Pool
from services.claims.campaigns.model import LISTED, PAID, PUBLISHED, RELEASED, RETURNED, Campaign, Listed
from services.claims.campaigns.payment_sheet import payment_sheet
from services.claims.campaigns.problems import CAMPAIGN_STATE, CAMPAIGN_UNKNOWN, PAYMENT_UNKNOWN
from services.claims.campaigns.schemas import LineOut, NoticeOut, PlaceSum, PublicLineOut
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import documented
from shared.http.territory import areas_of
from shared.http.unit import Unit, UnitDep
from shared.kernel.areas import within

router = ServiceRouter(prefix="/pools/{pool_code}/campaigns", tags=["campaigns"])
Area = Annotated[str, Query(pattern=r"^\d{6,12}$")]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = (LISTED, RELEASED, PAID, RETURNED)


@router.get(
    "/{campaign_id}/notice",
    openapi_extra=access([], scope="public", command="read_notice"),
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE),
)
async def read_notice(
    pool_code: Pool, campaign_id: ShortId, area: Area, unit: UnitDep, cursor: Cursor = None, limit: Limit = 200
) -> NoticeOut:
    """The list of a township or village as it hangs out (公示), for everybody: masked names and amounts alone."""
    campaign = await commands.known(unit, campaign_id)
    if campaign.status not in (PUBLISHED, RELEASED):
        raise CAMPAIGN_STATE(status=commands.STATUS[campaign.status], act=("查看公示", "read the notice"))
    lines, following = await _page(unit, campaign, SHOWN, area, cursor, limit)
    items = [
        PublicLineOut.model_validate(
            {
                "payment_id": line.id,
                "township_code": line.township_code,
                "village_code": line.village_code,
                "name": line.masked_name,
                "amount": line.amount_fen,
                "status": line.status,
            }
        )
        for line in lines
    ]
    return NoticeOut(
        items=items,
        next_cursor=following,
        title=campaign.title,
        document_number=campaign.document_number,
        restriction=campaign.restriction(),
    )


async def _page(
    unit: Unit, campaign: Campaign, statuses: tuple[str, ...], area: str | None, cursor: str | None, limit: int
) -> tuple[list[Listed], str | None]:
    key = read_cursor(cursor, str, UUID)
    after = (key[0], key[1]) if key else ("", UUID(int=0))
    lines = await store.listed(unit.conn, unit.pool_code, campaign, statuses, area, after, limit + 1)
    shown = lines[:limit]
    return shown, encode_cursor(shown[-1].township_code, shown[-1].id) if len(lines) > limit else None


@router.get(
    "/{campaign_id}/payments",
    openapi_extra=access([*WATCHERS, *TOWNSHIP, "insurer_finance"], command="list_campaign_payments", personal=True),
    responses=documented(CAMPAIGN_UNKNOWN, PAYMENT_UNKNOWN),
)
async def list_payments(
    pool_code: Pool, campaign_id: ShortId, unit: UnitDep, area: Area | None = None, cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[LineOut]:  # fmt: skip
    """Lines of the list that counts; a township names an area of its own."""
    campaign = await commands.known(unit, campaign_id)
    _check_area(unit, area)
    lines, following = await _page(unit, campaign, SHOWN, area, cursor, limit)
    return Page[LineOut](items=[_line(line) for line in lines], next_cursor=following)


def _check_area(unit: Unit, area: str | None) -> None:
    """A township looks into its own areas only. Raises PAYMENT_UNKNOWN, AREAS_MISSING."""
    if not within(areas_of(unit.actor), area or ""):
        raise PAYMENT_UNKNOWN(payment_id=area or "-")


def _line(line: Listed) -> LineOut:
    return LineOut.model_validate(
        {
            "payment_id": line.id,
            "psn_no": line.member_id,
            "township_code": line.township_code,
            "village_code": line.village_code,
            "name": line.masked_name,
            "base": line.base_fen,
            "due": line.due_fen,
            "amount": line.amount_fen,
            "status": line.status,
            "paid_on": line.paid_on,
        }
    )


@router.get(
    "/{campaign_id}/payments.xlsx",
    response_class=Response,
    openapi_extra=access([*OFFICE, *TOWNSHIP, "insurer_finance"], command="read_payment_sheet", personal=True),
    responses={200: {"content": {XLSX: {}}}, **documented(CAMPAIGN_UNKNOWN, PAYMENT_UNKNOWN)},
)
async def read_payment_sheet(
    pool_code: Pool, campaign_id: ShortId, unit: UnitDep, area: Area | None = None
) -> Response:
    """The payment list as a workbook, a sheet a township, for the signatures."""
    campaign = await commands.known(unit, campaign_id)
    _check_area(unit, area)
    lines = await store.listed(unit.conn, unit.pool_code, campaign, (RELEASED, PAID, RETURNED), area)
    unit.note(lines=len(lines))
    headers = {"Content-Disposition": f'attachment; filename="second-{campaign.year}.xlsx"'}
    return Response(payment_sheet(campaign, lines), media_type=XLSX, headers=headers)


@router.get(
    "/{campaign_id}/places",
    openapi_extra=access([*WATCHERS, "insurer_finance"], command="sum_campaign"),
    responses=documented(CAMPAIGN_UNKNOWN),
)
async def sum_places(pool_code: Pool, campaign_id: ShortId, unit: UnitDep) -> list[PlaceSum]:
    """Persons and sums by township, village and state."""
    campaign = await commands.known(unit, campaign_id)
    return _places(await store.places(unit.conn, unit.pool_code, campaign))


def _places(rows: Iterable[Any]) -> list[PlaceSum]:
    return [
        PlaceSum(
            township_code=row["township_code"],
            village_code=row["village_code"],
            status=row["status"],
            persons=row["persons"],
            amount=row["amount_fen"],
        )
        for row in rows
    ]
