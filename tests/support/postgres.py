"""PostgreSQL for tests: one volatile cluster a session, one template a service built by its migrations, cheap clones.

Nothing is rolled back between tests, since commits are what is tested: a test that writes takes a clone of its own.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from deploy.home import home, make_directory
from deploy.postgres.cluster import Cluster
from deploy.postgres.roles import (
    BUS,
    blocking,
    database_statements,
    ensure_database,
    ensure_roles,
    role_name,
    with_database,
)
from deploy.topics import prepare_local_bus
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "test-"
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 4 << 30
"""Bytes that must be free in memory: a clone of a template is some ten megabytes, a run has a few at once."""


@dataclass(frozen=True)
class ServiceDatabase:
    """URLs of one clone, by role. `admin` is the superuser: for arranging and looking, never for what is tested."""

    service: str
    name: str
    owner: str
    app: str
    worker: str
    reader: str
    backup: str
    admin: str

    def environment(self) -> dict[str, str]:
        """The HEYI_<SERVICE>_… variables that a process of this service reads."""
        prefix = f"HEYI_{self.service.upper()}_"
        return {
            prefix + "DATABASE_URL": self.app,
            prefix + "WORKER_DATABASE_URL": self.worker,
            prefix + "READER_DATABASE_URL": self.reader,
            prefix + "OWNER_DATABASE_URL": self.owner,
        }


@dataclass(frozen=True)
class BusDatabase:
    """URLs of one log of the local bus."""

    name: str
    owner: str
    app: str
    admin: str


@dataclass
class TestPostgres:
    """The session's cluster. `clone(service)` gives a fresh migrated database, `clone_bus()` an empty bus.

    `durable`: on disk and with PostgreSQL's own settings, for what is measured.
    """

    __test__ = False
    version: int = 18
    durable: bool = False
    cluster: Cluster = field(init=False)
    _templates: set[str] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start the cluster, removing those that killed test runs left behind."""
        sweep()
        self.cluster = Cluster(
            f"{PREFIX}{os.getpid()}-{self.version}",
            version=self.version,
            volatile=not self.durable,
            max_connections=300,
            place=places()[-1 if self.durable else 0],
        )
        self.cluster.start()
        blocking(ensure_roles(self.cluster.url(), self.cluster.password))

    def stop(self) -> None:
        """Stop and delete the cluster."""
        self.cluster.remove()

    def clone(self, service: str, template: str | None = None) -> ServiceDatabase:
        """A new database of `service` at its newest migration, or a copy of the database named as `template`."""
        template = template or self._template(service)
        name = f"t_{service}_{next(self._numbers)}"
        blocking(self._clone(service, template, name))
        urls = {
            kind: self.cluster.url(name, role_name(service, kind))
            for kind in ("owner", "app", "worker", "reader", "backup")
        }
        return ServiceDatabase(service=service, name=name, admin=self.cluster.url(name), **urls)

    def clone_bus(self) -> BusDatabase:
        """A new log of the local bus with all topics and no event."""
        template = self._template(BUS)
        name = f"t_{BUS}_{next(self._numbers)}"
        blocking(self._clone(BUS, template, name))
        return BusDatabase(
            name=name,
            owner=self.cluster.url(name, role_name(BUS, "owner")),
            app=self.cluster.url(name, role_name(BUS, "app")),
            admin=self.cluster.url(name),
        )

    def empty(self, service: str) -> ServiceDatabase:
        """A new database of `service` before any migration."""
        name = f"t_{service}_{next(self._numbers)}"
        blocking(ensure_database(self.cluster.url(), service, name))
        urls = {
            kind: self.cluster.url(name, role_name(service, kind))
            for kind in ("owner", "app", "worker", "reader", "backup")
        }
        return ServiceDatabase(service=service, name=name, admin=self.cluster.url(name), **urls)

    def drop(self, name: str) -> None:
        """Drop a clone, ending whoever is still connected."""
        blocking(self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    def _template(self, service: str) -> str:
        """The migrated template of `service`, built at its first use in this session."""
        name = f"template_{service}"
        with self._lock:
            if service not in self._templates:
                blocking(self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                blocking(ensure_database(self.cluster.url(), service, name))
                owner = self.cluster.url(name, role_name(service, "owner"))
                if service == BUS:
                    blocking(prepare_local_bus(owner))
                else:
                    migrate(service, owner)
                self._templates.add(service)
        return name

    async def _clone(self, service: str, template: str, name: str) -> None:
        """CREATE DATABASE … TEMPLATE does not copy the rights on the database itself: they are granted again."""
        await self._admin(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {role_name(service, 'owner')}")
        inside = await asyncpg.connect(with_database(self.cluster.url(), name))
        try:
            for statement in database_statements(service, name):
                await inside.execute(statement)
        finally:
            await inside.close()

    async def _admin(self, statement: str) -> None:
        """On a busy machine a session of a database that is copied or dropped may end only after its client has."""
        connection = await asyncpg.connect(self.cluster.url())

        async def done() -> bool:
            try:
                await connection.execute(statement)
            except asyncpg.ObjectInUseError:
                return False
            return True

        try:
            await until(done)
        finally:
            await connection.close()


def migrate(
    service: str, owner_url: str, run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run
) -> None:
    """Run the migrations of `service` in a process of their own (one MetaData a process). Raises RuntimeError."""
    environment = os.environ | {f"HEYI_{service.upper()}_OWNER_DATABASE_URL": owner_url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "shared.db.migrate", service, "upgrade"]
    done = run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"migrations of {service} failed:\n{done.stdout}\n{done.stderr}")


def places() -> list[Path]:
    """Where clusters of tests may stand, the best first: in memory where there is plenty, since a file system on disk
    takes several times longer over the hundreds of files of a clone, and longer with every clone."""
    on_disk = make_directory(home() / "clusters")
    try:
        room = shutil.disk_usage(MEMORY).free
    except OSError:
        return [on_disk]
    if room < MEMORY_NEEDED or not os.access(MEMORY, os.W_OK):
        return [on_disk]
    return [make_directory(MEMORY / f"heyi-tests-{os.geteuid()}"), on_disk]


def sweep() -> None:
    """Remove clusters of test runs whose process is gone."""
    for place in places():
        for directory in place.glob(f"{PREFIX}*"):
            owner = directory.name.removeprefix(PREFIX).split("-")[0]
            if owner.isdigit() and not Path(f"/proc/{owner}").exists():
                with suppress(OSError):  # another worker of this run removes it at the same moment
                    if (directory / "data" / "PG_VERSION").exists():
                        Cluster(directory.name, volatile=True, place=place).remove()
                shutil.rmtree(directory, ignore_errors=True)
