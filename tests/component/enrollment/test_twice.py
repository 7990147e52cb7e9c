"""Each write of enrollment sent twice at once: one effect, one answer. Every route, none left out."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.contracts.settlement import PremiumRefunded
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import new_id
from tests.component.enrollment.conftest import PAYERS, POOL, STANDARD, XLSX, YEAR, Office, sheet
from tests.component.enrollment.test_joiner_files import HEADINGS, paid
from tests.component.enrollment.test_refunds import Paying
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE, number, row
from tests.support.postgres import TestPostgres
from tests.support.services import running_app
from tests.support.tokens import TestTokens
from tests.support.twice import TwiceTransport

pytestmark = pytest.mark.anyio
TOWNSHIP = "52242201"
IN_POOL = f"/pools/{POOL}"
LAYER = f"{IN_POOL}/layers/supplementary"
HEADS = {3: "赵明", 4: "钱亮", 5: "孙红", 6: "李青", 7: "周正"}
"""Households of one person, by their number."""
NDJSON = {"Content-Type": "application/x-ndjson"}
CHANGE_NOTHING_AGAIN = (
    "PUT /v1/areas/{area_code}",
    "PUT /v1/areas/{area_code}/payers",
    "PUT /v1/areas/{area_code}/pools",
    "PUT /v1/pools/{pool_code}",
    "PUT /v1/pools/{pool_code}/standards/{year}",
    "PUT /v1/pools/{pool_code}/layers/{layer}/standards/{year}",
    "POST /v1/pools/{pool_code}/rosters",
    "POST /v1/pools/{pool_code}/family-account-credits",
    "POST /v1/pools/{pool_code}/layers/{layer}/joiners",
    "POST /v1/pools/{pool_code}/layers/{layer}/joiner-files",
    "POST /v1/pools/{pool_code}/subsidies/{year}/dues",
)
"""Under another key they are done again, and find nothing left to do."""
ADD_AGAIN = (
    "POST /v1/pools/{pool_code}/receipt-books/{book_id}/handovers",
    "POST /v1/pools/{pool_code}/events/republish",
    "POST /v1/parked-events/{consumer}/{generation}/{event_id}/retry",
)
"""A book may change hands twice a day; an operator may ask for events as often as he needs them."""


@pytest.fixture
async def twice(
    postgres: TestPostgres, tokens: TestTokens, county_template: str
) -> AsyncIterator[tuple[Office, TwiceTransport]]:
    database = postgres.clone("enrollment", template=county_template)
    async with running_app(database, tokens) as running:
        office = Office(running.client, running.clock, database, tokens)
        transport = TwiceTransport(
            running.app, running.client._transport, database.admin, same=CHANGE_NOTHING_AGAIN, again=ADD_AGAIN
        )
        office.client = httpx.AsyncClient(transport=transport, base_url=running.client.base_url)
        yield office, transport
        await office.client.aclose()
    postgres.drop(database.name)


@pytest.mark.requirement("ZZ-26", "whatever enrollment and collecting write has one effect, however often it is sent")
async def test_every_write_sent_twice_at_once_has_one_effect(twice: tuple[Office, TwiceTransport]) -> None:
    office, transport = twice
    await _placing(office)
    await _register(office)
    await _books_and_receipts(office)
    await _sponsors_and_corrections(office)
    await _layers_and_accounts(office)
    await _refunds(office)
    await _closing(office)
    assert transport.left_out == set(), f"no test sends these twice: {sorted(transport.left_out)}"


async def _placing(office: Office) -> None:
    village = {"kind": "village", "name": "新村", "parent_code": TOWNSHIP}
    await office.done("city_health", "PUT", f"/areas/{TOWNSHIP}99", json=village)
    pool = {"name": "大方县新农合", "area_code": POOL, "valid_from": "2010-01-01", "payers": PAYERS}
    await office.done("city_health", "PUT", IN_POOL, json=pool)
    next_year = {"coverage_from": "2011-01-01", "coverage_to": "2011-12-31", "collection_until": "2011-01-31"}
    await office.done("county_director", "PUT", f"{IN_POOL}/standards/2011", json=STANDARD | next_year)


async def _register(office: Office) -> None:
    body = {"pool_code": POOL, "valid_from": "2010-01-01"}
    await office.done("city_health", "PUT", f"/areas/{TOWNSHIP}/pools", json=body)
    payers = {"payers": PAYERS | {"county": "县财政二局"}, "valid_from": "2010-02-01"}
    await office.done("city_health", "PUT", f"/areas/{TOWNSHIP}/payers", json=payers)
    poor = row("张三", "户主", number("19600101", 105), household="2", head="张三", group="五保户")
    others = [
        row(name, "户主", number("19600101", 105 + 2 * n), household=str(n), head=name) for n, name in HEADS.items()
    ]
    told = await office.enrolled(sheet([HEAD, WIFE, SON, poor, *others]))
    assert (told["households"], told["rejected"]) == (7, 0), told


async def _bill(office: Office, household: int) -> Any:
    bills = await office.bills()
    return next(bill for bill in bills if int(bill["household_number"]) == household)


async def _books_and_receipts(office: Office) -> None:
    body = {"township_code": TOWNSHIP, "year": YEAR, "first_number": "R000001", "last_number": "R000050"}
    book = await office.done("county_recheck", "POST", f"{IN_POOL}/receipt-books", json=body)
    path = f"{IN_POOL}/receipt-books/{book['book_id']}"
    more = [body | {"first_number": f"S{n}1", "last_number": f"S{n}9"} for n in (1, 2)]
    await _bulk(office, "county_recheck", f"{IN_POOL}/receipt-books/bulk", more)
    await office.done("township_clerk", "POST", f"{path}/handovers", json={"collector": "化联村会计"})
    reason = {"reason": "书写有误"}
    for role, what, serial, words in (
        ("township_clerk", "voids", 40, reason),
        ("township_clerk", "losses", 41, reason | {"declaration": "声明一则"}),
        ("county_recheck", "returns", 42, {}),
    ):
        numbers = {"numbers": [{"first": f"R{serial:06}"}]}
        await office.done(role, "POST", f"{path}/{what}", json=numbers | words)
    for household, serial in ((1, 1), (3, 2), (4, 3)):
        await office.pay([await _bill(office, household)], first=serial)
    await office.done("township_clerk", "POST", f"{IN_POOL}/receipts/R000003/void", json=reason)
    bill = await _bill(office, 5)
    receipt = {"receipt_number": "R000005", "bill_id": bill["bill_id"], "amount": "20.00", "paid_on": "2010-02-20"}
    await _bulk(office, "township_clerk", f"{IN_POOL}/receipts/bulk", [{"receipts": [receipt]}])
    await office.done("township_clerk", "POST", f"{IN_POOL}/remittances", json={"township_code": TOWNSHIP})


async def _bulk(office: Office, role: str, path: str, bodies: list[Any]) -> None:
    lines = [{"key": f"{path}-{n}", "body": body} for n, body in enumerate(bodies)]
    content = "\n".join(json.dumps(line) for line in lines).encode()
    answer = await office.call(role, "POST", path, content=content, headers=NDJSON)
    assert {json.loads(line)["status"] for line in answer.text.splitlines()} <= {200, 201}, answer.text


async def _sponsors_and_corrections(office: Office) -> None:
    asked = {"sponsor": "大方县民政局", "year": YEAR, "group": "wubao"}
    for act, body in (("refusal", {"reason": "名单有误"}), ("confirmation", {})):
        applied = await office.done("sponsor", "POST", f"{IN_POOL}/sponsorships", json=asked)
        path = f"{IN_POOL}/sponsorships/{applied['sponsorship_id']}/{act}"
        await office.done("county_finance", "POST", path, json=body)
    bill = await _bill(office, 1)
    born = {"name": "王小宝", "sex": "male", "birth_date": "2010-02-01"}
    path = f"{IN_POOL}/households/{bill['household_id']}/newborns"
    await office.done("township_clerk", "POST", path, json=born)
    member = await _member(office, "王强")
    lapse = {"kind": "lapse", "effective_on": "2010-02-10", "reason": "转入职工医保"}
    await office.done("county_recheck", "POST", f"{IN_POOL}/members/{member}/coverage-corrections", json=lapse)
    unpaid = await _member(office, HEADS[6])
    back = {"effective_on": "2010-02-01", "reason": "收据遗失,经村委会证明"}
    path = f"{IN_POOL}/members/{unpaid}/reinstatements"
    applied = await office.done("township_director", "POST", path, json=back)
    path = f"{IN_POOL}/reinstatements/{applied['reinstatement_id']}/decision"
    await office.done("county_recheck", "POST", path, json={"decision": "confirmed"})
    await office.done("county_finance", "POST", f"{IN_POOL}/subsidies/{YEAR}/dues", json={})


async def _member(office: Office, name: str) -> str:
    (found,) = await office.rows("SELECT member_id FROM member WHERE name = '" + name + "'")
    return str(found["member_id"])


async def _layers_and_accounts(office: Office) -> None:
    costs = {"premium": "9.00", "subsidy": "1.00", "document_number": "郑卫〔2011〕8号"}
    await office.done("county_director", "PUT", f"{LAYER}/standards/{YEAR}", json=costs)
    member = await _member(office, "王大明")
    joiner = {"member_id": member, "receipt_number": "B0001", "paid_on": "2010-02-20"}
    body = {"year": YEAR, "joiners": [joiner]}
    await office.done("township_clerk", "POST", f"{LAYER}/joiners", json=body)
    table = sheet([paid(WIFE, receipt="B0002")], HEADINGS)
    of_kind = {"content": table, "headers": {"Content-Type": XLSX}}
    await office.done("township_clerk", "POST", f"{LAYER}/joiner-files?year={YEAR}", **of_kind)
    path = f"{IN_POOL}/members/{member}/layers/supplementary/leaving"
    leaving = {"year": YEAR, "left_from": "2010-04-01", "reason": "自愿退出"}
    await office.done("county_recheck", "POST", path, json=leaving)
    credit = {"year": YEAR, "township_code": TOWNSHIP, "per_head": "8.00", "document_number": "合管〔2010〕3号"}
    await office.done("county_director", "POST", f"{IN_POOL}/family-account-credits", json=credit)


async def _refunds(office: Office) -> None:
    bill = await _bill(office, 3)
    body = {"cause": "double_enrolment", "reason": "已参加职工医保"}
    await office.done("township_clerk", "POST", f"{IN_POOL}/bills/{bill['bill_id']}/refunds", json=body)
    paying = Paying(office)
    now = office.clock.now()
    unknown = PremiumRefunded(
        refund_id=new_id(now),
        bill_id=new_id(now),
        year=YEAR,
        cause="own_error",
        amount=100,
        refunded_on=shanghai_date(now),
        at=now,
    )
    with pytest.raises(AssertionError, match="LookupError"):  # nobody applied for it: it is parked
        await paying.tell(unknown)
    await paying.engine.dispose()
    (parked,) = await office.rows("SELECT consumer, generation, event_id FROM parked")
    path = f"/parked-events/{parked['consumer']}/{parked['generation']}/{parked['event_id']}/retry"
    await office.done("operator", "POST", path)
    topic = {"topic": "heyi.enrollment.premium.v1", "from": "2010-03-01"}
    await office.done("operator", "POST", f"{IN_POOL}/events/republish", json=topic)


async def _closing(office: Office) -> None:
    office.clock.set(office.clock.now().replace(day=2))
    await office.done("county_director", "POST", f"{IN_POOL}/days/2010-03-01/close")
