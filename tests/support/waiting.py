"""Waiting for what a test has set going: until it is so, never for a while that is hoped to be enough."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

PATIENCE_SECONDS = 120.0
"""What nothing here takes, however busy the machine: whoever waits longer waits in vain."""

_GATE = "(20100301, 1)"  # keys of two numbers are apart from the services' own, which are one number
_WAITING = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = 20100301 AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_SHUT = """
CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_advisory_xact_lock_shared{key}; RETURN NEW; END $$;
CREATE TRIGGER gate BEFORE INSERT ON {table} FOR EACH ROW {when} EXECUTE FUNCTION gate();
"""


async def until(
    look: Callable[[], Awaitable[Any] | Any],
    *,
    seconds: float = PATIENCE_SECONDS,
    doing: "asyncio.Task[Any] | asyncio.Future[Any] | None" = None,
) -> None:
    """Returns as soon as ``look`` finds it so. Raises TimeoutError, and AssertionError where ``doing`` ends before."""
    async with asyncio.timeout(seconds):
        while True:
            found = look()
            if await found if inspect.isawaitable(found) else found:
                return
            assert doing is None or not doing.done(), "it ended and was to wait"
            await asyncio.sleep(0.01)


@dataclass
class Gate:
    """Holds up rows on their way into a table until it is opened."""

    _conn: Any

    async def waiting(self) -> int:
        """How many transactions stand before it."""
        return int(await self._conn.fetchval(_WAITING))

    async def open(self) -> None:
        """Lets all through from now on."""
        await self._conn.execute(f"SELECT pg_advisory_unlock{_GATE}")


@asynccontextmanager
async def gate(admin: str, table: str, when: str = "") -> AsyncIterator[Gate]:
    """A shut gate before ``table`` of the superuser's database ``admin``; ``when``: a trigger's WHEN clause."""
    conn = await asyncpg.connect(admin)
    try:
        await conn.execute(f"SELECT pg_advisory_lock{_GATE}")
        await conn.execute(_SHUT.format(key=_GATE, table=table, when=when))
        yield Gate(conn)
    finally:
        await conn.close()  # which opens it
