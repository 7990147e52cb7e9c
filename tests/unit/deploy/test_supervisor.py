"""The supervisor: restarts what dies, keeps data over a restart, ends everything, lets nobody in beside itself."""

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.home import DeployError
from deploy.postgres import cluster
from deploy.postgres.roles import blocking
from deploy.services import GATEWAY
from deploy.state import ROOT, StateDirectory
from deploy.supervisor import reset
from tests.unit.deploy.standin import StandInSupervisor, answers, eventually, started


async def _value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A state directory whose cluster is dropped afterwards."""
    path = tmp_path / "state"
    yield path
    reset(StateDirectory(path))


@pytest.fixture
def watched(place: Path) -> Iterator[StandInSupervisor]:
    """A running, watched stack."""
    supervisor = started(place)
    watcher = threading.Thread(target=supervisor.watch)
    watcher.start()
    yield supervisor
    supervisor.stop()
    watcher.join()


def _gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_what_dies_is_started_again(watched: StandInSupervisor) -> None:
    port = watched.addresses.api["claims"]
    before = watched.children["claims-api"].process.pid
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: watched.children["claims-api"].process.pid != before and answers(port))
    assert watched.children["claims-api"].restarts == 1
    recorded = watched.state.read()["processes"]["claims-api"]
    assert eventually(lambda: watched.state.read()["processes"]["claims-api"] != before), recorded


def test_the_database_comes_back_on_its_port_with_its_data(watched: StandInSupervisor) -> None:
    port, pid = watched.cluster.port, watched.cluster.pid()
    assert pid is not None
    blocking(_value(watched.cluster.url(), "CREATE TABLE kept AS SELECT 7 AS a"))
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: watched.cluster.pid() not in (pid, None) and watched.cluster.ready())
    assert watched.cluster.port == port
    assert blocking(_value(watched.cluster.url(), "SELECT a FROM kept")) == 7


def test_a_second_run_keeps_data_keys_clock_and_addresses(place: Path) -> None:
    first = started(place)
    blocking(_value(first.cluster.url("heyi_claims"), "CREATE TABLE kept AS SELECT 7 AS a"))
    keys, origin, clock = first.state.keys(), first.addresses.origin, first.state.clock_file.read_text()
    pids = [child.process.pid for child in first.children.values()] + [first.cluster.pid() or 0]
    first.stop()
    assert all(eventually(lambda pid=pid: _gone(pid)) for pid in pids)
    assert first.state.read()["running"] is False
    assert not first.state.running()
    second = started(place)
    try:
        assert second.state.keys() == keys
        assert second.addresses.origin == origin
        assert second.state.clock_file.read_text() == clock
        assert blocking(_value(second.cluster.url("heyi_claims"), "SELECT a FROM kept")) == 7
    finally:
        second.stop()


def test_only_one_supervisor_runs_a_directory(watched: StandInSupervisor) -> None:
    other = StandInSupervisor(StateDirectory(watched.state.path), say=lambda text: None)
    with pytest.raises(DeployError, match="已经在运行"):
        other.start()
    other.stop()
    assert watched.cluster.running()
    assert answers(watched.addresses.gateway)
    with pytest.raises(DeployError, match="Ctrl-C"):
        reset(StateDirectory(watched.state.path))


def test_another_bus_is_refused_once_events_were_written(place: Path) -> None:
    started(place).stop()
    other = StandInSupervisor(StateDirectory(place), bus="kafka", say=lambda text: None)
    with pytest.raises(DeployError, match="BUS=postgres"):
        other.start()
    other.stop()


def test_secrets_are_private_and_quiet_lines_stay_in_the_log(place: Path) -> None:
    said: list[str] = []
    supervisor = started(place, said)
    try:
        for name in ("state.json", "keys.json"):
            assert stat.S_IMODE((place / name).stat().st_mode) == 0o600
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert eventually(lambda: "[claims-api] loud" in said)
        assert not any("quiet" in line for line in said)
        assert "quiet" in (place / "logs" / "claims-api.log").read_text()
    finally:
        supervisor.stop()


def test_a_port_that_somebody_else_answers_on_is_no_start(place: Path, watched: StandInSupervisor) -> None:
    other = StandInSupervisor(
        StateDirectory(place.with_name("other")), say=lambda text: None, gateway_port=watched.addresses.gateway
    )
    assert other.addresses.gateway != watched.addresses.gateway
    other.addresses = watched.addresses  # as if it had been free a moment ago
    try:
        with pytest.raises(DeployError, match="did not start"):
            other.start()
    finally:
        other.stop()
        reset(other.state)
    assert answers(watched.addresses.gateway)


_RUN = """
import sys, time
from pathlib import Path
from deploy.postgres import cluster
from tests.unit.deploy.standin import started
cluster.PORTS = range(*map(int, sys.argv[2:]))
supervisor = started(Path(sys.argv[1]))
print(*[child.process.pid for child in supervisor.children.values()], flush=True)
time.sleep(600)
"""


def test_children_end_with_a_killed_supervisor_and_the_next_run_works(place: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ports = cluster.PORTS
    drawn_from = [str(bound) for bound in (ports.start, ports.stop, ports.step)]
    with subprocess.Popen(
        [sys.executable, "-c", _RUN, str(place), *drawn_from], env=environment, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert len(pids) == 2
        run.kill()
    assert all(eventually(lambda pid=pid: _gone(pid)) for pid in pids)
    again = started(place)
    assert GATEWAY in again.children
    again.stop()
    assert not again.cluster.running()
