"""A roster in: who is enrolled, what goes back, and that the same file again changes nothing."""

import asyncio
import io
import zipfile
from typing import Any

import openpyxl
import pytest

from deploy.demo.roster import make_roster
from shared.db.counting import count_statements
from shared.kernel.id_numbers import check_character
from tests.component.enrollment.conftest import HEADINGS, OTHER_POOL, POOL, YEAR, Office, sheet

pytestmark = pytest.mark.anyio


def number(birth: str, order: int, place: str = "522422") -> str:
    """A sound ID number; an odd order is a man's."""
    first = f"{place}{birth}{order:03d}"
    return first + check_character(first)


def row(
    name: str,
    relation: str,
    identity: Any,
    *,
    household: str = "1",
    head: str = "王大明",
    sex: str = "",
    village: str = "化联村",
    group: str = "",
    excuse: str = "",
) -> list[Any]:
    return ["百纳乡", village, "1", household, head, name, relation, sex, identity, group, excuse]


async def move_all(office: Office, pool_code: str) -> None:
    """Everybody's membership ends here and starts in another pool, as a move does."""
    await office.rows(
        "INSERT INTO household SELECT $1, household_id, township_code, village_code, group_name, household_number, "
        "recorded_at FROM household",
        pool_code,
    )
    await office.rows("UPDATE member SET status = 'ended'")
    await office.rows(
        "INSERT INTO member SELECT $1, member_id, household_id, person_id, member_number, name, relation, sex, "
        "birth_date, 'enrolled', stated_id_sealed, phone_sealed, 0, recorded_at, updated_at, name_order "
        "FROM member",
        pool_code,
    )


HEAD = row("王大明", "户主", number("19700101", 101))
WIFE = row("李秀英", "配偶", number("19720202", 102))
SON = row("王强", "子", number("19980303", 103))


@pytest.mark.requirement("ZZ-06", "the roster enrols whole households: one bill each, a line for every member")
@pytest.mark.requirement("HL-02", "each bad row of 2,400 comes back with its reason; none is silently dropped or taken")
async def test_a_county_roster_is_enrolled_and_its_bad_rows_come_back(county: Office) -> None:
    roster = make_roster(seed=7)
    with count_statements() as counted:
        result = await county.enrolled(roster.content)
    assert counted.total() < 60, "2,400 rows go in by sets: what keeps a county's roster to seconds"
    kept = [p for p in roster.bad_rows if p.kept]
    assert result["rows"] == 2400
    assert result["households"] == 600
    assert result["enrolled"] == len(roster.sound) == 2376
    assert (result["to_verify"], result["rejected"]) == (len(kept), 24 - len(kept))
    detail = await county.done("township_clerk", "GET", f"/pools/{POOL}/rosters/{result['roster_id']}")
    assert {r["row"]: r["codes"] for r in detail["returned"]} == {p.row: [p.bad] for p in roster.bad_rows}
    assert {r["row"] for r in detail["returned"] if r["kept"]} == {p.row for p in kept}
    listed = await county.done("auditor", "GET", f"/pools/{POOL}/rosters", params={"number": result["number"]})
    assert [item["roster_id"] for item in listed["items"]] == [result["roster_id"]]
    lines = await county.rows("SELECT count(*) AS n, count(DISTINCT bill_id) AS bills FROM bill_line")
    assert (lines[0]["n"], lines[0]["bills"]) == (2376 + len(kept), 600)


async def test_the_errors_come_back_as_a_workbook_with_the_reason_beside_the_cell(county: Office) -> None:
    wrong = [*SON[:8], SON[8][:-1] + ("0" if SON[8][-1] != "0" else "1"), *SON[9:]]
    result = await county.enrolled(sheet([HEAD, WIFE, wrong]))
    answer = await county.call("township_clerk", "GET", f"/pools/{POOL}/rosters/{result['roster_id']}/errors.xlsx")
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    titles = [cell.value for cell in page[1]]
    place = titles.index("身份证号")
    assert titles[place + 1] == "【身份证号】退回原因"
    assert page.cell(2, place + 1).value == wrong[8]
    assert "校验位" in str(page.cell(2, place + 2).value)
    assert page.cell(2, 1).value == 4
    assert page.cell(2, 2).value == "已登记为待核实"


@pytest.mark.requirement("HL-02", "the same file again changes nothing; the same rows in another file neither")
async def test_the_same_roster_again_changes_nothing(county: Office) -> None:
    roster = make_roster(seed=3, households=60, people=240, bad=6)
    first = await county.enrolled(roster.content)
    before = await county.counts()
    again = await county.enrolled(roster.content)
    assert again["repeated"]
    assert again["roster_id"] == first["roster_id"]
    after = await county.counts()
    assert {t: n for t, n in after.items() if t != "idempotency"} == {
        t: n for t, n in before.items() if t != "idempotency"
    }


async def test_a_replayed_upload_is_answered_from_its_key(county: Office) -> None:
    content = sheet([HEAD, WIFE])
    first = await county.upload(content, key="roster-1")
    again = await county.upload(content, key="roster-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.requirement("ZZ-06", "a bad row does not hold the household back and is covered from the same date later")
async def test_a_corrected_row_is_covered_from_the_date_of_its_household(county: Office) -> None:
    wrong = [*SON[:8], float(SON[8][:15]), *SON[9:]]
    first = await county.enrolled(sheet([HEAD, WIFE, wrong]))
    assert (first["enrolled"], first["to_verify"]) == (2, 1)
    bills = await county.bills()
    assert [bill["amount"] for bill in bills] == ["60.00"]
    paid = await county.pay(bills)
    assert (paid["bills_complete"], paid["members_covered"]) == (1, 2)
    member = (await county.rows("SELECT member_id FROM member WHERE name = '王强'"))[0]["member_id"]
    assert (await county.coverage(member))["timeline"] == []
    corrected = await county.enrolled(sheet([SON]))
    assert (corrected["verified"], corrected["enrolled"], corrected["to_verify"]) == (1, 0, 0)
    timeline = (await county.coverage(member))["timeline"]
    assert [(s["valid_from"], s["state"]) for s in timeline] == [("2010-01-01", "covered"), ("2011-01-01", "none")]


async def test_corrections_of_the_whole_county_leave_nobody_to_verify(county: Office) -> None:
    roster = make_roster(seed=11, households=120, people=480, bad=24)
    await county.enrolled(roster.content)
    await county.enrolled(roster.corrected)
    left = await county.rows("SELECT count(*) FILTER (WHERE status = 'to_verify') AS n, count(*) AS all FROM member")
    assert (left[0]["n"], left[0]["all"]) == (0, 480)


async def test_whole_file_refusals_move_nothing(county: Office) -> None:
    refused = {
        "csv": (b"name,id\n1,2\n", "sheet_not_excel"),
        "empty": (b"", "sheet_not_excel"),
        "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "sheet_old_excel"),
        "broken zip": (b"PK\x03\x04" + bytes(100), "sheet_not_excel"),
        "merged": (sheet([HEAD, WIFE], merge="A2:A3"), "sheet_merged_cells"),
        "missing headings": (sheet([HEAD], headings=HEADINGS[:8]), "sheet_headings_missing"),
        "repeated headings": (sheet([HEAD], headings=[*HEADINGS[:10], "姓名"]), "sheet_headings_repeated"),
        "no rows": (sheet([]), "sheet_empty"),
    }
    before = await county.counts()
    for name, (content, code) in refused.items():
        answer = await county.upload(content)
        assert (answer.status_code, answer.json()["code"]) == (422, code), name
        assert await county.counts() == before, name


async def test_the_template_that_a_refusal_names_is_there(county: Office) -> None:
    refused = await county.upload(sheet([HEAD], headings=HEADINGS[:8]))
    assert "roster-template.xlsx" in refused.json()["detail"]
    answer = await county.call("township_clerk", "GET", f"/pools/{POOL}/roster-template.xlsx")
    assert answer.status_code == 200
    assert (await county.upload(answer.content)).json()["code"] == "sheet_empty"


async def test_a_zip_bomb_is_met_before_it_has_grown(county: Office) -> None:
    source = zipfile.ZipFile(io.BytesIO(sheet([HEAD])))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bomb:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", b" " * 127_000_000 + b"</sheetData>")
            bomb.writestr(name, content)
    answer = await county.upload(buffer.getvalue())
    assert answer.status_code == 413
    assert answer.json()["code"] == "sheet_too_large"


async def test_a_cell_in_the_last_corner_is_refused_instead_of_filling_the_memory(county: Office) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(list(HEADINGS))
    page["XFD1048576"] = "x"
    buffer = io.BytesIO()
    book.save(buffer)
    answer = await county.upload(buffer.getvalue())
    assert (answer.status_code, answer.json()["code"]) == (413, "sheet_too_large")


SON_NUMBER = 8
CASES: dict[str, tuple[dict[int, Any], str, bool]] = {
    "scientific": ({SON_NUMBER: "5.22422E+17"}, "id_scientific", True),
    "number": ({SON_NUMBER: 5.22422199803e17}, "id_number_cell", True),
    "checksum": ({SON_NUMBER: "522422199803031030"}, "id_checksum", True),
    "birth": ({SON_NUMBER: number("19980230", 103)}, "id_birth_date", True),
    "unborn": ({SON_NUMBER: number("20300101", 103)}, "id_birth_date", True),
    "missing": ({SON_NUMBER: ""}, "id_missing", True),
    "relation": ({6: "朋友"}, "relation_unknown", True),
    "second head": ({6: "户主"}, "head_repeated", True),
    "head name": ({4: "王小明"}, "head_name_differs", True),
    "sex": ({7: "女"}, "sex_differs", True),
    "group": ({9: "首富"}, "identity_group_unknown", True),
    "excuse": ({10: "不想"}, "excuse_unknown", True),
    "name": ({5: ""}, "name_missing", False),
    "household": ({3: ""}, "household_missing", False),
    "village": ({1: "桃花源"}, "village_unknown", False),
}


def family(household: int) -> list[list[Any]]:
    """A household of three with ID numbers of its own."""
    at = {"household": str(household)}
    return [
        row("王大明", "户主", number("19700101", 101 + 2 * household), **at),
        row("李秀英", "配偶", number("19720202", 102 + 2 * household), **at),
        row("王强", "子", number("19980303", 103 + 2 * household), **at),
    ]


@pytest.mark.requirement("HL-02", "every kind of bad row names its reason and leaves the others of the household alone")
async def test_a_bad_row_tells_its_reason(county: Office) -> None:
    rows: list[list[Any]] = []
    expected = []
    for household, (change, code, kept) in enumerate(CASES.values(), start=1):
        head, wife, son = family(household)
        rows += [head, wife, [change.get(column, value) for column, value in enumerate(son)]]
        expected.append({"row": len(rows) + 1, "codes": [code], "kept": kept})
    twice = family(40)
    rows += [*twice[:2], [*twice[2][:SON_NUMBER], twice[1][SON_NUMBER], *twice[2][SON_NUMBER + 1 :]]]
    expected.append({"row": len(rows) + 1, "codes": ["duplicate_in_file"], "kept": False})
    formula = family(41)
    rows += formula
    expected.append({"row": len(rows) + 1, "codes": ["formula"], "kept": True})
    result = await county.enrolled(sheet(rows, formula=(len(rows), SON_NUMBER)))
    detail = await county.done("township_clerk", "GET", f"/pools/{POOL}/rosters/{result['roster_id']}")
    assert detail["returned"] == expected
    assert result["enrolled"] == 2 * (len(CASES) + 2)
    assert result["to_verify"] == sum(e["kept"] for e in expected)


async def test_a_household_without_head_is_told(county: Office) -> None:
    result = await county.enrolled(sheet([WIFE, SON]))
    detail = await county.done("township_clerk", "GET", f"/pools/{POOL}/rosters/{result['roster_id']}")
    assert detail["returned"] == [{"row": 2, "codes": ["head_missing"], "kept": True}]


async def test_a_person_of_another_household_or_pool_is_refused(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE]))
    moved = row("李秀英", "户主", WIFE[8], household="2", head="李秀英")
    result = await county.enrolled(sheet([moved]))
    detail = await county.done("township_clerk", "GET", f"/pools/{POOL}/rosters/{result['roster_id']}")
    assert detail["returned"] == [{"row": 2, "codes": ["in_other_household"], "kept": False}]
    await move_all(county, OTHER_POOL)
    elsewhere = await county.enrolled(sheet([row("王大明", "户主", HEAD[8], household="3")]))
    detail = await county.done("township_clerk", "GET", f"/pools/{POOL}/rosters/{elsewhere['roster_id']}")
    assert detail["returned"][0]["codes"] == ["in_other_pool"]


async def test_a_clerk_enters_only_his_townships(county: Office) -> None:
    answer = await county.upload(sheet([HEAD]), areas=("52242202",))
    detail = await county.done("township_clerk", "GET", f"/pools/{POOL}/rosters/{answer.json()['roster_id']}")
    assert detail["returned"][0]["codes"] == ["township_not_yours"]


async def test_an_excused_member_is_on_the_bill_and_owes_nothing(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE, row("王强", "子", SON[8], excuse="参军")]))
    assert [bill["amount"] for bill in await county.bills()] == ["40.00"]
    await county.pay(await county.bills())
    member = (await county.rows("SELECT member_id FROM member WHERE name = '王强'"))[0]["member_id"]
    assert (await county.coverage(member))["timeline"] == []


async def test_names_and_groups_that_changed_are_updated(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE]))
    renamed = row("李秀莲", "配偶", WIFE[8], group="低保")
    result = await county.enrolled(sheet([HEAD, renamed]))
    assert (result["updated"], result["unchanged"], result["enrolled"]) == (1, 1, 0)
    member = (await county.rows("SELECT member_id FROM member WHERE name = '李秀莲'"))[0]["member_id"]
    told = await county.coverage(member)
    assert told["sequence"] == 2
    assert [g["group"] for g in told["groups"]] == ["dibao"]


async def test_statements_do_not_grow_with_the_roster(county: Office) -> None:
    counts = []
    for seed, households in ((21, 40), (22, 80)):
        roster = make_roster(seed=seed, households=households, people=4 * households, bad=12)
        shifted = roster.content
        with count_statements() as counted:
            await county.enrolled(shifted)
        counts.append(counted.total())
        await county.rows(
            "TRUNCATE household, member, person, bill, bill_line, coverage, member_group, roster, roster_error CASCADE"
        )
    assert counts[0] == counts[1]
    assert counts[0] < 45


async def test_no_id_number_lies_open_in_the_database_or_in_an_event(county: Office) -> None:
    await county.enrolled(sheet([HEAD, WIFE, [*SON[:8], "52242219980303103", *SON[9:]]]))
    await county.pay(await county.bills())
    for table in ("person", "member", "roster_error", "outbox", "audit", "idempotency", "coverage"):
        for found in await county.rows(f"SELECT t::text AS text FROM {table} AS t"):
            assert not any(n[8][:17] in found["text"] for n in (HEAD, WIFE, SON)), table


async def test_a_roster_needs_the_years_standard(county: Office) -> None:
    answer = await county.call(
        "township_clerk", "POST", f"/pools/{POOL}/rosters?year={YEAR + 1}", content=sheet([HEAD])
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "standard_unknown")


async def test_a_token_of_another_county_gets_nowhere(county: Office) -> None:
    answer = await county.upload(sheet([HEAD]), pools=(OTHER_POOL,))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_pool")


async def test_two_clerks_sending_the_same_roster_at_once_enrol_everybody_once(county: Office) -> None:
    content = sheet([*family(1), *family(2)])
    answers = await asyncio.gather(*(county.upload(content) for _ in range(4)))
    assert [a.status_code for a in answers] == [201] * 4
    assert sorted(a.json()["repeated"] for a in answers) == [False, True, True, True]
    assert len({a.json()["roster_id"] for a in answers}) == 1
    assert (await county.counts())["member"] == 6
