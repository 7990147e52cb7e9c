"""Two schemes under one office: urban residents as a pool of their own beside the rural one, served by the same people
(CQ-07, decision 0184). From the register over the bedside to the bank; nothing of the one stands in the other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from services.claims.benefits.library import loaded, text_of
from shared.kernel.clock import FixedClock
from shared.kernel.money import parse_yuan
from tests.component.claims import world as care
from tests.component.enrollment.conftest import PAYERS, POOL, STANDARD, XLSX, YEAR, Office, sheet
from tests.component.enrollment.conftest import county_template as county_template
from tests.component.enrollment.test_rosters import number
from tests.component.funds.world import EXPENDITURE, FISCAL, INCOME, World
from tests.component.thread.test_refunds import Three, rows
from tests.support.postgres import TestPostgres
from tests.support.services import START, running_app
from tests.support.tokens import TestTokens

URBAN = "522491"
BOTH = (POOL, URBAN)
"""What the tokens of the one office name."""
QUARTER, COMMUNITY = "52242291", "52242291001"
HOSPITAL = care.COUNTY
RESIDENT = ["城镇居民(社区)", "书院社区", "1", "1", "陈志", "陈志", "户主", "", number("19750505", 107), "", ""]
BALANCES = "SELECT book, account, posted_fen FROM balance WHERE pool_code = $1 AND posted_fen <> 0"


class Urban(World):
    """Settlement as the same office uses it for the urban pool."""

    async def send(self, path: str, *args: Any, **options: Any) -> Any:
        return await super().send(path, *args, **(options | {"pool": URBAN}))


@dataclass
class TwoSchemes:
    """The three services, and settlement seen from either pool."""

    three: Three
    care: care.World
    rural: World
    urban: Urban

    async def office(self, role: str, method: str, path: str, **options: Any) -> Any:
        """What the office does in claims for the urban pool, with a token of both pools."""
        answer = await self.care.call(role, method, f"/pools/{URBAN}{path}", pools=BOTH, **options)
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.fixture
async def schemes(postgres: TestPostgres, tokens: TestTokens, county_template: str) -> AsyncIterator[TwoSchemes]:
    databases = {
        "enrollment": postgres.clone("enrollment", template=county_template),
        "claims": postgres.clone("claims"),
        "settlement": postgres.clone("settlement"),
    }
    clock = FixedClock(START)
    peers = {"enrollment": "http://127.0.0.1:9"}
    async with AsyncExitStack() as stack:
        register = await stack.enter_async_context(running_app(databases["enrollment"], tokens, clock=clock))
        visits = await stack.enter_async_context(running_app(databases["claims"], tokens, clock=clock, peers=peers))
        paying = await stack.enter_async_context(running_app(databases["settlement"], tokens, clock=clock))
        rural = World(paying.client, clock, databases["settlement"], tokens)
        urban = Urban(paying.client, clock, databases["settlement"], tokens)
        three = Three(Office(register.client, clock, databases["enrollment"], tokens), rural, databases, clock)
        three.listen(stack, tokens)
        bedside = care.World(visits.app, visits.client, clock, databases["claims"], tokens, care.Enrollment())
        yield TwoSchemes(three, bedside, rural, urban)
    for database in databases.values():
        postgres.drop(database.name)


async def register_scheme(office: Office) -> None:
    """The urban pool over the residents' committees, which lie in the county and belong to no village of the scheme."""
    for code, kind, name, parent in (
        (QUARTER, "township", "城镇居民(社区)", POOL), (COMMUNITY, "village", "书院社区", QUARTER),
    ):  # fmt: skip
        await office.done(
            "city_health", "PUT", f"/areas/{code}", json={"kind": kind, "name": name, "parent_code": parent}
        )
    pool = {"name": "大方县城镇居民基本医疗保险", "area_code": QUARTER, "valid_from": "2010-01-01", "payers": PAYERS}
    await office.done("city_health", "PUT", f"/pools/{URBAN}", json=pool)
    standard = STANDARD | {"premium": "50.00"}
    await office.done("county_director", "PUT", f"/pools/{URBAN}/standards/{YEAR}", json=standard, pools=BOTH)


async def enrol(office: Office) -> str:
    """An urban resident enrolled and paid by the standard of his own scheme; the member."""
    clerk = {"pools": BOTH, "areas": (QUARTER,)}
    path = f"/pools/{URBAN}/rosters?year={YEAR}"
    taken = await office.done(
        "township_clerk", "POST", path, content=sheet([RESIDENT]), headers={"Content-Type": XLSX}, **clerk
    )
    assert taken["enrolled"] == 1, taken
    (bill,) = (await office.done("township_clerk", "GET", f"/pools/{URBAN}/bills?year={YEAR}", **clerk))["items"]
    assert bill["amount"] == "50.00"
    receipt = {"receipt_number": "CZ0001", "bill_id": bill["bill_id"], "amount": "50.00", "paid_on": "2010-02-20"}
    await office.done("township_clerk", "POST", f"/pools/{URBAN}/receipts", json={"receipts": [receipt]}, **clerk)
    remitted = {"township_code": QUARTER, "up_to": "2010-03-01"}
    await office.done("township_clerk", "POST", f"/pools/{URBAN}/remittances", json=remitted, **clerk)
    (member,) = await office.rows("SELECT member_id FROM member WHERE pool_code = $1", URBAN)
    return str(member["member_id"])


async def decide(schemes: TwoSchemes) -> None:
    """The urban scheme's own policy, its catalogue, and the hospital's agreement with it."""
    content, headers = text_of("dafang-urban-2009").encode(), {"Content-Type": "application/yaml"}
    made = await schemes.office("insurer_manager", "POST", "/policies", content=content, headers=headers)
    await schemes.office("county_recheck", "POST", f"/policies/{made['id']}/check")
    accepted = list(loaded("dafang-urban-2009").policy.illustrative)
    decision = {"document_number": "方居医〔2009〕1号", "decided_on": "2009-12-20", "accept_illustrative": accepted}
    await schemes.office("county_director", "POST", f"/policies/{made['id']}/decision", json=decision)
    await catalogue(schemes.care)
    world = schemes.care
    hospital = {
        "valid_from": "2006-01-01",
        "name": HOSPITAL,
        "level": "county",
        "ownership": "public",
        "area_code": POOL,
    }
    await world._done("county_director", "PUT", f"/institutions/{HOSPITAL}", json=hospital)
    # the pool's code is no county's: the agreement says that the hospital is in the county (LS-20)
    agreement = world._agreement() | {"place": "in_county"}
    await schemes.office("county_director", "PUT", f"/agreements/{HOSPITAL}", json=agreement)


async def catalogue(world: care.World) -> None:
    """The catalogue of the urban pool's region, in force."""
    path, region = f"/catalogues/{care.CATALOGUE}", {"region": URBAN}
    head = region | {"title": "药品诊疗目录", "effective_from": "2010-01-01"}
    items = [{"code": "A1", "name": "项目A1", "category": "drug", "item_class": "A"}]
    await world._done("county_recheck", "PUT", path, json=head, pools=BOTH)
    await world._done("county_recheck", "POST", f"{path}/items", json={"items": items}, pools=BOTH)
    decision = {"document_number": "黔卫〔2009〕88号", "decided_on": "2009-12-01"}
    await world._done("county_director", "POST", f"{path}/decision", json=decision, pools=BOTH)


async def settle(schemes: TwoSchemes, member: str) -> dict[str, Any]:
    """A stay settled by the urban policy, reviewed and released; the cut-off with the claim."""
    visit = "01900000-0000-7000-8000-000000000001"
    body = {
        "institution_code": HOSPITAL, "institution_number": "ZY1", "member_id": member, "kind": "inpatient",
        "admitted_at": care.ADMITTED, "diagnosis_code": "J18.9", "diagnosis_name": "肺炎",
    }  # fmt: skip
    at = {"of": HOSPITAL}
    await schemes.office("hospital", "PUT", f"/visits/{visit}", json=body, **at)
    discharged = {"discharged_at": care.DISCHARGED}
    await schemes.office("hospital", "POST", f"/visits/{visit}/discharge", json=discharged, **at)
    lines = {"lines": [care.line("A1", "10200.00")]}
    claim = await schemes.office("hospital", "POST", f"/visits/{visit}/settlement", json=lines, **at)
    await schemes.office("insurer_reviewer", "POST", f"/claims/{claim['claim_id']}/approval", json={})
    cutoff = {"institution_code": HOSPITAL, "up_to": "2010-03-31"}
    made = await schemes.office("insurer_approver", "POST", "/cutoffs", json=cutoff)
    return {"claim": claim, "cutoff": made["cutoff_id"]}


async def books(schemes: TwoSchemes, pool: str) -> dict[tuple[str, str], int]:
    """Balances of a pool's books, by book and account."""
    found = await schemes.rural.rows(BALANCES, pool)
    return {(row["book"], row["account"]): row["posted_fen"] for row in found}


@pytest.mark.requirement(
    "CQ-07", "urban residents are a pool of their own: one office enrols, settles and pays for both"
)
@pytest.mark.requirement(
    "CQ-09", "what is paid for urban residents stands in their own books, and none of it in the rural"
)
@pytest.mark.requirement(
    "DU-01", "an urban resident's stay is settled by the urban policy and paid from the urban fund"
)
async def test_one_office_runs_two_schemes(schemes: TwoSchemes) -> None:
    office, urban = schemes.three.office, schemes.urban
    await register_scheme(office)
    member = await enrol(office)
    await decide(schemes)
    await schemes.three.pass_on()
    await schemes.care.heard()
    await schemes.rural.register()
    await schemes.rural.fund("30000.00", "10000.00")
    rural_before = await books(schemes, POOL)
    await urban.register()
    done = await settle(schemes, member)
    assert (done["claim"]["benefit"], done["claim"]["policy_id"]) == ("5500.00", "dafang-urban-2009")
    await schemes.three.pass_on()
    (remitted,) = await rows(schemes.three.databases["settlement"], "SELECT pool_code, reference FROM remittance")
    assert remitted["pool_code"] == URBAN
    await urban.statement(INCOME, ("in", 50_00, remitted["reference"]))
    await urban.fund("20000.00", "8000.00")
    batch = await urban.done("/batches", {"cutoff_ids": [done["cutoff"]]})
    batch = await urban.release(batch)
    (payment,) = batch["instructions"]
    await urban.statement(EXPENDITURE, ("out", parse_yuan(payment["amount"]), payment["end_to_end_id"]))
    kept = await books(schemes, URBAN)
    assert (kept["basic", "5001.01"], kept["basic", "4001"], kept["basic", "1003"]) == (5_500_00, 50_00, 50_00)
    assert kept["basic", EXPENDITURE] == 2_500_00
    assert kept["basic", FISCAL] == 12_000_00
    assert await books(schemes, POOL) == rural_before, "nothing of the urban residents stands in the rural books"
    await reported(schemes)


async def reported(schemes: TwoSchemes) -> None:
    """One person of the office reads both schemes' years and identities; who serves one of them reads that one."""
    client, tokens = schemes.rural.client, schemes.rural.tokens
    director = tokens.headers("county_director", pools=BOTH)
    told = {}
    for pool in BOTH:
        answer = await client.get(f"/v1/pools/{pool}/books/basic/years/{YEAR}/report", headers=director)
        assert answer.status_code == 200, answer.text
        told[pool] = {one["code"]: one["amount"] for one in answer.json()["totals"]}
        identities = await client.get(f"/v1/pools/{pool}/identities", headers=director)
        assert identities.json()["ties"], identities.text
    assert (told[POOL]["benefits"], told[URBAN]["benefits"]) == ("0.00", "5500.00")
    assert (told[POOL]["raised"], told[URBAN]["raised"]) == ("30000.00", "20050.00")
    for pool, status in ((POOL, 200), (URBAN, 403)):
        path = f"/v1/pools/{pool}/books/basic/years/{YEAR}/report"
        alone = await client.get(path, headers=tokens.headers("county_director", pools=(POOL,)))
        assert alone.status_code == status
