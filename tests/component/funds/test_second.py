"""Second compensation in the books: to persons' accounts, by batch and statement, unclaimed after its day."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.settlement.payouts.payees import person
from shared.contracts.claims import CampaignPaymentReleased
from shared.kernel.ids import new_id
from tests.component.funds.test_deposits import balance
from tests.component.funds.test_not_executed import APPROVER, REASON, overdue
from tests.component.funds.world import EXPENDITURE, POOL, TOWNSHIP, World

CLAIM_BY = date(2010, 3, 20)
LAYER = "second_compensation"


async def compensated(world: World, *fen: int, campaign: UUID | None = None) -> tuple[UUID, dict[UUID, str]]:
    """A campaign of the year before releases its payments; each with the code of its person."""
    now = world.clock.now()
    campaign, made = campaign or new_id(now), {}
    for amount in fen:
        payment, member = new_id(now), new_id(now)
        made[payment] = person(member)
        told = CampaignPaymentReleased(
            payment_id=payment,
            campaign_id=campaign,
            member_id=member,
            household_id=new_id(now),
            township_code=TOWNSHIP,
            benefit_year=2009,
            amount=amount,
            at=now,
            document_number="合管委〔2010〕2号",
            claim_by=CLAIM_BY,
            payer="新农合基金",
        )
        await world.feed(world.delivery(told, str(payment), amount))
    return campaign, made


async def account(world: World, code: str, number: int = 1) -> None:
    body = {
        "payee_name": f"王某{number}",
        "bank_name": "大方县农村信用社",
        "account_number": f"62170000000{number:02d}",
    }
    await world.payee(code, body)


async def prepared(world: World, *payments: UUID) -> Any:
    return await world.done("/batches", {"cutoff_ids": [str(one) for one in payments], "layer": LAYER})


async def states(world: World, campaign: UUID) -> dict[str, str]:
    answer = await world.get(f"/second-compensations/{campaign}")
    return {one["status"]: one["amount"] for one in answer["states"]}


async def told(world: World, noun: str) -> list[str]:
    kind = f"heyi.settlement.payment.{noun}.v1"
    return [row["subject"] for row in await world.rows("SELECT subject FROM outbox WHERE type = $1", kind)]


@pytest.mark.requirement("ZA-23", "second compensation is paid to persons' accounts and booked apart, by year of care")
async def test_it_is_paid_to_persons_and_reported_by_year_of_care(world: World) -> None:
    await world.fund()
    campaign, made = await compensated(world, 4_175_30, 600_00)
    first, second = made
    assert await world.term("d", "second_compensation") == "4775.30"
    refused = await world.refused("payee_missing", "/batches", {"cutoff_ids": [str(first)], "layer": LAYER})
    assert made[first] in refused["detail"]
    await account(world, made[first])
    await world.refused("cutoff_not_received", "/batches", {"cutoff_ids": [str(first)]})
    batch = await world.release(await prepared(world, first))
    assert (batch["layer"], batch["amount"], batch["instructions"][0]["institution_code"]) == (
        LAYER,
        "4175.30",
        made[first],
    )
    await world.confirm(batch)
    assert await states(world, campaign) == {"open": "600.00", "paid": "4175.30"}
    assert await told(world, "confirmed") == [f"{first}:{LAYER}"]
    assert await balance(world, "basic", "5001.05") == 4_175_30
    assert await world.term("e", "paid_not_applied") == "4175.30", "the fund's money is replenished"
    open_ones = await world.get(f"/cutoffs?open=true&layer={LAYER}")
    assert [one["id"] for one in open_ones["items"]] == [str(second)]
    assert (await world.get("/cutoffs?open=true"))["items"] == []
    spent = await world.rows(
        "SELECT c.benefit_year, sum(l.sign * l.amount_fen)::bigint AS fen FROM paid_line l "
        "JOIN claim_state c USING (pool_code, claim_id) GROUP BY 1"
    )
    assert [tuple(row) for row in spent] == [(2009, 4_175_30)], "paid in 2010, of the year of care 2009"
    files = await world.client.get(
        f"/v1/pools/{POOL}/batches/{batch['id']}/file", headers=world.tokens.headers("insurer_finance")
    )
    assert "大病二次补偿款 1 笔" in files.text
    await world.check_books()


async def test_a_bounce_and_what_nobody_claims(world: World) -> None:
    await world.fund()
    campaign, made = await compensated(world, 4_175_30, 600_00, 80_00)
    first, second, third = made
    for number, code in enumerate(made.values(), 1):
        await account(world, code, number)
    batch = await world.release(await prepared(world, first, second))
    await world.confirm(batch)
    (bad,) = [one for one in batch["instructions"] if one["institution_code"] == made[second]]
    await world.statement(EXPENDITURE, ("in", 600_00, bad["end_to_end_id"]))
    assert await states(world, campaign) == {"bounced": "600.00", "open": "80.00", "paid": "4175.30"}
    path = f"/second-compensations/{campaign}/unclaimed"
    director = {"role": "county_director"}
    await world.refused("nothing_unclaimed", path, **director)
    await world.refused("forbidden_role", path, role="insurer_finance")
    world.clock.advance(timedelta(days=30))
    await world.refused("claim_day_over", "/batches", {"cutoff_ids": [str(third)], "layer": LAYER})
    await world.refused("claim_day_over", f"/payments/{bad['id']}/repayment")
    answer = await world.done(path, **director)
    assert answer == {"payments": 2, "amount": "680.00"}
    assert sorted(await told(world, "unclaimed")) == sorted(f"{one}:{LAYER}" for one in (second, third))
    assert await states(world, campaign) == {"paid": "4175.30", "unclaimed": "680.00"}
    assert await world.term("d", "second_compensation") == "4175.30"
    await world.refused("nothing_unclaimed", path, **director)
    rows = await world.rows("SELECT debit, credit, amount_fen FROM obligation_day ORDER BY business_day, debit, credit")
    owed = sum(row["amount_fen"] * ((row["credit"] == "2301.02") - (row["debit"] == "2301.02")) for row in rows)
    assert owed == 0, "what is paid or given up is owed no more"
    await world.check_books()


async def test_a_person_paid_twice_owes_it(world: World) -> None:
    await world.fund()
    _, made = await compensated(world, 600_00)
    ((payment, code),) = made.items()
    await account(world, code)
    first = await overdue(world, await world.release(await prepared(world, payment)))
    await world.statement(EXPENDITURE)
    path = f"/payments/{first['id']}/non-execution"
    await world.done(path, REASON)
    await world.done(f"{path}/confirmation", **APPROVER)
    again = await world.release(await world.done(f"/payments/{first['id']}/repayment"))
    await world.confirm(again)
    await world.statement(EXPENDITURE, ("out", 600_00, first["end_to_end_id"]))
    (owed,) = await world.rows("SELECT bearer, amount_fen FROM receivable")
    assert tuple(owed) == ("patient", 600_00)
    await world.identities()


async def test_executed_after_it_was_given_up(world: World) -> None:
    """Declared not executed, returned as unclaimed, and shown by the bank all the same: it is owed again and paid."""
    await world.fund()
    campaign, made = await compensated(world, 600_00)
    ((payment, code),) = made.items()
    await account(world, code)
    first = await overdue(world, await world.release(await prepared(world, payment)))
    await world.statement(EXPENDITURE)
    path = f"/payments/{first['id']}/non-execution"
    await world.done(path, REASON)
    await world.done(f"{path}/confirmation", **APPROVER)
    world.clock.advance(timedelta(days=30))
    await world.done(f"/second-compensations/{campaign}/unclaimed", role="county_director")
    await world.identities()
    await world.statement(EXPENDITURE, ("out", 600_00, first["end_to_end_id"]))
    assert await states(world, campaign) == {"paid": "600.00"}
    assert await world.term("d", "confirmed") == "600.00"
    assert await balance(world, "basic", "5001.05") == 600_00
    await world.check_books()
