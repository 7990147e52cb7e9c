"""Lists taken away as CSV and XLSX: all rows of the JSON list, in one moment, safe in a spreadsheet (contracts §13)."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest

from shared.http import exports
from tests.component.http.conftest import OTHER_POOL, POOL, Bench

RECORDS = f"/v1/pools/{POOL}/records"
HEADINGS = ["编号", "文字", "金额", "大额", "时间", "备注", "部分", "部分金额"]
ENGLISH = ["Number", "Text", "Amount", "Is large", "At", "Note", "Parts code", "Parts amount"]
NASTY = [
    '=HYPERLINK("http://x")',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "＝1+1",
    "522422198001010015",
    "007",
    "3-1",
    "1E5",
    "-12.50",
    'a,b\n“引号"',
    "张三",
]
CHANGED = NASTY[:10]
"""What Excel would run or take for something else; the others stand as they are."""


async def fill(bench: Bench, texts: list[str], fen: int = 123_450) -> None:
    given = "unnest($2::text[]) WITH ORDINALITY AS r (t, n)"
    sql = f"INSERT INTO note (pool_code, text, amount_fen) SELECT $1, t, $3 FROM {given} ORDER BY n"
    await bench.rows(sql, POOL, texts, fen)


async def get(bench: Bench, query: str, language: str = "zh-CN", **options: Any) -> Any:
    return await bench.client.get(RECORDS + query, headers=bench.headers(**options) | {"Accept-Language": language})


def of_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "Excel takes a file without it for the system's own code page"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def of_xlsx(content: bytes) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["记录"]
    return [[cell.value for cell in row] for row in book["记录"].iter_rows()]


async def everything(bench: Bench) -> list[Any]:
    """The JSON list, page by page."""
    found: list[Any] = []
    cursor = ""
    while True:
        page = (await get(bench, f"?limit=100{cursor}")).json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_file_has_every_row_of_the_list_and_not_one_page(bench: Bench) -> None:
    await fill(bench, [f"第{n}条" for n in range(450)])
    listed = await everything(bench)
    assert len(listed) == 450
    wanted = [
        [str(row["number"]), row["text"], row["amount"], "是", "2010-03-01 09:00:00", "", "a、b", "1234.50、1234.50"]
        for row in listed
    ]
    answer = await get(bench, "?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert unquote(answer.headers["content-disposition"]).endswith(f"filename*=UTF-8''记录-{POOL}-2010-03-01.csv")
    assert of_csv(answer.content) == [HEADINGS, *wanted]
    english = await get(bench, "?format=csv", "en")
    assert unquote(english.headers["content-disposition"]).endswith(f"''Records-{POOL}-2010-03-01.csv")
    in_english = ([*row[:3], "yes", *row[4:6], "a, b", "1234.50, 1234.50"] for row in wanted)
    assert of_csv(english.content) == [ENGLISH, *in_english]
    book = openpyxl.load_workbook(io.BytesIO((await get(bench, "?format=xlsx", "en")).content))
    assert (book.sheetnames, [cell.value for cell in next(book["Records"].iter_rows())]) == (["Records"], ENGLISH)
    read = of_xlsx((await get(bench, "?format=xlsx")).content)
    assert read[0] == HEADINGS
    assert [["" if cell is None else str(cell) for cell in row] for row in read[1:]] == wanted
    assert read[1][2] == "1234.50", "an amount is a text: a number would lose its second place"


async def test_what_a_spreadsheet_would_run_or_change_stays_a_text(bench: Bench) -> None:
    await fill(bench, NASTY)
    told = [row[1] for row in of_csv((await get(bench, "?format=csv")).content)[1:]]
    assert told == ["'" + text if text in CHANGED else text for text in NASTY]
    book = openpyxl.load_workbook(io.BytesIO((await get(bench, "?format=xlsx")).content))
    cells = [row[1] for row in book["记录"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells] == NASTY


async def test_filters_hold_and_pages_are_refused(bench: Bench) -> None:
    await fill(bench, ["甲", "乙", "甲"])
    assert [row[1] for row in of_csv((await get(bench, "?format=csv&text=甲")).content)] == ["文字", "甲", "甲"]
    for query, at in (("limit=5", "query.limit"), ("cursor=x", "query.cursor"), ("colour=red", "query.colour")):
        answer = await get(bench, f"?format=csv&{query}")
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, at)
    assert (await get(bench, "?format=pdf")).json()["errors"][0]["at"] == "query.format"
    assert (await bench.client.get(f"/v1/pools/{POOL}/notes?format=csv", headers=bench.headers())).status_code == 422


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_an_empty_list_is_a_file_with_headings(bench: Bench, form: str) -> None:
    content = (await get(bench, f"?format={form}")).content
    assert (of_csv(content) if form == "csv" else of_xlsx(content)) == [HEADINGS]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_refuses_the_list_refuses_the_file(bench: Bench, form: str) -> None:
    refused = await get(bench, f"?format={form}&text=refused")
    assert (refused.status_code, refused.json()["code"]) == (409, "note_refused")
    assert (await get(bench, f"?format={form}", role="auditor")).json()["code"] == "forbidden_role"
    elsewhere = RECORDS.replace(POOL, OTHER_POOL) + f"?format={form}"
    assert (await bench.client.get(elsewhere, headers=bench.headers())).json()["code"] == "forbidden_pool"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_taking_personal_data_away_is_an_audited_reading(bench: Bench, form: str) -> None:
    await get(bench, f"?format={form}")
    await get(bench, f"?format={form}&text=refused")
    rows = await bench.rows("SELECT action, outcome, detail FROM audit ORDER BY outcome")
    assert [(row["action"], row["outcome"]) for row in rows] == [("list_records", "read"), ("list_records", "refused")]
    assert form in rows[0]["detail"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_a_file_shows_one_moment(bench: Bench, monkeypatch: Any, form: str) -> None:
    await fill(bench, ["早"] * 250)
    pages = exports._pages

    async def with_a_write_between(*args: Any) -> AsyncIterator[Any]:
        async for page in pages(*args):
            yield page
            await fill(bench, ["晚"])

    monkeypatch.setattr(exports, "_pages", with_a_write_between)
    content = (await get(bench, f"?format={form}")).content
    rows = of_csv(content) if form == "csv" else of_xlsx(content)
    assert [row[1] for row in rows[1:]] == ["早"] * 250
    assert len(await everything(bench)) == 252


async def test_a_file_is_read_by_the_role_that_only_reads_and_leaves_no_session_behind(bench: Bench) -> None:
    await get(bench, "?format=csv")
    found = await bench.rows(
        "SELECT usename, state FROM pg_stat_activity WHERE application_name = 'heyi-performance-reader'"
    )
    assert [tuple(row) for row in found] == [("heyi_performance_reader", "idle")]


async def test_more_rows_than_a_sheet_holds_are_refused_and_a_csv_has_no_such_limit(
    bench: Bench, monkeypatch: Any
) -> None:
    monkeypatch.setattr(exports, "XLSX_ROWS_MAX", 3)
    await fill(bench, ["甲"] * 4)
    answer = await get(bench, "?format=xlsx")
    assert (answer.status_code, answer.json()["code"]) == (422, "export_too_long")
    assert len(of_csv((await get(bench, "?format=csv")).content)) == 5
    await bench.rows("DELETE FROM note WHERE id = 4")
    assert len(of_xlsx((await get(bench, "?format=xlsx")).content)) == 4
