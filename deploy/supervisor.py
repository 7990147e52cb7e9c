"""The local supervisor: PostgreSQL, roles, migrations, the bus, and for each service the same two processes as in
production. What dies is started again; a stop ends all, last the database.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.home import DeployError
from deploy.kafka.broker import Broker
from deploy.kafka.topics import ensure_topics
from deploy.postgres.cluster import Cluster, free_port, is_free
from deploy.postgres.roles import BUS, SERVICES, blocking, database_name, ensure_all, role_name
from deploy.process import listens, spawn
from deploy.services import (
    GATEWAY,
    STOP_SECONDS,
    Addresses,
    ProcessSpec,
    api_process,
    gateway_process,
    owner_environment,
    service_environment,
    worker_process,
)
from deploy.state import ROOT, StateDirectory
from deploy.topics import prepare_local_bus

HEALTHY_SECONDS = 180  # who dies is told at once; who is slow to come up on a busy machine is waited for
POLL_SECONDS = 0.2
BACKOFF_SECONDS = (0.2, 1.0, 3.0, 10.0, 30.0)
STEADY_SECONDS = 60
QUIET_LEVELS = ("debug", "info")
Say = Callable[[str], None]


@dataclass
class Child:
    """A running process and how often it had to be started again."""

    spec: ProcessSpec
    log: IO[bytes]
    process: subprocess.Popen[bytes]
    pump: threading.Thread
    started: float = field(default_factory=time.monotonic)
    failures: int = 0
    restarts: int = 0
    again_at: float | None = None


class Supervisor:
    """Runs the stack of one state directory. `start`, then `watch` until told to stop, then `stop`."""

    def __init__(
        self,
        state: StateDirectory,
        *,
        bus: str = "postgres",
        say: Say = print,
        verbose: bool = False,
        gateway_port: int | None = None,
    ) -> None:
        if bus not in ("postgres", "kafka"):
            raise DeployError(f"BUS 只能是 postgres 或 kafka, 不是 {bus}。 BUS is postgres or kafka, not {bus}.")
        self.state = state
        self.bus = bus
        self.say = say
        self.verbose = verbose
        self.cluster = Cluster(state.cluster_name)
        self.broker = Broker(state.path / "kafka") if bus == "kafka" else None
        self.addresses = _addresses(state, gateway_port)
        self.children: dict[str, Child] = {}
        self.stopping = threading.Event()
        self._held = False
        self._changing = threading.Lock()

    # -- start

    def start(self) -> None:
        """Bring everything up and wait until each process answers. Raises DeployError; the caller still calls stop."""
        self.state.hold()
        self._held = True
        self.say("PostgreSQL …")
        self.cluster.start()
        blocking(ensure_all(self.cluster.url(), self.cluster.password))
        self._refuse_other_bus()
        self.say("迁移 migrations …")
        self._migrate()
        bootstrap = self._start_bus()
        self._write_state()
        specs = self._specs(bootstrap)
        self._launch(specs[0])
        self._wait_healthy(specs[:1])
        self.say("服务 services …")
        for spec in specs[1:]:
            self._launch(spec)
        self._wait_healthy(specs[1:])
        self._write_state()

    def _refuse_other_bus(self) -> None:
        """Events of a stack live on one bus for good: changing it would lose what is on the other."""
        before = self.state.read().get("bus", self.bus)
        if before != self.bus:
            raise DeployError(
                f"这里的数据用的是 {before} 总线。请用 BUS={before}, 或先 make reset。"
                f" This stack's events are on {before}: run with BUS={before}, or `make reset` first."
            )

    def _migrate(self) -> None:
        """Every service's migrations, each in a process of its own."""
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            failures = [text for text in pool.map(self._migrate_one, SERVICES) if text]
        if failures:
            raise DeployError("迁移失败 (migrations failed):\n" + "\n".join(failures))

    def _migrate_one(self, service: str) -> str:
        command = [sys.executable, "-m", "shared.db.migrate", service, "upgrade"]
        environment = owner_environment(service, self.cluster)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else f"{service}: {(done.stdout + done.stderr).strip()[-2000:]}"

    def _start_bus(self) -> str | None:
        """The Kafka broker with its topics, or the log in PostgreSQL; answers Kafka's address."""
        if self.broker is None:
            blocking(prepare_local_bus(self.cluster.url(database_name(BUS), role_name(BUS, "owner"))))
            return None
        self.say("Kafka …")
        self.broker.start()
        ensure_topics(self.broker.bootstrap)
        return self.broker.bootstrap

    def _specs(self, bootstrap: str | None) -> list[ProcessSpec]:
        """The gateway first (it is the issuer of tokens), then APIs, then workers."""
        environments = {
            service: service_environment(service, self.state, self.cluster, self.addresses, bootstrap)
            for service in SERVICES
        }
        specs = [gateway_process(self.state, self.cluster, self.addresses)]
        specs += [api_process(service, environments[service], self.addresses) for service in SERVICES]
        specs += [worker_process(service, environments[service], self.addresses) for service in SERVICES]
        return specs

    # -- processes

    def _launch(self, spec: ProcessSpec, before: Child | None = None) -> None:
        """Start a process; its output goes to its log file and, what matters of it, to the terminal with its name."""
        log = (self.state.logs / f"{spec.name}.log").open("ab")
        process = spawn(spec.command, output=subprocess.PIPE, environment=spec.environment, directory=ROOT)
        pump = threading.Thread(target=self._pump, args=(spec.name, process, log), daemon=True)
        pump.start()
        child = Child(spec, log, process, pump)
        if before is not None:
            child.failures, child.restarts = before.failures + 1, before.restarts + 1
        self.children[spec.name] = child

    def _pump(self, name: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        if process.stdout is None:
            return
        for line in process.stdout:
            log.write(line)
            log.flush()
            if self.verbose or not _is_quiet(line):
                self.say(f"[{name}] {_brief(line)}")
        log.close()

    def _wait_healthy(self, specs: list[ProcessSpec]) -> None:
        deadline = time.monotonic() + HEALTHY_SECONDS
        for spec in specs:
            child = self.children[spec.name]
            while not _answers(spec.health, child.process.pid):
                if child.process.poll() is not None or time.monotonic() > deadline:
                    child.pump.join(2)
                    log = self.state.logs / f"{spec.name}.log"
                    raise DeployError(f"{spec.name} 没有启动 (did not start): {_last_line(log)}\n日志 (log): {log}")
                time.sleep(POLL_SECONDS)

    # -- watch

    def watch(self) -> None:
        """Start again what died, until `stopping` is set."""
        while not self.stopping.wait(POLL_SECONDS):
            with self._changing:
                if self.stopping.is_set():
                    return
                self._watch_stores()
                for child in list(self.children.values()):
                    self._watch_child(child)

    def _watch_stores(self) -> None:
        """PostgreSQL and the broker come back on the same ports with the same data."""
        if not self.cluster.alive():
            self.say("[postgres] 已停止, 重新启动 (died, starting again)")
            with contextlib.suppress(DeployError):
                self.cluster.start()
        if self.broker is not None and not self.broker.alive():
            self.say("[kafka] 已停止, 重新启动 (died, starting again)")
            self.broker.kill()
            with contextlib.suppress(DeployError):
                self.broker.start()

    def _watch_child(self, child: Child) -> None:
        now = time.monotonic()
        if child.process.poll() is None:
            if now - child.started > STEADY_SECONDS:
                child.failures = 0
            return
        if child.again_at is None:
            wait = BACKOFF_SECONDS[min(child.failures, len(BACKOFF_SECONDS) - 1)]
            child.again_at = now + wait
            code = child.process.returncode
            self.say(f"[{child.spec.name}] 已退出 (exited with {code}), {wait:g} s 后重启 (starting again)")
        elif now >= child.again_at:
            self._launch(child.spec, child)
            self._write_state()

    # -- stop

    def stop(self) -> None:
        """End all: first who takes requests, then workers, broker and database. Safe to call twice, and after a start
        that was refused because somebody else runs this directory."""
        self.stopping.set()
        if not self._held:
            return
        self._held = False
        with self._changing:
            self._end([GATEWAY])
            self._end([name for name in self.children if name.endswith("-api")])
            self._end(list(self.children))
            if self.broker is not None:
                self.broker.stop()
            self.cluster.stop()
        if self.state.path.exists():
            self.state.write(running=False, processes={})
        self.state.release()

    def _end(self, names: list[str]) -> None:
        """SIGTERM to all of these, SIGKILL to who is still there after STOP_SECONDS."""
        ending = [self.children.pop(name) for name in names if name in self.children]
        for child in ending:
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in ending:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"[{child.spec.name}] 没有按时结束, 强制结束 (did not end in time: killed)")
                child.process.kill()
                child.process.wait()
            child.pump.join(2)

    # -- state

    def _write_state(self) -> None:
        self.state.write(
            running=True,
            origin=self.addresses.origin,
            bus=self.bus,
            ports={"gateway": self.addresses.gateway, "api": self.addresses.api, "worker": self.addresses.worker},
            apis={service: f"{self.addresses.origin}/{service}/v1" for service in SERVICES},
            services={service: self.addresses.service(service) for service in SERVICES},
            kafka=self.broker.bootstrap if self.broker else None,
            postgres={"port": self.cluster.port, "cluster": str(self.cluster.directory)},
            processes={name: child.process.pid for name, child in self.children.items()},
            pools=self.state.pools(),
        )


def _addresses(state: StateDirectory, gateway_port: int | None) -> Addresses:
    """The ports of the last run where they are free, so that bookmarks and tokens stay good; otherwise free ones."""
    known = state.read().get("ports", {})
    taken: set[int] = set()

    def choose(last: int | None) -> int:
        port = last if last and is_free(last) and last not in taken else free_port()
        while port in taken:
            port = free_port()
        taken.add(port)
        return port

    gateway = choose(known.get("gateway") or gateway_port)
    api = {service: choose(known.get("api", {}).get(service)) for service in SERVICES}
    worker = {service: choose(known.get("worker", {}).get(service)) for service in SERVICES}
    return Addresses(gateway, api, worker)


def _answers(url: str | None, pid: int) -> bool:
    """Whether process `pid` listens where `url` points and answers 200 now."""
    if url is None:
        return True
    port = urllib.parse.urlsplit(url).port
    if port is None or not listens(pid, port):
        return False
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own http://127.0.0.1
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _last_line(log: Path) -> str:
    """The last words of a process; what it said before was shown while it said it."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return _brief(lines[-1].encode()) if lines else ""


def _is_quiet(line: bytes) -> bool:
    """Whether a log line is one that nobody needs to see at once: structured, of a level below warning."""
    try:
        return str(json.loads(line).get("level", "")).lower() in QUIET_LEVELS
    except (ValueError, AttributeError):
        return False


def _brief(line: bytes) -> str:
    """A log line for the terminal: of a structured one its level, event and the last line of its exception."""
    text = line.decode(errors="replace").rstrip()
    try:
        told = json.loads(text)
        last = str(told.get("exception") or told.get("error") or "").strip().split("\n")[-1]
        return " · ".join(part for part in (str(told["level"]), str(told["event"]), last) if part)
    except (ValueError, KeyError, TypeError, AttributeError):
        return text


def reset(state: StateDirectory) -> None:
    """Drop the data of a stopped stack: its databases, keys, clock, log of events. Raises DeployError while it runs."""
    if state.running():
        raise DeployError("正在运行, 请先用 Ctrl-C 停止。 It is running: stop it with Ctrl-C first.")
    Cluster(state.cluster_name).remove()
    if Path(state.path).exists():
        shutil.rmtree(state.path)
