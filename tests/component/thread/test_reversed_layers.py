"""A paid claim of four layers is cancelled: each payer is owed what he paid, in his own book, on his own account."""

from typing import Any

import pytest

from shared.kernel.money import format_yuan, parse_yuan
from tests.component.funds.test_deposits import balance
from tests.component.funds.world import EXPENDITURE, FISCAL, World
from tests.component.thread.county import COUNTY_HOSPITAL
from tests.component.thread.test_accidents import given, owed
from tests.component.thread.test_layers import (
    AMOUNTS,
    ASSISTANCE,
    BENEFIT,
    CRITICAL,
    PAYERS,
    PREMIUMS,
    decide,
    endow,
    member,
    pay,
    release,
)
from tests.component.thread.test_reversals import Told, county, let

__all__ = ["county"]
ACCOUNTS = {"basic": EXPENDITURE, "critical_illness": CRITICAL, "supplementary": PREMIUMS, "assistance": ASSISTANCE}


async def reversed_claim(county: Told) -> dict[str, Any]:
    """A claim of four layers, paid by four payers, released by two persons of the county office, and cancelled."""
    await decide(county)
    claim: dict[str, Any] = await county.care.settled(await member(county), "200300.00")
    cutoff = await release(county, claim)
    county.pending = []
    await endow(county.money)
    for layer in AMOUNTS:
        await pay(county.money, cutoff, layer)
    await county.hear()
    refused = await county.care.cancel(claim["claim_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "claim_paid"), "the county office releases it first"
    assert await owed(county) == []
    await let(county, claim)
    done = await county.care.cancel(claim["claim_id"])
    assert (done.status_code, done.json()["status"]) == (200, "reversed"), done.text
    await given(county)
    return claim


async def ties(world: World) -> None:
    """The identities, and each book against its own postings; what each book is owed is what its receivables say."""
    await world.identities()
    await world.check_books()
    for book in AMOUNTS:
        assert (await world.get(f"/books/{book}/replay"))["differences"] == []
        open_ones = (await world.get(f"/receivables?open=true&book={book}"))["items"]
        assert await balance(world, book, "1101") == sum(parse_yuan(one["open"]) for one in open_ones)


@pytest.mark.requirement("ZZ-23", "a cancelled claim is owed back to every payer of a layer, in his book and account")
async def test_each_payer_is_owed_what_he_paid(county: Told) -> None:
    money = county.money
    claim = await reversed_claim(county)
    due = {one["layer"]: one for one in await owed(county)}
    assert {layer: one["open"] for layer, one in due.items()} == AMOUNTS
    assert {(one["origin"], one["bearer"], one["institution_code"], one["claim_id"]) for one in due.values()} == {
        ("cancellation", "hospital", COUNTY_HOSPITAL, claim["claim_id"])
    }
    for layer, one in due.items():
        assert one["book"] == PAYERS[layer].book
        assert await balance(money, one["book"], PAYERS[layer].expense) == 0, "spent and taken back"
    assert await money.term("d", "reversed") == f"-{BENEFIT}"
    await ties(money)
    for layer, one in due.items():
        fen, others = parse_yuan(one["amount"]), set(ACCOUNTS.values()) - {ACCOUNTS[layer]}
        if layer == "supplementary":
            for other in sorted({*others, FISCAL}):
                await money.statement(other, ("in", fen, one["reference"]))
            (still,) = [x for x in await owed(county) if x["id"] == one["id"]]
            assert still["open"] == one["open"], "on another payer's account it stays an open line"
        before = await balance(money, one["book"], "1001" if layer != "basic" else EXPENDITURE)
        await money.statement(ACCOUNTS[layer], ("in", fen - 100, one["reference"]), ("in", 100, one["reference"]))
        assert await balance(money, one["book"], "1001" if layer != "basic" else EXPENDITURE) == before + fen
        assert one["id"] not in {x["id"] for x in await owed(county)}
        await ties(money)
    assert await money.term("e", "paid_not_applied") == "0.00", "the fund's part alone lowers the next application"
    await money.refused("nothing_to_replenish", "/replenishments", {})


async def test_what_a_payer_is_owed_is_set_off_in_his_own_batch_alone(county: Told) -> None:
    money = county.money
    await reversed_claim(county)
    due = {one["layer"]: one for one in await owed(county)}
    second = await county.care.settled(await member(county), "200300.00")
    cutoff = await release(county, second)
    body = {"cutoff_ids": [str(cutoff)], "layer": "critical_illness"}
    for stranger in ("basic", "supplementary", "assistance"):
        wrong = body | {"set_off": [{"receivable_id": due[stranger]["id"], "amount": "1.00"}]}
        await money.refused("set_off_invalid", "/batches", wrong)
    own = {"receivable_id": due["critical_illness"]["id"], "amount": "45000.00"}
    batch = await money.release(await money.done("/batches", body | {"set_off": [own]}))
    (payment,) = batch["instructions"]
    assert (payment["amount"], payment["set_off"]) == ("195.00", "45000.00")
    await money.statement(CRITICAL, ("out", 195_00, payment["end_to_end_id"]))
    assert await balance(money, "critical_illness", "5001") == parse_yuan(AMOUNTS["critical_illness"]), "gross"
    (left,) = [one for one in await owed(county) if one["layer"] == "critical_illness"]
    assert left["open"] == "195.00"
    await ties(money)
    await money.refused("write_off_wrong_hand", f"/receivables/{left['id']}/write-off",
                        {"reason": "无财产"}, role="county_recheck")  # fmt: skip


async def test_the_negative_claim_told_twice_opens_each_receivable_once(county: Told) -> None:
    await reversed_claim(county)
    await given(county)
    rows = await county.count_money("SELECT book, layer FROM receivable WHERE origin = 'cancellation' ORDER BY book")
    assert [(row["book"], row["layer"]) for row in rows] == sorted((layer, layer) for layer in AMOUNTS)
    total = sum(parse_yuan(one["amount"]) for one in await owed(county))
    assert format_yuan(total) == BENEFIT
