"""The embedded cluster: what it makes, who may enter, what survives."""

import signal
from os import getpid, kill

import asyncpg
import pytest

from deploy.postgres.cluster import Cluster
from deploy.postgres.roles import KINDS, SERVICES, blocking, role_name, role_statements
from tests.support.postgres import TestPostgres
from tests.unit.deploy.standin import eventually


async def _value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_roles_have_what_they_need_and_no_more(postgres: TestPostgres) -> None:
    database = postgres.empty("claims")
    attributes = "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    bypasses = "SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user"
    for kind in KINDS:
        url = getattr(database, kind)
        assert blocking(_value(url, attributes)) is False
        assert blocking(_value(url, bypasses)) is (kind == "backup")
    postgres.drop(database.name)


def test_other_services_cannot_connect(postgres: TestPostgres) -> None:
    database = postgres.empty("claims")
    foreign = postgres.cluster.url(database.name, role_name("settlement", "app"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        blocking(_value(foreign, "SELECT 1"))
    postgres.drop(database.name)


def test_app_may_not_create_and_backup_only_reads(postgres: TestPostgres) -> None:
    database = postgres.empty("enrollment")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        blocking(_value(database.app, "CREATE TABLE t (a int)"))
    blocking(_value(database.owner, "CREATE TABLE t (a int)"))
    assert blocking(_value(database.backup, "SELECT count(*) FROM t")) == 0
    with pytest.raises((asyncpg.ReadOnlySQLTransactionError, asyncpg.InsufficientPrivilegeError)):
        blocking(_value(database.backup, "INSERT INTO t VALUES (1) RETURNING a"))
    postgres.drop(database.name)


def test_collation_is_bytewise_and_timeouts_are_set(postgres: TestPostgres) -> None:
    database = postgres.empty("performance")
    assert (
        blocking(_value(database.app, "SELECT datcollate FROM pg_database WHERE datname = current_database()")) == "C"
    )
    assert blocking(_value(database.app, "SHOW server_encoding")) == "UTF8"
    assert blocking(_value(database.app, "SHOW lock_timeout")) == "8s"
    assert blocking(_value(database.owner, "SHOW statement_timeout")) == "0"
    postgres.drop(database.name)


def test_making_roles_twice_changes_nothing() -> None:
    for service in SERVICES:
        statements = role_statements(service, lambda role: "it's")
        assert any("PASSWORD 'it''s'" in statement for statement in statements)
        assert all("CREATE ROLE" not in s or "duplicate_object" in s for s in statements)


def test_committed_rows_survive_a_kill_of_the_server() -> None:
    cluster = Cluster(f"test-{getpid()}-kill")
    cluster.start()
    try:
        port = cluster.port
        blocking(_value(cluster.url(), "CREATE TABLE t AS SELECT 42 AS a"))
        pid = cluster.pid()
        assert pid is not None
        kill(pid, signal.SIGKILL)
        assert eventually(lambda: not cluster.alive())
        cluster.start()
        assert cluster.port == port
        assert blocking(_value(cluster.url(), "SELECT a FROM t")) == 42
    finally:
        cluster.remove()
    assert not cluster.directory.exists()


def test_sixteen_starts_too() -> None:
    cluster = Cluster(f"test-{getpid()}-16", version=16, volatile=True)
    cluster.start()
    try:
        assert str(blocking(_value(cluster.url(), "SHOW server_version"))).startswith("16.")
    finally:
        cluster.remove()
