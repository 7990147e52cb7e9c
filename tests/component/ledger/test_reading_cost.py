"""What a balance at a date and a hospital's month touch: rows and pages are counted, not seconds."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from services.settlement.ledger import store
from services.settlement.ledger.posting import Posting
from shared.db.scope import transaction
from shared.db.sql import fetchval
from tests.component.ledger.conftest import MACHINE, POOL, Ledger, voucher

FIRST, DAYS, A_DAY = date(2010, 3, 1), 1_200, 4
HOSPITALS = ("H52242200001", "H52242200002")
FLOWS = (("1009.01", "4001"), ("1009.01", "2101"), ("1009.01", "4003"), ("1002", "4002"), ("1002", "4004.01"),
         ("1002", "4004.02"), ("1002", "4004.03"), ("1002", "4004.04"), ("1003", "4005"), ("1003", "4006"))  # fmt: skip
"""A flow a voucher of a day, so that a day has many accounts: a table of a few pages would be read whole at once."""


@pytest.fixture
async def full(ledger: Ledger) -> Ledger:
    """Twelve hundred days with four vouchers each, for two hospitals in turn."""
    await ledger.post(
        *(
            voucher(
                f"{day}:{n}",
                Posting(*FLOWS[n], 2_000 + n, party=HOSPITALS[n % 2], ref=f"SK-{day}-{n}"),
                posting_date=FIRST + timedelta(days=day),
                value_date=FIRST + timedelta(days=day),
            )
            for day in range(DAYS)
            for n in range(A_DAY)
        )
    )
    admin = await asyncpg.connect(ledger.database.admin)
    try:
        await admin.execute("VACUUM ANALYZE")
    finally:
        await admin.close()
    return ledger


async def explained(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, ask: Any) -> dict[str, Any]:
    """The executed plan of the one statement that ``ask`` sends through the store."""
    plans: list[dict[str, Any]] = []

    async def explain(conn: Any, sql: str, *args: Any) -> Any:
        told = await fetchval(conn, f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *args)
        plans.append((json.loads(told) if isinstance(told, str) else told)[0]["Plan"])
        return []

    with monkeypatch.context() as patch:
        patch.setattr(store, "fetch", explain)
        patch.setattr(store, "fetchrow", explain)
        async with transaction(ledger.engine, MACHINE, read_only=True) as conn:
            await ask(conn)
    (plan,) = plans
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def read_from(plan: dict[str, Any], table: str) -> tuple[set[str], int]:
    """How a table was read, and how many of its rows, those that a filter dropped included."""
    found = [node for node in nodes(plan) if node.get("Relation Name") == table]
    rows = sum((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in found)
    return {node["Node Type"] for node in found}, round(rows)


@pytest.mark.parametrize("days", [5, 20])
async def test_a_balance_at_a_date_reads_a_row_a_day(full: Ledger, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """One row a day and account, by its index; not the postings."""
    at = FIRST + timedelta(days=days - 1)
    plan = await explained(full, monkeypatch, lambda conn: store.balance_of(conn, POOL, "basic", "1009.01", at))
    how, rows = read_from(plan, "account_day")
    assert (how <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}, rows) == (True, days), plan
    assert read_from(plan, "posting") == (set(), 0)
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 40


async def test_a_business_number_reads_its_voucher(full: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number's index leads to the voucher, whose postings alone are read."""

    def entries(conn: Any) -> Any:
        return store.entries(conn, POOL, "basic", numbers=(1, DAYS * A_DAY), after=(0, 0), limit=100, account=None,
                             party=None, ref="SK-7-3")  # fmt: skip

    plan = await explained(full, monkeypatch, entries)
    assert plan["Actual Rows"] == 1
    how, rows = read_from(plan, "posting")
    assert (how <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}, rows) == (True, 2), plan


async def test_a_hospitals_month_reads_the_postings_of_that_month(
    full: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The days give the voucher numbers of the month, and the postings are read by these numbers alone."""
    async with transaction(full.engine, MACHINE, read_only=True) as conn:
        numbers = await store.numbers_of(conn, POOL, "basic", date(2010, 5, 1), date(2010, 5, 31))
    first_of_may = (date(2010, 5, 1) - FIRST).days * A_DAY + 1
    assert numbers == (first_of_may, first_of_may + 31 * A_DAY - 1)

    def entries(conn: Any) -> Any:
        return store.entries(conn, POOL, "basic", numbers=numbers, after=(0, 0), limit=1_000, account=None,
                             party=HOSPITALS[0], ref=None)  # fmt: skip

    plan = await explained(full, monkeypatch, entries)
    assert plan["Actual Rows"] == 31 * A_DAY / 2
    how, rows = read_from(plan, "posting")
    assert how <= {"Index Scan", "Bitmap Heap Scan"}, plan
    assert rows <= 31 * A_DAY
    pages = await full.rows("SELECT pg_relation_size('posting') / 8192 AS pages")
    touched = [node for node in nodes(plan) if node.get("Relation Name") == "posting"]
    assert sum(node["Shared Hit Blocks"] + node["Shared Read Blocks"] for node in touched) < pages[0]["pages"] / 2
