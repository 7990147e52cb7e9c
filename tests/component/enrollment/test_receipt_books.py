"""Receipt books by number range: each number used, voided, lost or returned; remittances equal their receipts."""

import asyncio
import csv
import io
from typing import Any

import pytest

from tests.component.enrollment.conftest import OTHER_POOL, POOL, YEAR, Office, sheet
from tests.component.enrollment.test_rosters import HEAD, SON, WIFE

pytestmark = pytest.mark.anyio
TOWNSHIP, OTHER_TOWNSHIP = "52242201", "52242202"
BOOKS = f"/pools/{POOL}/receipt-books"
REASON = {"reason": "书写有误"}
DECLARED = {"reason": "途中遗失", "declaration": "大方报2010年3月2日声明"}


def paper(serial: int) -> str:
    """A number as printed in the books of these tests."""
    return f"DF-{serial:04}"


async def books_only(county: Office) -> None:
    """The year's standard says that numbers come from issued books."""
    await county.rows("UPDATE standard SET receipt_numbers = 'issued_books'")


async def issue(county: Office, first: int, last: int, township: str = TOWNSHIP, **more: Any) -> Any:
    body = {"township_code": township, "year": YEAR, "first_number": paper(first), "last_number": paper(last)} | more
    return await county.done("county_recheck", "POST", BOOKS, json=body)


async def take(county: Office, bill: Any, *numbers: int, amount: str = "1.00", **more: Any) -> Any:
    """The answer to receipts of one yuan each."""
    receipts = [
        {"receipt_number": paper(n), "bill_id": bill["bill_id"], "amount": amount, "paid_on": "2010-02-27"}
        for n in numbers
    ]
    return await county.call("township_clerk", "POST", f"/pools/{POOL}/receipts", json={"receipts": receipts}, **more)


async def taken(county: Office, bill: Any, *numbers: int) -> None:
    answer = await take(county, bill, *numbers)
    assert answer.status_code == 200, answer.text


async def tell(county: Office, book: Any, what: str, *spans: tuple[int, int], **more: Any) -> Any:
    """Accounts for numbers of a book: voids, losses, returns."""
    body: dict[str, Any] = {"numbers": [{"first": paper(first), "last": paper(last)} for first, last in spans]}
    body |= {"voids": REASON, "losses": DECLARED, "returns": {}}[what]
    role = "county_recheck" if what == "returns" else "township_clerk"
    return await county.call(role, "POST", f"{BOOKS}/{book['book_id']}/{what}", json=body, **more)


async def account(county: Office, book: Any) -> dict[str, int]:
    """The book's account; issued is the sum of the rest."""
    told = await county.done("auditor", "GET", f"{BOOKS}/{book['book_id']}")
    found = {state: told[state] for state in ("used", "voided", "lost", "returned", "out")}
    assert told["issued"] == sum(found.values())
    return found | {"missing": told["missing"]}


async def household(county: Office) -> Any:
    await county.enrolled(sheet([HEAD, WIFE, SON]))
    return (await county.bills())[0]


@pytest.mark.requirement("HL-08", "each number of a receipt book is used, voided, lost, returned or still out")
async def test_a_book_accounts_for_each_of_its_numbers(county: Office) -> None:
    bill = await household(county)
    await books_only(county)
    book = await issue(county, 1, 10, collector="桃园村会计")
    assert (book["issued"], book["out"], book["first_number"], book["last_number"]) == (10, 10, "DF-0001", "DF-0010")
    await taken(county, bill, 1, 2, 6)
    assert (await tell(county, book, "voids", (3, 3))).status_code == 200
    assert (await tell(county, book, "losses", (4, 4))).status_code == 200
    answer = await tell(county, book, "returns", (8, 9), (10, 10))
    assert answer.json() | {"amount": "3.00"} == answer.json()
    wanted = {"used": 3, "voided": 1, "lost": 1, "returned": 3, "out": 2, "missing": 1}
    assert await account(county, book) == wanted
    path = f"/pools/{POOL}/receipts/{paper(2)}/void"
    await county.done("township_clerk", "POST", path, json=REASON)
    assert await account(county, book) == wanted | {"used": 2, "voided": 2}
    leaves = await county.done("auditor", "GET", f"{BOOKS}/{book['book_id']}/numbers?limit=200")
    states = [leaf["state"] for leaf in leaves["items"]]
    assert states == ["used", "voided", "voided", "lost", "out", "used", "out", "returned", "returned", "returned"]
    assert leaves["items"][3]["declaration"] == DECLARED["declaration"]
    lost = await county.done("auditor", "GET", f"{BOOKS}/{book['book_id']}/numbers?state=lost")
    assert [leaf["receipt_number"] for leaf in lost["items"]] == [paper(4)]


async def test_a_number_is_of_a_book_of_the_township_and_year_and_still_out(county: Office) -> None:
    bill = await household(county)
    await books_only(county)
    book = await issue(county, 1, 10)
    await issue(county, 11, 20, OTHER_TOWNSHIP)
    await taken(county, bill, 1)
    for what, serial in (("voids", 2), ("losses", 3), ("returns", 4)):
        assert (await tell(county, book, what, (serial, serial))).status_code == 200
    before = await county.counts()
    for serial in (1, 2, 3, 4, 11, 99):
        answer = await take(county, bill, 5, serial)
        assert (answer.status_code, answer.json()["code"]) == (422, "receipts_refused"), serial
        assert [error["at"] for error in answer.json()["errors"]] == ["receipts.1.receipt_number"]
    assert await county.counts() == before
    await taken(county, bill, 5)
    next_year = {"year": 2011, "coverage_from": "2011-01-01", "coverage_to": "2011-12-31"}
    standard = (await county.done("auditor", "GET", f"/pools/{POOL}/standards/{YEAR}")) | next_year
    standard |= {"collection_from": "2010-01-01", "collection_until": "2011-01-01"}
    body = {name: value for name, value in standard.items() if name not in ("pool_code", "year")}
    put = await county.done("county_director", "PUT", f"/pools/{POOL}/standards/2011", json=body)
    assert put["receipt_numbers"] == "issued_books"
    await issue(county, 21, 30, year=2011)
    other_year = await take(county, bill, 21)
    assert "2011" in other_year.json()["errors"][0]["reason"]


async def test_where_no_books_are_asked_for_any_number_goes_but_those_of_a_book(county: Office) -> None:
    bill = await household(county)
    await taken(county, bill, 900)
    book = await issue(county, 1, 3)
    await issue(county, 11, 13, OTHER_TOWNSHIP)
    await taken(county, bill, 901, 1)
    assert (await take(county, bill, 11)).status_code == 422
    assert (await account(county, book))["used"] == 1


async def test_numbers_are_issued_once_and_accounted_for_once(county: Office) -> None:
    bill = await household(county)
    book = await issue(county, 1, 10)
    before = await county.counts()

    async def refused(body: dict[str, Any], code: str, role: str = "county_recheck") -> None:
        given = {"township_code": TOWNSHIP, "year": YEAR, "first_number": paper(11), "last_number": paper(20)} | body
        answer = await county.call(role, "POST", BOOKS, json=given)
        assert answer.json()["code"] == code, answer.text
        assert await county.counts() == before

    await refused({"first_number": paper(10)}, "receipt_book_overlaps")
    await refused({"first_number": "DG-0011"}, "receipt_span_odd")
    await refused({"first_number": "DF-00011", "last_number": "DF-10011"}, "receipt_span_odd")
    await refused({"township_code": "52240199"}, "township_not_here")
    await refused({"year": 2012}, "standard_unknown")
    await refused({"issued_on": "2011-01-01"}, "receipt_book_in_future")
    await refused({}, "forbidden_role", role="township_clerk")
    assert (await tell(county, book, "voids", (2, 3))).status_code == 200
    again = await tell(county, book, "losses", (1, 4))
    assert (again.status_code, again.json()["code"]) == (409, "receipt_numbers_not_out")
    assert [error["at"] for error in again.json()["errors"]] == [paper(2), paper(3)]
    assert (await tell(county, book, "returns", (10, 11))).json()["errors"][0]["at"] == paper(11)
    foreign = await tell(county, book, "voids", (5, 5), areas=(OTHER_TOWNSHIP,))
    assert foreign.status_code == 404
    assert (await account(county, book))["voided"] == 2
    await taken(county, bill, 500)
    taken_over = await issue(county, 500, 501)  # a book that was in use before it was recorded
    assert (taken_over["used"], taken_over["out"]) == (1, 1)
    await taken(county, bill, 600)
    answer = await county.call("county_recheck", "POST", BOOKS, json={
        "township_code": OTHER_TOWNSHIP, "year": YEAR, "first_number": paper(600), "last_number": paper(601),
    })  # fmt: skip
    assert answer.json()["code"] == "receipt_book_used_elsewhere"


@pytest.mark.requirement("WW-02", "a remittance equals its receipts; numbers missing in the collectors' books are told")
async def test_a_remittance_equals_its_receipts_and_warns_of_missing_numbers(county: Office) -> None:
    bill = await household(county)
    await books_only(county)
    await issue(county, 1, 10, collector="桃园村会计")
    await taken(county, bill, 1, 2, 5, 9)
    path = f"/pools/{POOL}/remittances"
    differs = await county.call("township_clerk", "POST", path, json={"township_code": TOWNSHIP, "amount": "4.01"})
    assert (differs.status_code, differs.json()["code"]) == (409, "remittance_differs")
    told = await county.done("township_clerk", "POST", path, json={"township_code": TOWNSHIP, "amount": "4.00"})
    assert (told["amount"], told["receipt_count"], told["missing_numbers"]) == ("4.00", 4, 5)
    runs = [(run["first_number"], run["last_number"], run["count"]) for run in told["missing"]]
    assert runs == [(paper(3), paper(4), 2), (paper(6), paper(8), 3)]
    listed = await county.done("auditor", "GET", f"/pools/{POOL}/missing-receipts?year={YEAR}&limit=1")
    assert listed["items"] == told["missing"][:1]
    more = {"year": YEAR, "cursor": listed["next_cursor"]}
    rest = await county.done("auditor", "GET", f"/pools/{POOL}/missing-receipts", params=more)
    assert rest == {"items": told["missing"][1:], "next_cursor": None}
    receipts = await county.done("auditor", "GET", f"{path}/{told['remittance_id']}/receipts")
    assert [one["receipt_number"] for one in receipts["items"]] == [paper(n) for n in (1, 2, 5, 9)]
    assert {one["book_number"] for one in receipts["items"]} == {told["missing"][0]["book_number"]}
    (kept,) = (await county.done("auditor", "GET", path))["items"]
    assert kept["missing_numbers"] == 5
    sums = """SELECT m.amount_fen, m.receipt_count, sum(r.amount_fen)::bigint AS fen, count(*) AS n FROM remittance m
              JOIN remittance_line l USING (pool_code, remittance_id) JOIN receipt r USING (pool_code, receipt_id)
              GROUP BY m.amount_fen, m.receipt_count"""
    assert [tuple(one) for one in await county.rows(sums)] == [(400, 4, 400, 4)]
    foreign = f"{path}/{told['remittance_id']}/receipts"
    assert (await county.call("township_clerk", "GET", foreign, areas=(OTHER_TOWNSHIP,))).status_code == 404


async def test_a_number_collected_and_lost_at_once_is_one_of_them(county: Office) -> None:
    bill = await household(county)
    book = await issue(county, 1, 10)
    for serial in range(1, 6):
        answers = await asyncio.gather(take(county, bill, serial), tell(county, book, "losses", (serial, serial)))
        assert sorted(answer.status_code < 300 for answer in answers) == [False, True]
    found = await account(county, book)
    assert found["used"] + found["lost"] == 5
    assert found["used"] == (await county.counts())["receipt"]


async def test_a_book_changes_hands_and_is_seen_by_its_township(county: Office) -> None:
    book = await issue(county, 1, 5, collector="桃园村会计")
    path = f"{BOOKS}/{book['book_id']}/handovers"
    await county.done("township_clerk", "POST", path, json={"collector": "桃园村主任", "handed_on": "2010-02-20"})
    told = await county.done("township_director", "GET", f"{BOOKS}/{book['book_id']}")
    assert [holder["collector"] for holder in told["holders"]] == ["桃园村会计", "桃园村主任"]
    assert told["collector"] == "桃园村主任"
    later = {"collector": "某村会计", "handed_on": "2010-12-01"}
    assert (await county.call("township_clerk", "POST", path, json=later)).status_code == 422
    await issue(county, 11, 15, OTHER_TOWNSHIP)
    found = await county.done("county_recheck", "GET", BOOKS, params={"number": book["number"]})
    assert [one["book_id"] for one in found["items"]] == [book["book_id"]]
    mine = await county.done("township_clerk", "GET", BOOKS, params={"year": YEAR}, areas=(TOWNSHIP,))
    assert [one["township_code"] for one in mine["items"]] == [TOWNSHIP]
    hidden = await county.call("township_clerk", "GET", f"{BOOKS}/{book['book_id']}", areas=(OTHER_TOWNSHIP,))
    assert hidden.status_code == 404
    assert (await county.call("auditor", "GET", BOOKS, pools=(OTHER_POOL,))).status_code == 403


async def test_accounts_and_missing_numbers_are_taken_away_as_files(county: Office) -> None:
    bill = await household(county)
    book = await issue(county, 1, 5, collector="桃园村会计")
    await taken(county, bill, 1, 3)
    await tell(county, book, "returns", (4, 5))

    async def table(path: str) -> list[dict[str, str]]:
        answer = await county.call("auditor", "GET", path)
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    (line,) = await table(f"{BOOKS}?format=csv&open=true")
    told = {name: line[name] for name in ("领用份数", "已使用", "收款金额", "已缴回", "未核销", "其中缺号")}
    assert told == dict(zip(told, ("5", "2", "2.00", "2", "1", "1"), strict=True))
    assert await table(f"{BOOKS}?format=csv&open=false") == []
    (gap,) = await table(f"/pools/{POOL}/missing-receipts?year={YEAR}&format=csv")
    assert (gap["起号"], gap["止号"], gap["份数"]) == (paper(2), paper(2), "1")
    leaves = await table(f"{BOOKS}/{book['book_id']}/numbers?format=csv")
    assert [leaf["状态"] for leaf in leaves] == ["已使用", "未核销", "已使用", "已缴回", "已缴回"]
