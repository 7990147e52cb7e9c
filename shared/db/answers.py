"""How long the body of an answer is kept with its idempotency key (contracts §4)."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute_counted

ANSWERS_KEPT = timedelta(days=90)
_FORGET = "UPDATE idempotency SET answer = NULL WHERE created_at < $1 AND answer IS NOT NULL"


async def forget_answers_before(conn: AsyncConnection, moment: datetime) -> int:
    """Drops the bodies kept since before ``moment``, of all pools (worker role); returns how many."""
    return await execute_counted(conn, _FORGET, moment)
