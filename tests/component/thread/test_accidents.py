"""An accident from the inquiry to the money back: the fund pays and asks the liable third party (rulings §1, §13)."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from shared.kernel.money import format_yuan, parse_yuan
from tests.component.claims.test_entitlements import checked, decided, submitted
from tests.component.claims.world import line
from tests.component.funds.test_set_off import balance
from tests.component.funds.world import EXPENDITURE, FISCAL
from tests.component.thread.county import COUNTY_HOSPITAL, County, Prepared, open_county
from tests.support.postgres import TestPostgres
from tests.support.tokens import TestTokens


@pytest.fixture
async def county(postgres: TestPostgres, tokens: TestTokens, prepared: Prepared) -> AsyncIterator[County]:
    async with open_county(postgres, tokens, prepared) as made:
        yield made


async def advanced(county: County, share: str = "0.7000") -> dict[str, Any]:
    """A claim whose inquiry says that the fund advances and a third party owes it a share of that."""
    care = county.care
    visit = await care.visit(county.members[0], accident=True)
    case = await submitted(care, county.members[0], "accident", visit_id=visit)
    found = {"liability": "advanced", "share": share}
    await checked(care, case, **found)
    told = await decided(care, case, **found)
    assert told["share"] == (share if share != "0.0000" else "1.0000")
    answer = await care.settle(visit, line("A1", "1100.00"))
    assert answer.status_code == 201, answer.text
    settled: dict[str, Any] = answer.json()
    return settled


async def released(county: County, claim: dict[str, Any]) -> Any:
    """Reviewed and released; the batch that pays it, not yet confirmed."""
    care = county.care
    path = f"/claims/{claim['claim_id']}/approval"
    assert (await care.pool("insurer_reviewer", "POST", path, json={"cuts": []})).status_code == 200
    body = {"institution_code": COUNTY_HOSPITAL, "up_to": claim["settled_on"]}
    cutoff = await care.pool("insurer_approver", "POST", "/cutoffs", json=body)
    assert cutoff.status_code == 201, cutoff.text
    await given(county)
    return await county.money.batch(UUID(cutoff.json()["cutoff_id"]))


async def given(county: County) -> None:
    """Settlement is given all that claims told, and all of it once more."""
    await county.collect()
    fresh, county.pending = county.pending, []
    await county.money.feed(*fresh)
    await county.money.feed(*fresh)


async def owed(county: County, only_open: str = "true") -> list[Any]:
    found: list[Any] = (await county.money.get(f"/receivables?open={only_open}"))["items"]
    return found


@pytest.mark.requirement("WW-05", "an accident that the fund advances is recovered from who is liable, once it is paid")
@pytest.mark.parametrize(("share", "tenths"), [("0.7000", 7), ("0.0000", 10)])
async def test_what_the_fund_advances_is_asked_of_the_third_party(county: County, share: str, tenths: int) -> None:
    claim = await advanced(county, share)
    (basic,) = [one for one in claim["layers"] if one["layer"] == "basic"]
    paid = parse_yuan(basic["amount"])
    fen = paid * tenths // 10
    assert basic["recover"] == format_yuan(fen)
    batch = await released(county, claim)
    assert await owed(county) == [], "nothing is owed before the fund has paid"
    spent = await balance(county.money, "5001.01")
    await county.money.confirm(batch)
    (one,) = await owed(county)
    assert (one["origin"], one["bearer"], one["claim_id"]) == ("accident", "third_party", claim["claim_id"])
    assert (one["open"], one["care_year"], one["layer"]) == (basic["recover"], 2010, "basic")
    assert await balance(county.money, "5001.01") == spent + paid - fen, "it lessens this period's expenditure"
    assert await balance(county.money, "1101") == fen
    month = f"from={one['arisen_on']}&to={one['arisen_on']}"
    paper = await county.money.get(f"/papers/outstanding?{month}")
    (shown,) = [row for row in paper["rows"] if one["reference"] in row["cells"]]
    assert (shown["cells"][0], shown["cells"][2]) == ("应收追回款", "0")
    spending = await county.money.get(f"/papers/spending-by-care-year?{month}")
    assert spending["ties"]
    await county.money.identities()
    before = await balance(county.money, FISCAL)
    await county.money.statement(FISCAL, ("in", fen, one["reference"]))
    assert await owed(county) == []
    assert (await balance(county.money, FISCAL), await balance(county.money, "1101")) == (before + fen, 0)
    assert await county.money.term("b", "recovered_to_fiscal") == basic["recover"]
    assert await county.money.term("e", "paid_not_applied") == basic["amount"], "the advance is made good in full"
    await county.money.check_books()


@pytest.mark.requirement("WW-05", "a third party pays in parts until what the fund advanced is covered, never more")
async def test_a_third_party_pays_in_parts(county: County) -> None:
    claim, money = await advanced(county), county.money
    await money.confirm(await released(county, claim))
    (one,) = await owed(county)
    fen, name = parse_yuan(one["amount"]), one["reference"]
    before = await balance(money, FISCAL)
    told = await money.statement(FISCAL, ("in", 100_00, name), ("in", 100_00, name), ("in", fen, name))
    assert (told["matched"], told["open"]) == (2, 1), "the two parts are taken, the whole besides is more than is owed"
    (left,) = await owed(county)
    assert (left["made_good"], left["open"]) == ("200.00", format_yuan(fen - 200_00))
    assert left["made_good_on"] is None
    assert await balance(money, "1101") == fen - 200_00
    assert await money.term("b", "recovered_to_fiscal") == "200.00"
    await money.identities()
    (kept,) = (await money.get("/open-items"))["at_bank_not_in_book"]
    assert (kept["amount"], kept["reference"]) == (one["amount"], name), "kept apart, and seen with its age"
    path = f"/open-items/{kept['line_id']}/reading"
    reading = {"reference": name, "reason": "第三方多付"}
    second = {"role": "county_finance", "subject": "county_finance-2"}
    await money.refused("nothing_of_this_reference", path, reading, **second)
    rest = fen - 200_00
    told = await money.statement(FISCAL, ("in", rest + 1, name))
    assert told["matched"] == 0, "one fen more than is left is not taken"
    told = await money.statement(FISCAL, ("in", rest, name))
    assert (told["matched"], await owed(county)) == (1, [])
    assert (await balance(money, FISCAL), await balance(money, "1101")) == (before + fen, 0)
    assert await money.term("b", "recovered_to_fiscal") == one["amount"]
    today = one["arisen_on"][:8]
    paper = await money.get(f"/papers/outstanding?from={today}01&to={money.clock.now().date()}")
    assert not [row for row in paper["rows"] if row["cells"][0] == "应收追回款"]
    await money.identities()
    await money.check_books()


async def test_a_line_that_a_third_party_paid_in_part_is_not_refused(county: County) -> None:
    claim, money = await advanced(county), county.money
    await money.confirm(await released(county, claim))
    (one,) = await owed(county)
    await money.statement(FISCAL, ("in", 1, one["reference"]))
    applied = await money.done("/replenishments", {})
    refusal = {"refusals": [{"line": 1, "bearer": "hospital", "reason": "虚假住院"}]}
    path = f"/replenishments/{applied['id']}/recheck"
    problem = await money.refused("replenishment_lines_invalid", path, refusal, role="county_recheck")
    assert "第三方已归还" in str(problem)
    await money.identities()


@pytest.mark.requirement("ZZ-14", "a third party's money goes to the fiscal account, and nothing is recovered twice")
async def test_nothing_is_recovered_twice(county: County) -> None:
    claim = await advanced(county)
    batch = await released(county, claim)
    money = county.money
    await money.confirm(batch)
    (one,) = await owed(county)
    fen = parse_yuan(one["amount"])
    await money.statement(EXPENDITURE, ("in", fen, one["reference"]))
    assert len(await owed(county)) == 1, "on the insurer's account it stays an open line: it is the fiscal account's"
    await money.bounce(batch)
    (again,) = [await money.done(f"/payments/{i['id']}/repayment") for i in batch["instructions"]]
    await money.confirm(await money.release(again))
    assert len(await owed(county, "false")) == 1, "paid again, asked once"
    applied = await money.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    lines = (await money.get(f"{path}/lines"))["items"]
    number = next(x["line"] for x in lines if x["instruction_id"] == again["instructions"][0]["id"])
    refusal = {"refusals": [{"line": number, "bearer": "hospital", "reason": "虚假住院"}]}
    await money.statement(FISCAL, ("in", fen, one["reference"]))
    problem = await money.refused("replenishment_lines_invalid", f"{path}/recheck", refusal, role="county_recheck")
    assert "第三方已归还" in str(problem)
    await money.done(f"{path}/recheck", {}, role="county_recheck")
    await money.done(f"{path}/approval", role="county_finance")
    asked = {"instruction_id": again["instructions"][0]["id"], "claim_id": claim["claim_id"], "bearer": "hospital"}
    asked |= {"document": "大合稽〔2010〕7号", "reason": "虚计床日", "amount": claim["layers"][0]["amount"]}
    await money.refused("recovery_exceeds_payment", "/recoveries", asked, role="county_inspector")
    rest = parse_yuan(claim["layers"][0]["amount"]) - fen
    await money.done("/recoveries", asked | {"amount": format_yuan(rest)}, role="county_inspector")
    await money.identities()
    await money.check_books()


async def test_a_refused_line_is_owed_by_its_bearer_alone(county: County) -> None:
    claim = await advanced(county)
    batch = await released(county, claim)
    money = county.money
    await money.confirm(batch)
    applied = await money.done("/replenishments", {})
    path = f"/replenishments/{applied['id']}"
    refusal = {"refusals": [{"line": 1, "bearer": "hospital", "reason": "虚假住院"}]}
    await money.done(f"{path}/recheck", refusal, role="county_recheck")
    (left,) = await owed(county)
    assert (left["origin"], left["bearer"], left["amount"]) == ("recheck", "hospital", claim["layers"][0]["amount"])
    (gone,) = [one for one in await owed(county, "false") if one["origin"] == "accident"]
    assert (gone["open"], gone["waived"]) == ("0.00", gone["amount"])
    assert await balance(money, "1101") == parse_yuan(left["amount"])
    assert await balance(money, "5001.01") == 0
    await money.identities()
    await money.check_books()
