"""A migrated settlement database with open books, and short ways to post to it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.settlement.ledger.posting import Posting, Voucher, by_rule, open_books, post
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.db.sql import fetch
from tests.support.postgres import ServiceDatabase, TestPostgres

POOL, OTHER_POOL = "522422", "410182"
DAY = date(2010, 3, 1)
MACHINE = Scope("service", (POOL,))


def voucher(source: str, *postings: Posting, **more: Any) -> Voucher:
    """A voucher of 1 March 2010 under a rule; 20 yuan of premium where no posting is given."""
    preparer, checker, poster = by_rule("test")
    fields: dict[str, Any] = {
        "book": "basic",
        "source_event": source,
        "posting_date": DAY,
        "value_date": DAY,
        "text": "测试凭证",
        "preparer": preparer,
        "checker": checker,
        "poster": poster,
        "postings": postings or (Posting("1009.01", "4001", 2_000, memo="个人缴费", party="52242201", ref="SK-1"),),
    }
    return Voucher(**(fields | more))


@dataclass
class Ledger:
    """The application role's engine and the database behind it."""

    engine: AsyncEngine
    database: ServiceDatabase

    async def post(self, *vouchers: Voucher, scope: Scope = MACHINE) -> list[int]:
        """Posts in a transaction of its own."""
        async with transaction(self.engine, scope) as conn:
            return await post(conn, POOL, vouchers)

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Reads as the application."""
        async with transaction(self.engine, MACHINE, read_only=True) as conn:
            return await fetch(conn, sql, *args)

    async def replay(self, book: str = "basic") -> list[tuple[str, str]]:
        """Kinds and subjects of what differs."""
        return [(r["kind"], r["subject"]) for r in await self.rows("SELECT * FROM ledger_replay($1, $2)", POOL, book)]

    async def balances(self, book: str = "basic") -> dict[str, tuple[int, int]]:
        """Posted and pending fen of the accounts that have any."""
        rows = await self.rows("SELECT * FROM balance WHERE pool_code = $1 AND book = $2", POOL, book)
        return {r["account"]: (r["posted_fen"], r["pending_fen"]) for r in rows if r["posted_fen"] or r["pending_fen"]}


FUNDED: Sequence[Posting] = (
    Posting("1002", "4004.01", 100_000),
    Posting("1009.03", "1002", 50_000),
)


@asynccontextmanager
async def open_ledger(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """Open books without a voucher, in a database of their own."""
    database = postgres.clone("settlement")
    engine = create_engine(database.app, pool_size=4)
    async with transaction(engine, MACHINE) as conn:
        await open_books(conn, POOL)
    try:
        yield Ledger(engine, database)
    finally:
        await engine.dispose()
        postgres.drop(database.name)


async def fund(ledger: Ledger) -> Ledger:
    """500 yuan on the expenditure account, 500 on the fiscal account; vouchers 1 and 2."""
    await ledger.post(voucher("subsidy", *FUNDED), voucher("advance", Posting("1001.02", "1009.03", 50_000)))
    return ledger


@pytest.fixture
async def ledger(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """Open books without a voucher."""
    async with open_ledger(postgres) as opened:
        yield opened


@pytest.fixture
async def funded(ledger: Ledger) -> Ledger:
    """Funded books, of this test alone."""
    return await fund(ledger)


@pytest.fixture(scope="module")
async def standing(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """Funded books that a module's tests share, because none of them can move anything."""
    async with open_ledger(postgres) as opened:
        yield await fund(opened)
