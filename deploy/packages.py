"""Programs that a wheel cannot carry (Java, Maven, Chromium): installed with apt where we are root on Debian.

Anywhere else the message says what to install; nothing is skipped silently.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.home import DeployError, is_root


def need(program: str, package: str, purpose: str, proof: Callable[[], str | None] | None = None) -> str:
    """The path of `program`, after installing the Debian package that has it if that is possible here.

    `proof` looks for something else than a program, for packages that have none. Raises DeployError naming the package
    and what it is for, when it is missing and cannot be installed.
    """
    look = proof or (lambda: shutil.which(program))
    found = look()
    if found:
        return found
    if is_root() and shutil.which("apt-get"):
        failure = _apt_install(package)
        found = look()
        if found:
            return found
        hint = f"apt-get install {package} 失败 (failed): {failure}"
    else:
        hint = f"请安装 (install it): apt-get install {package}"
    raise DeployError(f"缺少 {program}, 用于{purpose}。 {program} is missing. {hint}")


def _apt_install(package: str) -> str:
    """Install one Debian package; concurrent callers wait for each other. Answers the tail of apt's errors."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with (Path(tempfile.gettempdir()) / "heyi-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        apt = ["apt-get", "-q", "-o", "Acquire::Retries=5", "-o", "DPkg::Lock::Timeout=600"]
        for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", package]):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()[-500:]
