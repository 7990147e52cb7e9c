"""Facts that a visit is settled on: cases, accidents, newborns, family accounts, settlements made elsewhere."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from services.claims.visits import accounts
from shared.contracts.enrollment import ACCOUNT_TOPIC, FamilyAccountCredited
from shared.contracts.envelope import Envelope, schema_of
from shared.db.engine import create_engine
from shared.kernel.ids import new_id
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.component.claims.world import COUNTY, POOL, TOWNSHIP, VILLAGE, World, line

POLICY = Path(__file__).with_name("facts_policy.yaml").read_bytes()
PAPERS = [{"kind": "诊断证明"}]
ID_NUMBER = "522422197005010017"


@pytest.fixture
async def facts(world: World) -> World:
    """The world with a policy in force on which every fact counts."""
    path = f"/pools/{POOL}/policies"
    headers = {"Content-Type": "application/yaml"}
    made = await world.call("insurer_manager", "POST", path, content=POLICY, headers=headers)
    assert made.status_code == 201, made.text
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {"document_number": "测〔2010〕1号", "decided_on": "2010-01-10", "accept_illustrative": []}
    assert (await world.call("county_director", "POST", f"{path}/decision", json=decision)).status_code == 200
    return world


def form(member: UUID, kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "member_id": str(member), "valid_from": "2010-02-01", "papers": PAPERS} | more


async def submitted(world: World, member: UUID, kind: str, **more: Any) -> str:
    answer = await world.pool("township_clerk", "POST", "/cases", json=form(member, kind, **more))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_id"])


async def checked(world: World, case: str, **more: Any) -> None:
    body = {"endorsed": True, "note": "属实"} | more
    answer = await world.pool("township_director", "POST", f"/cases/{case}/check", json=body)
    assert answer.status_code == 200, answer.text


async def decided(world: World, case: str, **more: Any) -> dict[str, Any]:
    body = {"granted": True, "note": "同意"} | more
    answer = await world.pool("county_director", "POST", f"/cases/{case}/decision", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def granted(world: World, member: UUID, kind: str, **more: Any) -> str:
    case = await submitted(world, member, kind, **more)
    await checked(world, case)
    await decided(world, case)
    return case


async def credit(world: World, household: UUID, amount_fen: int, sequence: int = 1) -> None:
    """A credit through the real consumer with the worker's role."""
    payload = FamilyAccountCredited(
        credit_id=new_id(world.clock.now()),
        household_id=household,
        year=2010,
        amount=amount_fen,
        reason="2010 年划入",
        credited_on=date(2010, 1, 1),
        at=world.clock.now(),
    )
    event = Envelope(
        id=new_id(world.clock.now()),
        source="/heyi/enrollment",
        type=FamilyAccountCredited.TYPE,
        subject=str(payload.credit_id),
        time=world.clock.now(),
        dataschema=schema_of(FamilyAccountCredited.TYPE),
        sequence=1,
        partitionkey=str(payload.credit_id),
        poolcode=POOL,
        businessdate=world.clock.now().date(),
        data=json.loads(payload.model_dump_json()),
    )
    delivery = Delivery(ACCOUNT_TOPIC, 0, sequence, event.subject, event.to_bytes())
    engine = create_engine(world.database.worker, pool_size=1)
    try:
        processor = EventProcessor(
            accounts.consumer(),
            service="claims",
            engine=engine,
            clock=world.clock,
            settings=None,
            metrics=MessagingMetrics(CollectorRegistry()),
            tracing=Tracing("claims"),
        )
        await processor.process([delivery, delivery])
    finally:
        await engine.dispose()
    assert await world.sql("SELECT 1 FROM parked") == []


# ---------------------------------------------------------------- cases


@pytest.mark.requirement("HL-03", "a chronic-disease card is applied for, checked, decided and then pays")
async def test_a_card_opens_its_bucket_from_its_first_day_to_its_last(facts: World) -> None:
    member = await facts.member()
    before = await facts.settled(member, "50.00", kind="outpatient", diagnosis_code="I10", discharged=None)
    assert before["benefit"] == "10.00", "without a card the ordinary bucket"
    await granted(facts, member, "chronic_card", disease_code="I10", valid_to="2010-02-25")
    days = {"2010-01-31": "10.00", "2010-02-01": "30.00", "2010-02-25": "30.00", "2010-02-26": "10.00"}
    for day, benefit in days.items():
        visit = {"kind": "outpatient", "diagnosis_code": "I10", "admitted": f"{day}T09:00", "discharged": None}
        assert (await facts.settled(member, "50.00", **visit))["benefit"] == benefit, day
    other = await facts.settled(member, "50.00", kind="outpatient", diagnosis_code="E11", discharged=None)
    assert other["benefit"] == "10.00", "another disease"
    (row,) = await facts.sql(
        "SELECT d.facts FROM claim_detail d JOIN claim c ON c.id = d.claim_id WHERE c.admitted_on = '2010-02-25'"
    )
    assert json.loads(row["facts"])["entitlements"] == [["chronic", "I10", "2010-02-01", "2010-02-25"]]


async def test_the_disease_year_holds_its_cap_and_gives_back_what_is_cancelled(facts: World) -> None:
    member = await facts.member()
    await granted(facts, member, "chronic_card", disease_code="I10")
    visit = {"kind": "outpatient", "diagnosis_code": "I10", "discharged": None}
    first = await facts.settled(member, "100.00", **visit)
    second = await facts.settled(member, "100.00", **visit)
    assert (first["benefit"], second["benefit"], second["outcome"]) == ("60.00", "40.00", "capped")
    rows = await facts.sql("SELECT scope, detail, used FROM accumulator WHERE scope = 'disease_year'")
    assert [(row["detail"], json.loads(row["used"])) for row in rows] == [("I10", {"basic.chronic.benefit": 10000})]
    assert (await facts.cancel(second["claim_id"])).status_code == 200
    assert json.loads((await facts.sql("SELECT used FROM accumulator WHERE scope = 'disease_year'"))[0]["used"]) == {
        "basic.chronic.benefit": 6000
    }


async def test_a_decided_referral_counts_beside_what_the_hospital_states(facts: World) -> None:
    member, other = await facts.member(), await facts.member()
    await granted(facts, member, "referral", valid_to="2010-03-31")
    assert (await facts.settled(member, "1100.00"))["layers"][0]["amount"] == "800.00"
    assert (await facts.settled(other, "1100.00"))["layers"][0]["amount"] == "500.00"
    stated = await facts.settled(other, "1100.00", circumstances=["referred"])
    assert stated["layers"][0]["amount"] == "800.00"


async def test_a_grant_is_renewed_corrected_and_ended_without_overlap(facts: World) -> None:
    member = await facts.member()
    await granted(facts, member, "chronic_card", disease_code="I10", valid_to="2010-12-31")
    await granted(facts, member, "chronic_card", disease_code="I10", valid_from="2010-06-01", valid_to="2011-05-31")
    case = await granted(facts, member, "chronic_card", disease_code="E11")
    own = await facts.pool(
        "county_director", "POST", f"/cases/{case}/end", json={"from_day": "2010-03-01", "note": "愈"}
    )
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    body = {"from_day": "2010-03-01", "note": "病愈"}
    ended = await facts.pool("county_director", "POST", f"/cases/{case}/end", json=body, subject="director-2")
    assert (ended.status_code, ended.json()["status"], ended.json()["valid_to"]) == (200, "ended", "2010-02-28")
    answer = await facts.pool("county_recheck", "GET", f"/members/{member}/entitlements")
    told = [(e["disease_code"], e["valid_from"], e["recorded_seq"], e["state"]) for e in answer.json()]
    assert told == [
        ("I10", "2010-02-01", 1, "granted"),
        ("I10", "2011-01-01", 2, "none"),
        ("I10", "2010-06-01", 3, "granted"),
        ("I10", "2011-01-01", 4, "granted"),
        ("I10", "2011-06-01", 5, "none"),
        ("E11", "2010-02-01", 6, "granted"),
        ("E11", "2010-03-01", 7, "none"),
    ]
    rows = await facts.sql("SELECT count(*) AS rows FROM entitlement_start")
    assert rows[0]["rows"] == len(told), "the timeline and what settlements read are the same"


async def left_of(world: World, **asked: str) -> dict[tuple[str, str], tuple[str, str]]:
    """What is used and left of each cap, by its period and name, as a hospital is told."""
    answer = await world.pool("hospital", "POST", "/lookups", json={"id_number": ID_NUMBER} | asked)
    assert answer.status_code == 200, answer.text
    return {(one["period"], one["name"]): (one["used"], one["remaining"]) for one in answer.json()["remaining"]}


@pytest.mark.requirement("HL-03", "a hospital is told what is left of the yearly cap of the disease it treats")
async def test_a_look_up_tells_what_is_left_for_a_disease(facts: World) -> None:
    member = await facts.member(id_number=ID_NUMBER)
    household, disease = ("household_year", "每户封顶线"), ("disease_year", "每病种封顶线")
    await granted(facts, member, "chronic_card", disease_code="I10", valid_to="2010-12-31")
    assert await left_of(facts) == {household: ("0.00", "10000.00")}, "no diagnosis, no cap of a disease"
    assert (await left_of(facts, diagnosis_code="I10.x00"))[disease] == ("0.00", "100.00")
    await facts.settled(member, "50.00", kind="outpatient", diagnosis_code="I10", discharged=None)
    assert (await left_of(facts, diagnosis_code="I10.x00"))[disease] == ("30.00", "70.00"), "60% of 50"
    assert disease not in await left_of(facts, diagnosis_code="E11"), "no card for it"
    assert disease not in await left_of(facts, diagnosis_code="I10", day="2011-01-01"), "the card has ended"


async def test_a_look_up_reads_the_year_that_the_policy_counts_in(facts: World) -> None:
    member = await facts.member(id_number=ID_NUMBER)
    await facts.settled(member, "1100.00")
    assert (await left_of(facts))["household_year", "每户封顶线"] == ("500.00", "9500.00")
    facts.clock.set(datetime(2011, 1, 10, 2, tzinfo=UTC))
    await facts.heard()
    before = await left_of(facts, day="2010-12-30")
    assert before["household_year", "每户封顶线"] == ("0.00", "10000.00"), "settled now, it counts in 2011"


@pytest.mark.requirement("DU-01", "ending one granted referral leaves the days that another one grants")
async def test_ending_a_case_leaves_what_another_one_grants(facts: World) -> None:
    member, covered = await facts.member(), await facts.member()
    first = await granted(facts, member, "referral", valid_to="2010-02-25")
    await granted(facts, member, "out_of_area", valid_from="2010-02-15", valid_to="2010-02-20")
    whole = await granted(facts, covered, "referral", valid_from="2010-02-10", valid_to="2010-02-20")
    await granted(facts, covered, "referral", valid_to="2010-12-31")
    for case, day in ((first, "2010-02-05"), (whole, "2010-02-10")):
        body = {"from_day": day, "note": "撤回"}
        answer = await facts.pool("county_director", "POST", f"/cases/{case}/end", json=body, subject="director-2")
        assert answer.status_code == 200, answer.text
    paid = {"02-04": "800.00", "02-05": "500.00", "02-14": "500.00", "02-15": "800.00", "02-20": "800.00"}
    for day, basic in (paid | {"02-21": "500.00"}).items():
        stay = {"admitted": f"2010-{day}T09:00", "discharged": f"2010-{day}T10:00"}
        claim = await facts.settled(member, "1100.00", **stay)
        assert claim["layers"][0]["amount"] == basic, day
        assert (await facts.settled(covered, "1100.00", **stay))["layers"][0]["amount"] == "800.00", day


async def test_a_case_that_was_ended_keeps_its_days_when_another_one_ends(facts: World) -> None:
    member = await facts.member()
    ended = await granted(facts, member, "referral", valid_to="2010-02-25")
    never = await granted(facts, member, "referral", valid_from="2010-02-11", valid_to="2010-02-25")
    last = await granted(facts, member, "referral", valid_to="2010-02-28")
    for case, day in ((ended, "2010-02-10"), (never, "2010-02-11"), (last, "2010-02-05")):
        body = {"from_day": day, "note": "撤回"}
        answer = await facts.pool("county_director", "POST", f"/cases/{case}/end", json=body, subject="director-2")
        assert answer.status_code == 200, answer.text
    for day, basic in {"02-09": "800.00", "02-10": "500.00", "02-11": "500.00", "02-26": "500.00"}.items():
        stay = {"admitted": f"2010-{day}T09:00", "discharged": f"2010-{day}T10:00"}
        assert (await facts.settled(member, "1100.00", **stay))["layers"][0]["amount"] == basic, day


async def test_three_people_handle_a_case(facts: World) -> None:
    member = await facts.member()
    case = await submitted(facts, member, "migrant")
    again = await facts.pool("township_clerk", "POST", "/cases", json=form(member, "migrant"))
    assert (again.status_code, again.json()["code"]) == (409, "case_open")
    assert case in again.json()["detail"]
    here = form(member, "migrant", institution_code=COUNTY)
    unseen = await facts.pool("hospital", "POST", "/cases", json=here)
    assert (unseen.status_code, unseen.json()["code"]) == (409, "case_open")
    assert "由别处提交" in unseen.json()["detail"], "it sees no case of another place"
    early = {"granted": True, "note": "同意"}
    refused = await facts.pool("county_director", "POST", f"/cases/{case}/decision", json=early)
    assert (refused.status_code, refused.json()["code"]) == (409, "case_state")
    body = {"endorsed": True, "note": "属实"}
    same = await facts.pool("township_director", "POST", f"/cases/{case}/check", json=body, subject="township_clerk-1")
    assert (same.status_code, same.json()["code"]) == (403, "four_eyes")
    far = await facts.pool("township_director", "POST", f"/cases/{case}/check", json=body, areas=("522422999",))
    assert (far.status_code, far.json()["code"]) == (404, "case_unknown")
    await checked(facts, case)
    for subject in ("township_clerk-1", "township_director-1"):
        own = await facts.pool("county_recheck", "POST", f"/cases/{case}/decision", json=early, subject=subject)
        assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    household = str(facts.enrollment.known[member].household_id)
    tied = await facts.pool("county_recheck", "POST", f"/cases/{case}/decision", json=early, household_id=household)
    assert (tied.status_code, tied.json()["code"]) == (403, "conflict_of_interest")
    facts.clock.advance(timedelta(days=21))
    (late,) = (await facts.pool("county_recheck", "GET", "/cases?state=open")).json()["items"]
    assert (late["case_id"], late["late"], late["status"]) == (case, True, "endorsed")
    await decided(facts, case)
    record = (await facts.pool("auditor", "GET", f"/cases/{case}")).json()
    assert [step["act"] for step in record["steps"]] == ["submitted", "endorsed", "granted"]
    assert (await facts.pool("county_recheck", "GET", "/cases?state=open")).json()["items"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "chronic_card"},
        {"kind": "migrant", "disease_code": "I10"},
        {"kind": "accident"},
        {"kind": "migrant", "papers": []},
        {"kind": "migrant", "valid_to": "2010-01-01"},
    ],
)
async def test_an_incomplete_form_is_refused_and_nothing_is_kept(facts: World, wrong: dict[str, Any]) -> None:
    member = await facts.member()
    answer = await facts.pool("township_clerk", "POST", "/cases", json=form(member, **wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, "case_form"), answer.text
    assert await facts.sql("SELECT 1 FROM entitlement_case") == []


async def test_a_hospital_sees_and_submits_its_own_cases_only(facts: World) -> None:
    member = await facts.member()
    body = form(member, "referral", institution_code=TOWNSHIP)
    unnamed = await facts.pool("hospital", "POST", "/cases", json=form(member, "referral"), of=COUNTY)
    assert (unnamed.status_code, unnamed.json()["errors"][0]["at"]) == (422, "body.institution_code")
    assert "本机构的编码" in unnamed.json()["errors"][0]["reason"]
    other = await facts.pool("hospital", "POST", "/cases", json=body, of=COUNTY)
    assert (other.status_code, other.json()["code"]) == (403, "forbidden_institution")
    made = await facts.pool("hospital", "POST", "/cases", json=body, of=TOWNSHIP)
    assert made.status_code == 201, made.text
    seen = await facts.pool("hospital", "GET", "/cases", of=COUNTY)
    assert seen.json()["items"] == []
    assert len((await facts.pool("hospital", "GET", "/cases", of=TOWNSHIP)).json()["items"]) == 1


# ---------------------------------------------------------------- accidents


@pytest.mark.requirement("WW-05", "an accident is inquired into before anything is paid")
@pytest.mark.parametrize(
    ("liability", "share", "basic"),
    [
        ("none", "0.0000", "500.00"),
        ("accident", "0.0000", "250.00"),
        ("shared", "0.4000", "280.00"),
        ("advanced", "0.0000", "500.00"),
        ("liable", "0.0000", None),
    ],
)
async def test_what_the_inquiry_finds_decides_what_is_paid(
    facts: World, liability: str, share: str, basic: str | None
) -> None:
    member = await facts.member()
    visit = await facts.visit(member, accident=True)
    waiting = await facts.settle(visit, line("A1", "1100.00"))
    assert (waiting.status_code, waiting.json()["code"]) == (422, "refused_third_party_pending"), waiting.text
    case = await submitted(facts, member, "accident", visit_id=visit)
    found = {"liability": liability, "share": share}
    clerk = {"endorsed": True, "note": "属实"} | found
    refused = await facts.pool("township_clerk", "POST", f"/cases/{case}/check", json=clerk, subject="clerk-2")
    assert (refused.status_code, refused.json()["code"]) == (422, "case_form"), "the director signs (WW-10)"
    await checked(facts, case, **found)
    assert (await decided(facts, case, **found))["liability"] == liability
    answer = await facts.settle(visit, line("A1", "1100.00"))
    if basic is None:
        assert (answer.status_code, answer.json()["code"]) == (422, "refused_third_party_liable")
    else:
        assert (answer.status_code, answer.json()["layers"][0]["amount"]) == (201, basic), answer.text


@pytest.mark.requirement("WC-07", "nobody decides on an accident treated at the hospital where his home unit sits")
@pytest.mark.parametrize("granted", [True, False])
async def test_nobody_decides_an_accident_for_his_home_hospital(facts: World, granted: bool) -> None:
    member = await facts.member()
    visit = await facts.visit(member, accident=True)
    case = await submitted(facts, member, "accident", visit_id=visit)
    found = {"liability": "accident"}
    await checked(facts, case, **found)
    path, body = f"/cases/{case}/decision", {"granted": granted, "note": "属实"} | (found if granted else {})
    tied = await facts.pool("county_recheck", "POST", path, json=body, home_institution=COUNTY)
    assert (tied.status_code, tied.json()["code"]) == (403, "conflict_of_interest"), tied.text
    waiting = await facts.settle(visit, line("A1", "1100.00"))
    assert waiting.json()["code"] == "refused_third_party_pending", "nothing was decided"
    away = await facts.pool("county_recheck", "POST", path, json=body, home_institution=TOWNSHIP)
    assert away.status_code == 200, away.text


async def test_a_settled_visit_has_no_inquiry_any_more(facts: World) -> None:
    member = await facts.member()
    visit = await facts.visit(member, accident=True)
    case = await submitted(facts, member, "accident", visit_id=visit)
    found = {"liability": "accident"}
    await checked(facts, case, **found)
    await decided(facts, case, **found)
    assert (await facts.settle(visit, line("A1", "1100.00"))).status_code == 201
    again = await facts.pool("township_clerk", "POST", "/cases", json=form(member, "accident", visit_id=visit))
    assert (again.status_code, again.json()["code"]) == (409, "visit_settled")


# ---------------------------------------------------------------- newborns


async def test_a_newborn_is_covered_by_its_mother(facts: World) -> None:
    mother = await facts.member(birth_date=date(1985, 5, 1))
    child = await uncovered(facts)
    alone = await facts.settle(await facts.visit(child), line("A1", "1100.00"))
    assert (alone.status_code, alone.json()["code"]) == (422, "refused_not_covered"), alone.text
    visit = await facts.visit(child, mother_id=str(mother))
    quote = await facts.pool("hospital", "POST", f"/visits/{visit}/quote", json={"lines": [line("A1", "1100.00")]})
    assert quote.json()["benefit"] == "560.00", quote.text
    settled = await facts.settle(visit, line("A1", "1100.00"))
    assert (settled.status_code, settled.json()["benefit"]) == (201, "560.00"), settled.text
    body = {
        "institution_code": COUNTY, "institution_number": "X1", "member_id": str(child), "kind": "inpatient",
        "admitted_at": "2010-02-20T09:00", "diagnosis_code": "P07", "diagnosis_name": "早产", "mother_id": str(child),
    }  # fmt: skip
    own = await facts.pool("hospital", "PUT", f"/visits/{new_id(facts.clock.now())}", json=body)
    assert (own.status_code, own.json()["code"]) == (422, "own_mother")
    grown = await facts.member(birth_date=date(2009, 2, 19))
    body["member_id"], body["mother_id"] = str(grown), str(mother)
    old = await facts.pool("hospital", "PUT", f"/visits/{new_id(facts.clock.now())}", json=body)
    assert (old.status_code, old.json()["code"]) == (422, "not_a_newborn")
    assert "2009-02-19" in old.json()["detail"]


async def uncovered(world: World) -> UUID:
    """A child of ten days that is known and not covered."""
    told = world.coverage((date(2010, 1, 1), 1, "none"), birth_date=date(2010, 2, 10))
    world.enrollment.known[told.member_id] = told
    await world.tell(told)
    return told.member_id


# ---------------------------------------------------------------- the family account


async def from_account(world: World, member: UUID, amount: str, wanted: str, of: str = VILLAGE) -> Any:
    visit = await world.visit(member, kind="outpatient", of=of, discharged=None)
    body = {"lines": [line("A1", amount)], "from_account": wanted}
    return await world.pool("hospital", "POST", f"/visits/{visit}/settlement", of=of, json=body)


@pytest.mark.requirement("DF-18", "the family account pays the patient's part and is spent to the fen")
async def test_the_family_account_pays_the_patients_part(facts: World) -> None:
    member = await facts.member()
    household = facts.enrollment.known[member].household_id
    await credit(facts, household, 5000)
    first = (await from_account(facts, member, "50.00", "30.00")).json()
    assert (first["benefit"], first["patient"], first["account"], first["payable"]) == (
        "10.00", "40.00", "30.00", "40.00",
    )  # fmt: skip
    assert [one["layer"] for one in first["layers"]] == ["basic", "family_account"]
    second = (await from_account(facts, member, "50.00", "30.00")).json()
    assert second["account"] == "20.00", "what was left"
    shown = (await facts.pool("county_recheck", "GET", f"/households/{household}/family-account")).json()
    assert (shown["credited"], shown["spent"], shown["balance"]) == ("50.00", "50.00", "0.00")
    slip = await facts.pool("hospital", "GET", f"/claims/{second['claim_id']}/slip", of=VILLAGE)
    assert "家庭账户" in slip.text
    rows = await facts.sql("SELECT envelope FROM outbox WHERE type LIKE '%claim.settled%'")
    told = sorted(json.loads(row["envelope"])["data"]["account"] for row in rows)
    assert told == ["20.00", "30.00"], "each is published"
    facts.clock.advance(timedelta(hours=2))
    early = await facts.cancel(first["claim_id"], of=VILLAGE)
    assert (early.status_code, early.json()["code"]) == (409, "later_claim"), "the later one stands on the account"
    assert (await facts.cancel(second["claim_id"], of=VILLAGE)).status_code == 200
    assert (await facts.cancel(first["claim_id"], of=VILLAGE)).status_code == 200
    shown = (await facts.pool("county_recheck", "GET", f"/households/{household}/family-account")).json()
    assert (shown["spent"], shown["balance"]) == ("0.00", "50.00"), "restored exactly"


async def test_the_account_survives_review_with_a_cut(facts: World) -> None:
    member = await facts.member()
    await credit(facts, facts.enrollment.known[member].household_id, 5000)
    claim = (await from_account(facts, member, "50.00", "30.00")).json()
    cut = {"line": 1, "bearer": "hospital", "amount": "5.00", "fund_share": "1.00", "reason": "超价"}
    answer = await facts.pool("insurer_reviewer", "POST", f"/claims/{claim['claim_id']}/approval", json={"cuts": [cut]})
    assert (answer.json()["cut"], answer.json()["claim"]["payable"]) == ("1.00", "39.00"), answer.text
    body = {"institution_code": VILLAGE, "up_to": "2010-03-01"}
    assert (await facts.pool("insurer_approver", "POST", "/cutoffs", json=body)).json()["amount"] == "39.00"
    (row,) = await facts.sql("SELECT envelope FROM outbox WHERE type LIKE '%claim.released%'")
    told = json.loads(row["envelope"])["data"]
    assert [(one["layer"], one["amount"]) for one in told["layers"]] == [("basic", "9.00"), ("family_account", "30.00")]


@pytest.mark.parametrize("decision", ["rejection", "return"])
async def test_a_days_totals_count_the_account_with_the_benefit(facts: World, decision: str) -> None:
    member = await facts.member()
    await credit(facts, facts.enrollment.known[member].household_id, 5000)
    claim = (await from_account(facts, member, "50.00", "30.00")).json()
    body = {"ground": "price", "note": "不符"} | ({"bearer": "hospital"} if decision == "rejection" else {})
    answer = await facts.pool("insurer_reviewer", "POST", f"/claims/{claim['claim_id']}/{decision}", json=body)
    assert answer.status_code == 200, answer.text
    assert (await facts.cancel(claim["claim_id"], of=VILLAGE)).status_code == 200
    rows = await facts.sql("SELECT type, amount_fen FROM outbox WHERE type LIKE '%claims.claim.%' ORDER BY sequence")
    assert [row["amount_fen"] for row in rows] == [4000, 4000, 4000], [row["type"] for row in rows]


async def test_many_spend_one_account_at_once_and_it_is_never_overdrawn(facts: World) -> None:
    one = await facts.member()
    household = facts.enrollment.known[one].household_id
    two = await facts.member(household_id=household)
    await credit(facts, household, 10000)
    places = [(member, of) for member in (one, two) for of in (VILLAGE, TOWNSHIP)] * 4
    answers = await asyncio.gather(*(from_account(facts, member, "20.00", "16.00", of) for member, of in places))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    spent = sum(int(answer.json()["account"].replace(".", "")) for answer in answers)
    assert spent == 10000
    shown = (await facts.pool("county_recheck", "GET", f"/households/{household}/family-account")).json()
    assert shown["balance"] == "0.00"


async def test_an_amount_below_zero_is_refused(facts: World) -> None:
    answer = await from_account(facts, await facts.member(), "20.00", "-1.00")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


# ---------------------------------------------------------------- the household's year


async def test_the_household_cap_holds_when_64_settle_at_once(facts: World) -> None:
    """64 stays of two members of one household at two hospitals: 10,000 yuan are there, and not a fen more is paid."""
    one = await facts.member()
    household = facts.enrollment.known[one].household_id
    two = await facts.member(household_id=household)
    places = [(member, of) for member in (one, two) for of in (COUNTY, TOWNSHIP)] * 16
    visits = [(await facts.visit(member, of=of), of) for member, of in places]
    answers = await asyncio.gather(*(facts.settle(visit, line("A1", "1100.00"), of=of) for visit, of in visits))
    assert {answer.status_code for answer in answers} == {201}
    basic = [int(answer.json()["layers"][0]["amount"].replace(".", "")) for answer in answers]
    assert sum(basic) == 1_000_000
    rows = await facts.sql("SELECT used FROM accumulator WHERE owner_id = $1", household)
    assert [json.loads(row["used"]) for row in rows] == [{"basic.inpatient.benefit": 1_000_000}]
    claims = [(answer.json()["claim_id"], of) for answer, (_, of) in zip(answers, visits, strict=True)]
    gone = await asyncio.gather(*(facts.cancel(claim, of=of) for claim, of in claims))
    assert {answer.status_code for answer in gone} == {200}
    assert await facts.used(household) == {}
    assert await facts.used(one) == await facts.used(two) == {}


# ---------------------------------------------------------------- settled elsewhere


def given(**more: Any) -> dict[str, Any]:
    told = {"scheme": "390", "settlement": "S-1", "id_number": ID_NUMBER}
    return told | {"total": "3000.00", "eligible": "2500.00", "benefit": "1500.00"} | more


async def test_a_layer_starts_from_a_basic_settlement_made_elsewhere(facts: World) -> None:
    member = await facts.member(id_number=ID_NUMBER)
    visit, other = await facts.visit(member), await facts.visit(member)
    entered = await facts.pool("insurer_intake", "PUT", f"/visits/{visit}/elsewhere", json=given())
    assert (entered.status_code, entered.json()["elsewhere"]) == (200, "390/S-1"), entered.text
    twice = await facts.pool("hospital", "PUT", f"/visits/{other}/elsewhere", json=given())
    assert (twice.status_code, twice.json()["code"]) == (409, "elsewhere_twice")
    lines = await facts.settle(visit, line("A1", "10.00"))
    assert (lines.status_code, lines.json()["code"]) == (409, "bill_and_elsewhere")
    claim = (await facts.settle(visit)).json()
    assert [(one["layer"], one["amount"]) for one in claim["layers"]] == [("assistance", "100.00")]
    assert (claim["total"], claim["elsewhere"], claim["benefit"], claim["patient"]) == (
        "3000.00", "1500.00", "100.00", "1400.00",
    )  # fmt: skip
    trace = (await facts.pool("auditor", "GET", f"/claims/{claim['claim_id']}/trace")).json()["trace"]
    (marked,) = [step for step in trace if step["step"] == "elsewhere"]
    assert (marked["inputs"]["settlement"], marked["amount"]) == ("390/S-1", "1500.00")
    assert (await facts.cancel(claim["claim_id"])).status_code == 200
    assert await facts.used(member) == {}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"id_number": "522422197005010025"}, "elsewhere_person"),
        ({"benefit": "2600.00"}, "elsewhere_sums"),
        ({"over_cap": "1000.01"}, "elsewhere_sums"),
        ({"total": "0.00", "eligible": "0.00", "benefit": "0.00"}, "elsewhere_sums"),
        ({"total": 3000}, "invalid_request"),
    ],
)
async def test_a_wrong_settlement_of_elsewhere_is_refused(facts: World, wrong: dict[str, Any], code: str) -> None:
    visit = await facts.visit(await facts.member(id_number=ID_NUMBER))
    answer = await facts.pool("insurer_intake", "PUT", f"/visits/{visit}/elsewhere", json=given(**wrong))
    assert answer.json()["code"] == code, answer.text
    assert (await facts.sql("SELECT elsewhere FROM visit"))[0]["elsewhere"] is None


async def test_lines_and_a_settlement_of_elsewhere_exclude_each_other(facts: World) -> None:
    visit = await facts.visit(await facts.member(id_number=ID_NUMBER))
    assert (await facts.pool("hospital", "POST", f"/visits/{visit}/lines", json={"lines": [line()]})).status_code == 201
    answer = await facts.pool("insurer_intake", "PUT", f"/visits/{visit}/elsewhere", json=given())
    assert (answer.status_code, answer.json()["code"]) == (409, "elsewhere_lines")
