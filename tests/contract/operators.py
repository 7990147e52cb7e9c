"""Which operators the statements and row policies of a service really use, read from PostgreSQL's own parse trees.

A statement becomes the body of an SQL function that nobody calls (``BEGIN ATOMIC``): PostgreSQL parses and keeps it,
and the tree names each operator by its oid. Row policies are kept as trees anyway.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import asyncpg

ROOT = Path(__file__).resolve().parents[2]
_BEGINS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s")
_OPERATOR = re.compile(r":opno (\d+)")
_ROW_OPERATORS = re.compile(r":opnos \(o ([\d ]+)\)")
_FUNCTION = re.compile(r":funcid (\d+) :funcresulttype 16 ")
_OPERATORS = """
SELECT o.oprname || ' ' || l.typname || ' ' || r.typname AS name, p.proleakproof AS leakproof
FROM pg_operator AS o JOIN pg_proc AS p ON p.oid = o.oprcode
JOIN pg_type AS l ON l.oid = o.oprleft JOIN pg_type AS r ON r.oid = o.oprright
WHERE o.oid = ANY ($1::oid[]) AND o.oprresult = 'boolean'::regtype
"""
_FUNCTIONS = """
SELECT oid::regprocedure::text AS name, proleakproof AS leakproof FROM pg_proc
WHERE oid = ANY ($1::oid[]) AND NOT proretset
"""


def statements(service: str) -> Iterator[str]:
    """Every statement of a service and of what is shared: constants of its modules (formatted ones too) and literals
    in its functions."""
    seen: set[str] = set()
    for package in (f"services.{service}", "shared.db", "shared.http", "shared.messaging"):
        for name in _modules(package):
            module = importlib.import_module(name)
            constants = [value for value in vars(module).values() if isinstance(value, str)]
            for text in [*constants, *_literals(Path(str(module.__file__)))]:
                if _BEGINS.match(text) and text not in seen:
                    seen.add(text)
                    yield text


def _modules(package: str) -> Iterator[str]:
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, package + "."):
        if not any(part in module.name for part in (".migrations", ".worker", ".bus")):  # the bus is another database
            yield module.name


def _literals(path: Path) -> Iterator[str]:
    """Literals of functions; parts of formatted ones do not parse by themselves and are left to the constants."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            joined = {id(part) for one in ast.walk(node) if isinstance(one, ast.JoinedStr) for part in one.values}
            for one in ast.walk(node):
                if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in joined:
                    yield one.value


async def of_policies(conn: asyncpg.Connection) -> dict[str, bool]:
    """Boolean operators and functions of the row policies, with whether they are leakproof."""
    rows = await conn.fetch(
        "SELECT coalesce(polqual::text, '') || coalesce(polwithcheck::text, '') AS t FROM pg_policy"
    )
    return await _described(conn, [row["t"] for row in rows])


async def of_statements(conn: asyncpg.Connection, whole: Iterable[str]) -> tuple[dict[str, bool], list[str]]:
    """The same of statements, and those that are none by themselves: parts of others, and templates to be filled."""
    trees: list[str] = []
    parts: list[str] = []
    for statement in whole:
        try:
            trees.append(await _tree(conn, statement))
        except (asyncpg.PostgresSyntaxError, asyncpg.UndefinedTableError):  # the rest of it names the table
            parts.append(statement)
    return await _described(conn, trees), parts


async def _described(conn: asyncpg.Connection, trees: list[str]) -> dict[str, bool]:
    operators, functions = _found(_OPERATOR, trees), _found(_FUNCTION, trees)
    for listed in _found(_ROW_OPERATORS, trees):
        operators |= set(listed.split())
    rows: list[Any] = await conn.fetch(_OPERATORS, sorted(map(int, operators)))
    rows += await conn.fetch(_FUNCTIONS, sorted(map(int, functions)))
    return {row["name"]: row["leakproof"] for row in rows}


def _found(pattern: re.Pattern[str], trees: list[str]) -> set[str]:
    return {one for tree in trees for one in pattern.findall(tree)}


async def _tree(conn: asyncpg.Connection, statement: str) -> str:
    """The parse tree of a statement, with the types that its parameters take by themselves."""
    prepared = await conn.prepare(statement)
    types = ", ".join(f"{parameter.schema}.{_name(parameter)}" for parameter in prepared.get_parameters())
    async with conn.transaction():
        await conn.execute(
            f"CREATE FUNCTION pg_temp.read_it({types}) RETURNS void LANGUAGE sql BEGIN ATOMIC {statement.rstrip()}; END"
        )
        tree: str = await conn.fetchval(
            "SELECT prosqlbody::text FROM pg_proc WHERE proname = 'read_it' AND pronamespace = pg_my_temp_schema()"
        )
        await conn.execute("DROP FUNCTION pg_temp.read_it")
    return tree


def _name(parameter: Any) -> str:
    """A type's name as SQL takes it; the driver writes arrays as ``text[]``."""
    name: str = parameter.name
    return f'"{name.removesuffix("[]")}"[]' if name.endswith("[]") else f'"{name}"'
