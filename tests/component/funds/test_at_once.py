"""What happens at once: applications and statements, events and statements, and all figures of one moment."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from services.settlement.funding import replenishment_store
from services.settlement.reconciliation import commands as reconciliation
from shared.db.counting import count_statements
from shared.http.pages import encode_cursor
from shared.kernel.ids import new_id
from tests.component.funds.test_recoveries import asked, recovered, replenished
from tests.component.funds.world import EXPENDITURE, FISCAL, INCOME, OTHER_HOSPITAL, POOL, World
from tests.support.waiting import until

_WAITING = """
SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted
"""


async def until_it_waits(world: World, task: asyncio.Task[Any]) -> None:
    """Returns when the task has ended or somebody waits for an advisory lock."""

    async def so() -> bool:
        return task.done() or bool(await world.rows(_WAITING))

    await until(so)


def while_matching(
    world: World, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Coroutine[Any, Any, Any]]
) -> list[asyncio.Task[Any]]:
    """Starts an act as soon as a statement of the fiscal account has read what its lines may show; the act's task."""
    candidates, running = reconciliation.candidates, []

    async def and_then(*args: Any) -> list[Any]:
        found = await candidates(*args)
        if args[2] == FISCAL and not running:
            running.append(asyncio.create_task(act()))
            await until_it_waits(world, running[0])
        return found

    monkeypatch.setattr(reconciliation, "candidates", and_then)
    return running


@pytest.mark.requirement("ZZ-31", "money confirmed while an application is made is in it whole or not at all")
async def test_a_statement_imported_during_an_application(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.fund()
    await world.paid("100.00")
    cutoff, _ = await world.release_claims("40.00", hospital=OTHER_HOSPITAL)
    second, running = await world.batch(cutoff), []
    waiting = replenishment_store.waiting

    async def and_then_the_bank_answers(*args: Any) -> tuple[int, int]:
        found = await waiting(*args)
        running.append(asyncio.create_task(world.confirm(second)))
        await until_it_waits(world, running[0])
        return found

    monkeypatch.setattr(replenishment_store, "waiting", and_then_the_bank_answers)
    applied = await world.done("/replenishments", {})
    await running[0]
    lines = (await world.get(f"/replenishments/{applied['id']}/lines"))["items"]
    assert (applied["applied"], applied["line_count"], len(lines)) == ("100.00", 1, 1)
    assert await world.term("e", "paid_not_applied") == "40.00"
    await world.check_books()


@pytest.mark.requirement("ZA-10", "what is owed is set off or paid back, never both, also on the fiscal account")
async def test_a_set_off_prepared_while_the_money_comes_to_the_fiscal_account(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.fund()
    (line,) = await replenished(world, "30.00")
    owed = await recovered(world, asked(line, "30.00"))
    cutoff, _ = await world.release_claims("100.00")
    body = {"cutoff_ids": [str(cutoff)], "set_off": [{"receivable_id": owed["id"]}]}
    running = while_matching(world, monkeypatch, lambda: world.send("/batches", body))
    await world.statement(FISCAL, ("in", 30_00, owed["reference"]))
    await running[0]
    await world.confirm(await world.batch(cutoff))
    assert await world.term("e", "paid_not_applied") == "100.00"
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZA-10", "money owed that two banks show at once is taken once, and neither import fails")
@pytest.mark.parametrize("others", ["nothing else owed", "another owes more"])
async def test_two_statements_bring_the_same_money_owed(
    world: World, monkeypatch: pytest.MonkeyPatch, others: str
) -> None:
    """Both banks show 30.00 under one reference: whoever comes later finds nothing owed and keeps an open line."""
    await world.fund()
    (line,) = await replenished(world, "100.00")
    owed = await recovered(world, asked(line, "30.00"))
    if others == "another owes more":
        await recovered(world, asked(line, "60.00"))
    bodies = {at: world.statement_body(at, ("in", 30_00, owed["reference"])) for at in (EXPENDITURE, FISCAL)}
    running = while_matching(world, monkeypatch, lambda: world.send("/bank-statements", bodies[EXPENDITURE]))
    first = await world.done("/bank-statements", bodies[FISCAL], role="county_finance")
    second = await running[0]
    assert (first["matched"], first["open"]) == (1, 0)
    assert second.status_code == 201, second.text
    assert (second.json()["matched"], second.json()["open"]) == (0, 1)
    await world.check_books()


@pytest.mark.requirement("ZZ-31", "a transfer is at one end or the other, also where both banks show it at once")
async def test_two_statements_show_one_transfer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sent back by one bank and credited by the other: whoever comes later keeps an open line."""
    await world.fund()
    sent = {}
    for yuan in ("20.00", "70.00"):
        made = await world.done("/transfers", {"kind": "advance_return", "amount": yuan})
        sent[yuan] = await world.done(f"/transfers/{made['id']}/release", subject="insurer_finance-2")
    reference = sent["20.00"]["reference"]
    bodies = {at: world.statement_body(at, ("in", 20_00, reference)) for at in (EXPENDITURE, FISCAL)}
    running = while_matching(world, monkeypatch, lambda: world.send("/bank-statements", bodies[EXPENDITURE]))
    first = await world.done("/bank-statements", bodies[FISCAL], role="county_finance")
    second = await running[0]
    assert (first["matched"], first["open"]) == (1, 0)
    assert second.status_code == 201, second.text
    assert (second.json()["matched"], second.json()["open"]) == (0, 1)
    (kept,) = [one for one in (await world.get("/transfers"))["items"] if one["reference"] == reference]
    assert kept["status"] == "arrived"
    await world.check_books()


@pytest.mark.requirement("ZA-10", "what a third party just paid is not refused at the re-check")
async def test_a_line_is_refused_while_the_third_party_pays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The money that is on its way into the book is seen, and the line cannot be refused any more."""
    await world.fund()
    claim = new_id(world.clock.now())
    world.liable[claim] = 40_00
    await world.feed(world.settled(claim, 100_00))
    await world.feed(world.approved(claim))
    cutoff, released = world.cutoff({claim: 100_00})
    await world.feed(*released)
    await world.confirm(await world.batch(cutoff))
    applied = await world.done("/replenishments", {})
    (owed,) = (await world.get("/receivables?open=true"))["items"]
    assert (owed["claim_id"], owed["open"]) == (str(claim), "40.00")
    refusal = {"refusals": [{"line": 1, "bearer": "hospital", "reason": "病历不实"}]}
    recheck = f"/replenishments/{applied['id']}/recheck"
    running = while_matching(world, monkeypatch, lambda: world.send(recheck, refusal, role="county_recheck"))
    await world.statement(FISCAL, ("in", 40_00, owed["reference"]))
    answer = await running[0]
    assert answer.json()["code"] == "replenishment_lines_invalid", answer.text
    await world.check_books()


async def test_events_of_premiums_take_the_account_before_the_book(world: World) -> None:
    """A statement import holds the account and wants the book: an event that held the book first would be a ring."""
    await world.collect("1.00")
    told, _ = world.remittance("1.00")
    await world.feed(told)
    other = await asyncpg.connect(world.database.admin)
    async with other.transaction():
        lock = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.settlement.account:' || $1 || ':' || $2, 0))"
        await other.execute(lock, POOL, INCOME)
        event = asyncio.create_task(world.collect("2.00"))
        await until_it_waits(world, event)
        assert not event.done()
        await other.fetch("SELECT 1 FROM book_head WHERE pool_code = $1 FOR UPDATE NOWAIT", POOL)
    await event
    await other.close()
    await world.identities()


@pytest.mark.requirement("ZZ-14", "all figures of the identities are of one moment")
async def test_the_identities_are_read_in_one_statement(world: World) -> None:
    await world.fund()
    with count_statements() as counted:
        await world.get("/identities")
    assert counted.total() == 3, counted  # scope, whether the pool is kept, and every figure in one


async def _lists(world: World) -> dict[str, Any]:
    for _ in range(3):
        await world.paid("10.00")
        await world.done("/replenishments", {})
    return dict.fromkeys(("/cutoffs", "/batches", "/transfers", "/replenishments"))


async def test_no_list_is_cut_off_silently(world: World) -> None:
    await world.fund()
    await world.advance("1.00")
    await world.advance("2.00")
    for path in await _lists(world):
        whole = await world.get(path)
        assert whole["next_cursor"] is None
        assert len(whole["items"]) == 3, path
        found, cursor = [], ""
        while cursor is not None:
            page = await world.get(f"{path}?limit=1{cursor and '&cursor=' + cursor}")
            found += page["items"]
            cursor = page["next_cursor"]
        assert found == whole["items"], path


async def test_open_items_of_both_sides_come_page_by_page(world: World) -> None:
    await world.fund()
    for n in range(3):
        cutoff, _ = await world.release_claims(f"{n + 1}.00")
        await world.batch(cutoff)
        made = await world.done("/advances", {"amount": f"{n + 1}.00"}, role="county_finance")
        await world.done(f"/transfers/{made['id']}/release", role="county_finance", subject="county_finance-2")
    await world.statement(INCOME, ("in", 1, "a"), ("in", 2, "b"), ("in", 3, "c"), ("in", 4, "d"), ("in", 5, "e"))
    whole = await world.get("/open-items")
    assert (len(whole["at_bank_not_in_book"]), len(whole["in_book_not_at_bank"])) == (5, 3)
    assert whole["next_cursor"] is None
    lines, movements, cursor = [], [], ""
    while cursor is not None:
        page = await world.get(f"/open-items?limit=2{cursor and '&cursor=' + cursor}")
        lines += page["at_bank_not_in_book"]
        movements += page["in_book_not_at_bank"]
        cursor = page["next_cursor"]
    assert (lines, movements) == (whole["at_bank_not_in_book"], whole["in_book_not_at_bank"])


_ANYTHING = "00000000-0000-7000-8000-000000000000"


_NUMBERS = ("/subsidies/100000000000000", "/books/basic/vouchers/100000000000000000000")
_PAGED = (
    *("/cutoffs", "/batches", "/transfers", "/replenishments", "/open-items", "/books/basic/vouchers"),
    f"/replenishments/{_ANYTHING}/lines",
    f"/payments/{_ANYTHING}/claims",
)
_CURSORS = ((), ("x",), ("x", "y"), ("x", "y", "x", "y"), (None,), (10**30,), (-1,), ("2010-03-01T00:00:00", _ANYTHING))


async def test_what_cannot_be_a_place_is_refused(world: World) -> None:
    await world.collect("1.00")
    cursors = [encode_cursor(*parts) for parts in _CURSORS] + ["eA", "%FF"]
    asked = [(path, "invalid_request") for path in _NUMBERS]
    asked += [(f"{path}?cursor={cursor}", "cursor_invalid") for path in _PAGED for cursor in cursors]
    headers = world.tokens.headers("auditor")
    for path, code in asked:
        answer = await world.client.get(f"/v1/pools/{POOL}{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, code), (path, answer.text)
