"""The injected clock (contracts §5): business code takes ``now`` as an argument and never asks for it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the business time as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """Real time, the only clock of production."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests: it stands still until moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> None:
        self.at = at

    def advance(self, by: timedelta) -> None:
        self.at += by


class FileClock:
    """The local business clock that the supervisor owns and all its processes read.

    The file holds ``business_at`` and ``real_at``; business time runs on from there at the pace of real time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = -1
        self._offset = timedelta()

    def now(self) -> datetime:
        stamp = self._path.stat().st_mtime_ns
        if stamp != self._stamp:
            state = json.loads(self._path.read_text())
            self._offset = datetime.fromisoformat(state["business_at"]) - datetime.fromisoformat(state["real_at"])
            self._stamp = stamp
        return datetime.now(UTC) + self._offset


def write_clock(path: Path, business_at: datetime) -> None:
    """Sets the local business clock; readers see the old or the new file, never half of one."""
    state = {"business_at": business_at.astimezone(UTC).isoformat(), "real_at": datetime.now(UTC).isoformat()}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(state))
    draft.replace(path)
