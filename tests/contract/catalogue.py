"""Reads what a migrated database really enforces: row security, policies, grants, triggers, definer functions.

``python -m tests.contract.catalogue`` prints it for all services in the form of ``tests/contract/tables/*.yaml``; the
files are the declared list, reviewed by people, and the test holds the database to them.
"""

import asyncio
from typing import Any

import asyncpg
import yaml

_TABLES = """
SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition
FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
ORDER BY c.relname COLLATE "C"
"""
_POLICIES = """
SELECT p.polname AS name, p.polcmd::text AS command, p.polpermissive AS permissive,
       array(SELECT r.rolname FROM pg_roles AS r WHERE r.oid = ANY (p.polroles) ORDER BY 1)::text[] AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
FROM pg_policy AS p WHERE p.polrelid = $1 ORDER BY p.polname
"""
_GRANTS = """
SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END AS grantee,
       string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges
FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = $1 AND a.grantee <> c.relowner GROUP BY 1 ORDER BY 1
"""
_COLUMN_GRANTS = """
SELECT pg_get_userbyid(x.grantee) AS grantee, x.privilege_type AS privilege,
       string_agg(a.attname, ', ' ORDER BY a.attname) AS columns
FROM pg_attribute AS a, aclexplode(a.attacl) AS x WHERE a.attrelid = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""
_TRIGGERS = "SELECT tgname AS name FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal ORDER BY 1"
_DEFINERS = """
SELECT p.proname AS name, pg_get_userbyid(p.proowner) AS owner, array_to_string(p.proconfig, '; ') AS settings,
       array(SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END
             FROM aclexplode(p.proacl) AS a WHERE a.privilege_type = 'EXECUTE' AND a.grantee <> p.proowner
             ORDER BY 1)::text[] AS execute
FROM pg_proc AS p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace ORDER BY 1
"""


async def read_catalogue(url: str) -> dict[str, Any]:
    """The rules of every table (partitions apart) and of every definer function."""
    conn = await asyncpg.connect(url)
    try:
        tables, partitions = {}, {}
        for row in await conn.fetch(_TABLES):
            rules = await _rules(conn, row)
            (partitions if row["relispartition"] else tables)[row["relname"]] = rules
        definers = {
            row["name"]: {"owner": row["owner"], "settings": row["settings"], "execute": list(row["execute"])}
            for row in await conn.fetch(_DEFINERS)
        }
        return {"tables": tables, "partitions": partitions, "definers": definers}
    finally:
        await conn.close()


async def _rules(conn: asyncpg.Connection, row: asyncpg.Record) -> dict[str, Any]:
    policies = {
        p["name"]: {"roles": list(p["roles"]), "command": p["command"], "using": p["using"], "check": p["check"]}
        for p in await conn.fetch(_POLICIES, row["oid"])
    }
    rules: dict[str, Any] = {
        "row_security": "forced" if row["relrowsecurity"] and row["relforcerowsecurity"] else "off",
        "policies": policies,
        "grants": {g["grantee"]: g["privileges"] for g in await conn.fetch(_GRANTS, row["oid"])},
    }
    columns = [
        f"{g['grantee']}: {g['privilege']} ({g['columns']})" for g in await conn.fetch(_COLUMN_GRANTS, row["oid"])
    ]
    if columns:
        rules["column_grants"] = columns
    triggers = [t["name"] for t in await conn.fetch(_TRIGGERS, row["oid"])]
    if triggers:
        rules["triggers"] = triggers
    return rules


def declared_form(catalogue: dict[str, Any]) -> str:
    """The YAML of the declared list: partitions are left out, since they carry no grants (a test says so)."""
    return yaml.safe_dump(
        {"tables": catalogue["tables"], "definers": catalogue["definers"]},
        allow_unicode=True,
        sort_keys=True,
        width=160,
    )


def main() -> None:
    """Writes the files anew from migrated databases, for a person to review as a diff."""
    from pathlib import Path

    from tests.support.postgres import TestPostgres
    from tests.support.services import SERVICES

    server = TestPostgres()
    server.start()
    try:
        for service in SERVICES:
            found = asyncio.run(read_catalogue(server.clone(service).admin))
            path = Path(__file__).parent / "tables" / f"{service}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(declared_form(found))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
