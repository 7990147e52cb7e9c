"""A campaign of second compensation over the API, from the committee's pot to what nobody claimed."""

import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from prometheus_client import CollectorRegistry

from services.claims.campaigns.events import consumer as payments_consumer
from shared.contracts.envelope import Envelope, schema_of
from shared.contracts.settlement import PAYMENT_TOPIC, PaymentConfirmed, PaymentReturned, PaymentUnclaimed
from shared.db.engine import create_engine
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan, parse_yuan
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import Consumer, EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.component.claims.world import POOL, TOWNSHIP, World, line

AFTER = datetime(2011, 1, 10, 1, 0, tzinfo=UTC)
WUZHOU = [
    {"up_to": "10000.00", "ratio": "0.5000"},
    {"up_to": "20000.00", "ratio": "0.5500"},
    {"up_to": "30000.00", "ratio": "0.6000"},
    {"ratio": "0.6500"},
]
"""Bands over a threshold of 10,000 yuan (practice.md (vi))."""


async def reviewed(world: World, member: UUID, amount: str, cuts: tuple[dict[str, Any], ...] = (), **facts: Any) -> str:
    claim = await world.settled(member, amount, **facts)
    body = {"cuts": list(cuts)}
    answer = await world.pool("insurer_reviewer", "POST", f"/claims/{claim['claim_id']}/approval", json=body)
    assert answer.status_code == 200, answer.text
    return str(claim["claim_id"])


async def act(world: World, role: str, path: str, body: dict[str, Any] | None = None, **who: Any) -> Any:
    return await world.pool(role, "POST", f"/campaigns{path}", json=body or {}, **who)


async def done(world: World, role: str, path: str, body: dict[str, Any] | None = None, **who: Any) -> dict[str, Any]:
    answer = await act(world, role, path, body, **who)
    assert answer.status_code < 300, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def opened(world: World, pot: str, **scope: Any) -> str:
    body = {
        "year": 2010,
        "title": "2010 年度大病二次补偿",
        "pot": pot,
        "document_number": "合管委〔2011〕1号",
        "decided_on": "2011-01-08",
    }
    campaign = str((await done(world, "county_director", "", body))["campaign_id"])
    await done(world, "county_recheck", f"/{campaign}/candidates", scope)
    return campaign


async def approved(world: World, campaign: str, **terms: Any) -> dict[str, Any]:
    await done(world, "county_recheck", f"/{campaign}/proposal", {"formula": "proportional"} | terms)
    body = {"document_number": "合管委〔2011〕2号"}
    return await done(world, "county_director", f"/{campaign}/approval", body, subject="director-2")


async def published(world: World, campaign: str) -> dict[str, Any]:
    assert (await done(world, "county_recheck", f"/{campaign}/names"))["missing"] == 0
    return await done(world, "county_recheck", f"/{campaign}/publication", {"days": 7})


async def released(world: World, campaign: str) -> dict[str, Any]:
    world.clock.advance(timedelta(days=8))
    return await done(world, "county_director", f"/{campaign}/release", {"claim_by": "2011-03-15"})


async def payments(world: World, campaign: str) -> list[dict[str, Any]]:
    answer = await world.pool("county_recheck", "GET", f"/campaigns/{campaign}/payments?limit=200")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def told(world: World, noun: str) -> list[dict[str, Any]]:
    rows = await world.sql("SELECT envelope FROM outbox WHERE type = $1 ORDER BY id", f"heyi.claims.campaign.{noun}.v1")
    return [json.loads(row["envelope"]) for row in rows]


def _payment(world: World, payment: dict[str, Any]) -> dict[str, Any]:
    return {
        "claim_id": UUID(payment["payment_id"]),
        "layer": "second_compensation",
        "amount": parse_yuan(payment["amount"]),
        "at": world.clock.now(),
    }


def _instruction(world: World, payment: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _payment(world, payment) | {
        "institution_code": f"psn:{payment['psn_no']}",
        "instruction_id": new_id(world.clock.now()),
        "end_to_end_id": "B1",
        "paid": parse_yuan(payment["amount"]),
        "set_off": 0,
        "withheld": 0,
    } | more  # fmt: skip


def made(world: World, payment: dict[str, Any], day: date = date(2011, 1, 18)) -> PaymentConfirmed:
    return PaymentConfirmed(**_instruction(world, payment), confirmed_on=day)


def bounced(world: World, payment: dict[str, Any], day: date = date(2011, 1, 19)) -> PaymentReturned:
    return PaymentReturned(**_instruction(world, payment), returned_on=day)


def given_up(world: World, payment: dict[str, Any], day: date = date(2011, 3, 16)) -> PaymentUnclaimed:
    return PaymentUnclaimed(**_payment(world, payment), returned_on=day)


async def settlement_tells(world: World, *payloads: Any, reader: Callable[[], Consumer] = payments_consumer) -> None:
    """Events of settlement through the real consumer with the worker's role; none may be parked."""
    numbers: Counter[str] = world.__dict__.setdefault("_told_by_settlement", Counter())
    deliveries = []
    for payload in payloads:
        subject = f"{payload.claim_id}:{payload.layer}"
        numbers[subject] += 1
        event = Envelope(
            id=new_id(world.clock.now()),
            source="/heyi/settlement",
            type=payload.TYPE,
            subject=subject,
            time=world.clock.now(),
            dataschema=schema_of(payload.TYPE),
            sequence=numbers[subject],
            partitionkey=subject,
            poolcode=POOL,
            businessdate=world.clock.now().date(),
            data=json.loads(payload.model_dump_json()),
        )
        deliveries.append(Delivery(PAYMENT_TOPIC, 0, sum(numbers.values()), subject, event.to_bytes()))
    engine = create_engine(world.database.worker, pool_size=1)
    try:
        await EventProcessor(
            reader(), service="claims", engine=engine, clock=world.clock, settings=None,
            metrics=MessagingMetrics(CollectorRegistry()), tracing=Tracing("claims"),
        ).process(deliveries)  # fmt: skip
    finally:
        await engine.dispose()
    assert await world.sql("SELECT error FROM parked WHERE released_at IS NULL") == []


@pytest.mark.requirement("ZA-23", "the year of care is second-compensated from the money of the next, to persons")
async def test_a_campaign_from_the_pot_to_what_nobody_claimed(world: World) -> None:
    people = [await world.member() for _ in range(3)]
    for member, amount in zip(people, ("10000.00", "20000.00", "30000.00"), strict=True):
        await reviewed(world, member, amount)  # own payments of 3,000, 6,000 and 9,000
    pending = await world.settled(await world.member(), "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "1000.00")
    again = await done(world, "county_recheck", f"/{campaign}/candidates")
    assert (again["candidates"], again["left_out"], again["campaign"]["run"]) == (3, {"settled": 1}, 2)
    rows = (await world.pool("auditor", "GET", f"/campaigns/{campaign}/candidates")).json()["items"]
    assert sorted((row["own"], len(row["claims"])) for row in rows) == [("3000.00", 1), ("6000.00", 1), ("9000.00", 1)]
    simulated = await done(world, "insurer_manager", f"/{campaign}/simulation", {"formula": "proportional"})
    assert (simulated["persons"], simulated["due"], simulated["paid"], simulated["left"]) == (
        3, "18000.00", "1000.00", "0.00",
    )  # fmt: skip
    assert simulated["townships"] == [{"township_code": "522422100", "persons": 3, "amount": "1000.00"}]
    shown = await approved(world, campaign)
    assert (shown["status"], shown["listed"], shown["listed_amount"], shown["left"]) == (
        "approved", 3, "1000.00", "0.00",
    )  # fmt: skip
    unnamed = await act(world, "county_recheck", f"/{campaign}/publication", {"days": 7})
    assert (unnamed.status_code, unnamed.json()["code"]) == (409, "names_missing")
    shown = await published(world, campaign)
    assert (shown["published_on"], shown["objections_until"]) == ("2011-01-10", "2011-01-17")
    notice = await world.client.get(f"/v1/pools/{POOL}/campaigns/{campaign}/notice?area=522422100201")
    lines = notice.json()["items"]
    assert sorted(one["amount"] for one in lines) == ["166.67", "333.33", "500.00"], notice.text
    assert {one["name"] for one in lines} == {"王**"}
    assert not any(str(member) in notice.text for member in people), "nobody is named by number"
    early = await act(world, "county_director", f"/{campaign}/release", {"claim_by": "2011-03-15"})
    assert (early.status_code, early.json()["code"]) == (409, "objections_run")
    shown = await released(world, campaign)
    events = await told(world, "released")
    assert len(events) == 3
    assert {(e["sequence"], e["data"]["benefit_year"], e["data"]["claim_by"]) for e in events} == {
        ("0000000001", 2010, "2011-03-15")
    }
    assert {e["data"]["payer"] for e in events} == {"新农合基金"}
    by_amount = sorted(await payments(world, campaign), key=lambda one: one["amount"])
    await settlement_tells(world, made(world, by_amount[0]), made(world, by_amount[1]))
    shown = (await world.pool("auditor", "GET", f"/campaigns/{campaign}")).json()
    assert (shown["paid"], shown["paid_in"]) == ("500.00", [{"year": 2011, "persons": 2, "amount": "500.00"}])
    claimable = await act(world, "county_director", f"/{campaign}/closing")
    assert (claimable.status_code, claimable.json()["code"]) == (409, "still_claimable")
    world.clock.advance(timedelta(days=60))
    late = await act(world, "county_director", f"/{campaign}/closing")
    assert late.json()["code"] == "still_claimable", "settlement has not returned what is unclaimed"
    await settlement_tells(world, given_up(world, by_amount[2]))
    shown = await done(world, "county_director", f"/{campaign}/closing")
    assert (shown["status"], shown["year"], shown["paid"], shown["returned"]) == ("closed", 2010, "500.00", "500.00")
    claim = (await world.pool("auditor", "GET", f"/claims/{pending['claim_id']}")).json()
    assert claim["status"] == "settled"
    for member in people:
        (kept,) = (await world.pool("auditor", "GET", f"/claims?member_id={member}&from=2010-01-01")).json()["items"]
        assert kept["version"] == 2, "no earlier slip changes"
        assert await world.used(member) == {"basic.inpatient.benefit": int(kept["benefit"].replace(".", ""))}


@pytest.mark.requirement("ZA-23", "bands over a threshold, from claims of several hospitals, checked by hand")
async def test_bands_over_a_threshold(world: World) -> None:
    member = await world.member()
    await reviewed(world, member, "60000.00")  # county: 42,000 paid
    await reviewed(world, member, "85000.00", of=TOWNSHIP)  # township: 18,000 are left under the cap
    world.clock.set(AFTER)
    campaign = await opened(world, "100000.00")
    terms = {"formula": "banded", "threshold": "10000.00", "bands": WUZHOU, "combined_cap": "150000.00"}
    shown = await approved(world, campaign, **terms)
    # own 145,000 − 60,000 = 85,000; over the threshold 75,000: 5,000 + 5,500 + 6,000 + 45,000 × 65%
    assert shown["listed_amount"] == "45750.00"
    (row,) = (await world.pool("auditor", "GET", f"/campaigns/{campaign}/candidates")).json()["items"]
    assert (row["eligible"], row["first"], row["own"], len(row["claims"])) == ("145000.00", "60000.00", "85000.00", 2)


async def test_the_published_figure_of_huali_2010_is_paid_to_the_fen(world: World) -> None:
    """121,082.80 yuan to 29 persons (published-figures.md, Huali 2010): the list sums to the pot exactly."""
    for number in range(29):
        await reviewed(world, await world.member(), format_yuan(3_000_001 + 7_919 * number))
    world.clock.set(AFTER)
    campaign = await opened(world, "121082.80")
    shown = await approved(world, campaign)
    assert (shown["listed"], shown["listed_amount"], shown["left"]) == (29, "121082.80", "0.00")
    rows = await world.sql("SELECT sum(amount_fen)::bigint AS fen, count(*) AS persons FROM campaign_payment")
    assert (rows[0]["fen"], rows[0]["persons"]) == (12_108_280, 29)
    assert round(rows[0]["fen"] / 29) == 417_527, "4,175.3 a person, as published"


async def test_what_counts_as_an_own_payment(world: World) -> None:
    """Accidents, rejected claims and what the hospital owes the patient after a cut stay outside."""
    cut_member, rejected_member, hurt = [await world.member() for _ in range(3)]
    cut = {"line": 1, "bearer": "hospital", "amount": "1000.00", "fund_share": "700.00", "reason": "超价"}
    await reviewed(world, cut_member, "10000.00", (cut,))
    claim = await world.settled(rejected_member, "10000.00")
    body = {"ground": "price", "bearer": "hospital", "note": "超价"}
    await world.pool("insurer_reviewer", "POST", f"/claims/{claim['claim_id']}/rejection", json=body)
    visit = await world.visit(hurt)
    await world.sql("UPDATE visit SET third_party = 'accident' WHERE id = $1", UUID(visit))
    settled = await world.settle(visit, line("A1", "10000.00"))
    assert settled.status_code == 201, settled.text
    path = f"/claims/{settled.json()['claim_id']}/approval"
    assert (await world.pool("insurer_reviewer", "POST", path, json={})).status_code == 200
    world.clock.set(AFTER)
    campaign = await opened(world, "1000.00")
    (row,) = (await world.pool("auditor", "GET", f"/campaigns/{campaign}/candidates")).json()["items"]
    assert (row["member_id"], row["own"], row["excluded"]) == (str(cut_member), "2700.00", "300.00")


@pytest.mark.requirement("ZA-23", "counts toward the cap of the year of care only where the policy says so")
async def test_where_the_policy_says_so_the_cap_of_the_year_bounds_it(world: World) -> None:
    rich, poor = await world.member(), await world.member()
    await reviewed(world, rich, "85000.00")  # 59,500 of the 60,000 cap
    await reviewed(world, poor, "10000.00")
    world.clock.set(AFTER)
    unknown = {"counts_toward": "basic.nothing"}
    campaign = await opened(world, "50000.00")
    refused = await act(world, "county_recheck", f"/{campaign}/candidates", unknown)
    assert (refused.status_code, refused.json()["code"]) == (422, "count_unknown")
    scope = {"counts_toward": "basic.inpatient.benefit", "clause": "二次补偿计入当年封顶线"}
    await done(world, "county_recheck", f"/{campaign}/candidates", scope)
    await approved(world, campaign)
    amounts = {one["psn_no"]: one["amount"] for one in await payments(world, campaign)}
    assert sorted(amounts.values()) == ["3000.00", "500.00"], "what the cap leaves, and the whole own payment"
    await published(world, campaign)
    await released(world, campaign)
    assert await world.used(rich) == {"basic.inpatient.benefit": 6_000_000}
    assert await world.used(poor) == {"basic.inpatient.benefit": 1_000_000}
    world.clock.set(datetime(2011, 3, 16, 1, 0, tzinfo=UTC))
    await settlement_tells(world, *(given_up(world, one) for one in await payments(world, campaign)))
    shown = await done(world, "county_director", f"/{campaign}/closing")
    assert shown["returned"] == "3500.00"
    assert await world.used(rich) == {"basic.inpatient.benefit": 5_950_000}, "what was not claimed counts no more"


@pytest.mark.requirement("ZA-23", "what is paid after it was given up counts toward the year of care again")
async def test_what_is_paid_after_the_close_counts_again(world: World) -> None:
    """Given up, closed, and executed by the bank all the same: it counts once, whatever else was settled meanwhile;
    bounced and given up once more, it counts no longer."""
    member = await world.member()
    await reviewed(world, member, "10000.00")  # 7,000
    world.clock.set(AFTER)
    campaign = await opened(world, "1000.00", counts_toward="basic.inpatient.benefit", clause="计入当年封顶线")
    await approved(world, campaign)
    await published(world, campaign)
    await released(world, campaign)
    (payment,) = await payments(world, campaign)
    counted = {"basic.inpatient.benefit": 800_000}
    assert await world.used(member) == counted
    world.clock.set(datetime(2011, 3, 16, 1, 0, tzinfo=UTC))
    await settlement_tells(world, given_up(world, payment), made(world, payment, date(2011, 3, 17)))
    assert await world.used(member) == counted, "paid before the close: nothing was taken back, nothing is added"
    await settlement_tells(world, bounced(world, payment, date(2011, 3, 18)), given_up(world, payment))
    await done(world, "county_director", f"/{campaign}/closing")
    assert await world.used(member) == {"basic.inpatient.benefit": 700_000}
    await settlement_tells(world, made(world, payment, date(2011, 3, 20)))
    assert await world.used(member) == counted, "paid after all: it counts again"
    shown = (await world.pool("auditor", "GET", f"/campaigns/{campaign}")).json()
    assert (shown["status"], shown["paid"], shown["returned"]) == ("closed", "1000.00", "0.00")
    await settlement_tells(world, bounced(world, payment, date(2011, 3, 21)), given_up(world, payment))
    assert await world.used(member) == counted, "until the campaign is closed again"
    await done(world, "county_director", f"/{campaign}/closing")
    assert await world.used(member) == {"basic.inpatient.benefit": 700_000}
    entries = await world.sql(
        "SELECT count(*) AS n FROM accumulator_entry WHERE claim_id = $1", UUID(payment["payment_id"])
    )
    assert entries[0]["n"] == 4, "counted, taken back, counted, taken back"


async def test_a_count_that_moved_since_stops_the_release(world: World) -> None:
    member = await world.member()
    await reviewed(world, member, "85000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "50000.00", counts_toward="basic.inpatient.benefit")
    await approved(world, campaign)
    await published(world, campaign)
    await world.sql(
        "UPDATE accumulator SET used = jsonb_set(used, '{basic.inpatient.benefit}', '5950001') WHERE owner_id = $1",
        member,
    )
    world.clock.advance(timedelta(days=8))
    answer = await act(world, "county_director", f"/{campaign}/release", {"claim_by": "2011-03-15"})
    assert (answer.status_code, answer.json()["code"]) == (409, "cap_moved")
    assert await told(world, "released") == []


async def test_a_claim_cancelled_since_stops_the_release_until_it_is_computed_anew(world: World) -> None:
    gone, stays = await world.member(), await world.member()
    claim = await reviewed(world, gone, "10000.00")
    await reviewed(world, stays, "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "1000.00")
    await approved(world, campaign)
    await published(world, campaign)
    ask, body = f"/{campaign}/void-request", {"reason": "有结算撤销"}
    during = await act(world, "county_recheck", ask, body)
    assert (during.status_code, during.json()["code"]) == (409, "objections_run")
    cancelled = await world.cancel(claim)
    assert cancelled.status_code == 200, cancelled.text
    world.clock.advance(timedelta(days=8))
    answer = await act(world, "county_director", f"/{campaign}/release", {"claim_by": "2011-03-15"})
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_claims_moved")
    assert "1 人" in answer.json()["detail"]
    assert await told(world, "released") == []
    alone = await act(world, "county_recheck", f"/{campaign}/candidates")
    assert (alone.status_code, alone.json()["code"]) == (409, "campaign_state"), "nobody voids a list by computing"
    early = await act(world, "county_director", f"/{campaign}/void")
    assert (early.status_code, early.json()["code"]) == (409, "void_not_asked")
    asked = await done(world, "county_recheck", ask, body, subject="li")
    assert (asked["status"], asked["void_asked_by"], asked["void_reason"]) == ("published", "li", "有结算撤销")
    own = await act(world, "county_director", f"/{campaign}/void", subject="li")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    gone_list = await done(world, "county_director", f"/{campaign}/void")
    assert (gone_list["status"], gone_list["listed"], gone_list["void_asked_by"]) == ("open", 0, None)
    anew = await done(world, "county_recheck", f"/{campaign}/candidates")
    assert (anew["campaign"]["status"], anew["campaign"]["listed"], anew["candidates"]) == ("open", 0, 1)
    shown = await approved(world, campaign)
    assert (shown["list_number"], shown["listed"], shown["listed_amount"]) == (2, 1, "1000.00")
    await published(world, campaign)
    await released(world, campaign)
    (event,) = await told(world, "released")
    assert (event["data"]["member_id"], event["data"]["amount"]) == (str(stays), "1000.00")


async def test_objections_strike_a_line_or_void_the_list(world: World) -> None:
    people = [await world.member() for _ in range(3)]
    for member in people:
        await reviewed(world, member, "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "3000.00")
    await approved(world, campaign)
    await published(world, campaign)
    first, *_ = await payments(world, campaign)
    path = f"/{campaign}/objections"
    objection = {"payment_id": first["payment_id"], "ground": "费用不实"}
    far = await act(world, "township_clerk", path, objection, areas=("522422999",))
    assert (far.status_code, far.json()["code"]) == (404, "campaign_payment_unknown")
    made_one = (await done(world, "township_clerk", path, objection))["objection_id"]
    world.clock.advance(timedelta(days=8))
    late = await act(world, "township_clerk", path, objection)
    assert (late.status_code, late.json()["code"]) == (409, "objections_over")
    waiting = await act(world, "county_director", f"/{campaign}/release", {"claim_by": "2011-03-15"})
    assert (waiting.status_code, waiting.json()["code"]) == (409, "objections_open")
    household = str(world.enrollment.known[people[1]].household_id)
    path_of_one = f"{path}/{made_one}/decision"
    tied = await act(world, "county_director", path_of_one, {"outcome": "struck", "note": "x"}, household_id=household)
    assert (tied.status_code, tied.json()["code"]) == (403, "conflict_of_interest")
    raised = (await world.pool("county_recheck", "GET", f"/campaigns{path}?limit=1")).json()
    assert [one["objection_id"] for one in raised["items"]] == [made_one]
    assert raised["next_cursor"] is None
    decision = {"outcome": "struck", "note": "经查属实"}
    own = await act(world, "county_recheck", f"{path}/{made_one}/decision", decision, subject="township_clerk-1")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    shown = await done(world, "county_director", f"{path}/{made_one}/decision", decision)
    assert (shown["listed"], shown["listed_amount"], shown["left"]) == (2, "2000.00", "1000.00")
    again = await act(world, "county_director", f"{path}/{made_one}/decision", decision)
    assert (again.status_code, again.json()["code"]) == (404, "objection_unknown")
    assert len(await payments(world, campaign)) == 2


async def test_a_void_list_is_computed_approved_and_published_anew(world: World) -> None:
    await reviewed(world, await world.member(), "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "1000.00")
    await approved(world, campaign)
    await published(world, campaign)
    line = {"payment_id": (await payments(world, campaign))[0]["payment_id"], "ground": "费用不实"}
    doubted = (await done(world, "township_clerk", f"/{campaign}/objections", line))["objection_id"]
    omitted = {"township_code": "522422100", "ground": "漏了一户"}
    other = await act(world, "township_clerk", f"/{campaign}/objections", omitted, areas=("522422999",))
    assert (other.status_code, other.json()["code"]) == (403, "objection_of_another_township")
    assert "522422100" in other.json()["detail"]
    objection = (await done(world, "supervisor", f"/{campaign}/objections", omitted))["objection_id"]
    strike = {"outcome": "struck", "note": "x"}
    nothing = await act(world, "county_director", f"/{campaign}/objections/{objection}/decision", strike)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "objection_without_a_line")
    decision = {"outcome": "recompute", "note": "补算"}
    shown = await done(world, "county_director", f"/{campaign}/objections/{objection}/decision", decision)
    assert (shown["status"], shown["listed"], shown["formula"]) == ("open", 0, None)
    gone = await world.client.get(f"/v1/pools/{POOL}/campaigns/{campaign}/notice?area=522422")
    assert gone.json()["code"] == "campaign_state"
    await done(world, "county_recheck", f"/{campaign}/candidates")
    shown = await approved(world, campaign)
    assert (shown["list_number"], shown["listed"], shown["run"]) == (2, 1, 2)
    rows = await world.sql("SELECT list_number, status FROM campaign_payment ORDER BY list_number")
    assert [tuple(row) for row in rows] == [(1, "superseded"), (2, "listed")]
    await published(world, campaign)
    struck = {"outcome": "struck", "note": "旧名单上的"}
    shown = await done(world, "county_director", f"/{campaign}/objections/{doubted}/decision", struck)
    assert shown["listed"] == 1, "the line stood on the list that is void"


@pytest.mark.requirement("WC-07", "nobody approves or releases a second compensation of his own household")
async def test_nobody_decides_about_a_list_of_his_household(world: World) -> None:
    member = await world.member()
    await reviewed(world, member, "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "1000.00")
    await done(world, "county_recheck", f"/{campaign}/proposal", {"formula": "proportional"})
    tied = {"subject": "director-2", "household_id": str(world.enrollment.known[member].household_id)}
    path, body = f"/{campaign}/approval", {"document_number": "合管委〔2011〕2号"}
    own = await act(world, "county_director", path, body, **tied)
    assert (own.status_code, own.json()["code"]) == (403, "conflict_of_interest")
    assert (await world.sql("SELECT count(*) AS n FROM campaign_payment"))[0]["n"] == 0, "nothing moved"
    await done(world, "county_director", path, body, subject="director-2")
    await published(world, campaign)
    world.clock.advance(timedelta(days=8))
    path = f"/{campaign}/release"
    own = await act(world, "county_director", path, {"claim_by": "2011-03-15"}, **tied)
    assert (own.status_code, own.json()["code"]) == (403, "conflict_of_interest")
    for day in ("2011-01-18", "2013-01-01"):
        wrong = await act(world, "county_director", path, {"claim_by": day})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "claim_day")
        assert "2011-01-19 到 2012-12-31" in wrong.json()["detail"]
    await done(world, "county_director", path, {"claim_by": "2011-01-19"})


async def test_the_hands_of_a_campaign(world: World) -> None:
    await reviewed(world, await world.member(), "10000.00")
    body = {"year": 2010, "title": "二次补偿", "pot": "10.00", "document_number": "x", "decided_on": "2010-02-01"}
    during = await act(world, "county_director", "", body)
    assert (during.status_code, during.json()["code"]) == (409, "benefit_year_open")
    world.clock.set(AFTER)
    number = await act(world, "county_director", "", body | {"pot": 10})
    assert (number.status_code, number.json()["code"]) == (422, "invalid_request")
    insurer = await act(world, "insurer_manager", "", body)
    assert (insurer.status_code, insurer.json()["code"]) == (403, "forbidden_role"), "the public side decides"
    early = await act(world, "county_director", "", body | {"decided_on": "2009-12-31"})
    assert (early.status_code, early.json()["code"]) == (422, "claim_day")
    campaign = await opened(world, "1000.00")
    second = await act(world, "county_director", "", body)
    assert (second.status_code, second.json()["code"]) == (409, "campaign_exists")
    unready = await act(world, "county_director", f"/{campaign}/approval", {"document_number": "2"}, subject="d-2")
    assert (unready.status_code, unready.json()["code"]) == (409, "campaign_state")
    wrong = {"formula": "banded", "bands": [{"up_to": "100.00", "ratio": "0.5000"}]}
    bad = await act(world, "county_recheck", f"/{campaign}/proposal", wrong)
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_terms")
    nobody = await act(world, "county_recheck", f"/{campaign}/proposal", {"formula": "top_up", "floor_ratio": "0.5000"})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "nothing_listed"), "70% were paid already"
    await done(world, "county_director", f"/{campaign}/proposal", {"formula": "proportional"}, subject="d-2")
    for subject in ("county_director-1", "d-2"):
        own = await act(world, "county_director", f"/{campaign}/approval", {"document_number": "2"}, subject=subject)
        assert (own.status_code, own.json()["code"]) == (403, "four_eyes")


async def test_the_payment_sheet_and_a_townships_own_lines(world: World) -> None:
    await reviewed(world, await world.member(), "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "1000.00")
    await approved(world, campaign)
    await published(world, campaign)
    await released(world, campaign)
    answer = await world.pool("township_clerk", "GET", f"/campaigns/{campaign}/payments.xlsx?area=522422100")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["522422100"]
    rows = [[cell.value for cell in row] for row in book["522422100"].iter_rows()]
    assert rows[2][1:3] == ["522422100201", "王**"]
    assert (rows[2][5], rows[3][5]) == ("1000.00", "1000.00")
    who = {"areas": ("522422999",)}
    far = await world.pool("township_clerk", "GET", f"/campaigns/{campaign}/payments?area=522422100", **who)
    assert (far.status_code, far.json()["code"]) == (404, "campaign_payment_unknown")


@pytest.mark.requirement("ZA-23", "a payment that comes back is open again, and opens a campaign that was closed")
async def test_what_settlement_tells_moves_the_list(world: World) -> None:
    await reviewed(world, await world.member(), "10000.00")
    world.clock.set(AFTER)
    campaign = await opened(world, "1000.00")
    await approved(world, campaign)
    await published(world, campaign)
    await released(world, campaign)
    (payment,) = await payments(world, campaign)
    await settlement_tells(world, made(world, payment))
    (paid,) = await payments(world, campaign)
    assert (paid["status"], paid["paid_on"]) == ("paid", "2011-01-18")
    await done(world, "county_director", f"/{campaign}/closing")
    await settlement_tells(world, bounced(world, payment))
    shown = (await world.pool("auditor", "GET", f"/campaigns/{campaign}")).json()
    assert (shown["status"], shown["paid"], shown["closed_on"]) == ("released", "0.00", None)
    await settlement_tells(world, given_up(world, payment), made(world, payment, date(2011, 3, 20)))
    shown = (await world.pool("auditor", "GET", f"/campaigns/{campaign}")).json()
    assert (shown["paid"], shown["returned"]) == ("1000.00", "0.00"), "executed after it was given up: it is paid"
    other = made(world, payment).model_copy(update={"claim_id": new_id(world.clock.now()), "layer": "basic"})
    await settlement_tells(world, other)
    assert (await payments(world, campaign))[0]["status"] == "paid", "payments of claims are passed over"


async def test_the_database_keeps_the_list_within_the_pot(world: World) -> None:
    await reviewed(world, await world.member(), "10000.00")
    world.clock.set(AFTER)
    await opened(world, "1000.00")
    for statement in (
        "UPDATE campaign SET listed_fen = pot_fen + 1",
        "UPDATE campaign SET paid_fen = 1",
        "UPDATE campaign SET approved_by = opened_by",
    ):
        with pytest.raises(Exception, match="violates check constraint"):
            await world.sql(statement)
