"""The enrollment API on a migrated database, with a county that has areas, payers and a year standard."""

import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import xlsxwriter

from deploy.demo.roster import AREAS
from deploy.postgres.roles import blocking
from shared.kernel.clock import FixedClock
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.services import running_app
from tests.support.tokens import TestTokens

POOL, OTHER_POOL = "522422", "410182"
YEAR = 2010
PAYERS = {"central": "中央财政", "province": "省财政厅", "city": "地区财政局", "county": "县财政局"}
STANDARD = {
    "premium": "20.00",
    "subsidies": {"central": "60.00", "province": "45.00", "city": "5.00", "county": "10.00"},
    "coverage_from": "2010-01-01",
    "coverage_to": "2010-12-31",
    "collection_until": "2010-03-31",
    "late_start": "next_month",
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = ("乡镇", "村", "组", "户号", "户主姓名", "姓名", "与户主关系", "性别", "身份证号", "人员属性", "不参合原因")


@dataclass
class Office:
    """The API, its clock and database; `call` sends with a role's token and a fresh key."""

    client: httpx.AsyncClient
    clock: FixedClock
    database: ServiceDatabase
    tokens: TestTokens

    async def call(self, role: str, method: str, path: str, **options: Any) -> httpx.Response:
        """A request of a role under /v1; `pools`, `areas`, `subject` go into the token, `key` is the key."""
        claims = {name: options.pop(name) for name in ("pools", "areas", "subject") if name in options}
        headers = self.tokens.headers(role, **({"pools": (POOL,)} | claims)) | options.pop("headers", {})
        headers["Idempotency-Key"] = options.pop("key", str(uuid4()))
        return await self.client.request(method, f"/v1{path}", headers=headers, **options)

    async def done(self, role: str, method: str, path: str, **options: Any) -> Any:
        """The same, which has to succeed; its JSON."""
        answer = await self.call(role, method, path, **options)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def county(self) -> None:
        """Areas, pool, payers and the standard of 2010."""
        above = [
            ("52", "province", "贵州省", None),
            ("5224", "prefecture", "毕节地区", "52"),
            (POOL, "county", "大方县", "5224"),
        ]
        for code, kind, name, parent in [*above, *AREAS]:
            body = {"kind": kind, "name": name, "parent_code": parent}
            await self.done("city_health", "PUT", f"/areas/{code}", json=body)
        body = {"name": "大方县新农合", "area_code": POOL, "valid_from": "2010-01-01", "payers": PAYERS}
        await self.done("city_health", "PUT", f"/pools/{POOL}", json=body)
        await self.done("county_director", "PUT", f"/pools/{POOL}/standards/{YEAR}", json=STANDARD)

    async def upload(self, content: bytes, **options: Any) -> httpx.Response:
        """Sends a roster for 2010."""
        headers = {"Content-Type": XLSX}
        return await self.call(
            "township_clerk", "POST", f"/pools/{POOL}/rosters?year={YEAR}", content=content, headers=headers, **options
        )

    async def enrolled(self, content: bytes, **options: Any) -> Any:
        """Sends a roster that has to be taken in."""
        answer = await self.upload(content, **options)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def bills(self, **query: Any) -> list[Any]:
        """All bills of 2010."""
        found: list[Any] = []
        cursor = None
        while True:
            params = {"year": YEAR, "limit": 200} | query | ({"cursor": cursor} if cursor else {})
            page = await self.done("township_clerk", "GET", f"/pools/{POOL}/bills", params=params)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def pay(self, bills: Sequence[Any], paid_on: str = "2010-02-20", first: int = 1) -> Any:
        """Pays bills in full, a receipt each."""
        receipts = [
            {"receipt_number": f"R{number:06d}", "bill_id": bill["bill_id"], "amount": bill["open"], "paid_on": paid_on}
            for number, bill in enumerate(bills, start=first)
        ]
        return await self.done("township_clerk", "POST", f"/pools/{POOL}/receipts", json={"receipts": receipts})

    async def coverage(self, member_id: str) -> Any:
        """A member's coverage as another service asks for it."""
        return await self.done("service", "GET", f"/pools/{POOL}/members/{member_id}/coverage")

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Looks into the database as its superuser."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            return await conn.fetch(sql, *args)
        finally:
            await conn.close()

    async def counts(self) -> dict[str, int]:
        """Rows of every table that a refused write must leave as they were."""
        tables = (
            "household",
            "member",
            "person",
            "bill",
            "bill_line",
            "receipt",
            "coverage",
            "roster",
            "outbox",
            "remittance",
            "receipt_book",
            "receipt_leaf",
            "sponsorship",
            "subsidy_due",
            "idempotency",
        )
        return {table: (await self.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in tables}


@pytest.fixture(scope="session")
def county_template(postgres: TestPostgres, tokens: TestTokens) -> str:
    """The name of a database in which the county is set up, made once a session over the API."""
    database = postgres.clone("enrollment")

    async def set_up() -> None:
        async with running_app(database, tokens) as running:
            await Office(running.client, running.clock, database, tokens).county()

    blocking(set_up())
    return database.name


@pytest.fixture
async def county(postgres: TestPostgres, tokens: TestTokens, county_template: str) -> AsyncIterator[Office]:
    database = postgres.clone("enrollment", template=county_template)
    async with running_app(database, tokens) as running:
        yield Office(running.client, running.clock, database, tokens)
    postgres.drop(database.name)


def sheet(rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS, **more: Any) -> bytes:
    """A small roster; `merge` merges a range, `formula` puts one into (row, column)."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    page = book.add_worksheet("名册")
    page.write_row(0, 0, headings)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            write = page.write_number if isinstance(value, float) else page.write_string
            write(number, column, value)
    if "merge" in more:
        page.merge_range(more["merge"], "合并")
    if "formula" in more:
        page.write_formula(*more["formula"], '=A1&"1"', None, "522422198001010015")
    book.close()
    return buffer.getvalue()
