"""The papers of a close: they tie, name their items, and are the same as JSON, workbook and document."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from services.settlement.ledger.refusals import BOOK_WORDS
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan
from tests.component.funds.test_recoveries import asked, recovered, replenished
from tests.component.funds.world import EXPENDITURE, FISCAL, INCOME, World, at

FIRST = date(2010, 3, 1)
MONTH = "from=2010-03-01&to=2010-03-31"


def cells(paper: dict[str, Any], first: str) -> list[str | None]:
    """The row that begins so."""
    return next(row["cells"] for row in paper["rows"] if row["cells"][0] == first)


async def a_busy_month(world: World) -> None:
    """Premiums, a subsidy, a donation, an advance, payments, a refusal, interest, items on one side only."""
    await world.collect("120.00")
    await world.collect("60.00", year=2011)
    remitted, reference = world.remittance("100.00")
    await world.feed(remitted)
    await world.statement(INCOME, ("in", 10000, reference))
    await world.due("central", "2000.00")
    await world.fund("1500.00", advance="500.00")
    await world.paid("70.00", "30.50")
    applied = await world.done("/replenishments", {})
    refusal = {"line": 1, "bearer": "hospital", "reason": "病历不实"}
    await world.done(f"/replenishments/{applied['id']}/recheck", {"refusals": [refusal]}, role="county_recheck")
    await world.statement(EXPENDITURE, ("in", 123, "INT-1"))
    body = {"level": "province", "coverage_year": 2010, "amount": "20.00", "bank_reference": "P-1"}
    await world.arrival("subsidy", body | {"arrived_on": "2010-03-04"})


@pytest.mark.requirement("HL-08", "both balances of an account are led to one another by items with their ages")
async def test_the_reconciliation_names_the_items_of_both_sides(world: World) -> None:
    await a_busy_month(world)
    at = world.clock.now().date()
    path = f"/bank-accounts/{EXPENDITURE}/reconciliation?at={at}"
    paper = await world.get(path)
    assert paper["ties"]
    assert (paper["title_zh"], paper["unit"]) == ("银行存款余额调节表", "大方县新型农村合作医疗基金")
    assert cells(paper, "调节前余额")[4:] == ["399.50", "400.73"]
    assert cells(paper, "加:银行已收、账面未收")[2:] == ["1 笔", None, "1.23", None]
    assert cells(paper, "调节后余额")[4:] == ["400.73", "400.73"]
    fiscal = await world.get(f"/bank-accounts/{FISCAL}/reconciliation?at={at}")
    assert cells(fiscal, "加:账面已收、银行未收")[4:] == [None, "20.00"]
    (item,) = [row["cells"] for row in fiscal["rows"] if row["cells"][2] == "P-1"]
    assert item[1] == "2010-03-04"
    assert int(item[3]) == (at - date(2010, 3, 4)).days
    before = await world.get(f"/bank-accounts/{EXPENDITURE}/reconciliation?at=2010-02-28")
    assert cells(before, "调节后余额")[4:] == ["0.00", "0.00"], "as it was at that day"
    line = (await world.get("/open-items"))["at_bank_not_in_book"][0]["line_id"]
    await world.done(f"/open-items/{line}/interest", subject="insurer_finance-2")
    after = await world.get(path)
    assert cells(after, "调节前余额")[4:] == ["400.73", "400.73"]


@pytest.mark.requirement("ZZ-35", "the auditor prints trial balance, balance sheet and the rest, which tie to the fen")
async def test_the_statements_tie(world: World) -> None:
    await a_busy_month(world)
    papers = f"/books/basic/papers/{{}}?{MONTH}"
    trial = await world.get(papers.format("trial-balance"))
    assert trial["ties"]
    assert cells(trial, "2101")[6:] == [None, "60.00"]
    total = trial["rows"][-1]["cells"]
    assert (total[2], total[4], total[6]) == (total[3], total[5], total[7])
    sheet = await world.get(papers.format("balance-sheet"))
    assert sheet["ties"]
    (refused,) = await world.rows("SELECT amount_fen FROM receivable")
    assets = format_yuan(170000 - 10050 + refused["amount_fen"])
    assert cells(sheet, "资产合计")[3] == cells(sheet, "负债及净资产总计")[3] == assets
    result = await world.get(papers.format("income-expenditure"))
    assert cells(result, "收入合计")[2:] == ["1640.00", "1640.00"]
    assert cells(result, "三、本期收支结余")[2] == cells(sheet, "  本年收支结余(未结转)")[3]
    changes = await world.get(papers.format("fund-changes"))
    assert changes["ties"]
    assert changes["rows"][-1]["cells"][6] == cells(sheet, "净资产合计")[3]
    spent = cells(result, "支出合计")[2]
    assert cells(changes, "本年收支结余(未结转)")[3:6] == ["1640.00", spent, "0.00"], (
        "gross, as the income statement says"
    )
    ledger = await world.get(papers.format("general-ledger"))
    fiscal = [row["cells"] for row in ledger["rows"] if row["cells"][0] == FISCAL]
    assert [row[2] for row in fiscal] == ["期初余额", "2010-03", "本年累计"]
    assert fiscal[1][3:] == fiscal[2][3:], "the year began with this month"


@pytest.mark.requirement("ZZ-36", "the insurer's daily journal of the special account, balance by balance")
async def test_journals_run_from_opening_to_closing(world: World) -> None:
    await a_busy_month(world)
    bank = await world.get(f"/books/basic/accounts/{EXPENDITURE}/journal?{MONTH}", "insurer_finance")
    assert bank["title_zh"] == "银行存款日记账"
    assert [row["cells"][7] for row in bank["rows"] if row["cells"][1]] == ["500.00", "399.50", "399.50"][:2]
    assert cells(bank, None)[2] == "期初余额"
    assert bank["rows"][-1]["cells"][4:] == ["500.00", "100.50", "借", "399.50"]
    cash = await world.get(f"/books/basic/accounts/1009.01/journal?{MONTH}")
    assert (cash["title_zh"], cash["rows"][-1]["cells"][7]) == ("现金日记账", "80.00")
    detail = await world.get(f"/books/basic/accounts/4001/journal?{MONTH}")
    assert (detail["title_zh"], detail["rows"][-1]["cells"][6]) == ("明细账", "贷")
    await world.get(f"/books/basic/papers/vouchers?{MONTH}")


async def refused(world: World, code: str, path: str) -> None:
    """A read that must be refused with this code."""
    answer = await world.client.get(f"/v1/pools/522422{path}", headers=world.tokens.headers("auditor"))
    assert answer.json()["code"] == code, answer.text


async def test_what_cannot_be_printed_is_refused(world: World) -> None:
    await world.fund()
    await refused(world, "form_period_invalid", "/papers/outstanding?from=2010-03-02&to=2010-03-01")
    await refused(world, "form_book_unknown", f"/books/budget/papers/vouchers?{MONTH}")
    await refused(world, "form_account_unknown", f"/books/basic/accounts/9999/journal?{MONTH}")
    await refused(world, "form_not_a_bank_account", "/bank-accounts/4001/reconciliation?at=2010-03-01")


@pytest.mark.requirement("HL-08", "expenditure by month of payment and by year of care, the difference listed")
async def test_spending_is_told_by_year_of_care(world: World) -> None:
    await a_busy_month(world)
    paper = await world.get(f"/papers/spending-by-care-year?{MONTH}")
    assert paper["ties"]
    refused_fen = await world.rows("SELECT amount_fen FROM receivable")
    refused_yuan = f"{refused_fen[0]['amount_fen'] / 100:.2f}"
    assert cells(paper, "2010-03")[2:] == ["100.50", f"-{refused_yuan}"]
    assert cells(paper, "其中:复核拒付转应收")[-1] == f"-{refused_yuan}"


@pytest.mark.requirement("LS-11", "what waits is listed with its age: subsidies due, transfers, receivables, items")
async def test_what_waits_is_listed_with_its_age(world: World) -> None:
    await a_busy_month(world)
    world.clock.set(world.clock.now().replace(day=31))
    paper = await world.get(f"/papers/outstanding?{MONTH}")
    found = {row["cells"][0]: row["cells"] for row in paper["rows"]}
    assert found["应到未到的财政补助"][3:] == ["中央", "2010 年度", "500.00"]
    assert {"应收追回款", "银行已记、账面未达", "账面已记、银行未达"} <= found.keys()
    assert int(found["账面已记、银行未达"][2] or 0) > 20


def waiting(paper: dict[str, Any]) -> dict[str, list[str | None]]:
    """The last row of each kind of item."""
    return {row["cells"][0]: row["cells"] for row in paper["rows"][:-1]}


@pytest.mark.requirement("LS-11", "what waited at a month's end is listed the same whenever it is printed")
async def test_the_list_of_a_day_is_that_of_the_day(world: World) -> None:
    await a_busy_month(world)
    await world.release_claims("12.00", "8.00")
    claim = new_id(world.clock.now())
    await world.feed(world.settled(claim, 1500))
    today = world.clock.now().date()
    path = f"/papers/outstanding?from={today}&to={today}"
    before = await world.get(path)
    found = waiting(before)
    assert found["已结算待审核的补偿"][4:] == ["1 笔", "-15.00"]
    assert found["已审核未支付的补偿"][4:] == ["2 笔", "-20.00"]
    day = f"/books/obligations/papers/balance-sheet?from={today}&to={today}"
    for n in range((today - FIRST).days + 1):
        await world.sources_close(FIRST + timedelta(days=n))
    await world.done(f"/days/{today}/close", role="county_director")
    closed = await world.get(path)
    owed = {row["cells"][1]: row["cells"][3] for row in (await world.get(day))["rows"]}
    assert (owed["2301.01"], owed["2301.02"]) == ("15.00", "20.00"), "as the balance sheet of the day says"
    world.clock.set(world.clock.now() + timedelta(days=20))
    gift = {"kind": "donation", "amount": "9.00", "party": "某企业", "bank_reference": "Y-1", "reason": "捐赠"}
    await world.receive(gift, role="county_finance")
    await world.statement(FISCAL, ("in", 2000, "P-1"))
    line = (await world.get("/open-items"))["at_bank_not_in_book"][0]["line_id"]
    await world.done(f"/open-items/{line}/interest", subject="insurer_finance-2")
    await world.feed(world.approved(claim))
    later = await world.get(path)
    assert later == closed, "the same paper, whatever was done since"
    assert (later["rows"], later["standing"], before["standing"][:3]) == (before["rows"], "", "未结账")
    now = world.clock.now().date()
    later = waiting(await world.get(f"/papers/outstanding?from={now}&to={now}"))
    assert "银行已记、账面未达" not in later
    assert "已结算待审核的补偿" not in later
    assert later["账面已记、银行未达"][3] == "Y-1"
    fiscal = await world.get(f"/bank-accounts/{FISCAL}/reconciliation?at={today}")
    assert [r["cells"][2] for r in fiscal["rows"] if r["cells"][1]] == ["P-1"], "as the reconciliation of the day says"


@pytest.mark.requirement("LS-11", "a claim that was cut and cancelled later was owed what was approved")
async def test_a_cancellation_leaves_the_lists_of_the_days_before(world: World) -> None:
    claim = new_id(world.clock.now())
    await world.feed(world.settled(claim, 10000))
    paths = []
    for event in (lambda: world.approved(claim, 2000), lambda: world.cancelled(claim, "approved", 8000)):
        day = world.clock.now().date()
        paths.append(f"/papers/outstanding?from={day}&to={day}")
        world.clock.advance(timedelta(days=1))
        await world.feed(event())
    review, cut = [waiting(await world.get(path)) for path in paths]
    assert review["已结算待审核的补偿"][5] == "-100.00"
    assert cut["已审核未支付的补偿"][5] == "-80.00", "what was approved of it"
    now = world.clock.now().date()
    assert waiting(await world.get(f"/papers/outstanding?from={now}&to={now}")) == {}


@pytest.mark.requirement("LS-11", "what is entered after a day's close waits from the next business day on")
async def test_what_is_entered_after_the_close_is_not_of_that_day(world: World) -> None:
    await a_busy_month(world)
    today = world.clock.now().date()
    for n in range((today - FIRST).days + 1):
        await world.sources_close(FIRST + timedelta(days=n))
    await world.done(f"/days/{today}/close", role="county_director")
    path = f"/papers/outstanding?from={today}&to={today}"
    closed = await world.get(path)
    gift = {"kind": "donation", "amount": "9.00", "party": "某企业", "bank_reference": "Y-1", "reason": "捐赠"}
    order = await world.done("/money-orders", gift, role="county_finance")
    body = {"level": "city", "coverage_year": 2010, "amount": "90.00", "bank_reference": "C-1"}
    body["arrived_on"] = today.isoformat()
    made = await world.done("/subsidy-arrivals", body, role="county_finance")
    assert (await world.get(path))["rows"] == closed["rows"]
    for one in (f"/money-orders/{order['id']}", f"/arrivals/{made['id']}"):
        await world.done(f"{one}/approval", role="county_finance", subject="county_finance-2")
    assert (await world.get(path))["rows"] == closed["rows"]
    world.clock.advance(timedelta(days=1))
    next_day = today + timedelta(days=1)
    await world.done("/subsidy-arrivals", body | {"bank_reference": "C-2"}, role="county_finance")
    later = waiting(await world.get(f"/papers/outstanding?from={next_day}&to={next_day}"))
    assert later["待批准入账的到账登记"][3] == "C-2"


@pytest.mark.requirement("LS-11", "a refused line whose payment came back is owed no more, and was on the days before")
async def test_a_refused_line_made_good_by_its_payment_coming_back(world: World) -> None:
    await world.fund()
    batch = await world.paid("30.00")
    applied = await world.done("/replenishments", {})
    refusal = {"line": 1, "bearer": "hospital", "reason": "病历不实"}
    await world.done(f"/replenishments/{applied['id']}/recheck", {"refusals": [refusal]}, role="county_recheck")
    before = world.clock.now().date()
    owed = waiting(await world.get(f"/papers/outstanding?from={before}&to={before}"))
    assert owed["应收追回款"][5] == "30.00"
    world.clock.advance(timedelta(days=2))
    await world.statement(EXPENDITURE, ("in", 30_00, batch["instructions"][0]["end_to_end_id"]))
    today = world.clock.now().date()
    for last in (today, today + timedelta(days=3)):
        world.clock.set(world.clock.now().replace(day=last.day))
        found = waiting(await world.get(f"/papers/outstanding?from={last}&to={last}"))
        assert "应收追回款" not in found
        assert found["已审核未支付的补偿"][5] == "-30.00", "the hospital is owed again"
    again = waiting(await world.get(f"/papers/outstanding?from={before}&to={before}"))
    assert again == owed, "the list of a day is that of the day"
    await world.identities()


@pytest.mark.requirement("ZZ-35", "the whole month as a workbook and as a document that can be signed")
async def test_the_month_is_one_workbook_and_one_document(world: World) -> None:
    await a_busy_month(world)
    report = await world.get("/months/2010-03/report", "county_finance")
    assert {paper["code"] for paper in report["papers"] if paper["ties"] is False} == {"control_totals"}
    assert not report["ties"], "no source has closed its days"
    assert len(report["days_open"]) == 31
    headers = world.tokens.headers("county_finance")
    path = "/v1/pools/522422/months/2010-03/report?format="
    book = openpyxl.load_workbook(BytesIO((await world.client.get(path + "xlsx", headers=headers)).content))
    assert len(book.sheetnames) == len(report["papers"])
    sheet = book["试算平衡表"]
    assert sheet["A1"].value == "试算平衡表"
    last = next(row for row in sheet.iter_rows(values_only=True) if row[1] == "合计")
    assert last[2] == last[3]
    assert f"{last[4]:.2f}" == report["papers"][3]["rows"][-1]["cells"][4]
    assert "制表" in str(list(sheet.iter_rows(values_only=True))[-1][0])
    document = await world.client.get(path + "pdf", headers=headers)
    assert document.status_code == 200, document.text
    assert document.content.startswith(b"%PDF")
    assert document.content == (await world.client.get(path + "pdf", headers=headers)).content


async def the_books_beside(world: World) -> None:
    """Money in the books of the urban residents, the supplementary cover, assistance and the county's budget."""
    for role, kind, amount, more in (
        ("county_finance", "urban_subsidy_central", "70.00", {"coverage_year": 2010}),
        ("insurer_finance", "supplementary_premium", "900.00", {"coverage_year": 2010, "head_count": 100}),
        ("county_finance", "assistance_grant", "400.00", {}),
        ("county_finance", "county_appropriation", "2880.00", {}),
    ):
        body = {"kind": kind, "amount": amount, "reason": "经批准", "bank_reference": kind, **more}
        await world.receive(body, role=role)


@pytest.mark.requirement("ZZ-35", "a month's close prints every book that is open, each under its own unit")
async def test_the_month_covers_every_open_book(world: World) -> None:
    await world.fund()
    await the_books_beside(world)
    await world.statement("urban-1002", ("in", 7000, "urban_subsidy_central"))
    report = await world.get("/months/2010-03/report", "county_finance")
    books = ["basic", "obligations", "supplementary", "assistance", "urban", "county_budget"]
    assert report["books"] == books
    headers = world.tokens.headers("county_finance")
    path = "/v1/pools/522422/months/2010-03/report?format="
    workbook = openpyxl.load_workbook(BytesIO((await world.client.get(path + "xlsx", headers=headers)).content))
    assert len(workbook.sheetnames) == len(report["papers"])
    trials = [name for name in workbook.sheetnames if name.startswith("试算平衡表")]
    assert trials == ["试算平衡表", *(f"试算平衡表 {BOOK_WORDS[book][0]}账" for book in books[1:])]
    urban = list(workbook["试算平衡表 城镇居民基金账"].iter_rows(values_only=True))
    assert next(row for row in urban if row[0] == "1002")[4] == 70
    assert next(row for row in urban if row[1] == "合计")[4] == 70
    assert "编制单位:大方县新型农村合作医疗基金" in str(workbook["试算平衡表"]["A3"].value)
    journals = [name for name in workbook.sheetnames if name.startswith("银行存款日记账")]
    assert len(journals) == len({paper["about"] for paper in report["papers"] if paper["code"] == "bank_journal"}) == 7
    reconciled = {paper["about"]: paper for paper in report["papers"] if paper["code"] == "bank_reconciliation"}
    assert cells(reconciled["urban-1002 财政专户（城镇居民）"], "调节后余额")[4:] == ["70.00", "70.00"]
    assert cells(reconciled["supplementary-1001 补充医疗保险保费专户"], "调节前余额")[4:] == ["900.00", "0.00"]
    document = await world.client.get(path + "pdf", headers=headers)
    assert document.content.count(b"/Type /Page\n") >= len(report["papers"])
    for once in ("control_totals", "outstanding", "spending_by_care_year"):
        assert [paper["code"] for paper in report["papers"]].count(once) == 1, once


@pytest.mark.requirement("HL-08", "cash and bank journals and the detail ledger of every account are in the close")
async def test_the_close_holds_every_journal_and_detail_ledger(world: World) -> None:
    await a_busy_month(world)
    month = (await world.get("/months/2010-03/report", "county_finance"))["papers"]
    year = (await world.get("/books/basic/years/2010/papers", "county_finance"))["papers"]
    moved = await world.rows("SELECT DISTINCT account FROM account_day WHERE book = 'basic' AND account <> ''")
    for papers in (month, year):
        ledgers = [p for p in papers if p["code"] in ("cash_journal", "bank_journal", "detail_ledger")]
        of_basic = [p for p in ledgers if p["about"].startswith("基本基金账 ")]
        accounts = [p["about"].split()[1] for p in of_basic]
        assert {row["account"] for row in moved} <= set(accounts), "every account that moved"
        cash = {p["about"].split()[1] for p in of_basic if p["code"] == "cash_journal"}
        assert cash == {"1009.01", "1001.03"}, "the townships' float as well, moved or not"
        index = next(p for p in papers if p["code"] == "ledger_index")
        assert {row["cells"][0] for row in index["rows"]} == {row["account"] for row in moved}
        assert {row["cells"][5] for row in index["rows"]} == {"已附"}
    general = next(p for p in month if p["code"] == "general_ledger")
    for row in general["rows"]:
        code, what, *sums = row["cells"][0], *row["cells"][2:]
        if what == "2010-03":
            detail = next(p for p in month if p["about"].startswith(f"基本基金账 {code} "))
            assert detail["rows"][-1]["cells"][4:] == sums[:2] + sums[2:], "as the general ledger says"


@pytest.mark.requirement("HL-08", "a paper of a period that is not over or not closed says so and never looks final")
async def test_a_paper_says_whether_its_period_is_closed(world: World) -> None:
    await world.fund()
    sheet = f"/books/basic/papers/balance-sheet?{MONTH}"
    today = world.clock.now().date()
    assert (await world.get(sheet))["standing"] == f"未结账:期间未结束,数据截至2010年3月{today.day}日"
    await refused(world, "form_period_ahead", "/books/basic/papers/balance-sheet?from=2010-04-01&to=2010-04-30")
    tomorrow = f"/bank-accounts/{FISCAL}/reconciliation?at={today + timedelta(days=1)}"
    for path in ("/months/2030-03/report", "/books/basic/years/2031/papers", tomorrow):
        await refused(world, "form_period_ahead", path)
    last = date(2010, 3, 31)
    world.clock.set(world.clock.now().replace(month=4))
    assert (await world.get(sheet))["standing"] == "未结账:2010年3月31日尚未日结,数据仍会变动"
    for n in range(31):
        await world.sources_close(FIRST + timedelta(days=n))
    await world.done(f"/days/{last}/close", role="county_director")
    assert (await world.get(sheet))["standing"] == "未月结:各日已结账,月份尚未结账"
    report = await world.get("/months/2010-03/report")
    assert {paper["standing"] for paper in report["papers"]} == {"未月结:各日已结账,月份尚未结账"}
    headers = world.tokens.headers("auditor")
    workbook = await world.client.get(f"/v1/pools/522422{sheet}&format=xlsx", headers=headers)
    assert "未月结" in str(openpyxl.load_workbook(BytesIO(workbook.content))["资产负债表"]["A2"].value)
    await world.done("/months/2010-03/close", role="county_finance")
    assert (await world.get(sheet))["standing"] == ""
    day = "/books/basic/papers/balance-sheet?from=2010-03-05&to=2010-03-05"
    assert (await world.get(day))["standing"] == ""


@pytest.mark.requirement("ZZ-50", "the city prints its budget book's month under its own code; no book, no papers")
async def test_the_month_of_a_payer_is_its_budget(world: World) -> None:
    city = "522400"
    body = {"kind": "budget_appropriation", "amount": "28.00", "reason": "经批准", "bank_reference": "YS-1"}
    await world.receive(body, role="city_finance", pool=city)
    headers = world.tokens.headers("auditor", pools=(city,))
    report = (await world.client.get(f"/v1/pools/{city}/months/2010-03/report", headers=headers)).json()
    assert report["books"] == ["budget"]
    trial = next(paper for paper in report["papers"] if paper["code"] == "trial_balance")
    assert (trial["ties"], cells(trial, "1001")[4]) == (True, "28.00")
    assert not {"control_totals", "outstanding"} & {paper["code"] for paper in report["papers"]}
    before = await world.client.get("/v1/pools/522400/months/1999-12/report", headers=headers)
    assert before.json()["code"] == "invalid_request", "no month of the scheme"


def facts(paper: dict[str, Any], what: str) -> dict[str, str]:
    """Labels and values of a paper."""
    return {one["label"]: one["value"] for one in paper[what]}


@pytest.mark.requirement("HL-08", "vouchers are printed one a page with accounts, attachments, preparer and checker")
async def test_each_voucher_is_a_paper_of_its_own(world: World) -> None:
    await a_busy_month(world)
    forms = (await world.get(f"/books/basic/voucher-forms?{MONTH}&format=json"))["items"]
    listed = await world.get(f"/books/basic/papers/vouchers?{MONTH}")
    assert [facts(form, "facts")["凭证号"] for form in forms] == [
        row["cells"][0] for row in listed["rows"] if row["cells"][0]
    ]
    advance = next(form for form in forms if form["rows"][0]["cells"][0] == "拨付周转金")
    assert [row["cells"][1:] for row in advance["rows"]] == [
        ["1009.03 在途:财政专户至支出户", "500.00", None],
        ["    1002 财政专户存款", None, "500.00"],
        [None, "500.00", "500.00"],
    ]
    assert advance["in_words"] == "合计:伍佰元整"
    assert facts(advance, "signed") == {
        "会计主管": "", "记账": "系统", "复核": "county_finance-2", "制单": "county_finance-1",
    }  # fmt: skip
    headers = world.tokens.headers("county_finance")
    path = f"/v1/pools/522422/books/basic/voucher-forms?{MONTH}"
    document = await world.client.get(path, headers=headers)
    assert document.content.count(b"/Type /Page\n") == len(forms)
    book = openpyxl.load_workbook(BytesIO((await world.client.get(path + "&format=xlsx", headers=headers)).content))
    assert len(book.sheetnames) == len(forms)
    await refused(world, "form_empty", "/books/basic/voucher-forms?from=2010-01-01&to=2010-01-31")
    await refused(world, "ledger_voucher_unknown", "/books/basic/vouchers/999/form")


@pytest.mark.requirement("HL-08", "sheets that come after a voucher was booked are attached, never taken away")
async def test_papers_are_attached_to_a_voucher_afterwards(world: World) -> None:
    await world.fund()
    path, paper = "/books/basic/vouchers/1/attachments", {"text": "财政拨款通知", "sheets": 2, "sha256": "ab" * 32}
    await world.done(path, paper, role="county_finance")
    await world.done(path, {"text": "银行回单", "sheets": 1}, role="county_finance")
    found = (await world.get(path))["items"]
    assert {(one["text"], one["sheets"], one["sha256"], one["added_by"]) for one in found} == {
        ("财政拨款通知", 2, "ab" * 32, "county_finance-1"), ("银行回单", 1, None, "county_finance-1"),
    }  # fmt: skip
    (form,) = (await world.get("/books/basic/vouchers/1/form?format=json"))["items"]
    assert facts(form, "facts")["附件"] == "3 张"
    assert any("ab" * 32 in note for note in form["notes"])
    again = await world.send(path, paper, role="county_finance")
    assert again.json()["code"] == "ledger_paper_attached"
    other = await world.send(path, paper | {"sha256": "cd" * 32}, role="insurer_finance")
    assert other.json()["code"] == "ledger_not_keeper"


@pytest.mark.requirement("HL-08", "what a bank statement makes us book names that statement as its paper")
async def test_a_voucher_of_a_statement_names_the_statement(world: World) -> None:
    await world.fund()
    await world.paid("70.00")
    rows = await world.rows(
        """SELECT v.source_event, v.sheets, v.papers, s.account FROM voucher v
        LEFT JOIN statement s ON encode(s.sha256, 'hex') = v.papers WHERE v.book = 'basic' ORDER BY v.number"""
    )
    named = {row["source_event"].split(":")[0]: (row["sheets"], row["account"]) for row in rows}
    assert named["payment"] == (1, EXPENDITURE)
    assert named["arrival"] == (0, None), "a person recorded it"


@pytest.mark.requirement("LS-11", "expenditure and care of a month agree where a book is sealed before the day ends")
async def test_a_payment_seen_after_the_seal_of_its_day_is_of_the_next_month_on_both_sides(world: World) -> None:
    world.clock.set(at("2010-03-20T09:00"))
    await world.fund("1000.00", "500.00")
    cutoff, _ = await world.release_claims("100.00")
    batch = await world.batch(cutoff)
    world.clock.set(at("2010-03-31T09:00"))
    await world.done("/books/basic/days/2010-03-31/seal", role="county_finance")
    await world.confirm(batch)
    world.clock.set(at("2010-04-02T09:00"))
    paper = await world.get("/papers/spending-by-care-year?from=2010-03-01&to=2010-04-02")
    assert [row["cells"] for row in paper["rows"]] == [
        ["2010-04", "100.00", "100.00", "0.00"],
        ["合计", "100.00", "100.00", "0.00"],
    ]


@pytest.mark.requirement("LS-11", "what is recovered after the seal of its day is of the next month on both sides")
async def test_a_recovery_after_the_seal_of_its_day(world: World) -> None:
    world.clock.set(at("2010-12-20T09:00"))
    await world.fund()
    (line,) = await replenished(world, "100.00")
    world.clock.set(at("2010-12-31T09:00"))
    await world.done("/books/basic/days/2010-12-31/seal", role="county_finance")
    await recovered(world, asked(line, "45.00"))
    world.clock.set(at("2011-01-02T09:00"))
    path = "/papers/spending-by-care-year?from=2010-12-01&to=2011-01-02"
    rows = {row["cells"][0]: row["cells"][1:] for row in (await world.get(path))["rows"]}
    assert rows == {
        "2010-12": ["100.00", "100.00", "0.00"],
        "2011-01": ["-45.00", "-45.00", "0.00"],
        "合计": ["55.00", "55.00", "0.00"],
    }
    years = [await world.get(f"/years/{year}/fund-indicators") for year in (2010, 2011)]
    assert [year["paid_for_earlier_years"] for year in years] == ["0.00", "-45.00"]
