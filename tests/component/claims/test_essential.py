"""Essential medicines as the catalogue marks them raise what a settlement pays, where the policy says so."""

from typing import Any

import pytest

from tests.component.claims.test_stating import in_force
from tests.component.claims.world import POOL, World, line

CATALOGUE = "gz-2010-02"
ACCIDENT = "        accident: {name: 无责任人的意外伤害"
ESSENTIAL = "        essential: {name: 基本药物, points: 10%, clause: 基本药物提高十个百分点}\n"
"""The policy of the facts pays half over 100 yuan without a referral, and a tenth of the rest from the assistance."""


@pytest.fixture
async def marked(world: World) -> World:
    """A policy that pays more for essential medicines, and a newer catalogue that marks one."""
    await in_force(world, "", (ACCIDENT, ESSENTIAL + ACCIDENT))
    drug = {"category": "drug", "item_class": "A"}
    items = [{"code": "A1", "name": "甲"} | drug, {"code": "E1", "name": "基药", "essential": True} | drug]
    path = f"/catalogues/{CATALOGUE}"
    head = {"title": "药品诊疗目录", "region": POOL, "effective_from": "2010-02-01"}
    decision = {"document_number": "黔卫〔2010〕9号", "decided_on": "2010-01-20"}
    for role, method, where, body in (
        ("county_recheck", "PUT", path, head),
        ("county_recheck", "POST", f"{path}/items", {"items": items}),
        ("county_director", "POST", f"{path}/decision", decision),
    ):
        answer = await world.call(role, method, where, json=body)
        assert answer.status_code == 200, answer.text
    return world


async def paid(world: World, *lines: dict[str, Any]) -> str:
    answer = await world.settle(await world.visit(await world.member()), *lines)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["benefit"])


async def test_an_essential_medicine_is_paid_at_the_raised_ratio(marked: World) -> None:
    half = line("A1", "500.00")
    assert await paid(marked, half, line("A1", "500.00")) == "505.00", "900 at 50%, a tenth of the remaining 550"
    lines = [half, line("E1", "500.00")]
    assert await paid(marked, *lines) == "550.00", "900 at 50% and 500 at 10% more, a tenth of the remaining 500"
    visit = await marked.visit(await marked.member())
    quoted = await marked.pool("hospital", "POST", f"/visits/{visit}/quote", json={"lines": lines})
    assert quoted.json()["benefit"] == "550.00", "quoted as it is settled"
    claim = (await marked.settle(visit, *lines)).json()
    slip = await marked.pool("hospital", "GET", f"/claims/{claim['claim_id']}/slip")
    assert "基本药物" in slip.text


async def test_the_mark_is_listed_with_its_item(marked: World) -> None:
    listed = await marked.call("hospital", "GET", f"/catalogues/{CATALOGUE}/items")
    assert [(one["code"], one["essential"]) for one in listed.json()["items"]] == [("A1", False), ("E1", True)]
