"""Batches, files, the bank's answers: whole cut-offs, four eyes, the same bytes, one payment and one repayment."""

import asyncio
import hashlib
import xml.etree.ElementTree as ET
from datetime import timedelta
from uuid import uuid4

import pytest

from services.settlement.payouts.jobs import mark_unknown
from shared.db.counting import count_statements
from shared.db.engine import create_engine
from shared.messaging.jobs import WorkerContext
from tests.component.funds.world import EXPENDITURE, FISCAL, HOSPITAL, OTHER_HOSPITAL, POOL, World


async def test_only_whole_cutoffs_are_batched(world: World) -> None:
    await world.fund()
    claims = [uuid4(), uuid4()]
    amounts = dict.fromkeys(claims, 1000)
    await world.feed(*(world.settled(c, 1000) for c in claims))
    await world.feed(*(world.approved(c) for c in claims))
    cutoff, events = world.cutoff(amounts)
    await world.refused("cutoff_not_received", "/batches", {"cutoff_ids": [str(cutoff)]})
    await world.feed(events[0])
    problem = await world.refused("cutoff_incomplete", "/batches", {"cutoff_ids": [str(cutoff)]})
    assert problem["errors"] == [{"cutoff_id": str(cutoff), "missing_claims": 1, "missing_amount": "10.00"}]
    await world.feed(events[1])
    made = await world.done("/batches", {"cutoff_ids": [str(cutoff)]})
    assert made["amount"] == "20.00"
    await world.refused("cutoff_batched", "/batches", {"cutoff_ids": [str(cutoff)]})


async def test_nothing_moves_without_money(world: World) -> None:
    await world.fund("100.00", "50.00")
    cutoff, _ = await world.release_claims("50.01")
    before = await world.rows("SELECT count(*) AS n FROM batch")
    await world.refused("ledger_overdrawn", "/batches", {"cutoff_ids": [str(cutoff)]})
    assert await world.rows("SELECT count(*) AS n FROM batch") == before
    assert [row["status"] for row in await world.rows("SELECT status FROM payable")] == ["open"]


async def test_the_payee_is_registered_by_the_county_office(world: World) -> None:
    await world.fund()
    cutoff, _ = await world.release_claims("5.00", hospital="H52242200009")
    await world.refused("payee_missing", "/batches", {"cutoff_ids": [str(cutoff)]})
    body = {"payee_name": "卫生院", "bank_name": "农行", "account_number": "95599000000009"}
    path = "/payees/H52242200009"
    await world.refused("forbidden_role", path, body, role="insurer_finance", method="PUT")
    assert (await world.done(path, body, role="county_director", method="PUT"))["version"] == 1
    assert (await world.done(path, body, role="county_director", method="PUT"))["version"] == 1
    await world.refused("payee_missing", "/batches", {"cutoff_ids": [str(cutoff)]})
    number, confirm = {"account_number": "95599000000009"}, f"{path}/confirmation"
    await world.refused("four_eyes", confirm, number, role="county_director")
    wrong = {"account_number": "95599000000008"}
    await world.refused("payee_differs", confirm, wrong, role="county_recheck")
    away = {"role": "county_recheck", "home_institution": "H52242200009"}
    await world.refused("conflict_of_interest", confirm, number, **away)
    await world.done(confirm, number, role="county_recheck")
    changed = body | {"account_number": "95599000000010"}
    shown = await world.client.get(f"/v1/pools/{POOL}{path}", headers=world.tokens.headers("auditor"))
    assert (shown.json()["version"], shown.json()["confirmed_by"]) == (1, "county_recheck-1")
    assert "account_number" not in shown.text
    read = shown.headers["ETag"]
    assert (await world.done(path, changed, role="county_director", method="PUT", if_match=read))["version"] == 2
    made = await world.done("/batches", {"cutoff_ids": [str(cutoff)]})
    paid_to = await world.rows("SELECT payee_version FROM instruction WHERE id = $1", made["instructions"][0]["id"])
    assert paid_to[0]["payee_version"] == 1, "what one person alone has changed receives nothing"
    sealed = await world.rows("SELECT number_sealed FROM payee")
    assert all(b"95599" not in row["number_sealed"] for row in sealed)


@pytest.mark.requirement("ZZ-12", "an account of the fund at a bank that is not state-owned or controlled is refused")
async def test_the_bank_has_to_be_state_owned(empty_world: World) -> None:
    body = {
        "bank_name": "某民营银行",
        "bank_ownership": "other",
        "holder_name": "合医基金",
        "account_number": "622200000001",
    }
    path = f"/bank-accounts/{EXPENDITURE}"
    await empty_world.refused("bank_not_state_owned", path, body, method="PUT")
    assert await empty_world.rows("SELECT 1 FROM bank_account") == []
    state = body | {"bank_ownership": "state_controlled"}
    await empty_world.refused("keeper_only", path, state, role="county_finance", method="PUT")
    await empty_world.done(path, state, method="PUT")
    await empty_world.refused("bank_account_unknown", "/bank-accounts/1099", state, method="PUT")


async def test_a_second_person_releases_and_the_file_stays_the_same(world: World) -> None:
    await world.fund()
    first, _ = await world.release_claims("12.34", "0.66")
    second, _ = await world.release_claims("5.00", hospital=OTHER_HOSPITAL)
    made = await world.done("/batches", {"cutoff_ids": [str(first), str(second)]})
    path = f"/batches/{made['id']}"
    headers = world.tokens.headers("insurer_finance")
    early = await world.client.get(f"/v1/pools/{POOL}{path}/file", headers=headers)
    assert early.json()["code"] == "batch_state"
    same = {"role": "insurer_approver", "subject": "insurer_finance-1"}
    await world.refused("four_eyes", f"{path}/release", **same)
    released = await world.release(made)
    await world.refused("batch_state", f"{path}/release", role="insurer_approver")
    downloads = [await world.client.get(f"/v1/pools/{POOL}{path}/file", headers=headers) for _ in range(3)]
    assert len({hashlib.sha256(d.content).hexdigest() for d in downloads}) == 1
    logged = await world.rows("SELECT 1 FROM audit WHERE action = 'download_payment_file' AND outcome = 'read'")
    assert len(logged) == 3
    document = ET.fromstring(downloads[0].content)
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    assert document.findtext(".//p:CtrlSum", namespaces=space) == "18.00"
    assert document.findtext(".//p:NbOfTxs", namespaces=space) == "2"
    ids = sorted(i["end_to_end_id"] for i in released["instructions"])
    assert [e.text for e in document.findall(".//p:EndToEndId", space)] == ids
    assert all(len(x) == 26 for x in ids)
    assert "大方县医院1<&>" in [e.text for e in document.findall(".//p:Cdtr/p:Nm", space)]
    sent = await world.done(f"{path}/dispatch")
    assert (sent["status"], sent["instructions"][0]["status"]) == ("sent", "sent")


async def test_a_bounce_reopens_the_payables_and_is_paid_again_once(world: World) -> None:
    await world.fund("10000.00", "5000.00")
    cutoff, claims = await world.release_claims("70.00", "30.00")
    batch = await world.batch(cutoff)
    old = batch["instructions"][0]
    await world.refused("payment_not_returned", f"/payments/{old['id']}/repayment")
    await world.confirm(batch)
    await world.bounce(batch)
    assert await world.term("d", "bounced") == "100.00"
    assert await world.term("e", "paid_not_applied") == "0.00"
    await world.refused("cutoff_batched", "/batches", {"cutoff_ids": [str(cutoff)]})
    path = f"/payments/{old['id']}/repayment"
    both = await asyncio.gather(world.send(path), world.send(path))
    assert sorted(a.status_code for a in both) == [201, 409]
    again = next(a.json() for a in both if a.status_code == 201)
    assert again["instructions"][0]["replaces"] == old["id"]
    assert again["instructions"][0]["end_to_end_id"] != old["end_to_end_id"]
    await world.refused("payment_replaced_already", path)
    await world.confirm(await world.release(again))
    assert await world.term("d", "confirmed") == "100.00"
    events = await world.rows(
        "SELECT type, sequence FROM outbox WHERE subject = $1 ORDER BY sequence", f"{claims[0]}:basic"
    )
    assert [(e["type"].split(".")[-2], e["sequence"]) for e in events] == [
        ("confirmed", 1),
        ("returned", 2),
        ("confirmed", 3),
    ]
    await world.check_books()


@pytest.mark.requirement("DF-18", "what the family account paid at a hospital is paid to it with the benefit")
async def test_the_family_accounts_part_is_paid_with_the_benefit(world: World) -> None:
    await world.fund()
    claims = sorted([uuid4(), uuid4()])
    await world.feed(world.settled(claims[0], 7000, account=550), world.settled(claims[1], 3000))
    await world.feed(*(world.approved(claim) for claim in claims))
    cutoff, events = world.cutoff({claims[0]: 7550, claims[1]: 3000})
    await world.feed(*events)
    assert await world.term("d", "released_not_batched") == "105.50"
    batch = await world.batch(cutoff)
    (payment,) = batch["instructions"]
    assert (payment["amount"], payment["claim_count"]) == ("105.50", 2), "a claim of two layers is one claim"
    assert [row["batch_id"] for row in (await world.get("/cutoffs", role="insurer_finance"))["items"]] == [batch["id"]]
    paid, cursor = [], ""
    while cursor is not None:
        page = await world.get(f"/payments/{payment['id']}/claims?limit=1{cursor and '&cursor=' + cursor}")
        paid += [(row["claim_id"], row["layer"], row["amount"]) for row in page["items"]]
        cursor = page["next_cursor"]
    first, second = map(str, claims)
    assert paid == [(first, "basic", "70.00"), (first, "family_account", "5.50"), (second, "basic", "30.00")]
    await world.confirm(batch)
    assert await world.term("d", "confirmed") == "105.50"
    await world.bounce(batch)
    assert await world.term("d", "bounced") == "105.50"
    again = await world.done(f"/payments/{payment['id']}/repayment")
    assert again["instructions"][0]["claim_count"] == 2
    await world.confirm(await world.release(again))
    assert (await world.term("d", "confirmed"), await world.term("d", "released_not_batched")) == ("105.50", "0.00")
    await world.check_books()


async def test_payment_and_return_in_one_statement(world: World) -> None:
    await world.fund()
    cutoff, _ = await world.release_claims("70.00")
    item = (await world.batch(cutoff))["instructions"][0]
    answer = await world.statement(
        EXPENDITURE, ("out", 7000, item["end_to_end_id"]), ("in", 7000, item["end_to_end_id"])
    )
    assert (answer["matched"], answer["open"]) == (2, 0)
    assert await world.term("d", "bounced") == "70.00"


async def test_a_bounce_after_replenishment_lowers_the_next_application(world: World) -> None:
    await world.fund("10000.00", "5000.00")
    first, _ = await world.release_claims("100.00")
    batch = await world.batch(first)
    await world.confirm(batch)
    applied = await world.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    await world.done(f"{path}/recheck", {}, role="county_recheck")
    await world.done(f"{path}/approval", role="county_finance")
    sent = await world.done(f"{path}/transfer", role="county_finance", subject="county_finance-2")
    await world.arrive(sent, released=True)
    await world.bounce(batch)
    assert await world.term("e", "paid_not_applied") == "-100.00"
    await world.refused("nothing_to_replenish", "/replenishments", {})
    second, _ = await world.release_claims("250.00", hospital=OTHER_HOSPITAL)
    await world.confirm(await world.batch(second))
    assert (await world.done("/replenishments", {}))["applied"] == "150.00"
    await world.identities()


async def test_an_application_sent_back_can_be_made_again(world: World) -> None:
    await world.fund()
    cutoff, _ = await world.release_claims("100.00")
    await world.confirm(await world.batch(cutoff))
    applied = await world.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    lines = {"refusals": [{"line": 2, "bearer": "insurer", "reason": "没有这一行"}]}
    await world.refused("replenishment_lines_invalid", f"{path}/recheck", lines, role="county_recheck")
    await world.done(f"{path}/send-back", {"reason": "缺附件"}, role="county_recheck")
    await world.refused("replenishment_state", f"{path}/approval", role="county_finance")
    assert (await world.done("/replenishments", {}))["applied"] == "100.00"
    await world.identities()


async def test_what_the_statement_does_not_explain_stays_open(world: World) -> None:
    await world.fund()
    cutoff, _ = await world.release_claims("70.00")
    item = (await world.batch(cutoff))["instructions"][0]
    answer = await world.statement(EXPENDITURE, ("out", 6999, item["end_to_end_id"]), ("in", 5, "??"))
    assert (answer["matched"], answer["open"]) == (0, 2)
    world.clock.advance(timedelta(days=3))
    items = (await world.get("/open-items"))["at_bank_not_in_book"]
    assert {i["amount"] for i in items} == {"-69.99", "0.05"}
    assert {i["age_days"] for i in items} == {3}
    await world.identities()


async def test_statements_follow_each_other(world: World) -> None:
    body = world.statement_body(EXPENDITURE)
    wrong = body | {"closing_balance": "0.01"}
    await world.refused("statement_does_not_add_up", "/bank-statements", wrong)
    await world.refused("keeper_only", "/bank-statements", body, role="county_finance")
    await world.done("/bank-statements", body)
    await world.refused("statement_already_imported", "/bank-statements", body)
    world.clock.advance(timedelta(days=1))
    gap = world.statement_body(EXPENDITURE) | {"opening_balance": "1.00", "closing_balance": "1.00"}
    await world.refused("statement_gap", "/bank-statements", gap)
    number = body | {"opening_balance": 0}
    await world.refused("invalid_request", "/bank-statements", number)


async def test_no_answer_by_the_deadline_is_unknown_and_still_confirmable(world: World) -> None:
    await world.fund()
    cutoff, _ = await world.release_claims("70.00")
    batch = await world.batch(cutoff)
    world.clock.advance(timedelta(days=10))
    engine = create_engine(world.database.worker, pool_size=1)
    await world.rows("INSERT INTO pool_day VALUES ($1, '2010-01-01')", POOL)
    await mark_unknown(WorkerContext("settlement", None, engine, world.clock))
    await engine.dispose()
    assert (await world.get(f"/batches/{batch['id']}"))["instructions"][0]["status"] == "unknown"
    assert await world.term("d", "at_bank") == "70.00"
    await world.confirm(batch)
    assert await world.term("d", "confirmed") == "70.00"


async def _each_write_twice(world: World) -> list[tuple[str, object, str, str]]:
    cutoff, _ = await world.release_claims("70.00")
    made = await world.done("/batches", {"cutoff_ids": [str(cutoff)]})
    other, _ = await world.release_claims("1.00", hospital=OTHER_HOSPITAL)
    transfer = await world.done("/transfers", {"kind": "income_to_fiscal", "amount": "1.00"}, role="county_recheck")
    await world.collect("5.00")
    remitted, reference = world.remittance("5.00")
    await world.feed(remitted)
    await world.statement("1003", ("in", 500, reference))
    arrival = {"level": "city", "coverage_year": 2010, "amount": "1.00", "bank_reference": "T1"}
    return [
        ("/subsidy-arrivals", arrival | {"arrived_on": "2010-03-01"}, "county_finance", "arrival"),
        ("/batches", {"cutoff_ids": [str(other)]}, "insurer_finance", "batch_cutoff"),
        (f"/batches/{made['id']}/release", None, "insurer_approver", "payment_file"),
        (f"/transfers/{transfer['id']}/release", None, "county_director", "movement"),
        ("/bank-statements", world.statement_body(FISCAL, ("in", 100, "X")), "county_finance", "statement"),
    ]


async def test_each_write_sent_twice_at_once_has_one_effect(world: World) -> None:
    await world.fund()
    for path, body, role, table in await _each_write_twice(world):
        for same_key in (True, False):
            count = f"SELECT count(*) AS n FROM {table}"
            before = (await world.rows(count))[0]["n"]
            keys = ("twice" + path, "twice" + path) if same_key else ("once more" + path, "and again" + path)
            both = await asyncio.gather(*(world.send(path, body, role=role, key=hash_of(k)) for k in keys))
            done = [a.status_code in (200, 201) for a in both]
            effect = (await world.rows(count))[0]["n"] - before
            assert effect == (1 if same_key else 0), (path, [a.text for a in both])
            assert all(done) if same_key else not any(done), (path, [a.text for a in both])
    await world.check_books()


def hash_of(text: str) -> str:
    """A key of allowed characters."""
    return hashlib.sha256(text.encode()).hexdigest()


async def _counts(world: World, claims: int) -> tuple[int, int]:
    cutoffs = []
    for hospital in (HOSPITAL, OTHER_HOSPITAL):
        cutoff, _ = await world.release_claims(*["1.00"] * claims, hospital=hospital)
        cutoffs.append(str(cutoff))
    with count_statements() as preparing:
        made = await world.done("/batches", {"cutoff_ids": cutoffs[: 1 if claims < 3 else 2]})
    batch = await world.release(made)
    with count_statements() as importing:
        await world.confirm(batch)
    return preparing.total(), importing.total()


async def test_statements_do_not_grow_with_the_data(world: World) -> None:
    await world.fund()
    few = await _counts(world, 2)
    many = await _counts(world, 8)
    assert few == many


async def test_a_refused_line_that_bounces_is_made_good_by_the_bank(world: World) -> None:
    await world.fund("10000.00", "5000.00")
    cutoff, _ = await world.release_claims("100.00", "40.00")
    batch = await world.batch(cutoff)
    await world.confirm(batch)
    path = f"/replenishments/{(await world.done('/replenishments', {}))['id']}"
    lines = (await world.get(f"{path}/lines"))["items"]
    refused = next(line["line"] for line in lines if line["amount"] == "40.00")
    body = {"refusals": [{"line": refused, "bearer": "hospital", "reason": "病历不实"}]}
    await world.done(f"{path}/recheck", body, role="county_recheck")
    await world.bounce(batch)
    assert await world.term("e", "refused_not_made_good") == "0.00"
    assert await world.term("e", "paid_not_applied") == "-100.00"
    balances = await world.rows("SELECT account, posted_fen FROM balance WHERE account IN ('1101', '5001.01')")
    assert {row["account"]: row["posted_fen"] for row in balances} == {"1101": 0, "5001.01": 0}
    await world.check_books()


async def test_a_batch_that_is_not_released_can_be_given_up(world: World) -> None:
    await world.fund("10000.00", "100.00")
    cutoff, _ = await world.release_claims("70.00")
    body = {"cutoff_ids": [str(cutoff)]}
    made = await world.done("/batches", body)
    path = f"/batches/{made['id']}/cancellation"
    given_up = await world.done(path, {"reason": "金额有误"}, role="insurer_approver")
    assert (given_up["status"], given_up["instructions"][0]["status"]) == ("cancelled", "cancelled")
    assert await world.term("d", "released_not_batched") == "70.00"
    await world.refused("batch_state", f"/batches/{made['id']}/release", role="insurer_approver")
    batch = await world.release(await world.done("/batches", body))
    await world.refused("batch_state", f"/batches/{batch['id']}/cancellation", {"reason": "太晚"})
    await world.confirm(batch)
    await world.bounce(batch)
    again = await world.done(f"/payments/{batch['instructions'][0]['id']}/repayment")
    await world.done(f"/batches/{again['id']}/cancellation", {"reason": "账号有误"})
    assert await world.term("d", "bounced") == "70.00"
    again = await world.done(f"/payments/{batch['instructions'][0]['id']}/repayment")
    await world.confirm(await world.release(again))
    assert await world.term("d", "confirmed") == "70.00"
    await world.check_books()


@pytest.mark.requirement(
    "ZZ-36", "a line with a wrong reference is read by a second person, and by amount all the same"
)
async def test_a_line_with_a_wrong_reference_is_read_by_a_second_person(world: World) -> None:
    await world.fund()
    cutoff, _ = await world.release_claims("70.00")
    batch = await world.batch(cutoff)
    (payment,) = (await world.get(f"/batches/{batch['id']}"))["instructions"]
    await world.statement(EXPENDITURE, ("out", 7000, "TYPO"), ("out", 1, "OTHER"))
    lines = {line["amount"]: line["line_id"] for line in (await world.get("/open-items"))["at_bank_not_in_book"]}
    right = {"reference": payment["end_to_end_id"], "reason": "录入时抄错一位"}
    path, other = f"/open-items/{lines['-70.00']}/reading", {"subject": "insurer_finance-2"}
    await world.refused("four_eyes", path, right)
    await world.refused("keeper_only", path, right, role="county_finance")
    await world.refused("nothing_of_this_reference", path, right | {"reference": "NOBODY"}, **other)
    await world.refused("nothing_of_this_reference", f"/open-items/{lines['-0.01']}/reading", right, **other)
    assert await world.rows("SELECT 1 FROM line_reading") == []
    assert await world.done(path, right, **other) == {"matched": 1, "lacking": "0.00"}
    (payment,) = (await world.get(f"/batches/{batch['id']}"))["instructions"]
    assert payment["status"] == "confirmed"
    await world.refused("statement_line_unknown", path, right, **other)
    (kept,) = await world.rows("SELECT reference, read_by FROM line_reading")
    assert tuple(kept) == (payment["end_to_end_id"], "insurer_finance-2")
    (line,) = await world.rows("SELECT reference FROM statement_line WHERE signed_fen = -7000")
    assert line["reference"] == "TYPO"
