"""Routes of areas and pools, and of who pays the subsidies of which."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Path, Response
from pydantic import Field

from services.enrollment.registry import area_store
from services.enrollment.registry import areas as area_commands
from services.enrollment.registry.api import REGISTER_READERS, PoolCode
from services.enrollment.registry.areas import areas_of_pool
from services.enrollment.registry.model import Area
from services.enrollment.registry.territory import areas_named
from services.enrollment.registry.texts import Text60
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.preconditions import PreconditionDep, show
from shared.http.problems import PRECONDITION_FAILED, PRECONDITION_REQUIRED, documented
from shared.http.unit import UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(tags=["registry"], dependencies=[Depends(areas_named)])
AreaCode = Annotated[str, Path(pattern=r"^\d{2,12}$")]
Payers = Annotated[dict[Literal["central", "province", "city", "county"], Text60], Field(min_length=1)]
PLACERS = ("city_health", "county_director")


class AreaBody(WireModel):
    """An area: its code begins with its parent's (county 6 digits, township 8, village 10 by usual practice)."""

    kind: Literal["province", "prefecture", "county", "township", "village"]
    name: Text60
    parent_code: Annotated[str | None, Field(pattern=r"^\d{2,12}$")] = None


class AreaAnswer(AreaBody):
    """An area as registered."""

    area_code: str


class PoolBody(WireModel):
    """A pool, the area it serves from ``valid_from`` on, and who pays each level of subsidy there."""

    name: Text60
    area_code: Annotated[str, Field(pattern=r"^\d{2,12}$")]
    valid_from: date
    payers: Payers


class PoolAnswer(WireModel):
    """A registered pool."""

    pool_code: str
    name: str


class AreaPoolBody(WireModel):
    """From ``valid_from`` on the area belongs to the pool."""

    pool_code: Annotated[str, Field(pattern=r"^\d{6}$")]
    valid_from: date


class AreaPayersBody(WireModel):
    """From ``valid_from`` on these pay the subsidies for the area."""

    payers: Payers
    valid_from: date


class AreaPoolAnswer(AreaPoolBody):
    """The mapping as recorded."""

    area_code: str


class AreaPayersAnswer(AreaPayersBody):
    """The payers as recorded."""

    area_code: str


def _by_level(payers: Payers) -> dict[str, str]:
    return {str(level): payer for level, payer in payers.items()}


@router.put(
    "/areas/{area_code}",
    openapi_extra=access(PLACERS, command="put_area", scope="free"),
    responses=documented(PRECONDITION_FAILED, PRECONDITION_REQUIRED),
)
async def put_area(
    area_code: AreaCode, body: AreaBody, unit: UnitDep, expected: PreconditionDep, response: Response
) -> AreaAnswer:
    """Registers an area, or renames it; a new name needs the ETag of the area as it was read."""
    area = Area(area_code, body.parent_code, body.kind, body.name)
    show(response, await area_commands.put_area(unit.conn, unit.actor, area, unit.now, expected))
    unit.result("area", area_code)
    return AreaAnswer(area_code=area_code, **body.model_dump())


@router.get(
    "/areas/{area_code}",
    openapi_extra=access((*REGISTER_READERS, "city_health"), command="read_area", scope="free"),
    responses=documented(area_commands.AREA_UNKNOWN),
)
async def read_area(area_code: AreaCode, unit: UnitDep, response: Response) -> AreaAnswer:
    """One area, with its ETag."""
    row = await area_store.area(unit.conn, area_code)
    if row is None:
        raise area_commands.AREA_UNKNOWN(area_code=area_code)
    show(response, area_commands.area_tag(area_code, row["version"]))
    return AreaAnswer.model_validate({name: row[name] for name in AreaAnswer.model_fields})


@router.put("/areas/{area_code}/pools", openapi_extra=access(("city_health",), command="map_area", scope="free"))
async def map_area(area_code: AreaCode, body: AreaPoolBody, unit: UnitDep) -> AreaPoolAnswer:
    """Places an area in a pool from a day on; the pool need not be that of its administrative parent."""
    await area_commands.map_area(unit.conn, area_code, body.pool_code, body.valid_from, unit.actor.subject, unit.now)
    unit.result("area_pool", area_code)
    return AreaPoolAnswer(area_code=area_code, **body.model_dump())


@router.put("/areas/{area_code}/payers", openapi_extra=access(("city_health",), command="map_payers", scope="free"))
async def map_payers(area_code: AreaCode, body: AreaPayersBody, unit: UnitDep) -> AreaPayersAnswer:
    """States who pays the subsidies for an area from a day on."""
    await area_commands.map_payers(
        unit.conn, area_code, body.valid_from, _by_level(body.payers), unit.actor.subject, unit.now
    )
    unit.result("area_payer", area_code)
    return AreaPayersAnswer(area_code=area_code, **body.model_dump())


@router.put(
    "/pools/{pool_code}",
    openapi_extra=access(("city_health",), command="put_pool", scope="free"),
    responses=documented(PRECONDITION_FAILED, PRECONDITION_REQUIRED),
)
async def put_pool(
    pool_code: PoolCode, body: PoolBody, unit: UnitDep, expected: PreconditionDep, response: Response
) -> PoolAnswer:
    """Registers a pool with its area and the payers of its subsidies; a new name needs the ETag as it was read."""
    await area_commands.put_pool(
        unit.conn,
        pool_code,
        body.name,
        body.area_code,
        body.valid_from,
        _by_level(body.payers),
        unit.actor.subject,
        unit.now,
        expected,
    )
    unit.result("pool", pool_code)
    show(response, area_commands.pool_tag(pool_code, body.name))
    return PoolAnswer(pool_code=pool_code, name=body.name)


@router.get(
    "/pools/{pool_code}",
    openapi_extra=access((*REGISTER_READERS, "city_health"), command="read_pool", scope="free"),
    responses=documented(area_commands.POOL_UNKNOWN),
)
async def read_pool(pool_code: PoolCode, unit: UnitDep, response: Response) -> PoolAnswer:
    """A pool, with its ETag."""
    name = await area_store.pool_name(unit.conn, pool_code)
    if name is None:
        raise area_commands.POOL_UNKNOWN(pool_code=pool_code)
    show(response, area_commands.pool_tag(pool_code, name))
    return PoolAnswer(pool_code=pool_code, name=name)


@router.get("/pools/{pool_code}/areas", openapi_extra=access(REGISTER_READERS, command="list_areas"))
async def list_areas(pool_code: PoolCode, unit: UnitDep, on: date | None = None) -> list[AreaAnswer]:
    """The areas that belong to the pool on a day (today)."""
    found = await areas_of_pool(unit.conn, pool_code, on or shanghai_date(unit.now))
    return [
        AreaAnswer.model_validate({"area_code": a.code, "kind": a.kind, "name": a.name, "parent_code": a.parent})
        for a in found
    ]
