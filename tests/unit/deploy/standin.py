"""A stack of stand-in processes under the real supervisor: everything but the services themselves."""

import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from deploy.services import GATEWAY, ProcessSpec, base_environment
from deploy.state import StateDirectory
from deploy.supervisor import Supervisor
from tests.support.waiting import PATIENCE_SECONDS

_SERVER = """
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *a): pass
print('{"level": "info", "event": "quiet"}'); print("loud", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
"""


class StandInSupervisor(Supervisor):
    """Starts PostgreSQL, roles and two small web servers instead of gateway and services."""

    def _migrate(self) -> None:
        """The stand-ins have no tables."""

    def _specs(self, bootstrap: str | None) -> list[ProcessSpec]:
        ports = {GATEWAY: self.addresses.gateway, "claims-api": self.addresses.api["claims"]}
        return [
            ProcessSpec(
                name, (sys.executable, "-c", _SERVER, str(port)), base_environment(), f"http://127.0.0.1:{port}/livez"
            )
            for name, port in ports.items()
        ]


def started(path: Path, said: list[str] | None = None) -> StandInSupervisor:
    """A stand-in stack that runs in `path`."""
    supervisor = StandInSupervisor(StateDirectory(path), say=(said if said is not None else []).append)
    supervisor.cluster.volatile = True  # quicker; what must survive here survives in the system's cache
    supervisor.start()
    return supervisor


def answers(port: int) -> bool:
    """Whether somebody answers on a port of 127.0.0.1."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def eventually(look: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether `look` becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if look():
            return True
        time.sleep(0.05)
    return look()
