"""Increases of claims that are taken back: before the approval, on the way to the bank, and after the payment."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.claims.increases.events import consumer
from services.claims.visits import paid
from shared.contracts.settlement import PaymentConfirmed, PaymentReturned
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import from_base32, new_id
from shared.kernel.money import parse_yuan
from tests.component.claims import test_campaigns as campaigns
from tests.component.claims.test_campaigns import settlement_tells
from tests.component.claims.test_increases import approved, late, lines, prepared, refused, released
from tests.component.claims.test_review import events
from tests.component.claims.world import COUNTY, World, line

WHY = {"reason": "挂错参合人", "document": "大合管办〔2010〕12号"}


async def confirmed(world: World, payment: UUID, amount: str, reader: Any) -> None:
    """The bank has paid so much under an id."""
    fen, now = parse_yuan(amount), world.clock.now()
    told = PaymentConfirmed(
        claim_id=payment, layer="basic", institution_code=COUNTY, amount=fen, instruction_id=new_id(now),
        end_to_end_id="B1", paid=fen, set_off=0, withheld=0, confirmed_on=shanghai_date(now), at=now,
    )  # fmt: skip
    await settlement_tells(world, told, reader=reader)


async def paid_claim(world: World, member: UUID, amount: str = "50000.00") -> dict[str, Any]:
    """A claim that is released and paid."""
    claim = await world.settled(member, amount)
    await released(world, claim)
    await confirmed(world, UUID(claim["claim_id"]), claim["payable"], paid.consumer)
    return claim


async def pay(world: World, one: dict[str, Any]) -> None:
    """The bank has paid a line of a list."""
    await confirmed(world, from_base32(one["payment_id"]), one["amount"], consumer)


async def ask(world: World, claim: dict[str, Any]) -> Any:
    return await world.pool("county_recheck", "POST", f"/claims/{claim['claim_id']}/reversal-release", json=WHY)


async def let(world: World, claim: dict[str, Any]) -> None:
    """Two persons of the county office let the claim be reversed."""
    assert (await ask(world, claim)).status_code == 201
    path = f"/claims/{claim['claim_id']}/reversal-release/approval"
    assert (await world.pool("county_director", "POST", path)).status_code == 200


async def increased(world: World, policy_id: str) -> list[dict[str, Any]]:
    """The lines of an approved list."""
    made = (await prepared(world, policy_id)).json()["list"]["list_id"]
    assert (await approved(world, made)).status_code == 200
    return await lines(world, made)


@pytest.mark.requirement("DF-09", "nothing more is paid for a claim that was taken back before the list was approved")
async def test_a_claim_reversed_before_the_approval_gets_no_increase(world: World) -> None:
    member, other = await world.member(), await world.member()
    claim, stands = await paid_claim(world, member), await paid_claim(world, other)
    made = (await prepared(world, await late(world))).json()["list"]
    assert (made["lines"], made["listed"]) == (2, "5000.00")
    await let(world, claim)
    assert (await world.cancel(claim["claim_id"])).json()["status"] == "reversed"
    done = (await approved(world, made["list_id"])).json()
    assert (done["status"], done["approved"]) == ("approved", "2500.00")
    told = [event["data"]["claim_id"] for event in await events(world, "increase.released")]
    assert told == [stands["claim_id"]]
    states = {one["claim_id"]: (one["status"], one["amount"]) for one in await lines(world, made["list_id"])}
    assert states == {claim["claim_id"]: ("void", "0.00"), stands["claim_id"]: ("released", "2500.00")}
    assert (await world.used(member)).get("basic.inpatient.benefit", 0) == 0, "nothing counts for it"
    again = await world.settle(claim["visit_id"], line("A1", "50000.00"))
    assert again.json()["benefit"] == "37500.00", "settled again by the version that came late: all of it is there"


async def test_a_claim_that_is_about_to_be_reversed_gets_no_increase(world: World) -> None:
    claim = await paid_claim(world, await world.member())
    policy_id = await late(world)
    made = (await prepared(world, policy_id)).json()["list"]["list_id"]
    assert (await ask(world, claim)).status_code == 201
    assert (await approved(world, made)).json()["approved"] == "0.00"
    assert await events(world, "increase.released") == []


@pytest.mark.requirement("ZZ-14", "what a late decision paid more is taken back with the claim that is reversed")
async def test_an_increase_that_was_paid_goes_with_its_claim(world: World) -> None:
    member = await world.member()
    claim = await paid_claim(world, member)
    (one,) = await increased(world, await late(world))
    waiting = await ask(world, claim)
    assert refused(waiting) == (409, "increase_unpaid"), "what is on its way to the bank is waited for"
    assert "银行确认付款后" in waiting.json()["detail"]
    await pay(world, one)
    assert await world.used(member) == {"basic.inpatient.benefit": 3_750_000}
    await let(world, claim)
    assert (await world.cancel(claim["claim_id"])).json()["status"] == "reversed"
    assert (await world.used(member)).get("basic.inpatient.benefit", 0) == 0, "exactly what both had added"
    (told,) = await events(world, "claim.reversed")
    assert [UUID(x) for x in told["data"]["increases"]] == [from_base32(one["payment_id"])]
    list_id = (await world.sql("SELECT list_id FROM increase"))[0]["list_id"]
    (shown,) = await lines(world, str(list_id))
    assert (shown["status"], shown["amount"]) == ("reversed", "2500.00")
    again = await world.settle(claim["visit_id"], line("A1", "50000.00"))
    assert again.json()["benefit"] == "37500.00"
    assert await world.used(member) == {"basic.inpatient.benefit": 3_750_000}, "not a fen more than the bill gives"


async def test_an_increase_that_bounced_is_waited_for(world: World) -> None:
    """The payment of the increase bounced after the county office let the claim be reversed."""
    claim = await paid_claim(world, await world.member())
    (one,) = await increased(world, await late(world))
    await pay(world, one)
    await let(world, claim)
    now = world.clock.now()
    back = PaymentReturned(
        claim_id=from_base32(one["payment_id"]), layer="basic", institution_code=COUNTY, amount=250_000,
        instruction_id=new_id(now), end_to_end_id="B1", paid=250_000, set_off=0, withheld=0,
        returned_on=date(2010, 3, 3), at=now,
    )  # fmt: skip
    await settlement_tells(world, back, reader=consumer)
    before = await world.counts()
    assert refused(await world.cancel(claim["claim_id"])) == (409, "increase_unpaid")
    assert await world.counts() == before
    await pay(world, one)
    assert (await world.cancel(claim["claim_id"])).json()["status"] == "reversed"


@pytest.mark.requirement("ZA-23", "second compensation counts what a late decision paid: nobody gets more than he paid")
async def test_second_compensation_counts_what_was_paid_more(world: World) -> None:
    member, other = await world.member(), await world.member()
    first = await paid_claim(world, member)
    policy_id = await late(world)
    (one,) = await increased(world, policy_id)
    await pay(world, one)
    more = await world.settled(other, "50000.00", admitted="2010-02-21T09:00")
    world.clock.set(campaigns.AFTER)
    campaign = await campaigns.opened(world, "100000.00")
    rows = (await world.pool("auditor", "GET", f"/campaigns/{campaign}/candidates")).json()["items"]
    assert [(row["first"], row["own"]) for row in rows] == [("37500.00", "12500.00")], (
        "a claim that nobody reviewed is not counted"
    )
    assert more["benefit"] == "37500.00"
    await campaigns.approved(world, campaign)
    (payment,) = await campaigns.payments(world, campaign)
    whole = parse_yuan(first["benefit"]) + parse_yuan(one["amount"]) + parse_yuan(payment["amount"])
    assert whole == parse_yuan(first["total"]), "all of the bill and not a fen more"


async def test_a_list_of_second_compensation_waits_where_more_was_approved_since(world: World) -> None:
    await paid_claim(world, await world.member())
    made = (await prepared(world, await late(world))).json()["list"]["list_id"]
    world.clock.set(campaigns.AFTER)
    campaign = await campaigns.opened(world, "100000.00")
    await campaigns.approved(world, campaign)
    await campaigns.published(world, campaign)
    assert (await approved(world, made)).status_code == 200
    world.clock.advance(timedelta(days=8))
    again = {"claim_by": "2011-03-15"}
    assert refused(await campaigns.act(world, "county_director", f"/{campaign}/release", again)) == (
        409, "campaign_claims_moved",
    )  # fmt: skip


@pytest.mark.requirement("ZA-23", "what second compensation made up is not paid again by a late decision")
async def test_nothing_more_is_paid_on_top_of_a_released_second_compensation(world: World) -> None:
    """The list was prepared before the campaign; a person who is not compensated gets his increase all the same."""
    member, other = await world.member(), await world.member()
    claim, stands = await paid_claim(world, member), await paid_claim(world, other, "20000.00")
    policy_id = await late(world)
    made = (await prepared(world, policy_id)).json()["list"]["list_id"]
    world.clock.set(campaigns.AFTER)
    high = {"own_above": "10000.00", "clause": "自付一万元以上"}
    campaign = await campaigns.opened(world, "100000.00", high_cost=high)
    await campaigns.approved(world, campaign)
    await campaigns.published(world, campaign)
    await campaigns.released(world, campaign)
    (payment,) = await campaigns.payments(world, campaign)
    assert parse_yuan(claim["benefit"]) + parse_yuan(payment["amount"]) == parse_yuan(claim["total"])
    assert (await approved(world, made)).json()["approved"] == "1000.00"
    states = {one["claim_id"]: (one["status"], one["amount"]) for one in await lines(world, made)}
    assert states == {claim["claim_id"]: ("compensated", "0.00"), stands["claim_id"]: ("released", "1000.00")}
    assert [one["data"]["claim_id"] for one in await events(world, "increase.released")] == [stands["claim_id"]]
    assert await world.used(member) == {"basic.inpatient.benefit": 3_500_000}, "nothing counts for it"
    assert refused(await prepared(world, policy_id)) == (409, "no_increases"), "nor is it listed again"


async def test_a_claim_is_listed_again_once_its_second_compensation_is_given_up(world: World) -> None:
    await paid_claim(world, await world.member())
    policy_id = await late(world)
    world.clock.set(campaigns.AFTER)
    campaign = await campaigns.opened(world, "100000.00")
    await campaigns.approved(world, campaign)
    await campaigns.published(world, campaign)
    await campaigns.released(world, campaign)
    none = await prepared(world, policy_id)
    assert refused(none) == (409, "no_increases")
    assert "1 例" in none.json()["detail"]
    (payment,) = await campaigns.payments(world, campaign)
    await settlement_tells(world, campaigns.given_up(world, payment))
    assert (await prepared(world, policy_id)).json()["list"]["listed"] == "2500.00"


@pytest.mark.requirement("ZA-23", "a claim is not taken back from under a second compensation that counts it")
async def test_a_claim_that_second_compensation_counts_is_not_reversed(world: World) -> None:
    claim = await paid_claim(world, await world.member())
    world.clock.set(campaigns.AFTER)
    campaign = await campaigns.opened(world, "100000.00")
    await campaigns.approved(world, campaign)
    await campaigns.published(world, campaign)
    await campaigns.released(world, campaign)
    (payment,) = await campaigns.payments(world, campaign)
    waiting = await ask(world, claim)
    assert refused(waiting) == (409, "second_compensated")
    assert "追回" in waiting.json()["detail"], "it says how to go on"
    await settlement_tells(world, campaigns.made(world, payment))
    assert refused(await ask(world, claim)) == (409, "second_compensated")
    assert refused(await world.cancel(claim["claim_id"])) == (409, "claim_paid")
    await settlement_tells(world, campaigns.bounced(world, payment))
    assert refused(await ask(world, claim)) == (409, "second_compensated"), "it is to be paid again"
    await settlement_tells(world, campaigns.given_up(world, payment))
    await let(world, claim)
    assert (await world.cancel(claim["claim_id"])).json()["status"] == "reversed"


async def test_a_list_is_not_released_on_a_claim_that_is_about_to_be_reversed(world: World) -> None:
    claim = await paid_claim(world, await world.member())
    await paid_claim(world, await world.member())
    world.clock.set(campaigns.AFTER)
    campaign = await campaigns.opened(world, "100000.00")
    await campaigns.approved(world, campaign)
    await campaigns.published(world, campaign)
    assert (await ask(world, claim)).status_code == 201
    world.clock.advance(timedelta(days=8))
    again = {"claim_by": "2011-03-15"}
    assert refused(await campaigns.act(world, "county_director", f"/{campaign}/release", again)) == (
        409, "campaign_claims_moved",
    )  # fmt: skip
    asked = {"reason": "有结算正在冲销"}
    await campaigns.done(world, "county_recheck", f"/{campaign}/void-request", asked, subject="li")
    await campaigns.done(world, "county_director", f"/{campaign}/void")
    anew = await campaigns.done(world, "county_recheck", f"/{campaign}/candidates", {})
    assert (anew["candidates"], anew["left_out"]) == (1, {"reversing": 1})
