"""Premiums in and on, sponsors, subsidies due, totals that add up; refusals move nothing."""

import asyncio
from typing import Any

import pytest

from deploy.demo.roster import make_roster
from shared.db.counting import count_statements
from shared.kernel.money import parse_yuan
from tests.component.enrollment.conftest import OTHER_POOL, POOL, YEAR, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE, number, row

pytestmark = pytest.mark.anyio

SMALL = {"households": 60, "people": 240, "bad": 6}


async def _events(office: Office, kind: str) -> list[Any]:
    sql = "SELECT subject, sequence, amount_fen FROM outbox WHERE type LIKE $1 ORDER BY subject, sequence"
    return await office.rows(sql, f"%{kind}%")


async def test_a_complete_bill_covers_the_household_from_the_day_the_standard_gives(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE]))
    bill = (await county.bills())[0]
    half = {"receipt_number": "A1", "bill_id": bill["bill_id"], "amount": "25.00", "paid_on": "2010-02-27"}
    first = await county.done("township_clerk", "POST", f"/pools/{POOL}/receipts", json={"receipts": [half]})
    assert (first["bills_complete"], first["members_covered"]) == (0, 0)
    rest = half | {"receipt_number": "A2", "amount": "15.00", "paid_on": "2010-02-28"}
    second = await county.done("township_clerk", "POST", f"/pools/{POOL}/receipts", json={"receipts": [rest]})
    assert (second["bills_complete"], second["members_covered"]) == (1, 2)
    collected = await _events(county, "premium.collected")
    assert [(e["subject"], e["sequence"], e["amount_fen"]) for e in collected] == [
        (bill["bill_id"], 1, 2500),
        (bill["bill_id"], 2, 1500),
    ]
    for event in await county.rows(
        "SELECT subject, max(sequence) AS last, count(*) AS n FROM outbox "
        "WHERE type LIKE '%coverage.changed%' GROUP BY subject"
    ):
        assert event["last"] == event["n"] == 2  # told at enrolment, told again when covered


async def test_the_date_of_payment_decides_not_that_of_entry(county: Office) -> None:
    await county.enrolled(sheet([HEAD]))
    county.clock.set(county.clock.now().replace(month=5, day=20))
    await county.pay(await county.bills(), paid_on="2010-04-15")
    member = (await county.rows("SELECT member_id FROM member"))[0]["member_id"]
    timeline = (await county.coverage(member))["timeline"]
    assert [(s["valid_from"], s["state"]) for s in timeline] == [("2010-05-01", "covered"), ("2011-01-01", "none")]


async def test_a_wrong_receipt_stops_the_whole_batch(county: Office) -> None:
    other = row("张三", "户主", number("19600101", 105), household="2", head="张三")
    await county.enrolled(sheet([HEAD, WIFE, SON, other]))
    bills = sorted(await county.bills(), key=lambda b: parse_yuan(b["open"]))
    path = f"/pools/{POOL}/receipts"
    used = {"receipt_number": "USED", "bill_id": bills[0]["bill_id"], "amount": "1.00", "paid_on": "2010-03-01"}
    await county.done("township_clerk", "POST", path, json={"receipts": [used]})
    before = await county.counts()
    good = used | {"receipt_number": "B1", "amount": "19.00"}
    changes = (
        {"amount": "60.01"},
        {"paid_on": "2010-03-02"},
        {"paid_on": "2009-06-30"},
        {"bill_id": "00000000-0000-7000-8000-000000000000"},
        {"receipt_number": "USED"},
    )
    for change in changes:
        bad = used | {"receipt_number": "B2", "bill_id": bills[1]["bill_id"], "amount": "60.00"} | change
        answer = await county.call("township_clerk", "POST", path, json={"receipts": [good, bad]})
        assert (answer.status_code, answer.json()["code"]) == (422, "receipts_refused")
        assert [e["at"] for e in answer.json()["errors"]] == [f"receipts.1.{field}" for field in change]
        assert await county.counts() == before


async def test_bad_requests_are_refused_and_move_nothing(county: Office) -> None:
    bill = "00000000-0000-7000-8000-000000000000"
    receipt = {"receipt_number": "1", "bill_id": bill, "amount": "20.00", "paid_on": "2010-03-01"}
    refused: dict[str, tuple[str, int, dict[str, Any]]] = {
        "JSON number for money": ("township_clerk", 422, {"json": {"receipts": [receipt | {"amount": 20.0}]}}),
        "JSON integer for money": ("township_clerk", 422, {"json": {"receipts": [receipt | {"amount": 20}]}}),
        "negative": ("township_clerk", 422, {"json": {"receipts": [receipt | {"amount": "-1.00"}]}}),
        "unknown member": ("township_clerk", 422, {"json": {"receipts": [receipt], "more": 1}}),
        "unknown member inside": ("township_clerk", 422, {"json": {"receipts": [receipt | {"more": 1}]}}),
        "none": ("township_clerk", 422, {"json": {"receipts": []}}),
        "other county": ("township_clerk", 403, {"json": {"receipts": [receipt]}, "pools": (OTHER_POOL,)}),
        "other role": ("insurer_manager", 403, {"json": {"receipts": [receipt]}}),
    }
    before = await county.counts()
    for name, (role, status, options) in refused.items():
        answer = await county.call(role, "POST", f"/pools/{POOL}/receipts", **options)
        assert answer.status_code == status, (name, answer.text)
        assert await county.counts() == before, name


async def test_a_remittance_equals_its_receipts_and_takes_each_once(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE, SON]))
    await county.pay(await county.bills())
    path, body = f"/pools/{POOL}/remittances", {"township_code": "52242201", "up_to": "2010-03-01"}
    done = await county.done("township_clerk", "POST", path, json=body)
    assert (done["amount"], done["receipt_count"]) == ("60.00", 1)
    assert done["by_year"] == [{"year": 2010, "amount": "60.00"}]
    assert done["number"].startswith(f"{POOL}-20100301-")
    for areas, seen in ((("52242201",), [done["remittance_id"]]), (("52242202",), [])):
        listed = await county.done("township_clerk", "GET", path, params={"number": done["number"]}, areas=areas)
        assert [item["remittance_id"] for item in listed["items"]] == seen
    again = await county.call("township_clerk", "POST", path, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "remittance_empty")
    named = await county.call("township_clerk", "POST", path, json=body | {"receipt_numbers": ["R000001"]})
    assert named.json()["code"] == "remittance_unknown_receipts"
    foreign = await county.call("township_clerk", "POST", path, json=body, areas=("52242202",))
    assert foreign.status_code == 403
    assert [e["amount_fen"] for e in await _events(county, "premium.remitted")] == [6000]


@pytest.mark.requirement("LS-14", "a third party pays the personal premium of an identity group, confirmed by finance")
@pytest.mark.requirement(
    "WC-13", "五保 households pay nothing themselves and are covered once the sponsor is confirmed"
)
async def test_a_sponsor_pays_for_a_group_after_county_finance_confirms(county: Office) -> None:
    alone = row("赵老汉", "户主", number("19400101", 101), household="9", head="赵老汉", group="五保")
    await county.enrolled(sheet([HEAD, WIFE, alone]))
    body = {"sponsor": "大方县民政局", "year": YEAR, "group": "wubao"}
    applied = await county.done("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    assert (applied["head_count"], applied["amount"], applied["status"]) == (1, "20.00", "applied")
    path = f"/pools/{POOL}/sponsorships/{applied['sponsorship_id']}"
    same = await county.call("county_finance", "POST", f"{path}/confirmation", json={}, subject="Sponsor-1")
    assert (same.status_code, same.json()["code"]) == (403, "four_eyes")
    twice = await county.call("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    assert twice.json()["code"] == "sponsorship_empty"
    confirmed = await county.done("county_finance", "POST", f"{path}/confirmation", json={})
    assert confirmed["status"] == "confirmed"
    member = (await county.rows("SELECT member_id FROM member WHERE name = '赵老汉'"))[0]["member_id"]
    told = await county.coverage(member)
    assert next((s["valid_from"], s["state"]) for s in told["timeline"]) == ("2010-01-01", "covered")
    assert [bill["open"] for bill in await county.bills(open=True)] == ["40.00"]
    again = await county.call("county_finance", "POST", f"{path}/confirmation", json={})
    assert again.json()["code"] == "sponsorship_decided"


async def test_a_refused_sponsorship_can_be_applied_for_again_and_lists_are_the_sponsors_own(county: Office) -> None:
    await county.enrolled(sheet([HEAD, row("李秀英", "配偶", WIFE[8], group="低保")]))
    body = {"sponsor": "大方县民政局", "year": YEAR, "group": "dibao"}
    applied = await county.done("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    refusal = f"/pools/{POOL}/sponsorships/{applied['sponsorship_id']}/refusal"
    await county.done("county_finance", "POST", refusal, json={"reason": "名单未盖章"})
    await county.done("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body, subject="sponsor-2")
    own = await county.done("sponsor", "GET", f"/pools/{POOL}/sponsorships")
    everybody = await county.done("county_finance", "GET", f"/pools/{POOL}/sponsorships")
    assert ([s["status"] for s in own["items"]], len(everybody["items"])) == (["refused"], 2)


async def test_a_household_that_paid_meanwhile_overtakes_the_sponsor(county: Office) -> None:
    await county.enrolled(sheet([row("王大明", "户主", HEAD[8], group="五保")]))
    body = {"sponsor": "民政局", "year": YEAR, "group": "wubao"}
    applied = await county.done("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    await county.pay(await county.bills())
    path = f"/pools/{POOL}/sponsorships/{applied['sponsorship_id']}/confirmation"
    answer = await county.call("county_finance", "POST", path, json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "sponsorship_overtaken")


@pytest.mark.requirement("ZZ-26", "collected, remitted and open premiums of the townships add up and match the heads")
async def test_the_totals_of_a_year_add_up_over_townships(county: Office) -> None:
    roster = make_roster(seed=5, **SMALL)
    result = await county.enrolled(roster.content)
    bills = await county.bills()
    await county.pay(bills[:40])
    await county.done(
        "township_clerk",
        "POST",
        f"/pools/{POOL}/remittances",
        json={"township_code": "52242201", "up_to": "2010-03-01"},
    )
    told = await county.done("county_finance", "GET", f"/pools/{POOL}/financing/{YEAR}")
    pool, townships = told["pool"], told["townships"]
    for name in ("households", "members", "covered", "to_verify", "receipts"):
        assert pool[name] == sum(t[name] for t in townships)
    for name in ("billed", "collected", "remitted", "on_hand", "open"):
        assert parse_yuan(pool[name]) == sum(parse_yuan(t[name]) for t in townships)
    assert parse_yuan(pool["billed"]) == parse_yuan(pool["collected"]) + parse_yuan(pool["open"])
    assert parse_yuan(pool["billed"]) == 2000 * pool["members"]
    assert parse_yuan(pool["collected"]) == sum(parse_yuan(bill["open"]) for bill in bills[:40])
    assert pool["to_verify"] == result["to_verify"]


async def test_subsidies_are_due_by_covered_heads_and_a_recount_tells_the_difference(county: Office) -> None:
    await county.enrolled(
        sheet([HEAD, WIFE, SON, row("张三", "户主", number("19600101", 105), household="2", head="张三")])
    )
    bills = sorted(await county.bills(), key=lambda b: parse_yuan(b["open"]))
    await county.pay([bills[1]])
    path = f"/pools/{POOL}/subsidies/{YEAR}/dues"
    differ = await county.call("county_finance", "POST", path, json={"audited_head_count": 4})
    assert (differ.status_code, differ.json()["code"]) == (409, "subsidy_heads_differ")
    first = await county.done("county_finance", "POST", path, json={"audited_head_count": 3})
    assert first["head_count"] == 3
    assert {d["level"]: d["total"] for d in first["dues"]} == {
        "central": "180.00",
        "province": "135.00",
        "city": "15.00",
        "county": "30.00",
    }
    await county.done("county_finance", "POST", path, json={})
    await county.pay([bills[0]], first=100)
    last = await county.done("county_finance", "POST", path, json={})
    central = next(d for d in last["dues"] if d["level"] == "central")
    assert (central["revision"], central["total"], central["change"]) == (2, "240.00", "60.00")
    events = await county.rows(
        "SELECT sequence, amount_fen FROM outbox WHERE type LIKE '%subsidy.due%' AND subject = $1 ORDER BY sequence",
        central["due_id"],
    )
    assert [(e["sequence"], e["amount_fen"]) for e in events] == [(1, 18000), (2, 6000)]


async def test_an_area_without_a_payer_is_an_error(county: Office) -> None:
    await county.rows("DELETE FROM area_payer WHERE level = 'city'")
    await county.enrolled(sheet([HEAD]))
    await county.pay(await county.bills())
    answer = await county.call("county_finance", "POST", f"/pools/{POOL}/subsidies/{YEAR}/dues", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "subsidy_payer_missing")


async def test_a_standard_is_recorded_once(county: Office) -> None:
    path = f"/pools/{POOL}/standards/{YEAR}"
    told = await county.done("county_director", "GET", path)
    body = {k: v for k, v in told.items() if k not in ("pool_code", "year")}
    await county.done("county_director", "PUT", path, json=body)
    answer = await county.call("county_director", "PUT", path, json=body | {"premium": "30.00"})
    assert (answer.status_code, answer.json()["code"]) == (409, "standard_fixed")
    number_sent = await county.call("county_director", "PUT", path, json=body | {"premium": 20})
    assert number_sent.status_code == 422


async def test_a_closed_day_tells_what_was_published_in_it(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE]))
    await county.pay(await county.bills())
    path = f"/pools/{POOL}/days/2010-03-01/close"
    closed = await county.done("county_director", "POST", path)
    totals = {t["type"]: (t["count"], t["amount"]) for t in closed["totals"]}
    assert totals["heyi.enrollment.premium.collected.v1"] == (1, "40.00")
    assert totals["heyi.enrollment.coverage.changed.v1"] == (4, "0.00")
    again = await county.call("county_director", "POST", path)
    assert (again.status_code, again.json()["code"]) == (409, "day_closed_already")
    await county.enrolled(sheet([SON]))
    days = await county.rows(
        "SELECT DISTINCT business_day::text AS day FROM outbox WHERE type NOT LIKE '%day.closed%' ORDER BY day"
    )
    assert [row["day"] for row in days] == ["2010-03-01", "2010-03-02"]


async def test_statements_do_not_grow_with_the_receipts(county: Office) -> None:
    roster = make_roster(seed=9, **SMALL)
    await county.enrolled(roster.content)
    bills = await county.bills()
    counts = []
    for first, last in ((0, 20), (20, 60)):
        with count_statements() as counted:
            await county.pay(bills[first:last], first=first + 1)
        counts.append(counted.total())
    assert counts[0] == counts[1]
    assert counts[0] < 30


async def test_what_a_household_paid_in_part_is_neither_excused_nor_sponsored_over(county: Office) -> None:
    couple = [row("王大明", "户主", HEAD[8], group="低保"), row("李秀英", "配偶", WIFE[8], group="低保")]
    await county.enrolled(sheet(couple))
    bill = (await county.bills())[0]
    part = {"receipt_number": "P1", "bill_id": bill["bill_id"], "amount": "25.00", "paid_on": "2010-03-01"}
    await county.done("township_clerk", "POST", f"/pools/{POOL}/receipts", json={"receipts": [part]})
    await county.enrolled(sheet([couple[0], row("李秀英", "配偶", WIFE[8], group="低保", excuse="参军")]))
    assert [b["open"] for b in await county.bills()] == ["15.00"]
    body = {"sponsor": "民政局", "year": YEAR, "group": "dibao"}
    answer = await county.call("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    assert answer.json()["code"] == "sponsorship_empty"


async def test_a_payment_during_the_application_stops_the_confirmation(county: Office) -> None:
    couple = [row("王大明", "户主", HEAD[8], group="低保"), row("李秀英", "配偶", WIFE[8], group="低保")]
    await county.enrolled(sheet(couple))
    body = {"sponsor": "民政局", "year": YEAR, "group": "dibao"}
    applied = await county.done("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    bill = (await county.bills())[0]
    part = {"receipt_number": "P1", "bill_id": bill["bill_id"], "amount": "1.00", "paid_on": "2010-03-01"}
    await county.done("township_clerk", "POST", f"/pools/{POOL}/receipts", json={"receipts": [part]})
    before = await county.counts()
    path = f"/pools/{POOL}/sponsorships/{applied['sponsorship_id']}/confirmation"
    answer = await county.call("county_finance", "POST", path, json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "sponsorship_overtaken")
    assert await county.counts() == before


async def test_one_receipt_number_sent_twice_at_once_counts_once(county: Office) -> None:
    other = row("张三", "户主", number("19600101", 105), household="2", head="张三")
    await county.enrolled(sheet([HEAD, other]))
    path = f"/pools/{POOL}/receipts"
    bodies = [
        {"receipts": [{"receipt_number": "S1", "bill_id": b["bill_id"], "amount": "20.00", "paid_on": "2010-03-01"}]}
        for b in await county.bills()
    ]
    answers = await asyncio.gather(*(county.call("township_clerk", "POST", path, json=body) for body in bodies * 3))
    assert sorted(a.status_code for a in answers) == [200, 422, 422, 422, 422, 422]
    assert len(await _events(county, "premium.collected")) == 1
