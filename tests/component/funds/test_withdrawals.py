"""A payment was declared not executed wrongly: two persons withdraw that, as long as nothing followed it (0291)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.kernel.dates import shanghai_date
from tests.component.funds.test_not_executed import APPROVER, REASON, declared, held, paid_again, unknown
from tests.component.funds.test_order_not_executed import FINANCE, LETTER, OFFICE, SECOND, covered, paid
from tests.component.funds.test_order_not_executed import declared as order_declared
from tests.component.funds.test_orders import balances
from tests.component.funds.world import EXPENDITURE, FISCAL, World

WRONG = {"reason": "看错了账户,该笔付款银行正在处理"}
WRONG_LETTER = WRONG | {"document": "工行复函〔2010〕8号"}


async def withdrawn(world: World, path: str) -> Any:
    """Two persons withdraw the declaration about a payment; what is told of it."""
    await world.done(f"{path}/withdrawal", WRONG)
    return await world.done(f"{path}/withdrawal/confirmation", **APPROVER)


@pytest.mark.requirement("ZZ-36", "a wrong declaration is withdrawn by two, and the payment waits for the bank again")
async def test_a_withdrawn_declaration_leaves_all_as_before(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await declared(world, payment)
    path = f"/payments/{payment['id']}/non-execution"
    await world.refused("withdrawal_missing", f"{path}/withdrawal/confirmation", **APPROVER)
    asked = await world.done(f"{path}/withdrawal", WRONG)
    assert (asked["withdrawal_by"], asked["withdrawn_by"], await held(world)) == ("insurer_finance-1", None, "0.00")
    mine = {"role": "insurer_approver", "subject": "insurer_finance-1"}
    await world.refused("four_eyes", f"{path}/withdrawal/confirmation", **mine)
    done = await world.done(f"{path}/withdrawal/confirmation", **APPROVER)
    assert (done["withdrawn_by"], done["withdrawn_on"]) == (
        "insurer_approver-1",
        str(shanghai_date(world.clock.now())),
    )
    assert await held(world) == "70.00", "its money is set aside again"
    assert (await world.term("d", "at_bank"), await world.term("d", "bounced")) == ("70.00", "0.00")
    await world.refused("payment_not_returned", f"/payments/{payment['id']}/repayment")
    await world.refused("declaration_missing", f"{path}/withdrawal", WRONG)
    await world.statement(EXPENDITURE, ("out", 7000, payment["end_to_end_id"]))
    assert (await held(world), await world.term("d", "confirmed")) == ("0.00", "70.00")
    told = await world.rows("SELECT type FROM outbox WHERE type LIKE '%payment%' ORDER BY sequence")
    assert [row["type"].split(".")[3] for row in told] == ["not_executed", "outstanding", "confirmed"]
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "what was declared wrongly once is declared again, and what was then is kept")
async def test_it_is_declared_again_after_a_withdrawal(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await declared(world, payment)
    path = f"/payments/{payment['id']}/non-execution"
    await withdrawn(world, path)
    await declared(world, payment)
    assert (await held(world), await world.term("d", "bounced")) == ("0.00", "70.00")
    listed = await world.get(f"/payments/{payment['id']}/non-executions")
    assert [one["withdrawn_by"] for one in listed] == ["insurer_approver-1", None]
    await world.confirm(await paid_again(world, payment))
    assert await world.term("d", "confirmed") == "70.00"
    await world.check_books()


@pytest.mark.requirement("LS-11", "the list of a past day shows what was declared and withdrawn as it was on that day")
async def test_the_lists_of_past_days_keep_the_declaration(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    days = [shanghai_date(world.clock.now())]
    world.clock.advance(timedelta(days=1))
    await declared(world, payment)
    days.append(shanghai_date(world.clock.now()))
    world.clock.advance(timedelta(days=1))
    await withdrawn(world, f"/payments/{payment['id']}/non-execution")
    days.append(shanghai_date(world.clock.now()))
    assert len(set(days)) == 3
    papers = [await world.get(f"/papers/outstanding?from={day}&to={day}") for day in days]
    found = [[r["cells"][3] for r in p["rows"] if r["cells"][3] == payment["end_to_end_id"]] for p in papers]
    assert found == [[payment["end_to_end_id"]], [], [payment["end_to_end_id"]]]


@pytest.mark.requirement("ZZ-36", "a declaration that something followed is not withdrawn")
async def test_what_followed_keeps_the_declaration(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await declared(world, payment)
    path = f"/payments/{payment['id']}/non-execution/withdrawal"
    again = await world.done(f"/payments/{payment['id']}/repayment")
    await world.refused("declaration_followed", path, WRONG)
    await world.done(f"/batches/{again['id']}/cancellation", {"reason": "原申明有误"})
    await world.done(path, WRONG)
    await paid_again(world, payment)
    problem = await world.refused("declaration_followed", f"{path}/confirmation", **APPROVER)
    assert "重付" in problem["detail"]
    await world.statement(EXPENDITURE, ("out", 7000, payment["end_to_end_id"]))
    await world.refused("declaration_followed", f"{path}/confirmation", **APPROVER)
    await world.identities()
    await world.check_books()


async def test_one_person_takes_back_what_nobody_confirmed(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await world.statement(EXPENDITURE)
    path = f"/payments/{payment['id']}/non-execution"
    await world.refused("declaration_missing", f"{path}/withdrawal", WRONG)
    await world.done(path, REASON)
    back = await world.done(f"{path}/withdrawal", WRONG)
    assert (back["confirmed_by"], back["withdrawn_by"]) == (None, "insurer_finance-1")
    await world.refused("declaration_missing", f"{path}/confirmation", **APPROVER)
    assert await held(world) == "70.00"
    await declared(world, payment)
    assert await held(world) == "0.00"


@pytest.mark.requirement("ZZ-36", "money that was used meanwhile cannot be set aside for a payment again")
async def test_the_money_was_used_meanwhile(world: World) -> None:
    await world.fund("1000.00", "100.00")
    payment = await unknown(world)
    await declared(world, payment)
    cutoff, _ = await world.release_claims("80.00")
    await world.batch(cutoff)
    path = f"/payments/{payment['id']}/non-execution/withdrawal"
    await world.done(path, WRONG)
    await world.refused("ledger_overdrawn", f"{path}/confirmation", **APPROVER)
    assert await world.term("d", "bounced") == "70.00"


# -- payments by order


@pytest.mark.requirement(
    "ZZ-36", "a wrong declaration about an order is withdrawn by two: it stands in the book as before"
)
async def test_a_withdrawn_declaration_books_the_order_again(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    before = await balances(world, "basic")
    await covered(world)
    await order_declared(world, order)
    path = f"/money-orders/{order['id']}/non-execution/withdrawal"
    await world.refused("order_withdrawal_none", f"{path}/confirmation", **SECOND)
    await world.done(path, WRONG_LETTER, **OFFICE)
    await world.refused("forbidden_role", f"{path}/confirmation", **OFFICE)
    assert await balances(world, "basic") != before
    await world.done(f"{path}/confirmation", **SECOND)
    (booked,) = (await world.get("/money-orders?status=booked"))["items"]
    assert (booked["id"], booked["reference"]) == (order["id"], order["reference"])
    assert await balances(world, "basic") == before
    (waits,) = (await world.get("/open-items?account=1002"))["in_book_not_at_bank"]
    assert (waits["reference"], waits["amount"]) == (order["reference"], "-200.00")
    await world.statement(FISCAL, ("out", 200_00, order["reference"]))
    items = await world.get("/open-items?account=1002")
    assert (items["at_bank_not_in_book"], items["in_book_not_at_bank"]) == ([], [])
    await world.refused("order_executed", f"/money-orders/{order['id']}/non-execution", LETTER, **FINANCE)
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "a declaration about an order that something followed is not withdrawn")
async def test_what_followed_keeps_the_declaration_about_an_order(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    path = f"/money-orders/{order['id']}"
    withdrawal = f"{path}/non-execution/withdrawal"
    await world.refused("order_not_declared", withdrawal, WRONG_LETTER, **FINANCE)
    await covered(world)
    await world.done(f"{path}/non-execution", LETTER, **FINANCE)
    back = await world.done(withdrawal, WRONG_LETTER, **FINANCE)
    assert (back["confirmed_by"], back["withdrawn_by"]) == (None, "county_finance-1")
    await order_declared(world, order)
    await world.done(withdrawal, WRONG_LETTER, **FINANCE)
    await world.refused("four_eyes", f"{withdrawal}/confirmation", **FINANCE)
    await world.done(f"{path}/approval", **SECOND)
    problem = await world.refused("order_declaration_followed", f"{withdrawal}/confirmation", **SECOND)
    assert "已入账" in problem["detail"]
    listed = await world.get(f"{path}/non-executions")
    assert {one["withdrawn_by"] for one in listed} == {"county_finance-1", None}, "both of one moment"
    await world.identities()


@pytest.mark.requirement("ZZ-36", "an order is declared again after a withdrawal, under its reference")
async def test_an_order_is_declared_again_after_a_withdrawal(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    await covered(world)
    await order_declared(world, order)
    path = f"/money-orders/{order['id']}"
    await world.done(f"{path}/non-execution/withdrawal", WRONG_LETTER, **FINANCE)
    await world.done(f"{path}/non-execution/withdrawal/confirmation", **SECOND)
    await covered(world)
    await order_declared(world, order)
    listed = await world.get(f"{path}/non-executions")
    assert [(one["reference"], bool(one["withdrawn_by"])) for one in listed] == [
        (order["reference"], True),
        (order["reference"], False),
    ]
    await world.statement(FISCAL, ("out", 200_00, order["reference"]))
    await world.refused("order_executed_late", f"{path}/approval", **SECOND)
    late = await world.done(f"{path}/late-execution", **SECOND)
    assert late["reference"] == order["reference"]
    await world.identities()
    await world.check_books()
