"""Which errors of the database pass by themselves, and which mean that an outcome is not known."""

import socket
from functools import partial

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db.causes import causes
from shared.http.problems import BUSY
from shared.kernel.errors import Problem

_RETRY_SECONDS = 2
_PASSING = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
)
_causes = partial(causes, context=True)


def waited_too_long(error: BaseException) -> bool:
    """Whether a lock or statement timeout ended it."""
    return any(isinstance(e, asyncpg.LockNotAvailableError | asyncpg.QueryCanceledError) for e in _causes(error))


def deadlocked(error: BaseException) -> bool:
    """Whether PostgreSQL ended the transaction so that another, which waited for it in a circle, could go on."""
    return any(isinstance(e, asyncpg.DeadlockDetectedError) for e in _causes(error))


def connection_lost(error: BaseException) -> bool:
    """Whether the connection went away, so that the outcome of a COMMIT under way is not known."""
    return any(
        isinstance(e, _LOST)
        or (isinstance(e, DBAPIError) and e.connection_invalidated)
        or (isinstance(e, asyncpg.InterfaceError) and "connection" in str(e))  # its other kinds are our own mistakes
        for e in _causes(error)
    )


def passing(error: BaseException) -> Problem | None:
    """BUSY with Retry-After for what passes by itself; None for anything else."""
    away = (*_PASSING, PoolTimeout, TimeoutError, socket.gaierror)
    if connection_lost(error) or any(isinstance(e, away) for e in _causes(error)):
        return BUSY(retry_after_seconds=_RETRY_SECONDS)
    return None
