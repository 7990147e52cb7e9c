"""Alembic for each service by itself: ``python -m shared.db.migrate claims upgrade`` (or ``check``, ``history``).

The connection is the owner's, from HEYI_<SERVICE>_OWNER_DATABASE_URL; roles and databases are made by deploy before.
"""

import asyncio
import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

_ROOT = Path(__file__).resolve().parents[2]
_PARTITION = re.compile(r"_p\d{6}$")
_LOCK = "SELECT pg_advisory_lock(hashtextextended('heyi.migrations', 0))"


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "services" / service / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


async def run(service: str, owner_url: str, action: str = "upgrade") -> None:
    """Upgrades to head, or checks that the declared tables and the migrated database agree (raises otherwise)."""
    engine = create_async_engine(make_url(owner_url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.connect() as conn:
            await conn.run_sync(_run, service, action)
            await conn.commit()
    finally:
        await engine.dispose()


def _run(connection: Connection, service: str, action: str) -> None:
    config = _config(service)
    config.attributes.update(connection=connection, service=service)
    if action == "upgrade":
        event.listen(connection, "before_cursor_execute", _as_script, retval=True)
        connection.exec_driver_sql(_LOCK)
        command.upgrade(config, "head")
    elif action == "check":
        command.check(config)
    else:
        raise SystemExit(f"unknown action {action}: upgrade or check")


def _as_script(
    connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """Sends SQL of several statements in the driver's simple form: a prepared statement holds only one."""
    if parameters or ";" not in statement.strip().rstrip(";"):
        return statement, parameters
    connection.exec_driver_sql("SELECT 1")  # opens SQLAlchemy's transaction, so that the script is inside it
    driver: Any = connection.connection.driver_connection
    await_only(driver.execute(statement))
    return "SELECT 1", parameters


def _is_declared(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Partitions are made by a job and belong to their declared parent."""
    return not (kind in ("table", "index") and name and _PARTITION.search(name))


def run_environment() -> None:
    """The body of each service's ``migrations/env.py``."""
    attributes = context.config.attributes
    module = importlib.import_module(f"services.{attributes['service']}.metadata")
    metadata: MetaData = module.metadata
    context.configure(
        connection=attributes["connection"],
        target_metadata=metadata,
        include_object=_is_declared,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def main(arguments: list[str]) -> None:
    """Command line: SERVICE upgrade|check."""
    if len(arguments) != 2:
        raise SystemExit("usage: python -m shared.db.migrate SERVICE upgrade|check")
    service, action = arguments
    variable = f"HEYI_{service.upper()}_OWNER_DATABASE_URL"
    if variable not in os.environ:
        raise SystemExit(f"{variable} is not set: it names the owner's connection")
    asyncio.run(run(service, os.environ[variable], action))


if __name__ == "__main__":
    main(sys.argv[1:])
