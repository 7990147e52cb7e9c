"""Chapter 4: stays and visits: looked up, registered, lines, quote, settled, cancelled and settled again, refused."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from deploy.demo import county
from deploy.demo.county import INSTITUTIONS, Institution
from deploy.demo.parties import Party
from deploy.demo.story import Story
from shared.http.together import together
from shared.kernel.ids import to_base32

STRANGER = "522422198001010018"


async def admit(story: Story) -> None:
    """The stays begin."""
    people = iter(story.facts["roster"].sound)
    stays: list[dict[str, Any]] = []
    for institution in INSTITUTIONS:
        for _ in range(institution.stays):
            stays.append(await register(story, institution, next(people), len(stays), "inpatient"))
    story.facts.update(stays=stays, people=people)
    story.done(f"{len(stays)} 人入院登记 · stays registered")
    await _refused(story)


async def _refused(story: Story) -> None:
    hospital = story.cast.hospitals[INSTITUTIONS[1].code]
    told = await hospital.write(
        "POST", story.path("claims", "lookups"), "stranger", expect=404, json={"id_number": STRANGER}
    )
    story.check(told["code"] == "member_unknown", "somebody not enrolled to be refused", told)
    story.done(f"未参合人员:{told['detail']} · one not enrolled is refused")


async def register(story: Story, institution: Institution, person: Any, number: int, kind: str) -> dict[str, Any]:
    """Looks a person up by ID number and registers the visit under an id of the hospital's making."""
    hospital = story.cast.hospitals[institution.code]
    step = f"{kind}-{institution.code}-{number}"
    found = await hospital.write(
        "POST", story.path("claims", "lookups"), f"{step}-lookup", json={"id_number": person.id_number}
    )
    story.check(found["covered"], "a covered member", found)
    admitted_at = f"{story.today}T08:{number % 60:02d}:00"
    # of the hospital's own making and the same whenever the story asks again
    visit_id = to_base32(uuid5(NAMESPACE_OID, f"{story.office.story}.{step}"))
    await hospital.write(
        "PUT",
        story.path("claims", f"visits/{visit_id}"),
        f"{step}-visit",
        json={
            "institution_code": institution.code,
            "institution_number": f"ZY{story.today.replace('-', '')}{number:04d}",
            "member_id": found["psn_no"],
            "kind": kind,
            "admitted_at": admitted_at,
            "diagnosis_code": "J18.900" if kind == "inpatient" else "J06.900",
            "diagnosis_name": "肺炎" if kind == "inpatient" else "急性上呼吸道感染",
        },
    )
    return {"visit_id": visit_id, "institution": institution, "number": number, "step": step, "member": found}


async def discharge(story: Story) -> None:
    """Bills are uploaded, quoted and settled at the bedside; one is cancelled and settled again."""
    stays = story.facts["stays"]
    for stay in stays:
        await _bill(story, stay)
    settled = await together(settle(story, stay, "") for stay in stays)
    first = settled[0]
    outside = await story.cast.hospitals[first["institution_code"]].read(
        story.path("claims", f"claims/{first['setl_id']}/trace")
    )
    reasons = {line["item_code"]: line["reason"] for line in outside["lines"]}
    story.check(reasons.get("Z9999") == "not_in_catalogue", "the line outside the catalogue to be told", reasons)
    story.done(f"{len(settled)} 人出院结算;目录外的一行注明原因 · settled at the bedside with a trace")
    settled[1] = await _again(story, stays[1], settled[1])
    visits = await _clinic(story)
    story.facts["claims"] = [claim["claim_id"] for claim in (*settled, *visits)]


async def _bill(story: Story, stay: dict[str, Any]) -> None:
    hospital = story.cast.hospitals[stay["institution"].code]
    visit = story.path("claims", f"visits/{stay['visit_id']}")
    lines = {"lines": county.stay_lines(stay["number"])}
    await hospital.write("POST", f"{visit}/lines", f"{stay['step']}-lines", json=lines)
    await hospital.write(
        "POST", f"{visit}/discharge", f"{stay['step']}-discharge", json={"discharged_at": f"{story.today}T08:30:00"}
    )
    quote = await hospital.ask(f"{visit}/quote", {}, too_late="visit_settled")
    if quote is not None:
        stay["quote"] = quote


async def settle(story: Story, stay: dict[str, Any], turn: str, **body: Any) -> Any:
    """Settles a visit; what was quoted is what is paid."""
    hospital = story.cast.hospitals[stay["institution"].code]
    claim = await hospital.write(
        "POST", story.path("claims", f"visits/{stay['visit_id']}/settlement"), f"{stay['step']}-settle{turn}", json=body
    )
    if "quote" in stay:
        story.check(claim["benefit"] == stay["quote"]["benefit"], f"{stay['quote']['benefit']} as quoted", claim)
    return claim


async def _again(story: Story, stay: dict[str, Any], claim: Any) -> Any:
    hospital: Party = story.cast.hospitals[stay["institution"].code]
    cancelled = await hospital.write(
        "POST",
        story.path("claims", f"claims/{claim['setl_id']}/cancellation"),
        f"{stay['step']}-cancel",
        json={"reason": "病人要求更正"},
    )
    story.check(cancelled["status"] == "cancelled", "the claim to be cancelled", cancelled)
    second = await settle(story, stay, "-again")
    story.check(second["benefit"] == claim["benefit"], "the same benefit as before", second)
    story.done(f"撤销一笔再结算,补偿仍是 {second['benefit']} 元 · cancelled, settled again, the same benefit")
    return second


async def _clinic(story: Story) -> list[Any]:
    clinic = INSTITUTIONS[-1]
    claims = []
    for number in range(clinic.visits):
        visit = await register(story, clinic, next(story.facts["people"]), number, "outpatient")
        claims.append(await settle(story, visit, "", lines=county.visit_lines(number)))
    total = sum(int(claim["benefit"].replace(".", "")) for claim in claims)
    story.done(f"村卫生室门诊 {len(claims)} 人次,补偿 {total / 100:.2f} 元 · outpatient visits at a village clinic")
    return claims
