"""Fee lines that were uploaded wrongly: withdrawn as they came, uploaded anew, and dated within the visit."""

from typing import Any

import pytest

from tests.component.claims.world import COUNTY, TOWNSHIP, VILLAGE, World, line


async def upload(world: World, visit: str, *lines: dict[str, Any], of: str = COUNTY) -> Any:
    return await world.pool("hospital", "POST", f"/visits/{visit}/lines", of=of, json={"lines": list(lines)})


async def withdraw(world: World, visit: str, sheet: int, **options: Any) -> Any:
    return await world.pool("hospital", "POST", f"/visits/{visit}/lines/{sheet}/withdrawal", **options)


async def test_a_wrong_upload_is_withdrawn_and_what_is_right_uploaded(world: World) -> None:
    visit = await world.visit(await world.member())
    await upload(world, visit, line("A1", "100.00"))
    await upload(world, visit, line("A1", "900.00"), line("A2", "5.00"))
    told = (await withdraw(world, visit, 2, key="w")).json()
    assert (told["lines"], told["total"]) == (1, "100.00")
    assert [(one["sheet"], one["amount"], one["withdrawn_at"] is None) for one in told["uploads"]] == [
        (1, "100.00", True),
        (2, "905.00", False),
    ]
    again = await withdraw(world, visit, 2, key="another")
    assert (again.status_code, again.json()) == (200, told), "withdrawn once"
    assert (await upload(world, visit, line("A1", "90.00"))).json()["total"] == "190.00"
    quoted = await world.pool("hospital", "POST", f"/visits/{visit}/quote", json={})
    settled = await world.settle(visit)
    assert (settled.status_code, settled.json()["total"]) == (201, "190.00")
    assert quoted.json()["benefit"] == settled.json()["benefit"]
    listed = await world.pool("auditor", "GET", f"/visits/{visit}/lines")
    assert [one["sheet"] for one in listed.json()["uploads"]] == [1, 2, 3]


async def test_a_partial_refund_is_cancelled_and_settled_on_the_same_visit(world: World) -> None:
    """Rulings §2: cancel and settle again on the original visit date."""
    visit = await world.visit(await world.member())
    await upload(world, visit, line("A1", "100.00"))
    first = (await world.settle(visit)).json()
    refused = await withdraw(world, visit, 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "visit_settled")
    assert (await world.cancel(first["claim_id"])).status_code == 200
    assert (await withdraw(world, visit, 1)).json()["lines"] == 0
    second = await world.settle(visit, line("A1", "60.00"))
    assert (second.status_code, second.json()["total"], second.json()["admitted_on"]) == (
        201,
        "60.00",
        first["admitted_on"],
    )


async def test_all_withdrawn_is_an_empty_bill(world: World) -> None:
    visit = await world.visit(await world.member())
    await upload(world, visit, line("A1", "100.00"))
    await withdraw(world, visit, 1)
    answer = await world.settle(visit)
    assert (answer.status_code, answer.json()["code"]) == (422, "bill_empty")


async def test_an_upload_of_another_hospital_or_of_no_visit_is_not_withdrawn(world: World) -> None:
    visit = await world.visit(await world.member())
    await upload(world, visit, line("A1", "100.00"))
    before = await world.counts()
    assert (await withdraw(world, visit, 1, of=TOWNSHIP)).json()["code"] == "visit_unknown"
    assert (await withdraw(world, visit, 2)).json()["code"] == "sheet_unknown"
    assert await world.counts() == before
    assert await world.sql("SELECT 1 FROM visit_lines_withdrawal") == []


@pytest.mark.parametrize("day", ["2010-02-19", "2010-02-28"])
async def test_a_line_dated_outside_the_stay_is_not_paid(world: World, day: str) -> None:
    """Admitted on the 20th, discharged on the 27th."""
    visit = await world.visit(await world.member())
    before = await world.counts()
    for answer in (
        await upload(world, visit, line("A1", "5.00"), line("A1", "100.00", day=day)),
        await world.settle(visit, line("A1", "5.00"), line("A1", "100.00", day=day)),
        await world.pool("hospital", "POST", f"/visits/{visit}/quote", json={"lines": [line(), line(day=day)]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "line_outside_stay")
        assert "第 2 行" in answer.json()["detail"]
    assert await world.counts() == before
    assert (await world.settle(visit, line("A1", "5.00", day="2010-02-27"))).status_code == 201


async def test_a_line_uploaded_before_the_discharge_is_looked_at_again(world: World) -> None:
    visit = await world.visit(await world.member(), discharged=None)
    assert (await upload(world, visit, line(day="2010-02-28"))).status_code == 201
    await world.pool("hospital", "POST", f"/visits/{visit}/discharge", json={"discharged_at": "2010-02-27T10:00"})
    answer = await world.settle(visit)
    assert (answer.status_code, answer.json()["code"]) == (422, "line_outside_stay")


async def test_an_outpatient_line_is_not_dated_ahead(world: World) -> None:
    visit = await world.visit(await world.member(), kind="outpatient", of=VILLAGE)
    assert (await upload(world, visit, line(day="2010-03-02"), of=VILLAGE)).json()["code"] == "line_outside_stay"
    assert (await upload(world, visit, line(day="2010-02-21"), of=VILLAGE)).status_code == 201
