"""A paid claim is cancelled: two persons release it, a negative claim, a receivable on who was paid (rulings §2)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from services.claims.increases import events as increases
from services.claims.visits import paid
from services.settlement.payouts.payees import person
from shared.contracts.settlement import PAYMENT_TOPIC
from shared.db.engine import create_engine
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import from_base32
from shared.kernel.money import format_yuan, parse_yuan
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.component.claims.test_increases import late
from tests.component.claims.test_increases_reversed import increased
from tests.component.claims.world import line
from tests.component.funds.test_second import account
from tests.component.funds.test_set_off import balance
from tests.component.funds.world import EXPENDITURE
from tests.component.thread.county import COUNTY_HOSPITAL, TOWNSHIP_HOSPITAL, County, Prepared, open_county
from tests.component.thread.test_accidents import advanced, given, owed, released
from tests.support.postgres import TestPostgres
from tests.support.tokens import TestTokens

WHY = {"reason": "挂错参合人", "document": "大合管办〔2010〕12号"}


class Told(County):
    """The county whose claims hear what settlement tells of payments."""

    heard: set[Any]
    processors: list[EventProcessor]

    async def hear(self) -> None:
        """Claims are given all that settlement told since."""
        sql = "SELECT id, topic, partition_key, envelope FROM outbox WHERE topic = $1 ORDER BY subject, sequence"
        rows = await self.money_rows.fetch(sql, PAYMENT_TOPIC)
        fresh = [row for row in rows if row["id"] not in self.heard]
        self.heard |= {row["id"] for row in fresh}
        told = [Delivery(r["topic"], 0, n, r["partition_key"], r["envelope"].encode()) for n, r in enumerate(fresh)]
        for processor in self.processors:
            await processor.process(told)
        assert await self.look("SELECT error FROM parked") == []


@pytest.fixture
async def county(postgres: TestPostgres, tokens: TestTokens, prepared: Prepared) -> AsyncIterator[Told]:
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(open_county(postgres, tokens, prepared))
        made.__class__ = Told
        assert isinstance(made, Told)
        engine = create_engine(made.care.database.worker, pool_size=1)
        stack.push_async_callback(engine.dispose)
        made.heard = set()
        made.processors = [
            EventProcessor(
                reader,
                service="claims",
                engine=engine,
                clock=made.clock,
                settings=None,
                metrics=MessagingMetrics(CollectorRegistry()),
                tracing=Tracing("claims", None),
            )
            for reader in (paid.consumer(), increases.consumer())
        ]
        yield made


async def settled(county: Told, of: str = COUNTY_HOSPITAL, amount: str = "1000.00") -> dict[str, Any]:
    visit = await county.care.visit(county.members[0], of=of)
    answer = await county.care.settle(visit, line("A1", amount), of=of)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def paid_claim(county: Told) -> tuple[dict[str, Any], Any]:
    """A claim settled, released and paid, and both services know it."""
    claim = await settled(county)
    batch = await released(county, claim)
    await county.money.confirm(batch)
    await county.hear()
    return claim, batch


async def let(county: Told, claim: dict[str, Any]) -> None:
    """Two persons of the county office release the cancellation."""
    path = f"/claims/{claim['claim_id']}/reversal-release"
    made = await county.care.pool("county_recheck", "POST", path, json=WHY)
    assert made.status_code == 201, made.text
    done = await county.care.pool("county_director", "POST", f"{path}/approval")
    assert (done.status_code, done.json()["document"]) == (200, WHY["document"]), done.text


@pytest.mark.requirement("ZZ-14", "a paid claim is cancelled by a negative claim of this period, owed by its hospital")
async def test_a_paid_claim_is_reversed_on_release_by_the_county_office(county: Told) -> None:
    claim, batch = await paid_claim(county)
    refused = await county.care.cancel(claim["claim_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "claim_paid")
    assert "县合管办" in refused.json()["detail"]
    before = await county.care.counts()
    path = f"/claims/{claim['claim_id']}/reversal-release"
    alone = await county.care.pool("county_director", "POST", f"{path}/approval")
    assert (alone.status_code, alone.json()["code"]) == (404, "reversal_not_asked")
    assert (await county.care.counts()) == before
    await let(county, claim)
    county.clock.advance(timedelta(days=40))
    today = shanghai_date(county.clock.now())
    await county.care.heard()
    answer = await county.care.cancel(claim["claim_id"], key="r1")
    assert (answer.status_code, answer.json()["status"]) == (200, "reversed"), answer.text
    again = await county.care.cancel(claim["claim_id"], key="r1")
    assert again.content == answer.content
    twice = await county.care.cancel(claim["claim_id"])
    assert (twice.status_code, twice.json()["code"]) == (409, "claim_cancelled")
    assert await county.care.used(county.members[0]) == {}, "exactly what the claim had added is taken back"
    (negative,) = (await county.care.pool("hospital", "GET", "/reversals")).json()["items"]
    assert (negative["reversal_id"], negative["claim_id"]) == (answer.json()["reversal_id"], claim["claim_id"])
    assert (negative["benefit"], negative["total"]) == (f"-{claim['benefit']}", f"-{claim['total']}")
    assert negative["reversed_on"] == today.isoformat()
    assert negative["number"] != claim["number"]
    one = await county.care.pool("hospital", "GET", f"/reversals/{negative['reversal_id']}")
    assert one.json() == negative
    spent = await balance(county.money, "5001.01")
    await given(county)
    (due,) = await owed(county)
    assert (due["origin"], due["bearer"], due["institution_code"]) == ("cancellation", "hospital", COUNTY_HOSPITAL)
    assert (due["open"], due["care_year"], due["claim_id"]) == (claim["benefit"], 2010, claim["claim_id"])
    fen = parse_yuan(claim["benefit"])
    assert await balance(county.money, "5001.01") == spent - fen
    ties = await county.money.identities()
    assert {t["code"]: t["value"] for t in ties["c"]["left"]}["settled_reversed"] == f"-{claim['benefit']}"
    assert {t["code"]: t["value"] for t in ties["d"]["right"]}["reversed"] == f"-{claim['benefit']}"
    second = await county.care.settle(claim["visit_id"], line("A1", "2000.00"))
    assert second.status_code == 201, second.text
    await county.money.statement(EXPENDITURE, ("in", fen, due["reference"]))
    assert await county.money.term("e", "paid_not_applied") == "0.00", "the claw-back lowers the next application"
    assert await owed(county) == []
    await county.money.refused("nothing_to_replenish", "/replenishments", {})
    assert batch["instructions"][0]["status"] != "cancelled"
    await county.money.identities()
    await county.money.check_books()


@pytest.mark.requirement("ZZ-14", "what a late decision paid the person more is owed back by him with his claim")
async def test_an_increase_that_was_paid_is_owed_back_by_its_person(county: Told) -> None:
    claim, _ = await paid_claim(county)
    (more,) = await increased(county.care, await late(county.care))
    await given(county)
    code = person(county.members[0])
    await account(county.money, code)
    payment = from_base32(more["payment_id"])
    await county.money.confirm(await county.money.batch(payment))
    await county.hear()
    spent = await balance(county.money, "5001.01")
    await let(county, claim)
    assert (await county.care.cancel(claim["claim_id"])).json()["status"] == "reversed"
    await given(county)
    due = {(one["bearer"], one["institution_code"], one["open"]): one for one in await owed(county)}
    assert due.keys() == {("hospital", COUNTY_HOSPITAL, claim["benefit"]), ("patient", code, more["amount"])}
    back = parse_yuan(claim["benefit"]) + parse_yuan(more["amount"])
    assert await balance(county.money, "5001.01") == spent - back
    await county.money.identities()
    for one in due.values():
        await county.money.statement(EXPENDITURE, ("in", parse_yuan(one["open"]), one["reference"]))
    assert await owed(county) == []
    assert await county.money.term("e", "paid_not_applied") == "0.00"
    await county.money.identities()
    await county.money.check_books()


async def test_what_is_in_a_batch_waits_for_the_bank(county: Told) -> None:
    claim = await settled(county)
    batch = await released(county, claim)
    path = f"/claims/{claim['claim_id']}/reversal-release"
    waiting = await county.care.pool("county_recheck", "POST", path, json=WHY)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "claim_released")
    cancelled = await county.care.cancel(claim["claim_id"])
    assert (cancelled.status_code, cancelled.json()["code"]) == (409, "claim_released")
    assert "银行确认付款后" in cancelled.json()["detail"], "it says when to retry"
    await county.money.confirm(batch)
    await county.hear()
    await let(county, claim)
    await county.money.bounce(batch)
    await county.hear()
    bounced = await county.care.cancel(claim["claim_id"])
    assert (bounced.status_code, bounced.json()["code"]) == (409, "claim_released"), "its money came back meanwhile"


async def test_the_county_office_releases_with_two_persons_who_have_no_tie(county: Told) -> None:
    claim, _ = await paid_claim(county)
    path = f"/claims/{claim['claim_id']}/reversal-release"
    tied = await county.care.pool("county_recheck", "POST", path, json=WHY, home_institution=COUNTY_HOSPITAL)
    assert (tied.status_code, tied.json()["code"]) == (403, "conflict_of_interest")
    made = await county.care.pool("county_inspector", "POST", path, json=WHY, subject="same")
    assert made.status_code == 201, made.text
    again = await county.care.pool("county_recheck", "POST", path, json=WHY)
    assert (again.status_code, again.json()["code"]) == (409, "reversal_asked_already")
    same = await county.care.pool("county_director", "POST", f"{path}/approval", subject="same")
    assert (same.status_code, same.json()["code"]) == (403, "four_eyes")
    still = await county.care.cancel(claim["claim_id"])
    assert still.json()["code"] == "claim_paid", "one person is not enough"
    unpaid = await settled(county)
    path = f"/claims/{unpaid['claim_id']}/reversal-release"
    early = await county.care.pool("county_recheck", "POST", path, json=WHY)
    assert (early.status_code, early.json()["code"]) == (409, "reversal_not_needed")


async def test_later_claims_of_others_are_listed_and_of_its_own_go_first(county: Told) -> None:
    claim, _ = await paid_claim(county)
    county.clock.advance(timedelta(hours=2))
    await let(county, claim)
    own = await settled(county)
    county.clock.advance(timedelta(hours=2))
    first = await county.care.cancel(claim["claim_id"])
    assert (first.status_code, first.json()["code"]) == (409, "later_claim")
    assert (await county.care.cancel(own["claim_id"])).status_code == 200
    other = await settled(county, of=TOWNSHIP_HOSPITAL)
    done = await county.care.cancel(claim["claim_id"])
    assert (done.status_code, done.json()["status"]) == (200, "reversed"), done.text
    listed = (await county.care.pool("county_recheck", "GET", "/readjudications")).json()["items"]
    assert [(x["claim_id"], x["cancelled_claim_id"]) for x in listed] == [(other["claim_id"], claim["claim_id"])]


async def test_a_closed_year_is_corrected_at_the_window_alone(county: Told) -> None:
    claim, _ = await paid_claim(county)
    await let(county, claim)
    path = "/benefit-years/2010/closing"
    document = {"document": "大合管委〔2011〕2号"}
    early = await county.care.pool("county_director", "POST", path, json=document)
    assert (early.status_code, early.json()["code"]) == (409, "benefit_year_not_over")
    now = county.clock.now()
    county.clock.advance(timedelta(days=400))
    assert (await county.care.pool("county_director", "POST", path, json=document)).status_code == 201
    again = await county.care.pool("county_director", "POST", path, json=document)
    assert (again.status_code, again.json()["code"]) == (409, "benefit_year_closed_already")
    county.clock.set(now)  # events have no partition in the next year; the close is dated by its row alone
    refused = await county.care.cancel(claim["claim_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "benefit_year_closed")
    assert "窗口" in refused.json()["detail"]
    body = {"reason": "窗口更正"}
    done = await county.care.pool("insurer_intake", "POST", f"/claims/{claim['claim_id']}/cancellation", json=body)
    assert (done.status_code, done.json()["status"]) == (200, "reversed"), done.text
    await given(county)
    assert [one["care_year"] for one in await owed(county)] == [2010]
    await county.money.identities()


@pytest.mark.requirement("ZA-10", "nothing of a reversed claim is owed twice")
async def test_nothing_of_a_reversed_claim_is_owed_twice(county: Told) -> None:
    money = county.money
    claim, batch = await paid_claim(county)
    applied = await money.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    await money.done(f"{path}/recheck", {}, role="county_recheck")
    await money.done(f"{path}/approval", role="county_finance")
    asked = {"instruction_id": batch["instructions"][0]["id"], "claim_id": claim["claim_id"], "bearer": "hospital"}
    asked |= {"document": "大合稽〔2010〕7号", "reason": "虚计床日"}
    kept = await money.done("/recoveries", asked | {"amount": "100.00"}, role="county_inspector")
    await money.done(f"/recoveries/{kept['id']}/approval", role="county_director")
    open_one = await money.done("/recoveries", asked | {"amount": "50.00"}, role="county_inspector")
    await let(county, claim)
    assert (await county.care.cancel(claim["claim_id"])).status_code == 200
    await given(county)
    rest = format_yuan(parse_yuan(claim["benefit"]) - 100_00)
    assert sorted((one["origin"], one["amount"]) for one in await owed(county)) == [
        ("cancellation", rest), ("recovery", "100.00")
    ]  # fmt: skip
    late = f"/recoveries/{open_one['id']}/approval"
    await money.refused("recovery_exceeds_payment", late, role="county_director")
    await money.refused("recovery_exceeds_payment", "/recoveries", asked | {"amount": "0.01"}, role="county_inspector")
    await money.identities()
    await money.check_books()


async def test_a_line_of_a_reversed_claim_is_not_refused_besides(county: Told) -> None:
    money = county.money
    claim, _ = await paid_claim(county)
    await let(county, claim)
    assert (await county.care.cancel(claim["claim_id"])).status_code == 200
    await given(county)
    applied = await money.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}/recheck"
    refusal = {"refusals": [{"line": 1, "bearer": "hospital", "reason": "虚假住院"}]}
    problem = await money.refused("replenishment_lines_invalid", path, refusal, role="county_recheck")
    assert "已冲销" in str(problem)
    await money.identities()


async def test_a_reversal_withdraws_what_a_third_party_still_owes(county: Told) -> None:
    claim = await advanced(county)
    await county.money.confirm(await released(county, claim))
    await county.hear()
    await let(county, claim)
    assert (await county.care.cancel(claim["claim_id"])).status_code == 200
    await given(county)
    (left,) = await owed(county)
    assert (left["origin"], left["open"]) == ("cancellation", claim["layers"][0]["amount"])
    assert await balance(county.money, "1101") == parse_yuan(left["open"])
    rows = await county.count_money("SELECT kind, amount_fen FROM waiver")
    assert [(row["kind"], row["amount_fen"]) for row in rows] == [
        ("withdrawn", parse_yuan(claim["layers"][0]["recover"]))
    ]
    await county.money.identities()
    await county.money.check_books()


async def test_what_a_reversed_claim_owes_is_set_off(county: Told) -> None:
    claim, _ = await paid_claim(county)
    await let(county, claim)
    assert (await county.care.cancel(claim["claim_id"])).status_code == 200
    await given(county)
    (due,) = await owed(county)
    money = county.money
    cutoff, _ = await money.release_claims("2000.00")
    body = {"cutoff_ids": [str(cutoff)], "set_off": [{"receivable_id": due["id"]}]}
    await money.confirm(await money.release(await money.done("/batches", body)))
    assert await owed(county) == []
    assert await balance(money, "1101") == 0
    assert UUID(due["claim_id"]) == UUID(claim["claim_id"])
    await money.identities()
    await money.check_books()
