"""Tenancy as the database enforces it (contracts §1): every table has its declared rules, and no other table exists."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from tests.contract.catalogue import read_catalogue
from tests.contract.operators import of_policies, of_statements, statements
from tests.support.postgres import TestPostgres
from tests.support.services import SERVICES

DECLARED = Path(__file__).parent / "tables"
TENANCY = Path(__file__).resolve().parents[2] / "docs" / "tenancy.md"
BOOKKEEPING = {"alembic_version"}
DELETABLE = {"idempotency", "open_line"}
"""Tables from which a process may delete: keys of refused requests, within their own transaction, and the list of
statement lines still to be matched (the lines themselves stay)."""
_WITHOUT_POOL = """
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT c.relispartition
AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'pool_code')
"""


@pytest.fixture(scope="module")
def catalogues(postgres: TestPostgres) -> dict[str, dict[str, Any]]:
    """What each migrated database really enforces."""
    return {service: asyncio.run(read_catalogue(postgres.clone(service).admin)) for service in SERVICES}


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_has_exactly_its_declared_rules(service: str, catalogues: dict[str, Any]) -> None:
    declared = yaml.safe_load((DECLARED / f"{service}.yaml").read_text())
    found = catalogues[service]
    assert set(found["tables"]) == set(declared["tables"]), "a table without a declared rule, or a rule without a table"
    for table, rules in found["tables"].items():
        assert rules == declared["tables"][table], table
    assert found["definers"] == declared["definers"]


@pytest.mark.parametrize("service", SERVICES)
def test_row_security_is_forced_and_denies_by_default(service: str, catalogues: dict[str, Any]) -> None:
    app = f"heyi_{service}_app"
    for table, rules in catalogues[service]["tables"].items():
        if table in BOOKKEEPING:
            assert not any("app" in g or g == "PUBLIC" for g in rules["grants"]), table
            continue
        assert rules["row_security"] == "forced", table
        for name, policy in rules["policies"].items():
            if app in policy["roles"]:
                for expression in (policy["using"], policy["check"]):
                    assert expression is None or "current_setting" in expression, f"{table}.{name} is open to the app"
            assert policy["roles"], f"{table}.{name} applies to everybody"


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_deletes_or_owns_through_the_application(service: str, catalogues: dict[str, Any]) -> None:
    for table, rules in catalogues[service]["tables"].items():
        assert "PUBLIC" not in rules["grants"], table
        for kind in ("app", "worker", "reader"):
            granted = set(rules["grants"].get(f"heyi_{service}_{kind}", "SELECT").split(", "))
            allowed = {"SELECT", "INSERT"} | ({"DELETE"} if table in DELETABLE else set())
            assert granted <= allowed, f"{table}: {kind} may {granted - allowed}; updates are granted by column"


@pytest.mark.parametrize("service", SERVICES)
def test_partitions_are_reached_through_their_parent_only(service: str, catalogues: dict[str, Any]) -> None:
    for partition, rules in catalogues[service]["partitions"].items():
        assert rules["grants"] in ({}, {f"heyi_{service}_backup": "SELECT"}), partition  # pg_dump reads leaves


@pytest.mark.parametrize("service", SERVICES)
def test_definer_functions_pin_their_path_and_are_not_public(service: str, catalogues: dict[str, Any]) -> None:
    for name, function in catalogues[service]["definers"].items():
        assert "search_path" in (function["settings"] or ""), name
        assert "PUBLIC" not in function["execute"], name
        assert function["execute"], f"{name} has no declared caller"


@pytest.mark.parametrize("service", SERVICES)
def test_tables_without_pool_are_explained(service: str, postgres: TestPostgres, catalogues: dict[str, Any]) -> None:
    async def without_pool() -> set[str]:
        conn = await asyncpg.connect(postgres.clone(service).admin)
        rows = await conn.fetch(_WITHOUT_POOL)
        await conn.close()
        return {row["relname"] for row in rows}

    explained = TENANCY.read_text()
    for table in asyncio.run(without_pool()) - BOOKKEEPING:
        assert f"`{service}.{table}`" in explained, f"docs/tenancy.md does not say why {table} has no pool"


LEAKS_WITHOUT_ROWS = {
    "pg_try_advisory_lock(bigint)": "a lock on a name, no filter on rows",
    "pg_try_advisory_xact_lock(bigint)": "a lock on a name, no filter on rows",
    "starts_with(text,text)": "region of a catalogue, whose table every scope sees whole",
}
"""Functions in conditions that are not leakproof and cost no index, and why."""


@pytest.mark.parametrize("service", SERVICES)
def test_filters_on_rows_use_leakproof_operators(service: str, postgres: TestPostgres) -> None:
    """PostgreSQL uses an index under row security only for operators whose function is leakproof: read here from the
    parse trees of the policies and of every statement of the service."""

    async def read() -> tuple[dict[str, bool], dict[str, bool], list[str]]:
        conn = await asyncpg.connect(postgres.clone(service).admin)
        try:
            return await of_policies(conn), *await of_statements(conn, statements(service))
        finally:
            await conn.close()

    policies, filters, parts = asyncio.run(read())
    assert "= text text" in policies, "pool_code = ANY (…)"
    assert {"= text text", "= uuid uuid", "<= date date"} <= set(filters)
    assert [name for name, leakproof in policies.items() if not leakproof] == []
    leaking = {name for name, leakproof in filters.items() if not leakproof}
    assert leaking <= set(LEAKS_WITHOUT_ROWS), f"not leakproof: {leaking - set(LEAKS_WITHOUT_ROWS)}"
    print(f"{service}: {len(filters)} operators, {sum(1 for _ in statements(service))} statements, {len(parts)} parts")
    assert len(parts) * 10 < sum(1 for _ in statements(service)), parts


def test_an_operator_that_leaks_is_seen(postgres: TestPostgres) -> None:
    async def read() -> dict[str, bool]:
        conn = await asyncpg.connect(postgres.clone("performance").admin)
        try:
            planted = [
                "SELECT 1 FROM pool_day WHERE pool_code LIKE $1",
                "UPDATE pool_day SET first_open_day = $1 WHERE ARRAY[pool_code] && $2",
                "DELETE FROM audit WHERE (number, detail->>'a') < ($1::bigint, $2) AND detail ? 'b'",
            ]
            return (await of_statements(conn, planted))[0]
        finally:
            await conn.close()

    found = asyncio.run(read())
    leaking = {name for name, leakproof in found.items() if not leakproof}
    assert leaking == {"~~ text text", "&& anyarray anyarray", "? jsonb text"}
    assert found["< int8 int8"], "row comparisons are taken apart"
