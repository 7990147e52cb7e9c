"""One fault at a drawn statement: a statement error, a terminated backend, a lost acknowledgement of COMMIT.

The statements of ``shared.db.sql`` and the driver's COMMIT pass here; everything else of the services is untouched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from asyncpg.transaction import Transaction

import shared.db.sql

ERROR, TERMINATE, LOST = "error", "terminate", "lost"
KINDS = (ERROR, TERMINATE, LOST)
_SENT = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "copy_records_to_table"}


class Faults:
    """Counts statements, and strikes at one of them when armed."""

    def __init__(self, admin: asyncpg.Connection) -> None:
        self.admin = admin
        self.kind: str | None = None
        self.left = 0
        self.seen = 0
        self.struck = False

    def arm(self, kind: str, at: int) -> None:
        """The ``at``-th statement from here is struck; ``lost`` waits for the next COMMIT after it."""
        self.kind, self.left, self.seen, self.struck = kind, at, 0, False

    def disarm(self) -> bool:
        """Whether it struck."""
        self.kind = None
        return self.struck

    async def before(self, raw: Any, *, committing: bool = False) -> None:
        """Called before every statement. A COMMIT that fails ends its transaction: there the backend is terminated."""
        self.seen += 1
        self.left -= 1
        if self.kind in (None, LOST) or self.left != 0:
            return
        kind, self.kind, self.struck = self.kind, None, True
        if kind == ERROR and not committing:
            await raw.execute("SELECT 1/0")
        else:
            await self._end(raw)

    async def after_commit(self, raw: Any) -> None:
        """Called when a COMMIT was acknowledged: a lost one is never heard of by the caller."""
        if self.kind == LOST and self.left <= 0:
            self.kind, self.struck = None, True
            await self._end(raw)
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    async def _end(self, raw: Any) -> None:
        await self.admin.execute("SELECT pg_terminate_backend($1, 60000)", raw.get_server_pid())


class _Struck:
    """The driver's connection with the fault before each statement."""

    def __init__(self, raw: Any, faults: Faults) -> None:
        self._raw, self._faults = raw, faults

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._raw, name)
        if name not in _SENT:
            return real

        async def sent(*args: Any, **options: Any) -> Any:
            await self._faults.before(self._raw)
            return await real(*args, **options)

        return sent


@contextmanager
def watched(faults: Faults) -> Iterator[None]:
    """Every statement of the process passes ``faults`` while the block runs."""
    driver, commit = shared.db.sql.driver, Transaction.commit

    async def committed(transaction: Transaction) -> None:
        raw = transaction._connection
        await faults.before(raw, committing=True)
        await commit(transaction)
        await faults.after_commit(raw)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared.db.sql, "driver", lambda conn: _Struck(driver(conn), faults))
        patch.setattr(Transaction, "commit", committed)
        yield
