"""Routes of coverage as other services ask for it: by member, or by a person's blind index."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path

from services.enrollment.registry import coverage_store, facts_store, store
from services.enrollment.registry.act import sealer_of
from services.enrollment.registry.api import PoolCode
from services.enrollment.registry.identity import mask_name
from services.enrollment.registry.publish import group_start, layer_start, timeline_of
from services.enrollment.registry.territory import areas_named, member_within
from shared.contracts.enrollment import CoverageStart, GroupStart, LayerStart
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import NOT_FOUND
from shared.http.unit import Unit, UnitDep
from shared.kernel.errors import define

router = ServiceRouter(tags=["registry"], dependencies=[Depends(areas_named)])
Index = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
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
    facts = await facts_store.facts_by_index(unit.conn, pool_code, index)
    if facts is not None:
        return await _coverage(unit, facts)
    known = await store.persons_known(unit.conn, [index])
    if index in known:
        raise MEMBER_ELSEWHERE(known_in=known[index], pool_code=pool_code)
    raise NOT_FOUND(what=("这位参合人员", "such member"))


async def _coverage(unit: Unit, facts: Any) -> CoverageAnswer:
    member_id = facts["member_id"]
    timeline = await timeline_of(unit.conn, unit.pool_code, member_id)
    groups = await coverage_store.groups_of(unit.conn, unit.pool_code, [member_id])
    layers = await coverage_store.layers_of(unit.conn, unit.pool_code, [member_id])
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
