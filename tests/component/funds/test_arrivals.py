"""Subsidies and sponsors' money take two persons of the finance bureau: one enters, another books (0260)."""

import asyncio
from typing import Any

import pytest

from tests.component.funds.test_orders import balances, new_year
from tests.component.funds.test_subsidies import level
from tests.component.funds.world import FISCAL, World, at

FINANCE = {"role": "county_finance"}
SECOND = FINANCE | {"subject": "county_finance-2"}
BODY = {"level": "central", "coverage_year": 2010, "amount": "800.00", "bank_reference": "CB-7"}
BODY |= {"arrived_on": "2010-03-01"}
TOLD = {"reason": "金额多录一个零", "document": "大财更〔2010〕3号"}


async def recorded(world: World, **change: Any) -> str:
    """A subsidy that the first person recorded; the path of what comes next."""
    made = await world.done("/subsidy-arrivals", BODY | change, **FINANCE)
    assert (made["status"], made["recorded_by"], made["booked_by"]) == ("prepared", "county_finance-1", None)
    return f"/arrivals/{made['id']}"


@pytest.mark.requirement("ZZ-28", "a subsidy is income once a second person has compared it with the bank's slip")
async def test_an_arrival_is_no_income_before_the_second_person(world: World) -> None:
    await world.due("central", "1000.00")
    path = await recorded(world)
    assert await balances(world, "basic") == {}
    assert await world.term("b", "subsidy_central") == "0.00"
    assert (await level(world, "central", 2010))["arrived"] == "0.00"
    paper = await world.get("/papers/outstanding?from=2010-03-01&to=2010-03-01")
    waits = [row["cells"] for row in paper["rows"] if row["cells"][0] == "待批准入账的到账登记"]
    assert [cells[3:] for cells in waits] == [["CB-7", "财政补助", "800.00"]]
    await world.refused("four_eyes", f"{path}/approval", **FINANCE)
    for role in ("county_director", "insurer_finance", "city_finance"):
        await world.refused("forbidden_role", f"{path}/approval", role=role)
    assert await balances(world, "basic") == {}
    booked = await world.done(f"{path}/approval", **SECOND)
    assert (booked["status"], booked["booked_by"], booked["booked_on"]) == ("booked", "county_finance-2", "2010-03-01")
    assert await balances(world, "basic") == {FISCAL: 800_00, "4004.01": 800_00}
    assert (await level(world, "central", 2010))["arrival_rate"] == "0.8000"
    problem = await world.refused("arrival_state", f"{path}/approval", **SECOND)
    assert "已入账" in problem["detail"]
    await world.refused("arrival_state", f"{path}/refusal", {"reason": "重复"}, **SECOND)
    assert [one["status"] for one in (await world.get("/arrivals"))["items"]] == ["booked"]
    assert (await world.get("/arrivals?status=prepared"))["items"] == []
    await world.statement(FISCAL, ("in", 800_00, "CB-7"))
    await world.identities()
    await world.check_books()


async def test_what_the_bank_showed_first_is_ticked_off_with_the_approval(world: World) -> None:
    await world.statement(FISCAL, ("in", 800_00, "CB-7"))
    path = await recorded(world)
    assert len((await world.get("/open-items"))["at_bank_not_in_book"]) == 1
    await world.done(f"{path}/approval", **SECOND)
    items = await world.get("/open-items")
    assert (items["at_bank_not_in_book"], items["in_book_not_at_bank"]) == ([], [])
    await world.identities()


async def test_a_bank_reference_is_recorded_once_until_it_is_turned_down(world: World) -> None:
    path = await recorded(world, amount="8000.00")
    await world.refused("bank_reference_used", "/subsidy-arrivals", BODY, **SECOND)
    turned = await world.done(f"{path}/refusal", {"reason": "金额多录一个零"}, **SECOND)
    assert (turned["status"], turned["refusal"]) == ("refused", "金额多录一个零")
    await world.refused("arrival_state", f"{path}/approval", **SECOND)
    right = await recorded(world)
    await world.done(f"{right}/approval", **SECOND)
    await world.refused("bank_reference_used", "/subsidy-arrivals", BODY, **SECOND)
    assert await balances(world, "basic") == {FISCAL: 800_00, "4004.01": 800_00}
    nobody = f"/arrivals/{'0' * 8}-0000-7000-8000-{'0' * 12}/refusal"
    await world.refused("arrival_unknown", nobody, {"reason": "无"}, **SECOND)


async def test_two_who_approve_at_once_book_once(world: World) -> None:
    path = await recorded(world)
    both = [world.send(f"{path}/approval", **FINANCE | {"subject": f"county_finance-{n}"}) for n in (2, 3)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 409]
    assert await balances(world, "basic") == {FISCAL: 800_00, "4004.01": 800_00}
    await world.check_books()


async def test_what_waits_counts_against_the_sponsorship(world: World) -> None:
    sponsorship = await world.sponsor("300.00")
    body = {"sponsorship_id": str(sponsorship), "bank_reference": "SP1", "arrived_on": "2010-03-01"}
    made = await world.done("/sponsor-arrivals", body | {"amount": "200.00"}, **FINANCE)
    more = body | {"bank_reference": "SP2", "amount": "100.01"}
    problem = await world.refused("sponsorship_exceeded", "/sponsor-arrivals", more, **FINANCE)
    assert "200.00" in problem["detail"]
    await world.done(f"/arrivals/{made['id']}/refusal", {"reason": "不是这笔"}, **FINANCE)
    await world.arrival("sponsor", more)
    assert await world.term("b", "sponsors_arrived") == "100.01"


@pytest.mark.requirement("ZZ-28", "one line of the bank is booked once, as an arrival or by an order")
async def test_a_bank_reference_is_of_one_arrival_or_one_order(world: World) -> None:
    gift = {"kind": "donation", "amount": "800.00", "party": "某企业", "bank_reference": "CB-7", "reason": "捐赠"}
    path = await recorded(world)
    await world.refused("bank_reference_used", "/money-orders", gift, **FINANCE)
    await world.done(f"{path}/refusal", {"reason": "是捐赠"}, **SECOND)
    order = await world.done("/money-orders", gift, **FINANCE)
    await world.refused("bank_reference_used", "/subsidy-arrivals", BODY, **FINANCE)
    await world.done(f"/money-orders/{order['id']}/refusal", {"reason": "是补助"}, **SECOND)
    path = await recorded(world)
    await world.refused("bank_reference_used", "/money-orders", gift, **FINANCE)
    await world.done(f"{path}/approval", **SECOND)
    await world.refused("bank_reference_used", "/money-orders", gift, **FINANCE)
    elsewhere = {"kind": "assistance_grant", "amount": "5.00", "bank_reference": "CB-7", "reason": "拨入"}
    await world.done("/money-orders", elsewhere, **FINANCE)


async def test_an_arrival_and_an_order_under_one_reference_at_once(world: World) -> None:
    gift = {"kind": "donation", "amount": "800.00", "party": "某企业", "bank_reference": "CB-7", "reason": "捐赠"}
    both = (world.send("/money-orders", gift, **FINANCE), world.send("/subsidy-arrivals", BODY, **FINANCE))
    answers = await asyncio.gather(*both)
    assert sorted(answer.status_code for answer in answers) == [201, 409], [answer.text for answer in answers]


async def booked(world: World, **change: Any) -> str:
    """A subsidy that two persons booked; the path of its reversal."""
    path = await recorded(world, **change)
    await world.done(f"{path}/approval", **SECOND)
    return f"{path}/reversal"


async def due_by_list(world: World) -> list[str]:
    """What the list of the day says of subsidies that are due and did not arrive."""
    paper = await world.get("/papers/outstanding?from=2010-03-01&to=2010-03-01")
    return [row["cells"][-1] for row in paper["rows"] if row["cells"][0] == "应到未到的财政补助"]


async def figure(world: World, code: str) -> str:
    """A figure of the fund's year."""
    report = await world.get("/books/basic/years/2010/report")
    return str(next(one["amount"] for one in report["totals"] if one["code"] == code))


@pytest.mark.requirement(
    "ZZ-35", "an arrival that two persons booked wrongly is reversed once, by two, and recorded again"
)
async def test_a_wrong_arrival_is_reversed_by_two_and_recorded_again(world: World) -> None:
    await world.due("central", "1000.00")
    path = await booked(world, amount="8000.00")
    assert await due_by_list(world) == []
    await world.statement(FISCAL, ("in", 800_00, "CB-7"))
    await world.refused("arrival_reversal_none", f"{path}/approval", **SECOND)
    proposed = await world.done(path, TOLD, **FINANCE)
    assert (proposed["status"], proposed["reversal_by"]) == ("booked", "county_finance-1")
    assert await balances(world, "basic") == {FISCAL: 8000_00, "4004.01": 8000_00}, "a proposal moves nothing"
    await world.refused("arrival_reversal_waits", path, TOLD, **SECOND)
    await world.refused("four_eyes", f"{path}/approval", **FINANCE)
    for role in ("county_director", "insurer_finance"):
        await world.refused("forbidden_role", f"{path}/approval", role=role)
    ended = await world.done(f"{path}/approval", **SECOND)
    assert (ended["status"], ended["reversed_by"]) == ("reversed", "county_finance-2")
    assert ended["reversed_on"] == "2010-03-01"
    assert (ended["reversal_reason"], ended["reversal_document"]) == (TOLD["reason"], TOLD["document"])
    assert await balances(world, "basic") == {}
    assert (await level(world, "central", 2010))["arrived"] == "0.00"
    assert (await due_by_list(world), await figure(world, "received")) == (["1000.00"], "0.00")
    first, second = await world.rows("SELECT * FROM voucher WHERE source_event LIKE 'arrival:%' ORDER BY number")
    assert (second["reason"], second["reversal_of"]) == ("reversal", first["number"])
    assert (second["preparer"], second["checker"]) == ("county_finance-1", "county_finance-2")
    assert TOLD["document"] in second["text"]
    await world.refused("arrival_state", path, TOLD, **FINANCE)
    await world.refused("arrival_state", f"{path}/approval", **SECOND)
    right = await booked(world)
    items = await world.get("/open-items")
    assert (items["at_bank_not_in_book"], items["in_book_not_at_bank"]) == ([], []), "the line is ticked off"
    await world.refused("arrival_at_bank", right, TOLD, **FINANCE)
    assert (await level(world, "central", 2010))["arrived"] == "800.00"
    assert (await due_by_list(world), await figure(world, "received")) == (["200.00"], "800.00")
    assert [one["id"] for one in (await world.get("/arrivals?status=reversed"))["items"]] == [ended["id"]]
    await world.identities()
    await world.check_books()


async def test_a_reversal_turned_down_leaves_the_arrival_and_can_be_proposed_again(world: World) -> None:
    path = await booked(world)
    await world.done(path, TOLD, **FINANCE)
    declined = await world.done(f"{path}/refusal", {"reason": "金额无误"}, **SECOND)
    assert (declined["status"], declined["reversal_by"], declined["reversal_reason"]) == ("booked", None, None)
    await world.refused("arrival_reversal_none", f"{path}/refusal", {"reason": "金额无误"}, **SECOND)
    await world.done(path, TOLD, **FINANCE)
    await world.statement(FISCAL, ("in", 800_00, "CB-7"))
    await world.refused("arrival_at_bank", f"{path}/approval", **SECOND)
    assert await balances(world, "basic") == {FISCAL: 800_00, "4004.01": 800_00}
    waiting = await recorded(world, bank_reference="CB-8")
    await world.refused("arrival_state", f"{waiting}/reversal", TOLD, **FINANCE)
    nobody = f"/arrivals/{'0' * 8}-0000-7000-8000-{'0' * 12}/reversal"
    await world.refused("arrival_unknown", nobody, TOLD, **FINANCE)
    await world.check_books()


async def test_two_who_approve_a_reversal_at_once_reverse_once(world: World) -> None:
    path = await booked(world)
    await world.done(path, TOLD, **FINANCE)
    both = [world.send(f"{path}/approval", **FINANCE | {"subject": f"county_finance-{n}"}) for n in (2, 3)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 409]
    assert await balances(world, "basic") == {}
    await world.check_books()


async def test_a_reversed_sponsors_money_counts_against_the_promise_no_more(world: World) -> None:
    sponsorship = await world.sponsor("300.00")
    body = {"sponsorship_id": str(sponsorship), "bank_reference": "SP1", "arrived_on": "2010-03-01"}
    made = await world.arrival("sponsor", body | {"amount": "300.00"})
    path = f"/arrivals/{made['id']}/reversal"
    await world.done(path, TOLD, **FINANCE)
    again = body | {"amount": "299.00"}
    await world.refused("sponsorship_exceeded", "/sponsor-arrivals", again, **FINANCE)
    await world.done(f"{path}/approval", **SECOND)
    assert await world.term("b", "sponsors_arrived") == "0.00"
    await world.arrival("sponsor", again)
    assert await balances(world, "basic") == {FISCAL: 299_00, "4002": 299_00}
    assert await world.term("b", "sponsors_arrived") == "299.00"
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "a wrong arrival for a later year is reversed, also when its year has begun")
@pytest.mark.parametrize("begun", [False, True])
async def test_a_wrong_arrival_for_a_later_year_is_reversed(world: World, begun: bool) -> None:
    world.clock.set(at("2010-12-20T09:00"))
    change = {"coverage_year": 2011, "arrived_on": "2010-12-20"}
    path = await booked(world, **change)
    await booked(world, **change, bank_reference="CB-8", amount="30.00")
    sponsorship = await world.sponsor("50.00", year=2011)
    sponsors = {"sponsorship_id": str(sponsorship), "bank_reference": "SP1", "arrived_on": "2010-12-20"}
    other = await world.arrival("sponsor", sponsors | {"amount": "50.00"})
    assert await balances(world, "basic") == {FISCAL: 880_00, "2101": 880_00}
    if begun:
        await new_year(world)
        assert await balances(world, "basic") == {FISCAL: 880_00, "4004.01": 830_00, "4002": 50_00}
    for reversal in (path, f"/arrivals/{other['id']}/reversal"):
        await world.done(reversal, TOLD, **FINANCE)
        await world.done(f"{reversal}/approval", **SECOND)
    assert await balances(world, "basic") == {FISCAL: 30_00, "4004.01" if begun else "2101": 30_00}
    if not begun:
        await new_year(world)
        assert await balances(world, "basic") == {FISCAL: 30_00, "4004.01": 30_00}, "the other one alone"
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZZ-35", "a wrong arrival of a year that is over leaves the fund's balance, no year's income")
@pytest.mark.parametrize("asked_before", [True, False])
async def test_income_of_a_year_that_is_over_leaves_the_fund(world: World, asked_before: bool) -> None:
    world.clock.set(at("2010-12-20T09:00"))
    path = await booked(world, arrived_on="2010-12-20")
    await booked(world, arrived_on="2010-12-20", bank_reference="CB-8")
    if asked_before:
        await world.done(path, TOLD, **FINANCE)
    await new_year(world)
    assert await balances(world, "basic") == {FISCAL: 1600_00, "3001.01": 1600_00}
    before = (await world.get("/years/2010/fund-indicators"))["income"]
    if not asked_before:
        await world.done(path, TOLD, **FINANCE)
    await world.refused("four_eyes", f"{path}/approval", **FINANCE)
    done = await world.done(f"{path}/approval", **SECOND)
    assert done["status"] == "reversed"
    assert await balances(world, "basic") == {FISCAL: 800_00, "3001.01": 800_00}
    (voucher,) = await world.rows("SELECT * FROM voucher WHERE reason = 'correction'")
    assert (voucher["preparer"], voucher["checker"]) == ("county_finance-1", "county_finance-2")
    assert TOLD["document"] in voucher["text"]
    years = [await world.get(f"/years/{year}/fund-indicators") for year in (2010, 2011)]
    assert [year["income"] for year in years] == [before, "0.00"], "neither year's income changes"
    assert years[1]["accumulated"] == "800.00"
    changes = await world.get("/books/basic/papers/fund-changes?from=2011-01-01&to=2011-12-31")
    assert changes["ties"]
    (waits,) = (await world.get("/open-items?account=1002"))["in_book_not_at_bank"]
    assert waits["reference"] == "CB-8"
    await booked(world, bank_reference="CB-7", arrived_on="2010-12-20")
    await world.identities()
    await world.check_books()
