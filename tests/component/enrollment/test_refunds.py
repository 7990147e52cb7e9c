"""Receipts voided before remittance and premiums refunded after it (rulings §18): bills, coverage, heads, dues."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from services.enrollment.financing.events import consumer
from services.enrollment.settings import Settings
from shared.contracts.envelope import Envelope, schema_of
from shared.contracts.settlement import PremiumRefunded, PremiumRefundRefused
from shared.db.engine import create_engine
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import new_id
from shared.kernel.money import parse_yuan
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.component.enrollment.conftest import POOL, STANDARD, XLSX, YEAR, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE, row
from tests.support.services import environment

pytestmark = pytest.mark.anyio
TOWNSHIP = "52242201"


class Paying:
    """Settlement's word, given to the real consumer with the worker's role; every event comes twice."""

    def __init__(self, office: Office) -> None:
        self.office, self.engine = office, create_engine(office.database.worker, pool_size=1)
        settings = Settings(**{k.removeprefix("HEYI_ENROLLMENT_").lower(): v for k, v in _own(office).items()})
        self.processor = EventProcessor(
            consumer(),
            service="enrollment",
            engine=self.engine,
            clock=office.clock,
            settings=settings,
            metrics=MessagingMetrics(CollectorRegistry()),
            tracing=Tracing("enrollment"),
        )

    async def tell(self, payload: PremiumRefunded | PremiumRefundRefused) -> None:
        now = self.office.clock.now()
        event = Envelope(
            id=new_id(now),
            source="/heyi/settlement",
            type=payload.TYPE,
            subject=str(payload.refund_id),
            time=now,
            dataschema=schema_of(payload.TYPE),
            sequence=1,
            partitionkey=str(payload.refund_id),
            poolcode=POOL,
            businessdate=shanghai_date(now),
            data=payload.model_dump(mode="json"),
        )
        delivery = Delivery(payload.TOPIC, 0, int(event.id.int % 10**9), event.subject, event.to_bytes())
        await self.processor.process([delivery, delivery])
        assert await self.office.rows("SELECT error FROM parked") == []

    async def paid(self, refund: Any) -> None:
        """Finance has paid it."""
        now = self.office.clock.now()
        await self.tell(
            PremiumRefunded(
                refund_id=UUID(refund["refund_id"]),
                bill_id=UUID(refund["bill_id"]),
                year=refund["year"],
                cause=refund["cause"],
                amount=parse_yuan(refund["amount"]),
                refunded_on=shanghai_date(now),
                at=now,
            )
        )

    async def refused(self, refund: Any) -> None:
        """The county has turned it down."""
        now = self.office.clock.now()
        await self.tell(
            PremiumRefundRefused(
                refund_id=UUID(refund["refund_id"]),
                bill_id=UUID(refund["bill_id"]),
                year=refund["year"],
                amount=parse_yuan(refund["amount"]),
                refused_on=shanghai_date(now),
                at=now,
            )
        )


def _own(office: Office) -> dict[str, str]:
    found = environment(office.database, office.tokens)
    return {name: value for name, value in found.items() if name.startswith("HEYI_ENROLLMENT_")}


@pytest.fixture
async def paying(county: Office) -> AsyncIterator[Paying]:
    told = Paying(county)
    yield told
    await told.engine.dispose()


async def paid_household(county: Office, *, remitted: bool = True) -> Any:
    """Three people, paid for on 20 February by one receipt; the bill."""
    await county.enrolled(sheet([HEAD, WIFE, SON]))
    await county.pay(await county.bills())
    if remitted:
        body = {"township_code": TOWNSHIP}
        await county.done("township_clerk", "POST", f"/pools/{POOL}/remittances", json=body)
    return (await county.bills())[0]


async def apply(county: Office, bill: Any, **more: Any) -> Any:
    body = {"cause": "double_enrolment", "reason": "已参加职工医保"} | more
    path = f"/pools/{POOL}/bills/{bill['bill_id']}/refunds"
    return await county.call("township_clerk", "POST", path, json=body)


async def members(county: Office) -> list[str]:
    rows = await county.rows("SELECT member_id FROM member ORDER BY member_number")
    return [str(row["member_id"]) for row in rows]


async def covered(county: Office, member: str) -> list[tuple[str, str]]:
    """The member's timeline as it counts now."""
    latest: dict[str, tuple[int, str]] = {}
    for start in (await county.coverage(member))["timeline"]:
        if start["recorded_seq"] >= latest.get(start["valid_from"], (0, ""))[0]:
            latest[start["valid_from"]] = (start["recorded_seq"], start["state"])
    return [(day, latest[day][1]) for day in sorted(latest)]


async def events(county: Office, kind: str) -> list[Any]:
    sql = "SELECT subject, sequence, amount_fen FROM outbox WHERE type = $1 ORDER BY subject, sequence"
    return [tuple(row) for row in await county.rows(sql, f"heyi.enrollment.{kind}.v1")]


@pytest.mark.requirement("ZZ-26", "a receipt voided before remittance takes back what it paid for: bill and coverage")
async def test_a_receipt_is_voided_before_its_money_is_remitted(county: Office) -> None:
    bill = await paid_household(county, remitted=False)
    path = f"/pools/{POOL}/receipts/R000001/void"
    reason = {"json": {"reason": "收据写错"}}
    assert (await county.call("township_clerk", "POST", path, areas=("52242202",), **reason)).status_code == 403
    assert (await county.call("county_recheck", "POST", path, **reason)).status_code == 403
    unknown = f"/pools/{POOL}/receipts/NOBODYS/void"
    assert (await county.call("township_clerk", "POST", unknown, **reason)).status_code == 404
    answers = await asyncio.gather(*(county.call("township_clerk", "POST", path, **reason) for _ in range(2)))
    assert sorted(a.status_code for a in answers) == [200, 409]
    now = (await county.bills())[0]
    assert (now["paid"], now["open"], now["refunded"], now["last_paid_on"]) == ("0.00", "60.00", "0.00", None)
    for member in await members(county):
        assert await covered(county, member) == [("2010-01-01", "none"), ("2011-01-01", "none")]
    assert await events(county, "premium.collected") == [(bill["bill_id"], 1, 6000)]
    assert await events(county, "premium.voided") == [(bill["bill_id"], 2, 6000)]
    total = (await county.done("county_finance", "GET", f"/pools/{POOL}/financing/{YEAR}"))["pool"]
    assert (total["collected"], total["receipts"], total["covered"], total["on_hand"]) == ("0.00", 0, 0, "0.00")
    again = await county.call("township_clerk", "POST", f"/pools/{POOL}/remittances", json={"township_code": TOWNSHIP})
    assert again.json()["code"] == "remittance_empty", "a void receipt is not remitted"
    await county.pay([now], first=2, paid_on="2010-02-28")
    for member in await members(county):
        assert await covered(county, member) == [("2010-01-01", "covered"), ("2011-01-01", "none")]
    assert [e[1] for e in await events(county, "premium.collected")] == [1, 3], "one sequence for a bill's money"


@pytest.mark.requirement("ZZ-10", "what is remitted is refunded, what is not is voided; a begun year needs a cause")
async def test_what_is_refunded_and_what_is_not(county: Office) -> None:
    bill = await paid_household(county, remitted=False)
    before = await county.counts()
    answer = await apply(county, bill)
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_not_remitted")
    assert await county.counts() == before
    await county.done("township_clerk", "POST", f"/pools/{POOL}/remittances", json={"township_code": TOWNSHIP})
    path = f"/pools/{POOL}/receipts/R000001/void"
    void = await county.call("township_clerk", "POST", path, json={"reason": "退缴"})
    assert void.json()["code"] == "receipt_remitted"
    head, *_ = await members(county)
    stranger = "00000000-0000-7000-8000-000000000000"
    for body, code in (
        ({"cause": "withdrawn"}, "refund_of_begun_year"),
        ({"member_ids": [head, stranger]}, "refund_members"),
    ):
        answer = await apply(county, bill, **body)
        assert answer.json()["code"] == code
    unknown = await apply(county, {"bill_id": stranger})
    assert unknown.status_code == 404
    made = await apply(county, bill, member_ids=[head])
    assert made.status_code == 201, made.text
    assert (made.json()["amount"], made.json()["head_count"], made.json()["status"]) == ("20.00", 1, "applied")
    assert (await apply(county, bill)).json()["code"] == "refund_open"
    assert await events(county, "refund.applied") == [(made.json()["refund_id"], 1, 2000)]
    assert (await county.bills())[0]["paid"] == "60.00", "nothing changes before it is paid"


@pytest.mark.requirement("ZZ-26", "a refunded head leaves the register: coverage, head count and subsidy claim shrink")
@pytest.mark.requirement("ZZ-28", "subsidies due fall with a refunded head in the same coverage year")
async def test_one_member_is_refunded(county: Office, paying: Paying) -> None:
    bill = await paid_household(county)
    first = await county.done("county_finance", "POST", f"/pools/{POOL}/subsidies/{YEAR}/dues", json={})
    assert (first["head_count"], first["total"]) == (3, "360.00")
    head, wife, son = await members(county)
    refund = (await apply(county, bill, member_ids=[wife])).json()
    await paying.paid(refund)
    now = (await county.bills())[0]
    assert (now["amount"], now["paid"], now["open"], now["refunded"]) == ("40.00", "40.00", "0.00", "20.00")
    assert await covered(county, wife) == [("2010-01-01", "none"), ("2011-01-01", "none")]
    for member in (head, son):
        assert await covered(county, member) == [("2010-01-01", "covered"), ("2011-01-01", "none")]
    told = await county.done("county_finance", "GET", f"/pools/{POOL}/financing/{YEAR}")
    assert (told["pool"]["covered"], told["pool"]["refunded"], told["pool"]["collected"]) == (2, "20.00", "60.00")
    assert {(d["level"], d["head_count"], d["total"]) for d in told["dues"]} == {
        ("central", 2, "120.00"), ("province", 2, "90.00"), ("city", 2, "10.00"), ("county", 2, "20.00"),
    }  # fmt: skip
    (listed,) = (await county.done("county_finance", "GET", f"/pools/{POOL}/refunds?status=paid"))["items"]
    assert (listed["refund_id"], listed["ended_on"]) == (refund["refund_id"], "2010-03-01")
    rest = await apply(county, bill)
    assert rest.json()["amount"] == "40.00"
    await paying.paid(rest.json())
    assert (await apply(county, bill)).json()["code"] == "refund_nothing"


async def test_a_refused_refund_changes_nothing(county: Office, paying: Paying) -> None:
    bill = await paid_household(county)
    refund = (await apply(county, bill)).json()
    await paying.refused(refund)
    (listed,) = (await county.done("auditor", "GET", f"/pools/{POOL}/refunds"))["items"]
    assert listed["status"] == "refused"
    assert (await county.bills())[0]["paid"] == "60.00"
    assert (await apply(county, bill)).status_code == 201, "it may be applied for again"


async def paid_in_part(county: Office, rows: Sequence[Any] = (HEAD, WIFE)) -> Any:
    """A household that paid and remitted 25.00 of its bill for next year; the bill."""
    county.clock.set(county.clock.now().replace(month=11))
    later = STANDARD | {"coverage_from": "2011-01-01", "coverage_to": "2011-12-31", "collection_until": "2011-03-31"}
    await county.done("county_director", "PUT", f"/pools/{POOL}/standards/2011", json=later)
    path = f"/pools/{POOL}/rosters?year=2011"
    await county.done("township_clerk", "POST", path, content=sheet(rows), headers={"Content-Type": XLSX})
    bill = (await county.bills(year=2011))[0]
    receipts = {"receipts": [receipt(bill, "A1", "25.00")]}
    await county.done("township_clerk", "POST", f"/pools/{POOL}/receipts", json=receipts)
    await county.done("township_clerk", "POST", f"/pools/{POOL}/remittances", json={"township_code": TOWNSHIP})
    return bill


def receipt(bill: Any, number: str, yuan: str) -> dict[str, str]:
    return {"receipt_number": number, "bill_id": bill["bill_id"], "amount": yuan, "paid_on": "2010-11-01"}


@pytest.mark.requirement("ZZ-26", "an incomplete household that withdraws gets back what it paid")
async def test_an_incomplete_bill_of_a_later_year_is_refunded_whole(county: Office, paying: Paying) -> None:
    bill = await paid_in_part(county)
    head, _ = await members(county)
    assert (await apply(county, bill, member_ids=[head], cause="withdrawn")).json()["code"] == "refund_members"
    refund = (await apply(county, bill, cause="withdrawn")).json()
    assert refund["amount"] == "25.00"
    await paying.paid(refund)
    now = (await county.bills(year=2011))[0]
    assert (now["amount"], now["paid"], now["open"], now["refunded"]) == ("0.00", "0.00", "0.00", "25.00")
    assert await covered(county, head) == []


@pytest.mark.requirement("ZZ-26", "nobody pays on a bill whose refund is under way, so that it can end")
async def test_a_bill_takes_no_premium_while_its_refund_is_under_way(county: Office, paying: Paying) -> None:
    bill = await paid_in_part(county)
    refund = (await apply(county, bill, cause="withdrawn")).json()
    before = await county.counts()
    rest = {"receipts": [receipt(bill, "A2", "15.00")]}
    answer = await county.call("township_clerk", "POST", f"/pools/{POOL}/receipts", json=rest)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["at"]) == (422, "receipts.0.bill_id")
    assert "退费在办" in error["reason"]
    assert await county.counts() == before
    await paying.paid(refund)
    now = (await county.bills(year=2011))[0]
    assert (now["amount"], now["paid"], now["refunded"]) == ("0.00", "0.00", "25.00")
    for member in await members(county):
        assert await covered(county, member) == []


async def test_a_premium_and_the_application_for_its_refund_at_once(county: Office, paying: Paying) -> None:
    """Whichever is first: the refund is of what stands there, or the premium is refused."""
    bill = await paid_in_part(county)
    rest = {"receipts": [receipt(bill, "A2", "15.00")]}
    premium, refund = await asyncio.gather(
        county.call("township_clerk", "POST", f"/pools/{POOL}/receipts", json=rest),
        apply(county, bill, cause="withdrawn"),
    )
    assert sorted((premium.status_code // 100, refund.status_code // 100)) == [2, 4]
    if refund.status_code == 201:
        await paying.paid(refund.json())
    else:
        assert refund.json()["code"] == "refund_not_remitted"


@pytest.mark.requirement("LS-14", "a sponsor takes over no line whose refund is under way")
async def test_a_sponsor_waits_for_a_refund_under_way(county: Office, paying: Paying) -> None:
    poor = row("王大明", "户主", HEAD[8], group="低保")
    bill = await paid_in_part(county, (poor, WIFE, SON))
    body = {"sponsor": "大方县民政局", "year": 2011, "group": "dibao"}
    applied = await county.done("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    path = f"/pools/{POOL}/sponsorships/{applied['sponsorship_id']}"
    refund = (await apply(county, bill, cause="withdrawn")).json()
    waits = await county.call("county_finance", "POST", f"{path}/confirmation", json={})
    assert (waits.status_code, waits.json()["code"]) == (409, "sponsorship_waits")
    await county.done("county_finance", "POST", f"{path}/refusal", json={"reason": "该户退保"})
    again = await county.call("sponsor", "POST", f"/pools/{POOL}/sponsorships", json=body)
    assert again.json()["code"] == "sponsorship_empty", "nor is such a line applied for"
    await paying.paid(refund)
    assert (await county.bills(year=2011))[0]["refunded"] == "25.00"


async def test_a_register_read_in_changes_no_line_whose_refund_is_under_way(county: Office, paying: Paying) -> None:
    bill = await paid_in_part(county, (HEAD, WIFE, SON))
    refund = (await apply(county, bill, cause="withdrawn")).json()
    path = f"/pools/{POOL}/rosters?year=2011"
    again = sheet([HEAD, WIFE, row("王强", "子", SON[8], excuse="参军")])
    await county.done("township_clerk", "POST", path, content=again, headers={"Content-Type": XLSX})
    assert (await county.bills(year=2011))[0]["amount"] == "60.00"
    await paying.paid(refund)
    assert (await county.bills(year=2011))[0]["refunded"] == "25.00"


@pytest.mark.requirement("ZZ-26", "the family account gives back what was split off for a refunded head")
async def test_the_family_account_gives_back_its_part(county: Office, paying: Paying) -> None:
    bill = await paid_household(county)
    credit = {"year": YEAR, "township_code": TOWNSHIP, "per_head": "5.00", "document_number": "大合管〔2010〕1号"}
    await county.done("county_director", "POST", f"/pools/{POOL}/family-account-credits", json=credit)
    ((subject, _, credited),) = await events(county, "account.credited")
    assert credited == 1500
    _, wife, _ = await members(county)
    await paying.paid((await apply(county, bill, member_ids=[wife])).json())
    assert await events(county, "account.withdrawn") == [(subject, 2, 500)]
    await paying.paid((await apply(county, bill)).json())
    assert await events(county, "account.withdrawn") == [(subject, 2, 500), (subject, 3, 1000)]
