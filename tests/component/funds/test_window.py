"""A window claim: the benefit is owed to the person and paid to his account, beside the hospital's own claims."""

from typing import Any

import pytest

from services.settlement.payouts.payees import person
from shared.kernel.ids import new_id
from tests.component.funds.test_recoveries import asked, recovered
from tests.component.funds.test_second import account
from tests.component.funds.world import HOSPITAL, World


@pytest.mark.requirement(
    "ZZ-38", "a window claim is paid to the person; the obligations book owes him, not the hospital"
)
async def test_the_person_is_owed_and_paid(world: World) -> None:
    await world.fund()
    hospital, _ = await world.release_claims("10.00")
    claim = new_id(world.clock.now())
    world.persons.add(claim)
    await world.feed(world.settled(claim, 700_00))
    await world.feed(world.approved(claim, 50_00))
    cutoff, events = world.cutoff({claim: 650_00})
    await world.feed(*events)
    (row,) = await world.rows("SELECT institution_code FROM payable WHERE claim_id = $1", claim)
    code = person(claim)
    assert row["institution_code"] == code
    both = {"cutoff_ids": [str(hospital), str(cutoff)]}
    await world.refused("payee_missing", "/batches", both)
    await account(world, code)
    batch = await world.release(await world.done("/batches", both))
    paid = {one["institution_code"]: one["amount"] for one in batch["instructions"]}
    assert paid == {HOSPITAL: "10.00", code: "650.00"}
    await world.confirm(batch)
    rows = await world.rows("SELECT debit, credit, amount_fen FROM obligation_day")
    of_person = sum(r["amount_fen"] * ((r["debit"] == "1302") - (r["credit"] == "1302")) for r in rows)
    of_hospital = sum(r["amount_fen"] * ((r["debit"] == "1301") - (r["credit"] == "1301")) for r in rows)
    assert (of_person, of_hospital) == (0, 0), "owed to each, and paid to each"
    assert sum(r["amount_fen"] for r in rows if r["credit"] == "1302") == 50_00 + 650_00
    await world.identities()
    await world.check_books()


async def paid_to_a_person(world: World) -> str:
    """A window claim of 700.00 that is paid; the code of its person."""
    claim = new_id(world.clock.now())
    world.persons.add(claim)
    await world.feed(world.settled(claim, 700_00))
    await world.feed(world.approved(claim))
    cutoff, events = world.cutoff({claim: 700_00})
    await world.feed(*events)
    code = person(claim)
    await account(world, code)
    await world.confirm(await world.batch(cutoff))
    return code


async def applied_line(world: World) -> tuple[str, dict[str, Any]]:
    """The application for what was paid: its path, and its one line."""
    path = f"/replenishments/{(await world.done('/replenishments', {}))['id']}"
    (line,) = (await world.get(f"{path}/lines"))["items"]
    return path, line


@pytest.mark.requirement("ZA-10", "a refused line of a window claim that its hospital bears is owed by that hospital")
@pytest.mark.parametrize("bearer", ["hospital", "patient", "insurer"])
async def test_who_bears_what_a_person_was_paid_owes_it_under_his_code(world: World, bearer: str) -> None:
    await world.fund()
    code = await paid_to_a_person(world)
    path, line = await applied_line(world)
    refusal = {"line": line["line"], "bearer": bearer, "reason": "超标准收费"}
    await world.done(f"{path}/recheck", {"refusals": [refusal]}, role="county_recheck")
    (owed,) = (await world.get("/receivables?open=true"))["items"]
    assert (owed["bearer"], owed["open"]) == (bearer, "700.00")
    assert owed["institution_code"] == (HOSPITAL if bearer == "hospital" else code)


@pytest.mark.requirement("ZZ-14", "what the hospital of a window patient bears is asked back of it and set off")
async def test_a_recovery_of_a_window_claim_is_set_off_against_its_hospital(world: World) -> None:
    await world.fund()
    code = await paid_to_a_person(world)
    path, line = await applied_line(world)
    await world.done(f"{path}/recheck", {}, role="county_recheck")
    await world.done(f"{path}/approval", role="county_finance")
    transfer = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
    await world.arrive(transfer, released=True)
    away = {"role": "county_inspector", "home_institution": HOSPITAL}
    await world.refused("conflict_of_interest", "/recoveries", asked(line, "70.00"), **away)
    of_person = await recovered(world, asked(line, "10.00", "patient"))
    assert of_person["institution_code"] == code
    owed = await recovered(world, asked(line, "70.00", patient_owed="30.00"))
    assert (owed["institution_code"], owed["patient_owed"]) == (HOSPITAL, "30.00")
    cutoff, _ = await world.release_claims("100.00")
    batch = await world.done("/batches", {"cutoff_ids": [str(cutoff)], "set_off": [{"receivable_id": owed["id"]}]})
    assert [one["amount"] for one in batch["instructions"]] == ["30.00"]
    await world.confirm(await world.release(batch))
    assert [one["id"] for one in (await world.get("/receivables?open=true"))["items"]] == [of_person["id"]]
    await world.identities()
    await world.check_books()


async def test_the_director_names_the_hospital_of_a_person_who_was_paid(world: World) -> None:
    await world.fund()
    await paid_to_a_person(world)
    path, line = await applied_line(world)
    refusal = {"line": line["line"], "bearer": "nobody", "reason": "目录调整前已收费"}
    await world.done(f"{path}/recheck", {"refusals": [refusal]}, role="county_recheck")
    (waiting,) = (await world.get("/write-offs?open=true"))["items"]
    body = {"document": "大合管委〔2010〕9号", "bearer": "hospital"}
    await world.done(f"/write-offs/{waiting['id']}/refusal", body, role="county_director")
    (owed,) = (await world.get("/receivables?open=true"))["items"]
    assert (owed["bearer"], owed["institution_code"]) == ("hospital", HOSPITAL)
