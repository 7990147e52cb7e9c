"""Quality deposits: withheld by the agreed share, owed still, released by two people, spent when they are paid."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.settlement.reporting import outstanding_store
from shared.contracts import claims
from shared.kernel.ids import new_id
from tests.component.funds.world import HOSPITAL, OTHER_HOSPITAL, POOL, World

RATE = {"valid_from": "2010-01-01", "rate": "0.1000", "document": "县合管办〔2010〕3号"}
DIRECTOR = {"role": "county_director"}


async def withheld(world: World, *yuan: str) -> Any:
    """A confirmed batch of a hospital whose agreement withholds a tenth."""
    await world.done(f"/institutions/{HOSPITAL}/deposit-rate", RATE, method="PUT", **DIRECTOR)
    return await world.paid(*yuan)


async def balance(world: World, book: str, account: str) -> int:
    """Posted fen of an account."""
    sql = "SELECT posted_fen FROM balance WHERE book = $1 AND account = $2"
    rows = await world.rows(sql, book, account)
    return int(rows[0]["posted_fen"]) if rows else 0


async def unpaid(world: World, day: date | None = None) -> list[list[str]]:
    """Deposits released and not paid, as the list of a day says: hospital, reason, amount."""
    on = day or world.clock.now().date()
    paper = await world.get(f"/papers/outstanding?from={on}&to={on}")
    return [row["cells"][3:] for row in paper["rows"] if row["cells"][0] == "已批准未支付的质量保证金"]


@pytest.mark.requirement("ZZ-10", "a deposit withheld is an unpaid obligation and no expenditure before it is released")
async def test_a_tenth_is_withheld_and_spent_when_it_is_released(world: World) -> None:
    await world.fund()
    batch = await withheld(world, "60.00", "40.05")
    (payment,) = batch["instructions"]
    assert (payment["amount"], payment["withheld"]) == ("90.04", "10.01")
    assert await world.term("d", "deposit_withheld") == "10.01"
    assert await balance(world, "basic", "5001.01") == 9004
    assert await world.term("e", "paid_not_applied") == "90.04"
    path = f"/institutions/{HOSPITAL}/deposit-releases"
    too_much = {"amount": "10.02", "reason": "年度考核合格"}
    await world.refused("deposit_exceeds_withheld", path, too_much, role="county_recheck")
    release = await world.done(path, too_much | {"amount": "10.01"}, role="county_recheck")
    await world.refused("deposit_exceeds_withheld", path, too_much | {"amount": "0.01"}, role="county_recheck")
    approval = f"/deposit-releases/{release['id']}/approval"
    await world.refused("four_eyes", approval, role="county_director", subject="county_recheck-1")
    assert await unpaid(world) == [], "nobody has decided it yet"
    await world.done(approval, **DIRECTOR)
    assert await unpaid(world) == [[HOSPITAL, "年度考核合格", "-10.01"]]
    await world.refused("deposit_release_decided", approval, role="county_director", subject="another")
    assert await world.term("d", "released_not_batched") == "10.01"
    made = await world.done("/batches", {"cutoff_ids": [release["id"]]})
    assert (made["amount"], made["instructions"][0]["withheld"]) == ("10.01", "0.00"), "nothing is withheld of it again"
    sent = await world.release(made)
    day = world.clock.now().date()
    assert len(await unpaid(world)) == 1, "at the bank it is not paid yet"
    await world.confirm(sent)
    assert (await unpaid(world), await unpaid(world, day)) == ([], [[HOSPITAL, "年度考核合格", "-10.01"]])
    assert await world.term("d", "deposit_withheld") == "0.00"
    assert await world.term("d", "confirmed") == "100.05"
    assert await balance(world, "basic", "5001.01") == 10005
    await world.bounce(sent)
    assert await world.term("d", "bounced") == "10.01"
    assert len(await unpaid(world)) == 1, "its money came back"
    await world.identities()
    await world.check_books()


@pytest.mark.requirement(
    "ZZ-10", "a deposit forfeited by a bad appraisal is owed no more, was never spent, stays in the fund"
)
async def test_a_deposit_is_forfeited(world: World) -> None:
    await world.fund()
    await withheld(world, "60.00", "40.00")
    spent = await balance(world, "basic", "5001.01")
    path = f"/institutions/{HOSPITAL}/deposit-forfeitures"
    body = {"amount": "4.00", "reason": "年度考核不合格"}
    await world.refused("deposit_exceeds_withheld", path, body | {"amount": "10.01"}, role="county_recheck")
    asked = await world.done(path, body, role="county_recheck")
    assert asked["forfeit"] is True
    approval = f"/deposit-releases/{asked['id']}/approval"
    await world.refused("four_eyes", approval, role="county_director", subject="county_recheck-1")
    await world.done(approval, **DIRECTOR)
    assert await world.term("d", "deposit_forfeited") == "4.00"
    assert await world.term("d", "deposit_withheld") == "6.00"
    rest = {"amount": "6.01", "reason": "其余合格"}
    release = f"/institutions/{HOSPITAL}/deposit-releases"
    await world.refused("deposit_exceeds_withheld", release, rest, role="county_recheck")
    made = await world.done(release, rest | {"amount": "6.00"}, role="county_recheck")
    await world.done(f"/deposit-releases/{made['id']}/approval", **DIRECTOR)
    await world.confirm(await world.release(await world.done("/batches", {"cutoff_ids": [made["id"]]})))
    assert await world.term("d", "deposit_withheld") == "0.00"
    assert await balance(world, "basic", "5001.01") == spent + 600, "what was forfeited is no expenditure"
    await world.refused("cutoff_not_received", "/batches", {"cutoff_ids": [asked["id"]]})
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "a release or forfeiture asked for wrongly is turned down and blocks nothing")
async def test_a_wrong_forfeiture_is_turned_down(world: World) -> None:
    await world.fund()
    await withheld(world, "100.00")
    body = {"amount": "10.00", "reason": "年度考核"}
    wrong = await world.done(f"/institutions/{HOSPITAL}/deposit-forfeitures", body, role="county_recheck")
    release = f"/institutions/{HOSPITAL}/deposit-releases"
    problem = await world.refused("deposit_exceeds_withheld", release, body, role="county_recheck")
    assert "待批准 10.00 元" in problem["detail"]
    path, why = f"/deposit-releases/{wrong['id']}", {"reason": "应为拨付"}
    await world.refused("conflict_of_interest", f"{path}/refusal", why, **DIRECTOR, home_institution=HOSPITAL)
    ended = await world.done(f"{path}/refusal", why, role="county_recheck")
    assert (ended["refused_by"], ended["refusal"], ended["approved_by"]) == ("county_recheck-1", "应为拨付", None)
    for act, told in (("refusal", why), ("approval", None)):
        await world.refused("deposit_release_decided", f"{path}/{act}", told, **DIRECTOR)
    right = await world.done(release, body, role="county_recheck")
    await world.done(f"/deposit-releases/{right['id']}/approval", **DIRECTOR)
    await world.refused("deposit_release_decided", f"/deposit-releases/{right['id']}/refusal", why, **DIRECTOR)
    assert await world.term("d", "released_not_batched") == "10.00"
    assert await world.term("d", "deposit_forfeited") == "0.00"
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "the second person finds releases and forfeitures that wait, a page at a time")
async def test_the_second_person_finds_what_waits(world: World) -> None:
    await world.fund()
    await withheld(world, "100.00")
    made = []
    for kind, yuan in (("releases", "1.00"), ("forfeitures", "2.00"), ("releases", "3.00")):
        path = f"/institutions/{HOSPITAL}/deposit-{kind}"
        made.append((await world.done(path, {"amount": yuan, "reason": "考核"}, role="county_recheck"))["id"])
        world.clock.advance(timedelta(minutes=1))
    await world.done(f"/deposit-releases/{made[0]}/refusal", {"reason": "填错"}, role="county_recheck")
    await world.done(f"/deposit-releases/{made[1]}/approval", **DIRECTOR)
    for status, one in zip(("refused", "approved", "waiting"), made, strict=True):
        items = (await world.get(f"/deposit-releases?status={status}", role="county_director"))["items"]
        assert [(item["id"], item["status"]) for item in items] == [(one, status)]
    first = await world.get("/deposit-releases?limit=2", role="county_recheck")
    rest = await world.get(f"/deposit-releases?limit=2&cursor={first['next_cursor']}", role="county_recheck")
    listed = [(item["id"], item["forfeit"]) for item in first["items"] + rest["items"]]
    assert listed == list(zip(made[::-1], (False, True, False), strict=True))
    assert rest["next_cursor"] is None
    (waits,) = (await world.get("/deposit-releases?status=waiting"))["items"]
    await world.done(f"/deposit-releases/{waits['id']}/approval", **DIRECTOR)
    assert (await world.get("/deposit-releases?status=waiting"))["items"] == []


async def test_money_that_comes_back_leaves_the_deposit_withheld(world: World) -> None:
    await world.fund()
    batch = await withheld(world, "60.00", "40.00")
    await world.bounce(batch)
    assert await world.term("d", "deposit_withheld") == "10.00"
    assert await world.term("d", "bounced") == "90.00"
    assert await world.term("e", "paid_not_applied") == "0.00"
    again = await world.done(f"/payments/{batch['instructions'][0]['id']}/repayment")
    assert (again["amount"], again["instructions"][0]["withheld"]) == ("90.00", "0.00")
    await world.confirm(await world.release(again))
    assert await world.term("d", "deposit_withheld") == "10.00"
    await world.check_books()


async def reversed_claim(world: World, claim: UUID, fen: int) -> None:
    """The paid claim is taken back by a negative one."""
    told = claims.ClaimReversed(
        **world.claim_facts(claim, fen, HOSPITAL, "inpatient"),
        reversal_id=new_id(world.clock.now()),
        approved=fen,
        layers=world.layers(claim, fen, "inpatient"),
    )
    await world.feed(world.delivery(told, str(claim), fen))


async def owed_back(world: World, *of: UUID) -> list[str]:
    """What hospitals owe for each of these reversed claims."""
    found = {item["claim_id"]: item["amount"] for item in (await world.get("/receivables"))["items"]}
    return [found[str(claim)] for claim in of]


async def paid_claims(world: World, *yuan: str) -> list[UUID]:
    """Claims of which a tenth is withheld, the rest paid."""
    await world.fund()
    await world.done(f"/institutions/{HOSPITAL}/deposit-rate", RATE, method="PUT", **DIRECTOR)
    cutoff, found = await world.release_claims(*yuan)
    await world.confirm(await world.batch(cutoff))
    return found


async def take(world: World, what: str, yuan: str) -> Any:
    """Both hands of a release or a forfeiture."""
    body = {"amount": yuan, "reason": "年度考核"}
    asked = await world.done(f"/institutions/{HOSPITAL}/{what}", body, role="county_recheck")
    return await world.done(f"/deposit-releases/{asked['id']}/approval", **DIRECTOR)


@pytest.mark.requirement("ZZ-10", "a reversed claim is owed back as far as it was paid; what was withheld of it ends")
async def test_a_reversed_claim_is_owed_back_without_what_was_withheld(world: World) -> None:
    first, second = await paid_claims(world, "100.00", "60.00")
    asked = {"amount": "16.00", "reason": "年度考核合格"}
    path = f"/institutions/{HOSPITAL}/deposit-releases"
    early = await world.done(path, asked, role="county_recheck")
    await reversed_claim(world, first, 10000)
    assert await owed_back(world, first) == ["90.00"]
    assert await balance(world, "basic", "5001.01") == 5400
    assert await world.term("d", "deposit_withheld") == "6.00"
    assert await world.term("d", "reversed") == "-90.00"
    approval = f"/deposit-releases/{early['id']}/approval"
    await world.refused("deposit_exceeds_withheld", approval, **DIRECTOR)
    await world.refused("deposit_exceeds_withheld", path, asked | {"amount": "6.00"}, role="county_recheck")
    await reversed_claim(world, second, 6000)
    assert await owed_back(world, first, second) == ["90.00", "54.00"]
    assert await balance(world, "basic", "5001.01") == 0, "what was paid is what is owed back"
    assert await world.term("d", "deposit_withheld") == "0.00"
    (moved,) = await world.rows(
        "SELECT sum(amount_fen) AS fen FROM obligation_day WHERE debit = '2301.03' AND credit = '1301'"
    )
    assert moved["fen"] == 1600, "what was withheld is owed no more"
    await world.check_books()


@pytest.mark.requirement("ZZ-10", "a released deposit of a claim reversed later was paid, a forfeited one never was")
@pytest.mark.parametrize(
    ("taken", "owed"),
    [
        ((("deposit-releases", "16.00"),), ["100.00", "60.00"]),
        ((("deposit-forfeitures", "16.00"),), ["90.00", "54.00"]),
        ((("deposit-forfeitures", "4.00"), ("deposit-releases", "12.00")), ["97.50", "58.50"]),
        ((("deposit-releases", "6.00"),), ["90.00", "60.00"]),
    ],
)
async def test_what_was_taken_of_a_deposit_before_the_claim_is_reversed(
    world: World, taken: tuple[tuple[str, str], ...], owed: list[str]
) -> None:
    found = await paid_claims(world, "100.00", "60.00")
    for what, yuan in taken:
        done = await take(world, what, yuan)
        if not done["forfeit"]:
            made = await world.done("/batches", {"cutoff_ids": [done["id"]]})
            await world.confirm(await world.release(made))
    for claim, fen in zip(found, (10000, 6000), strict=True):
        await reversed_claim(world, claim, fen)
    assert await owed_back(world, *found) == owed
    assert await balance(world, "basic", "5001.01") == 0, "what was paid is what is owed back"
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("WC-07", "nobody sets, asks for or approves a deposit of the hospital of his home unit")
async def test_nobody_acts_on_the_deposit_of_his_home_hospital(world: World) -> None:
    await world.fund()
    home, away = {"home_institution": HOSPITAL}, {"home_institution": OTHER_HOSPITAL}
    rate = f"/institutions/{HOSPITAL}/deposit-rate"
    await world.refused("conflict_of_interest", rate, RATE, method="PUT", **DIRECTOR, **home)
    await withheld(world, "100.00")
    path, body = f"/institutions/{HOSPITAL}/deposit-releases", {"amount": "10.00", "reason": "年度考核合格"}
    await world.refused("conflict_of_interest", path, body, role="county_recheck", **home)
    release = await world.done(path, body, role="county_recheck", **away)
    approval = f"/deposit-releases/{release['id']}/approval"
    await world.refused("conflict_of_interest", approval, **DIRECTOR, **home)
    assert await world.term("d", "deposit_withheld") == "10.00"
    await world.done(approval, **DIRECTOR, **away)
    assert await world.term("d", "released_not_batched") == "10.00"


def once_a_row(plan: dict[str, Any], inside: bool = False) -> list[str]:
    """The common tables that a plan reads anew for each row of another."""
    within = inside or plan.get("Parent Relationship") == "SubPlan"
    own = [plan["CTE Name"]] if within and "CTE Name" in plan else []
    return own + [name for part in plan.get("Plans", ()) for name in once_a_row(part, within)]


async def test_the_list_reads_what_was_paid_once_for_all_releases(world: World) -> None:
    (row,) = await world.rows(
        f"EXPLAIN (FORMAT JSON) {outstanding_store._OUTSTANDING}", POOL, world.clock.now().date(), 100
    )
    (told,) = json.loads(row[0])
    assert "paid" not in once_a_row(told["Plan"]), "releases and paid claims both grow for ever"
