"""What the fund bears itself: refused lines that nobody bears, receivables that cannot be recovered (rulings §1)."""

from typing import Any

import pytest

from tests.component.funds.test_deposits import balance as balance_of
from tests.component.funds.test_deposits import reversed_claim
from tests.component.funds.test_layers import PREMIUMS, insured, pay, prepared, released
from tests.component.funds.test_recoveries import asked, recovered, replenished
from tests.component.funds.test_set_off import balance
from tests.component.funds.world import EXPENDITURE, HOSPITAL, World

DOCUMENT = {"document": "大合管委〔2010〕9号"}
DIRECTOR = {"role": "county_director"}


async def refused_line(world: World, bearer: str = "nobody") -> Any:
    """A payment of 100.00 refused at the re-check; its receivable. The other line of 50.00 is made good."""
    await world.paid("100.00", "50.00")
    applied = await world.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    lines = (await world.get(f"{path}/lines"))["items"]
    number = next(line["line"] for line in lines if line["amount"] == "100.00")
    refusal = {"line": number, "bearer": bearer, "reason": "目录调整前已收费,无人有过错"}
    await world.done(f"{path}/recheck", {"refusals": [refusal]}, role="county_recheck")
    await world.done(f"{path}/approval", role="county_finance")
    transfer = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
    await world.arrive(transfer, released=True)
    (owed,) = (await world.get("/receivables?open=true"))["items"]
    return owed


@pytest.mark.requirement("ZA-10", "a refused line that nobody bears is the fund's by the director's decision")
async def test_what_nobody_bears_the_fund_bears_by_the_directors_decision(world: World) -> None:
    await world.fund()
    owed = await refused_line(world)
    assert (owed["bearer"], owed["open"]) == ("nobody", "100.00")
    assert await world.term("e", "refused_not_made_good") == "100.00"
    (waiting,) = (await world.get("/write-offs?open=true"))["items"]
    assert (waiting["receivable_id"], waiting["asked_by"]) == (owed["id"], "county_recheck-1")
    path = f"/write-offs/{waiting['id']}/approval"
    await world.refused("four_eyes", path, DOCUMENT, role="county_director", subject="county_recheck-1")
    await world.refused("conflict_of_interest", path, DOCUMENT, **DIRECTOR, home_institution=HOSPITAL)
    assert await balance(world, "5001.01") == 5000
    done = await world.done(path, DOCUMENT, **DIRECTOR)
    assert (done["decision"], done["written_off"], done["open"]) == ("approved", "100.00", "0.00")
    await world.refused("write_off_decided_already", path, DOCUMENT, role="county_director", subject="another")
    assert (await balance(world, "5001.01"), await balance(world, "1101")) == (15000, 0)
    assert (await world.get("/receivables?open=true"))["items"] == []
    assert await world.term("e", "refused_not_made_good") == "0.00"
    assert await world.term("e", "paid_not_applied") == "100.00", "the next replenishment makes the advance good"
    applied = await world.done("/replenishments", {})
    assert (applied["applied"], applied["line_count"]) == ("100.00", 1)
    path = f"/replenishments/{applied['id']}"
    again = {"refusals": [{"line": 1, "bearer": "insurer", "reason": "再次拒付"}]}
    await world.refused("replenishment_lines_invalid", f"{path}/recheck", again, role="county_recheck")
    await world.done(f"{path}/recheck", {}, role="county_recheck")
    await world.done(f"{path}/approval", role="county_finance")
    transfer = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
    await world.arrive(transfer, released=True)
    assert await world.term("e", "expenditure_account") == "50000.00", "the advance is whole"
    paper = await world.get("/papers/spending-by-care-year?from=2010-01-01&to=2010-12-31")
    assert paper["ties"]
    await world.check_books()


async def test_the_director_names_who_bears_it_where_he_does_not_agree(world: World) -> None:
    await world.fund()
    owed = await refused_line(world)
    (waiting,) = (await world.get("/write-offs?open=true"))["items"]
    path = f"/write-offs/{waiting['id']}/refusal"
    await world.refused("write_off_bearer", path, DOCUMENT, **DIRECTOR)
    await world.done(path, DOCUMENT | {"bearer": "insurer"}, **DIRECTOR)
    (now,) = (await world.get("/receivables?open=true"))["items"]
    assert (now["id"], now["bearer"], now["open"]) == (owed["id"], "insurer", "100.00")
    assert (await world.get("/write-offs?open=true"))["items"] == []
    await world.statement(EXPENDITURE, ("in", 10000, owed["reference"]))
    assert (await world.get("/receivables?open=true"))["items"] == []
    await world.identities()
    await world.check_books()


async def test_nobody_owes_neither_patient_nor_penalty(world: World) -> None:
    await world.fund()
    await world.paid("100.00")
    applied = await world.done("/replenishments", {})
    refusal = {"line": 1, "bearer": "nobody", "reason": "目录调整", "penalty": "1.00"}
    path = f"/replenishments/{applied['id']}/recheck"
    await world.refused("invalid_request", path, {"refusals": [refusal]}, role="county_recheck")


@pytest.mark.requirement(
    "ZZ-14", "what cannot be recovered is written off by two persons with the committee's document"
)
async def test_what_cannot_be_recovered_is_written_off(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    owed = await recovered(world, asked(line, "40.00"))
    path = f"/receivables/{owed['id']}/write-off"
    gone = {"reason": "医院已撤销,无财产可执行"}
    await world.refused("conflict_of_interest", path, gone, role="county_recheck", home_institution=HOSPITAL)
    asked_for = await world.done(path, gone, role="county_inspector")
    assert (asked_for["open"], asked_for["written_off"], asked_for["decision"]) == ("40.00", None, None)
    await world.refused("write_off_asked_already", path, gone, role="county_recheck")
    await world.refused(
        "write_off_bearer", f"/write-offs/{asked_for['id']}/refusal", DOCUMENT | {"bearer": "patient"}, **DIRECTOR
    )
    await world.done(f"/write-offs/{asked_for['id']}/refusal", DOCUMENT, **DIRECTOR)
    once_more = await world.done(path, gone, role="county_inspector")
    await world.done(f"/write-offs/{once_more['id']}/approval", DOCUMENT, **DIRECTOR)
    (now,) = [one for one in (await world.get("/receivables"))["items"] if one["id"] == owed["id"]]
    assert (now["waived"], now["open"], now["made_good"]) == ("40.00", "0.00", "0.00")
    assert (await balance(world, "5001.01"), await balance(world, "1101")) == (10000, 0)
    assert await world.term("e", "paid_not_applied") == "0.00", "the advance was whole already"
    await world.refused("receivable_not_to_write_off", path, gone, role="county_inspector")
    missing = f"/receivables/{line['claim_id']}/write-off"
    await world.refused("receivable_unknown", missing, gone, role="county_inspector")
    paper = await world.get("/papers/spending-by-care-year?from=2010-01-01&to=2010-12-31")
    assert paper["ties"]
    await world.identities()
    await world.check_books()


async def test_what_is_about_to_be_set_off_is_not_written_off(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    owed = await recovered(world, asked(line, "40.00"))
    cutoff, _ = await world.release_claims("50.00")
    body = {"cutoff_ids": [str(cutoff)], "set_off": [{"receivable_id": owed["id"], "amount": "10.00"}]}
    batch = await world.done("/batches", body)
    path, gone = f"/receivables/{owed['id']}/write-off", {"reason": "无财产可执行"}
    await world.refused("receivable_not_to_write_off", path, gone, role="county_inspector")
    await world.confirm(await world.release(batch))
    asked_for = await world.done(path, gone, role="county_inspector")
    done = await world.done(f"/write-offs/{asked_for['id']}/approval", DOCUMENT, **DIRECTOR)
    assert (done["written_off"], done["open"]) == ("30.00", "0.00"), "what is still open of it"
    await world.identities()
    await world.check_books()


async def owed_to_the_insurer(world: World) -> Any:
    """A claim of two layers, paid by both payers and taken back; what its hospital owes the supplementary cover."""
    await insured(world)
    cutoff, claim = await released(world, 300_00, 80_00)
    for layer, account in (("basic", EXPENDITURE), ("supplementary", PREMIUMS)):
        await pay(world, await prepared(world, cutoff, layer), account)
    await reversed_claim(world, claim, 300_00)
    (owed,) = (await world.get("/receivables?open=true&book=supplementary"))["items"]
    assert (owed["open"], owed["origin"]) == ("80.00", "cancellation")
    return owed


@pytest.mark.requirement(
    "ZZ-23", "what another payer cannot collect he bears himself, by two persons of his own and a document"
)
async def test_another_payer_writes_off_what_he_cannot_collect(world: World) -> None:
    owed = await owed_to_the_insurer(world)
    await world.statement(PREMIUMS, ("in", 30_00, owed["reference"]))
    path, gone = f"/receivables/{owed['id']}/write-off", {"reason": "医院已撤销,无财产可执行"}
    for role in ("county_recheck", "county_inspector"):
        problem = await world.refused("write_off_wrong_hand", path, gone, role=role)
        assert "补充" in problem["detail"]
    asked_for = await world.done(path, gone, role="insurer_finance")
    assert (asked_for["book"], asked_for["open"]) == ("supplementary", "50.00")
    end = f"/write-offs/{asked_for['id']}"
    await world.refused("write_off_wrong_hand", f"{end}/approval", DOCUMENT, **DIRECTOR)
    mine = {"role": "insurer_manager", "subject": "insurer_finance-1"}
    await world.refused("four_eyes", f"{end}/approval", DOCUMENT, **mine)
    await world.refused("write_off_wrong_hand", f"{end}/refusal", DOCUMENT, **DIRECTOR)
    await world.done(f"{end}/refusal", DOCUMENT, role="insurer_manager")
    again = await world.done(path, gone, role="insurer_finance")
    done = await world.done(f"/write-offs/{again['id']}/approval", DOCUMENT, role="insurer_manager")
    assert (done["written_off"], done["open"], done["decided_by"]) == ("50.00", "0.00", "insurer_manager-1")
    assert await balance_of(world, "supplementary", "5001") == 50_00, "the payer bears it"
    assert await balance_of(world, "supplementary", "1101") == 0
    assert await balance(world, "5001.01") == 0, "the fund bears nothing of it"
    assert await world.term("e", "paid_not_applied") == "220.00", "nor is it applied for"
    paper = await world.get("/papers/spending-by-care-year?from=2010-01-01&to=2010-12-31")
    assert paper["ties"]
    await world.identities()
    await world.check_books()


async def test_no_insurer_gives_up_what_is_owed_to_the_fund(world: World) -> None:
    await world.fund()
    (line,) = await replenished(world, "100.00")
    owed = await recovered(world, asked(line, "40.00"))
    path, gone = f"/receivables/{owed['id']}/write-off", {"reason": "无财产可执行"}
    for role in ("insurer_finance", "county_finance"):
        await world.refused("write_off_wrong_hand", path, gone, role=role)
    waits = await world.done(path, gone, role="county_inspector")
    for role in ("insurer_manager", "county_finance"):
        await world.refused("write_off_wrong_hand", f"/write-offs/{waits['id']}/approval", DOCUMENT, role=role)
    assert await balance(world, "1101") == 4000


async def test_what_is_about_to_be_set_off_by_another_payer_is_not_written_off(world: World) -> None:
    owed = await owed_to_the_insurer(world)
    cutoff, _ = await released(world, 500_00, 200_00)
    body = {"cutoff_ids": [str(cutoff)], "layer": "supplementary", "set_off": [{"receivable_id": owed["id"]}]}
    await world.done("/batches", body)
    gone = {"reason": "无财产可执行"}
    await world.refused("receivable_not_to_write_off", f"/receivables/{owed['id']}/write-off", gone)
