"""The areas of a township token bind every route of the register; who has none gets nowhere."""

import io
from typing import Any

import openpyxl
import pytest

from tests.component.enrollment.conftest import POOL, XLSX, YEAR, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE, number, row

pytestmark = pytest.mark.anyio

HERE, THERE, VILLAGE = ("52242201",), ("52242202",), ("5224220101",)


@pytest.fixture
async def enrolled(county: Office) -> tuple[Office, dict[str, str]]:
    """A county with one household of 52242201, sent in by its clerk; the ids of what there is."""
    roster = (await county.enrolled(sheet([HEAD, WIFE, [*SON[:8], "1", *SON[9:]]]), areas=HERE))["roster_id"]
    found = (await county.rows("SELECT household_id, member_id FROM member WHERE relation = 'head'"))[0]
    bill = (await county.bills())[0]["bill_id"]
    return county, {
        "roster": roster, "household": str(found["household_id"]), "member": str(found["member_id"]), "bill": bill,
    }  # fmt: skip


def _calls(ids: dict[str, str]) -> list[tuple[str, str, str, Any]]:
    """Every route that a township role may call, with a body where it takes one."""
    pool = f"/pools/{POOL}"
    receipt = {"receipt_number": "A1", "bill_id": ids["bill"], "amount": "1.00", "paid_on": "2010-03-01"}
    born = {"name": "王小宝", "sex": "male", "birth_date": "2010-02-14"}
    lapse = {"kind": "lapse", "effective_on": "2010-03-01", "reason": "迁出"}
    member = f"{pool}/members/{ids['member']}"
    return [
        ("township_clerk", "GET", f"{pool}/areas", None),
        ("township_clerk", "GET", f"{pool}/households", None),
        ("township_clerk", "GET", f"{pool}/members", None),
        ("township_clerk", "GET", f"{pool}/households/{ids['household']}", None),
        ("township_director", "GET", f"{member}/coverage", None),
        ("township_clerk", "GET", f"{pool}/standards/{YEAR}", None),
        ("township_clerk", "GET", f"{pool}/bills?year={YEAR}", None),
        ("township_clerk", "GET", f"{pool}/financing/{YEAR}", None),
        ("township_director", "GET", f"{pool}/rosters/{ids['roster']}", None),
        ("township_clerk", "GET", f"{pool}/rosters/{ids['roster']}/errors.xlsx", None),
        ("township_clerk", "POST", f"{pool}/receipts", {"receipts": [receipt]}),
        ("township_clerk", "POST", f"{pool}/remittances", {"township_code": "52242201"}),
        ("township_clerk", "POST", f"{pool}/households/{ids['household']}/newborns", born),
        ("township_director", "POST", f"{member}/coverage-corrections", lapse),
    ]


async def test_a_township_token_without_areas_gets_nowhere(enrolled: tuple[Office, dict[str, str]]) -> None:
    office, ids = enrolled
    before = await office.counts()
    for areas in ((), ("",)):
        for role, method, path, body in _calls(ids):
            answer = await office.call(role, method, path, json=body, areas=areas)
            assert (answer.status_code, answer.json()["code"]) == (403, "areas_missing"), path
    upload = await office.upload(sheet([HEAD]), areas=())
    assert upload.json()["code"] == "areas_missing"
    assert await office.counts() == before


async def test_another_township_finds_nothing_and_moves_nothing(enrolled: tuple[Office, dict[str, str]]) -> None:
    office, ids = enrolled
    before = await office.counts()
    refused = {}
    for role, method, path, body in _calls(ids):
        if not path.endswith(("/areas", f"/standards/{YEAR}")):
            refused[path] = await office.call(role, method, path, json=body, areas=THERE)
    for path in (f"/pools/{POOL}/households", f"/pools/{POOL}/members", f"/pools/{POOL}/bills?year={YEAR}"):
        assert refused.pop(path).json()["items"] == []
    money = refused.pop(f"/pools/{POOL}/financing/{YEAR}").json()
    assert (money["townships"], money["dues"], money["pool"]["members"]) == ([], [], 0)
    assert {answer.status_code for answer in refused.values()} == {403, 404, 422}
    assert all("王" not in answer.text for answer in refused.values())
    assert await office.counts() == before


@pytest.mark.parametrize("areas", [HERE, ("522422",), THERE + HERE])
async def test_whoever_has_the_township_or_an_area_above_it_is_served(
    enrolled: tuple[Office, dict[str, str]], areas: tuple[str, ...]
) -> None:
    office, ids = enrolled
    for role, method, path, body in _calls(ids):
        answer = await office.call(role, method, path, json=body, areas=areas)
        code = answer.json()["code"] if answer.status_code >= 400 else None
        assert code in (None, "coverage_unchanged"), (path, answer.text)  # nobody paid: there is nothing to lapse


async def test_a_village_clerk_sees_his_village(county: Office) -> None:
    other = row("张三", "户主", number("19600101", 105), household="2", head="张三")
    areas = await county.done("county_director", "GET", f"/pools/{POOL}/areas")
    second = next(a for a in areas if a["parent_code"] == "52242201" and a["area_code"] not in VILLAGE)
    other[1] = second["name"]
    await county.enrolled(sheet([HEAD, other]))
    for codes, head in ((VILLAGE, "王大明"), ((second["area_code"],), "张三")):
        page = await county.done("township_clerk", "GET", f"/pools/{POOL}/households", areas=codes)
        assert [item["head_name"] for item in page["items"]] == [head]
        bills = await county.done("township_clerk", "GET", f"/pools/{POOL}/bills?year={YEAR}", areas=codes)
        assert len(bills["items"]) == 1


async def test_the_same_file_from_another_township_is_another_roster(
    enrolled: tuple[Office, dict[str, str]],
) -> None:
    office, ids = enrolled
    content = sheet([HEAD, WIFE, [*SON[:8], "1", *SON[9:]]])
    foreign = await office.enrolled(content, areas=THERE)
    assert foreign["roster_id"] != ids["roster"]
    assert (foreign["enrolled"], foreign["rejected"]) == (0, 3)


async def test_where_a_person_of_another_township_lives_is_not_told(enrolled: tuple[Office, dict[str, str]]) -> None:
    office, _ = enrolled
    areas = await office.done("county_director", "GET", f"/pools/{POOL}/areas")
    village = next(a for a in areas if a["parent_code"] == THERE[0])
    town = next(a for a in areas if a["area_code"] == THERE[0])
    moved = row("李秀英", "户主", WIFE[8], household="2", head="李秀英", village=village["name"])
    moved[0] = town["name"]
    result = await office.enrolled(sheet([moved]), areas=THERE)
    path = f"/pools/{POOL}/rosters/{result['roster_id']}"
    detail = await office.done("township_clerk", "GET", path, areas=THERE)
    assert detail["returned"][0]["codes"] == ["in_other_household"]
    errors = await office.call("township_clerk", "GET", f"{path}/errors.xlsx", areas=THERE)
    assert errors.status_code == 200
    assert errors.headers["content-type"] == XLSX
    shown = openpyxl.load_workbook(io.BytesIO(errors.content)).active
    assert shown is not None
    told = "".join(str(cell.value) for line in shown.iter_rows() for cell in line)
    assert "不在您经办的辖区" in told
    assert "5224220101" not in told
