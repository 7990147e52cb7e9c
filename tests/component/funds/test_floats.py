"""Township floats: cash issued, received, paid out against signature, given back, accounted and signed each month."""

import asyncio
from datetime import date
from typing import Any

import pytest

from tests.component.funds.test_deposits import DIRECTOR, RATE
from tests.component.funds.test_second import compensated, states
from tests.component.funds.test_set_off import balance
from tests.component.funds.world import EXPENDITURE, HOSPITAL, OTHER_HOSPITAL, TOWNSHIP, World, at

CLERK = {"role": "township_clerk", "areas": (TOWNSHIP,)}
HEAD = {"role": "township_director", "areas": (TOWNSHIP,)}
ELSEWHERE = {"role": "township_clerk", "areas": ("52242299",)}
FLOAT = f"/township-floats/{TOWNSHIP}"


async def issued(world: World, yuan: str) -> Any:
    """Cash that the insurer has released and the bank has paid out."""
    made = await world.done(f"{FLOAT}/issues", {"amount": yuan})
    await world.refused("four_eyes", f"/transfers/{made['id']}/release")
    await world.done(f"/transfers/{made['id']}/release", role="insurer_approver")
    await world.statement(EXPENDITURE, ("out", int(float(yuan) * 100), made["reference"]))
    return made


async def held(world: World, yuan: str) -> None:
    """Cash that the township has."""
    made = await issued(world, yuan)
    await world.done(f"/township-floats/transfers/{made['id']}/receipt", **CLERK)


def payout(claim: Any, receipt: str, day: str = "2010-03-20") -> dict[str, Any]:
    return {"claim_id": str(claim), "receipt_number": receipt, "paid_on": day}


async def month(world: World) -> tuple[Any, ...]:
    told = await world.get(f"{FLOAT}/months/2010-03")
    return tuple(told[name] for name in ("opening", "received", "paid", "returned", "closing"))


@pytest.mark.requirement("ZZ-31", "working capital in townships' hands stays part of the advance and is accounted for")
async def test_cash_goes_out_is_paid_against_signature_and_replenished(world: World) -> None:
    await world.fund("1000.00", "500.00")
    made = await issued(world, "100.00")
    assert await world.term("e", "floats_in_transit") == "100.00"
    receipt = f"/township-floats/transfers/{made['id']}/receipt"
    await world.refused("float_township_not_yours", receipt, **ELSEWHERE)
    await world.done(receipt, **CLERK)
    await world.refused("float_transfer_not_there", receipt, **CLERK)
    assert await world.term("e", "township_floats") == "100.00"
    world.clock.set(at("2010-03-20T09:00"))
    _, (first, second, third) = await world.release_claims("30.00", "60.00", "20.00")
    await world.refused("float_township_not_yours", f"{FLOAT}/payouts", payout(first, "Q1"), **ELSEWHERE)
    await world.done(f"{FLOAT}/payouts", payout(first, "Q1"), **CLERK)
    await world.refused("not_payable_in_cash", f"{FLOAT}/payouts", payout(first, "Q2"), **CLERK)
    await world.refused("float_receipt_used", f"{FLOAT}/payouts", payout(second, "Q1"), **CLERK)
    await world.done(f"{FLOAT}/payouts", payout(second, "Q2"), **CLERK)
    problem = await world.refused("float_short", f"{FLOAT}/payouts", payout(third, "Q3"), **CLERK)
    assert "10.00" in problem["detail"]
    assert (await balance(world, "1001.03"), await balance(world, "5001.01")) == (1000, 9000)
    assert await world.term("d", "paid_in_cash") == "90.00"
    assert await world.term("e", "paid_not_applied") == "90.00"
    told = await world.rows("SELECT envelope FROM outbox WHERE type = 'heyi.settlement.payment.confirmed.v1'")
    assert len(told) == 2
    applied = await world.done("/replenishments", {})
    refusal = {"refusals": [{"line": 1, "bearer": "hospital", "reason": "签字不符"}]}
    await world.done(f"/replenishments/{applied['id']}/recheck", refusal, role="county_recheck")
    (owed,) = (await world.get("/receivables"))["items"]
    assert owed["institution_code"] == HOSPITAL
    await world.identities()
    await world.check_books()


@pytest.mark.requirement(
    "WW-06", "a township's cash is accounted monthly with the county: signed, accepted, then closed"
)
async def test_the_month_is_signed_and_accepted(world: World) -> None:
    await world.fund("1000.00", "500.00")
    await held(world, "100.00")
    world.clock.set(at("2010-03-20T09:00"))
    _, (first, second) = await world.release_claims("30.00", "5.00")
    await world.done(f"{FLOAT}/payouts", payout(first, "Q1"), **CLERK)
    await world.refused("float_short", f"{FLOAT}/returns", {"amount": "70.01"}, **CLERK)
    back = await world.done(f"{FLOAT}/returns", {"amount": "50.00"}, **CLERK)
    release = f"/township-floats/transfers/{back['id']}/release"
    await world.refused("four_eyes", release, role="township_director", subject="township_clerk-1", areas=(TOWNSHIP,))
    await world.done(release, **HEAD)
    assert await world.term("e", "floats_in_transit") == "50.00"
    await world.statement(EXPENDITURE, ("in", 5000, back["reference"]))
    assert await month(world) == ("0.00", "100.00", "30.00", "50.00", "20.00")
    assert (await world.get("/township-floats"))[0]["held"] == "20.00"
    sign, accept = f"{FLOAT}/months/2010-03/signature", f"{FLOAT}/months/2010-03/acceptance"
    await world.refused("float_month_open", sign, **HEAD)
    await world.refused("float_month_open", accept, role="county_recheck")
    world.clock.set(at("2010-04-05T09:00"))
    await world.refused("four_eyes", sign, role="township_director", subject="township_clerk-1", areas=(TOWNSHIP,))
    both = await asyncio.gather(*(world.send(sign, **HEAD) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    await world.refused("float_month_signed", f"{FLOAT}/payouts", payout(second, "Q2", "2010-03-31"), **CLERK)
    told = await world.done(accept, role="county_recheck")
    assert (told["signed_by"], told["accepted_by"]) == ("township_director-1", "county_recheck-1")
    await world.refused("float_month_signed", accept, role="county_recheck")
    await world.done(f"{FLOAT}/payouts", payout(second, "Q2", "2010-04-02"), **CLERK)
    assert await month(world) == ("0.00", "100.00", "30.00", "50.00", "20.00")
    await world.check_books()


@pytest.mark.requirement("ZA-23", "second compensation is paid in cash against signature, until its last day")
async def test_second_compensation_is_paid_in_cash(world: World) -> None:
    await world.fund("1000.00", "500.00")
    await held(world, "100.00")
    campaign, (first, second) = await compensated(world, 40_00, 20_00)
    world.clock.set(at("2010-03-20T09:00"))
    body = payout(first, "Q1") | {"layer": "second_compensation"}
    other = {"role": "township_clerk", "areas": (TOWNSHIP, "52242299")}
    await world.refused("not_payable_in_cash", "/township-floats/52242299/payouts", body, **other)
    await world.done(f"{FLOAT}/payouts", body, **CLERK)
    assert (await balance(world, "5001.05"), await balance(world, "1001.03")) == (4000, 6000)
    assert await states(world, campaign) == {"open": "20.00", "paid": "40.00"}
    assert await world.term("d", "paid_in_cash") == "40.00"
    world.clock.set(at("2010-03-21T09:00"))
    late = payout(second, "Q2") | {"layer": "second_compensation"}
    await world.refused("claim_day_over", f"{FLOAT}/payouts", late, **CLERK)
    await world.done(f"/second-compensations/{campaign}/unclaimed", role="county_director")
    await world.identities()
    await world.check_books()


async def test_two_payouts_at_once_do_not_overdraw_a_township(world: World) -> None:
    await world.fund("1000.00", "500.00")
    await held(world, "100.00")
    world.clock.set(at("2010-03-20T09:00"))
    _, claims = await world.release_claims("60.00", "60.00")
    both = await asyncio.gather(
        *(world.send(f"{FLOAT}/payouts", payout(claim, f"Q{n}"), **CLERK) for n, claim in enumerate(claims))
    )
    assert sorted(answer.status_code for answer in both) == [201, 409], [answer.text for answer in both]
    assert (await world.get("/township-floats"))[0]["held"] == "40.00"


@pytest.mark.requirement("WW-06", "a payout is dated when the claim was released and the cash was there, not before")
async def test_a_payout_is_not_dated_before_its_release_or_its_cash(world: World) -> None:
    await world.fund("1000.00", "500.00")
    world.clock.set(at("2010-03-20T09:00"))
    _, (first, second) = await world.release_claims("30.00", "20.00")
    world.clock.set(at("2010-04-02T09:00"))
    await held(world, "100.00")
    cash_day = world.clock.now().date()
    path = f"{FLOAT}/payouts"
    for day in ("2004-01-15", "2010-03-19"):
        problem = await world.refused("paid_before_release", path, payout(first, "Q1", day), **CLERK)
        assert "2010-03-20" in problem["detail"]
    problem = await world.refused("float_short_then", path, payout(first, "Q1", "2010-03-20"), **CLERK)
    assert "0.00" in problem["detail"]
    await world.done(path, payout(first, "Q1", f"{cash_day}"), **CLERK)
    world.clock.set(at("2010-04-20T09:00"))
    back = await world.done(f"{FLOAT}/returns", {"amount": "60.00"}, **CLERK)
    await world.done(f"/township-floats/transfers/{back['id']}/release", **HEAD)
    world.clock.set(at("2010-04-22T09:00"))
    await held(world, "50.00")
    today = world.clock.now().date()
    problem = await world.refused("float_short_then", path, payout(second, "Q2", "2010-04-10"), **CLERK)
    assert "10.00" in problem["detail"], "60.00 of the 70.00 of that day went back before more came"
    await world.done(path, payout(second, "Q2", f"{today}"), **CLERK)
    march = await world.done(f"{FLOAT}/months/2010-03/signature", **HEAD)
    assert (march["paid"], march["closing"]) == ("0.00", "0.00")
    assert await balance(world, "1001.03") == 4000
    await world.check_books()


async def test_a_month_below_zero_is_not_signed(world: World) -> None:
    """No payout makes such a month any more; whatever else might, the director is told, and nothing is signed."""
    await world.fund("1000.00", "500.00")
    world.clock.set(at("2010-04-02T09:00"))
    await held(world, "100.00")
    _, (claim,) = await world.release_claims("30.00")
    await world.done(f"{FLOAT}/payouts", payout(claim, "Q1", f"{world.clock.now().date()}"), **CLERK)
    await world.rows("UPDATE cash_payout SET paid_on = '2010-03-15'")
    problem = await world.refused("float_month_negative", f"{FLOAT}/months/2010-03/signature", **HEAD)
    assert "-30.00" in problem["detail"]
    assert (await world.get(f"{FLOAT}/months/2010-03"))["signed_by"] is None


async def test_cash_that_the_bank_sends_back_never_came(world: World) -> None:
    await world.fund("1000.00", "500.00")
    made = await issued(world, "100.00")
    await world.statement(EXPENDITURE, ("in", 10000, made["reference"]))
    path = f"/township-floats/transfers/{made['id']}/receipt"
    await world.refused("float_transfer_not_there", path, **CLERK)
    assert await balance(world, "1001.02") == 50000
    await world.check_books()


@pytest.mark.requirement("ZZ-35", "the list of a closed month is the same whenever it is printed")
async def test_what_is_paid_out_late_changes_no_list_of_a_closed_month(world: World) -> None:
    """Paid on 30 March as the receipt says, told and booked on 2 April, when March is closed."""
    await world.fund("1000.00", "500.00")
    await held(world, "100.00")
    world.clock.set(at("2010-03-20T09:00"))
    _, (claim,) = await world.release_claims("30.00")
    world.clock.set(at("2010-04-01T09:00"))
    for day in range(1, 32):
        await world.sources_close(date(2010, 3, day))
    await world.done("/days/2010-03-31/close", role="county_director")
    await world.done("/months/2010-03/close", role="county_director")
    march, april = (
        "/papers/outstanding?from=2010-03-01&to=2010-03-31",
        "/papers/outstanding?from=2010-04-01&to=2010-04-02",
    )
    printed = (await world.get(march))["rows"]
    assert "-30.00" in printed[0]["cells"], printed
    world.clock.set(at("2010-04-02T09:00"))
    await world.done(f"{FLOAT}/payouts", payout(claim, "Q1", "2010-03-30"), **CLERK)
    assert (await world.get(march))["rows"] == printed
    assert not [row for row in (await world.get(april))["rows"] if "-30.00" in row["cells"]]


@pytest.mark.requirement("ZZ-10", "the agreed share cannot be paid past in cash")
async def test_a_hospital_with_a_deposit_is_not_paid_in_cash(world: World) -> None:
    await world.fund("1000.00", "500.00")
    await held(world, "100.00")
    rate = f"/institutions/{HOSPITAL}/deposit-rate"
    await world.done(rate, RATE, method="PUT", **DIRECTOR)
    cutoff, (claim,) = await world.release_claims("30.00")
    today = f"{world.clock.now().date()}"
    problem = await world.refused("deposit_agreed", f"{FLOAT}/payouts", payout(claim, "Q1", today), **CLERK)
    assert HOSPITAL in problem["detail"]
    assert (await world.get("/township-floats"))[0]["held"] == "100.00"
    made = await world.done("/batches", {"cutoff_ids": [str(cutoff)]})
    assert (made["instructions"][0]["amount"], made["instructions"][0]["withheld"]) == ("27.00", "3.00")
    _, (other,) = await world.release_claims("20.00", hospital=OTHER_HOSPITAL)
    await world.done(f"{FLOAT}/payouts", payout(other, "Q1", today), **CLERK)
    _, (last,) = await world.release_claims("10.00")
    ended = RATE | {"valid_from": today, "rate": "0.0000"}
    await world.done(rate, ended, method="PUT", **DIRECTOR)
    await world.done(f"{FLOAT}/payouts", payout(last, "Q2", today), **CLERK)
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("LS-11", "what a township pays in cash is expenditure of its year of care, with no difference")
async def test_a_cash_payout_is_expenditure_of_its_year_of_care(world: World) -> None:
    await world.fund("1000.00", "500.00")
    await held(world, "100.00")
    world.clock.set(at("2010-03-20T09:00"))
    _, (claim,) = await world.release_claims("30.00")
    await world.done(f"{FLOAT}/payouts", payout(claim, "Q1"), **CLERK)
    paper = await world.get("/papers/spending-by-care-year?from=2010-03-01&to=2010-03-31")
    assert [row["cells"] for row in paper["rows"]] == [
        ["2010-03", "30.00", "30.00", "0.00"],
        ["合计", "30.00", "30.00", "0.00"],
    ], "nothing is listed apart"


@pytest.mark.requirement("LS-11", "every item of the papers that are signed is told for what it is, in words")
async def test_transfers_on_their_way_are_told_in_words(world: World) -> None:
    await world.fund("1000.00", "500.00")
    await held(world, "50.00")
    made = await world.done(f"{FLOAT}/issues", {"amount": "20.00"})
    await world.done(f"/transfers/{made['id']}/release", role="insurer_approver")
    made = await world.done("/transfers", {"kind": "advance_return", "amount": "30.00"})
    await world.done(f"/transfers/{made['id']}/release", role="insurer_approver")
    made = await world.done(f"{FLOAT}/returns", {"amount": "5.00"}, **CLERK)
    await world.done(f"/township-floats/transfers/{made['id']}/release", **HEAD)
    day = world.clock.now().date()
    bank = await world.get(f"/bank-accounts/{EXPENDITURE}/reconciliation?at={day}")
    assert sorted(row["cells"][0].strip() for row in bank["rows"] if row["cells"][1]) == [
        "拨付乡镇备用金", "退回周转金",
    ]  # fmt: skip
    told = await world.get(f"/papers/outstanding?from={day}&to={day}")
    on_their_way = [row["cells"][4] for row in told["rows"] if row["cells"][0] == "划转在途"]
    assert sorted(on_their_way) == ["拨付乡镇备用金", "退回乡镇备用金", "退回周转金"]
