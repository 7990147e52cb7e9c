"""Long runs, by hand at the end of a piece of work: ``python -m tools.soak [--seeds 30] [PATH …]``.

Five million drawn claims through the engine of benefits and the oracle beside it, five thousand sequences of commands
on the fund's books beside theirs, then the fault tests once a seed and the property tests with many examples, then
everything once on PostgreSQL 16, the floor that we support. One line a run goes to docs/evidence/soak.md, with seed,
commit, seconds and outcome.
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
MODEL = "tests/component/model"


def runs(seeds: int, paths: list[str]) -> Iterator[tuple[str, int, int]]:
    """(path, seed, PostgreSQL) of each run."""
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        for path in paths:
            yield path, seed, 18
    yield "tests", FIRST_SEED, 16


def run(path: str, seed: int, version: int) -> bool:
    """One run of pytest, noted as evidence; True when it passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--seed={seed}", path]
    return noted(command, path, seed, str(version))


def engines(claims: int, seed: int) -> bool:
    """The engine of benefits beside the oracle on so many drawn claims, noted as evidence; True when they agree."""
    command = [sys.executable, "-m", "tests.oracle.soak", f"--claims={claims}", f"--seed={seed}"]
    return noted(command, f"tests.oracle.soak, {claims:,} claims", seed, "")


def books(sequences: int, seed: int) -> bool:
    """The fund's books beside their oracle through so many sequences, noted as evidence; True when they agree."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--seed={seed}", MODEL]
    return noted(command, f"{MODEL}, {sequences:,} sequences", seed, "18", HEYI_MODEL_SEQUENCES=str(sequences))


def noted(command: list[str], what: str, seed: int, version: str, **more: str) -> bool:
    """Runs a command and notes it as evidence; True when it succeeded. ``more`` goes to its environment."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more
    if version:
        environment["HEYI_TEST_POSTGRES"] = version
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    seconds = time.monotonic() - started
    outcome = "passed" if done.returncode == 0 else f"FAILED ({done.returncode})"
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    EVIDENCE.parent.mkdir(parents=True, exist_ok=True)
    if not EVIDENCE.exists():
        EVIDENCE.write_text(HEADING, encoding="utf-8")
    with EVIDENCE.open("a", encoding="utf-8") as sink:
        sink.write(f"| {when} | {_commit()} | {version or '-'} | {what} | {seed} | {seconds:.0f} | {outcome} |\n")
    return done.returncode == 0


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Exit 1 when any run failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("paths", nargs="*", default=["tests/faults"])
    parser.add_argument("--claims", type=int, default=5_000_000, help="drawn claims for engine and oracle; 0: none")
    parser.add_argument("--sequences", type=int, default=5_000, help="sequences for books and oracle; 0: none")
    arguments = parser.parse_args()
    outcomes = [engines(arguments.claims, FIRST_SEED)] if arguments.claims else []
    outcomes += [books(arguments.sequences, FIRST_SEED)] if arguments.sequences else []
    outcomes += [run(*one) for one in runs(arguments.seeds, arguments.paths)]
    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    sys.exit(0 if all(outcomes) else 1)


if __name__ == "__main__":
    main()
