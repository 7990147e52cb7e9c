"""Which failures of a handler pass by themselves, and how one is told without quoting data."""

import asyncpg
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db.causes import causes
from shared.observe.logs import redact

MAX_CHARACTERS = 500
_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    ConnectionError,
    PoolTimeout,
)
_CONTENTION = (asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)


def connection_failed(error: BaseException) -> bool:
    """The database is out of reach: no event is to blame, everything waits.

    The driver's InterfaceError is that only where it speaks of a closed connection; otherwise it tells a mistake of the
    handler, which no waiting mends.
    """
    return any(
        isinstance(cause, _CONNECTION)
        or (isinstance(cause, DBAPIError) and cause.connection_invalidated)
        or (isinstance(cause, asyncpg.InterfaceError) and "connection is closed" in str(cause))
        for cause in causes(error)
    )


def is_contention(error: BaseException) -> bool:
    """A deadlock, lost race or lock timeout: the same work may pass when it is tried again."""
    return any(isinstance(cause, _CONTENTION) for cause in causes(error))


def describe(error: BaseException) -> str:
    """The failure for a parked event's row and the log: kind and message, never rows, inputs or details."""
    for cause in causes(error):
        if isinstance(cause, ValidationError):
            places = ", ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in cause.errors())
            return f"payload: {places}"[:MAX_CHARACTERS]
        if isinstance(cause, asyncpg.PostgresError):
            constraint = getattr(cause, "constraint_name", None)
            told = f"{type(cause).__name__} {cause.sqlstate}: {constraint or _first_line(cause)}"
            return _masked(told)
    return _masked(f"{type(error).__name__}: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def _masked(text: str) -> str:
    masked: str = redact(None, "", {"event": text})["event"]
    return masked[:MAX_CHARACTERS]
