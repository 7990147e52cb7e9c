"""Catalogues over the API: bulk upload, decided by the public side, never changed afterwards."""

from datetime import date
from typing import Any

import pytest

from services.claims.benefits.model import Item
from services.claims.catalogue import queries
from services.claims.catalogue.queries import catalogue_items, catalogue_on
from shared.db.counting import count_statements
from shared.kernel.errors import Problem
from tests.component.benefits.conftest import POOL, Office

VERSION = "gz-2010"
HEAD = {"title": "贵州省新农合药品诊疗目录", "region": POOL, "effective_from": "2010-01-01"}
DECISION = {"document_number": "黔卫〔2009〕88号", "decided_on": "2009-12-01"}


def item(code: str, item_class: str = "A", **more: Any) -> dict[str, Any]:
    return {"code": code, "name": f"项目{code}", "category": "drug", "item_class": item_class} | more


ITEMS = [
    item("A1"),
    item("B1", "B", own_share="0.1000", price_ceilings={"township": "2.50", "*": "3.000000"}),
    item("C1", "C"),
    item("R1", restriction="限儿童"),
]


async def drafted(office: Office, code: str = VERSION, items: list[dict[str, Any]] | None = None, **head: Any) -> None:
    made = await office.call("county_recheck", "PUT", f"/catalogues/{code}", json=HEAD | head)
    assert made.status_code == 200, made.text
    answer = await office.call("county_recheck", "POST", f"/catalogues/{code}/items", json={"items": items or ITEMS})
    assert answer.status_code == 200, answer.text


async def decided(office: Office, code: str = VERSION, **head: Any) -> None:
    await drafted(office, code, **head)
    answer = await office.call("county_director", "POST", f"/catalogues/{code}/decision", json=DECISION)
    assert answer.status_code == 200, answer.text


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers the items of decided versions; each test here has a database, so a process, of its own."""
    monkeypatch.setattr(queries, "_items", {})


async def test_upload_decide_and_read(office: Office) -> None:
    await drafted(office)
    async with office.reading() as conn:
        assert await catalogue_items(conn, VERSION, ["A1"]) == {}, "a draft decides nothing"
    answer = await office.call("county_director", "POST", f"/catalogues/{VERSION}/decision", json=DECISION)
    assert (answer.json()["status"], answer.json()["item_count"]) == ("decided", 4)
    async with office.reading() as conn:
        assert await catalogue_on(conn, POOL, date(2010, 1, 1)) == VERSION
        found = await catalogue_items(conn, VERSION, ["A1", "B1", "R1", "unknown"])
        assert found["B1"] == Item("B1", "B", 1000, {"township": 2_500_000, "*": 3_000_000}, False, "项目B1")
        assert found["R1"].restricted
        assert set(found) == {"A1", "B1", "R1"}
        with count_statements() as counted:
            await catalogue_items(conn, VERSION, ["A1", "B1"])
        assert counted.total() == 0, "known items need no statement"
        with pytest.raises(Problem, match="no_catalogue_in_force"):
            await catalogue_on(conn, POOL, date(2009, 12, 31))
        with pytest.raises(Problem, match="no_catalogue_in_force"):
            await catalogue_on(conn, "410182", date(2010, 1, 1))


async def test_a_decided_catalogue_does_not_change(office: Office) -> None:
    await decided(office)
    answer = await office.call(
        "county_recheck", "POST", f"/catalogues/{VERSION}/items", json={"items": [item("A1", "C")]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "catalogue_decided")
    answer = await office.call("county_recheck", "PUT", f"/catalogues/{VERSION}", json=HEAD | {"title": "x"})
    assert answer.status_code == 409
    with pytest.raises(Exception, match="items of a decided catalogue do not change"):
        await office.rows("UPDATE catalogue_item SET item_class = 'A'")


async def test_items_of_a_draft_are_replaced_and_listed(office: Office) -> None:
    await drafted(office)
    await office.call("county_recheck", "POST", f"/catalogues/{VERSION}/items", json={"items": [item("A1", "C")]})
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (
            await office.call("hospital", "GET", f"/catalogues/{VERSION}/items", params={"limit": "3"} | cursor)
        ).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [(i["code"], i["item_class"]) for i in seen] == [("A1", "C"), ("B1", "B"), ("C1", "C"), ("R1", "A")]
    assert seen[1]["price_ceilings"] == {"township": "2.500000", "*": "3.000000"}


async def test_a_newer_and_a_county_catalogue_win(office: Office) -> None:
    await decided(office, "gz-2010")
    await decided(office, "gz-2010-06", effective_from="2010-06-01")
    async with office.reading() as conn:
        assert await catalogue_on(conn, POOL, date(2010, 5, 31)) == "gz-2010"
        assert await catalogue_on(conn, POOL, date(2010, 6, 1)) == "gz-2010-06"


@pytest.mark.requirement("ZZ-20", "the insurer neither authors nor approves a catalogue")
async def test_the_insurer_writes_no_catalogue(office: Office) -> None:
    for method, path, body in (
        ("PUT", f"/catalogues/{VERSION}", HEAD),
        ("POST", f"/catalogues/{VERSION}/items", {"items": ITEMS}),
        ("POST", f"/catalogues/{VERSION}/decision", DECISION),
    ):
        answer = await office.call("insurer_manager", method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_role")


BAD_ITEMS: list[tuple[list[dict[str, Any]], str]] = [
    ([item("A1"), item("A1")], "catalogue_item_twice"),
    ([item("A1", own_share=0.1)], "invalid_request"),
    ([item("A1", "B", own_share="1.5000")], "invalid_request"),
    ([item("A1", price_ceilings={"county": 3})], "invalid_request"),
    ([item("A1", price_ceilings={"moon": "3"})], "invalid_request"),
    ([item("A1", own_share="0.1000")], "catalogue_own_share"),
    ([item("T1", category="treatment", essential=True)], "catalogue_essential"),
    ([], "invalid_request"),
]


async def test_bad_items_are_refused(office: Office) -> None:
    await office.call("county_recheck", "PUT", f"/catalogues/{VERSION}", json=HEAD)
    for items, code in BAD_ITEMS:
        answer = await office.call("county_recheck", "POST", f"/catalogues/{VERSION}/items", json={"items": items})
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert await office.rows("SELECT 1 FROM catalogue_item") == []


async def test_competence_and_four_eyes(office: Office) -> None:
    answer = await office.call("county_recheck", "PUT", "/catalogues/other", json=HEAD | {"region": "5224"})
    assert (answer.status_code, answer.json()["code"]) == (403, "catalogue_of_another_region")
    city = await office.call("city_health", "PUT", "/catalogues/city", json=HEAD | {"region": "5224"}, subject="a")
    assert city.status_code == 200
    empty = await office.call("city_health", "POST", "/catalogues/city/decision", json=DECISION, subject="b")
    assert (empty.status_code, empty.json()["code"]) == (409, "catalogue_empty")
    await office.call("city_health", "POST", "/catalogues/city/items", json={"items": ITEMS}, subject="a")
    own = await office.call("city_health", "POST", "/catalogues/city/decision", json=DECISION, subject="a")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    other = await office.call("city_health", "POST", "/catalogues/city/decision", json=DECISION, subject="b")
    assert other.status_code == 200
