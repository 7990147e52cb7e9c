"""Transfers between keepers that are given up, sent back by the bank, and the advance given back (ZZ-31)."""

from typing import Any

import pytest

from shared.kernel.money import parse_yuan
from tests.component.funds.test_set_off import balance
from tests.component.funds.world import EXPENDITURE, FISCAL, INCOME, World

FINANCE = {"role": "county_finance"}


async def interest(world: World, fen: int) -> None:
    """Interest on the expenditure account, recognised by a second person."""
    await world.statement(EXPENDITURE, ("in", fen, ""))
    (line,) = (await world.get("/open-items"))["at_bank_not_in_book"]
    await world.done(f"/open-items/{line['line_id']}/interest", role="insurer_finance", subject="insurer_finance-2")


async def prepared(world: World, kind: str, amount: str) -> Any:
    return await world.done("/transfers", {"kind": kind, "amount": amount})


@pytest.mark.requirement(
    "ZZ-31", "the advance is recovered: it goes back to the fiscal account and nothing is left out"
)
async def test_the_advance_is_given_back(world: World) -> None:
    await world.fund("1000.00", "500.00")
    body = {"kind": "advance_return", "amount": "500.01"}
    await world.refused("advance_return_exceeds", "/transfers", body)
    first = await prepared(world, "advance_return", "200.00")
    await world.refused("advance_return_exceeds", "/transfers", body | {"amount": "300.01"})
    await world.arrive(first)
    assert await world.term("e", "advance_returned") == "-200.00"
    assert await world.term("b", "returned_to_fiscal") == "200.00"
    assert (await balance(world, "1002"), await balance(world, "1001.02")) == (70000, 30000)
    await world.arrive(await prepared(world, "advance_return", "300.00"))
    assert await balance(world, "1001.02") == 0
    await world.refused("advance_return_exceeds", "/transfers", body | {"amount": "0.01"})
    await world.check_books()


@pytest.mark.requirement("ZZ-31", "a transfer that was not released is given up and frees what it would have moved")
async def test_a_prepared_transfer_is_given_up(world: World) -> None:
    await world.fund()
    await interest(world, 500)
    made = await prepared(world, "sweep", "5.00")
    await world.refused("sweep_exceeds_interest", "/transfers", {"kind": "sweep", "amount": "0.01"})
    path = f"/transfers/{made['id']}/cancellation"
    await world.refused("keeper_only", path, {"reason": "金额有误"}, **FINANCE)
    gone = await world.done(path, {"reason": "金额有误"})
    assert gone["status"] == "cancelled"
    await world.refused("transfer_already_released", path, {"reason": "金额有误"})
    release = f"/transfers/{made['id']}/release"
    await world.refused("transfer_already_released", release, subject="insurer_finance-2")
    again = await prepared(world, "sweep", "5.00")
    await world.arrive(again)
    assert await world.term("e", "expenditure_interest_unswept") == "0.00"
    await world.refused("transfer_already_released", f"/transfers/{again['id']}/cancellation", {"reason": "迟了"})


@pytest.mark.requirement("ZZ-14", "money that a bank sends back is where it came from, whichever way it was going")
@pytest.mark.parametrize("kind", ["advance", "income_to_fiscal", "sweep", "advance_return"])
async def test_a_transfer_that_the_bank_sends_back(world: World, kind: str) -> None:
    await world.fund("1000.00", "500.00")
    if kind == "income_to_fiscal":
        await world.collect("5.00")
        told, reference = world.remittance("5.00")
        await world.feed(told)
        await world.statement(INCOME, ("in", 500, reference))
        made = await world.done("/transfers", {"kind": kind, "amount": "5.00"}, role="county_recheck")
    elif kind == "advance":
        made = await world.done("/advances", {"amount": "5.00"}, **FINANCE)
    else:
        await interest(world, 500)
        made = await prepared(world, kind, "5.00")
    source = made["source"]
    before = await balance(world, source)
    role = {FISCAL: "county_finance", INCOME: "county_recheck", EXPENDITURE: "insurer_finance"}[source]
    await world.done(f"/transfers/{made['id']}/release", role=role, subject=f"{role}-2")
    await world.statement(source, ("out", 500, made["reference"]), ("in", 500, made["reference"]))
    assert await balance(world, source) == before
    (found,) = (await world.get("/transfers?status=returned"))["items"]
    assert found["id"] == made["id"]
    assert (await world.get(f"/open-items?account={source}"))["at_bank_not_in_book"] == []
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZA-10", "a replenishment that the bank sends back is transferred anew, by a second person")
async def test_a_replenishment_that_comes_back_is_transferred_anew(world: World) -> None:
    await world.fund()
    await world.paid("100.00")
    applied = await world.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    await world.done(f"{path}/recheck", {}, role="county_recheck")
    await world.done(f"{path}/approval", **FINANCE)
    (waiting,) = (await world.get("/transfers?status=prepared"))["items"]
    of_it = f"/transfers/{waiting['id']}/cancellation"
    await world.refused("transfer_of_application", of_it, {"reason": "不付"}, **FINANCE)
    first = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
    await world.statement(FISCAL, ("out", 10000, first["reference"]), ("in", 10000, first["reference"]))
    assert await world.term("e", "applied_undecided") == "100.00"
    again = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
    assert again["reference"] != first["reference"]
    await world.arrive(again, released=True)
    assert await world.term("e", "applied_undecided") == "0.00"
    assert parse_yuan(await world.term("e", "expenditure_account")) == 5000000
    await world.check_books()
