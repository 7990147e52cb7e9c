"""Coverage without a premium takes two people."""

from typing import Any

import pytest

from tests.component.enrollment.conftest import POOL, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, WIFE

pytestmark = pytest.mark.anyio

BODY = {"effective_on": "2010-02-01", "reason": "收据遗失,经村委会证明"}


@pytest.fixture
async def unpaid(county: Office) -> tuple[Office, str]:
    """A couple that has not paid; the husband's member id."""
    await county.enrolled(sheet([HEAD, WIFE]))
    return county, str((await county.rows("SELECT member_id FROM member WHERE relation = 'head'"))[0]["member_id"])


async def _apply(office: Office, member: str, **options: Any) -> Any:
    role = options.pop("role", "township_director")
    return await office.call(role, "POST", f"/pools/{POOL}/members/{member}/reinstatements", json=BODY, **options)


async def _decide(office: Office, application: str, decision: str = "confirmed", **options: Any) -> Any:
    path = f"/pools/{POOL}/reinstatements/{application}/decision"
    return await office.call("county_recheck", "POST", path, json={"decision": decision}, **options)


async def test_one_person_cannot_cover_somebody_who_did_not_pay(unpaid: tuple[Office, str]) -> None:
    office, member = unpaid
    before = await office.counts()
    body = {"kind": "reinstatement", "effective_on": "2010-02-01", "reason": "经村委会证明"}
    answer = await office.call(
        "county_recheck", "POST", f"/pools/{POOL}/members/{member}/coverage-corrections", json=body
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "reinstatement_unpaid")
    assert await office.counts() == before
    assert (await office.coverage(member))["timeline"] == []


@pytest.mark.parametrize("effective_on", ["2010-01-31", "2010-02-20"])
async def test_before_the_day_that_was_paid_for_it_takes_two_as_well(county: Office, effective_on: str) -> None:
    county.clock.set(county.clock.now().replace(month=6))
    await county.enrolled(sheet([HEAD]))
    await county.pay(await county.bills(), paid_on="2010-04-15")
    member = str((await county.rows("SELECT member_id FROM member"))[0]["member_id"])
    body = {"kind": "reinstatement", "effective_on": effective_on, "reason": "经村委会证明"}
    answer = await county.call(
        "county_recheck", "POST", f"/pools/{POOL}/members/{member}/coverage-corrections", json=body
    )
    assert answer.json()["code"] == "reinstatement_unpaid"


async def test_another_person_confirms_and_the_member_is_covered(unpaid: tuple[Office, str]) -> None:
    office, member = unpaid
    applied = (await _apply(office, member)).json()
    assert applied["status"] == "applied"
    assert (await office.coverage(member))["timeline"] == []
    again = await _apply(office, member)
    assert (again.status_code, again.json()["code"]) == (409, "reinstatement_open")
    same = await _decide(office, applied["reinstatement_id"], subject="township_director-1")
    assert (same.status_code, same.json()["code"]) == (403, "four_eyes")
    assert "申请恢复保障的人不能再决定" in same.json()["detail"]
    done = await _decide(office, applied["reinstatement_id"])
    assert done.json()["status"] == "confirmed"
    starts = [(s["valid_from"], s["state"]) for s in (await office.coverage(member))["timeline"]]
    assert starts == [("2010-02-01", "covered"), ("2011-01-01", "none")]
    twice = await _decide(office, applied["reinstatement_id"], "refused")
    assert (twice.status_code, twice.json()["code"]) == (409, "reinstatement_decided")
    assert "“已同意”" in twice.json()["detail"]


async def test_refused_it_changes_nothing_and_may_be_asked_for_again(unpaid: tuple[Office, str]) -> None:
    office, member = unpaid
    applied = (await _apply(office, member)).json()
    assert (await _decide(office, applied["reinstatement_id"], "refused")).json()["status"] == "refused"
    assert (await office.coverage(member))["timeline"] == []
    assert (await _apply(office, member)).status_code == 201


async def test_a_township_applies_for_its_own_people_and_sees_their_applications(unpaid: tuple[Office, str]) -> None:
    office, member = unpaid
    assert (await _apply(office, member, areas=("52242202",))).status_code == 404
    assert (await _apply(office, member, areas=("52242201",))).status_code == 201
    path = f"/pools/{POOL}/reinstatements?status=applied"
    for areas, shown in ((("52242201",), 1), (("52242202",), 0)):
        assert len((await office.done("township_director", "GET", path, areas=areas))["items"]) == shown
    assert len((await office.done("county_recheck", "GET", path))["items"]) == 1


async def test_the_reason_reaches_no_event_and_no_audit_row(unpaid: tuple[Office, str]) -> None:
    office, member = unpaid
    applied = (await _apply(office, member)).json()
    await _decide(office, applied["reinstatement_id"])
    for table in ("outbox", "audit"):
        assert not await office.rows(f"SELECT 1 FROM {table} AS t WHERE t::text LIKE '%村委会证明%'"), table


async def test_the_database_lets_nobody_decide_on_his_own(unpaid: tuple[Office, str]) -> None:
    office, member = unpaid
    await _apply(office, member)
    with pytest.raises(Exception, match="reinstatement_four_eyes"):
        await office.rows(
            "UPDATE reinstatement SET status = 'confirmed', decided_by = applied_by, decided_at = applied_at"
        )
