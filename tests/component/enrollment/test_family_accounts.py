"""Credits of family accounts: each complete household once a year, each told."""

import json

import pytest

from tests.component.enrollment.conftest import POOL, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, WIFE

pytestmark = pytest.mark.anyio
PATH = f"/pools/{POOL}/family-account-credits"


@pytest.mark.requirement("DF-18", "the household's account is credited from what was paid in, once a year")
async def test_a_complete_household_is_credited_once(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE]))
    (bill,) = await county.bills()
    township = (await county.rows("SELECT township_code FROM bill"))[0]["township_code"]
    body = {"year": 2010, "township_code": township, "per_head": "12.00", "document_number": "合管〔2010〕3号"}
    early = await county.done("county_director", "POST", PATH, json=body)
    assert early == {"households": 0, "heads": 0, "amount": "0.00"}, "nobody has paid"
    await county.pay([bill])
    assert await county.done("county_director", "POST", PATH, json=body) == {
        "households": 1,
        "heads": 2,
        "amount": "24.00",
    }
    again = await county.done("county_director", "POST", PATH, json=body)
    assert again["households"] == 0, "once a year"
    (row,) = await county.rows("SELECT envelope FROM outbox WHERE type = 'heyi.enrollment.account.credited.v1'")
    told = json.loads(row["envelope"])["data"]
    assert (told["household_id"], told["amount"], told["year"]) == (bill["household_id"], "24.00", 2010)


async def test_no_more_than_was_paid_in(county: Office) -> None:
    before = await county.counts()
    body = {"year": 2010, "township_code": "522422100", "per_head": "140.01", "document_number": "1"}
    answer = await county.call("county_director", "POST", PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "credit_above_premium")
    assert await county.counts() == before
