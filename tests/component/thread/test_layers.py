"""One claim over four layers, from the bedside to four banks: basic ▸ critical illness ▸ supplementary ▸ assistance,
each paid by its own keeper from its own account in its own book (rulings §3, §5; decision 0180)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.claims.benefits.library import loaded, text_of
from shared.contracts.enrollment import GroupStart, LayerStart
from shared.kernel.money import parse_yuan
from tests.component.funds.test_deposits import balance
from tests.component.funds.world import EXPENDITURE, FISCAL, World
from tests.component.thread.county import COUNTY_HOSPITAL, POOL, TOWNSHIP_HOSPITAL, County, Prepared, open_county
from tests.support.postgres import TestPostgres
from tests.support.tokens import TestTokens

POLICY = text_of("henan-2014-layers").replace("effective_from: 2014-10-01", "effective_from: 2010-01-15")
AMOUNTS = {
    "basic": "100000.00",
    "critical_illness": "45195.00",
    "supplementary": "22042.00",
    "assistance": "23144.10",
}
"""Of 200,300.00 at a county hospital, by hand: tests/spec/henan-2014-layers.yaml."""
BENEFIT = "190381.10"
CRITICAL, PREMIUMS, ASSISTANCE = "critical_illness-1001", "supplementary-1001", "assistance-1001"
FINANCE = {"role": "county_finance"}


@dataclass(frozen=True)
class Payer:
    """Who pays a layer from which account, who releases it, and what it is booked on."""

    account: str
    book: str
    expense: str
    enters: str
    releases: str


INSURER = ("insurer_finance", "insurer_approver")
PAYERS = {
    "basic": Payer(EXPENDITURE, "basic", "5001.01", *INSURER),
    "critical_illness": Payer(CRITICAL, "critical_illness", "5001", *INSURER),
    "supplementary": Payer(PREMIUMS, "supplementary", "5001", *INSURER),
    "assistance": Payer(ASSISTANCE, "assistance", "5002", "county_finance", "county_finance"),
}


@pytest.fixture
async def county(postgres: TestPostgres, tokens: TestTokens, prepared: Prepared) -> AsyncIterator[County]:
    async with open_county(postgres, tokens, prepared) as county:
        yield county


async def decide(county: County) -> None:
    """The four layers in force, accepted by name."""
    path, headers = f"/pools/{POOL}/policies", {"Content-Type": "application/yaml"}
    made = await county.care.call("insurer_manager", "POST", path, content=POLICY.encode(), headers=headers)
    assert made.status_code == 201, made.text
    path = f"{path}/{made.json()['id']}"
    assert (await county.care.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {
        "document_number": "大合管〔2010〕4号",
        "decided_on": "2010-01-10",
        "accept_illustrative": list(loaded("henan-2014-layers").policy.illustrative),
    }
    answer = await county.care.call("county_director", "POST", f"{path}/decision", json=decision)
    assert answer.status_code == 200, answer.text


async def member(county: County) -> UUID:
    """On the minimum living allowance, and joined to the supplementary cover."""
    since, group = (
        date(2010, 1, 1),
        GroupStart(group="dibao", valid_from=date(2010, 1, 1), recorded_seq=1, state="member"),
    )
    joined = LayerStart(layer="supplementary", valid_from=since, recorded_seq=1, state="joined")
    told = county.care.coverage(groups=(group,)).model_copy(update={"layers": [joined]})
    await county.care.tell(told)
    return told.member_id


async def release(county: County, claim: dict[str, Any]) -> UUID:
    """Reviewed, released in a cut-off, and told to settlement; the cut-off."""
    path = f"/pools/{POOL}/claims/{claim['claim_id']}/approval"
    approved = await county.care.call("insurer_reviewer", "POST", path, json={})
    assert approved.status_code == 200, approved.text
    body = {"institution_code": COUNTY_HOSPITAL, "up_to": "2010-03-31"}
    made = await county.care.call("insurer_approver", "POST", f"/pools/{POOL}/cutoffs", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["amount"] == BENEFIT
    await county.collect()
    await county.money.feed(*county.pending)
    return UUID(made.json()["cutoff_id"])


async def account(world: World, code: str, holder: str, role: str) -> None:
    """A bank account of a layer, registered by its keeper."""
    body = {
        "bank_name": "中国工商银行大方支行",
        "bank_ownership": "state_owned",
        "holder_name": holder,
        "account_number": f"6222000900{len(code):04d}{len(holder):04d}",
    }
    await world.done(f"/bank-accounts/{code}", body, role=role, method="PUT")


async def arrived(world: World, code: str, kind: str, amount: str, role: str, **more: Any) -> None:
    """Money recorded by its keeper and shown by the bank."""
    order = {"kind": kind, "amount": amount, "reason": "拨入", "bank_reference": f"LS-{kind}"} | more
    await world.receive(order, role=role)
    await world.statement(code, ("in", parse_yuan(amount), order["bank_reference"]))


async def endow(world: World) -> None:
    """The accounts of the three layers above have money: from the fund, the members and the treasury."""
    await account(world, CRITICAL, "某保险公司大病保险资金专户", "insurer_finance")
    await account(world, PREMIUMS, "某保险公司补充医疗保费专户", "insurer_finance")
    await account(world, ASSISTANCE, "大方县医疗救助资金专户", "county_finance")
    order = {
        "kind": "critical_illness_premium_paid",
        "amount": "500000.00",
        "coverage_year": 2010,
        "reason": "大病保费",
    }
    made = await world.done("/money-orders", order, role="county_recheck")
    paid = await world.done(f"/money-orders/{made['id']}/approval", **FINANCE)
    await world.statement(FISCAL, ("out", 500_000_00, paid["reference"]))
    await arrived(world, CRITICAL, "critical_illness_premium", "500000.00", "insurer_finance", coverage_year=2010)
    await arrived(
        world, PREMIUMS, "supplementary_premium", "90000.00", "insurer_finance", coverage_year=2010, head_count=10_000
    )
    await arrived(world, ASSISTANCE, "assistance_grant", "60000.00", "county_finance")


async def pay(world: World, cutoff: UUID, layer: str) -> dict[str, Any]:
    """A layer's batch, prepared and released by its keeper's two persons, shown by its bank."""
    payer = PAYERS[layer]
    body = {"cutoff_ids": [str(cutoff)], "layer": layer}
    others = {one.enters for one in PAYERS.values()} - {payer.enters}
    for other in others:
        await world.refused("keeper_only", "/batches", body, role=other)
    batch = await world.done("/batches", body, role=payer.enters)
    await world.refused("four_eyes" if payer.enters == payer.releases else "forbidden_role",
                        f"/batches/{batch['id']}/release", role=payer.enters)  # fmt: skip
    for other in {one.releases for one in PAYERS.values()} - {payer.releases}:
        await world.refused("keeper_only", f"/batches/{batch['id']}/release", role=other)
    batch = await world.release(batch, payer.releases, f"{payer.releases}-2")
    path = f"/v1/pools/{POOL}/batches/{batch['id']}/file"
    file = await world.client.get(path, headers=world.tokens.headers(payer.enters))
    assert file.status_code == 200, file.text
    for other in others:
        assert (await world.client.get(path, headers=world.tokens.headers(other))).json()["code"] == "keeper_only"
    (payment,) = batch["instructions"]
    assert (payment["layer"], payment["account"], payment["amount"]) == (layer, payer.account, AMOUNTS[layer])
    await world.statement(payer.account, ("out", parse_yuan(payment["amount"]), payment["end_to_end_id"]))
    return dict(batch)


@pytest.mark.requirement(
    "ZZ-23", "over HTTP: one claim of four layers, four payables, each paid from its own account and book"
)
@pytest.mark.requirement("ZZ-38", "critical illness and assistance are paid to the hospital by their own payers")
@pytest.mark.requirement("ZZ-09", "critical illness and assistance money stand in books of their own")
async def test_four_layers_are_paid_by_four_payers(county: County) -> None:
    money = county.money
    await decide(county)
    claim = await county.care.settled(await member(county), "200300.00")
    assert claim["benefit"] == BENEFIT
    assert {one["layer"]: one["amount"] for one in claim["layers"]} == AMOUNTS
    bearers = {one["layer"]: one["risk_bearer"] for one in claim["layers"]}
    assert bearers == {
        "basic": "pool", "critical_illness": "insurer", "supplementary": "insurer", "assistance": "government",
    }  # fmt: skip
    cutoff = await release(county, claim)
    await endow(money)
    await money.identities()
    spent = await balance(money, "basic", "5001.01")
    payments = {}
    for layer in AMOUNTS:
        before = await balance(money, PAYERS[layer].book, "1001" if layer != "basic" else EXPENDITURE)
        (payments[layer],) = (await pay(money, cutoff, layer))["instructions"]
        fen, payer = parse_yuan(AMOUNTS[layer]), PAYERS[layer]
        now = await balance(money, payer.book, "1001" if layer != "basic" else EXPENDITURE)
        assert before - now == fen, "from its own account"
        paid = await balance(money, payer.book, payer.expense)
        assert paid - (spent if layer == "basic" else 0) == fen, "in its own book"
        await money.identities()
    assert sum(parse_yuan(p["amount"]) for p in payments.values()) == parse_yuan(claim["benefit"]), "the slip's sum"
    assert await money.term("e", "paid_not_applied") == AMOUNTS["basic"], "only the fund's lines are replenished"
    applied = await money.done("/replenishments", {})
    assert applied["applied"] == AMOUNTS["basic"]
    await reads(money, claim["claim_id"], payments)
    await money.check_books()


async def reads(world: World, claim: str, payments: dict[str, Any]) -> None:
    """The hospital's statement by payer and the claims of each payment, and each book's papers and report."""
    first, last = world.clock.now().replace(day=1).date(), world.clock.now().date()
    path = f"/institutions/{COUNTY_HOSPITAL}/payments?from={first}&to={last}"
    told = await world.get(path, "hospital", institutions=(COUNTY_HOSPITAL,))
    assert told["paid"] == BENEFIT
    assert [(p["layer"], p["account"], p["paid"]) for p in told["payers"]] == [
        (layer, PAYERS[layer].account, amount) for layer, amount in AMOUNTS.items()
    ]
    for layer, payment in payments.items():
        claims = f"/payments/{payment['id']}/claims"
        (one,) = (await world.get(claims, "hospital", institutions=(COUNTY_HOSPITAL,)))["items"]
        assert (one["claim_id"], one["layer"], one["amount"]) == (claim, layer, AMOUNTS[layer])
        headers = world.tokens.headers("hospital", institutions=(TOWNSHIP_HOSPITAL,))
        other = await world.client.get(f"/v1/pools/{POOL}{claims}", headers=headers)
        assert other.json()["code"] == "instruction_unknown", "another hospital's payment is not seen"
        assert (await world.get(claims, "insurance_regulator"))["items"]
    month = await world.get(f"/months/{last:%Y-%m}/report", "auditor")
    assert set(month["books"]) == {"basic", "obligations", "critical_illness", "supplementary", "assistance"}
    for book in ("critical_illness", "supplementary", "assistance"):
        paper = await world.get(f"/books/{book}/papers/trial-balance?from={first}&to={last}", "city_health")
        assert paper["ties"] is True
        report = await world.get(f"/books/{book}/years/2010/report", "city_finance")
        assert {one["code"]: one["amount"] for one in report["totals"]}["benefits"] == AMOUNTS[book]
        assert [one["code"] for one in report["ratios"]] == ["loss_ratio"]
        refused = await world.client.get(
            f"/v1/pools/{POOL}/books/{book}/years/2010/report",
            headers=world.tokens.headers("hospital", institutions=(COUNTY_HOSPITAL,)),
        )
        assert refused.json()["code"] == "forbidden_role", "a hospital reads no book"
