"""The bank executes a payment once more under its reference: what may have arrived is not paid beside it."""

import pytest

from tests.component.funds.test_orders import order
from tests.component.funds.world import EXPENDITURE, FISCAL, World

SECOND = {"role": "county_finance", "subject": "county_finance-2"}


async def spent(world: World) -> int:
    """What the expenditure account's book has, in fen."""
    (row,) = await world.rows("SELECT posted_fen FROM balance WHERE book = 'basic' AND account = $1", EXPENDITURE)
    return int(row["posted_fen"])


@pytest.mark.requirement("ZZ-31", "a payment that the bank sent back and executed once more is not paid a second time")
@pytest.mark.parametrize("lines", [("out", "in", "out"), ("out", "out", "in")])
@pytest.mark.parametrize("at_once", [True, False])
async def test_what_the_bank_executed_once_more_is_not_paid_again(
    world: World, lines: tuple[str, ...], at_once: bool
) -> None:
    await world.fund("1000.00", "500.00")
    cutoff, _ = await world.release_claims("100.00")
    batch = await world.batch(cutoff)
    (payment,) = batch["instructions"]
    shown = [(way, 10000, payment["end_to_end_id"]) for way in lines]
    for day in [shown] if at_once else [[line] for line in shown]:
        await world.statement(EXPENDITURE, *day)
    problem = await world.refused("payment_executed_again", f"/payments/{payment['id']}/repayment")
    assert payment["end_to_end_id"] in problem["detail"]
    assert (await spent(world), world.bank[EXPENDITURE]) == (50000, 40000), "the line waits, named as an open item"
    (waits,) = (await world.get("/open-items"))["at_bank_not_in_book"]
    assert (waits["reference"], waits["amount"]) == (payment["end_to_end_id"], "-100.00")
    await world.identities()


async def test_a_repayment_is_not_released_once_the_bank_has_executed_the_first(world: World) -> None:
    await world.fund("1000.00", "500.00")
    cutoff, _ = await world.release_claims("100.00")
    batch = await world.batch(cutoff)
    await world.confirm(batch)
    await world.bounce(batch)
    again = await world.done(f"/payments/{batch['instructions'][0]['id']}/repayment")
    await world.confirm(batch)
    path = f"/batches/{again['id']}/release"
    await world.refused("payment_executed_again", path, role="insurer_approver")
    await world.bounce(batch)
    await world.done(path, role="insurer_approver")
    await world.confirm(again)
    assert (await spent(world), world.bank[EXPENDITURE]) == (40000, 40000), "paid once, and corrected by the bank"
    await world.check_books()


@pytest.mark.requirement("ZZ-31", "an order that the bank sent back and executed once more is not paid a second time")
async def test_an_order_that_the_bank_executed_once_more_is_that_payment(world: World) -> None:
    await world.fund("10000.00", "500.00")
    body = order("critical_illness_premium_paid", "300.00", coverage_year=2010)
    made = await world.done("/money-orders", body, role="county_recheck")
    path = f"/money-orders/{made['id']}"
    booked = await world.done(f"{path}/approval", role="county_finance")
    reference = booked["reference"]
    await world.statement(FISCAL, *((way, 30000, reference) for way in ("out", "out", "in")))
    await world.done(f"{path}/return", role="county_finance")
    problem = await world.refused("order_executed_late", f"{path}/approval", **SECOND)
    assert reference in problem["detail"]
    late = await world.done(f"{path}/late-execution", **SECOND)
    assert (late["status"], late["reference"]) == ("booked", reference)
    items = await world.get("/open-items?account=1002")
    assert (items["at_bank_not_in_book"], items["in_book_not_at_bank"]) == ([], [])
    await world.identities()
    await world.check_books()
