"""What the processes of messaging share that hold a connection of their own."""

from datetime import UTC, datetime
from typing import Any

import asyncpg


async def close(conn: Any) -> None:
    """Ends the connection politely, or at once if the server does not answer."""
    try:
        await conn.close(timeout=2)
    except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        conn.terminate()


def real_now() -> datetime:
    """Leases and delays are durations and use real time, never the business clock (contracts §5)."""
    return datetime.now(UTC)
