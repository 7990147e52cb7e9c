"""Routes of the register: areas, pools, households, coverage."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path, Query, Response
from pydantic import Field

from services.enrollment.registry import areas as area_commands
from services.enrollment.registry import sheets, store
from services.enrollment.registry.act import sealer_of
from services.enrollment.registry.areas import areas_of_pool
from services.enrollment.registry.identity import mask_name, mask_number
from services.enrollment.registry.model import Area
from services.enrollment.registry.publish import group_start, layer_start, timeline_of
from services.enrollment.registry.territory import areas_named, areas_of, household_within, member_within
from services.enrollment.registry.texts import Text60, cursor_text
from shared.contracts.enrollment import CoverageStart, GroupStart, LayerStart
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.preconditions import PreconditionDep, show
from shared.http.problems import NOT_FOUND, PRECONDITION_FAILED, PRECONDITION_REQUIRED, documented
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import define

router = ServiceRouter(tags=["registry"], dependencies=[Depends(areas_named)])

AreaCode = Annotated[str, Path(pattern=r"^\d{2,12}$")]
PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]
Index = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Payers = Annotated[dict[Literal["central", "province", "city", "county"], Text60], Field(min_length=1)]

PLACERS = ("city_health", "county_director")
REGISTER_READERS = (
    "township_clerk",
    "township_director",
    "county_recheck",
    "county_inspector",
    "county_director",
    "insurer_intake",
    "insurer_reviewer",
    "insurer_approver",
    "insurer_manager",
    "auditor",
)
SEES_NUMBERS = frozenset({"township_clerk", "county_recheck", "county_inspector"})
COVERAGE_READERS = (
    "service",
    "insurer_intake",
    "insurer_reviewer",
    "insurer_approver",
    "insurer_manager",
    "auditor",
    "county_recheck",
    "county_inspector",
    "township_clerk",
    "township_director",
)

MEMBER_ELSEWHERE = define(
    "member_elsewhere",
    404,
    "在其他统筹区参合",
    "Member of another pool",
    "此人在统筹区 {known_in} 登记,不在 {pool_code}。",
    "The person is known in pool {known_in}, not in {pool_code}.",
)


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


class HouseholdItem(WireModel):
    """A household in a list."""

    household_id: UUID
    township_code: str
    village_code: str
    group: str
    household_number: str
    certificate_number: str
    head_name: str | None
    enrolled: int
    to_verify: int


class MemberItem(WireModel):
    """A member of a household; the ID number is masked for roles that need not see it."""

    member_id: UUID
    person_id: UUID | None
    member_number: int
    name: str
    relation: str
    sex: str | None
    birth_date: date | None
    id_number: str | None
    status: Literal["enrolled", "to_verify", "ended"]


class HouseholdAnswer(WireModel):
    """A household with its members."""

    household_id: UUID
    township_code: str
    village_code: str
    group: str
    household_number: str
    certificate_number: str
    members: list[MemberItem]


class CoverageAnswer(WireModel):
    """A member's whole coverage in the pool: the same facts and sequence as the event's, and a masked name."""

    member_id: UUID
    household_id: UUID
    person_id: UUID | None
    status: Literal["enrolled", "to_verify", "ended"]
    masked_name: str
    blind_index: str | None
    township_code: str
    village_code: str
    birth_date: date | None
    sex: Literal["male", "female"] | None
    sequence: int
    timeline: list[CoverageStart]
    groups: list[GroupStart]
    layers: list[LayerStart]


def _by_level(payers: Payers) -> dict[str, str]:
    return {str(level): payer for level, payer in payers.items()}


def certificate(village_code: str, group: str, household_number: str) -> str:
    """医疗证号: village, group in two digits where it is a number, household number (practice.md (i))."""
    return village_code + (group.zfill(2) if group.isdecimal() else "00") + household_number


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
    row = await store.area(unit.conn, area_code)
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
    name = await store.pool_name(unit.conn, pool_code)
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


@router.get(
    "/pools/{pool_code}/households",
    openapi_extra=access(REGISTER_READERS, command="list_households", personal=True) | sheets.HOUSEHOLDS,
)
async def list_households(
    pool_code: PoolCode,
    unit: UnitDep,
    area: Annotated[str, Query(pattern=r"^\d{0,12}$")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HouseholdItem]:
    """Households of a township or village (a prefix of the village code) in order of their address."""
    key = read_cursor(cursor, cursor_text, cursor_text, cursor_text) or ["", "", ""]
    after = (key[0], key[1], key[2])
    rows = await store.household_page(unit.conn, pool_code, area, areas_of(unit.actor), after, limit + 1)
    items = [_household_item(row) for row in rows[:limit]]
    more = len(rows) > limit
    last = items[-1] if items else None
    following = encode_cursor(last.village_code, last.group, last.household_number) if more and last else None
    return Page(items=items, next_cursor=following)


def _household_item(row: Any) -> HouseholdItem:
    number = row["household_number"]
    return HouseholdItem(
        household_id=row["household_id"],
        township_code=row["township_code"],
        village_code=row["village_code"],
        group=row["group_name"],
        household_number=number,
        certificate_number=certificate(row["village_code"], row["group_name"], number),
        head_name=row["head_name"],
        enrolled=row["enrolled"],
        to_verify=row["to_verify"],
    )


@router.get(
    "/pools/{pool_code}/households/{household_id}",
    openapi_extra=access(REGISTER_READERS, command="read_household", personal=True),
)
async def read_household(pool_code: PoolCode, household_id: UUID, unit: UnitDep) -> HouseholdAnswer:
    """One household with its members."""
    row = await household_within(unit, household_id)
    members = await store.household_members(unit.conn, pool_code, household_id)
    unit.result("household", household_id)
    return HouseholdAnswer(
        household_id=household_id,
        township_code=row["township_code"],
        village_code=row["village_code"],
        group=row["group_name"],
        household_number=row["household_number"],
        certificate_number=certificate(row["village_code"], row["group_name"], row["household_number"]),
        members=[_member_item(unit, member) for member in members],
    )


def _member_item(unit: Unit, row: Any) -> MemberItem:
    number = None
    if row["id_sealed"] is not None:
        number = sealer_of(unit).open("person", "id_sealed", row["person_id"], row["id_sealed"])
        number = number if unit.actor.role in SEES_NUMBERS else mask_number(number)
    return MemberItem(
        id_number=number,
        **{
            name: row[name]
            for name in ("member_id", "person_id", "member_number", "name", "relation", "sex", "birth_date", "status")
        },
    )


@router.get(
    "/pools/{pool_code}/members/{member_id}/coverage",
    openapi_extra=access(COVERAGE_READERS, command="read_coverage", personal=True),
)
async def read_coverage(pool_code: PoolCode, member_id: UUID, unit: UnitDep) -> CoverageAnswer:
    """A member's whole coverage timeline with its sequence."""
    facts = await member_within(unit, member_id)
    return await _coverage(unit, facts)


@router.get(
    "/pools/{pool_code}/coverage/by-index/{blind_index}",
    openapi_extra=access(("service",), command="read_coverage_by_index", personal=True),
)
async def read_coverage_by_index(pool_code: PoolCode, blind_index: Index, unit: UnitDep) -> CoverageAnswer:
    """The coverage of the person with this blind index; of one in another pool only that pool's code is told."""
    index = bytes.fromhex(blind_index)
    facts = await store.facts_by_index(unit.conn, pool_code, index)
    if facts is not None:
        return await _coverage(unit, facts)
    known = await store.persons_known(unit.conn, [index])
    if index in known:
        raise MEMBER_ELSEWHERE(known_in=known[index], pool_code=pool_code)
    raise NOT_FOUND(what=("这位参合人员", "such member"))


async def _coverage(unit: Unit, facts: Any) -> CoverageAnswer:
    member_id = facts["member_id"]
    timeline = await timeline_of(unit.conn, unit.pool_code, member_id)
    groups = await store.groups_of(unit.conn, unit.pool_code, [member_id])
    layers = await store.layers_of(unit.conn, unit.pool_code, [member_id])
    index = facts["id_index"]
    if index is None and facts["person_id"] is not None:
        index = sealer_of(unit).blind_index("member_id", str(member_id))
    unit.result("member", member_id)
    return CoverageAnswer(
        member_id=member_id,
        household_id=facts["household_id"],
        person_id=facts["person_id"],
        status=facts["status"],
        masked_name=mask_name(facts["name"]),
        blind_index=index.hex() if index else None,
        township_code=facts["township_code"],
        village_code=facts["village_code"],
        birth_date=facts["birth_date"],
        sex=facts["sex"],
        sequence=facts["coverage_version"],
        timeline=[
            CoverageStart.model_validate({"valid_from": s.valid_from, "recorded_seq": s.recorded_seq, "state": s.state})
            for s in timeline
        ],
        groups=[group_start(row) for row in groups],
        layers=[layer_start(row) for row in layers],
    )
