"""Closing a day: only when the totals agree with every source; books sealed; what is owed booked."""

import asyncio
from datetime import date, timedelta
from uuid import uuid4

import pytest

from tests.component.funds.world import EXPENDITURE, FISCAL, POOL, World

DAY = date(2010, 3, 1)


async def balances(world: World, book: str) -> dict[str, int]:
    """Balances of a book that are not zero, in fen."""
    rows = await world.rows("SELECT account, posted_fen FROM balance WHERE book = $1 AND posted_fen <> 0", book)
    return {row["account"]: row["posted_fen"] for row in rows}


@pytest.mark.requirement("HL-08", "a day is closed only when the totals of all services agree; differences are named")
async def test_a_difference_is_named_by_day_type_and_amount(world: World) -> None:
    claim = uuid4()
    await world.feed(world.settled(claim, 7000))
    problem = await world.refused("day_totals_differ", f"/days/{DAY}/close", role="county_director")
    assert {e["source"] for e in problem["errors"]} == {"enrollment", "claims"}
    waiting = (await world.get(f"/days/{DAY}/control-totals"))["differences"]
    assert waiting == problem["errors"]
    for one in waiting:
        assert f"POST /{one['source']}/v1/pools/" in one["reason"] and "县合管办负责人" in one["reason"]
    await world.sources_close(DAY, settled=1)
    problem = await world.refused("day_totals_differ", f"/days/{DAY}/close", role="county_director")
    (error,) = problem["errors"]
    assert (error["day"], error["type"]) == ("2010-03-01", "heyi.claims.claim.settled.v1")
    assert (error["difference_count"], error["difference_amount"]) == ("1", "0.00")
    totals = await world.get(f"/days/{DAY}/control-totals")
    assert totals["differences"] == [error]


@pytest.mark.requirement("ZZ-14", "what claims told of a day stands against what settlement knows of its claims")
async def test_an_event_that_never_came_breaks_the_identity_of_the_fund_share(world: World) -> None:
    kept = uuid4()
    await world.feed(world.settled(kept, 7000))
    lost = world.settled(uuid4(), 2500)
    assert (await world.term("c", "settled"), await world.term("c", "settled_open_day")) == ("70.00", "70.00")
    await world.sources_close(DAY)
    (found,) = [i for i in (await world.get("/identities"))["identities"] if not i["ties"]]
    assert (found["code"], found["difference"], found["broken"]) == ("c", "25.00", ["heyi.claims.claim.settled.v1"])
    await world.feed(lost)
    assert (await world.term("c", "settled"), await world.term("c", "settled_closed_days")) == ("95.00", "95.00")


@pytest.mark.requirement("ZZ-14", "what the family account paid counts on both sides of the fund's share")
@pytest.mark.parametrize("decision", ["settled", "approved", "rejected", "returned", "cancelled"])
async def test_money_of_the_family_account_is_told_and_counted_alike(world: World, decision: str) -> None:
    claim = uuid4()
    await world.feed(world.settled(claim, 7000, account=550))
    if decision != "settled":
        await world.feed(getattr(world, decision)(claim))
    assert (await world.term("c", "settled"), await world.term("c", "settled_open_day")) == ("75.50", "75.50")
    await world.sources_close(DAY)
    await world.done(f"/days/{DAY}/close", role="county_director")
    assert (await world.term("c", "settled"), await world.term("c", "settled_closed_days")) == ("75.50", "75.50")


async def test_a_lost_decision_breaks_it_too_though_the_sums_agree(world: World) -> None:
    claim = uuid4()
    await world.feed(world.settled(claim, 7000))
    lost = world.approved(claim)
    await world.sources_close(DAY)
    (found,) = [i for i in (await world.get("/identities"))["identities"] if not i["ties"]]
    assert (found["code"], found["difference"], found["broken"]) == ("c", "0.00", ["heyi.claims.claim.approved.v1"])
    await world.feed(lost)
    assert await world.term("c", "approved") == "70.00"


async def test_a_closed_day_is_sealed_and_what_is_owed_is_booked(world: World) -> None:
    await world.fund("1000.00", "500.00")
    day = world.clock.now().date()
    cutoff, _ = await world.release_claims("70.00", "30.00")
    batch = await world.batch(cutoff)
    await world.feed(world.settled(uuid4(), 1500))
    assert await balances(world, "obligations") == {}
    await world.sources_close(DAY)
    for earlier in range((day - DAY).days):
        await world.sources_close(DAY + timedelta(days=earlier + 1))
    await world.done(f"/days/{day}/close", role="county_director")
    closed = await world.rows("SELECT day FROM day_close ORDER BY day")
    assert [row["day"] for row in closed] == [DAY + timedelta(days=n) for n in range((day - DAY).days + 1)]
    assert await balances(world, "obligations") == {"1301": 11500, "2301.01": 1500, "2301.02": 10000}
    seals = await world.rows("SELECT book, day FROM day_seal WHERE day = $1 ORDER BY book", day)
    assert [row["book"] for row in seals] == ["basic", "obligations", "supplementary"]
    told = await world.rows("SELECT type, count(*) AS n FROM outbox GROUP BY type ORDER BY type")
    assert {row["type"].split(".")[-2] for row in told} == {"closed", "sealed"}
    await world.refused("day_closed_already", f"/days/{day}/close", role="county_director")
    await world.confirm(batch)
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("HL-08", "no day is left out of a close, and the month can be closed afterwards")
async def test_a_close_over_skipped_days_closes_each_of_them(world: World) -> None:
    last = date(2010, 3, 31)
    await world.feed(world.settled(uuid4(), 7000))
    world.clock.set(world.clock.now().replace(day=2))
    await world.feed(world.settled(uuid4(), 900))
    world.clock.set(world.clock.now().replace(day=31))
    for n in range(31):
        await world.sources_close(DAY + timedelta(days=n), settled=1 if n == 1 else 0)
    problem = await world.refused("day_totals_differ", f"/days/{last}/close", role="county_director")
    assert {error["day"] for error in problem["errors"]} == {"2010-03-02"}, "the first day that differs is named"
    assert await world.rows("SELECT 1 FROM day_close") == [], "nothing is closed"
    await world.done(f"/days/{DAY}/close", role="county_director")
    await world.rows("UPDATE published_total SET count = 1 WHERE business_day = $1", date(2010, 3, 2))
    await world.done(f"/days/{last}/close", role="county_director")
    assert len(await world.rows("SELECT 1 FROM day_close")) == 31
    told = await world.rows("SELECT business_day FROM outbox WHERE type = 'heyi.settlement.day.closed.v1' ORDER BY 1")
    assert [row["business_day"] for row in told] == [DAY + timedelta(days=n) for n in range(31)]
    assert (await world.done("/months/2010-03/close", role="county_finance"))["closed_through"] == "2010-03-31"
    owed = await world.rows("SELECT posting_date, value_date FROM voucher WHERE book = 'obligations' ORDER BY number")
    assert [row["value_date"].day for row in owed] == [1, 2], "each day's own changes"
    assert [row["posting_date"] for row in owed] == [row["value_date"] for row in owed], "in the day's own books"


@pytest.mark.requirement("HL-08", "what is owed on a month's last day stands in that month's balance sheet")
async def test_the_last_day_of_a_month_is_in_its_own_balance_sheet(world: World) -> None:
    last = date(2010, 3, 31)
    world.clock.set(world.clock.now().replace(day=31))
    await world.feed(world.settled(uuid4(), 7000), world.settled(uuid4(), 5000))
    await world.sources_close(last)
    world.clock.set(world.clock.now() + timedelta(days=1))
    seal = f"/books/obligations/days/{last}/seal"
    await world.refused("ledger_sealed_by_close", seal, role="county_finance")
    await world.done(f"/days/{last}/close", role="county_director")
    await world.done("/months/2010-03/close", role="county_finance")
    (owed,) = await world.rows("SELECT number, posting_date, reason FROM voucher WHERE book = 'obligations'")
    (sealed,) = await world.rows("SELECT last_number FROM day_seal WHERE book = 'obligations' AND day = $1", last)
    assert (owed["posting_date"], owed["reason"], sealed["last_number"]) == (last, "normal", owed["number"])
    sheet = await world.get("/books/obligations/papers/balance-sheet?from=2010-03-01&to=2010-03-31")
    assert "120.00" in {cell for row in sheet["rows"] for cell in row["cells"]}
    await world.check_books()


async def test_a_claim_of_the_sources_next_day_paid_today_does_not_keep_today_open(world: World) -> None:
    """Claims may have closed the day on its own date: what it approves and releases then counts for tomorrow there."""
    await world.fund()
    world.clock.advance(timedelta(days=1))
    today = world.clock.now().date()
    claim = uuid4()
    await world.feed(world.settled(claim, 7000))
    for n in range((today - DAY).days + 1):
        await world.sources_close(DAY + timedelta(days=n))
    world.ahead = today + timedelta(days=1)
    await world.feed(world.approved(claim))
    cutoff, events = world.cutoff({claim: 7000})
    await world.feed(*events)
    await world.confirm(await world.batch(cutoff))
    assert world.clock.now().date() == today
    await world.done(f"/days/{today}/close", role="county_director")
    assert await balances(world, "obligations") == {}, "owed, approved and paid"
    world.clock.advance(timedelta(days=1))
    await world.sources_close(world.ahead)
    await world.done(f"/days/{world.ahead}/close", role="county_director")
    await world.identities()
    await world.check_books()


async def test_two_closes_at_once_are_one(world: World) -> None:
    await world.sources_close(DAY)
    both = await asyncio.gather(*(world.send(f"/days/{DAY}/close", role="county_director") for _ in range(2)))
    assert sorted(a.status_code for a in both) == [200, 409]


@pytest.mark.requirement("ZZ-10", "premiums of the next year are no income before 1 January")
async def test_next_years_premiums_become_income_in_january(world: World) -> None:
    old_year, new_year = date(2010, 12, 30), date(2010, 12, 31)
    world.clock.set(world.clock.now().replace(month=12, day=30))
    await world.collect("60.00", year=2011)
    sponsorship = await world.sponsor("40.00", year=2011)
    arrival = {"sponsorship_id": str(sponsorship), "amount": "40.00", "bank_reference": "S"}
    await world.arrival("sponsor", arrival | {"arrived_on": "2010-12-30"})
    assert await balances(world, "basic") == {"1002": 4000, "1009.01": 6000, "2101": 10000}
    await world.sources_close(old_year)
    await world.done(f"/days/{old_year}/close", role="county_director")
    assert (await balances(world, "basic"))["2101"] == 10000
    world.clock.set(world.clock.now().replace(year=2011, month=1, day=1))
    await world.sources_close(new_year)
    await world.done(f"/days/{new_year}/close", role="county_director")
    assert await balances(world, "basic") == {"1002": 4000, "1009.01": 6000, "4001": 6000, "4002": 4000}
    assert await world.term("a", "premiums_current") == "60.00"
    await world.check_books()


async def test_a_month_is_closed_when_all_its_days_are(world: World) -> None:
    world.clock.set(world.clock.now().replace(month=3, day=31))
    await world.sources_close(date(2010, 3, 30))
    await world.done("/days/2010-03-30/close", role="county_director")
    problem = await world.refused("month_days_open", "/months/2010-03/close", role="county_finance")
    assert problem["errors"] == [{"day": "2010-03-31"}]
    await world.sources_close(date(2010, 3, 31))
    await world.done("/days/2010-03-31/close", role="county_director")
    assert (await world.done("/months/2010-03/close", role="county_finance"))["closed_through"] == "2010-03-31"
    body = {"level": "city", "coverage_year": 2010, "amount": "1.00", "bank_reference": "L", "arrived_on": "2010-03-31"}
    await world.arrival("subsidy", body)
    late = await world.rows("SELECT reason, posting_date, value_date FROM voucher")
    assert [tuple(row) for row in late] == [("late", date(2010, 4, 1), date(2010, 3, 31))]
    await world.statement(FISCAL, ("in", 100, "L"))
    await world.identities()


async def test_an_event_delivered_again_is_counted_once(world: World) -> None:
    settled = world.settled(uuid4(), 5000)
    await world.feed(settled)
    await world.feed(settled)
    rows = await world.rows("SELECT count, amount_fen FROM control_total WHERE pool_code = $1", POOL)
    assert [tuple(row) for row in rows] == [(1, 5000)]
    assert await world.term("c", "open") == "50.00"


@pytest.mark.requirement("HL-08", "after a keeper sealed the day by hand, journal and book go on with the next")
async def test_the_bank_reconciles_also_where_a_keeper_sealed_the_day_early(world: World) -> None:
    await world.fund("1000.00", "500.00")
    today = world.clock.now().date()
    await world.done(f"/books/basic/days/{today}/seal", role="county_finance")
    await world.paid("70.00")
    (voucher,) = await world.rows("SELECT posting_date FROM voucher WHERE source_event LIKE 'payment:%'")
    (movement,) = await world.rows("SELECT booked_on FROM movement WHERE kind = 'payment:seen'")
    assert movement["booked_on"] == voucher["posting_date"]
    for day in (today, today + timedelta(days=1), voucher["posting_date"]):
        paper = await world.get(f"/bank-accounts/{EXPENDITURE}/reconciliation?at={day}")
        assert paper["ties"], (day, paper)
