"""The review time over HTTP on real PostgreSQL: figure, evidence, standards, fixed figures, and who may see them."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from shared.db.counting import count_statements
from tests.component.performance.conftest import HOSPITAL, OTHER_POOL, POOL, Performance
from tests.support.exports import assert_as_listed, column

MONDAY = datetime(2010, 3, 1, 1, 0, tzinfo=UTC)
REVIEW_TIME = f"/pools/{POOL}/indicators/review_time"


@pytest.mark.requirement(
    "ZZ-21", "the review time is measured from events, with base, numerator and denominator beside it"
)
async def test_a_figure_comes_with_its_base_and_definition(performance: Performance) -> None:
    assert (await performance.decide_limit(2)).status_code == 201
    await performance.review(MONDAY, MONDAY + timedelta(hours=5))
    await performance.review(MONDAY, MONDAY + timedelta(hours=26))
    await performance.review(MONDAY, MONDAY + timedelta(days=4))
    answer = (await performance.get(f"{REVIEW_TIME}?month=2010-03")).json()
    assert (answer["measured"], answer["median_hours"], answer["mean_hours"]) == (3, "26.00", "42.33")
    assert answer["within_limit"] == {"numerator": 2, "denominator": 3, "ratio": "0.6667"}
    assert answer["limits"] == [
        {"valid_from": "2010-01-01", "limit_working_days": 2, "document_number": "大合医领〔2010〕3号"}
    ]
    assert "分母" not in answer["definition"]["name_zh"]
    assert answer["definition"]["denominator_zh"]
    assert answer["evidence"].endswith("/evidence?month=2010-03")


async def test_the_month_is_that_of_the_approval_and_defaults_to_this_month(performance: Performance) -> None:
    await performance.review(MONDAY, MONDAY + timedelta(days=32))
    assert (await performance.get(f"{REVIEW_TIME}?month=2010-03")).json()["measured"] == 0
    now = (await performance.get(REVIEW_TIME)).json()
    assert (now["month"], now["measured"]) == ("2010-04", 1)
    assert now["within_limit"] == {"numerator": 0, "denominator": 0, "ratio": None}


@pytest.mark.requirement("ZZ-21", "a figure opens to the events that it was measured by")
async def test_evidence_pages_through_every_event_once(performance: Performance) -> None:
    claims = {str(await performance.review(MONDAY, MONDAY + timedelta(hours=n))) for n in range(1, 6)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await performance.get(f"{REVIEW_TIME}/evidence?month=2010-03&limit=2{cursor}")).json()
        seen += [item["claim_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(claims)
    item = page["items"][-1]
    assert item["institution_code"] == HOSPITAL
    assert item["settled_event_id"] != item["approved_event_id"]
    assert item["hours"] is not None


async def test_an_approval_without_its_settlement_is_shown_and_not_counted(performance: Performance) -> None:
    claim_id = await performance.review(MONDAY, MONDAY + timedelta(hours=1), pool=OTHER_POOL)
    await performance.measure("approved", MONDAY + timedelta(hours=3), claim_id)
    answer = (await performance.get(f"{REVIEW_TIME}?month=2010-03")).json()
    assert (answer["measured"], answer["unmatched"]) == (0, 1)
    evidence = (await performance.get(f"{REVIEW_TIME}/evidence?month=2010-03")).json()
    assert evidence["items"][0]["settled_at"] is None


async def test_another_pool_sees_nothing(performance: Performance) -> None:
    await performance.review(MONDAY, MONDAY + timedelta(hours=1))
    refused = await performance.get(f"{REVIEW_TIME}?month=2010-03", pools=(OTHER_POOL,))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden_pool")
    theirs = await performance.get(f"/pools/{OTHER_POOL}/indicators/review_time?month=2010-03", pools=(OTHER_POOL,))
    assert theirs.json()["measured"] == 0


@pytest.mark.requirement("ZZ-20", "the insurer reads its figures and sets neither limits nor working days nor figures")
@pytest.mark.parametrize("role", ["insurer_manager", "insurer_approver", "hospital"])
async def test_the_insurer_decides_no_standard(performance: Performance, role: str) -> None:
    limit = {"valid_from": "2010-01-01", "limit_working_days": 9, "document_number": "x", "decided_on": "2010-01-01"}
    for method, path, body in (
        ("POST", f"/pools/{POOL}/standards/review_time", limit),
        ("PUT", "/working-days/2010", {"exceptions": []}),
        ("POST", f"{REVIEW_TIME}/figures", {"month": "2010-03"}),
    ):
        refused = await performance.write(method, path, body, role=role)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden_role")
    assert await performance.rows("SELECT 1 FROM indicator_standard") == []


async def test_holidays_are_data_and_move_the_share(performance: Performance) -> None:
    await performance.decide_limit(1)
    friday = datetime(2010, 4, 2, 8, tzinfo=UTC)
    await performance.review(friday, friday + timedelta(days=4))
    path = f"{REVIEW_TIME}?month=2010-04"
    assert (await performance.get(path)).json()["within_limit"]["numerator"] == 0
    holiday = {"exceptions": [{"day": "2010-04-05", "working": False, "source": "国办发明电〔2009〕24号"}]}
    assert (await performance.write("PUT", "/working-days/2010", holiday)).json() == holiday
    assert (await performance.get(path)).json()["within_limit"]["numerator"] == 1
    assert (await performance.get("/working-days/2010")).json() == holiday


async def test_bad_input_is_told_and_nothing_is_recorded(performance: Performance) -> None:
    day = {"day": "2011-01-03", "working": False, "source": "通知"}
    other_year = await performance.write("PUT", "/working-days/2010", {"exceptions": [day]})
    assert (other_year.status_code, other_year.json()["code"]) == (422, "day_of_other_year")
    twice = await performance.write("PUT", "/working-days/2011", {"exceptions": [day, day]})
    assert (twice.status_code, twice.json()["code"]) == (422, "day_twice")
    assert (await performance.get(f"{REVIEW_TIME}?month=2010-13")).status_code == 422
    assert (await performance.get(f"{REVIEW_TIME}/evidence?cursor=xx")).json()["code"] == "cursor_invalid"
    assert await performance.rows("SELECT 1 FROM working_day_exception") == []


async def test_a_fixed_figure_keeps_its_definition_and_does_not_move(performance: Performance) -> None:
    await performance.decide_limit(3)
    await performance.review(MONDAY, MONDAY + timedelta(hours=5))
    fixed = await performance.write("POST", f"{REVIEW_TIME}/figures", {"month": "2010-03"}, role="county_director")
    assert fixed.status_code == 201
    await performance.review(MONDAY, MONDAY + timedelta(hours=50))
    listed = (await performance.get(f"{REVIEW_TIME}/figures")).json()["items"]
    assert listed == [fixed.json()]
    assert listed[0]["figure"]["median_hours_e2"] == 500
    assert listed[0]["definition"]["base_zh"]
    assert (listed[0]["evidence_count"], len(listed[0]["evidence_digest"])) == (1, 64)
    again = await performance.write("POST", f"{REVIEW_TIME}/figures", {"month": "2010-03"})
    assert (again.json()["recorded_seq"], again.json()["evidence_count"]) == (2, 2)


async def test_a_month_is_not_fixed_before_it_is_over(performance: Performance) -> None:
    refused = await performance.write("POST", f"{REVIEW_TIME}/figures", {"month": "2010-04"})
    assert (refused.status_code, refused.json()["code"]) == (409, "month_not_over")


async def test_the_number_of_statements_does_not_grow_with_the_month(performance: Performance) -> None:
    counted = []
    for _ in range(2):
        for n in range(4):
            await performance.review(MONDAY, MONDAY + timedelta(hours=n))
        with count_statements() as statements:
            await performance.get(f"{REVIEW_TIME}?month=2010-03")
        counted.append(statements.total())
    assert counted[0] == counted[1] == 4  # scope, reviews, standards, working days


async def test_a_measured_event_can_be_neither_changed_nor_forged_by_the_application(performance: Performance) -> None:
    await performance.review(MONDAY, MONDAY + timedelta(hours=1))
    for url in (performance.database.app, performance.database.worker):
        conn = await asyncpg.connect(url)
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute("UPDATE measured_event SET occurred_at = occurred_at + interval '1 hour'")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute("DELETE FROM measured_event")
        finally:
            await conn.close()


async def test_the_evidence_can_be_taken_away(performance: Performance) -> None:
    for hours in (1, 2, 3):
        await performance.review(MONDAY, MONDAY + timedelta(hours=hours))
    headers = performance.tokens.headers("auditor")
    path = f"/v1{REVIEW_TIME}/evidence?month=2010-03"
    rows = await assert_as_listed(performance.client, path, headers, times=("settled_at", "approved_at"))
    assert column(rows, "审核时间") == ["2010-03-01 10:00:00", "2010-03-01 11:00:00", "2010-03-01 12:00:00"]
