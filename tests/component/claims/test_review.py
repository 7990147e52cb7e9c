"""Review, cut-offs and the close of a day over the API."""

import json
from typing import Any

import pytest

from tests.component.claims.test_window import ID_NUMBER, entered, settled
from tests.component.claims.world import COUNTY, POOL, TOWNSHIP, World

CUT = {"line": 1, "bearer": "hospital", "amount": "100.00", "fund_share": "70.00", "reason": "超价"}


async def decide(world: World, claim: dict[str, Any], verb: str, body: dict[str, Any], **who: Any) -> Any:
    return await world.pool("insurer_reviewer", "POST", f"/claims/{claim['claim_id']}/{verb}", json=body, **who)


async def events(world: World, noun: str) -> list[dict[str, Any]]:
    """Events of one kind, by subject and sequence."""
    rows = await world.sql(
        "SELECT envelope FROM outbox WHERE type = $1 ORDER BY subject, sequence", f"heyi.claims.{noun}.v1"
    )
    return [json.loads(row["envelope"]) for row in rows]


@pytest.mark.requirement("ZZ-17", "the insurer reviews what hospitals paid out, line by line, with a named bearer")
async def test_an_approval_with_cuts(world: World) -> None:
    member = await world.member()
    claim = await world.settled(member, "1000.00")
    cuts = [CUT, CUT | {"line": None, "bearer": "nobody", "amount": "10.00", "fund_share": "7.00"}]
    answer = await decide(world, claim, "approval", {"cuts": cuts})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["decision"], shown["cut"], shown["claim"]["payable"]) == ("approved", "70.00", "630.00")
    assert shown["claim"]["benefit"] == "700.00", "the patient's benefit stays as delivered"
    assert await world.used(member) == {"basic.inpatient.benefit": 70000}
    (event,) = await events(world, "claim.approved")
    assert event["sequence"] == "0000000002"
    assert (event["data"]["approved"], event["data"]["cut"]) == ("630.00", "70.00")
    assert [(cut["bearer"], cut["patient_owed"]) for cut in event["data"]["cuts"]] == [
        ("hospital", "30.00"),
        ("nobody", "0.00"),
    ]
    assert event["data"]["layers"][0]["amount"] == "630.00"
    again = await decide(world, claim, "approval", {})
    assert (again.status_code, again.json()["code"]) == (409, "not_under_review")


async def at_the_window(world: World) -> dict[str, Any]:
    """A claim whose benefit of 700.00 is owed to the person, who paid 1,000.00."""
    await world.member(id_number=ID_NUMBER)
    return await settled(world, await entered(world))


@pytest.mark.requirement("ZZ-17", "a cut is borne by who is owed the benefit, or by nobody; it never falls on another")
@pytest.mark.parametrize(("window", "own"), [(False, "hospital"), (True, "patient")])
async def test_who_bears_a_cut(world: World, window: bool, own: str) -> None:
    claim = await (at_the_window(world) if window else world.settled(await world.member(), "1000.00"))
    assert claim["paid_to"] == ("person" if window else "hospital")
    nobody = CUT | {"line": None, "bearer": "nobody", "amount": "10.00", "fund_share": "7.00"}
    for other in {"hospital", "patient", "insurer"} - {own}:
        refused = await decide(world, claim, "approval", {"cuts": [nobody, CUT | {"bearer": other}]})
        assert (refused.status_code, refused.json()["code"]) == (422, "cut_bearer"), other
        assert "第 2 项" in refused.json()["detail"] and "追回" in refused.json()["detail"]
    shown = (await decide(world, claim, "approval", {"cuts": [nobody, CUT | {"bearer": own}]})).json()
    assert (shown["cut"], shown["claim"]["payable"]) == ("70.00", "630.00")
    (event,) = await events(world, "claim.approved")
    owed = [(cut["bearer"], cut["patient_owed"]) for cut in event["data"]["cuts"]]
    assert owed == [("nobody", "0.00"), (own, "0.00" if window else "30.00")]


@pytest.mark.parametrize(("window", "own"), [(False, "hospital"), (True, "patient")])
async def test_who_bears_a_refused_claim(world: World, window: bool, own: str) -> None:
    claim = await (at_the_window(world) if window else world.settled(await world.member(), "1000.00"))
    for other in {"hospital", "patient", "insurer", "nobody"} - {own}:
        body = {"ground": "fictitious", "bearer": other, "note": "不实"}
        refused = await decide(world, claim, "rejection", body)
        assert (refused.status_code, refused.json()["code"]) == (422, "rejection_bearer"), other
    assert (await world.used(claim["member_id"])) == {"basic.inpatient.benefit": 70000}, "nothing is taken back"
    done = await decide(world, claim, "rejection", {"ground": "fictitious", "bearer": own, "note": "不实"})
    assert (done.status_code, done.json()["claim"]["payable"]) == (200, "0.00")


async def test_what_people_write_stays_in_its_table(world: World) -> None:
    """Contracts §6: events and audit rows hold codes, ids and amounts; the words are read from the record."""
    words = "王某某的理由"
    approved, rejected, cancelled = [await world.settled(await world.member(), "1000.00") for _ in range(3)]
    await decide(world, approved, "approval", {"cuts": [CUT | {"reason": words}], "note": words})
    await decide(world, rejected, "rejection", {"ground": "price", "bearer": "hospital", "note": words})
    answer = await world.pool(
        "hospital", "POST", f"/claims/{cancelled['claim_id']}/cancellation", json={"reason": words}
    )
    assert answer.status_code == 200, answer.text
    for kept in ("claim_cut", "claim_review", "cancellation"):
        assert any(words in str(dict(row)) for row in await world.sql(f"SELECT * FROM {kept}")), kept
    for told in ("outbox", "audit"):
        rows = await world.sql(f"SELECT * FROM {told}")
        assert rows and not any(words in str(dict(row)) for row in rows), told


async def test_a_cut_beyond_the_line_is_refused(world: World) -> None:
    claim = await world.settled(await world.member(), "50.00")
    answer = await decide(world, claim, "approval", {"cuts": [CUT]})
    assert (answer.status_code, answer.json()["code"]) == (422, "cut_too_large")
    number = await decide(world, claim, "approval", {"cuts": [CUT | {"amount": 10}]})
    assert (number.status_code, number.json()["code"]) == (422, "invalid_request")


async def test_a_rejection_for_fictitious_care_takes_the_counts_back(world: World) -> None:
    member = await world.member()
    claim = await world.settled(member)
    body = {"ground": "fictitious", "bearer": "hospital", "note": "未住院"}
    answer = await decide(world, claim, "rejection", body)
    assert (answer.json()["claim"]["status"], answer.json()["taken_back"]) == ("rejected", True)
    assert await world.used(member) == {}
    (event,) = await events(world, "claim.rejected")
    assert (event["data"]["bearer"], event["data"]["taken_back"]) == ("hospital", True)
    assert (await world.cancel(claim["claim_id"])).status_code == 200
    assert await world.used(member) == {}, "taken back once"


async def test_a_rejection_for_the_price_leaves_them(world: World) -> None:
    member = await world.member()
    body = {"ground": "price", "bearer": "hospital", "note": "超价"}
    answer = await decide(world, await world.settled(member), "rejection", body)
    assert answer.json()["claim"]["payable"] == "0.00"
    assert await world.used(member) == {"basic.inpatient.benefit": 70000}


async def test_a_returned_claim_is_cancelled_and_settled_again(world: World) -> None:
    claim = await world.settled(await world.member())
    assert (await decide(world, claim, "return", {"ground": "papers", "note": "缺发票"})).status_code == 200
    assert [event["data"]["ground"] for event in await events(world, "claim.returned")] == ["papers"]
    assert (await world.cancel(claim["claim_id"])).status_code == 200


@pytest.mark.requirement("WC-07", "nobody reviews a claim of the hospital where his home unit sits")
async def test_conflicts_of_interest(world: World) -> None:
    member = await world.member()
    claim = await world.settled(member)
    home = await decide(world, claim, "approval", {}, home_institution=COUNTY)
    assert (home.status_code, home.json()["code"]) == (403, "conflict_of_interest")
    household = str(world.enrollment.known[member].household_id)
    own = await decide(world, claim, "approval", {}, household_id=household)
    assert (own.status_code, own.json()["code"]) == (403, "conflict_of_interest")
    entered = await decide(world, claim, "approval", {}, subject="hospital-1")
    assert (entered.status_code, entered.json()["code"]) == (403, "four_eyes")
    queue = await world.pool("insurer_reviewer", "GET", "/review-queue", home_institution=COUNTY)
    assert queue.json()["items"] == []
    queue = await world.pool("insurer_reviewer", "GET", "/review-queue", home_institution=TOWNSHIP)
    assert [one["claim_id"] for one in queue.json()["items"]] == [claim["claim_id"]]


@pytest.mark.requirement("WC-07", "nor does he release it")
async def test_nobody_releases_what_he_is_tied_to(world: World) -> None:
    member = await world.member()
    claim = await world.settled(member)
    assert (await decide(world, claim, "approval", {})).status_code == 200
    body = {"institution_code": COUNTY, "up_to": "2010-03-01"}
    household = str(world.enrollment.known[member].household_id)
    for tie in ({"home_institution": COUNTY}, {"household_id": household}):
        refused = await world.pool("insurer_approver", "POST", "/cutoffs", json=body, **tie)
        assert (refused.status_code, refused.json()["code"]) == (403, "conflict_of_interest")
        assert "home" not in refused.json()["detail"], "Chinese words in a Chinese text"
    released = await world.pool("insurer_approver", "POST", "/cutoffs", json=body, home_institution=TOWNSHIP)
    assert released.status_code == 201


async def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    cursor = "WyJ4IiwieSJd"  # ["x","y"]
    for path in ("/claims", "/review-queue", "/readjudications"):
        role = "county_recheck" if path == "/readjudications" else "insurer_reviewer"
        answer = await world.pool(role, "GET", f"{path}?cursor={cursor}")
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid"), path


async def test_a_cut_off_releases_what_is_approved(world: World) -> None:
    claims = [await world.settled(await world.member(), amount) for amount in ("100.00", "200.00", "300.00")]
    elsewhere = await world.settled(await world.member(), of=TOWNSHIP)
    for claim in (claims[0], claims[1], elsewhere):
        assert (await decide(world, claim, "approval", {})).status_code == 200
    body = {"institution_code": COUNTY, "up_to": "2010-03-01"}
    same = await world.pool("insurer_approver", "POST", "/cutoffs", json=body, subject="insurer_reviewer-1")
    assert (same.status_code, same.json()["code"]) == (403, "four_eyes")
    answer = await world.pool("insurer_approver", "POST", "/cutoffs", json=body)
    assert answer.status_code == 201, answer.text
    cutoff = answer.json()
    assert (cutoff["claims"], cutoff["amount"]) == (2, "210.00")
    told = await events(world, "claim.released")
    assert {event["data"]["claim_id"] for event in told} == {claims[0]["claim_id"], claims[1]["claim_id"]}
    for event in told:
        assert (event["sequence"], event["data"]["cutoff_id"]) == ("0000000003", cutoff["cutoff_id"])
        assert (event["data"]["cutoff_count"], event["data"]["cutoff_amount"]) == (2, "210.00")
    shown = await world.pool("hospital", "GET", f"/claims/{claims[0]['claim_id']}")
    assert (shown.json()["status"], shown.json()["cutoff_id"]) == ("released", cutoff["cutoff_id"])
    empty = await world.pool("insurer_approver", "POST", "/cutoffs", json=body)
    assert (empty.status_code, empty.json()["code"]) == (409, "nothing_to_release")
    listed = await world.pool("insurer_finance", "GET", "/cutoffs")
    assert [one["cutoff_id"] for one in listed.json()["items"]] == [cutoff["cutoff_id"]]
    assert (await world.pool("hospital", "GET", "/cutoffs", of=TOWNSHIP)).json()["items"] == []


async def test_a_closed_day_tells_its_totals_and_facts_go_to_the_next(world: World) -> None:
    claim = await world.settled(await world.member(), "100.00")
    await world.cancel(claim["claim_id"])
    kept = await world.settled(await world.member(), "200.00")
    answer = await world.pool("county_director", "POST", "/days/2010-03-01/close")
    assert answer.status_code == 200, answer.text
    totals = {one["type"]: (one["count"], one["amount"]) for one in answer.json()["totals"]}
    assert totals == {
        "heyi.claims.claim.settled.v1": (2, "210.00"),
        "heyi.claims.claim.cancelled.v1": (1, "70.00"),
    }
    (event,) = await events(world, "day.closed")
    assert (event["subject"], event["data"]["day"]) == (f"{POOL}:2010-03-01", "2010-03-01")
    await decide(world, kept, "approval", {})
    (approved,) = await events(world, "claim.approved")
    assert approved["businessdate"] == "2010-03-02"
    assert (await world.settled(await world.member()))["settled_on"] == "2010-03-02"
    again = await world.pool("county_director", "POST", "/days/2010-03-01/close")
    assert (again.status_code, again.json()["code"]) == (409, "day_closed_already")
