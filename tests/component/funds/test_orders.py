"""Money orders: refunds, donations, the risk fund, the books beside the fund's; whose hands, which flows, what ties."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.settlement.ledger.posting import Posting, Voucher, open_books, post
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.kernel.errors import Problem
from tests.component.funds.world import EXPENDITURE, FISCAL, POOL, World, at

SUPPLEMENTARY, ASSISTANCE = "supplementary-1001", "assistance-1001"
BUDGET, COUNTY_BUDGET = "budget-1001", "county_budget-1001"


async def balances(world: World, book: str) -> dict[str, int]:
    """Balances of a book that are not zero, in fen."""
    rows = await world.rows("SELECT account, posted_fen FROM balance WHERE book = $1 AND posted_fen <> 0", book)
    return {row["account"]: row["posted_fen"] for row in rows}


def order(kind: str, amount: str, **more: Any) -> dict[str, Any]:
    """The request of an order."""
    return {"kind": kind, "amount": amount, "reason": "经批准"} | more


async def refund(world: World, bill: str, year: int, amount: str = "60.00", **more: Any) -> dict[str, Any]:
    """A refund that the township applied for."""
    body = order("premium_refund", amount, coverage_year=year, bill_id=bill, **more)
    made: dict[str, Any] = await world.done("/money-orders", body, role="township_clerk")
    return made


async def bill_of(world: World, yuan: str, year: int) -> str:
    """A household's bill that was paid."""
    before = {row["bill_id"] for row in await world.rows("SELECT bill_id FROM premium")}
    await world.collect(yuan, year=year)
    (bill,) = {row["bill_id"] for row in await world.rows("SELECT bill_id FROM premium")} - before
    return str(UUID(bill))


@pytest.mark.requirement("ZZ-10", "a refund passes township, county office and finance and lessens its year's money")
async def test_a_premium_is_refunded_by_three_hands(world: World) -> None:
    await world.fund()
    bill = await bill_of(world, "60.00", 2011)
    made = await refund(world, bill, 2011)
    assert made["status"] == "prepared"
    path = f"/money-orders/{made['id']}/approval"
    await world.refused("order_wrong_hand", path, role="county_finance")
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
    assert bill in str(told[0]["envelope"])
    await world.refused("order_state", path, role="county_finance", subject="another")
    again = order("premium_refund", "0.01", coverage_year=2011, bill_id=bill)
    await world.refused("refund_exceeds_premium", "/money-orders", again, role="township_clerk")
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "a premium of a begun year is refunded for double enrolment or our error only")
async def test_a_begun_year_is_refunded_only_for_a_reason_of_ours(world: World) -> None:
    await world.fund()
    bill = await bill_of(world, "30.00", 2010)
    body = order("premium_refund", "30.00", coverage_year=2010, bill_id=bill)
    await world.refused("refund_year_begun", "/money-orders", body, role="township_clerk")
    elsewhere = {"role": "township_clerk", "areas": ("52242299",)}
    mine = body | {"cause": "double_enrolment"}
    await world.refused("refund_township_not_yours", "/money-orders", mine, **elsewhere)
    made = await refund(world, bill, 2010, "30.00", cause="double_enrolment")
    path = f"/money-orders/{made['id']}"
    await world.done(f"{path}/approval", role="county_director")
    await world.done(f"{path}/approval", role="county_finance")
    assert (await balances(world, "basic")).get("4001") is None, "income of the same coverage year is lessened"
    await world.identities()


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
    assert made["status"] == "booked"
    await world.refused("bank_reference_used", "/money-orders", body, role="county_finance")
    support = order("collective_support", "80.00", party="某某村", bank_reference="FC-1")
    await world.done("/money-orders", support, role="county_finance")
    await world.statement(FISCAL, ("in", 50000, "JZ-1"), ("in", 8000, "FC-1"))
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
    await world.done("/money-orders", back, role="county_finance")
    found = await balances(world, "basic")
    assert (found["3001.02"], found["1201"], found["1002"]) == (10000, 5000, 45000)
    await world.statement(FISCAL, ("out", 6000, sent["reference"]), ("in", 1000, "FX-1"))
    assert (await world.identities())["f"]["ties"]
    await world.check_books()


@pytest.mark.requirement("ZZ-30", "the city's subsidy of the supplementary cover is one yuan a head")
@pytest.mark.requirement("ZZ-09", "supplementary money stands in a book of its own with its own bank account")
async def test_the_supplementary_cover_has_a_book_of_its_own(world: World) -> None:
    premium = order("supplementary_premium", "900.00", coverage_year=2010, head_count=100, bank_reference="BC-1")
    await world.done("/money-orders", premium)
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


async def test_medical_assistance_pays_from_its_own_account(world: World) -> None:
    await world.done("/money-orders", order("assistance_grant", "400.00", bank_reference="YZ-1"), role="county_finance")
    made = await world.done(
        "/money-orders", order("assistance_premiums", "300.00", coverage_year=2010), role="county_finance"
    )
    await world.done(f"/money-orders/{made['id']}/approval", role="county_finance", subject="county_finance-2")
    assert await balances(world, "assistance") == {"1001": 10000, "4001": 40000, "5001": 30000}
    await world.statement(ASSISTANCE, ("in", 40000, "YZ-1"), ("out", 30000, made["reference"]))
    await world.identities()


@pytest.mark.requirement("ZZ-50", "fee, pledge and administration are paid from the budget book alone")
@pytest.mark.requirement("LS-12", "administration money is budget money, outside the fund's books")
@pytest.mark.requirement("WC-12", "a collection bonus is administration money")
@pytest.mark.requirement("WC-17", "start-up and office money sits in the budget book")
async def test_fee_pledge_and_administration_are_budget_money(world: World) -> None:
    grant = order("budget_appropriation", "2800.00", bank_reference="YS-1")
    await world.done("/money-orders", grant, role="city_finance")
    county = order("county_appropriation", "80.00", bank_reference="XJ-1")
    await world.done("/money-orders", county, role="county_finance")
    done: dict[str, str] = {}
    for kind, amount, role, second in (
        ("fee_payment", "2000.00", "city_finance", "city_finance"),
        ("fee_pledge", "500.00", "city_finance", "city_finance"),
        ("pledge_release", "300.00", "city_finance", "city_finance"),
        ("pledge_forfeit", "200.00", "city_finance", "city_finance"),
        ("administration", "50.00", "county_director", "county_finance"),
    ):
        made = await world.done("/money-orders", order(kind, amount, party="对方单位"), role=role)
        await world.done(f"/money-orders/{made['id']}/approval", role=second, subject=f"{second}-2")
        done[kind] = made["reference"]
    assert await balances(world, "budget") == {"1001": 50000, "4001": 280000, "5001": 230000}
    assert await balances(world, "county_budget") == {"1001": 3000, "4001": 8000, "5002": 5000}
    await world.statement(
        BUDGET,
        ("in", 280000, "YS-1"),
        ("out", 200000, done["fee_payment"]),
        ("out", 30000, done["pledge_release"]),
    )
    await world.statement(COUNTY_BUDGET, ("in", 8000, "XJ-1"), ("out", 5000, done["administration"]))
    assert (await world.identities())["f"]["ties"]
    assert await balances(world, "basic") == {}


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
