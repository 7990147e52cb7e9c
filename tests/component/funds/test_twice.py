"""Each write of settlement sent twice at once with one key: one effect, one answer. Every route, none left out."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.contracts import enrollment
from shared.kernel.clock import FixedClock
from shared.kernel.dates import shanghai_date
from tests.component.funds.test_bulk import CONFIRMATIONS, PAYEES, payee
from tests.component.funds.test_not_executed import overdue
from tests.component.funds.test_second import compensated
from tests.component.funds.world import (
    EXPENDITURE,
    FISCAL,
    HOSPITAL,
    INCOME,
    OTHER_HOSPITAL,
    POOL,
    TOWNSHIP,
    World,
    at,
)
from tests.support.postgres import TestPostgres
from tests.support.services import running_app
from tests.support.tokens import TestTokens
from tests.support.twice import TwiceTransport

DIRECTOR, RECHECK = {"role": "county_director"}, {"role": "county_recheck"}
FINANCE, SECOND = {"role": "county_finance"}, {"role": "county_finance", "subject": "county_finance-2"}
APPROVER = {"role": "insurer_approver"}
NDJSON = {"Content-Type": "application/x-ndjson"}
CHANGE_NOTHING_AGAIN = (
    "PUT /v1/pools/{pool_code}/bank-accounts/{account}",
    "PUT /v1/pools/{pool_code}/books/{book}",
    "PUT /v1/pools/{pool_code}/payees/{institution_code}",
    "POST /v1/pools/{pool_code}/payees/{institution_code}/confirmation",
    "POST /v1/pools/{pool_code}/bank-accounts/{account}/matching",
    "POST /v1/pools/{pool_code}/payments/{instruction_id}/non-execution",
    "POST /v1/pools/{pool_code}/money-orders/{order_id}/non-execution",
    "POST /v1/pools/{pool_code}/payments/{instruction_id}/non-execution/withdrawal",
    "POST /v1/pools/{pool_code}/money-orders/{order_id}/non-execution/withdrawal",
)
"""Under another key they are done again, and find nothing left to do."""
ADD_AGAIN = (
    "POST /v1/pools/{pool_code}/transfers",
    "POST /v1/pools/{pool_code}/advances",
    "POST /v1/pools/{pool_code}/recoveries",
    "POST /v1/pools/{pool_code}/money-orders",
    "PUT /v1/pools/{pool_code}/institutions/{institution_code}/deposit-rate",
    "POST /v1/pools/{pool_code}/institutions/{institution_code}/deposit-releases",
    "POST /v1/pools/{pool_code}/institutions/{institution_code}/deposit-forfeitures",
    "POST /v1/pools/{pool_code}/township-floats/{township_code}/issues",
    "POST /v1/pools/{pool_code}/township-floats/{township_code}/returns",
    "POST /v1/pools/{pool_code}/events/republish",
    "POST /v1/parked-events/{consumer}/{generation}/{event_id}/retry",
)
"""Another of the kind is another act: two transfers, two orders, two documents of one day."""


@dataclass
class Twice(World):
    """Every write is sent twice at once with its key, once more, and once with another key beside."""

    transport: TwiceTransport | None = None
    campaign: UUID | None = None
    """A second compensation of which something is not claimed."""

    async def bulk(self, path: str, lines: list[Any], role: str) -> None:
        """A file of lines, each a write of its own."""
        content = "\n".join(json.dumps(line) for line in lines).encode()
        headers = self.tokens.headers(role, subject=f"{role}-1") | NDJSON | {"Idempotency-Key": f"k{next(self._keys)}"}
        answer = await self.client.post(path, headers=headers, content=content)
        assert {json.loads(line)["status"] for line in answer.text.splitlines()} <= {200, 201}, answer.text

    async def operate(self, path: str, key: str, body: Any = None) -> None:
        """What an operator asks for."""
        headers = self.tokens.headers("operator", subject="operator-1") | {"Idempotency-Key": key}
        answer = await self.client.post(path, headers=headers, json=body)
        assert answer.status_code == 202, answer.text


@pytest.fixture
async def twice(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[Twice]:
    database = postgres.clone("settlement")
    clock = FixedClock(at("2010-03-01T09:00"))
    async with running_app(database, tokens, clock=clock) as running:
        transport = TwiceTransport(
            running.app, running.client._transport, database.admin, same=CHANGE_NOTHING_AGAIN, again=ADD_AGAIN
        )
        client = httpx.AsyncClient(transport=transport, base_url=running.client.base_url)
        world = Twice(client, clock, database, tokens, transport=transport)
        yield world
        await world.aclose()
        await client.aclose()
    postgres.drop(database.name)


@pytest.mark.requirement("ZZ-14", "each write sent twice at once has one effect, on every route that writes")
async def test_every_write_sent_twice_at_once_has_one_effect(twice: Twice) -> None:
    await _accounts_and_money_in(twice)
    await _payments(twice)
    await _replenishments_and_recoveries(twice)
    await _deposits_and_orders(twice)
    await _floats(twice)
    await _closing(twice)
    await _signing(twice)
    await _operating(twice)
    assert twice.transport is not None
    assert twice.transport.left_out == set(), f"no test sends these twice: {sorted(twice.transport.left_out)}"
    assert (await twice.get("/identities"))["ties"]


async def _accounts_and_money_in(twice: Twice) -> None:
    await twice.register()
    await twice.bulk(PAYEES, [payee(7), payee(8)], "county_director")
    numbers = [{"key": f"c-{n}", "institution_code": f"H5224220{n:04}", "body": {"account_number": f"62284800{n:04}"}}
               for n in (7, 8)]  # fmt: skip
    await twice.bulk(CONFIRMATIONS, numbers, "county_recheck")
    await twice.collect("5.00")
    told, reference = twice.remittance("5.00")
    await twice.feed(told)
    await twice.statement(INCOME, ("in", 500, "WRONG"))
    (line,) = (await twice.get("/open-items"))["at_bank_not_in_book"]
    reading = {"reference": reference, "reason": "流水号有误"}
    await twice.done(f"/open-items/{line['line_id']}/reading", reading, role="county_director")
    made = await twice.done("/transfers", {"kind": "income_to_fiscal", "amount": "5.00"}, **RECHECK)
    await twice.arrive(made)
    sponsorship = await twice.sponsor("30.00")
    arrival = {"sponsorship_id": str(sponsorship), "amount": "30.00", "bank_reference": "SP-1"}
    turned = await twice.done("/sponsor-arrivals", arrival | {"arrived_on": "2010-03-01"}, **FINANCE)
    await twice.done(f"/arrivals/{turned['id']}/refusal", {"reason": "金额有误"}, **SECOND)
    await twice.arrival("sponsor", arrival | {"arrived_on": "2010-03-01"})
    told = {"level": "city", "coverage_year": 2010, "amount": "3.00", "bank_reference": "CT-1"}
    wrong = await twice.done("/subsidy-arrivals", told | {"arrived_on": "2010-03-01"}, **FINANCE)
    await twice.done(f"/arrivals/{wrong['id']}/approval", **SECOND)
    for act, body in (("refusal", {"reason": "无误"}), ("approval", None)):
        path = f"/arrivals/{wrong['id']}/reversal"
        await twice.done(path, {"reason": "级次有误", "document": "更正单 2 号"}, **FINANCE)
        await twice.done(f"{path}/{act}", body, **SECOND)
    await twice.fund()
    await twice.due("county", "10.00", audited=True)
    await twice.due("central", "99000.00", audited=True)
    await twice.done("/subsidies/2010/carry-forward", {"document": "财社〔2010〕1号"}, **FINANCE)
    idle = await twice.done("/advances", {"amount": "1.00"}, **FINANCE)
    await twice.done(f"/transfers/{idle['id']}/cancellation", {"reason": "填错"}, **FINANCE)
    await twice.statement(EXPENDITURE, ("in", 123, ""))
    (line,) = (await twice.get("/open-items"))["at_bank_not_in_book"]
    await twice.done(f"/open-items/{line['line_id']}/interest", subject="insurer_finance-2")
    await twice.done(f"/bank-accounts/{EXPENDITURE}/matching", {})
    body = twice.statement_body(FISCAL)
    await twice.bulk(f"/v1/pools/{POOL}/bank-statements/bulk", [{"key": "s-1", "body": body}], "county_finance")


async def _payments(twice: Twice) -> None:
    cutoff, _ = await twice.release_claims("10.00", "20.00")
    given_up = await twice.done("/batches", {"cutoff_ids": [str(cutoff)]})
    await twice.done(f"/batches/{given_up['id']}/cancellation", {"reason": "金额有误"})
    batch = await twice.batch(cutoff)
    await twice.done(f"/batches/{batch['id']}/dispatch")
    await twice.confirm(batch)
    other, _ = await twice.release_claims("40.00", hospital=OTHER_HOSPITAL)
    payment = await overdue(twice, await twice.batch(other))
    await twice.statement(EXPENDITURE)
    path = f"/payments/{payment['id']}/non-execution"
    for wrong in (True, False):
        await twice.done(path, {"reason": "对账单均无此笔"})
        await twice.done(f"{path}/confirmation", **APPROVER)
        if wrong:
            await twice.done(f"{path}/withdrawal", {"reason": "看错账户"})
            await twice.done(f"{path}/withdrawal/confirmation", **APPROVER)
    again = await twice.release(await twice.done(f"/payments/{payment['id']}/repayment"))
    await twice.confirm(again)


async def _replenishments_and_recoveries(twice: Twice) -> None:
    sent_back = await twice.done("/replenishments", {})
    await twice.done(f"/replenishments/{sent_back['id']}/send-back", {"reason": "材料不全"}, **RECHECK)
    applied = await twice.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    refusal = {"line": 1, "bearer": "insurer", "reason": "经办差错"}
    await twice.done(f"{path}/recheck", {"refusals": [refusal]}, **RECHECK)
    await twice.done(f"{path}/approval", **FINANCE)
    await twice.arrive(await twice.done(f"{path}/transfer", **SECOND), released=True)
    line = (await twice.get(f"{path}/lines"))["items"][1]
    asked = {"instruction_id": line["instruction_id"], "claim_id": line["claim_id"], "bearer": "hospital"}
    asked |= {"amount": "1.00", "document": "大合稽〔2010〕7号", "reason": "虚计床日"}
    wrong = await twice.done("/recoveries", asked, role="county_inspector")
    await twice.done(f"/recoveries/{wrong['id']}/refusal", {"reason": "填错"}, **DIRECTOR)
    made = await twice.done("/recoveries", asked, role="county_inspector")
    await twice.done(f"/recoveries/{made['id']}/approval", **DIRECTOR)
    for act in ("refusal", "approval"):
        path, gone = f"/receivables/{made['id']}/write-off", {"reason": "无财产可执行"}
        asked_for = await twice.done(path, gone, **RECHECK)
        document = {"document": "大合管委〔2010〕9号"}
        await twice.done(f"/write-offs/{asked_for['id']}/{act}", document, **DIRECTOR)


async def _deposits_and_orders(twice: Twice) -> None:
    rate = {"valid_from": "2010-01-01", "rate": "0.1000", "document": "县合管办〔2010〕3号"}
    await twice.done(f"/institutions/{HOSPITAL}/deposit-rate", rate, method="PUT", **DIRECTOR)
    await twice.paid("100.00")
    wrong = {"amount": "1.00", "reason": "填错"}
    asked_for = await twice.done(f"/institutions/{HOSPITAL}/deposit-releases", wrong, **RECHECK)
    await twice.done(f"/deposit-releases/{asked_for['id']}/refusal", {"reason": "填错"}, **DIRECTOR)
    for end, amount in (("releases", "6.00"), ("forfeitures", "4.00")):
        body = {"amount": amount, "reason": "年度考核"}
        release = await twice.done(f"/institutions/{HOSPITAL}/deposit-{end}", body, **RECHECK)
        await twice.done(f"/deposit-releases/{release['id']}/approval", **DIRECTOR)
    order = {"kind": "risk_fund_set_aside", "amount": "10.00", "reason": "经批准", "coverage_year": 2010}
    paper = {"text": "财政拨款通知", "sheets": 2, "sha256": "ab" * 32}
    (row,) = await twice.rows("SELECT min(number) AS n FROM posting WHERE book = 'basic' AND debit = '1002'")
    await twice.done(f"/books/basic/vouchers/{row['n']}/attachments", paper, **FINANCE)
    out = {"kind": "risk_fund_deposit", "amount": "1.00", "reason": "缴存省级"}
    aside = {"kind": "risk_fund_set_aside", "amount": "5.00", "reason": "经批准", "coverage_year": 2010}
    kept = await twice.done("/money-orders", aside, **DIRECTOR)
    await twice.done(f"/money-orders/{kept['id']}/approval", **FINANCE)
    sent = await twice.done("/money-orders", out, **FINANCE)
    await twice.done(f"/money-orders/{sent['id']}/approval", **SECOND)
    await twice.statement(FISCAL, ("out", 100, sent["reference"]), ("in", 100, sent["reference"]))
    await twice.done(f"/money-orders/{sent['id']}/return", **FINANCE)
    for act, body in (("approval", None), ("refusal", {"reason": "不办"})):
        made = await twice.done("/money-orders", order, **DIRECTOR)
        await twice.done(f"/money-orders/{made['id']}/{act}", body, **FINANCE)
    never = await twice.done(f"/money-orders/{sent['id']}/approval", **SECOND)
    twice.clock.advance(timedelta(days=4))
    await twice.statement(FISCAL)
    path, letter = f"/money-orders/{sent['id']}", {"reason": "银行未出账", "document": "工行〔2010〕12 号"}
    for wrong in (True, False):
        await twice.done(f"{path}/non-execution", letter, **FINANCE)
        await twice.done(f"{path}/non-execution/confirmation", **SECOND)
        if wrong:
            await twice.done(f"{path}/non-execution/withdrawal", letter, **FINANCE)
            await twice.done(f"{path}/non-execution/withdrawal/confirmation", **SECOND)
            twice.clock.advance(timedelta(days=4))
            await twice.statement(FISCAL)
    await twice.statement(FISCAL, ("out", 100, never["reference"]))
    await twice.done(f"{path}/late-execution", **SECOND)
    split = order | {"kind": "inpatient_pool_allocation", "amount": "2.00"}
    moved = await twice.done("/money-orders", split, **DIRECTOR)
    await twice.done(f"/money-orders/{moved['id']}/approval", **FINANCE)
    for act, body in (("refusal", {"reason": "不办"}), ("approval", None)):
        await twice.done(
            f"/money-orders/{moved['id']}/reversal", {"reason": "有误", "document": "更正单 1 号"}, **DIRECTOR
        )
        await twice.done(f"/money-orders/{moved['id']}/reversal/{act}", body, **FINANCE)


async def _floats(twice: Twice) -> None:
    twice.campaign = (await compensated(twice, 10_00))[0]
    clerk, head = {"role": "township_clerk"}, {"role": "township_director"}
    path, moved = f"/township-floats/{TOWNSHIP}", "/township-floats/transfers"
    made = await twice.done(f"{path}/issues", {"amount": "50.00"})
    await twice.done(f"/transfers/{made['id']}/release", **APPROVER)
    await twice.done(f"{moved}/{made['id']}/receipt", **clerk)
    _, (claim,) = await twice.release_claims("30.00", hospital=OTHER_HOSPITAL)  # which leaves no deposit
    paid = {"claim_id": str(claim), "receipt_number": "Q1", "paid_on": shanghai_date(twice.clock.now()).isoformat()}
    await twice.done(f"{path}/payouts", paid, **clerk)
    back = await twice.done(f"{path}/returns", {"amount": "20.00"}, **clerk)
    await twice.done(f"{moved}/{back['id']}/release", **head)


async def _signing(twice: Twice) -> None:
    await twice.done(f"/second-compensations/{twice.campaign}/unclaimed", **DIRECTOR)
    path = f"/township-floats/{TOWNSHIP}/months/2010-03"
    await twice.done(f"{path}/signature", role="township_director")
    await twice.done(f"{path}/acceptance", **RECHECK)


async def _operating(twice: Twice) -> None:
    """An event that cannot be applied is parked: another application under the id of one that stands already."""
    bill = twice.receipts[await twice.collect("7.00")][0]
    refund = await twice.refund_applied(bill, 2010, "7.00", "own_error")
    (known,) = await twice.rows("SELECT amount_fen, prepared_at FROM money_order WHERE id = $1", refund)
    told = enrollment.RefundApplied(
        refund_id=refund,
        bill_id=bill,
        township_code=TOWNSHIP,
        year=2010,
        cause="own_error",
        head_count=1,
        amount=known["amount_fen"],
        applied_by="township_clerk-1",
        at=known["prepared_at"],
    )
    await twice._processor("enrollment").process([twice.delivery(told, str(refund))])
    (parked,) = await twice.rows("SELECT consumer, generation, event_id FROM parked")
    path = f"/v1/parked-events/{parked['consumer']}/{parked['generation']}/{parked['event_id']}/retry"
    await twice.operate(path, "retry")
    topic = {"topic": "heyi.settlement.payment.v1", "from": "2010-03-01"}
    await twice.operate(f"/v1/pools/{POOL}/events/republish", "republish", topic)


async def _closing(twice: Twice) -> None:
    await twice.done("/books/urban", {"first_day": "2010-03-01"}, method="PUT", **DIRECTOR)
    twice.clock.set(at("2010-04-01T09:00"))
    for day in range(1, 32):
        await twice.sources_close(date(2010, 3, day))
    await twice.done("/days/2010-03-31/close", **DIRECTOR)
    await twice.done("/months/2010-03/close", **DIRECTOR)
    await twice.done("/books/urban/days/2010-04-01/seal", **DIRECTOR)
