"""Child processes that end with us: a session of their own, so that Ctrl-C reaches only the parent, and SIGKILL by the
kernel when the parent ends, however it ended.

The kernel watches the *thread* that started the child, so all children are started by one thread that lives as long as
this process.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heyi-starter")


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def spawn(
    command: Sequence[str],
    *,
    output: IO[bytes] | int,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` with both its outputs going to `output` (a file or subprocess.PIPE), no input."""

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            list(command),
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    return _starter.submit(start).result()


_LISTEN = "0A"


def listens(pid: int, port: int) -> bool:
    """Whether process `pid` itself listens on TCP `port` (and not somebody else who was faster)."""
    sockets = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
            sockets.add(f"socket:[{columns[9]}]")
    with contextlib.suppress(FileNotFoundError, PermissionError):  # gone, or a zombie, which only root may look into
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if str(descriptor.readlink()) in sockets:
                    return True
    return False
