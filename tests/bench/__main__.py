"""``make bench``: every benchmark as a ratio to its floor, each in a process of its own."""

import subprocess
import sys

BENCHMARKS = ("tests.bench.settlement", "tests.bench.engine_share", "tests.bench.ledger_ratio")


def main() -> None:
    """Runs them one after the other, so that they do not disturb each other; fails if one fails."""
    failed = [name for name in BENCHMARKS if subprocess.run([sys.executable, "-m", name], check=False).returncode]
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
