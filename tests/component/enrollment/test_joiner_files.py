"""A table of who paid for the supplementary cover: who is sound joins, the rest comes back with its reasons."""

import csv
import io
from typing import Any

import openpyxl
import pytest

from shared.db.counting import count_statements
from tests.component.enrollment.conftest import POOL, XLSX, Office, sheet
from tests.component.enrollment.test_layers import LAYER, layers, offered
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE, number

pytestmark = pytest.mark.anyio
HEADINGS = ["村", "姓名", "身份证号", "收据号", "缴费日期", "备注"]
FILES = f"{LAYER}/joiner-files"


def paid(of: list[Any], receipt: str = "B0001", day: str = "2010-02-20", **other: Any) -> list[Any]:
    """A row about a person of the roster."""
    cells = {
        "village": "化联村",
        "name": of[5],
        "id_number": of[8],
        "receipt": receipt,
        "day": day,
        "remark": "",
    } | other
    return list(cells.values())


async def upload(county: Office, content: bytes, kind: str = XLSX, **options: Any) -> Any:
    headers = {"Content-Type": kind}
    path = f"{FILES}?year=2010"
    return await county.call("township_clerk", "POST", path, content=content, headers=headers, **options)


async def sent(county: Office, *rows: list[Any], **options: Any) -> dict[str, Any]:
    answer = await upload(county, sheet(rows, HEADINGS), **options)
    assert answer.status_code == 201, answer.text
    done: dict[str, Any] = answer.json()
    return done


def counts(done: dict[str, Any]) -> tuple[int, int, int, int]:
    return done["rows"], done["joined"], done["unchanged"], done["returned"]


async def returned(county: Office, file_id: str) -> list[dict[str, Any]]:
    """The rows of the workbook that came back, by heading."""
    answer = await county.call("township_clerk", "GET", f"{FILES}/{file_id}/errors.xlsx")
    assert answer.status_code == 200, answer.text
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    first, *rest = [[cell.value for cell in row] for row in page.iter_rows()]
    return [dict(zip(map(str, first), row, strict=True)) for row in rest]


@pytest.mark.requirement("ZZ-42", "a township hands in the list of who paid for the supplementary cover as a table")
async def test_who_is_sound_joins_and_the_rest_comes_back(county: Office) -> None:
    head, wife, son = await offered(county)
    stranger = number("19800808", 105)
    done = await sent(
        county,
        paid(HEAD),
        paid(WIFE, day="20100225"),
        paid(SON, name="王小强"),
        ["化联村", "赵六", stranger, "B0002", "2010-02-20", ""],
        paid(SON, receipt="收据 1", day="上周"),
    )
    assert counts(done) == (5, 2, 0, 3)
    assert (done["amount"], done["repeated"]) == ("18.00", False)
    assert [(one[1], one[2]) for one in await layers(county, head)] == [
        ("2010-01-01", "joined"),
        ("2011-01-01", "none"),
    ]
    assert (await layers(county, wife), await layers(county, son)) == (await layers(county, head), [])
    other_name, unknown, unreadable = await returned(county, done["file_id"])
    assert other_name["【姓名】退回原因"] == "姓名与参合登记的不一致;请核对证件"
    assert unknown["【身份证号】退回原因"] == "没有这位参合人员,或不归您经办"
    assert unreadable["【收据号】退回原因"].startswith("收据号只能是 30 位以内")
    assert unreadable["【缴费日期】退回原因"] == "日期写法无法识别,请写成 2010-02-20"
    listed = await county.done("auditor", "GET", FILES)
    assert [one["number"] for one in listed["items"]] == [done["number"]]
    sealed = await county.rows("SELECT row_sealed FROM layer_file_error")
    assert all(stranger.encode() not in bytes(row["row_sealed"]) for row in sealed), "personal data are sealed"


async def test_the_same_file_again_changes_nothing_and_a_corrected_one_goes_on(county: Office) -> None:
    await offered(county)
    content = sheet([paid(HEAD), paid(SON, day="2010-03-09")], HEADINGS)
    first = (await upload(county, content)).json()
    assert counts(first) == (2, 1, 0, 1), "a payment of a later day than today"
    events = await county.rows("SELECT count(*) AS n FROM outbox")
    again = (await upload(county, content)).json()
    assert (again["file_id"], again["repeated"]) == (first["file_id"], True)
    assert await county.rows("SELECT count(*) AS n FROM outbox") == events
    key = "one-key"
    corrected = sheet([paid(HEAD), paid(SON, day="2010-03-01")], HEADINGS)
    second = (await upload(county, corrected, key=key)).json()
    assert counts(second) == (2, 1, 1, 0)
    assert (await upload(county, corrected, key=key)).json() == second, "the same key gives the same answer"
    assert (await county.rows("SELECT count(*) AS n FROM layer_payment"))[0]["n"] == 2


async def test_the_empty_table_is_filled_in_and_sent_as_it_is(county: Office) -> None:
    await offered(county)
    blank = await county.call("township_clerk", "GET", f"{LAYER}/joiners-template.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(blank.content))
    assert book.sheetnames == ["补充医疗缴费名单", "填写说明"]
    page = book["补充医疗缴费名单"]
    assert [cell.value for cell in page[1]] == HEADINGS
    page.append(paid(HEAD))
    filled = io.BytesIO()
    book.save(filled)
    answer = await upload(county, filled.getvalue())
    assert counts(answer.json()) == (1, 1, 0, 0), answer.text
    text = io.StringIO()
    csv.writer(text).writerows([HEADINGS, paid(WIFE)])
    in_csv = await upload(county, text.getvalue().encode("gb18030"), "text/csv")
    assert counts(in_csv.json()) == (1, 1, 0, 0), in_csv.text


async def test_what_is_no_such_table_is_refused_whole(county: Office) -> None:
    await offered(county)
    missing = await upload(county, sheet([["王大明"]], ["姓名"]))
    assert (missing.status_code, missing.json()["code"]) == (422, "sheet_headings_missing")
    assert "joiners-template.xlsx" in missing.json()["detail"]
    formula = sheet([paid(HEAD), ["化联村", "王强", "", "B1", "2010-02-20", ""]], HEADINGS, formula=(2, 2))
    told = await upload(county, formula)
    assert counts(told.json()) == (2, 1, 0, 1)
    year = await county.call(
        "township_clerk", "POST", f"{FILES}?year=2011", content=sheet([paid(HEAD)], HEADINGS),
        headers={"Content-Type": XLSX},
    )  # fmt: skip
    assert year.json()["code"] == "standard_unknown"


async def test_a_township_hands_in_and_sees_its_own(county: Office) -> None:
    await offered(county)
    far = ("522422999",)
    other = await sent(county, paid(HEAD), areas=far)
    assert counts(other) == (1, 0, 0, 1)
    mine = await sent(county, paid(HEAD), paid(WIFE))
    path = f"{FILES}/{mine['file_id']}/errors.xlsx"
    assert (await county.call("township_clerk", "GET", path, areas=far)).status_code == 404
    shown = await county.done("township_clerk", "GET", FILES, areas=far)
    assert [one["file_id"] for one in shown["items"]] == [other["file_id"]]


async def test_a_longer_table_takes_no_more_statements(county: Office) -> None:
    await offered(county)
    with count_statements() as few:
        await sent(county, paid(HEAD))
    with count_statements() as more:
        await sent(county, paid(WIFE), paid(SON))
    assert more.total() == few.total()


@pytest.mark.requirement("ZZ-24", "beside its bill a household reads what the supplementary cover costs, and who paid")
async def test_a_household_reads_what_the_cover_costs(county: Office) -> None:
    head, _, _ = await offered(county)
    await sent(county, paid(HEAD), paid(SON))
    (row,) = await county.rows("SELECT household_id FROM household")
    path = f"/pools/{POOL}/households/{row['household_id']}/layers/supplementary?year=2010"
    told = await county.done("township_clerk", "GET", path)
    assert (told["premium"], told["paid"], told["open"]) == ("9.00", "18.00", "9.00")
    assert [(one["receipt_number"], one["joined_from"]) for one in told["members"]] == [
        ("B0001", "2010-01-01"), (None, None), ("B0001", "2010-01-01"),
    ]  # fmt: skip
    assert told["members"][0]["member_id"] == head
    far = await county.call("township_clerk", "GET", path, areas=("522422999",))
    assert far.status_code == 404
