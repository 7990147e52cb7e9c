"""The fund's year over HTTP: amounts from postings, dues from events, and a draft report held against it."""

from typing import Any

import pytest

from shared.db.counting import count_statements
from tests.component.funds.world import World

REPORT = "/books/basic/years/2010"


def _values(items: list[dict[str, Any]], field: str) -> dict[str, Any]:
    return {item["code"]: item[field] for item in items}


async def _year(world: World) -> None:
    await world.collect("3000.00")
    await world.collect("50.00", year=2011)
    await world.due("central", "6000.00", heads=100)
    await world.due("county", "3000.00", heads=100)
    await world.fund("9500.00", "5000.00")
    await world.paid("1000.00")


@pytest.mark.requirement("WC-01", "sources of the fund by level, with the surplus, all of it from postings")
@pytest.mark.requirement("LS-11", "arrived of due, and used of each base, with the denominator named")
async def test_the_year_is_told_from_postings(world: World) -> None:
    await _year(world)
    with count_statements() as counted:
        report = await world.get(f"{REPORT}/report")
    assert counted.total() == 4, counted  # scope, accounts, flows, due
    assert _values(report["sources"], "amount") == {"account:4001": "3000.00", "account:4004.01": "9500.00"}
    assert _values(report["uses"], "amount") == {"account:5001.01": "1000.00"}
    totals = _values(report["totals"], "amount")
    assert (totals["raised"], totals["due"], totals["surplus"]) == ("12500.00", "12000.00", "11500.00")
    ratios = {r["code"]: (r["value"], r["numerator"], r["denominator"]) for r in report["ratios"]}
    assert ratios["arrival_rate"] == ("1.0417", "raised", "due")
    assert ratios["use_rate:due"] == ("0.0833", "benefits", "due")
    assert ratios["raised_per_head"] == ("125.0000", "raised", "heads")
    assert report["heads"] == 100 and report["sources"][0]["name_zh"] == "农民个人缴费收入"


@pytest.mark.requirement("LS-20", "heads are those of all payers of a level together")
async def test_heads_are_those_of_all_payers(world: World) -> None:
    await world.collect("3000.00")
    await world.due("central", "6000.00", heads=100)
    await world.due("county", "1200.00", heads=60)
    await world.due("county", "800.00", heads=40)
    await world.fund("1500.00", "500.00")
    report = await world.get(f"{REPORT}/report")
    per_head = next(ratio["value"] for ratio in report["ratios"] if ratio["code"] == "raised_per_head")
    assert (report["heads"], per_head) == (100, "45.0000")


@pytest.mark.requirement("ZZ-35", "a draft report is held against the books: each figure agrees or is flagged")
async def test_a_draft_report_is_held_against_the_books(world: World) -> None:
    await _year(world)
    body = {
        "items": [
            {"figure": "raised", "value": "1.25", "unit": "wan"},
            {"figure": "arrival_rate", "value": "100", "unit": "percent"},
            {"figure": "use_rate", "value": "8.3", "unit": "percent"},
            {"figure": "account:5001.05", "value": "0", "unit": "wan"},
        ]
    }
    headers = world.tokens.headers("auditor")
    path = f"/v1/pools/522422{REPORT}/comparison"
    answer = await world.client.post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["agrees"] is False
    assert [(x["outcome"], x["recomputed"], x["difference"]) for x in told["items"]] == [
        ("agrees", "1.25", "0.00"), ("differs", "104", "-4"), ("base_unstated", None, None),
        ("not_in_books", None, None),
    ]  # fmt: skip
    assert told["items"][2]["bases"] == {"use_rate:due": "8.3", "use_rate:pooled": "8.0", "use_rate:raised": "8.0",
                                           "use_rate:income": "8.0"}  # fmt: skip
    for item in ({"value": "1,25"}, {"value": 1.25}, {"unit": "fen"}, {"more": 1}):
        bad = {"items": [body["items"][0] | item]}
        assert (await world.client.post(path, json=bad, headers=headers)).status_code == 422, item


@pytest.mark.requirement("LS-16", "the auditor reads collection and use of the money, and can change nothing")
async def test_the_auditor_reads_both_sides_and_writes_nothing(world: World) -> None:
    await _year(world)
    report = await world.get(f"{REPORT}/report", role="auditor")
    assert report["sources"] and report["uses"]
    routes = world.client._transport.app.openapi()["paths"]  # type: ignore[attr-defined]
    writes = [
        (path, method)
        for path, operations in routes.items()
        for method, operation in operations.items()
        if method in ("post", "put", "delete")
        and "auditor" in operation.get("x-heyi-access", {}).get("roles", ())
        and not operation["x-heyi-access"].get("query")
    ]
    assert writes == []


async def test_only_books_of_a_fund_have_a_year(world: World) -> None:
    headers = world.tokens.headers("auditor")
    for path, status in (("obligations/years/2010", 422), ("basic/years/1999", 422), ("urban/years/2010", 404)):
        answer = await world.client.get(f"/v1/pools/522422/books/{path}/report", headers=headers)
        assert answer.status_code == status, answer.text
    hospital = await world.client.get(f"/v1/pools/522422{REPORT}/report", headers=world.tokens.headers("hospital"))
    assert hospital.status_code == 403
