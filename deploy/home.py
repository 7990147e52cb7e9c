"""Where the local stack keeps what must outlive a run: server binaries, database clusters, Kafka's jars and logs.

As root that is ``/var/lib/heyi`` (PostgreSQL refuses to run as root, so data belongs to the system user ``heyi``,
who may not be able to enter the checkout); otherwise ``$XDG_STATE_HOME/heyi``. ``HEYI_HOME`` overrides both.
Permissions of directories that this code did not make are never changed.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SYSTEM_USER = "heyi"


class DeployError(Exception):
    """The local stack cannot do what was asked; the message says what the person can do about it (Chinese first)."""


@dataclass(frozen=True)
class Account:
    """The operating-system account that server processes run under; None in both fields means the caller's own."""

    uid: int | None
    gid: int | None

    @property
    def popen(self) -> dict[str, object]:
        """Keyword arguments for subprocess that drop to this account."""
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def is_root() -> bool:
    """Whether this process runs as root."""
    return os.geteuid() == 0


def home() -> Path:
    """The directory of the local stack's lasting data, made (0755) when missing."""
    named = os.environ.get("HEYI_HOME")
    if named:
        return make_directory(Path(named).absolute())
    if is_root():
        return make_directory(Path("/var/lib/heyi"))
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return make_directory(Path(state) / "heyi")


def make_directory(path: Path, *, mode: int = 0o755, account: Account | None = None) -> Path:
    """Make `path` and missing parents with `mode` whatever the umask; leave what exists exactly as it is.

    The missing last part is given to `account`; parents stay the caller's.
    """
    missing = []
    at = path
    while not at.exists():
        missing.append(at)
        at = at.parent
    for part in reversed(missing):
        part.mkdir(exist_ok=True)
        part.chmod(mode if part == path else 0o755)
    if missing and account is not None and account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)
    return path


def server_account() -> Account:
    """The account of PostgreSQL: the system user `heyi` (made when missing) for root, otherwise the caller.

    Raises DeployError when the user cannot be made.
    """
    if not is_root():
        return Account(None, None)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def _make_system_user() -> None:
    """Create the locked system user that owns the database files."""
    if shutil.which("useradd") is None:
        raise DeployError(
            f"PostgreSQL 不能以 root 运行, 需要系统用户 {SYSTEM_USER}, 但找不到 useradd。"
            f" PostgreSQL refuses to run as root: create a system user named {SYSTEM_USER}, or run as an ordinary user."
        )
    group = ["--gid", SYSTEM_USER] if _group_exists() else ["--user-group"]
    command = ["useradd", "--system", "--no-create-home", "--home-dir", "/var/lib/heyi"]
    command += ["--shell", "/usr/sbin/nologin", *group, SYSTEM_USER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 9):  # 9: another process made the user meanwhile
        raise DeployError(f"无法创建系统用户 {SYSTEM_USER} (cannot create the system user): {done.stderr.strip()}")


def _group_exists() -> bool:
    try:
        grp.getgrnam(SYSTEM_USER)
    except KeyError:
        return False
    return True
