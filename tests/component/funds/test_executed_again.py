"""A bank that executes twice, or takes back and executes again, under one reference never makes us pay a second time
(0299): payments, orders, transfers and replenishments."""

from typing import Any

import pytest

from tests.component.funds.test_order_not_executed import FINANCE, SECOND, paid
from tests.component.funds.test_orders import balances
from tests.component.funds.world import EXPENDITURE, FISCAL, World

WAYS = {"o": "out", "i": "in"}
TYPED = {"reference": "typed wrongly", "reason": "录入有误"}
SPLIT = pytest.mark.parametrize("split", [False, True])


async def shown(world: World, account: str, ways: str, reference: str, fen: int, *, split: bool) -> None:
    """The bank shows an amount under one reference going out and coming in, in one statement or in one a line."""
    lines = [(WAYS[way], fen, reference) for way in ways]
    for part in [[one] for one in lines] if split else [lines]:
        await world.statement(account, *part)


async def at_bank(world: World) -> list[tuple[str, str]]:
    """What the banks show and the books do not."""
    return [(x["account"], x["amount"]) for x in (await world.get("/open-items"))["at_bank_not_in_book"]]


async def owed(world: World) -> list[tuple[str, str]]:
    """What is owed to the payers: origin, and what is open."""
    return [(x["origin"], x["open"]) for x in (await world.get("/receivables?open=true"))["items"]]


async def alarms(world: World) -> int:
    """How often a payment of hospitals was told as executed twice."""
    return len(await world.rows("SELECT FROM outbox WHERE type LIKE '%paid_twice%'"))


async def payment(world: World, yuan: str = "100.00") -> Any:
    """A payment released and at the bank."""
    await world.fund("1000.00", "500.00")
    cutoff, _ = await world.release_claims(yuan)
    return (await world.batch(cutoff))["instructions"][0]


async def tied(world: World) -> None:
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "a payment that the bank corrects under its own reference is paid once and not again")
@SPLIT
@pytest.mark.parametrize("ways", ["oio", "ooi", "oioio", "ooioi"])
async def test_a_bank_corrects_a_payment(world: World, ways: str, split: bool) -> None:
    one = await payment(world)
    await shown(world, EXPENDITURE, ways, one["end_to_end_id"], 10_000, split=split)
    assert (await at_bank(world), await owed(world)) == ([], [])
    await world.refused(
        "payment_replaced_already" if ways.startswith("oi") else "payment_not_returned",
        f"/payments/{one['id']}/repayment",
    )
    assert (await balances(world, "basic"))[EXPENDITURE] == world.bank[EXPENDITURE] == 40_000
    assert (await balances(world, "basic"))["5001.01"] == 10_000
    assert await world.term("d", "confirmed") == "100.00"
    assert await world.rows("SELECT status FROM payable") == [("paid",)]
    await tied(world)
    applied = await world.done("/replenishments", {})
    assert applied["applied"] == "100.00", "it is made good once"


@pytest.mark.requirement("ZZ-36", "a payment that the bank executes twice is owed by its hospital, with an alarm")
async def test_a_second_execution_is_owed_and_comes_back(world: World) -> None:
    one = await payment(world)
    await shown(world, EXPENDITURE, "ooo", one["end_to_end_id"], 10_000, split=False)
    assert (await owed(world), await alarms(world)) == ([("second_payment", "100.00")] * 2, 2)
    assert await world.term("e", "paid_twice") == "200.00"
    await tied(world)
    await world.refused("payment_not_returned", f"/payments/{one['id']}/repayment")
    await shown(world, EXPENDITURE, "ii", one["end_to_end_id"], 10_000, split=True)
    assert (await owed(world), await world.term("d", "confirmed")) == ([], "100.00")
    await world.statement(EXPENDITURE, ("in", 10_000, one["end_to_end_id"]))
    assert await world.term("d", "bounced") == "100.00", "only now the payment itself came back"
    await world.confirm(await world.release(await world.done(f"/payments/{one['id']}/repayment")))
    assert await world.term("d", "confirmed") == "100.00"
    await tied(world)


@pytest.mark.requirement("ZZ-36", "what was returned and paid again is owed if the bank executes the old one too")
async def test_the_old_payment_is_executed_after_it_was_paid_again(world: World) -> None:
    one = await payment(world)
    await shown(world, EXPENDITURE, "oi", one["end_to_end_id"], 10_000, split=False)
    again = await world.done(f"/payments/{one['id']}/repayment")
    await world.confirm(await world.release(again))
    await world.statement(EXPENDITURE, ("out", 10_000, one["end_to_end_id"]))
    assert (await at_bank(world), await owed(world)) == ([], [("second_payment", "100.00")])
    assert await alarms(world) == 1
    await tied(world)


@pytest.mark.requirement("ZZ-36", "a repayment that is not released is given up when the bank executes the old payment")
async def test_a_prepared_repayment_is_given_up(world: World) -> None:
    one = await payment(world)
    await shown(world, EXPENDITURE, "oi", one["end_to_end_id"], 10_000, split=False)
    again = await world.done(f"/payments/{one['id']}/repayment")
    await world.statement(EXPENDITURE, ("out", 10_000, one["end_to_end_id"]))
    await world.refused("batch_state", f"/batches/{again['id']}/release", role="insurer_approver")
    (made,) = await world.rows("SELECT batch_id FROM instruction WHERE shown_as IS NOT NULL")
    batch = await world.get(f"/batches/{made['batch_id']}")
    (shown_as,) = batch["instructions"]
    assert (batch["status"], batch["prepared_by"], batch["released_by"]) == (
        "sent",
        "insurer_finance-1",
        "rule:payment",
    )
    assert (shown_as["end_to_end_id"], shown_as["replaces"]) == (one["end_to_end_id"], one["id"])
    assert (await at_bank(world), await owed(world)) == ([], [])
    assert await world.term("d", "confirmed") == "100.00"
    await tied(world)


@pytest.mark.requirement("ZZ-36", "nothing is paid again while an open line could be an execution of it")
async def test_an_open_line_of_the_amount_stops_the_repayment(world: World) -> None:
    one = await payment(world)
    await shown(world, EXPENDITURE, "oi", one["end_to_end_id"], 10_000, split=False)
    await shown(world, EXPENDITURE, "io", "SOMETHING ELSE", 10_000, split=False)
    again = await world.done(f"/payments/{one['id']}/repayment")
    await world.statement(EXPENDITURE, ("out", 10_000, TYPED["reference"]))
    problem = await world.refused(
        "open_line_could_be_payment", f"/batches/{again['id']}/release", role="insurer_approver"
    )
    assert "100.00" in problem["detail"]
    await world.done(f"/batches/{again['id']}/cancellation", {"reason": "查明未达账"})
    await world.refused("open_line_could_be_payment", f"/payments/{one['id']}/repayment")
    lines = (await world.get("/open-items"))["at_bank_not_in_book"]
    (line,) = [one_line for one_line in lines if one_line["reference"] == TYPED["reference"]]
    read = {"reference": one["end_to_end_id"], "reason": "银行附言有误"}
    await world.done(f"/open-items/{line['line_id']}/reading", read, subject="insurer_finance-2")
    await world.refused("payment_replaced_already", f"/payments/{one['id']}/repayment")
    assert await world.term("d", "confirmed") == "100.00"
    await tied(world)


@pytest.mark.requirement("ZZ-36", "what the book cannot bear waits, and is settled by what comes back")
async def test_a_second_execution_that_the_book_cannot_bear(world: World) -> None:
    one = await payment(world, "400.00")
    reference = one["end_to_end_id"]
    told = await world.done("/bank-statements", world.statement_body(EXPENDITURE, *[("out", 40_000, reference)] * 2))
    assert (told["matched"], told["open"], told["lacking"]) == (1, 1, "300.00")
    world.bank[EXPENDITURE] = -30_000
    await world.statement(EXPENDITURE, ("in", 40_000, reference))
    assert (await at_bank(world), await owed(world)) == ([], [])
    assert (await balances(world, "basic"))[EXPENDITURE] == 10_000
    assert await world.term("d", "confirmed") == "400.00"
    await tied(world)


@pytest.mark.requirement("ZZ-36", "an order that the bank corrects under its own reference is paid once")
@SPLIT
@pytest.mark.parametrize("ways", ["oio", "ooi"])
async def test_a_bank_corrects_an_order(world: World, ways: str, split: bool) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    await shown(world, FISCAL, ways, order["reference"], 200_00, split=split)
    assert (await at_bank(world), await owed(world)) == ([], [])
    await world.refused("order_not_returned", f"/money-orders/{order['id']}/return", **FINANCE)
    assert (await balances(world, "basic"))[FISCAL] == world.bank[FISCAL] == 300_00
    await tied(world)


@pytest.mark.requirement("ZZ-36", "an order executed twice is owed by its payee, and is not paid again")
async def test_an_order_executed_twice(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    await shown(world, FISCAL, "oo", order["reference"], 200_00, split=False)
    assert (await at_bank(world), await owed(world)) == ([], [("order_paid_twice", "200.00")])
    assert await world.term("b", "fiscal_paid_twice") == "200.00"
    await tied(world)


@pytest.mark.requirement("ZZ-36", "an order that came back and that the bank executes after all is recorded, not paid")
async def test_a_returned_order_is_executed_after_all(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    path = f"/money-orders/{order['id']}"
    await shown(world, FISCAL, "oi", order["reference"], 200_00, split=False)
    await world.done(f"{path}/return", **FINANCE)
    await world.statement(FISCAL, ("out", 200_00, TYPED["reference"]))
    await world.refused("open_line_could_be_payment", f"{path}/approval", **SECOND)
    (line,) = (await world.get("/open-items"))["at_bank_not_in_book"]
    read = {"reference": order["reference"], "reason": "银行附言有误"}
    other = read | {"reference": "NOBODY"}
    await world.refused("nothing_of_this_reference", f"/open-items/{line['line_id']}/reading", other, **SECOND)
    told = await world.done(f"/open-items/{line['line_id']}/reading", read, **SECOND)
    assert told["matched"] == 0, "the order's last hand records it"
    await world.refused("order_executed_late", f"{path}/approval", **SECOND)
    await world.done(f"{path}/late-execution", **SECOND)
    assert (await at_bank(world), (await balances(world, "basic"))[FISCAL]) == ([], 300_00)
    await tied(world)


@pytest.mark.requirement("ZZ-36", "an order that came back is recorded as executed under its old reference")
async def test_a_late_execution_of_a_returned_order(world: World) -> None:
    await world.fund("1000.00", "500.00")
    order = await paid(world)
    path = f"/money-orders/{order['id']}"
    await shown(world, FISCAL, "oi", order["reference"], 200_00, split=False)
    await world.done(f"{path}/return", **FINANCE)
    await world.statement(FISCAL, ("out", 200_00, order["reference"]))
    await world.refused("order_executed_late", f"{path}/approval", **SECOND)
    late = await world.done(f"{path}/late-execution", **SECOND)
    assert (late["status"], late["reference"]) == ("booked", order["reference"])
    assert await at_bank(world) == []
    await world.statement(FISCAL, ("out", 200_00, order["reference"]))
    assert await owed(world) == [("order_paid_twice", "200.00")]
    await tied(world)


# -- transfers


async def advance(world: World) -> Any:
    """An advance of 200.00, released and at the bank."""
    await world.fund("1000.00", "500.00")
    made = await world.done("/advances", {"amount": "200.00"}, **FINANCE)
    return await world.done(f"/transfers/{made['id']}/release", **SECOND)


async def transfers(world: World) -> dict[tuple[str, str], int]:
    """How many transfers of a kind are in a state."""
    rows = await world.rows("SELECT kind, status, count(*) AS n FROM transfer GROUP BY 1, 2")
    return {(row["kind"], row["status"]): row["n"] for row in rows}


@pytest.mark.requirement("ZZ-36", "a transfer that the bank corrects under its own reference arrives once")
@SPLIT
@pytest.mark.parametrize("ways", ["oio", "ooi"])
async def test_a_bank_corrects_an_advance(world: World, ways: str, split: bool) -> None:
    made = await advance(world)
    await shown(world, FISCAL, ways, made["reference"], 200_00, split=split)
    assert await at_bank(world) == []
    await world.statement(EXPENDITURE, ("in", 200_00, made["reference"]))
    assert await at_bank(world) == []
    assert await transfers(world) == {("advance", "arrived"): 2, ("advance", "returned"): 1}
    found = await balances(world, "basic")
    assert (found[FISCAL], found[EXPENDITURE], "1009.03" in found) == (300_00, 700_00, False)
    await tied(world)


@pytest.mark.requirement("ZZ-36", "a transfer that the bank executes twice is on its way twice, and arrives twice")
async def test_an_advance_executed_twice_is_more_advance(world: World) -> None:
    made = await advance(world)
    await world.statement(FISCAL, ("out", 200_00, made["reference"]), ("out", 200_00, made["reference"]))
    assert await world.term("e", "advance_in_transit") == "400.00"
    await world.statement(EXPENDITURE, ("in", 200_00, made["reference"]), ("in", 200_00, made["reference"]))
    assert (await at_bank(world), await world.term("e", "advance_released")) == ([], "900.00")
    await tied(world)


async def replenishment(world: World) -> tuple[str, Any]:
    """An application of 100.00 whose transfer is at the bank: its path and the transfer."""
    await world.fund("1000.00", "500.00")
    await world.paid("100.00")
    path = f"/replenishments/{(await world.done('/replenishments', {}))['id']}"
    await world.done(f"{path}/recheck", {}, role="county_recheck")
    await world.done(f"{path}/approval", **FINANCE)
    return path, await world.done(f"{path}/transfer", **SECOND)


@pytest.mark.requirement("ZZ-36", "a replenishment that the bank corrects is not sent a second time")
@SPLIT
@pytest.mark.parametrize("ways", ["oio", "ooi"])
async def test_a_bank_corrects_a_replenishment(world: World, ways: str, split: bool) -> None:
    path, sent = await replenishment(world)
    await shown(world, FISCAL, ways, sent["reference"], 100_00, split=split)
    third = {"role": "county_finance", "subject": "county_finance-3"}
    await world.refused("replenishment_state", f"{path}/transfer", **third)
    await world.statement(EXPENDITURE, ("in", 100_00, sent["reference"]))
    assert await at_bank(world) == []
    found = await balances(world, "basic")
    assert (found[FISCAL], found[EXPENDITURE], "1009.03" in found) == (400_00, 500_00, False)
    await tied(world)


@pytest.mark.requirement("ZZ-36", "a transfer is not sent anew while an open line could be an execution of it")
async def test_an_open_line_of_the_amount_stops_the_transfer(world: World) -> None:
    path, sent = await replenishment(world)
    await shown(world, FISCAL, "oi", sent["reference"], 100_00, split=False)
    await world.statement(FISCAL, ("out", 100_00, TYPED["reference"]))
    third = {"role": "county_finance", "subject": "county_finance-3"}
    await world.refused("open_line_could_be_payment", f"{path}/transfer", **third)
    (line,) = (await world.get("/open-items"))["at_bank_not_in_book"]
    read = TYPED | {"reference": sent["reference"]}
    await world.done(f"/open-items/{line['line_id']}/reading", read, **SECOND)
    await world.refused("replenishment_state", f"{path}/transfer", **third)
    assert await transfers(world) == {
        ("advance", "arrived"): 1,
        ("replenishment", "returned"): 1,
        ("replenishment", "cancelled"): 1,
        ("replenishment", "released"): 1,
    }
    await tied(world)


@pytest.mark.requirement("ZZ-36", "a replenishment executed beside the one sent anew is more advance")
async def test_an_old_replenishment_is_executed_beside_the_new(world: World) -> None:
    path, sent = await replenishment(world)
    await shown(world, FISCAL, "oi", sent["reference"], 100_00, split=False)
    anew = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-3")
    await world.statement(FISCAL, ("out", 100_00, anew["reference"]), ("out", 100_00, sent["reference"]))
    await world.statement(EXPENDITURE, ("in", 100_00, sent["reference"]), ("in", 100_00, anew["reference"]))
    assert (await at_bank(world), await world.term("e", "advance_released")) == ([], "600.00")
    await tied(world)
