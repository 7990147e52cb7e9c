"""A voluntary layer: who paid joins from the day that the payment gives, each for himself, and everybody is told."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from tests.component.enrollment.conftest import OTHER_POOL, POOL, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE

pytestmark = pytest.mark.anyio
LAYER = f"/pools/{POOL}/layers/supplementary"
COSTS = {"premium": "9.00", "subsidy": "1.00", "document_number": "郑卫〔2011〕8号"}


def joiner(member_id: str, receipt: str = "B0001", paid_on: str = "2010-02-20") -> dict[str, str]:
    return {"member_id": member_id, "receipt_number": receipt, "paid_on": paid_on}


async def offered(county: Office) -> list[str]:
    """A household of three enrolled, the layer's standard of 2010 recorded; the members by number."""
    await county.done("county_director", "PUT", f"{LAYER}/standards/2010", json=COSTS)
    await county.enrolled(sheet([HEAD, WIFE, SON]))
    return [str(row["member_id"]) for row in await county.rows("SELECT member_id FROM member ORDER BY member_number")]


async def join(county: Office, *joiners: dict[str, str], **options: Any) -> Any:
    body = {"year": 2010, "joiners": list(joiners)}
    return await county.call("township_clerk", "POST", f"{LAYER}/joiners", json=body, **options)


async def layers(county: Office, member_id: str) -> list[tuple[str, str, str]]:
    told = await county.coverage(member_id)
    return [(one["layer"], one["valid_from"], one["state"]) for one in told["layers"]]


@pytest.mark.requirement(
    "ZZ-42", "each person joins the supplementary cover for himself; who did not pay has not joined"
)
@pytest.mark.requirement("ZZ-05", "who has joined the second product is known to enrollment and told to claims")
async def test_each_joins_for_himself_and_is_told(county: Office) -> None:
    head, wife, _ = await offered(county)
    answer = await join(county, joiner(head), joiner(wife, paid_on="2010-02-25"))
    assert answer.json() == {"joined": 2, "unchanged": 0, "amount": "18.00"}
    assert await layers(county, head) == [
        ("supplementary", "2010-01-01", "joined"),
        ("supplementary", "2011-01-01", "none"),
    ]
    assert (await county.coverage(_))["layers"] == []
    events = await county.rows(
        "SELECT subject, envelope FROM outbox WHERE type LIKE '%coverage.changed%' ORDER BY sequence"
    )
    last = {row["subject"]: json.loads(row["envelope"])["data"] for row in events}
    assert [one["state"] for one in last[head]["layers"]] == ["joined", "none"]
    assert last[head]["sequence"] == (await county.coverage(head))["sequence"]
    again = await join(county, joiner(head), joiner(wife, paid_on="2010-02-25"))
    assert again.json() == {"joined": 0, "unchanged": 2, "amount": "0.00"}
    told = await county.rows("SELECT 1 FROM outbox WHERE type LIKE '%coverage.changed%'")
    assert len(told) == len(events), "the same list again tells nothing"


async def test_a_later_payment_starts_later(county: Office) -> None:
    head, wife, _ = await offered(county)
    county.clock.advance(timedelta(days=60))
    await join(county, joiner(head, paid_on="2010-04-10"))
    assert (await layers(county, head))[0] == ("supplementary", "2010-05-01", "joined")
    assert await layers(county, wife) == []


async def test_the_next_year_follows_without_a_gap(county: Office) -> None:
    head, _, _ = await offered(county)
    await join(county, joiner(head))
    standard = {
        "premium": "30.00",
        "subsidies": {"central": "60.00", "province": "45.00", "city": "5.00", "county": "10.00"},
        "coverage_from": "2011-01-01",
        "coverage_to": "2011-12-31",
        "collection_until": "2011-03-31",
        "late_start": "next_month",
    }
    await county.done("county_director", "PUT", f"/pools/{POOL}/standards/2011", json=standard)
    await county.done("county_director", "PUT", f"{LAYER}/standards/2011", json=COSTS)
    body = {"year": 2011, "joiners": [joiner(head, "B0009", "2010-03-01")]}
    await county.done("township_clerk", "POST", f"{LAYER}/joiners", json=body)
    rows = await county.rows(
        "SELECT valid_from, recorded_seq, state FROM member_layer ORDER BY recorded_seq, valid_from"
    )
    assert [(row["valid_from"], row["state"]) for row in rows] == [
        (date(2010, 1, 1), "joined"),
        (date(2011, 1, 1), "none"),
        (date(2011, 1, 1), "joined"),
        (date(2012, 1, 1), "none"),
    ]


@pytest.mark.requirement(
    "ZZ-30", "the one-yuan subsidy is due by the head count of those who joined, township by township"
)
async def test_heads_give_the_subsidy(county: Office) -> None:
    head, wife, _ = await offered(county)
    await join(county, joiner(head), joiner(wife))
    counted = await county.done("city_finance", "GET", f"{LAYER}/heads?year=2010")
    assert {name: counted[name] for name in ("heads", "premium", "subsidy")} == {
        "heads": 2,
        "premium": "18.00",
        "subsidy": "2.00",
    }
    (township,) = counted["townships"]
    assert (township["heads"], township["left_early"]) == (2, 0)
    other = await county.done("township_clerk", "GET", f"{LAYER}/heads?year=2010", areas=("522422999",))
    assert (other["heads"], other["townships"]) == (0, [])


async def test_leaving_counts_from_tomorrow(county: Office) -> None:
    head, wife, _ = await offered(county)
    await join(county, joiner(head))
    path = f"/pools/{POOL}/members/{head}/layers/supplementary/leaving"
    body = {"year": 2010, "left_from": "2010-03-01", "reason": "本人要求退出"}
    today = await county.call("county_recheck", "POST", path, json=body)
    assert (today.status_code, today.json()["code"]) == (409, "leaving_refused"), "what was relied on stands"
    await county.done("county_recheck", "POST", path, json=body | {"left_from": "2010-03-02"})
    assert ("supplementary", "2010-03-02", "none") in await layers(county, head)
    twice = await county.call("county_recheck", "POST", path, json=body | {"left_from": "2010-03-05"})
    never = path.replace(head, wife)
    stranger = await county.call("county_recheck", "POST", never, json=body | {"left_from": "2010-03-05"})
    assert twice.json()["code"] == stranger.json()["code"] == "leaving_refused"
    back = await join(county, joiner(head))
    assert back.json()["code"] == "joiners_refused", "who left does not come back on the old receipt"


async def test_a_wrong_list_records_nobody(county: Office) -> None:
    head, wife, son = await offered(county)
    await join(county, joiner(wife, "B0002"))
    before = await county.rows("SELECT (SELECT count(*) FROM layer_payment) AS p, (SELECT count(*) FROM outbox) AS o")
    bad = {
        "after today": [joiner(head, paid_on="2010-03-02")],
        "twice": [joiner(head), joiner(head)],
        "unknown": [joiner("01890000-0000-7000-8000-000000000000")],
        "another receipt": [joiner(wife, "B0003")],
    }
    for why, joiners in bad.items():
        answer = await join(county, joiner(son, "B0002"), *joiners)
        assert (answer.status_code, answer.json()["code"]) == (422, "joiners_refused"), why
        assert answer.json()["errors"], why
    outside = await join(county, joiner(son), areas=("522422999",))
    assert outside.json()["code"] == "joiners_refused"
    await county.rows("UPDATE layer_payment SET receipt_number = 'B0001'")
    await county.rows(
        "UPDATE member SET household_id = $1 WHERE member_id = $2", *(await _another_household(county, wife))
    )
    taken = await join(county, joiner(son))
    assert taken.json()["errors"][0]["at"] == "joiners.0.receipt_number"
    now = await county.rows("SELECT (SELECT count(*) FROM layer_payment) AS p, (SELECT count(*) FROM outbox) AS o")
    assert now == before


async def _another_household(county: Office, member_id: str) -> tuple[Any, str]:
    rows = await county.rows(
        "INSERT INTO household SELECT pool_code, gen_random_uuid(), township_code, village_code, group_name, '0099', "
        "recorded_at FROM household LIMIT 1 RETURNING household_id"
    )
    return rows[0]["household_id"], member_id


async def test_a_year_without_standard_takes_nobody(county: Office) -> None:
    await county.enrolled(sheet([HEAD]))
    (row,) = await county.rows("SELECT member_id FROM member")
    assert (await join(county, joiner(str(row["member_id"])))).json()["code"] == "layer_unknown"
    put = await county.call("county_director", "PUT", f"{LAYER}/standards/2031", json=COSTS)
    assert put.json()["code"] == "standard_unknown"
    await county.done("city_health", "PUT", f"{LAYER}/standards/2010", json=COSTS)
    await county.done("city_health", "PUT", f"{LAYER}/standards/2010", json=COSTS)
    other = await county.call("city_health", "PUT", f"{LAYER}/standards/2010", json=COSTS | {"premium": "10.00"})
    assert (other.status_code, other.json()["code"]) == (409, "layer_standard_fixed")
    stranger = await county.call("county_director", "PUT", f"{LAYER}/standards/2010", json=COSTS, pools=(OTHER_POOL,))
    assert stranger.status_code == 403
