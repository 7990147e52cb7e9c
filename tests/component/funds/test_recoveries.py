"""Money asked back of payments that the county has made good: who bears it, where it goes (rulings §1)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.kernel.dates import shanghai_date
from tests.component.funds.test_set_off import balance
from tests.component.funds.world import EXPENDITURE, FISCAL, HOSPITAL, World, at


async def replenished(world: World, *yuan: str) -> Any:
    """Payments that the county has re-checked, approved and made good; the lines of the application."""
    await world.paid(*yuan)
    applied = await world.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    await world.done(f"{path}/recheck", {}, role="county_recheck")
    await world.done(f"{path}/approval", role="county_finance")
    transfer = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
    await world.arrive(transfer, released=True)
    return (await world.get(f"{path}/lines"))["items"]


def asked(line: Any, amount: str, bearer: str = "hospital", **more: Any) -> dict[str, Any]:
    body = {"instruction_id": line["instruction_id"], "claim_id": line["claim_id"], "bearer": bearer, "amount": amount}
    return body | {"document": "大合稽〔2010〕7号", "reason": "虚计床日"} | more


async def recovered(world: World, body: dict[str, Any]) -> Any:
    """A recovery asked for and approved: the receivable."""
    made = await world.done("/recoveries", body, role="county_inspector")
    await world.done(f"/recoveries/{made['id']}/approval", role="county_director")
    items = (await world.get("/receivables?open=true"))["items"]
    return next(item for item in items if item["id"] == made["id"])


@pytest.mark.requirement("ZA-10", "a claw-back of a line already made good lowers the next application")
async def test_a_claw_back_lowers_the_next_application(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    body = asked(line, "30.00", patient_owed="12.00", penalty="60.00")
    await world.refused("recovery_exceeds_payment", "/recoveries", body | {"amount": "100.01"}, role="county_inspector")
    made = await world.done("/recoveries", body, role="county_inspector")
    await world.refused("recovery_exceeds_payment", "/recoveries", body | {"amount": "70.01"}, role="county_inspector")
    path = f"/recoveries/{made['id']}/approval"
    await world.refused("four_eyes", path, role="county_director", subject="county_inspector-1")
    assert await balance(world, "5001.01") == 10000, "nothing is owed before the second person agrees"
    await world.done(path, role="county_director")
    await world.refused("recovery_decided", path, role="county_director", subject="another")
    assert (await balance(world, "5001.01"), await balance(world, "1101")) == (7000, 3000)
    (owed,) = (await world.get("/receivables?open=true"))["items"]
    assert (owed["amount"], owed["patient_owed"], owed["penalty"]) == ("30.00", "12.00", "60.00")
    assert (owed["care_year"], owed["institution_code"], owed["bearer"]) == (2010, HOSPITAL, "hospital")
    await world.statement(EXPENDITURE, ("in", 3000, owed["reference"]))
    assert await world.term("e", "paid_not_applied") == "-30.00"
    await world.refused("nothing_to_replenish", "/replenishments", {})
    await world.paid("80.00")
    applied = await world.done("/replenishments", {})
    assert (applied["applied"], applied["line_count"]) == ("50.00", 2)
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZA-10", "what one person asks back wrongly is turned down and blocks nothing")
async def test_a_wrong_recovery_is_turned_down(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    wrong = await world.done("/recoveries", asked(line, "100.00"), role="county_inspector")
    body = asked(line, "10.00")
    problem = await world.refused("recovery_exceeds_payment", "/recoveries", body, role="county_inspector")
    assert "待批准 100.00 元" in problem["detail"]
    path, why = f"/recoveries/{wrong['id']}", {"reason": "金额多写一个零"}
    away = {"home_institution": HOSPITAL}
    await world.refused("conflict_of_interest", f"{path}/refusal", why, role="county_inspector", **away)
    ended = await world.done(f"{path}/refusal", why, role="county_inspector")
    assert (ended["refused_by"], ended["refused_on"]) == ("county_inspector-1", str(shanghai_date(world.clock.now())))
    assert (ended["refusal"], ended["approved_by"]) == (why["reason"], None)
    for act, told in (("refusal", why), ("approval", None)):
        await world.refused("recovery_decided", f"{path}/{act}", told, role="county_director")
    owed = await recovered(world, body)
    await world.refused("recovery_decided", f"/recoveries/{owed['id']}/refusal", why, role="county_director")
    assert await balance(world, "1101") == 1000
    await world.check_books()


@pytest.mark.requirement("ZA-10", "the second person finds what waits for approval, a page at a time")
async def test_the_director_finds_what_waits(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    made = []
    for yuan in ("10.00", "20.00", "30.00"):
        made.append((await world.done("/recoveries", asked(line, yuan), role="county_inspector"))["id"])
        world.clock.advance(timedelta(minutes=1))
    await world.done(f"/recoveries/{made[0]}/refusal", {"reason": "填错"}, role="county_inspector")
    await world.done(f"/recoveries/{made[1]}/approval", role="county_director")
    for status, one in zip(("refused", "approved", "waiting"), made, strict=True):
        items = (await world.get(f"/recoveries?status={status}", role="county_director"))["items"]
        assert [(item["id"], item["status"]) for item in items] == [(one, status)]
    first = await world.get("/recoveries?limit=2", role="county_director")
    rest = await world.get(f"/recoveries?limit=2&cursor={first['next_cursor']}", role="county_director")
    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    (waits,) = (await world.get("/recoveries?status=waiting"))["items"]
    await world.done(f"/recoveries/{waits['id']}/approval", role="county_director")
    assert (await world.get("/recoveries?status=waiting"))["items"] == []


async def test_of_approval_and_refusal_at_once_one_counts(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    made = await world.done("/recoveries", asked(line, "10.00"), role="county_inspector")
    path = f"/recoveries/{made['id']}"
    answers = await asyncio.gather(
        world.send(f"{path}/approval", role="county_director"),
        world.send(f"{path}/refusal", {"reason": "撤回"}, role="county_inspector"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await balance(world, "1101") == (1000 if answers[0].status_code == 200 else 0)


@pytest.mark.requirement("ZZ-14", "money returned goes to the original fiscal account")
@pytest.mark.parametrize("bearer", ["hospital", "patient", "third_party", "insurer"])
async def test_money_returned_to_the_fiscal_account(world: World, bearer: str) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    owed = await recovered(world, asked(line, "40.00", bearer))
    before = await balance(world, "1002")
    await world.statement(FISCAL, ("in", 4000, owed["reference"]))
    assert await balance(world, "1002") == before + 4000
    assert await world.term("b", "recovered_to_fiscal") == "40.00"
    assert await world.term("e", "paid_not_applied") == "0.00", "the advance is whole and stays so"
    await world.check_books()


@pytest.mark.requirement("ZA-10", "a receivable is set off in parts, as far as the hospital is due anything")
async def test_a_claw_back_is_set_off_in_parts(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    owed = await recovered(world, asked(line, "90.00"))
    cutoff, _ = await world.release_claims("50.00")
    body: dict[str, Any] = {"cutoff_ids": [str(cutoff)], "set_off": [{"receivable_id": owed["id"]}]}
    await world.refused("set_off_exceeds_payment", "/batches", body)
    for amount, code in (("90.01", "set_off_invalid"), ("50.00", "set_off_exceeds_payment")):
        part = [{"receivable_id": owed["id"], "amount": amount}]
        await world.refused(code, "/batches", body | {"set_off": part})
    twice = [{"receivable_id": owed["id"], "amount": "10.00"}] * 2
    await world.refused("invalid_request", "/batches", body | {"set_off": twice})
    part = [{"receivable_id": owed["id"], "amount": "45.00"}]
    first = await world.done("/batches", body | {"set_off": part})
    assert (first["amount"], first["instructions"][0]["set_off"]) == ("5.00", "45.00")
    (now,) = (await world.get("/receivables?open=true"))["items"]
    assert (now["being_set_off"], now["open"], now["made_good"]) == ("45.00", "45.00", "0.00")
    await world.confirm(await world.release(first))
    (now,) = (await world.get("/receivables?open=true"))["items"]
    assert (now["being_set_off"], now["open"], now["made_good"]) == ("0.00", "45.00", "45.00")
    assert await world.term("e", "paid_not_applied") == "5.00", "the claw-back lowers what is applied for"
    assert await balance(world, "1101") == 4500
    await world.statement(EXPENDITURE, ("in", 4500, owed["reference"]))
    assert (await world.get("/receivables?open=true"))["items"] == []
    assert await balance(world, "1101") == 0
    assert await world.term("e", "paid_not_applied") == "-40.00"
    await world.check_books()


async def test_only_what_was_made_good_is_recovered(world: World) -> None:
    await world.fund()
    await world.paid("100.00")
    applied = await world.done("/replenishments", {})
    (line,) = (await world.get(f"/replenishments/{applied['id']}/lines"))["items"]
    await world.refused("recovery_unknown", "/recoveries", asked(line, "1.00"), role="county_inspector")


@pytest.mark.requirement("WC-07", "nobody asks back or approves money of the hospital of his home unit")
async def test_nobody_recovers_from_his_home_hospital(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    home = {"home_institution": HOSPITAL}
    await world.refused("conflict_of_interest", "/recoveries", asked(line, "1.00"), role="county_recheck", **home)
    made = await world.done("/recoveries", asked(line, "1.00"), role="county_recheck")
    path = f"/recoveries/{made['id']}/approval"
    await world.refused("conflict_of_interest", path, role="county_director", **home)


@pytest.mark.requirement("HL-08", "a recovery lessens this month's expenditure under the year of care it belongs to")
async def test_a_recovery_keeps_its_year_of_care(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    world.clock.set(at("2011-02-01T09:00"))
    await recovered(world, asked(line, "40.00"))
    indicators = (await world.get("/years/2011/fund-indicators"))["ratios"]
    used = {ratio["code"]: ratio["numerator"] for ratio in indicators}
    assert (used["use_rate"], used["use_rate_of_care_year"]) == ("-40.00", "0.00")
    assert line["amount"] == "100.00"
