"""Reading workbooks: what calamine would hide is seen in the XML; what would harm is refused before it is read."""

import io
import zipfile
from collections.abc import Callable
from datetime import date

import openpyxl
import pytest

from services.enrollment.roster.commands import ReturnedRow
from services.enrollment.roster.error_sheet import error_sheet
from services.enrollment.roster.headings import REQUIRED, Column
from services.enrollment.roster.rows import read_row
from services.enrollment.roster.template import SHEET, template
from services.enrollment.roster.workbook import read_roster
from shared.kernel.errors import Problem
from shared.sheets.blank import NOTES
from shared.sheets.sheet_xml import column_number

HEADINGS = [column.value for column in REQUIRED]


def book(change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    """A workbook of one row, made by another library than ours."""
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    page.append(HEADINGS)
    page.append(["化联村", "1", "王大明", "户主", "11010519491231002X"])
    if change is not None:
        change(made)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def repacked(content: bytes, edit: Callable[[str, bytes], bytes], **options: int) -> bytes:
    """The workbook with its parts edited."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", **options) as target:
        for name in source.namelist():
            target.writestr(name, edit(name, source.read(name)))
    return buffer.getvalue()


def code(content: bytes) -> str:
    with pytest.raises(Problem) as refused:
        read_roster(content)
    return refused.value.kind.code


def test_a_workbook_of_another_library_is_read() -> None:
    rows = read_roster(book())
    assert [(row.number, row.text(Column.NAME)) for row in rows] == [(2, "王大明")]


def test_stored_and_deflated_parts_are_read() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert len(read_roster(repacked(book(), lambda _, part: part, compression=method))) == 1


def test_empty_sheets_beside_the_roster_do_not_matter() -> None:
    assert len(read_roster(book(lambda made: made.create_sheet("Sheet2")))) == 1


def test_two_rosters_in_a_workbook_are_refused() -> None:
    assert code(book(lambda made: made.create_sheet("二").append(HEADINGS))) == "sheet_several"


def test_merged_cells_are_named() -> None:
    def merge(made: openpyxl.Workbook) -> None:
        page = made.active
        assert page is not None
        page.merge_cells("A2:A3")

    with pytest.raises(Problem) as refused:
        read_roster(book(merge))
    assert refused.value.kind.code == "sheet_merged_cells"
    assert "A2:A3" in refused.value.body()["detail"]


def titled(merged: str, headings: list[str] = HEADINGS) -> bytes:
    """The roster with a title above its headings and a merged range."""

    def title(made: openpyxl.Workbook) -> None:
        page = made.active
        assert page is not None
        page.insert_rows(1)
        page["A1"] = "化联村参合花名册"
        for position, heading in enumerate(headings, start=1):
            page.cell(2, position, heading)
        page.merge_cells(merged)

    return book(title)


def test_a_merged_title_above_the_headings_hides_nothing() -> None:
    rows = read_roster(titled("A1:E1"))
    assert [(row.number, row.text(Column.NAME)) for row in rows] == [(3, "王大明")]


@pytest.mark.parametrize("merged", ["A1:A2", "A2:B2", "D3:E3", "A3:A4"])
def test_a_range_that_reaches_the_headings_or_the_rows_is_refused(merged: str) -> None:
    assert code(titled(merged)) == "sheet_merged_cells"


def test_below_a_merged_title_the_headings_that_are_missing_are_told() -> None:
    wrong = ["村", "户号", "姓名", "与户主关系", "学号"]
    assert code(titled("A1:E1", wrong)) == "sheet_headings_missing"


def test_the_template_is_a_roster_without_rows_and_its_own_example_is_sound() -> None:
    assert code(template()) == "sheet_empty"
    made = openpyxl.load_workbook(io.BytesIO(template()))
    example = {row[0]: row[3] or "" for row in made[NOTES].iter_rows(min_row=2, values_only=True)}
    filled = made[SHEET]
    filled.append([str(example[cell.value]) for cell in filled[1]])
    buffer = io.BytesIO()
    made.save(buffer)
    rows = read_roster(buffer.getvalue())
    assert [read_row(row, date(2010, 3, 1)).faults for row in rows] == [()]
    assert {column.value for column in REQUIRED} < example.keys()


def test_a_formula_is_seen_whatever_result_is_stored() -> None:
    def formula(made: openpyxl.Workbook) -> None:
        page = made.active
        assert page is not None
        page["C2"] = '="王"&"大明"'

    rows = read_roster(book(formula))
    assert rows[0].cell(Column.NAME).is_formula
    assert not rows[0].cell(Column.ID_NUMBER).is_formula


def test_a_number_is_told_from_a_text() -> None:
    def number(made: openpyxl.Workbook) -> None:
        page = made.active
        assert page is not None
        page["E2"] = 522422198001010000

    cell = read_roster(book(number))[0].cell(Column.ID_NUMBER)
    assert cell.is_number
    assert cell.text.startswith("522422198001")


def test_a_document_type_is_refused() -> None:
    doctype = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'

    def declare(name: str, part: bytes) -> bytes:
        return doctype + part.split(b"?>", 1)[-1] if name.endswith("sheet1.xml") else part

    assert code(repacked(book(), declare)) == "sheet_damaged"


def test_broken_xml_and_lying_sizes_are_refused() -> None:
    assert code(repacked(book(), lambda n, p: p[:-20] if n.endswith("sheet1.xml") else p)) == "sheet_damaged"
    content = bytearray(repacked(book(), lambda _, part: part, compression=zipfile.ZIP_DEFLATED))
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    content[entry + 24 : entry + 28] = (1).to_bytes(4, "little")
    assert code(bytes(content)) == "sheet_damaged"


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "x")
    assert code(buffer.getvalue()) == "sheet_not_excel"


@pytest.mark.parametrize(("letters", "number"), [("A", 1), ("Z", 26), ("AA", 27), ("XFD", 16384)])
def test_columns_count_from_one(letters: str, number: int) -> None:
    assert column_number(letters) == number


def test_the_error_sheet_can_be_sent_again_once_it_is_corrected() -> None:
    cells = dict(zip(REQUIRED, ["化联村", "0001", "=王大明", "户主", "1"], strict=True))
    returned = ReturnedRow(7, True, ("id_length",), cells, ((Column.ID_NUMBER, "身份证号应为 18 位"),))
    rows = read_roster(error_sheet([returned]))
    assert [row.text(Column.ID_NUMBER) for row in rows] == ["1"]
    assert not rows[0].cell(Column.NAME).is_formula
