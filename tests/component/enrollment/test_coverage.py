"""Coverage as others ask for it and as events tell it: corrections raise the sequence, whole timeline each time."""

import json
from typing import Any

import asyncpg
import pytest

from services.enrollment.registry.people import ID_NUMBER
from shared.contracts.enrollment import CoverageChanged
from shared.db.personal import Keys, Sealer
from tests.component.enrollment.conftest import OTHER_POOL, POOL, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, WIFE, move_all, number, row
from tests.support.services import TEST_KEYS

pytestmark = pytest.mark.anyio

SEALER = Sealer(Keys({1: bytes.fromhex(TEST_KEYS["DATA_KEY"])}, 1, bytes.fromhex(TEST_KEYS["LOOKUP_KEY"])))


@pytest.fixture
async def covered(county: Office) -> tuple[Office, str]:
    """A county with one covered couple; the husband's member id."""
    await county.enrolled(sheet([HEAD, WIFE]))
    await county.pay(await county.bills())
    return county, str((await county.rows("SELECT member_id FROM member WHERE relation = 'head'"))[0]["member_id"])


async def _correct(office: Office, member: str, kind: str, on: str, **options: Any) -> Any:
    body = {"kind": kind, "effective_on": on, "reason": "村委会证明"}
    path = f"/pools/{POOL}/members/{member}/coverage-corrections"
    return await office.call("county_recheck", "POST", path, json=body, **options)


async def _told(office: Office, member: str) -> list[CoverageChanged]:
    rows = await office.rows("SELECT envelope FROM outbox WHERE subject = $1 ORDER BY sequence", member)
    return [CoverageChanged.model_validate_json(json.dumps(json.loads(r["envelope"])["data"])) for r in rows]


def _starts(told: Any) -> list[tuple[str, int, str]]:
    return [(s["valid_from"], s["recorded_seq"], s["state"]) for s in told["timeline"]]


async def test_by_index_and_by_member_tell_the_same_as_the_last_event(covered: tuple[Office, str]) -> None:
    office, member = covered
    by_member = await office.coverage(member)
    index = SEALER.blind_index(ID_NUMBER, HEAD[8]).hex()
    by_index = await office.done("service", "GET", f"/pools/{POOL}/coverage/by-index/{index}")
    assert by_index == by_member
    last = (await _told(office, member))[-1]
    assert last.sequence == by_member["sequence"] == 2
    assert last.blind_index == by_member["blind_index"] == index
    assert by_member["masked_name"] == "王**"
    assert CoverageChanged.model_validate(by_member | {"extra": 1}, strict=False).timeline == last.timeline


async def test_a_person_of_another_pool_is_told_by_its_code_alone(covered: tuple[Office, str]) -> None:
    office, _ = covered
    index = SEALER.blind_index(ID_NUMBER, HEAD[8]).hex()
    answer = await office.call("service", "GET", f"/pools/{OTHER_POOL}/coverage/by-index/{index}", pools=(OTHER_POOL,))
    assert (answer.status_code, answer.json()["code"]) == (404, "member_elsewhere")
    assert "王" not in answer.text
    nobody = await office.call("service", "GET", f"/pools/{POOL}/coverage/by-index/{'00' * 32}")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")


async def test_a_lapse_ends_coverage_from_its_day_and_can_be_taken_back(covered: tuple[Office, str]) -> None:
    office, member = covered
    assert (await _correct(office, member, "lapse", "2010-02-01")).status_code == 200
    told = await office.coverage(member)
    assert _starts(told) == [("2010-01-01", 2, "covered"), ("2010-02-01", 3, "none"), ("2011-01-01", 2, "none")]
    again = await _correct(office, member, "lapse", "2010-02-01")
    assert (again.status_code, again.json()["code"]) == (409, "coverage_unchanged")
    assert (await _correct(office, member, "reinstatement", "2010-02-01")).status_code == 200
    told = await office.coverage(member)
    assert ("2010-02-01", 4, "covered") in _starts(told)
    assert [event.sequence for event in await _told(office, member)] == [1, 2, 3, 4]
    assert len((await _told(office, member))[-1].timeline) == len(told["timeline"])


async def test_a_back_dated_lapse_voids_the_year(covered: tuple[Office, str]) -> None:
    office, member = covered
    await _correct(office, member, "lapse", "2010-01-01")
    assert ("2010-01-01", 3, "none") in _starts(await office.coverage(member))


async def test_death_ends_coverage_after_its_day_and_the_membership(covered: tuple[Office, str]) -> None:
    office, member = covered
    assert (await _correct(office, member, "death", "2010-02-10")).status_code == 200
    told = await office.coverage(member)
    assert ("2010-02-11", 3, "none") in _starts(told)
    assert told["status"] == "ended"
    back = await office.enrolled(sheet([row("王大明", "户主", HEAD[8])]))
    assert back["rejected"] == 1


async def test_a_birth_reported_late_is_covered_from_birth(covered: tuple[Office, str]) -> None:
    office, member = covered
    household = (await office.coverage(member))["household_id"]
    body = {"name": "王小宝", "sex": "male", "birth_date": "2010-02-14"}
    born = await office.done("township_clerk", "POST", f"/pools/{POOL}/households/{household}/newborns", json=body)
    told = await office.coverage(born["member_id"])
    assert _starts(told) == [("2010-02-14", 1, "covered"), ("2011-01-01", 1, "none")]
    assert told["blind_index"] == SEALER.blind_index("member_id", born["member_id"]).hex()


async def test_a_child_on_a_late_roster_is_covered_from_birth_by_correction(county: Office) -> None:
    baby = row("王小宝", "子", number("20100401", 107))
    county.clock.set(county.clock.now().replace(month=6))
    await county.enrolled(sheet([HEAD, baby]))
    await county.pay(await county.bills(), paid_on="2010-05-20")
    member = str((await county.rows("SELECT member_id FROM member WHERE relation = 'son'"))[0]["member_id"])
    wrong = await _correct(county, member, "birth", "2010-04-02")
    assert wrong.json()["code"] == "coverage_not_birth_date"
    assert (await _correct(county, member, "birth", "2010-04-01")).status_code == 200
    starts = _starts(await county.coverage(member))
    assert starts[0] == ("2010-04-01", 3, "covered")


@pytest.mark.parametrize(
    ("kind", "on", "code"),
    [("lapse", "2010-03-02", "correction_in_future"), ("lapse", "2009-12-31", "coverage_year_unknown")],
)
async def test_corrections_that_cannot_be_are_refused(
    covered: tuple[Office, str], kind: str, on: str, code: str
) -> None:
    office, member = covered
    before = await office.counts()
    answer = await _correct(office, member, kind, on)
    assert answer.json()["code"] == code
    assert await office.counts() == before


async def test_households_are_listed_in_pages_with_masked_numbers(county: Office) -> None:
    rows = [row("赵一", "户主", number("19600101", 100 + n), household=str(n), head="赵一") for n in range(1, 6)]
    await county.enrolled(sheet(rows))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": 2, "area": "52242201"} | ({"cursor": cursor} if cursor else {})
        page = await county.done("insurer_manager", "GET", f"/pools/{POOL}/households", params=params)
        seen += [item["household_number"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["0001", "0002", "0003", "0004", "0005"]
    page = await county.done("insurer_manager", "GET", f"/pools/{POOL}/households")
    path = f"/pools/{POOL}/households/{page['items'][0]['household_id']}"
    masked = (await county.done("insurer_manager", "GET", path))["members"][0]["id_number"]
    shown = (await county.done("county_recheck", "GET", path))["members"][0]["id_number"]
    assert shown == rows[0][8]
    assert masked == shown[:6] + "********" + shown[-4:]
    reads = await county.rows("SELECT count(*) AS n FROM audit WHERE action = 'read_household' AND outcome = 'read'")
    assert reads[0]["n"] == 2


async def test_areas_keep_to_their_path_and_their_pool(county: Office) -> None:
    odd = {"kind": "village", "name": "某村", "parent_code": "52242202"}
    answer = await county.call("city_health", "PUT", "/areas/5224220199", json=odd)
    assert answer.json()["code"] == "area_misplaced"
    foreign = {"kind": "village", "name": "某村", "parent_code": "52242202"}
    answer = await county.call("county_director", "PUT", "/areas/5224220299", json=foreign, pools=(OTHER_POOL,))
    assert answer.json()["code"] == "area_not_yours"
    await county.done("county_director", "PUT", "/areas/5224220299", json=foreign)
    areas = await county.done("township_clerk", "GET", f"/pools/{POOL}/areas")
    assert "5224220299" in {area["area_code"] for area in areas}


@pytest.mark.requirement("LS-20", "an area's pool need not be that of its administrative parent, from a date on")
async def test_an_area_can_belong_to_another_pool_than_its_parent(county: Office) -> None:
    above = {"name": "邻区新农合", "area_code": POOL, "valid_from": "2009-01-01", "payers": {"county": "邻区财政局"}}
    await county.done("city_health", "PUT", f"/pools/{OTHER_POOL}", json=above)
    body = {"pool_code": OTHER_POOL, "valid_from": "2010-02-01"}
    await county.done("city_health", "PUT", "/areas/52242203/pools", json=body)
    path = f"/pools/{POOL}/areas"
    now = {a["area_code"] for a in await county.done("township_clerk", "GET", path)}
    then = {a["area_code"] for a in await county.done("township_clerk", "GET", path, params={"on": "2010-01-31"})}
    assert "5224220301" in then
    assert "5224220301" not in now


async def test_a_township_sees_and_changes_its_own_people_only(county: Office) -> None:
    await county.upload(sheet([HEAD]))
    home, elsewhere = {"areas": ("52242201",)}, {"areas": ("52242202",)}
    households = f"/pools/{POOL}/households"
    shown = (await county.done("township_clerk", "GET", households, **home))["items"]
    assert len(shown) == 1
    assert (await county.done("township_clerk", "GET", households, **elsewhere))["items"] == []
    one = f"{households}/{shown[0]['household_id']}"
    member = (await county.done("township_clerk", "GET", one, **home))["members"][0]["member_id"]
    coverage = f"/pools/{POOL}/members/{member}/coverage"
    for path in (one, coverage):
        assert (await county.call("township_clerk", "GET", path, **elsewhere)).status_code == 404
    lapse = {"kind": "lapse", "effective_on": "2010-03-01", "reason": "迁出"}
    foreign = await county.call("township_director", "POST", f"{coverage}-corrections", json=lapse, **elsewhere)
    assert foreign.status_code == 404
    nowhere = await county.call("township_clerk", "GET", households, areas=())
    assert (nowhere.status_code, nowhere.json()["code"]) == (403, "areas_missing")
    bills = f"/pools/{POOL}/bills?year=2010"
    assert len((await county.done("township_clerk", "GET", bills, **home))["items"]) == 1
    assert (await county.done("township_clerk", "GET", bills, **elsewhere))["items"] == []


async def test_a_person_follows_a_move_to_another_pool(covered: tuple[Office, str]) -> None:
    office, member = covered
    person = (await office.coverage(member))["person_id"]
    index = SEALER.blind_index(ID_NUMBER, HEAD[8]).hex()
    await move_all(office, OTHER_POOL)
    there = {"pools": (OTHER_POOL,)}
    found = await office.done("service", "GET", f"/pools/{OTHER_POOL}/coverage/by-index/{index}", **there)
    assert (found["person_id"], found["status"]) == (person, "enrolled")
    household = f"/pools/{OTHER_POOL}/households/{found['household_id']}"
    shown = await office.done("county_recheck", "GET", household, **there)
    assert shown["members"][0]["id_number"] == HEAD[8]
    stayed = await office.done("service", "GET", f"/pools/{POOL}/coverage/by-index/{index}")
    assert stayed["status"] == "ended"  # the pool that he left keeps what it paid for
    scoped = await persons_known_to(office, "130102")
    assert scoped == (0, [OTHER_POOL, OTHER_POOL])


async def persons_known_to(office: Office, pool_code: str) -> tuple[int, list[str]]:
    """How many persons a scope sees row by row, and what the definer function tells it of the couple."""
    indexes = [SEALER.blind_index(ID_NUMBER, n[8]) for n in (HEAD, WIFE)]
    conn = await asyncpg.connect(office.database.app)
    try:
        async with conn.transaction():
            await conn.execute("SELECT heyi_set_scope('service', $1::text[], '{*}'::text[])", [pool_code])
            seen = await conn.fetchval("SELECT count(*) FROM person")
            known = await conn.fetch("SELECT pool_code FROM heyi_person_known($1::bytea[])", indexes)
            return seen, [row["pool_code"] for row in known]
    finally:
        await conn.close()
