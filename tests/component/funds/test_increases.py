"""What a late decision gives more: a payable to the person, paid through the batches of its layer."""

from typing import Any
from uuid import UUID

import pytest

from services.settlement.payouts.payees import person
from shared.contracts.claims import IncreaseReleased
from shared.kernel.ids import new_id
from tests.component.funds.test_deposits import balance
from tests.component.funds.test_second import account, told
from tests.component.funds.world import EXPENDITURE, TOWNSHIP, World


async def increased(world: World, fen: int, **more: Any) -> tuple[UUID, str]:
    """An approved increase of a claim of the year before; the payment and the code of its person."""
    now = world.clock.now()
    payment, member = new_id(now), new_id(now)
    of: dict[str, Any] = {
        "payment_id": payment, "claim_id": new_id(now), "member_id": member, "household_id": new_id(now),
        "township_code": TOWNSHIP, "institution_code": "H52242200001", "kind": "inpatient", "benefit_year": 2009,
        "amount": fen, "document_number": "方合管〔2010〕8号", "layer": "basic", "payer": "新农合基金",
        "book": "basic", "account": "1001.02", "expense_account": "5001.01", "risk_bearer": "pool", "at": now,
    }  # fmt: skip
    event = IncreaseReleased(**(of | more))
    await world.feed(world.delivery(event, str(payment), fen))
    return payment, person(member)


async def owed(world: World) -> int:
    rows = await world.rows("SELECT debit, credit, amount_fen FROM obligation_day")
    return sum(row["amount_fen"] * ((row["credit"] == "2301.02") - (row["debit"] == "2301.02")) for row in rows)


@pytest.mark.requirement("DF-09", "what a late decision gives more is paid to the person's account and booked")
async def test_an_increase_is_paid_to_its_person(world: World) -> None:
    await world.fund()
    payment, code = await increased(world, 2_500_00)
    other, _ = await increased(world, 75_00)
    assert await world.term("d", "increases") == "2575.00"
    assert await owed(world) == 2_575_00
    await world.identities()
    cutoffs = {"cutoff_ids": [str(payment)]}
    refused = await world.refused("payee_missing", "/batches", cutoffs)
    assert code in refused["detail"], "nobody's account is guessed"
    await account(world, code)
    batch = await world.release(await world.done("/batches", cutoffs))
    assert (batch["layer"], batch["amount"], batch["instructions"][0]["institution_code"]) == ("basic", "2500.00", code)
    await world.confirm(batch)
    assert await told(world, "confirmed") == [f"{payment}:basic"]
    assert await balance(world, "basic", "5001.01") == 2_500_00
    assert await owed(world) == 75_00
    assert await world.term("e", "paid_not_applied") == "2500.00", "the fund's money is replenished"
    spent = await world.rows(
        "SELECT c.benefit_year, sum(l.sign * l.amount_fen)::bigint AS fen FROM paid_line l "
        "JOIN claim_state c USING (pool_code, claim_id) GROUP BY 1"
    )
    assert [tuple(row) for row in spent] == [(2009, 2_500_00)], "paid in 2010, of the year of care 2009"
    waiting = (await world.get("/cutoffs?open=true"))["items"]
    assert [one["id"] for one in waiting] == [str(other)]
    await world.check_books()


async def test_one_that_bounces_is_paid_again(world: World) -> None:
    await world.fund()
    payment, code = await increased(world, 75_00)
    await account(world, code)
    batch = await world.release(await world.done("/batches", {"cutoff_ids": [str(payment)]}))
    await world.confirm(batch)
    (made,) = batch["instructions"]
    await world.statement(EXPENDITURE, ("in", 75_00, made["end_to_end_id"]))
    assert await told(world, "returned") == [f"{payment}:basic"]
    assert await owed(world) == 75_00
    again = await world.release(await world.done(f"/payments/{made['id']}/repayment"))
    await world.confirm(again)
    assert await owed(world) == 0
    assert await world.term("d", "increases") == "75.00"
    await world.check_books()


async def test_the_same_increase_is_owed_once(world: World) -> None:
    """Told again under another event it is refused by the table and parked for a person to look at; what a further late
    decision gives more for the same claim and layer is another one."""
    claim = new_id(world.clock.now())
    payment, _ = await increased(world, 75_00, claim_id=claim)
    await increased(world, 80_00, claim_id=claim, document_number="方合管〔2010〕9号")
    assert await world.term("d", "increases") == "155.00"
    with pytest.raises(AssertionError, match="cutoff_pkey"):
        await increased(world, 75_00, claim_id=claim, payment_id=payment)
    assert await world.term("d", "increases") == "155.00"
    assert await owed(world) == 155_00
