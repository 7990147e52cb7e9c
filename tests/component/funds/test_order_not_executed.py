"""A payment by order that the bank never executed: declared by two with the bank's document, open again once (0263)."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from tests.component.funds.test_orders import balances, bill_of, refund
from tests.component.funds.world import FISCAL, World

FINANCE = {"role": "county_finance"}
SECOND = FINANCE | {"subject": "county_finance-2"}
OFFICE = {"role": "county_recheck"}
LETTER = {"reason": "银行系统退回指令,未出账", "document": "工行大方支行〔2010〕回单说明 12 号"}
PREMIUM = {"kind": "critical_illness_premium_paid", "amount": "200.00", "coverage_year": 2010, "reason": "大病保费"}
SPENT = "5001.06"


async def paid(world: World) -> Any:
    """A payment from the fiscal account that two persons have booked; the bank has shown nothing of it."""
    made = await world.done("/money-orders", PREMIUM, **OFFICE)
    return await world.done(f"/money-orders/{made['id']}/approval", **FINANCE)


async def covered(world: World, *lines: tuple[str, int, str]) -> None:
    """Statements through the days in which the bank executes, the last with these lines."""
    world.clock.advance(timedelta(days=4))
    await world.statement(FISCAL, *lines)


async def declared(world: World, order: Any) -> None:
    """Two persons declare it not executed."""
    path = f"/money-orders/{order['id']}/non-execution"
    await world.done(path, LETTER, **FINANCE)
    await world.done(f"{path}/confirmation", **SECOND)


@pytest.mark.requirement("ZZ-36", "a payment by order that was never executed is open again by two, with the document")
async def test_two_declare_a_payment_by_order_not_executed(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    path = f"/money-orders/{order['id']}/non-execution"
    problem = await world.refused("validity_not_covered", path, LETTER, **FINANCE)
    assert "支出户" not in problem["detail"], "it is the fiscal account's statement that is missing"
    await covered(world)
    before = await balances(world, "basic")
    for role in ("insurer_finance", "city_finance"):
        await world.refused("order_wrong_hand", path, LETTER, role=role)
    await world.refused("forbidden_role", path, LETTER, role="township_clerk")
    await world.refused("order_not_declared", f"{path}/confirmation", **SECOND)
    told = await world.done(path, LETTER, **FINANCE)
    assert (told["proposed_by"], told["confirmed_by"], told["reference"]) == (
        "county_finance-1", None, order["reference"],
    )  # fmt: skip
    assert await world.done(path, LETTER | {"reason": "又一次"}, **OFFICE) == told, "who came first stays"
    await world.refused("four_eyes", f"{path}/confirmation", **FINANCE)
    await world.refused("forbidden_role", f"{path}/confirmation", **OFFICE)
    assert await balances(world, "basic") == before, "one person's word moves nothing"
    both = await asyncio.gather(*(world.send(f"{path}/confirmation", **SECOND) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 409], [answer.text for answer in both]
    found = await balances(world, "basic")
    assert (found[FISCAL], found.get(SPENT)) == (before[FISCAL] + 200_00, None), "money and obligation open again"
    assert (await world.get("/open-items?account=1002"))["in_book_not_at_bank"] == []
    (first, second) = await world.rows(
        "SELECT number, reason, reversal_of, preparer, checker, text FROM voucher"
        " WHERE source_event LIKE 'order:%' ORDER BY number"
    )
    assert (second["reason"], second["reversal_of"]) == ("reversal", first["number"])
    assert (second["preparer"], second["checker"]) == ("county_finance-1", "county_finance-2")
    assert LETTER["document"] in second["text"]
    (open_again,) = (await world.get("/money-orders?status=prepared"))["items"]
    assert (open_again["id"], open_again["booked_by"]) == (order["id"], None)
    assert open_again["reference"] != order["reference"]
    await world.refused("order_state", path, LETTER, **FINANCE)
    await world.identities()
    again = await world.done(f"/money-orders/{order['id']}/approval", **SECOND)
    assert (again["status"], again["reference"]) == ("booked", open_again["reference"])
    await world.refused("order_state", f"/money-orders/{order['id']}/approval", **SECOND)
    await world.statement(FISCAL, ("out", 200_00, again["reference"]))
    assert await balances(world, "basic") == before
    listed = await world.get(f"/money-orders/{order['id']}/non-executions")
    assert [(one["attempt"], one["confirmed_by"]) for one in listed] == [(1, "county_finance-2")]
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "what a statement shows as paid is never declared not executed")
async def test_what_a_statement_shows_is_not_declared(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    path = f"/money-orders/{order['id']}/non-execution"
    await covered(world)
    await world.done(path, LETTER, **FINANCE)
    before = await balances(world, "basic")
    await world.statement(FISCAL, ("out", 200_00, order["reference"]))
    problem = await world.refused("order_executed", f"{path}/confirmation", **SECOND)
    assert "对账单" in problem["detail"]
    await world.refused("order_executed", path, LETTER, **FINANCE)
    assert await balances(world, "basic") == before
    garbled = await paid(world)
    await covered(world, ("out", 200_00, "???"))
    await world.refused("open_line_could_be_payment", f"/money-orders/{garbled['id']}/non-execution", LETTER, **FINANCE)
    await world.identities()


async def test_only_a_payment_is_declared(world: World) -> None:
    await world.fund("1000.00", "500.00")
    gift = {"kind": "donation", "amount": "9.00", "party": "某企业", "bank_reference": "JZ-1", "reason": "捐赠"}
    made = await world.receive(gift, **FINANCE)
    await covered(world)
    path = f"/money-orders/{made['id']}/non-execution"
    await world.refused("order_not_a_payment", path, LETTER, **FINANCE)
    waiting = await world.done("/money-orders", PREMIUM, **OFFICE)
    await world.refused("order_state", f"/money-orders/{waiting['id']}/non-execution", LETTER, **FINANCE)
    nobody = f"/money-orders/00000000-0000-7000-8000-{'0' * 12}/non-execution"
    await world.refused("order_unknown", nobody, LETTER, **FINANCE)


@pytest.mark.requirement(
    "ZZ-36", "what the bank executes after the declaration is the payment, and nothing is paid twice"
)
async def test_a_late_execution_is_the_payment(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    booked = await balances(world, "basic")
    await covered(world)
    await declared(world, order)
    path = f"/money-orders/{order['id']}"
    await world.refused("order_not_executed_late", f"{path}/late-execution", **SECOND)
    await world.statement(FISCAL, ("out", 200_00, order["reference"]))
    assert len((await world.get("/open-items?account=1002"))["at_bank_not_in_book"]) == 1
    problem = await world.refused("order_executed_late", f"{path}/approval", **SECOND)
    assert order["reference"] in problem["detail"]
    await world.refused("forbidden_role", f"{path}/late-execution", **OFFICE)
    late = await world.done(f"{path}/late-execution", **SECOND)
    assert (late["status"], late["reference"]) == ("booked", order["reference"])
    assert await balances(world, "basic") == booked
    items = await world.get("/open-items?account=1002")
    assert (items["at_bank_not_in_book"], items["in_book_not_at_bank"]) == ([], [])
    await world.refused("order_state", f"{path}/late-execution", **SECOND)
    await world.refused("order_executed", f"{path}/non-execution", LETTER, **FINANCE)
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "what the bank executed after all is booked, also of an order turned down meanwhile")
async def test_a_late_execution_of_an_order_turned_down(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    booked = await balances(world, "basic")
    await covered(world)
    await declared(world, order)
    path = f"/money-orders/{order['id']}"
    await world.done(f"{path}/refusal", {"reason": "不再支付"}, **FINANCE)
    await world.refused("order_not_executed_late", f"{path}/late-execution", **SECOND)
    await world.statement(FISCAL, ("out", 200_00, order["reference"]))
    await world.refused("forbidden_role", f"{path}/late-execution", **OFFICE)
    late = await world.done(f"{path}/late-execution", **SECOND)
    assert (late["status"], late["reference"], late["refused_by"]) == ("booked", order["reference"], None)
    assert await balances(world, "basic") == booked
    items = await world.get("/open-items?account=1002")
    assert (items["at_bank_not_in_book"], items["in_book_not_at_bank"]) == ([], [])
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "an order executed twice is booked as owed by its payee, until the money is back")
@pytest.mark.parametrize("own", [True, False])
async def test_an_order_executed_twice_is_owed_by_its_payee(world: World, own: bool) -> None:
    """The bank executes what was declared and paid again: both are in the book, the second comes back in parts."""
    await world.fund("1000.00", "500.00")
    first = await paid(world)
    await covered(world)
    await declared(world, first)
    path = f"/money-orders/{first['id']}"
    again = await world.done(f"{path}/approval", **SECOND)
    spent = (await balances(world, "basic"))[SPENT]
    lines = [("out", 200_00, first["reference"]), ("out", 200_00, again["reference"])]
    await world.statement(FISCAL, *(lines if own else reversed(lines)))
    items = await world.get("/open-items?account=1002")
    assert (items["at_bank_not_in_book"], items["in_book_not_at_bank"]) == ([], [])
    (owed,) = (await world.get("/receivables?open=true"))["items"]
    assert (owed["origin"], owed["bearer"], owed["open"]) == ("order_paid_twice", "payee", "200.00")
    found = await balances(world, "basic")
    assert (found["1101"], found[SPENT], found[FISCAL]) == (200_00, spent, 100_00)
    assert await world.term("b", "fiscal_paid_twice") == "200.00"
    gone = {"reason": "对方已撤销"}
    refused = f"/receivables/{owed['id']}/write-off"
    await world.refused("receivable_not_to_write_off", refused, gone, role="county_inspector")
    await world.statement(FISCAL, ("in", 150_00, owed["reference"]))
    await world.statement(FISCAL, ("in", 50_00, owed["reference"]))
    assert (await world.get("/receivables?open=true"))["items"] == []
    found = await balances(world, "basic")
    assert ("1101" in found, found[SPENT], found[FISCAL]) == (False, spent, 300_00)
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "what the bank paid twice waits as an open item while the book lacks the money")
async def test_a_second_execution_waits_for_money(world: World) -> None:
    await world.fund("900.00", "500.00")
    first = await paid(world)
    await covered(world)
    await declared(world, first)
    await world.done(f"/money-orders/{first['id']}/approval", **SECOND)
    more = await world.done("/money-orders", PREMIUM | {"amount": "150.00"}, **OFFICE)
    await world.done(f"/money-orders/{more['id']}/approval", **FINANCE)
    told = await world.done(
        "/bank-statements", world.statement_body(FISCAL, ("out", 200_00, first["reference"])), **FINANCE
    )
    world.bank[FISCAL] -= 200_00
    assert (told["matched"], told["open"], told["lacking"]) == (0, 1, "150.00")
    gift = {"kind": "donation", "amount": "500.00", "party": "某企业", "bank_reference": "JZ-9", "reason": "捐赠"}
    await world.receive(gift, **FINANCE)
    assert (await world.get("/open-items?account=1002"))["at_bank_not_in_book"] == []
    assert (await balances(world, "basic"))["1101"] == 200_00
    await world.identities()


async def test_a_second_payment_can_fail_as_well(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    for attempt in (1, 2):
        await covered(world)
        await declared(world, order)
        listed = await world.get(f"/money-orders/{order['id']}/non-executions")
        assert [one["attempt"] for one in listed] == list(range(1, attempt + 1))
        assert len({one["reference"] for one in listed}) == attempt, "each payment has a reference of its own"
        await world.done(f"/money-orders/{order['id']}/approval", **SECOND)
    await world.check_books()
    await world.identities()


async def waits(world: World, *days: date) -> list[list[Any]]:
    """The reference and amount of each order that waits, by the list of each day."""
    papers = [await world.get(f"/papers/outstanding?from={day}&to={day}") for day in days]
    found = [[r["cells"] for r in paper["rows"] if r["cells"][0] == "未办结的资金单据"] for paper in papers]
    return [[(cells[3], cells[5]) for cells in rows] for rows in found]


@pytest.mark.requirement("LS-11", "an order that comes back more than once leaves the lists of past days as they were")
async def test_the_lists_of_past_days_keep_each_time_that_an_order_waited(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order, days = await paid(world), [world.clock.now().date()]
    path = f"/money-orders/{order['id']}"
    await covered(world)
    await declared(world, order)
    days.append(world.clock.now().date())
    (second,) = (await world.get("/money-orders?status=prepared"))["items"]
    world.clock.advance(timedelta(days=1))
    await world.done(f"{path}/approval", **SECOND)
    days.append(world.clock.now().date())
    expected = [[], [(second["reference"], "-200.00")], []]
    assert await waits(world, *days) == expected
    await covered(world)
    await declared(world, order)
    days.append(world.clock.now().date())
    (third,) = (await world.get("/money-orders?status=prepared"))["items"]
    expected.append([(third["reference"], "-200.00")])
    assert await waits(world, *days) == expected
    world.clock.advance(timedelta(days=1))
    await world.done(f"{path}/refusal", {"reason": "不再支付"}, **FINANCE)
    days.append(world.clock.now().date())
    expected.append([])
    assert await waits(world, *days) == expected
    world.clock.advance(timedelta(days=1))
    await world.statement(FISCAL, ("out", 200_00, order["reference"]))
    await world.done(f"{path}/late-execution", **SECOND)
    days.append(world.clock.now().date())
    expected.append([])
    assert await waits(world, *days) == expected, "nor does what the bank executed late change them"
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "a refund that was never executed is a temporary receipt again, told once")
async def test_a_refund_that_was_never_executed(world: World) -> None:
    await world.fund("1000.00", "500.00")
    made = await refund(world, await bill_of(world, "60.00", 2011), 2011)
    path = f"/money-orders/{made['id']}"
    await world.done(f"{path}/approval", **OFFICE)
    await world.done(f"{path}/approval", **FINANCE)
    await covered(world)
    await declared(world, made)
    found = await balances(world, "basic")
    assert (found["2101"], found[FISCAL]) == (60_00, 500_00)
    (waiting,) = (await world.get("/money-orders?status=checked"))["items"]
    assert waiting["id"] == made["id"]
    today = world.clock.now().date()
    paper = await world.get(f"/papers/outstanding?from={today}&to={today}")
    assert [row["cells"][5] for row in paper["rows"] if row["cells"][0] == "未办结的资金单据"] == ["-60.00"]
    problem = await world.refused("refund_told", f"{path}/refusal", {"reason": "查无此户"}, **FINANCE)
    assert "重新拨付" in problem["detail"]
    await world.done(f"{path}/approval", **SECOND)
    told = await world.rows("SELECT 1 FROM outbox WHERE type = 'heyi.settlement.premium.refunded.v1'")
    assert len(told) == 1
    await world.identities()
    await world.check_books()
