"""Long runs, by hand at the end of a piece of work: ``python -m tools.soak [--seeds 30] [PATH …]``.

The fault tests once a seed and the property tests with many examples, then everything once on PostgreSQL 16, the floor
that we support. One line a run goes to docs/evidence/soak.md, with seed, commit, seconds and outcome.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVIDENCE = ROOT / "docs/evidence/soak.md"
HEADING = (
    "# Soak runs\n\n| when | commit | PostgreSQL | what | seed | seconds | outcome |\n|---|---|---|---|---|---|---|\n"
)
FIRST_SEED = 1


def runs(seeds: int, paths: list[str]) -> Iterator[tuple[str, int, int]]:
    """(path, seed, PostgreSQL) of each run."""
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        for path in paths:
            yield path, seed, 18
    yield "tests", FIRST_SEED, 16


def run(path: str, seed: int, version: int) -> bool:
    """One run of pytest, noted as evidence; True when it passed."""
    environment = os.environ | {"HEYI_TEST_POSTGRES": str(version), "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--seed={seed}", path]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    seconds = time.monotonic() - started
    outcome = "passed" if done.returncode == 0 else f"FAILED ({done.returncode})"
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    EVIDENCE.parent.mkdir(parents=True, exist_ok=True)
    if not EVIDENCE.exists():
        EVIDENCE.write_text(HEADING, encoding="utf-8")
    with EVIDENCE.open("a", encoding="utf-8") as sink:
        sink.write(f"| {when} | {_commit()} | {version} | {path} | {seed} | {seconds:.0f} | {outcome} |\n")
    return done.returncode == 0


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Exit 1 when any run failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("paths", nargs="*", default=["tests/faults"])
    arguments = parser.parse_args()
    outcomes = [run(*one) for one in runs(arguments.seeds, arguments.paths)]
    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    sys.exit(0 if all(outcomes) else 1)


if __name__ == "__main__":
    main()
