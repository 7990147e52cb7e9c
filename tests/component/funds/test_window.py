"""A window claim: the benefit is owed to the person and paid to his account, beside the hospital's own claims."""

import pytest

from services.settlement.payouts.payees import person
from shared.kernel.ids import new_id
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
