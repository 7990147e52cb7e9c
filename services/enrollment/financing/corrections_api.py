"""Routes of coverage corrected by hand, and of newborns."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from services.enrollment.financing.api import PoolCode
from services.enrollment.financing.corrections import correct, enrol_newborn
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.identity import Identity, read_identity
from services.enrollment.registry.model import Newborn
from services.enrollment.registry.territory import areas_named, household_within, member_within
from services.enrollment.registry.texts import Reason, Text60
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import from_validation
from shared.http.unit import UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
ID_NUMBER_UNFIT = "身份证号有误,或与出生日期、性别不一致 / no sound ID number of that birth date and sex"


class CorrectionBody(WireModel):
    """What happened and since when: lapse and reinstatement from the day, death on it, birth on it."""

    kind: Literal["lapse", "death", "birth", "reinstatement"]
    effective_on: date
    reason: Reason


class CorrectionAnswer(WireModel):
    """The member whose coverage changed."""

    member_id: UUID
    kind: str
    effective_on: date


class NewbornBody(WireModel):
    """A newborn of a household; the ID number may be missing."""

    name: Text60
    sex: Literal["male", "female"]
    birth_date: date
    relation: Literal["son", "daughter", "grandchild", "other"] | None = None
    """The son or the daughter of the head unless stated."""
    id_number: Annotated[str, Field(max_length=30)] | None = None


class NewbornAnswer(WireModel):
    """The newborn as a member, covered from birth."""

    member_id: UUID
    covered_from: date


@router.post(
    "/pools/{pool_code}/members/{member_id}/coverage-corrections",
    openapi_extra=access(("county_recheck", "township_director"), command="correct_coverage"),
)
async def correct_coverage(
    pool_code: PoolCode, member_id: UUID, body: CorrectionBody, unit: UnitDep
) -> CorrectionAnswer:
    """Corrects a member's coverage; whoever reads coverage gets the whole timeline with a higher sequence."""
    await member_within(unit, member_id)
    await correct(await act_of(unit), sealer_of(unit), member_id, body.kind, body.effective_on, body.reason)
    unit.result("member", member_id)
    unit.note(kind=body.kind, effective_on=body.effective_on.isoformat())
    return CorrectionAnswer(member_id=member_id, kind=body.kind, effective_on=body.effective_on)


@router.post(
    "/pools/{pool_code}/households/{household_id}/newborns",
    openapi_extra=access(("township_clerk", "county_recheck"), command="enrol_newborn"),
)
async def record_newborn(pool_code: PoolCode, household_id: UUID, body: NewbornBody, unit: UnitDep) -> NewbornAnswer:
    """Enrols a newborn, covered from birth."""
    number = None
    if body.id_number:
        found = read_identity(body.id_number, shanghai_date(unit.now))
        if not isinstance(found, Identity) or (found.birth_date, found.sex) != (body.birth_date, body.sex):
            raise from_validation([{"loc": ("body", "id_number"), "msg": ID_NUMBER_UNFIT}])
        number = found.number
    relation = body.relation or ("son" if body.sex == "male" else "daughter")
    await household_within(unit, household_id)
    newborn = Newborn(body.name, relation, body.sex, body.birth_date, number)
    member_id = await enrol_newborn(await act_of(unit), sealer_of(unit), household_id, newborn)
    unit.result("member", member_id)
    return NewbornAnswer(member_id=member_id, covered_from=body.birth_date)
