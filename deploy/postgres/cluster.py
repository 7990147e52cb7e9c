"""One PostgreSQL cluster: made by our own initdb, started and stopped by pg_ctl, reached over TCP on 127.0.0.1.

Layout below ``<home>/clusters/<name>``: ``data`` (the server's own, 0700), ``secrets.json`` (0600, passwords by role),
``server.log``. Durability settings are PostgreSQL's defaults unless the cluster is `volatile` (tests).
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.home import Account, DeployError, home, make_directory, server_account
from deploy.postgres.binaries import DEFAULT_VERSION, programs

SUPERUSER = "postgres"
START_TRIES = 5
READY_SECONDS = 180
PORTS = range(20_000, 32_000)
_GIVEN: set[int] = set()
_COMMON = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_checkpoints": "off",
}
_VOLATILE = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at this moment, and that this process has not been given before:
    who got it may bind it only later.

    Drawn below the range from which the kernel takes ports of outgoing connections, so that it is still free when a
    server comes back on it. Raises DeployError when none is found.
    """
    for _ in range(200):
        port = secrets.choice(PORTS)
        if port in _GIVEN:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _GIVEN.add(port)
            return port
    raise DeployError("找不到空闲端口。 No free port on 127.0.0.1.")


@dataclass
class Cluster:
    """A cluster by name, below `place` or in the home of the local stack. `volatile` switches durability off (tests
    only); `version` is 18 or 16."""

    name: str
    version: int = DEFAULT_VERSION
    volatile: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    max_connections: int = 200
    host: str = "127.0.0.1"
    place: Path | None = None

    def __post_init__(self) -> None:
        self.account: Account = server_account()
        self.bin = programs(self.version)
        self.directory = (self.place or home() / "clusters") / self.name
        self.data = self.directory / "data"

    # -- life

    def start(self) -> None:
        """Make the cluster if it is new and start it; a server that already runs on it is adopted.

        Raises DeployError with the tail of the server's log when it does not come up.
        """
        self._initialise()
        if self.running():
            self._wait_ready()
            return
        wanted = self._last_port()
        for _ in range(START_TRIES):
            port = wanted if wanted and is_free(wanted) else free_port()
            wanted = None
            wait = ("--wait", f"--timeout={READY_SECONDS}")
            done = self._pg_ctl("start", *wait, f"--log={self._log}", "-o", self._options(port))
            if done.returncode == 0:
                return
        raise DeployError(f"PostgreSQL 没有启动 (did not start):\n{self.log_tail()}")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `mode` is fast (default) or immediate. A stopped cluster stays stopped."""
        if self.running():
            self._pg_ctl("stop", "--wait", f"--timeout={READY_SECONDS}", f"--mode={mode}")

    def running(self) -> bool:
        """Whether a server runs on this cluster's data."""
        return self.data.exists() and self._pg_ctl("status").returncode == 0

    def ready(self) -> bool:
        """Whether the server takes connections (after a crash it first replays its log)."""
        port = self._last_port()
        return port is not None and self._run(["pg_isready", f"--host={self.host}", f"--port={port}"]).returncode == 0

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.ready():
            if time.monotonic() > deadline:
                raise DeployError(f"PostgreSQL 没有就绪 (is not ready):\n{self.log_tail()}")
            time.sleep(0.1)

    def alive(self) -> bool:
        """A cheap form of `running` for a watch loop: the postmaster named in the pid file exists."""
        pid = self.pid()
        return pid is not None and Path(f"/proc/{pid}").exists()

    def remove(self) -> None:
        """Stop the server at once and delete the cluster with everything in it."""
        self.stop("immediate")
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- facts

    @property
    def port(self) -> int:
        """The port of the running server. Raises DeployError when it does not run."""
        port = self._last_port()
        if port is None:
            raise DeployError(f"PostgreSQL 集群 {self.name} 没有运行。 The cluster {self.name} is not running.")
        return port

    def pid(self) -> int | None:
        """Process id of the postmaster, None when there is none."""
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].strip() else None  # written empty at first

    def password(self, role: str) -> str:
        """The password of `role`, drawn at its first use and kept for good."""
        known = self._secrets()
        if role not in known:
            known[role] = secrets.token_urlsafe(24)
            _write_private(self._secrets_file, json.dumps(known, indent=1))
        return known[role]

    def url(self, database: str = "postgres", role: str = SUPERUSER) -> str:
        """A postgresql:// URL for `role` on `database`."""
        return f"postgresql://{role}:{self.password(role)}@{self.host}:{self.port}/{database}"

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the server's log."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    # -- inside

    @property
    def _log(self) -> Path:
        return self.directory / "server.log"

    @property
    def _secrets_file(self) -> Path:
        return self.directory / "secrets.json"

    def _secrets(self) -> dict[str, str]:
        if not self._secrets_file.exists():
            return {}
        known: dict[str, str] = json.loads(self._secrets_file.read_text())
        return known

    def _initialise(self) -> None:
        """initdb, once: UTF-8, collation C, scram for everybody, passwords only."""
        if (self.data / "PG_VERSION").exists():
            return
        make_directory(self.directory.parent)
        make_directory(self.directory)
        if self.data.exists():  # an initdb that was killed half way
            shutil.rmtree(self.data)
        make_directory(self.data, mode=0o700, account=self.account)
        self._touch_log()
        password_file = self.directory / "initdb.password"
        _write_private(password_file, self.password(SUPERUSER), account=self.account)
        try:
            command = ["initdb", f"--pgdata={self.data}", f"--username={SUPERUSER}", f"--pwfile={password_file}"]
            command += ["--auth=scram-sha-256", "--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8"]
            command += ["--lc-messages=C", "--lc-monetary=C", "--lc-numeric=C", "--lc-time=C"]
            command += ["--no-sync"] if self.volatile else []
            done = self._run(command)
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise DeployError(f"initdb 失败 (failed): {done.stderr.strip()}")

    def _touch_log(self) -> None:
        """The log file belongs to the server's account, its directory does not."""
        self._log.touch()
        self._log.chmod(0o640)
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(self._log, self.account.uid, self.account.gid)

    def _options(self, port: int) -> str:
        """Server options for pg_ctl -o: the common ones, then the volatile ones, then the caller's."""
        merged = {**_COMMON, **(_VOLATILE if self.volatile else {}), **self.settings}
        merged |= {"port": str(port), "max_connections": str(self.max_connections)}
        return " ".join(f"-c {name}='{value}'" for name, value in merged.items())

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().split("\n")
        except (FileNotFoundError, PermissionError):
            return []

    def _last_port(self) -> int | None:
        """The port in the pid file of the running server, or the one it used when it ran last."""
        lines = self._pid_file()
        if len(lines) > 3 and lines[3].strip().isdigit():
            return int(lines[3])
        try:
            options = (self.data / "postmaster.opts").read_text()
        except (FileNotFoundError, PermissionError):
            return None
        found = options.rpartition("port=")[2].split("'")[0].split('"')[0]
        return int(found) if found.isdigit() else None

    def _pg_ctl(self, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(["pg_ctl", action, f"--pgdata={self.data}", *arguments])

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run one of the server's programs as its account. Output goes through files: a started server inherits
        the pipe and would keep a reader waiting."""
        kwargs: dict[str, Any] = dict(self.account.popen)
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        stamp = f".run-{os.getpid()}-{time.monotonic_ns()}"
        output = self.directory / stamp
        with output.open("w+") as sink:
            done = subprocess.run(
                [str(self.bin / command[0]), *command[1:]],
                cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, check=False, **kwargs,
            )  # fmt: skip
            sink.seek(0)
            text = sink.read()
        output.unlink(missing_ok=True)
        return subprocess.CompletedProcess(command, done.returncode, text, text)


def is_free(port: int) -> bool:
    """Whether nobody listens on `port` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Write a file that only its owner can read, replacing it in one step."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as sink:
        sink.write(text)
    if account is not None and account.uid is not None and account.gid is not None:
        os.chown(partial, account.uid, account.gid)
    partial.replace(path)
