"""Money that the bank takes back after it was matched has a way into the books (0299): what was repaid is owed again,
and interest is corrected by two."""

from typing import Any

import pytest

from shared.kernel.dates import shanghai_date
from tests.component.funds.test_orders import balances
from tests.component.funds.test_recoveries import asked, recovered, replenished
from tests.component.funds.world import EXPENDITURE, FISCAL, World

FINANCE = {"role": "county_finance"}
SECOND = {"role": "county_finance", "subject": "county_finance-2"}


async def owing(world: World) -> list[str]:
    """What is open of what is owed."""
    return [x["open"] for x in (await world.get("/receivables?open=true"))["items"]]


async def claw_back(world: World) -> Any:
    """30.00 of a payment of 100.00 that was replenished are owed."""
    await world.fund("1000.00", "500.00")
    (line,) = await replenished(world, "100.00")
    return await recovered(world, asked(line, "30.00"))


async def nothing_open(world: World) -> None:
    items = await world.get("/open-items")
    assert (items["at_bank_not_in_book"], items["in_book_not_at_bank"]) == ([], [])
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZA-10", "what was repaid and the bank took back is owed again, until it is repaid for good")
@pytest.mark.parametrize("account", [FISCAL, EXPENDITURE])
async def test_a_repaid_receivable_is_owed_again(world: World, account: str) -> None:
    reference = (await claw_back(world))["reference"]
    before, owed = await balances(world, "basic"), await owing(world)
    await world.statement(account, ("in", 3000, reference))
    assert await owing(world) == []
    await world.statement(account, ("out", 3000, reference))
    assert (await owing(world), await balances(world, "basic")) == (owed, before) == (["30.00"], before)
    await nothing_open(world)
    await world.statement(account, ("in", 3000, reference), ("out", 3000, reference), ("in", 3000, reference))
    assert await owing(world) == []
    await world.statement(account, ("out", 3000, reference), ("in", 3000, reference))
    assert await owing(world) == []
    await nothing_open(world)


@pytest.mark.requirement("ZA-10", "each part is taken back by itself; another amount stays an open item")
async def test_a_part_is_taken_back(world: World) -> None:
    reference = (await claw_back(world))["reference"]
    await world.statement(FISCAL, ("in", 1000, reference), ("in", 2000, reference))
    await world.statement(FISCAL, ("out", 3000, reference))
    assert await owing(world) == [], "no part of this amount came in"
    await world.statement(FISCAL, ("in", 3000, reference))
    (out, back) = (await world.get("/open-items"))["at_bank_not_in_book"]
    assert (out["amount"], back["amount"]) == ("-30.00", "30.00")
    await world.statement(FISCAL, ("out", 2000, reference))
    assert await owing(world) == ["20.00"]
    (number,) = await world.rows("SELECT reversal_of FROM voucher WHERE source_event LIKE 'receivable:%:taken-back'")
    (part,) = await world.rows("SELECT amount_fen FROM posting WHERE book = 'basic' AND number = $1", number[0])
    assert part["amount_fen"] == 2000
    await world.identities()


@pytest.mark.requirement("ZA-10", "what lowered the next application is applied for again when the bank takes it back")
async def test_the_next_application_is_not_lowered_by_what_was_taken_back(world: World) -> None:
    reference = (await claw_back(world))["reference"]
    await world.statement(EXPENDITURE, ("in", 3000, reference))
    await world.statement(EXPENDITURE, ("out", 3000, reference))
    await world.paid("50.00")
    assert (await world.done("/replenishments", {}))["applied"] == "50.00"
    await nothing_open(world)


@pytest.mark.requirement("LS-11", "the list of a past day shows what was owed then, whatever the bank took back later")
async def test_the_lists_of_past_days_keep_what_was_owed(world: World) -> None:
    reference, days = (await claw_back(world))["reference"], []
    for way in ("in", "out"):
        await world.statement(FISCAL, (way, 3000, reference))
        days.append(shanghai_date(world.clock.now()))
    papers = [await world.get(f"/papers/outstanding?from={day}&to={day}") for day in days]
    assert [[r["cells"][3] for r in p["rows"] if r["cells"][3] == reference] for p in papers] == [[], [reference]]


# -- interest


async def line_of(world: World, amount: str) -> str:
    """The open line of an amount."""
    lines = (await world.get("/open-items"))["at_bank_not_in_book"]
    return str(next(x["line_id"] for x in lines if x["amount"] == amount))


@pytest.mark.requirement("LS-11", "interest that the bank corrects is reversed by two, once")
async def test_interest_is_corrected_by_two(world: World) -> None:
    await world.fund("1000.00", "500.00")
    before = await balances(world, "basic")
    await world.statement(FISCAL, ("in", 500, "LX"), ("out", 500, "LX-CZ"), ("out", 500, "LX-CZ2"))
    path = f"/open-items/{await line_of(world, '-5.00')}/interest"
    problem = await world.refused("not_interest", path, None, **SECOND)
    assert "5.00" in problem["detail"]
    await world.done(f"/open-items/{await line_of(world, '5.00')}/interest", None, **SECOND)
    assert await world.term("b", "fiscal_interest") == "5.00"
    await world.refused("four_eyes", path, None, **FINANCE)
    await world.done(path, None, **SECOND)
    assert await balances(world, "basic") == before
    assert await world.term("b", "fiscal_interest") == "0.00"
    await world.refused("not_interest", f"/open-items/{await line_of(world, '-5.00')}/interest", None, **SECOND)
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("LS-11", "interest that was corrected is not swept")
async def test_corrected_interest_is_not_swept(world: World) -> None:
    await world.fund("1000.00", "500.00")
    mine = {"role": "insurer_finance", "subject": "insurer_finance-2"}
    await world.statement(EXPENDITURE, ("in", 500, "LX"), ("in", 200, "LX2"), ("out", 500, "LX-CZ"))
    for amount in ("5.00", "2.00", "-5.00"):
        await world.done(f"/open-items/{await line_of(world, amount)}/interest", None, **mine)
    await world.refused("sweep_exceeds_interest", "/transfers", {"kind": "sweep", "amount": "2.01"})
    await world.done("/transfers", {"kind": "sweep", "amount": "2.00"})
    assert await world.term("e", "expenditure_interest_unswept") == "-2.00"
    await nothing_open(world)
