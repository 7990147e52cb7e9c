"""Statements in asyncpg's own form (``$1``), on the connection of SQLAlchemy's pool.

The driver prepares and caches each statement. A connection that is not in a transaction is refused: its statement would
survive a rollback and would have lost the scope (contracts §14).
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import counting

_PARAMETER = re.compile(r"\$(\d+)")


class Statement(NamedTuple):
    """A statement with its arguments, to be run alone or together with others."""

    sql: str
    args: tuple[Any, ...]


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as the parallel arrays that ``unnest`` takes."""
    return [[row[i] for row in rows] for i in range(width)]


def rows_as_json(rows: Sequence[Any]) -> str:
    """Rows for ``json_to_recordset``: dictionaries or dataclasses of texts, integers, UUIDs, dates, times and JSON."""
    return orjson.dumps(rows, default=str).decode()  # the driver's UUIDs are a class of their own


class OutsideTransaction(RuntimeError):
    """The scope function has not run on this connection: set it first, through SQLAlchemy."""


def driver(conn: AsyncConnection) -> Any:
    """The asyncpg connection behind ``conn``; raises OutsideTransaction if no transaction is open on it."""
    sync = conn.sync_connection
    if sync is None:
        raise OutsideTransaction("the connection is not open")
    raw = sync.connection.driver_connection
    if raw is None or not raw.is_in_transaction():
        raise OutsideTransaction("set the scope first: the driver connection is not in a transaction")
    return raw


async def fetch(conn: AsyncConnection, sql: str, *args: Any) -> list[Any]:
    """All rows."""
    counting.count(sql)
    rows: list[Any] = await driver(conn).fetch(sql, *args)
    return rows


async def fetchrow(conn: AsyncConnection, sql: str, *args: Any) -> Any:
    """The first row or None."""
    counting.count(sql)
    return await driver(conn).fetchrow(sql, *args)


async def fetchval(conn: AsyncConnection, sql: str, *args: Any) -> Any:
    """The first column of the first row, or None."""
    counting.count(sql)
    return await driver(conn).fetchval(sql, *args)


async def execute(conn: AsyncConnection, sql: str, *args: Any) -> str:
    """Runs one statement; returns its command tag."""
    counting.count(sql)
    tag: str = await driver(conn).execute(sql, *args)
    return tag


async def execute_counted(conn: AsyncConnection, sql: str, *args: Any) -> int:
    """Runs one statement; returns the number of rows it touched."""
    return int((await execute(conn, sql, *args)).rsplit(" ", 1)[-1])


async def fetch_newest(
    conn: AsyncConnection, sql: str, by: tuple[str, str], after: Sequence[Any] | None, limit: int, *args: Any
) -> list[Any]:
    """Rows by (moment, id), newest first, after the last such pair shown; ``sql`` takes ``args`` and ends in its
    WHERE."""
    moment, key = by
    shown, its_id, most = (f"${len(args) + place}" for place in (1, 2, 3))
    paged = f"""{sql}
      AND ({shown}::timestamptz IS NULL OR ({moment}, {key}) < ({shown}, {its_id}::uuid))
    ORDER BY {moment} DESC, {key} DESC LIMIT {most}"""
    return await fetch(conn, paged, *args, *(after or (None, None)), limit)


async def change_row(
    conn: AsyncConnection, table: str, pool: str, row_id: UUID, changes: str, *values: Any, only: str = "true"
) -> bool:
    """Changes columns of a pool's row where the condition ``only`` holds of it; the values begin with ``$3``. False if
    nothing was changed."""
    sql = f"UPDATE {table} SET {changes} WHERE pool_code = $1 AND id = $2 AND {only}"
    return await execute_counted(conn, sql, pool, row_id, *values) == 1


async def execute_together(conn: AsyncConnection, statements: Sequence[Statement], last: str = "SELECT") -> None:
    """Runs statements that write in one round trip, then ``last``, which has no arguments.

    They see the database as it was before all of them and in no certain order: none may write a row that another reads
    or writes, nor free a unique key that another takes.
    """
    sql = _together(tuple(statement.sql for statement in statements), last)
    await execute(conn, sql, *(arg for statement in statements for arg in statement.args))


@lru_cache(256)
def _together(statements: tuple[str, ...], last: str) -> str:
    """One statement whose WITH clauses are the given ones, their parameters numbered on."""
    clauses: list[str] = []
    before = 0
    for sql in statements:
        highest = max(int(number) for number in _PARAMETER.findall(sql))
        clauses.append(_PARAMETER.sub(lambda found, before=before: f"${before + int(found[1])}", sql))  # type: ignore[misc]
        before += highest
    return "WITH " + ",\n".join(f"s{n} AS ({sql})" for n, sql in enumerate(clauses, 1)) + f"\n{last}"


async def executemany(conn: AsyncConnection, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Runs one statement for many rows in one round trip."""
    counting.count(sql)
    await driver(conn).executemany(sql, rows)


async def copy_in(
    conn: AsyncConnection, temp_table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]
) -> None:
    """COPY into a temporary table; PostgreSQL refuses COPY into a table with row-level security."""
    counting.count(f"COPY {temp_table}")
    await driver(conn).copy_records_to_table(temp_table, records=records, columns=list(columns), schema_name="pg_temp")
