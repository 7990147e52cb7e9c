"""Millions of drawn claims through both engines: ``python -m tests.oracle.soak [--claims 5000000] [--seed 1]``.

Prints how far it is while it runs, so that a run that is ended early can say the number that it reached; the last line
is the one for the evidence. Policies are numbered: any quarrel names seed, policy and claim, and is drawn again alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from functools import partial

from services.claims.benefits.model import Outcome
from tests.oracle.judging import CLAIMS, LEAST, STEPS, judge

TOLD_EVERY = 100
"""Policies between two lines of progress."""


def main() -> int:
    """0 when the engines agree on every claim and each outcome and step was reached often enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    policies = -(-options.claims // CLAIMS)
    reached, steps = Counter[str](), Counter[str]()
    started = time.monotonic()
    with multiprocessing.get_context("fork").Pool(options.processes) as pool:
        answers = pool.imap_unordered(partial(judge, options.seed), range(policies), chunksize=5)
        for done, one in enumerate(answers, start=1):
            reached += one.reached
            steps += one.steps
            if done % TOLD_EVERY == 0 or done == policies:
                passed = time.monotonic() - started
                print(f"{reached.total():>9,} claims agree, {done}/{policies} policies, {passed:,.0f} s", flush=True)
    rare = {one.value: reached[one.value] for one in Outcome if reached[one.value] < LEAST}
    rare |= {one: steps[one] for one in STEPS if steps[one] < LEAST}
    print("by outcome:", ", ".join(f"{one.value} {reached[one.value]:,}" for one in Outcome))
    print("by step:", ", ".join(f"{one} {steps[one]:,}" for one in STEPS))
    print(f"oracle: {reached.total():,} claims, {policies} policies, seed {options.seed}: all agree; too rare: {rare}")
    return 1 if rare else 0


if __name__ == "__main__":
    sys.exit(main())
