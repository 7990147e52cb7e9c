"""Basic settlements made elsewhere come in by file or as a reply: entered once, bad rows back with their reasons."""

import asyncio
import csv
import io
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from shared.kernel.id_numbers import check_character
from tests.component.claims.test_entitlements import POLICY
from tests.component.claims.world import COUNTY, POOL, TOWNSHIP, World

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NATIONAL = ("insutype", "setl_id", "mdtrt_id", "certno", "fixmedins_code", "med_type", "begndate", "enddate",
            "medfee_sumamt", "inscp_scp_amt", "fund_pay_sumamt", "refd_setl_flag")  # fmt: skip


def number(order: int) -> str:
    first = f"52242219700501{order:03d}"
    return first + check_character(first)


def settlement(order: int, **more: str) -> dict[str, str]:
    """A stay settled elsewhere: 2,500 charged, 2,000 eligible, 900 paid."""
    return {
        "insutype": "390", "setl_id": f"S-{order}", "mdtrt_id": f"M-{order}", "certno": number(order),
        "fixmedins_code": COUNTY, "med_type": "21", "begndate": "2010-02-10", "enddate": "2010-02-20",
        "medfee_sumamt": "2500.00", "inscp_scp_amt": "2000", "fund_pay_sumamt": "900.5", "refd_setl_flag": "0",
    } | more  # fmt: skip


def workbook(*rows: dict[str, str], headings: tuple[str, ...] = NATIONAL) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    page = book.add_worksheet("结算")
    page.write_row(0, 0, headings)
    for line, row in enumerate(rows, 1):
        for column, name in enumerate(NATIONAL):
            page.write_string(line, column, row[name])
    book.close()
    return buffer.getvalue()


def table(*rows: dict[str, str], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(NATIONAL)
    writer.writerows([[f"'{row[n]}" if n == "certno" else row[n] for n in NATIONAL] for row in rows])
    return text.getvalue().encode(encoding)


async def upload(world: World, content: bytes, kind: str = XLSX) -> Any:
    headers = {"Content-Type": kind}
    return await world.pool("insurer_intake", "POST", "/elsewhere-files", content=content, headers=headers)


async def taken(world: World, content: bytes) -> dict[str, Any]:
    answer = await upload(world, content)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def counts(shown: dict[str, Any]) -> tuple[int, int, int, int]:
    return shown["rows"], shown["entered"], shown["unchanged"], shown["returned"]


@pytest.mark.requirement("ZZ-23", "settlements made elsewhere come by file in the national fields; nothing comes twice")
async def test_a_file_is_entered_and_again_changes_nothing(world: World) -> None:
    members = [await world.member(id_number=number(order)) for order in (1, 3)]
    content = workbook(settlement(1), settlement(3, med_type="11", enddate=""))
    first = await taken(world, content)
    assert counts(first) == (2, 2, 0, 0)
    rows = await world.sql(
        "SELECT member_id, kind, status, channel, elsewhere ->> 'benefit_fen' AS fen FROM visit "
        "ORDER BY institution_number"
    )
    assert [tuple(row) for row in rows] == [
        (members[0], "inpatient", "discharged", "window", "90050"),
        (members[1], "outpatient", "registered", "window", "90050"),
    ]
    again = await taken(world, content)
    assert (again["file_id"], again["repeated"]) == (first["file_id"], True)
    third = settlement(1, setl_id="S-9", mdtrt_id="M-9")
    longer = await taken(world, workbook(settlement(1), settlement(3, med_type="11", enddate=""), third))
    assert counts(longer) == (3, 1, 2, 0), "what is there is not entered again"
    assert (await world.sql("SELECT count(*) AS n FROM visit"))[0]["n"] == 3
    listed = (await world.pool("auditor", "GET", "/elsewhere-files")).json()["items"]
    assert {one["file_id"] for one in listed} == {longer["file_id"], first["file_id"]}


async def test_a_layer_is_settled_from_what_the_file_gave(world: World) -> None:
    path, headers = f"/pools/{POOL}/policies", {"Content-Type": "application/yaml"}
    made = await world.call("insurer_manager", "POST", path, content=POLICY, headers=headers)
    path = f"{path}/{made.json()['id']}"
    await world.call("county_recheck", "POST", f"{path}/check")
    decision = {"document_number": "测〔2010〕1号", "decided_on": "2010-01-10", "accept_illustrative": []}
    assert (await world.call("county_director", "POST", f"{path}/decision", json=decision)).status_code == 200
    await world.member(id_number=number(1))
    await taken(world, workbook(settlement(1)))
    (visit,) = await world.sql("SELECT id FROM visit")
    answer = await world.pool("insurer_intake", "POST", f"/visits/{visit['id']}/settlement", json={})
    assert answer.status_code == 201, answer.text
    claim = answer.json()
    assert (claim["total"], claim["eligible"], claim["elsewhere"], claim["paid_to"]) == (
        "2500.00", "2000.00", "900.50", "person",
    )  # fmt: skip
    assert "basic" not in {one["layer"] for one in claim["layers"]}


async def test_rows_that_do_not_fit_go_back_with_the_reason_beside_the_cell(world: World) -> None:
    await world.member(id_number=number(1))
    bad = [
        settlement(2),
        settlement(1, setl_id="S-20", fixmedins_code="H99999900001"),
        settlement(1, setl_id="S-21", fund_pay_sumamt="2600.00"),
        settlement(1, setl_id="S-22", medfee_sumamt="12.345"),
        settlement(1, setl_id="S-23", enddate="2010-02-01"),
        settlement(1, setl_id="S-24", enddate=""),
        settlement(1, setl_id="S-25", begndate="2010-03-09", enddate="2010-03-10"),
        settlement(1, setl_id="S-26", med_type="51"),
        settlement(1, setl_id="S-27", certno="12345"),
        settlement(1, setl_id="S-28", refd_setl_flag="1"),
        settlement(1, setl_id=""),
        settlement(1, setl_id="S-30", mdtrt_id="M-30"),
        settlement(1, setl_id="S-30", mdtrt_id="M-31"),
    ]
    shown = await taken(world, workbook(settlement(1), *bad))
    assert counts(shown) == (len(bad) + 1, 1, 0, len(bad))
    path = f"/elsewhere-files/{shown['file_id']}/errors.xlsx"
    answer = await world.pool("insurer_intake", "GET", path)
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    lines = [[cell.value or "" for cell in line] for line in page.iter_rows()]
    titles, rows = lines[0], lines[1:]
    assert len(rows) == len(bad)
    beside = [i for i, title in enumerate(titles) if "退回原因" in str(title)]
    reasons = [" ".join(str(row[i]) for i in beside).strip() for row in rows]
    assert all(reasons)
    for expected, reason in zip(
        ("查无此人", "没有登记", "金额不合理", "两位小数", "早于开始", "没有填日期", "晚于今天", "只受理", "18 位",
         "退费结算", "没有填", "不止一次", "不止一次"), reasons, strict=True,
    ):  # fmt: skip
        assert expected in reason, (expected, reason)
    kept = await world.sql("SELECT row_sealed FROM given_file_error")
    assert all(number(1).encode() not in row["row_sealed"] for row in kept), "what goes back is sealed"
    corrected = await taken(world, _corrected(answer.content))
    assert corrected["entered"] == 1, "the corrected workbook is sent as it is"


def _corrected(content: bytes) -> bytes:
    """The returned workbook with its first amount fault put right, and nothing else."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book.worksheets[0]
    titles = {cell.value: cell.column for cell in page[1]}
    for line in range(2, page.max_row + 1):
        if page.cell(line, titles["结算ID"]).value == "S-22":
            page.cell(line, titles["医疗费总额"]).value = "2500.00"
            page.cell(line, titles["就诊ID"]).value = "M-22"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_a_csv_is_read_in_both_usual_encodings(world: World, encoding: str) -> None:
    await world.member(id_number=number(1))
    answer = await upload(world, table(settlement(1), encoding=encoding), "text/csv")
    assert counts(answer.json()) == (1, 1, 0, 0), answer.text


async def test_what_is_no_such_table_is_refused_whole(world: World) -> None:
    before = await world.counts()
    for content, code in (
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "sheet_not_excel"),
        (b"name,id\n1,2\n", "sheet_headings_missing"),
        (workbook(), "sheet_empty"),
        (workbook(*(settlement(1) for _ in range(2001))), "elsewhere_too_many"),
    ):
        answer = await upload(world, content)
        assert answer.json()["code"] == code, answer.text
    assert await world.counts() == before


async def test_the_same_settlement_told_otherwise_goes_back(world: World) -> None:
    await world.member(id_number=number(1))
    await taken(world, workbook(settlement(1)))
    for more in ({"fund_pay_sumamt": "901.00"}, {"mdtrt_id": "M-7"}, {"fixmedins_code": TOWNSHIP}):
        shown = await taken(world, workbook(settlement(1, **more)))
        assert counts(shown) == (1, 0, 0, 1), more
    taken_number = await taken(world, workbook(settlement(1, setl_id="S-8")))
    assert counts(taken_number) == (1, 0, 0, 1), "the hospital's number belongs to another settlement"


async def test_the_same_file_at_once_is_entered_once(world: World) -> None:
    await world.member(id_number=number(1))
    content = workbook(settlement(1))
    answers = await asyncio.gather(*(upload(world, content) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {201}
    assert (await world.sql("SELECT count(*) AS n FROM visit"))[0]["n"] == 1
    assert len({answer.json()["file_id"] for answer in answers}) == 1


@pytest.mark.requirement("ZZ-23", "a settlement made elsewhere comes as a reply of the national query")
async def test_a_reply_of_the_national_query(world: World) -> None:
    member = await world.member(id_number=number(1))
    info: dict[str, Any] = dict(settlement(1)) | {
        "medfee_sumamt": 2500, "inscp_scp_amt": 2000.10, "fund_pay_sumamt": 900.55, "psn_name": "王某", "age": 40.0,
        "dise_name": None,
    }  # fmt: skip
    body = {"setlinfo": info, "over_cap": "100.00"}
    first = await world.pool("insurer_intake", "POST", "/elsewhere-replies", json=body)
    assert (first.status_code, first.json()["entered"]) == (200, True), first.text
    (row,) = await world.sql("SELECT member_id, elsewhere FROM visit")
    assert row["member_id"] == member
    for told in ('"total_fen": 250000', '"eligible_fen": 200010', '"benefit_fen": 90055', '"over_cap_fen": 10000'):
        assert told in row["elsewhere"], row["elsewhere"]
    again = await world.pool("insurer_intake", "POST", "/elsewhere-replies", json=body)
    assert again.json() == {"visit_id": first.json()["visit_id"], "entered": False}
    wrong = {"setlinfo": info | {"setl_id": "S-2", "fund_pay_sumamt": 1.234}}
    refused = await world.pool("insurer_intake", "POST", "/elsewhere-replies", json=wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, "elsewhere_refused")
    assert refused.json()["errors"][0]["at"] == "setlinfo.fund_pay_sumamt"
    assert (await world.sql("SELECT count(*) AS n FROM visit"))[0]["n"] == 1
