"""Roles and databases of every service. Made here, by the launcher or by a deployment job, never by a migration.

A service has five roles (contracts §1): ``owner`` (migrations and definer functions), ``app`` (the API process),
``worker`` (events and jobs), ``reader`` (exports), ``backup`` (read-only, sees all rows). The log of the local bus has
``owner`` and ``app``. Lock and statement timeouts belong to the roles, so that a database cloned from a template has
them too (contracts §14).

On a managed server: ``python -m deploy.postgres.roles --server postgresql://admin@host/postgres --secrets FILE`` where
FILE is a JSON object of role to password.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from deploy.home import DeployError

SERVICES = ("enrollment", "claims", "settlement", "performance")
BUS = "bus"
KINDS = ("owner", "app", "worker", "reader", "backup")
BUS_KINDS = ("owner", "app")
# milliseconds: statement, lock, idle inside a transaction; 0 is none
TIMEOUTS = {
    "owner": (0, 10_000, 0),
    "app": (15_000, 8_000, 30_000),
    "worker": (120_000, 20_000, 120_000),
    "reader": (600_000, 5_000, 600_000),
    "backup": (0, 60_000, 0),
}
T = TypeVar("T")


def role_name(service: str, kind: str) -> str:
    """``heyi_claims_app`` for ("claims", "app")."""
    return f"heyi_{service}_{kind}"


def database_name(service: str) -> str:
    """``heyi_claims`` for "claims"; ``heyi_bus`` for the log of the local bus."""
    return f"heyi_{service}"


def kinds_of(service: str) -> tuple[str, ...]:
    """Which roles a service (or the bus) has."""
    return BUS_KINDS if service == BUS else KINDS


def role_statements(service: str, password: Callable[[str], str]) -> list[str]:
    """SQL that makes or updates the roles of one service; `password` gives the password of a role's name."""
    statements = []
    for kind in kinds_of(service):
        name = role_name(service, kind)
        attributes = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION " + (
            "BYPASSRLS" if kind == "backup" else "NOBYPASSRLS"
        )
        statements.append(
            f"DO $$ BEGIN CREATE ROLE {name} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL;"
            " WHEN unique_violation THEN NULL; END $$"
        )
        statements.append(f"ALTER ROLE {name} LOGIN {attributes} PASSWORD {_literal(password(name))}")
        statement, lock, idle = TIMEOUTS[kind]
        statements.append(f"ALTER ROLE {name} SET statement_timeout = {statement}")
        statements.append(f"ALTER ROLE {name} SET lock_timeout = {lock}")
        statements.append(f"ALTER ROLE {name} SET idle_in_transaction_session_timeout = {idle}")
        statements.append(f"ALTER ROLE {name} SET search_path = public, pg_temp")
        if kind == "backup":
            statements.append(f"ALTER ROLE {name} SET default_transaction_read_only = on")
    return statements


def database_statements(service: str, database: str) -> list[str]:
    """SQL, run inside a new database, that closes it to everybody but the service's own roles."""
    owner = role_name(service, "owner")
    others = [role_name(service, kind) for kind in kinds_of(service) if kind != "owner"]
    statements = [
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {owner}, {', '.join(others)}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"ALTER SCHEMA public OWNER TO {owner}",
        f"GRANT USAGE ON SCHEMA public TO {', '.join(others)}",
    ]
    if service != BUS:
        backup = role_name(service, "backup")
        statements.append(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {backup}"
        )
        statements.append(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON SEQUENCES TO {backup}"
        )
    return statements


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def ensure_roles(server_url: str, password: Callable[[str], str]) -> None:
    """Make or update all roles; safe to repeat. `server_url` belongs to a superuser (or a role that may make roles)."""
    connection = await asyncpg.connect(server_url)
    try:
        for service in (*SERVICES, BUS):
            for statement in role_statements(service, password):
                await connection.execute(statement)
    finally:
        await connection.close()


async def ensure_database(server_url: str, service: str, database: str) -> bool:
    """Make `database` for `service` where it is missing; True when it was made now."""
    connection = await asyncpg.connect(server_url)
    try:
        known = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database)
        if known:
            return False
        await connection.execute(f"CREATE DATABASE {database} OWNER {role_name(service, 'owner')} TEMPLATE template0")
    finally:
        await connection.close()
    inside = await asyncpg.connect(with_database(server_url, database))
    try:
        for statement in database_statements(service, database):
            await inside.execute(statement)
    finally:
        await inside.close()
    return True


async def ensure_all(
    server_url: str, password: Callable[[str], str], services: Iterable[str] = (*SERVICES, BUS)
) -> None:
    """Roles and databases of the whole deployment; safe to repeat."""
    await ensure_roles(server_url, password)
    for service in services:
        await ensure_database(server_url, service, database_name(service))


def with_database(url: str, database: str) -> str:
    """The same server and role, another database."""
    head, _, query = url.partition("?")
    return head.rsplit("/", 1)[0] + f"/{database}" + (f"?{query}" if query else "")


def blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` to its end from code that is not asynchronous, also where this thread already has a loop."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(coroutine))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def main(server: str, secrets: Path) -> None:
    """Entry of the deployment job: make roles and databases on `server` with the passwords in `secrets`."""
    known: dict[str, str] = json.loads(secrets.read_text())

    def password(role: str) -> str:
        if role not in known:
            raise DeployError(f"{secrets} 里没有角色 {role} 的密码。 {secrets} has no password for the role {role}.")
        return known[role]

    blocking(ensure_all(server, password))


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="postgresql:// URL of a role that may create roles")
    parser.add_argument("--secrets", required=True, type=Path, help="JSON file: role name to password")
    arguments = parser.parse_args()
    main(arguments.server, arguments.secrets)
