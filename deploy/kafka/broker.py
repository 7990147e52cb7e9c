"""One Kafka node in KRaft mode on 127.0.0.1: formatted once, started, stopped, killed (by fault tests)."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import subprocess
import time
import uuid
from pathlib import Path

from deploy.home import DeployError
from deploy.kafka.artifacts import java, libraries
from deploy.postgres.cluster import free_port
from deploy.process import spawn

START_SECONDS = 180
STOP_SECONDS = 20
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
# one node keeps one copy; no waiting for further members when a group starts; topics are made by deploy alone; a killed
# node may come back after its session, hence a short one
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=12
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
log.retention.ms=-1
"""


class Broker:
    """A broker with its data in `directory`; ports are drawn once and kept, so that a restart is reached again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._port, self._controller = self._ports()

    @property
    def bootstrap(self) -> str:
        """host:port for clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """Process id of the broker that this object started."""
        return self._process.pid if self._process else None

    def prepare(self) -> list[str]:
        """Format the directory if it is new; answers the command that runs the broker. Raises DeployError."""
        settings = self.directory / "server.properties"
        data = self.directory / "data"
        settings.write_text(PROPERTIES.format(port=self._port, controller=self._controller, data=data))
        runner = [java(), *JVM, *LOGGING, "-cp", f"{libraries()}/*"]
        if not (data / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            command = [*runner, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise DeployError(f"Kafka 目录格式化失败 (format failed): {(done.stdout + done.stderr)[-1000:]}")
        return [*runner, "kafka.Kafka", str(settings)]

    def start(self) -> None:
        """Start and wait until the broker listens. Raises DeployError with the tail of its log."""
        command = self.prepare()
        with self.log.open("ab") as sink:
            self._process = spawn(command, output=sink)
        deadline = time.monotonic() + START_SECONDS
        while not self.listening():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise DeployError(f"Kafka 没有启动 (did not start):\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop cleanly, or by force after STOP_SECONDS."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, as a power cut would; `start` brings the same data back."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def alive(self) -> bool:
        """Whether the process that this object started still runs."""
        return self._process is not None and self._process.poll() is None

    def listening(self) -> bool:
        """Whether something accepts connections on the broker's port."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    @property
    def log(self) -> Path:
        """What the broker prints."""
        return self.directory / "kafka.log"

    def _ports(self) -> tuple[int, int]:
        """The node's two ports: those it had last, otherwise free ones."""
        kept = self.directory / "ports"
        if not kept.exists():
            drawn = {free_port(), free_port()}
            while len(drawn) < 2:
                drawn.add(free_port())
            kept.write_text(" ".join(str(port) for port in drawn))
        broker, controller = (int(port) for port in kept.read_text().split())
        return broker, controller
