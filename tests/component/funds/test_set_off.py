"""What a hospital owes is set off against what it is due: posted gross, once, and undone with its batch."""

import json
from typing import Any

import pytest

from tests.component.funds.world import HOSPITAL, OTHER_HOSPITAL, World


async def refused_line(world: World, yuan: str = "30.00") -> str:
    """A paid line that the county refused at the re-check: a receivable on the hospital; its id."""
    await world.paid(yuan)
    applied = await world.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    refusal = {"line": 1, "bearer": "hospital", "reason": "病历不实"}
    await world.done(f"{path}/recheck", {"refusals": [refusal]}, role="county_recheck")
    (line,) = (await world.get(f"{path}/lines"))["items"]
    return str(line["receivable_id"])


async def batch_with(world: World, receivable: str, *yuan: str) -> Any:
    """A batch that sets a receivable off, prepared."""
    cutoff, _ = await world.release_claims(*yuan)
    return await world.done("/batches", {"cutoff_ids": [str(cutoff)], "set_off": [{"receivable_id": receivable}]})


async def balance(world: World, account: str) -> int:
    """Posted fen of an account of the fund's book."""
    rows = await world.rows("SELECT posted_fen FROM balance WHERE book = 'basic' AND account = $1", account)
    return int(rows[0]["posted_fen"])


@pytest.mark.requirement("ZA-10", "set-off posts a benefit and a recovery, restores the advance, and pays the rest")
async def test_a_receivable_is_set_off_gross(world: World) -> None:
    await world.fund()
    receivable = await refused_line(world)
    assert await world.term("e", "refused_not_made_good") == "30.00"
    made = await batch_with(world, receivable, "60.00", "40.00")
    (payment,) = made["instructions"]
    assert (made["amount"], payment["amount"], payment["set_off"]) == ("70.00", "70.00", "30.00")
    assert await world.term("d", "set_off") == "30.00"
    other, _ = await world.release_claims("50.00")
    again = {"cutoff_ids": [str(other)], "set_off": [{"receivable_id": receivable}]}
    await world.refused("set_off_invalid", "/batches", again)
    spent = await balance(world, "5001.01")
    await world.confirm(await world.release(made))
    assert await balance(world, "5001.01") == spent + 10000, "the whole benefit is expenditure"
    assert await balance(world, "1101") == 0
    assert await world.term("e", "refused_not_made_good") == "0.00"
    assert await world.term("e", "paid_not_applied") == "100.00", "the whole benefit is applied for"
    assert await world.term("d", "confirmed") == "100.00"
    await world.check_books()


async def test_only_what_this_hospital_owes_and_less_than_it_is_due(world: World) -> None:
    await world.fund()
    receivable = await refused_line(world)
    cutoff, _ = await world.release_claims("30.00")
    body = {"cutoff_ids": [str(cutoff)], "set_off": [{"receivable_id": receivable}]}
    await world.refused("set_off_exceeds_payment", "/batches", body)
    other, _ = await world.release_claims("99.00", hospital=OTHER_HOSPITAL)
    problem = await world.refused("set_off_invalid", "/batches", body | {"cutoff_ids": [str(other)]})
    assert receivable in problem["detail"]
    made = await world.done("/batches", {"cutoff_ids": [str(cutoff), str(other)]})
    assert [i["set_off"] for i in made["instructions"]] == ["0.00", "0.00"]
    assert {i["institution_code"] for i in made["instructions"]} == {HOSPITAL, OTHER_HOSPITAL}


async def test_a_batch_given_up_frees_what_it_would_have_set_off(world: World) -> None:
    await world.fund()
    receivable = await refused_line(world)
    made = await batch_with(world, receivable, "100.00")
    await world.done(f"/batches/{made['id']}/cancellation", {"reason": "金额有误"})
    assert await world.term("d", "set_off") == "0.00"
    assert await world.term("e", "refused_not_made_good") == "30.00"
    made = await batch_with(world, receivable, "80.00")
    assert made["amount"] == "50.00"


@pytest.mark.requirement("ZZ-14", "money that comes back after a set-off is paid again without it: it stands once")
async def test_what_bounces_after_a_set_off_is_the_money_alone(world: World) -> None:
    await world.fund()
    receivable = await refused_line(world)
    batch = await world.release(await batch_with(world, receivable, "60.00", "40.00"))
    await world.confirm(batch)
    await world.bounce(batch)
    assert await world.term("d", "bounced") == "70.00"
    assert await world.term("e", "paid_not_applied") == "30.00", "the set-off stands"
    again = await world.done(f"/payments/{batch['instructions'][0]['id']}/repayment")
    assert (again["amount"], again["instructions"][0]["set_off"]) == ("70.00", "0.00")
    await world.confirm(await world.release(again))
    assert await world.term("d", "set_off") == "30.00"
    assert await world.term("e", "paid_not_applied") == "100.00"
    assert await balance(world, "1101") == 0
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "what is told of a payment says what was paid, what was set off, what is withheld")
async def test_what_is_told_of_a_payment_is_what_was_paid(world: World) -> None:
    await world.fund()
    receivable = await refused_line(world)
    rate = {"valid_from": "2010-01-01", "rate": "0.1000", "document": "县合管办〔2010〕3号"}
    await world.done(f"/institutions/{HOSPITAL}/deposit-rate", rate, role="county_director", method="PUT")
    batch = await world.release(await batch_with(world, receivable, "60.00", "40.00"))
    (payment,) = batch["instructions"]
    assert (payment["amount"], payment["set_off"], payment["withheld"]) == ("60.00", "30.00", "10.00")
    await world.confirm(batch)
    behind = (await world.get(f"/payments/{payment['id']}/claims"))["items"]
    parts = sorted((c["amount"], c["paid"], c["set_off"], c["withheld"]) for c in behind)
    assert parts == [("40.00", "24.00", "12.00", "4.00"), ("60.00", "36.00", "18.00", "6.00")]
    assert await told(world, "confirmed", payment["id"]) == parts
    await world.bounce(batch)
    assert await told(world, "returned", payment["id"]) == parts, "the money came back, the rest stands"
    again = await world.release(await world.done(f"/payments/{payment['id']}/repayment"))
    await world.confirm(again)
    assert await told(world, "confirmed", again["instructions"][0]["id"]) == [
        ("24.00", "24.00", "0.00", "0.00"), ("36.00", "36.00", "0.00", "0.00"),
    ]  # fmt: skip


async def told(world: World, what: str, instruction: str) -> list[tuple[str, ...]]:
    """Amount, paid, set off and withheld of each event about an instruction."""
    sql = "SELECT envelope FROM outbox WHERE type = $1"
    found = [json.loads(row["envelope"])["data"] for row in await world.rows(sql, f"heyi.settlement.payment.{what}.v1")]
    named = ("amount", "paid", "set_off", "withheld")
    return sorted(tuple(one[name] for name in named) for one in found if one["instruction_id"] == instruction)
