"""A payable a layer: what the supplementary cover owes is paid from the insurer's premium account, in its own book."""

from typing import Any
from uuid import UUID

import pytest

from shared.kernel.ids import new_id
from tests.component.funds.test_deposits import DIRECTOR, RATE, balance
from tests.component.funds.test_not_executed import APPROVER, REASON, overdue
from tests.component.funds.test_set_off import refused_line
from tests.component.funds.world import EXPENDITURE, HOSPITAL, OTHER_HOSPITAL, World

PREMIUMS = "supplementary-1001"


async def insured(world: World, premiums: str = "9000.00") -> None:
    """The fund has money, and so has the insurer's premium account."""
    await world.fund()
    body = {
        "bank_name": "中国工商银行郑州分行",
        "bank_ownership": "state_owned",
        "holder_name": "某保险公司补充医疗保费专户",
        "account_number": "62220001001",
    }
    await world.done(f"/bank-accounts/{PREMIUMS}", body, role="insurer_finance", method="PUT")
    order = {
        "kind": "supplementary_premium",
        "amount": premiums,
        "coverage_year": 2010,
        "head_count": int(float(premiums)) // 9,
        "bank_reference": "BX1",
        "reason": "收取保费",
    }
    await world.receive(order)
    await world.statement(PREMIUMS, ("in", int(float(premiums) * 100), "BX1"))


async def released(world: World, benefit: int, above: int, hospital: str = HOSPITAL) -> tuple[UUID, UUID]:
    """A claim of two layers settled, approved and released; its cut-off and its id."""
    claim = new_id(world.clock.now())
    world.above[claim] = {"supplementary": above}
    await world.feed(world.settled(claim, benefit, hospital))
    await world.feed(world.approved(claim, 0, hospital))
    cutoff, events = world.cutoff({claim: benefit}, hospital)
    await world.feed(*events)
    return cutoff, claim


async def prepared(world: World, cutoff: UUID, layer: str) -> Any:
    return await world.done("/batches", {"cutoff_ids": [str(cutoff)], "layer": layer})


async def pay(world: World, batch: Any, account: str) -> Any:
    batch = await world.release(batch)
    lines = [("out", int(i["amount"].replace(".", "")), i["end_to_end_id"]) for i in batch["instructions"]]
    await world.statement(account, *lines)
    return batch


@pytest.mark.requirement("ZZ-38", "the supplementary layer of a claim is paid by the insurer's own account and book")
@pytest.mark.requirement("ZZ-23", "the two layers of one claim are two payables, two payments and two books")
async def test_each_layer_is_paid_from_its_own_account(world: World) -> None:
    await insured(world)
    cutoff, claim = await released(world, 13_000_00, 3_000_00)
    await world.identities()
    basic, above = await prepared(world, cutoff, "basic"), await prepared(world, cutoff, "supplementary")
    assert (basic["amount"], above["amount"]) == ("10000.00", "3000.00")
    await world.refused("cutoff_batched", "/batches", {"cutoff_ids": [str(cutoff)], "layer": "supplementary"})
    await pay(world, basic, EXPENDITURE)
    await world.identities()
    await pay(world, above, PREMIUMS)
    statuses = await world.rows("SELECT layer, status FROM payable WHERE claim_id = $1 ORDER BY layer", claim)
    assert [tuple(row) for row in statuses] == [("basic", "paid"), ("supplementary", "paid")]
    assert await balance(world, "supplementary", "1001") == 9_000_00 - 3_000_00
    assert await balance(world, "supplementary", "5001") == 3_000_00
    assert await balance(world, "basic", "5001.01") == 10_000_00
    assert await world.term("d", "confirmed") == "13000.00"
    assert await world.term("e", "paid_not_applied") == "10000.00", "only the fund's lines are replenished"
    file = await world.client.get(
        f"/v1/pools/522422/batches/{above['id']}/file", headers=world.tokens.headers("insurer_finance")
    )
    assert "补充医疗保险赔付款 1 笔" in file.text
    assert "某保险公司补充医疗保费专户" in file.text
    await world.check_books()


async def test_a_payment_of_the_insurer_bounces_and_is_paid_again(world: World) -> None:
    await insured(world)
    cutoff, _ = await released(world, 13_000_00, 3_000_00)
    batch = await pay(world, await prepared(world, cutoff, "supplementary"), PREMIUMS)
    (first,) = batch["instructions"]
    await world.statement(PREMIUMS, ("in", 3_000_00, first["end_to_end_id"]))
    assert await balance(world, "supplementary", "5001") == 0
    assert await world.term("d", "bounced") == "3000.00"
    again = await world.done(f"/payments/{first['id']}/repayment")
    assert again["layer"] == "supplementary"
    await pay(world, again, PREMIUMS)
    assert await balance(world, "supplementary", "5001") == 3_000_00
    await world.identities()


async def test_a_batch_of_the_insurer_is_given_up(world: World) -> None:
    await insured(world, "4500.00")
    cutoff, _ = await released(world, 13_000_00, 3_000_00)
    batch = await prepared(world, cutoff, "supplementary")
    more, _ = await released(world, 13_000_00, 3_000_00)
    await world.refused("ledger_overdrawn", "/batches", {"cutoff_ids": [str(more)], "layer": "supplementary"})
    await world.done(f"/batches/{batch['id']}/cancellation", {"reason": "有误"})
    await prepared(world, more, "supplementary")
    rows = await world.get("/cutoffs?open=true&layer=supplementary")
    assert [row["id"] for row in rows["items"]] == [str(cutoff)]
    assert {row["id"] for row in (await world.get("/cutoffs?open=true"))["items"]} == {str(cutoff), str(more)}


async def test_what_is_owed_to_the_fund_is_not_set_off_against_the_insurer(world: World) -> None:
    await insured(world)
    receivable = await refused_line(world)
    cutoff, _ = await released(world, 13_000_00, 3_000_00)
    body = {"cutoff_ids": [str(cutoff)], "layer": "supplementary", "set_off": [{"receivable_id": receivable}]}
    problem = await world.refused("set_off_invalid", "/batches", body)
    assert receivable in problem["detail"]
    of_fund = await world.done("/batches", body | {"layer": "basic"})
    assert of_fund["instructions"][0]["set_off"] != "0.00", "the fund's own batch takes it"
    none, _ = await world.release_claims("5.00", hospital=OTHER_HOSPITAL)
    await world.refused("nothing_to_pay", "/batches", {"cutoff_ids": [str(none)], "layer": "supplementary"})


async def test_a_deposit_is_withheld_of_the_fund_alone(world: World) -> None:
    await insured(world)
    await world.done(f"/institutions/{HOSPITAL}/deposit-rate", RATE, method="PUT", **DIRECTOR)
    cutoff, _ = await released(world, 13_000_00, 3_000_00)
    basic, above = await prepared(world, cutoff, "basic"), await prepared(world, cutoff, "supplementary")
    assert (basic["instructions"][0]["withheld"], above["instructions"][0]["withheld"]) == ("1000.00", "0.00")


async def test_a_second_payment_of_the_insurer_is_owed_to_the_insurer(world: World) -> None:
    """Declared not executed by two persons, paid again, and executed all the same: a receivable in the insurer's book,
    which its account gets back; the fund's identities never see it."""
    await insured(world)
    cutoff, _ = await released(world, 13_000_00, 3_000_00)
    batch = await world.release(await prepared(world, cutoff, "supplementary"))
    first = await overdue(world, batch)
    await world.statement(PREMIUMS)
    path = f"/payments/{first['id']}/non-execution"
    await world.done(path, REASON)
    await world.done(f"{path}/confirmation", **APPROVER)
    again = await world.done(f"/payments/{first['id']}/repayment")
    await pay(world, again, PREMIUMS)
    await world.statement(PREMIUMS, ("out", 3_000_00, first["end_to_end_id"]))
    assert await balance(world, "supplementary", "1101") == 3_000_00
    assert await world.term("e", "paid_twice") == "0.00"
    (owed,) = await world.rows("SELECT reference FROM receivable")
    await world.statement(PREMIUMS, ("in", 3_000_00, owed["reference"]))
    assert await balance(world, "supplementary", "1101") == 0
    assert await balance(world, "supplementary", "1001") == 9_000_00 - 3_000_00
    await world.identities()


ASSISTANCE, FINANCE = "assistance-1001", {"role": "county_finance"}


async def granted(world: World, yuan: str = "5000.00") -> None:
    """Medical assistance has an account with its keeper, the finance bureau, and money in it."""
    body = {
        "bank_name": "中国工商银行大方支行",
        "bank_ownership": "state_owned",
        "holder_name": "大方县医疗救助资金专户",
        "account_number": "62220001002",
    }
    await world.done(f"/bank-accounts/{ASSISTANCE}", body, method="PUT", **FINANCE)
    order = {"kind": "assistance_grant", "amount": yuan, "bank_reference": "YZ1", "reason": "拨入救助资金"}
    await world.receive(order, **FINANCE)
    await world.statement(ASSISTANCE, ("in", int(float(yuan) * 100), "YZ1"))


async def assisted(world: World, fen: int) -> UUID:
    """A released claim of which medical assistance pays a part; its cut-off."""
    claim = new_id(world.clock.now())
    world.above[claim] = {"assistance": fen}
    await world.feed(world.settled(claim, 10_000_00 + fen))
    await world.feed(world.approved(claim))
    cutoff, events = world.cutoff({claim: 10_000_00 + fen})
    await world.feed(*events)
    return cutoff


async def assistance_batch(world: World, cutoff: UUID) -> Any:
    """Prepared and released by two persons of the finance bureau."""
    batch = await world.done("/batches", {"cutoff_ids": [str(cutoff)], "layer": "assistance"}, **FINANCE)
    return await world.release(batch, "county_finance", "county_finance-2")


@pytest.mark.requirement("ZZ-38", "assistance that bounces is owed again, and paid again by its own keeper")
async def test_assistance_bounces_and_is_paid_again(world: World) -> None:
    await granted(world)
    cutoff = await assisted(world, 800_00)
    (payment,) = (await assistance_batch(world, cutoff))["instructions"]
    await world.statement(ASSISTANCE, ("out", 800_00, payment["end_to_end_id"]))
    assert await balance(world, "assistance", "5002") == 800_00
    await world.statement(ASSISTANCE, ("in", 800_00, payment["end_to_end_id"]))
    assert await balance(world, "assistance", "5002") == 0
    assert await world.term("d", "bounced") == "800.00"
    repayment = f"/payments/{payment['id']}/repayment"
    await world.refused("keeper_only", repayment)
    again = await world.done(repayment, **FINANCE)
    await world.refused("keeper_only", f"/batches/{again['id']}/cancellation", {"reason": "有误"})
    await world.refused("keeper_only", f"/batches/{again['id']}/release", role="insurer_approver")
    again = await world.release(again, "county_finance", "county_finance-2")
    (second,) = again["instructions"]
    assert second["replaces"] == payment["id"]
    await world.refused("keeper_only", f"/batches/{again['id']}/dispatch")
    await world.done(f"/batches/{again['id']}/dispatch", **FINANCE)
    await world.statement(ASSISTANCE, ("out", 800_00, second["end_to_end_id"]))
    assert await balance(world, "assistance", "5002") == 800_00
    assert await balance(world, "assistance", "1001") == 4_200_00
    await world.refused("nothing_to_replenish", "/replenishments", {})
    await world.identities()


async def test_assistance_is_declared_not_executed_by_its_keeper(world: World) -> None:
    await granted(world)
    batch = await assistance_batch(world, await assisted(world, 800_00))
    payment = await overdue(world, batch)
    await world.statement(ASSISTANCE)
    path = f"/payments/{payment['id']}/non-execution"
    await world.refused("keeper_only", path, REASON)
    await world.done(path, REASON, **FINANCE)
    await world.refused("keeper_only", f"{path}/confirmation", **APPROVER)
    await world.refused("four_eyes", f"{path}/confirmation", **FINANCE)
    await world.done(f"{path}/confirmation", **FINANCE, subject="county_finance-2")
    await world.done(f"/payments/{payment['id']}/repayment", **FINANCE)
    await world.identities()


async def test_a_layer_without_money_is_not_paid(world: World) -> None:
    cutoff = await assisted(world, 800_00)
    body = {"cutoff_ids": [str(cutoff)], "layer": "assistance"}
    await world.refused("ledger_overdrawn", "/batches", body, **FINANCE)
    await granted(world, "799.99")
    await world.refused("ledger_overdrawn", "/batches", body, **FINANCE)
    rows = await world.get("/cutoffs?open=true&layer=assistance")
    assert [row["id"] for row in rows["items"]] == [str(cutoff)]


@pytest.mark.requirement(
    "ZZ-23", "where the pool bears the risk of critical illness, its surplus comes back to the fund"
)
async def test_the_surplus_of_critical_illness_comes_back(world: World) -> None:
    account = "critical_illness-1001"
    await world.fund()
    body = {"bank_name": "工行", "bank_ownership": "other", "holder_name": "大病专户", "account_number": "62220001003"}
    path = f"/bank-accounts/{account}"
    await world.refused("bank_not_state_owned", path, body, method="PUT")
    await world.done(path, body | {"bank_ownership": "state_owned"}, method="PUT")
    year = {"coverage_year": 2010, "reason": "大病保险"}
    made = await world.done(
        "/money-orders", year | {"kind": "critical_illness_premium_paid", "amount": "3000.00"}, role="county_recheck"
    )
    await world.refused("order_wrong_hand", f"/money-orders/{made['id']}/approval")
    paid = await world.done(f"/money-orders/{made['id']}/approval", **FINANCE)
    await world.statement("1002", ("out", 3_000_00, paid["reference"]))
    came = year | {"kind": "critical_illness_premium", "amount": "3000.00", "bank_reference": "DB1"}
    await world.receive(came)
    await world.statement(account, ("in", 3_000_00, "DB1"))
    made = await world.done("/money-orders", year | {"kind": "critical_illness_surplus_paid", "amount": "400.00"})
    await world.done(f"/money-orders/{made['id']}/approval", role="insurer_manager")
    back = await world.done(f"/money-orders/{made['id']}/approval", subject="insurer_finance-2")
    await world.statement(account, ("out", 400_00, back["reference"]))
    surplus = year | {"kind": "critical_illness_surplus", "amount": "400.00", "bank_reference": "JY1"}
    await world.receive(surplus, **FINANCE)
    await world.statement("1002", ("in", 400_00, "JY1"))
    assert await balance(world, "basic", "5001.06") == 2_600_00, "what the cover cost the fund"
    assert await balance(world, "critical_illness", "4001") == 2_600_00
    assert await balance(world, "critical_illness", "1001") == 2_600_00
    await world.identities()
