"""A payment without a result: its hold stays, two people end it, it is paid again once, and a late execution alarms."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.settlement.payouts.jobs import mark_unknown
from shared.db.engine import create_engine
from shared.kernel.money import parse_yuan
from shared.messaging.jobs import WorkerContext
from tests.component.funds.world import EXPENDITURE, POOL, World

APPROVER = {"role": "insurer_approver"}
REASON = {"reason": "有效期内各日对账单均无此笔"}


async def unknown(world: World, yuan: str = "70.00") -> Any:
    """A payment whose deadline has passed without a result."""
    cutoff, _ = await world.release_claims(yuan)
    batch = await world.batch(cutoff)
    return await overdue(world, batch)


async def overdue(world: World, batch: Any) -> Any:
    """The one payment of a batch, four days later and marked by the worker."""
    world.clock.advance(timedelta(days=4))
    engine = create_engine(world.database.worker, pool_size=1)
    await world.rows("INSERT INTO pool_day VALUES ($1, '2010-01-01') ON CONFLICT DO NOTHING", POOL)
    await mark_unknown(WorkerContext("settlement", None, engine, world.clock))
    await engine.dispose()
    (payment,) = (await world.get(f"/batches/{batch['id']}"))["instructions"]
    assert payment["status"] == "unknown"
    return payment


async def declared(world: World, payment: Any) -> None:
    """Two people declare it not executed."""
    await world.statement(EXPENDITURE)
    path = f"/payments/{payment['id']}/non-execution"
    await world.done(path, REASON)
    await world.done(f"{path}/confirmation", **APPROVER)


async def paid_again(world: World, payment: Any) -> Any:
    """The new instruction, released."""
    return await world.release(await world.done(f"/payments/{payment['id']}/repayment"))


async def held(world: World) -> str:
    """What is set aside on the expenditure account."""
    nodes = (await world.get("/money-ring"))["nodes"]
    return str(next(node["held"] for node in nodes if node["account"] == EXPENDITURE))


@pytest.mark.requirement("ZZ-36", "an unknown payment ends by a statement, or by two people after its whole validity")
async def test_two_people_declare_it_after_its_whole_validity(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    path = f"/payments/{payment['id']}/non-execution"
    await world.refused("payment_not_returned", f"/payments/{payment['id']}/repayment")
    problem = await world.refused("validity_not_covered", path, REASON)
    assert payment["deadline"] in problem["detail"]
    await world.statement(EXPENDITURE)
    await world.refused("declaration_missing", f"{path}/confirmation", **APPROVER)
    await world.done(path, REASON)
    await world.refused("four_eyes", f"{path}/confirmation", role="insurer_approver", subject="insurer_finance-1")
    assert await held(world) == "70.00", "one person's word frees nothing"
    await world.done(f"{path}/confirmation", **APPROVER)
    assert await held(world) == "0.00"
    assert await world.term("d", "bounced") == "70.00"
    await world.refused("payment_not_unknown", path, REASON)
    again = await paid_again(world, payment)
    assert again["instructions"][0]["replaces"] == payment["id"]
    await world.refused("payment_replaced_already", f"/payments/{payment['id']}/repayment")
    await world.confirm(again)
    assert await world.term("d", "confirmed") == "70.00"
    told = await world.rows("SELECT type FROM outbox WHERE type LIKE '%payment%' ORDER BY sequence")
    assert [row["type"].split(".")[3] for row in told] == ["not_executed", "confirmed"]
    await world.check_books()


async def test_an_open_line_of_that_amount_is_looked_at_first(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await world.statement(EXPENDITURE, ("out", 7000, "garbled"))
    path = f"/payments/{payment['id']}/non-execution"
    await world.refused("open_line_could_be_payment", path, REASON)


@pytest.mark.requirement("ZZ-36", "executed after the declaration and not paid again: it is the payment, paid once")
async def test_a_late_execution_that_was_not_paid_again_is_the_payment(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await declared(world, payment)
    await world.statement(EXPENDITURE, ("out", 7000, payment["end_to_end_id"]))
    assert await world.term("d", "confirmed") == "70.00"
    await world.refused("payment_not_returned", f"/payments/{payment['id']}/repayment")
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "executed after the declaration, the repayment not released: that is given up")
async def test_a_late_execution_gives_up_the_repayment_that_was_not_released(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await declared(world, payment)
    again = await world.done(f"/payments/{payment['id']}/repayment")
    await world.statement(EXPENDITURE, ("out", 7000, payment["end_to_end_id"]))
    assert (await world.get(f"/batches/{again['id']}"))["status"] == "cancelled"
    assert await held(world) == "0.00"
    assert (await world.term("d", "confirmed"), await world.term("e", "paid_twice")) == ("70.00", "0.00")
    assert await world.rows("SELECT 1 FROM receivable") == [], "the hospital was paid once and owes nothing"
    await world.refused("batch_state", f"/batches/{again['id']}/cancellation", {"reason": "太晚"})
    await world.refused("batch_state", f"/batches/{again['id']}/release", **APPROVER)
    await world.check_books()


async def test_a_line_of_another_amount_gives_up_nothing(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await declared(world, payment)
    again = await world.done(f"/payments/{payment['id']}/repayment")
    await world.statement(EXPENDITURE, ("out", 6999, payment["end_to_end_id"]))
    assert (await world.get(f"/batches/{again['id']}"))["status"] == "prepared"


@pytest.mark.requirement("ZZ-36", "a release and the statement that shows the first payment: one of them comes first")
async def test_the_repayment_is_released_while_the_statement_arrives(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    await declared(world, payment)
    again = await world.done(f"/payments/{payment['id']}/repayment")
    shown = world.statement_body(EXPENDITURE, ("out", 7000, payment["end_to_end_id"]))
    release = f"/batches/{again['id']}/release"
    answers = await asyncio.gather(world.send("/bank-statements", shown), world.send(release, **APPROVER))
    assert answers[0].status_code == 201, answers[0].text
    status = (await world.get(f"/batches/{again['id']}"))["status"]
    owed = await world.rows("SELECT amount_fen FROM receivable")
    assert (status, answers[1].status_code, len(owed)) in [("cancelled", 409, 0), ("released", 200, 1)]
    await world.identities()
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "executed after it was paid again: the second payment is a receivable, and alarms")
@pytest.mark.parametrize("way_back", ["receivable", "payment"])
async def test_a_second_payment_is_a_receivable_until_it_comes_back(world: World, way_back: str) -> None:
    await world.fund()
    payment = await unknown(world)
    await declared(world, payment)
    await world.confirm(await paid_again(world, payment))
    await world.statement(EXPENDITURE, ("out", 7000, payment["end_to_end_id"]))
    assert await world.term("e", "paid_twice") == "70.00"
    assert await world.term("d", "confirmed") == "70.00"
    (owed,) = await world.rows("SELECT origin, bearer, reference, amount_fen FROM receivable")
    assert (owed["origin"], owed["bearer"], owed["amount_fen"]) == ("second_payment", "hospital", 7000)
    alarms = await world.rows("SELECT 1 FROM outbox WHERE type = 'heyi.settlement.payment.paid_twice.v1'")
    assert len(alarms) == 1
    reference = owed["reference"] if way_back == "receivable" else payment["end_to_end_id"]
    await world.statement(EXPENDITURE, ("in", parse_yuan("70.00"), reference))
    assert await world.term("e", "paid_twice") == "0.00"
    rows = await world.rows("SELECT posted_fen FROM balance WHERE book = 'basic' AND account = '1101'")
    assert [row["posted_fen"] for row in rows] == [0]
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "a file handed over late has a deadline of its own before its payment is declared")
async def test_a_file_handed_over_late_has_a_deadline_of_its_own(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    sent = await world.done(f"/batches/{payment['batch_id']}/dispatch")
    (late,) = sent["instructions"]
    assert (late["status"], late["deadline"] > payment["deadline"]) == ("sent", True)
    await world.statement(EXPENDITURE)
    path = f"/payments/{payment['id']}/non-execution"
    await world.refused("payment_not_unknown", path, REASON)
    late = await overdue(world, sent)
    problem = await world.refused("validity_not_covered", path, REASON)
    assert late["deadline"] in problem["detail"], "the statements so far do not cover the later deadline"
    assert await held(world) == "70.00"
    await declared(world, late)
    await world.check_books()


@pytest.mark.requirement("ZZ-36", "what two people declared not executed can reach the bank no more")
async def test_a_batch_declared_not_executed_is_never_handed_over(world: World) -> None:
    await world.fund()
    payment = await unknown(world)
    path = f"/v1/pools/{POOL}/batches/{payment['batch_id']}/file"
    headers = world.tokens.headers("insurer_finance")
    assert (await world.client.get(path, headers=headers)).status_code == 200
    await declared(world, payment)
    again = await paid_again(world, payment)
    await world.refused("batch_state", f"/batches/{payment['batch_id']}/dispatch")
    assert (await world.client.get(path, headers=headers)).json()["code"] == "batch_state"
    assert (await world.get(f"/batches/{payment['batch_id']}"))["status"] == "released"
    assert (await world.done(f"/batches/{again['id']}/dispatch"))["status"] == "sent"


@pytest.mark.requirement(
    "ZZ-36", "a statement is a fact: it is imported also where the book lacks what the bank paid late"
)
async def test_a_late_execution_beyond_the_books_money_waits_and_holds_up_nothing(world: World) -> None:
    await world.fund("1000.00", "70.00")
    payment = await unknown(world)
    await declared(world, payment)
    await world.paid("60.00")
    imported = await world.statement(EXPENDITURE, ("in", 9000, "UNEXPLAINED"), ("out", 7000, payment["end_to_end_id"]))
    assert (imported["matched"], imported["open"], imported["lacking"]) == (0, 2, "60.00")
    waiting = (await world.get("/open-items"))["at_bank_not_in_book"]
    assert {item["reference"] for item in waiting} == {"UNEXPLAINED", payment["end_to_end_id"]}
    await world.identities()
    again = await world.statement(EXPENDITURE)
    assert again["lacking"] == "60.00", "later statements come in, and the shortage is told each time"
    await world.advance("50.00")
    matching = f"/bank-accounts/{EXPENDITURE}/matching"
    assert await world.done(matching, {}) == {"matched": 0, "lacking": "10.00"}
    await world.advance("10.00")
    assert await world.term("d", "confirmed") == "130.00", "nothing was lost: with the money it is the payment"
    left = (await world.get("/open-items"))["at_bank_not_in_book"]
    assert [item["reference"] for item in left] == ["UNEXPLAINED"]
    await world.check_books()


@pytest.mark.requirement("LS-11", "what is declared after the close of a day was open on that day")
async def test_a_declaration_after_the_close_changes_no_list_of_the_day(world: World) -> None:
    await world.fund()
    first = world.clock.now().date()
    payment = await unknown(world)
    today = world.clock.now().date()
    await world.statement(EXPENDITURE)
    for n in range((today - first).days + 1):
        await world.sources_close(first + timedelta(days=n))
    await world.done(f"/days/{today}/close", role="county_director")
    path = f"/papers/outstanding?from={today}&to={today}"
    closed = (await world.get(path))["rows"]
    assert any(payment["end_to_end_id"] in row["cells"] for row in closed)
    path_of = f"/payments/{payment['id']}/non-execution"
    await world.done(path_of, REASON)
    await world.done(f"{path_of}/confirmation", **APPROVER)
    assert (await world.get(path))["rows"] == closed
    next_day = today + timedelta(days=1)
    later = (await world.get(f"/papers/outstanding?from={next_day}&to={next_day}"))["rows"]
    assert not any(payment["end_to_end_id"] in row["cells"] for row in later)
