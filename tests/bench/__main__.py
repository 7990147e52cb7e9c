"""``make bench``: every benchmark as a ratio to its floor, each in a process of its own, and a table at the end."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.results import KEPT_IN, read, table

BENCHMARKS = (
    "tests.bench.settlement",
    "tests.bench.engine_share",
    "tests.bench.ledger_ratio",
    "tests.bench.ledger_growth",
)


def main() -> None:
    """Runs them one after the other, so that they do not disturb each other; fails if one fails."""
    failed = []
    with tempfile.TemporaryDirectory(prefix="heyi-bench-") as place:
        kept = Path(place) / "results"
        kept.touch()
        for number, module in enumerate(BENCHMARKS, 1):
            load = os.getloadavg()[0]
            print(f"\n[{number}/{len(BENCHMARKS)}] {module} (load of the machine {load:.1f})", flush=True)
            started = time.monotonic()
            done = subprocess.run([sys.executable, "-m", module], env=os.environ | {KEPT_IN: str(kept)}, check=False)
            print(f"    {time.monotonic() - started:.0f} s", flush=True)
            if done.returncode:
                failed.append(module)
        print(f"\n{table(read(kept))}")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
