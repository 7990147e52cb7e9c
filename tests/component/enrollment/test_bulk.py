"""A collector's receipts in one file: each line a write of its own (contracts §4)."""

import json
from typing import Any

from tests.component.enrollment.conftest import OTHER_POOL, POOL, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, number, row

BULK = f"/pools/{POOL}/receipts/bulk"


def receipt(number: int, bill: Any, amount: str | None = None) -> dict[str, Any]:
    """A line with one receipt."""
    one = {"receipt_number": f"R{number:06}", "bill_id": bill["bill_id"], "amount": amount or bill["open"]}
    return {"key": f"r-{number}", "body": {"receipts": [one | {"paid_on": "2010-02-20"}]}}


async def send(office: Office, lines: list[Any], path: str = BULK, **options: Any) -> Any:
    content = "\n".join(json.dumps(line) for line in lines).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    return await office.call("township_clerk", "POST", path, content=content, headers=headers, **options)


async def two_bills(office: Office) -> list[Any]:
    other = row("张三", "户主", number("19600101", 105), household="2", head="张三")
    await office.enrolled(sheet([HEAD, other]))
    return await office.bills()


async def test_a_wrong_receipt_harms_no_other_and_the_file_sent_again_books_nothing_twice(county: Office) -> None:
    first, second = await two_bills(county)
    lines = [receipt(1, first), receipt(2, first, "1.00"), receipt(3, second)]
    done = [json.loads(one) for one in (await send(county, lines)).text.splitlines()]
    assert [one["status"] for one in done] == [200, 422, 200]
    assert done[1]["problem"]["code"] == "receipts_refused"
    assert [one["body"]["bills_complete"] for one in (done[0], done[2])] == [1, 1]
    before = await county.counts()
    again = [json.loads(one) for one in (await send(county, lines)).text.splitlines()]
    assert [(one["status"], one.get("replayed", False)) for one in again] == [(200, True), (422, False), (200, True)]
    assert await county.counts() == before


async def test_all_receipts_or_none(county: Office) -> None:
    first, second = await two_bills(county)
    before = await county.counts()
    wrong = await send(county, [receipt(1, first), receipt(2, first, "1.00")], f"{BULK}?atomic=true", key="whole")
    assert (wrong.status_code, [e["at"] for e in wrong.json()["errors"]]) == (422, ["lines.2"])
    assert await county.counts() == before, "the second receipt was judged after the first, and both are undone"
    good = await send(county, [receipt(1, first), receipt(2, second)], f"{BULK}?atomic=true", key="whole")
    assert good.status_code == 200, good.text
    events = await county.rows("SELECT sequence, amount_fen FROM outbox WHERE type LIKE '%premium.collected%'")
    assert [(e["sequence"], e["amount_fen"]) for e in events] == [(1, 2000), (1, 2000)]
    assert (await county.counts())["idempotency"] == before["idempotency"] + 3


async def test_a_clerk_of_elsewhere_books_nothing(county: Office) -> None:
    first, second = await two_bills(county)
    before = await county.counts()
    other_township = await send(county, [receipt(1, first), receipt(2, second)], areas=("52242299",))
    assert [json.loads(one)["status"] for one in other_township.text.splitlines()] == [422, 422]
    assert (await send(county, [receipt(1, first)], pools=(OTHER_POOL,))).json()["code"] == "forbidden_pool"
    assert await county.counts() == before
