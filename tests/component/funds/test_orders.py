"""Money orders: refunds, donations, the risk fund, the books beside the fund's; whose hands, which flows, what ties."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.settlement.ledger.posting import Posting, Voucher, open_books, post
from shared.contracts import claims
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.kernel.errors import Problem
from shared.kernel.ids import new_id
from tests.component.funds.world import EXPENDITURE, FISCAL, POOL, World, at

SUPPLEMENTARY, ASSISTANCE = "supplementary-1001", "assistance-1001"
BUDGET, COUNTY_BUDGET = "budget-1001", "county_budget-1001"
CITY = "522400"
"""A city's code, under which its budget book stands."""


async def balances(world: World, book: str) -> dict[str, int]:
    """Balances of a book that are not zero, in fen."""
    rows = await world.rows("SELECT account, posted_fen FROM balance WHERE book = $1 AND posted_fen <> 0", book)
    return {row["account"]: row["posted_fen"] for row in rows}


def order(kind: str, amount: str, **more: Any) -> dict[str, Any]:
    """The request of an order."""
    return {"kind": kind, "amount": amount, "reason": "经批准"} | more


async def refund(world: World, bill: UUID, year: int, amount: str = "60.00", cause: str = "withdrawn") -> Any:
    """The order of a refund that the township applied for."""
    refund_id = await world.refund_applied(bill, year, amount, cause)
    items = (await world.get("/money-orders?kind=premium_refund"))["items"]
    return next(item for item in items if item["id"] == str(refund_id))


async def bill_of(world: World, yuan: str, year: int) -> UUID:
    """A household's bill that was paid."""
    return world.receipts[await world.collect(yuan, year=year)][0]


@pytest.mark.requirement("ZZ-10", "a refund passes township, county office and finance and lessens its year's money")
async def test_a_premium_is_refunded_by_three_hands(world: World) -> None:
    await world.fund()
    bill = await bill_of(world, "60.00", 2011)
    made = await refund(world, bill, 2011)
    assert (made["status"], made["prepared_by"], made["party"]) == ("prepared", "township_clerk-1", "52242201")
    path = f"/money-orders/{made['id']}/approval"
    await world.refused("order_wrong_hand", path, role="county_finance")
    await world.refused("four_eyes", path, role="county_recheck", subject="township_clerk-1")
    checked = await world.done(path, role="county_recheck")
    assert (checked["status"], checked["checked_by"]) == ("checked", "county_recheck-1")
    await world.refused("order_wrong_hand", path, role="county_director")
    booked = await world.done(path, role="county_finance")
    assert (booked["status"], booked["debit"]) == ("booked", "2101")
    assert (await balances(world, "basic")).get("2101") is None, "nothing is left to become income"
    assert await world.term("b", "fiscal_other_outflow") == "60.00"
    await world.statement(FISCAL, ("out", 6000, booked["reference"]))
    assert (await world.get("/open-items?account=1002"))["in_book_not_at_bank"] == []
    told = await world.rows("SELECT envelope FROM outbox WHERE type = 'heyi.settlement.premium.refunded.v1'")
    assert len(told) == 1
    assert str(bill) in str(told[0]["envelope"])
    await world.refused("order_state", path, role="county_finance", subject="another")
    again = await refund(world, bill, 2011, "0.01")
    path = f"/money-orders/{again['id']}/approval"
    await world.refused("refund_exceeds_premium", path, role="county_recheck")
    here = order("premium_refund", "0.01", coverage_year=2011, bill_id=str(bill))
    await world.refused("order_applied_elsewhere", "/money-orders", here, role="county_finance")
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "a premium of a begun year is refunded for double enrolment or our error only")
async def test_a_begun_year_is_refunded_only_for_a_reason_of_ours(world: World) -> None:
    await world.fund()
    bill = await bill_of(world, "30.00", 2010)
    early = await refund(world, bill, 2010, "30.00")
    path = f"/money-orders/{early['id']}"
    await world.refused("refund_year_begun", f"{path}/approval", role="county_director")
    await world.done(f"{path}/refusal", {"reason": "年度已开始"}, role="county_director")
    told = await world.rows("SELECT envelope FROM outbox WHERE type = 'heyi.settlement.premium.refund_refused.v1'")
    assert [early["id"] in str(row["envelope"]) for row in told] == [True]
    made = await refund(world, bill, 2010, "30.00", cause="double_enrolment")
    path = f"/money-orders/{made['id']}"
    await world.done(f"{path}/approval", role="county_director")
    await world.done(f"{path}/approval", role="county_finance")
    assert (await balances(world, "basic")).get("4001") is None, "income of the same coverage year is lessened"
    await world.identities()


@pytest.mark.requirement("ZZ-10", "a receipt voided before its money is remitted was never income of any year")
async def test_a_receipt_is_voided_while_the_township_holds_its_money(world: World) -> None:
    kept, gone = await world.collect("40.00"), await world.collect("30.00")
    later = await world.collect("60.00", year=2011)
    await world.void(gone)
    await world.void(later)
    assert await balances(world, "basic") == {"1009.01": 4000, "4001": 4000}
    assert await world.term("a", "premiums_current") == "40.00"
    assert await world.term("a", "temporary_receipts") == "0.00"
    bill = world.receipts[gone][0]
    order_id = await world.refund_applied(bill, 2010, "30.00", "own_error")
    await world.refused("refund_exceeds_premium", f"/money-orders/{order_id}/approval", role="county_recheck")
    assert world.receipts[kept][0] != bill
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "what a refund finds spent of the family account is owed by the household")
async def test_an_overspent_family_account_is_owed_to_the_fund(world: World) -> None:
    await world.fund()
    refund_id, household = new_id(world.clock.now()), new_id(world.clock.now())
    told = claims.FamilyAccountOverspent(
        refund_id=refund_id, household_id=household, year=2010, amount=1200, at=world.clock.now()
    )
    await world.feed(world.delivery(told, str(refund_id), 1200))
    (owed,) = (await world.get("/receivables?open=true"))["items"]
    assert (owed["origin"], owed["bearer"], owed["household_id"]) == ("family_account", "patient", str(household))
    found = await balances(world, "basic")
    assert (found["1101"], found["5002"]) == (1200, -1200)
    assert await world.term("e", "recoveries_open") == "12.00"
    await world.statement(FISCAL, ("in", 1200, owed["reference"]))
    assert await world.term("b", "recovered_to_fiscal") == "12.00"
    assert (await world.get("/receivables?open=true"))["items"] == []
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "a refund applied for before its year is not booked once the year has begun")
async def test_a_refund_is_not_booked_once_its_year_has_begun(world: World) -> None:
    await world.fund()
    bill = await bill_of(world, "60.00", 2011)
    made = await refund(world, bill, 2011)
    ours = await refund(world, await bill_of(world, "30.00", 2011), 2011, "30.00", cause="own_error")
    for order_id in (made["id"], ours["id"]):
        await world.done(f"/money-orders/{order_id}/approval", role="county_recheck")
    before = await balances(world, "basic")
    world.clock.set(at("2011-01-01T09:00"))
    path = f"/money-orders/{made['id']}"
    await world.refused("refund_year_begun", f"{path}/approval", role="county_finance")
    assert await balances(world, "basic") == before
    assert await world.rows("SELECT 1 FROM outbox WHERE type = 'heyi.settlement.premium.refunded.v1'") == []
    refused = await world.done(f"{path}/refusal", {"reason": "年度已开始"}, role="county_recheck")
    assert refused["status"] == "refused"
    booked = await world.done(f"/money-orders/{ours['id']}/approval", role="county_finance")
    assert booked["status"] == "booked", "an error of ours is made good in any year"


@pytest.mark.requirement("ZZ-14", "a refund that the bank sends back is in the fund again, paid once more, told once")
async def test_a_payment_of_an_order_that_comes_back(world: World) -> None:
    await world.fund("1000.00", "500.00")
    made = await refund(world, await bill_of(world, "60.00", 2011), 2011)
    path = f"/money-orders/{made['id']}"
    await world.done(f"{path}/approval", role="county_recheck")
    paid = await world.done(f"{path}/approval", role="county_finance")
    await world.refused("order_not_returned", f"{path}/return", role="county_finance")
    await world.refused("order_wrong_hand", f"{path}/return", role="county_director")
    await world.statement(FISCAL, ("out", 6000, paid["reference"]), ("in", 6000, paid["reference"]))
    both = await asyncio.gather(*(world.send(f"{path}/return", role="county_finance") for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 409], [answer.text for answer in both]
    found = await balances(world, "basic")
    assert (found["2101"], found["1002"]) == (6000, 50000)
    assert (await world.get("/open-items?account=1002"))["at_bank_not_in_book"] == []
    assert await world.term("b", "fiscal_other_outflow") == "0.00"
    again = await world.done(f"{path}/approval", role="county_finance", subject="county_finance-2")
    assert (again["status"], again["reference"] != paid["reference"]) == ("booked", True)
    await world.statement(FISCAL, ("out", 6000, again["reference"]))
    assert (await balances(world, "basic")).get("2101") is None
    told = await world.rows("SELECT 1 FROM outbox WHERE type = 'heyi.settlement.premium.refunded.v1'")
    assert len(told) == 1
    await world.identities()
    await world.check_books()


async def test_a_refused_order_moves_nothing(world: World) -> None:
    await world.fund()
    bill = await bill_of(world, "30.00", 2011)
    made = await refund(world, bill, 2011, "30.00")
    path = f"/money-orders/{made['id']}"
    before = await balances(world, "basic")
    refused = await world.done(f"{path}/refusal", {"reason": "材料不全"}, role="county_recheck")
    assert (refused["status"], refused["refusal"]) == ("refused", "材料不全")
    await world.refused("order_state", f"{path}/approval", role="county_recheck")
    assert await balances(world, "basic") == before
    assert (await refund(world, bill, 2011, "30.00"))["status"] == "prepared", "it may be applied for again"


@pytest.mark.requirement("ZZ-11", "donations and support reach the fund's own account and are shown by the bank")
async def test_donations_and_support_arrive(world: World) -> None:
    body = order("donation", "500.00", party="某某企业", bank_reference="JZ-1", value_date="2010-03-01")
    await world.refused("order_incomplete", "/money-orders", body | {"party": None}, role="county_finance")
    made = await world.done("/money-orders", body, role="county_finance")
    assert made["status"] == "prepared"
    await world.refused("bank_reference_used", "/money-orders", body, role="county_finance")
    path = f"/money-orders/{made['id']}/approval"
    await world.refused("four_eyes", path, role="county_finance")
    await world.refused("order_wrong_hand", path, role="county_director")
    assert await balances(world, "basic") == {}, "one person alone books no fen"
    assert (await world.done(path, role="county_finance", subject="county_finance-2"))["status"] == "booked"
    ((preparer, checker),) = await world.rows("SELECT preparer, checker FROM voucher WHERE book = 'basic'")
    assert (preparer, checker) == ("county_finance-1", "county_finance-2")
    support = order("collective_support", "80.00", party="某某村", bank_reference="FC-1")
    waits = await world.done("/money-orders", support, role="county_finance")
    await world.statement(FISCAL, ("in", 50000, "JZ-1"), ("in", 8000, "FC-1"))
    assert (await balances(world, "basic"))["1002"] == 50000
    path = f"/money-orders/{waits['id']}/approval"
    await world.done(path, role="county_finance", subject="county_finance-2")
    assert await balances(world, "basic") == {"1002": 58000, "4003": 8000, "4006": 50000}
    assert await world.term("b", "fiscal_other_income") == "580.00"
    assert (await world.get("/open-items"))["at_bank_not_in_book"] == []


@pytest.mark.requirement("DF-01", "the risk fund grows to its ceiling, is handed up and comes back by permitted flows")
async def test_the_risk_fund_stops_at_its_ceiling(world: World) -> None:
    await world.fund("1000.00", "500.00")
    too_much = order("risk_fund_set_aside", "100.01", coverage_year=2010)
    problem = await world.refused("risk_fund_ceiling", "/money-orders", too_much, role="county_director")
    assert "100.00" in problem["detail"]
    made = await world.done("/money-orders", too_much | {"amount": "100.00"}, role="county_director")
    deposit = order("risk_fund_deposit", "60.00")
    await world.refused("risk_fund_not_set_aside", "/money-orders", deposit, role="county_finance")
    await world.done(f"/money-orders/{made['id']}/approval", role="county_finance")
    sent = await world.done("/money-orders", deposit, role="county_finance")
    await world.refused("four_eyes", f"/money-orders/{sent['id']}/approval", role="county_finance")
    await world.done(f"/money-orders/{sent['id']}/approval", role="county_finance", subject="county_finance-2")
    back = order("risk_fund_return", "10.00", bank_reference="FX-1")
    await world.receive(back, role="county_finance")
    found = await balances(world, "basic")
    assert (found["3001.02"], found["1201"], found["1002"]) == (10000, 5000, 45000)
    await world.statement(FISCAL, ("out", 6000, sent["reference"]), ("in", 1000, "FX-1"))
    assert (await world.identities())["f"]["ties"]
    await world.check_books()


@pytest.mark.requirement(
    "CQ-09", "subsidies of urban residents arrive in their own fund, by level, at their own account"
)
@pytest.mark.requirement("CQ-07", "one office books both funds, each with its own bank account that is reconciled")
async def test_money_of_urban_residents_stays_theirs(world: World) -> None:
    await world.fund("1000.00", "500.00")
    before = await balances(world, "basic")
    for n, (level, amount) in enumerate((("central", "70.00"), ("county", "20.00"))):
        body = order(f"urban_subsidy_{level}", amount, coverage_year=2010, bank_reference=f"CZ-{n}")
        await world.receive(body, role="county_finance")
    assert await balances(world, "urban") == {"1002": 9000, "4004.01": 7000, "4004.04": 2000}
    assert await balances(world, "basic") == before
    await world.statement("urban-1002", ("in", 7000, "CZ-0"), ("in", 2000, "CZ-1"))
    assert (await world.identities())["f"]["ties"]
    report = await world.get("/books/urban/years/2010/report")
    sources = {line["code"]: line["amount"] for line in report["sources"]}
    assert sources == {"account:4004.01": "70.00", "account:4004.04": "20.00"}


@pytest.mark.requirement("ZZ-30", "the city's subsidy of the supplementary cover is one yuan a head")
@pytest.mark.requirement("ZZ-09", "supplementary money stands in a book of its own with its own bank account")
async def test_the_supplementary_cover_has_a_book_of_its_own(world: World) -> None:
    premium = order("supplementary_premium", "900.00", coverage_year=2010, head_count=100, bank_reference="BC-1")
    await world.receive(premium)
    wrong = order("supplementary_subsidy", "90.00", coverage_year=2010, head_count=100)
    await world.refused("supplementary_subsidy_not_per_head", "/money-orders", wrong, role="city_finance")
    made = await world.done("/money-orders", wrong | {"amount": "100.00"}, role="city_finance")
    await world.done(f"/money-orders/{made['id']}/approval")
    paid = await world.done("/money-orders", order("supplementary_benefit", "250.00", party="理赔 1 号"))
    path = f"/money-orders/{paid['id']}/approval"
    await world.done(path, role="insurer_approver")
    await world.refused("four_eyes", path)
    await world.done(path, subject="insurer_finance-2")
    assert await balances(world, "supplementary") == {"1001": 75000, "4001": 90000, "4002": 10000, "5001": 25000}
    await world.statement(
        SUPPLEMENTARY, ("in", 90000, "BC-1"), ("in", 10000, made["reference"]), ("out", 25000, paid["reference"])
    )
    assert (await world.identities())["f"]["ties"]
    assert await balances(world, "basic") == {}, "not a fen of it is the fund's"
    report = await world.get("/books/supplementary/years/2010/report", role="insurance_regulator")
    assert {one["code"]: one["amount"] for one in report["sources"]} == {
        "account:4001": "900.00", "account:4002": "100.00",
    }  # fmt: skip
    (ratio,) = report["ratios"]
    told = (ratio["code"], ratio["value"], ratio["numerator"], ratio["denominator"])
    assert told == ("loss_ratio", "0.2500", "benefits", "raised")


async def test_medical_assistance_pays_from_its_own_account(world: World) -> None:
    await world.receive(order("assistance_grant", "400.00", bank_reference="YZ-1"), role="county_finance")
    made = await world.done(
        "/money-orders", order("assistance_premiums", "300.00", coverage_year=2010), role="county_finance"
    )
    await world.done(f"/money-orders/{made['id']}/approval", role="county_finance", subject="county_finance-2")
    assert await balances(world, "assistance") == {"1001": 10000, "4001": 40000, "5001": 30000}
    await world.statement(ASSISTANCE, ("in", 40000, "YZ-1"), ("out", 30000, made["reference"]))
    await world.identities()


async def fee(world: World, prefix: str, role: str, pool: str) -> dict[str, str]:
    """A fee paid up front, kept as pledge, released and forfeited in part: the references of what left the bank."""
    done: dict[str, str] = {}
    for kind, amount in (
        ("fee_payment", "2000.00"),
        ("fee_pledge", "500.00"),
        ("pledge_release", "300.00"),
        ("pledge_forfeit", "200.00"),
    ):
        body = order(prefix + kind, amount, party="某某保险公司")
        made = await world.done("/money-orders", body, role=role, pool=pool)
        path = f"/money-orders/{made['id']}/approval"
        await world.refused("four_eyes", path, role=role, pool=pool)
        await world.done(path, role=role, subject=f"{role}-2", pool=pool)
        done[kind] = made["reference"]
    return done


@pytest.mark.requirement(
    "ZZ-50", "fee and pledge stand in the city's budget book under the city's own code, in no pool"
)
async def test_the_city_pays_the_fee_under_its_own_code(world: World) -> None:
    grant = order("budget_appropriation", "2800.00", bank_reference="YS-1")
    await world.refused("order_not_of_payer", "/money-orders", grant, role="city_finance")
    await world.receive(grant, role="city_finance", pool=CITY)
    done = await fee(world, "", "city_finance", CITY)
    sql = "SELECT pool_code, book, account, posted_fen FROM balance WHERE book = 'budget' AND posted_fen <> 0"
    found = {(r["pool_code"], r["account"]): r["posted_fen"] for r in await world.rows(sql)}
    assert found == {(CITY, "1001"): 50000, (CITY, "4001"): 280000, (CITY, "5001"): 230000}
    await world.statement(
        BUDGET,
        ("in", 280000, "YS-1"),
        ("out", 200000, done["fee_payment"]),
        ("out", 30000, done["pledge_release"]),
        pool=CITY,
    )
    headers = world.tokens.headers("auditor", pools=(CITY,))
    told = (await world.client.get(f"/v1/pools/{CITY}/identities", headers=headers)).json()
    assert told["ties"], told
    assert await balances(world, "basic") == {}
    donation = order("donation", "1.00", party="某某企业", bank_reference="JZ-1")
    await world.refused("order_not_of_payer", "/money-orders", donation, role="county_finance", pool=CITY)


@pytest.mark.requirement("ZZ-50", "a county that pays the fee itself pays it from its own budget book")
@pytest.mark.requirement("LS-12", "administration money is budget money, outside the fund's books")
@pytest.mark.requirement("WC-12", "a collection bonus is administration money")
@pytest.mark.requirement("WC-17", "start-up and office money sits in the budget book")
async def test_a_county_pays_fee_and_administration_from_its_budget(world: World) -> None:
    county = order("county_appropriation", "2880.00", bank_reference="XJ-1")
    await world.receive(county, role="county_finance")
    done = await fee(world, "county_", "county_finance", POOL)
    made = await world.done("/money-orders", order("administration", "50.00", party="某某村"), role="county_director")
    await world.done(f"/money-orders/{made['id']}/approval", role="county_finance")
    assert await balances(world, "county_budget") == {"1001": 53000, "4001": 288000, "5001": 230000, "5002": 5000}
    await world.statement(
        COUNTY_BUDGET,
        ("in", 288000, "XJ-1"),
        ("out", 200000, done["fee_payment"]),
        ("out", 30000, done["pledge_release"]),
        ("out", 5000, made["reference"]),
    )
    assert (await world.identities())["f"]["ties"]
    assert await balances(world, "basic") == {}
    assert await balances(world, "budget") == {}


async def two_hands(world: World, body: dict[str, Any], role: str) -> Any:
    """An order of the fund prepared, and booked by another person of the finance bureau."""
    made = await world.done("/money-orders", body, role=role)
    return await world.done(f"/money-orders/{made['id']}/approval", role="county_finance", subject="county_finance-2")


@pytest.mark.requirement("DF-01", "the risk fund's ceiling holds when it is booked, not only when it was asked for")
async def test_the_ceiling_is_that_of_the_books_when_the_order_is_booked(world: World) -> None:
    await world.fund("1000.00", "500.00")
    told = {"level": "central", "coverage_year": 2010, "amount": "9000.00", "bank_reference": "CZ-9"}
    arrived = await world.arrival("subsidy", told | {"arrived_on": f"{world.clock.now():%Y-%m-%d}"})
    body = order("risk_fund_set_aside", "100.00", coverage_year=2010)
    first, second = [await world.done("/money-orders", body, role="county_recheck") for _ in range(2)]
    wrong = {"reason": "重复登记", "document": "大财更〔2010〕9号"}
    path = f"/arrivals/{arrived['id']}/reversal"
    await world.done(path, wrong, role="county_finance")
    await world.done(f"{path}/approval", role="county_finance", subject="county_finance-2")
    await world.done(f"/money-orders/{first['id']}/approval", role="county_finance")
    await world.refused("risk_fund_ceiling", f"/money-orders/{second['id']}/approval", role="county_finance")
    assert (await balances(world, "basic"))["3001.02"] == 10000, "ten per cent of what really came"
    await world.done(f"/money-orders/{second['id']}/refusal", {"reason": "超过上限"}, role="county_finance")


@pytest.mark.requirement("DF-01", "the province never keeps more of the risk fund than is set aside")
async def test_what_is_at_the_province_comes_back_before_it_is_used(world: World) -> None:
    await world.fund("1000.00", "500.00")
    await two_hands(world, order("risk_fund_set_aside", "100.00", coverage_year=2010), "county_recheck")
    waits = await world.done("/money-orders", order("risk_fund_deposit", "60.00"), role="county_finance")
    use = order("risk_fund_use", "40.00", party="县合管委〔2010〕5号")
    await world.refused("risk_fund_at_province", "/money-orders", use | {"amount": "40.01"}, role="county_recheck")
    used = await world.done("/money-orders", use, role="county_recheck")
    deposit = order("risk_fund_deposit", "0.01")
    await world.refused("risk_fund_not_set_aside", "/money-orders", deposit, role="county_finance")
    for made in (used, waits):
        path = f"/money-orders/{made['id']}/approval"
        await world.done(path, role="county_finance", subject="county_finance-2")
    problem = await world.refused("risk_fund_at_province", "/money-orders", use, role="county_recheck")
    assert "60.00" in problem["detail"], "what the province keeps"
    await world.receive(order("risk_fund_return", "60.00", bank_reference="FX-1"), role="county_finance")
    await two_hands(world, use | {"amount": "60.00"}, "county_recheck")
    found = await balances(world, "basic")
    assert ("3001.02" in found, "1201" in found) == (False, False)
    await world.check_books()


@pytest.mark.requirement("DF-01", "the risk fund is used by two hands: it goes back to the pooled fund, never out")
async def test_the_risk_fund_is_used(world: World) -> None:
    await world.fund("1000.00", "500.00")
    body = order("risk_fund_set_aside", "100.00", coverage_year=2010)
    aside = await world.done("/money-orders", body, role="county_director")
    await world.done(f"/money-orders/{aside['id']}/approval", role="county_finance")
    use = order("risk_fund_use", "100.01", party="县合管委〔2010〕5号")
    await world.refused("risk_fund_at_province", "/money-orders", use, role="county_director")
    made = await world.done("/money-orders", use | {"amount": "40.00"}, role="county_director")
    await world.done(f"/money-orders/{made['id']}/approval", role="county_finance")
    found = await balances(world, "basic")
    assert (found["3001.02"], found["3001.01"]) == (6000, -6000)
    await world.check_books()


@pytest.mark.requirement("ZZ-50", "the database refuses every way from the fund's book to a fee, a wage or the budget")
@pytest.mark.parametrize(
    ("book", "debit", "credit", "code"),
    [
        ("basic", "5002", "1002", "ledger_flow_not_permitted"),
        ("basic", "5001", "1001.02", "ledger_flow_not_permitted"),
        ("basic", "2301", "1002", "ledger_flow_not_permitted"),
        ("basic", "5001.01", "1002", "ledger_flow_not_permitted"),
        ("budget", "5001", "1002", "ledger_flow_not_permitted"),
        ("budget", "1001", "4004.01", "ledger_flow_not_permitted"),
    ],
)
async def test_no_fund_account_reaches_the_budget(world: World, book: str, debit: str, credit: str, code: str) -> None:
    await world.fund()
    engine = create_engine(world.database.app, pool_size=1)
    day = date(2010, 3, 2)
    voucher = Voucher(book, "x", day, day, "管理费", "a", "b", "c", (Posting(debit, credit, 100),))
    try:
        async with transaction(engine, Scope("county_finance", (POOL,))) as conn:
            await open_books(conn, POOL, books=("budget",))
        with pytest.raises(Problem) as refused:
            async with transaction(engine, Scope("service", (POOL,))) as conn:
                await post(conn, POOL, [voucher])
        assert refused.value.kind.code == code
    finally:
        await engine.dispose()


@pytest.mark.requirement("ZZ-12", "an account of the fund is never at another bank; the insurer's own account may be")
async def test_only_accounts_of_the_fund_need_a_state_bank(world: World) -> None:
    body = {
        "bank_name": "某股份制银行",
        "bank_ownership": "other",
        "holder_name": "保险公司",
        "account_number": "6222000100000009",
    }
    await world.refused("bank_not_state_owned", f"/bank-accounts/{EXPENDITURE}", body, method="PUT")
    finance = {"role": "county_finance", "method": "PUT"}
    await world.refused("bank_not_state_owned", f"/bank-accounts/{ASSISTANCE}", body, **finance)
    await world.done(f"/bank-accounts/{SUPPLEMENTARY}", body, method="PUT")


@pytest.mark.requirement(
    "ZZ-35", "a voucher that people recorded wrongly is reversed once, by two of its keeper's hands"
)
async def test_a_wrong_receipt_is_reversed_by_two_and_recorded_again(world: World) -> None:
    await world.fund("1000.00", "500.00")
    wrong = order("donation", "1000.00", party="某某企业", bank_reference="JZ-1")
    made = await world.receive(wrong, role="county_finance")
    path, told = f"/money-orders/{made['id']}/reversal", {"reason": "金额多录一个零", "document": "大财更〔2010〕3号"}
    await world.refused("order_reversal_none", f"{path}/approval", role="county_finance")
    await world.refused("order_wrong_hand", path, told, role="county_director")
    proposed = await world.done(path, told, role="county_finance")
    assert (proposed["status"], proposed["reversal_by"]) == ("booked", "county_finance-1")
    assert (await balances(world, "basic"))["4006"] == 100000, "a proposal moves nothing"
    await world.refused("order_reversal_waits", path, told, role="county_finance", subject="county_finance-2")
    await world.refused("four_eyes", f"{path}/approval", role="county_finance")
    at_the_end = world.clock.now().date()
    before = await world.get(f"/bank-accounts/{FISCAL}/reconciliation?at={at_the_end}")
    assert [row["cells"][5] for row in before["rows"] if row["cells"][2] == "JZ-1"] == ["1000.00"]
    reversed_ = await world.done(f"{path}/approval", role="county_finance", subject="county_finance-2")
    assert (reversed_["status"], reversed_["reversed_by"]) == ("reversed", "county_finance-2")
    assert (reversed_["reversal_reason"], reversed_["reference"]) == ("金额多录一个零", "JZ-1")
    for again in (path, f"{path}/approval", f"{path}/refusal"):
        body = None if again.endswith("approval") else told if again == path else {"reason": "x"}
        await world.refused("order_state", again, body, role="county_finance", subject="county_finance-2")
    assert "4006" not in await balances(world, "basic")
    (first, second) = await world.rows(
        "SELECT number, reason, reversal_of, preparer, checker, text FROM voucher"
        " WHERE source_event LIKE 'order:%' ORDER BY number"
    )
    assert (second["reason"], second["reversal_of"]) == ("reversal", first["number"])
    assert (second["preparer"], second["checker"]) == ("county_finance-1", "county_finance-2")
    assert "大财更〔2010〕3号" in second["text"]
    right = await world.receive(wrong | {"amount": "100.00"}, role="county_finance")
    await world.statement(FISCAL, ("in", 10000, "JZ-1"))
    assert (await world.get("/open-items")) == {
        "at_bank_not_in_book": [],
        "in_book_not_at_bank": [],
        "next_cursor": None,
    }
    after = await world.get(f"/bank-accounts/{FISCAL}/reconciliation?at={at_the_end}")
    assert after["ties"]
    assert [row["cells"][5] for row in after["rows"] if row["cells"][2] == "JZ-1"] == ["100.00"], "not the wrong one"
    assert (await world.identities())["f"]["ties"]
    listed = (await world.get("/money-orders?status=reversed"))["items"]
    assert [item["id"] for item in listed] == [made["id"]]
    seen = await world.send(f"/money-orders/{right['id']}/reversal", told, role="county_finance")
    assert seen.json()["code"] == "order_at_bank"
    await world.check_books()


@pytest.mark.requirement("ZZ-35", "what moves within a book is reversed by its hands; a payment comes back by the bank")
async def test_a_move_between_funds_is_reversed_and_a_payment_is_not(world: World) -> None:
    await world.fund("1000.00", "500.00")
    told = {"reason": "比例有误", "document": "大农合〔2010〕8号"}
    body = order("inpatient_pool_allocation", "300.00", coverage_year=2010)
    made = await world.done("/money-orders", body, role="county_director")
    path = f"/money-orders/{made['id']}/reversal"
    await world.refused("order_state", path, told, role="county_director")
    await world.done(f"/money-orders/{made['id']}/approval", role="county_finance")
    await world.done(path, told, role="county_director")
    declined = await world.done(f"{path}/refusal", {"reason": "金额无误"}, role="county_finance")
    assert (declined["status"], declined["reversal_by"]) == ("booked", None)
    await world.done(path, told, role="county_director")
    await world.refused("forbidden_role", f"{path}/approval", role="county_director", subject="county_director-2")
    await world.done(f"{path}/approval", role="county_finance")
    assert "3001.03" not in await balances(world, "basic")
    aside = order("risk_fund_set_aside", "50.00", coverage_year=2010)
    risk = await world.done("/money-orders", aside, role="county_director")
    await world.done(f"/money-orders/{risk['id']}/approval", role="county_finance")
    sent = await world.done("/money-orders", order("risk_fund_deposit", "20.00"), role="county_finance")
    await world.done(f"/money-orders/{sent['id']}/approval", role="county_finance", subject="county_finance-2")
    for one in (risk, sent):
        await world.refused("order_not_reversible", f"/money-orders/{one['id']}/reversal", told, role="county_finance")
    await world.refused("order_unknown", f"/money-orders/{new_id(world.clock.now())}/reversal", told)
    assert (await world.identities())["f"]["ties"]
    await world.check_books()


async def next_years(world: World, kind: str, role: str, **more: Any) -> Any:
    """90.00 for 2011 that arrive in December 2010; the booked order."""
    body = order(kind, "90.00", coverage_year=2011, bank_reference=f"X-{kind}", value_date="2010-12-20", **more)
    return await world.receive(body, role=role)


async def new_year(world: World) -> None:
    """Closes 31 December on 2 January."""
    world.clock.set(at("2011-01-02T09:00"))
    for day in range(20, 32):
        await world.sources_close(date(2010, 12, day))
    await world.done("/days/2010-12-31/close", role="county_director")


@pytest.mark.requirement("CQ-09", "money for a later coverage year is a temporary receipt of its book until 1 January")
async def test_money_of_a_later_year_is_no_income_of_this_one(world: World) -> None:
    world.clock.set(at("2010-12-20T09:00"))
    urban = await next_years(world, "urban_subsidy_central", "county_finance")
    await next_years(world, "supplementary_premium", "insurer_finance", head_count=10)
    await next_years(world, "critical_illness_premium", "insurer_finance")
    ours = order("urban_subsidy_county", "7.00", coverage_year=2010, bank_reference="X-7", value_date="2010-12-20")
    await world.receive(ours, role="county_finance")
    assert urban["credit"] == "2101"
    assert await balances(world, "urban") == {"1002": 9700, "2101": 9000, "4004.04": 700}
    for name in ("supplementary", "critical_illness"):
        assert await balances(world, name) == {"1001": 9000, "2101": 9000}
    await new_year(world)
    assert await balances(world, "urban") == {"1002": 9700, "3001.01": 700, "4004.01": 9000}
    for name in ("supplementary", "critical_illness"):
        assert await balances(world, name) == {"1001": 9000, "4001": 9000}
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "a temporary receipt recorded wrongly is reversed, also when its year has begun")
@pytest.mark.parametrize("begun", [False, True])
async def test_a_wrong_temporary_receipt_is_reversed(world: World, begun: bool) -> None:
    world.clock.set(at("2010-12-20T09:00"))
    made = await next_years(world, "supplementary_premium", "insurer_finance", head_count=10)
    kept = order("supplementary_premium", "30.00", coverage_year=2011, bank_reference="X-2", head_count=5)
    await world.receive(kept | {"value_date": "2010-12-20"}, role="insurer_finance")
    if begun:
        await new_year(world)
    told = {"reason": "重复登记", "document": "保险〔2011〕1号"}
    path = f"/money-orders/{made['id']}/reversal"
    await world.done(path, told, role="insurer_finance")
    await world.done(f"{path}/approval", role="insurer_approver")
    assert await balances(world, "supplementary") == {"1001": 3000, "4001" if begun else "2101": 3000}
    if not begun:
        await new_year(world)
        assert await balances(world, "supplementary") == {"1001": 3000, "4001": 3000}, "the other one alone"
    await world.check_books()


@pytest.mark.requirement("DF-01", "nothing is set aside for a year that has not begun")
async def test_nothing_is_set_aside_for_a_later_year(world: World) -> None:
    await world.fund("1000.00", "500.00")
    early = order("inpatient_pool_allocation", "10.00", coverage_year=2011)
    await world.refused("allocation_of_later_year", "/money-orders", early, role="county_recheck")


BREAKS = ("\n", "\t", "\r", "\u0085", "\u2028", "\u0001", "\x1f", "\x7f", "\uffff")


async def test_a_text_that_no_voucher_can_hold_is_refused_by_the_first_hand(world: World) -> None:
    """Copied from a sheet: no route edits an order, so the second person could only turn it down."""
    given = order("donation", "10.00", party="某某企业 贵州", bank_reference="JZ-1")
    made = await world.receive(given, role="county_finance")
    path, told = f"/money-orders/{made['id']}/reversal", {"reason": "两行\n原因", "document": "大财更 3号"}
    for one in BREAKS:
        for where, body, member in (("/money-orders", given, "party"), (path, told, "document")):
            wrong = body | {member: f"大财{one}更"}
            problem = await world.refused("invalid_request", where, wrong, role="county_finance")
            (error,) = problem["errors"]
            assert error["at"] == f"body.{member}" and "换行" in error["reason"], problem
    await world.done(path, told, role="county_finance")


@pytest.mark.requirement("ZZ-31", "a payment file is never unreadable for a character in a name")
async def test_a_name_holds_no_control_character(world: World) -> None:
    body = {"payee_name": "大方县医院", "bank_name": "农行大方支行", "account_number": "9559900000000009"}
    for one in BREAKS:
        for member in ("payee_name", "bank_name"):
            wrong = body | {member: f"医院{one}分院"}
            await world.refused("invalid_request", "/payees/H52242200009", wrong, role="county_director", method="PUT")
    await world.done("/payees/H52242200009", body, role="county_director", method="PUT")
