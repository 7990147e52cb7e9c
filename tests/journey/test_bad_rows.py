"""Bad rows of a roster: the file is taken, the bad row comes back with the reason beside its cell, nobody is covered by
it, and what was on the books stays as it was."""

import io
from collections.abc import AsyncIterator
from typing import Any

import openpyxl
import pytest

from deploy.postgres.roles import blocking
from tests.component.enrollment.conftest import XLSX, Office, sheet
from tests.journey.office import POOL, WIFE, everything, number, open_office, person
from tests.support.postgres import TestPostgres
from tests.support.tokens import TestTokens


@pytest.fixture(scope="module")
def template(postgres: TestPostgres, tokens: TestTokens) -> str:
    """The database of an office that is closed for the night."""

    async def made() -> str:
        async with open_office(postgres, tokens) as office:
            return office.database.name

    return blocking(made())


@pytest.fixture
async def register(postgres: TestPostgres, tokens: TestTokens, template: str) -> AsyncIterator[Office]:
    """An office of its own for each test."""
    async with open_office(postgres, tokens, template) as office:
        yield office


SON = person("王强", "子", number("19980303", 103))
SECOND = [
    person("李建国", "户主", number("19650505", 105), "2", "李建国"),
    person("张桂花", "配偶", number("19660606", 106), "2", "李建国"),
]
RETURNED: list[tuple[str, Any, bool, str]] = [
    ("scientific notation as text", "5.22422E+17", True, "科学计数法"),
    ("scientific notation as a number", 5.22422199803e17, True, "存成了数字"),
    ("duplicate of another row", SECOND[1][8], False, "此人已在第 3 行"),
    ("of another household in the register", WIFE[8], False, "此人已登记在另一户"),
    ("a checksum that does not fit", SON[8][:-1] + ("1" if SON[8][-1] != "1" else "2"), True, "校验位不对"),
]


async def returned(register: Office, content: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A roster's result, and the rows of the workbook that came back by heading."""
    result = await register.enrolled(content)
    path = f"/pools/{POOL}/rosters/{result['roster_id']}/errors.xlsx"
    answer = await register.call("township_clerk", "GET", path)
    assert answer.headers["content-type"] == XLSX
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    titles = [cell.value for cell in page[1]]
    for title in titles:
        if str(title).startswith("【"):
            assert titles[titles.index(title) - 1] == str(title)[1:].split("】")[0], "the reason stands beside its cell"
    return result, [dict(zip(titles, (cell.value for cell in row), strict=True)) for row in page.iter_rows(min_row=2)]


async def test_bad_rows_come_back_with_the_reason_beside_the_cell(register: Office) -> None:
    children = [
        [f"孩{'一二三四五'[order]}", *row] for order, row in enumerate([identity] for _, identity, _, _ in RETURNED)
    ]
    rows = [*SECOND, *(person(name, "子", identity, "2", "李建国") for name, identity in children)]
    before = await everything(register.database.admin)
    result, sheet_rows = await returned(register, sheet(rows))
    kept = sum(is_kept for _, _, is_kept, _ in RETURNED)
    assert (result["enrolled"], result["to_verify"], result["rejected"]) == (2, kept, len(RETURNED) - kept)
    for line_number, (row, (name, _, is_kept, reason)) in enumerate(zip(sheet_rows, RETURNED, strict=True), 4):
        assert row["原行号"] == line_number, name
        assert row["处理"] == ("已登记为待核实" if is_kept else "未登记"), name
        assert reason in row["【身份证号】退回原因"], name
    after = await everything(register.database.admin)
    moved = {table for table in after if after[table] != before[table]}
    assert moved <= {
        "bill",
        "bill_line",
        "household",
        "idempotency",
        "member",
        "number_series",
        "outbox",
        "person",
        "roster",
        "roster_error",
    }
    people = await register.rows("SELECT m.status, count(*) AS n FROM member m GROUP BY m.status")
    assert {row["status"]: row["n"] for row in people} == {"enrolled": 4, "to_verify": kept}
    assert (await register.rows("SELECT count(*) AS n FROM person"))[0]["n"] == 4, "nobody is known by a bad number"
    assert (await register.rows("SELECT count(*) AS n FROM coverage"))[0]["n"] == 0, "and nobody is covered by it"


async def test_a_formula_comes_back_whatever_it_shows(register: Office) -> None:
    rows = [
        person("赵一", "户主", number("19550101", 111), "3", "赵一"),
        person("赵二", "子", number("19850101", 113), "3", "赵一"),
    ]
    result, (row,) = await returned(register, sheet(rows, formula=(2, 8)))
    assert (result["enrolled"], result["to_verify"], result["rejected"]) == (1, 1, 0)
    assert (row["原行号"], row["姓名"]) == (3, "赵二")
    assert "公式" in row["【身份证号】退回原因"]
    assert "选择性粘贴为数值" in row["【身份证号】退回原因"]


async def test_a_roster_of_bad_rows_alone_moves_nothing_but_its_own_record(register: Office) -> None:
    before = await everything(register.database.admin)
    duplicate = person("李秀英", "户主", WIFE[8], "9", "李秀英")
    formula = person("钱一", "户主", number("19550101", 121), "8", "钱一")
    result, rows = await returned(register, sheet([duplicate, formula], formula=(2, 5)))
    assert (result["enrolled"], result["to_verify"], result["rejected"]) == (0, 0, 2)
    assert "此人已登记在另一户" in rows[0]["【身份证号】退回原因"]
    assert "公式" in rows[1]["【姓名】退回原因"]
    after = await everything(register.database.admin)
    assert {table for table in after if after[table] != before[table]} - {"number_series"} == {
        "roster",
        "roster_error",
        "idempotency",
    }
