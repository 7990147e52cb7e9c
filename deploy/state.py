"""The directory ``.heyi`` of a local stack: addresses, keys, the business clock, logs, and who runs it.

``state.json`` (0600) tells tools and people where everything is; ``keys.json`` and ``issuer.json`` (0600) hold the
secrets drawn at the first start, which data on disk depends on.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from deploy.home import DeployError, make_directory
from deploy.issuer import Issuer
from deploy.postgres.roles import SERVICES
from shared.kernel.clock import FileClock, write_clock
from shared.kernel.dates import SHANGHAI

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_DIRECTORY = ROOT / ".heyi"
FIRST_BUSINESS_TIME = datetime(2010, 3, 1, 8, 0, tzinfo=SHANGHAI)
DEMO_POOL = "522422"
KEY_BYTES = 32


@dataclass
class StateDirectory:
    """Files of one local stack. Reading needs no lock; running does (`hold`)."""

    path: Path = DEFAULT_DIRECTORY
    _lock: IO[str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.path = self.path.absolute()

    def make(self) -> None:
        """Make the directory (0700), the keys and the clock where they are missing."""
        make_directory(self.path, mode=0o700)
        make_directory(self.logs, mode=0o700)
        if not self._keys.exists():
            self._write(self._keys, _draw_keys())
        if not self.clock_file.exists():
            write_clock(self.clock_file, FIRST_BUSINESS_TIME)

    def hold(self) -> None:
        """Take the lock of the one supervisor of this directory. Raises DeployError when another holds it."""
        self.make()
        self._lock = (self.path / "lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            origin = self.read().get("origin", "")
            raise DeployError(
                f"已经在运行: {origin}。 It is already running at {origin} (state in {self.path})."
            ) from None

    def release(self) -> None:
        """Let another supervisor take over."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def running(self) -> bool:
        """Whether some supervisor holds this directory now."""
        if not (self.path / "lock").exists():
            return False
        with (self.path / "lock").open("a") as probe:
            try:
                fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    # -- contents

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.path / "logs"

    @property
    def clock_file(self) -> Path:
        """The business clock that all processes read."""
        return self.path / "clock.json"

    @property
    def played_file(self) -> Path:
        """Exists once the demo county has been played to its end."""
        return self.path / "played"

    @property
    def cluster_name(self) -> str:
        """The PostgreSQL cluster of this directory, apart from that of any other checkout."""
        return "local-" + hashlib.sha256(str(self.path).encode()).hexdigest()[:12]

    @property
    def _keys(self) -> Path:
        return self.path / "keys.json"

    def keys(self) -> dict[str, Any]:
        """The drawn secrets: lookup_key; data_keys, signing_keys and client_secrets by service."""
        known: dict[str, Any] = json.loads(self._keys.read_text())
        return known

    def read(self) -> dict[str, Any]:
        """What state.json says; empty before the first start."""
        file = self.path / "state.json"
        if not file.exists():
            return {}
        known: dict[str, Any] = json.loads(file.read_text())
        return known

    def write(self, **facts: Any) -> None:
        """Change single facts of state.json."""
        self._write(self.path / "state.json", self.read() | facts)

    def origin(self) -> str:
        """The address of the gateway. Raises DeployError before the first start."""
        origin: str | None = self.read().get("origin")
        if origin is None:
            raise DeployError("还没有启动过, 请先运行 make run。 Nothing was started yet: run `heyi up` first.")
        return origin

    def issuer(self, name: str | None = None) -> Issuer:
        """The local issuer; its name is the gateway's address."""
        return Issuer.from_file(self.path / "issuer.json", name or self.origin())

    def pools(self) -> list[str]:
        """The pools that tokens of this stack name unless told otherwise."""
        return list(self.read().get("pools") or [DEMO_POOL])

    def business_now(self) -> datetime:
        """The business time now, in Shanghai."""
        return FileClock(self.clock_file).now().astimezone(SHANGHAI)

    def write_private(self, name: str, content: Any) -> None:
        """A JSON file (0600) of this directory."""
        self._write(self.path / name, content)

    def _write(self, file: Path, content: Any) -> None:
        partial = file.with_suffix(".partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as sink:
            json.dump(content, sink, indent=1, ensure_ascii=False)
        partial.replace(file)


def _draw_keys() -> dict[str, Any]:
    """Fresh secrets of a stack. One lookup key for all services (contracts §12), the others a service each."""
    return {
        "data_keys": {service: secrets.token_hex(KEY_BYTES) for service in SERVICES},
        "lookup_key": secrets.token_hex(KEY_BYTES),
        "signing_keys": {service: secrets.token_hex(KEY_BYTES) for service in SERVICES},
        "client_secrets": {service: secrets.token_urlsafe(24) for service in SERVICES},
    }
