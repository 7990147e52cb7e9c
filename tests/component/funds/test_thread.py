"""The thread of the money: collected, remitted, subsidised, advanced, paid, applied for, replenished."""

import pytest

from shared.kernel.money import parse_yuan
from tests.component.funds.world import EXPENDITURE, FISCAL, HOSPITAL, INCOME, OTHER_HOSPITAL, POOL, World


@pytest.mark.requirement("ZZ-14", "money moves along the ring alone, and every identity ties at every step")
async def test_premiums_travel_to_the_fiscal_account(world: World) -> None:
    await world.collect("120.00")
    await world.collect("60.00", year=2011)
    assert await world.term("a", "township_held") == "180.00"
    assert await world.term("a", "premiums_next_year") == "60.00"
    remitted, reference = world.remittance("100.00")
    await world.feed(remitted)
    assert await world.term("a", "township_to_income") == "100.00"
    await world.statement(INCOME, ("in", 10000, reference))
    assert await world.term("a", "income_account") == "100.00"
    made = await world.done("/transfers", {"kind": "income_to_fiscal", "amount": "90.00"}, role="county_recheck")
    await world.done(f"/transfers/{made['id']}/release", role="county_director")
    assert await world.term("a", "income_to_fiscal") == "90.00"
    await world.arrive(made, released=True)
    assert await world.term("b", "income_arrived") == "90.00"
    ring = {node["account"]: node["balance"] for node in (await world.get("/money-ring"))["nodes"]}
    assert (ring["1009.01"], ring["1003"], ring["1002"]) == ("80.00", "10.00", "90.00")
    await world.check_books()


async def test_a_remittance_told_after_the_bank_showed_it_is_matched(world: World) -> None:
    await world.collect("100.00")
    remitted, reference = world.remittance("100.00")
    answer = await world.statement(INCOME, ("in", 10000, reference))
    assert (answer["matched"], answer["open"]) == (0, 1)
    await world.identities()
    await world.feed(remitted)
    assert (await world.get("/open-items"))["at_bank_not_in_book"] == []
    assert await world.term("a", "income_account") == "100.00"


@pytest.mark.requirement("ZZ-28", "arrival rate of a subsidy level with its denominator: audited heads times standard")
async def test_subsidies_and_sponsors_arrive(world: World) -> None:
    await world.due("central", "6000.00", heads=100)
    sponsorship = await world.sponsor("300.00")
    await world.fund("1500.00", advance="500.00")
    body = {"sponsorship_id": str(sponsorship), "amount": "300.00", "bank_reference": "SP1", "arrived_on": "2010-03-01"}
    await world.arrival("sponsor", body)
    again = body | {"bank_reference": "SP2", "amount": "0.01"}
    await world.refused("sponsorship_exceeded", "/sponsor-arrivals", again, role="county_finance")
    level = (await world.get("/subsidies/2010"))["levels"][0]
    assert (level["due"], level["arrived"], level["arrival_rate"]) == ("6000.00", "1500.00", "0.2500")
    assert "×" in level["denominator"]
    await world.statement(FISCAL, ("in", 30000, "SP1"))
    assert await world.term("b", "sponsors_arrived") == "300.00"


@pytest.mark.requirement("ZZ-31", "the advance is issued, spent, applied for and restored, and always accounted for")
@pytest.mark.requirement("ZA-10", "apply, re-check, approve, transfer: each by another person")
async def test_hospitals_are_paid_and_the_account_is_replenished(world: World) -> None:
    await world.fund("100000.00", "50000.00")
    first, _ = await world.release_claims("700.00", "300.50")
    second, _ = await world.release_claims("80.00", hospital=OTHER_HOSPITAL, kind="outpatient")
    assert await world.term("d", "released_not_batched") == "1080.50"
    batch = await world.batch(first, second)
    assert [(i["institution_code"], i["amount"]) for i in batch["instructions"]] == [
        (HOSPITAL, "1000.50"),
        (OTHER_HOSPITAL, "80.00"),
    ]
    node = next(n for n in (await world.get("/money-ring"))["nodes"] if n["account"] == EXPENDITURE)
    assert (node["balance"], node["held"]) == ("50000.00", "1080.50")
    assert await world.term("d", "at_bank") == "1080.50"
    await world.confirm(batch)
    assert await world.term("d", "confirmed") == "1080.50"
    assert await world.term("e", "paid_not_applied") == "1080.50"

    applied = await world.done("/replenishments", {})
    assert (applied["applied"], applied["line_count"]) == ("1080.50", 3)
    for things, one in (("batches", batch), ("replenishments", applied)):
        assert [x["id"] for x in (await world.get(f"/{things}?number={one['number']}"))["items"]] == [one["id"]]
        assert (await world.get(f"/{things}?number=522422-20100301-999999"))["items"] == []
    assert batch["number"] < applied["number"], "one series a pool and day"
    path = f"/replenishments/{applied['id']}"
    lines = (await world.get(f"{path}/lines"))["items"]
    refused = next(line for line in lines if line["amount"] == "300.50")
    refusal = {"line": refused["line"], "bearer": "hospital", "reason": "病历不实"}
    await world.refused("four_eyes", f"{path}/recheck", {}, role="county_recheck", subject="insurer_finance-1")
    rechecked = await world.done(f"{path}/recheck", {"refusals": [refusal]}, role="county_recheck")
    assert (rechecked["refused"], rechecked["to_transfer"]) == ("300.50", "780.00")
    assert await world.term("e", "refused_not_made_good") == "300.50"
    await world.done(f"{path}/approval", role="county_finance")
    await world.refused("four_eyes", f"{path}/transfer", role="county_finance")
    sent = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
    assert await world.term("e", "replenishment_in_transit") == "780.00"
    await world.arrive(sent, released=True)
    assert await world.term("b", "replenishment_released") == "780.00"

    reference = next(x for x in (await world.get(f"{path}/lines"))["items"] if x["bearer"])["receivable_reference"]
    await world.statement(EXPENDITURE, ("in", 30050, reference))
    assert await world.term("e", "refused_not_made_good") == "0.00"
    assert await world.term("e", "expenditure_account") == "50000.00"
    await world.check_books()


async def test_a_payment_opens_to_the_claims_behind_it(world: World) -> None:
    await world.fund()
    cutoff, claims = await world.release_claims("10.00", "20.00", "30.00")
    await world.confirm(await world.batch(cutoff))
    found = await world.get(f"/institutions/{HOSPITAL}/payments?from=2010-03-01&to=2010-03-31", "insurance_regulator")
    assert found["paid"] == "60.00"
    path = f"/payments/{found['payments'][0]['id']}/claims?limit=2"
    page = await world.get(path)
    rest = await world.get(f"{path}&cursor={page['next_cursor']}")
    assert sorted(x["claim_id"] for x in page["items"] + rest["items"]) == sorted(map(str, claims))
    assert sum(parse_yuan(x["amount"]) for x in page["items"] + rest["items"]) == 6000


async def test_interest_is_recognised_by_a_second_person_and_swept(world: World) -> None:
    await world.fund("1000.00", "500.00")
    await world.statement(EXPENDITURE, ("in", 123, "INT-1"))
    line = (await world.get("/open-items"))["at_bank_not_in_book"][0]
    await world.refused("four_eyes", f"/open-items/{line['line_id']}/interest")
    await world.done(f"/open-items/{line['line_id']}/interest", subject="insurer_finance-2")
    await world.refused("sweep_exceeds_interest", "/transfers", {"kind": "sweep", "amount": "1.24"})
    made = await world.done("/transfers", {"kind": "sweep", "amount": "1.23"})
    await world.arrive(made)
    assert await world.term("b", "returned_to_fiscal") == "1.23"
    assert await world.term("e", "expenditure_account") == "500.00"
    await world.check_books()


async def test_a_hospital_sees_its_own_payments_alone(world: World) -> None:
    await world.fund()
    mine, _ = await world.release_claims("10.00")
    theirs, _ = await world.release_claims("20.00", hospital=OTHER_HOSPITAL)
    await world.confirm(await world.batch(mine, theirs))
    period = "from=2010-03-01&to=2010-03-31"
    path = f"/institutions/{HOSPITAL}/payments?{period}"
    assert (await world.get(path, "hospital", institutions=(HOSPITAL,)))["paid"] == "10.00"
    headers = world.tokens.headers("hospital", institutions=(OTHER_HOSPITAL,))
    answer = await world.client.get(f"/v1/pools/522422{path}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_institution")


async def test_of_a_pool_or_a_hospital_that_does_not_exist_nought_is_not_told_as_order(world: World) -> None:
    headers = world.tokens.headers("auditor", pools=("410100",))
    for path in ("identities", "money-ring"):
        answer = await world.client.get(f"/v1/pools/410100/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "pool_not_kept"), answer.text
    path = f"/v1/pools/{POOL}/institutions/H00000/payments?from=2010-03-01&to=2010-03-31"
    answer = await world.client.get(path, headers=world.tokens.headers("auditor", pools=(POOL,)))
    assert (answer.status_code, answer.json()["code"]) == (404, "institution_not_heard_of")
    assert "H00000" in answer.json()["detail"]
