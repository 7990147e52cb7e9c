"""One engine a process and role; limits are set on the connection, so that nothing can wait for ever."""

import orjson
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def create_engine(
    url: str,
    *,
    pool_size: int = 10,
    statement_timeout_seconds: float = 10,
    lock_timeout_seconds: float = 8,
    application_name: str = "heyi",
) -> AsyncEngine:
    """An asyncpg engine for ``postgresql://…``. A waiting checkout gives up after the statement timeout."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        json_deserializer=orjson.loads,
        pool_timeout=statement_timeout_seconds,
        connect_args={
            "timeout": 10,
            "server_settings": {
                "application_name": application_name,
                "statement_timeout": f"{int(statement_timeout_seconds * 1000)}ms",
                "lock_timeout": f"{int(lock_timeout_seconds * 1000)}ms",
                "idle_in_transaction_session_timeout": "60s",
                "jit": "off",
                "timezone": "UTC",
            },
        },
    )
