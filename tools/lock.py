"""Locks requirements/*.in into requirements/*.lock with the hashes of every file: ``python -m tools.lock``.

Runs pip-tools in a throw-away environment; the development lock is held to the versions of the run-time lock.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP_TOOLS = "pip-tools>=7.5,<8"
OPTIONS: tuple[str, ...] = ("--generate-hashes", "--no-header", "--allow-unsafe", "--strip-extras", "--upgrade")
OPTIONS += ("--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links", "--quiet")


def main() -> None:
    """Write both lock files."""
    with tempfile.TemporaryDirectory(prefix="heyi-lock-") as place:
        python = Path(place) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", PIP_TOOLS], check=True)
        held = Path(place) / "held.txt"
        held.touch()
        for name in ("runtime", "dev"):
            source, target = f"requirements/{name}.in", f"requirements/{name}.lock"
            command = [str(python), "-m", "piptools", "compile", *OPTIONS, f"--pip-args=--constraint {held}"]
            subprocess.run([*command, f"--output-file={target}", source], cwd=ROOT, check=True)
            text = (ROOT / target).read_text(encoding="utf-8")
            held.write_text("\n".join(line.split()[0] for line in text.splitlines() if "==" in line), encoding="utf-8")


if __name__ == "__main__":
    main()
