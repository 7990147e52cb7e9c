"""Who sees which rows (contracts §1): transaction-local settings that the row policies read.

The scope function runs first in every transaction, and through SQLAlchemy: that opens the transaction. A statement sent
to the driver before it would run outside and lose the scope; ``shared.db.sql`` refuses that.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import counting

EVERY_INSTITUTION = ("*",)
NO_POOL = "-"

_SET_SCOPE = "SELECT heyi_set_scope($1, $2, $3)"
_SET_SCOPE_AND_PLANS = f"{_SET_SCOPE}, set_config('plan_cache_mode', 'force_generic_plan', true)"


@dataclass(frozen=True, slots=True)
class Scope:
    """The role, pools and institutions of a transaction; ``("*",)`` stands for every institution of the pools."""

    role: str
    pools: Sequence[str] = ()
    institutions: Sequence[str] = EVERY_INSTITUTION


async def set_scope(conn: AsyncConnection, scope: Scope, *, same_plans: bool = False) -> None:
    """Opens the transaction if none is open and sets its scope.

    ``same_plans``: a prepared statement keeps its plan whatever its arguments. For hot paths, whose statements serve a
    few keys each by an index: planning them anew costs more than running them.
    """
    counting.count("scope")
    sql = _SET_SCOPE_AND_PLANS if same_plans else _SET_SCOPE
    await conn.exec_driver_sql(sql, (scope.role, list(scope.pools), list(scope.institutions)))


@asynccontextmanager
async def transaction(
    engine: AsyncEngine, scope: Scope, *, read_only: bool = False, repeatable: bool = False
) -> AsyncIterator[AsyncConnection]:
    """A transaction with its scope set; commits when the block ends well, rolls back when it raises."""
    options: dict[str, Any] = {}
    if read_only:
        options["postgresql_readonly"] = True
    if repeatable:
        options["isolation_level"] = "REPEATABLE READ"
    async with engine.connect() as conn:
        if options:
            await conn.execution_options(**options)
        await set_scope(conn, scope)
        yield conn
        await conn.commit()
