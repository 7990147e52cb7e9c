"""Two engines written apart agree on every fen, every outcome and every count."""

from __future__ import annotations

import ast
import multiprocessing
import os
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from services.claims.benefits.model import Outcome
from tests.oracle import drawing, mutants, reference
from tests.oracle.judging import LEAST, STEPS, judge

POLICIES = 300
SECONDS = 60.0
"""Of CPU in each of two processes at most, on a machine whose yardstick is as long as said next: on a slower one, or
one that does something else besides, both take longer, and how long a person waits says nothing."""
YARDSTICK_SECONDS = 0.005
"""As measured where the evidence was taken, in a quiet moment."""
PROCESSES = min(2, os.cpu_count() or 1)


def test_two_engines_agree(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    seed = request.config.getoption("--seed")
    started = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        judged = pool.map(partial(judge, seed), range(POLICIES), chunksize=5)
    reached = sum((one.reached for one in judged), Counter[str]())
    steps = sum((one.steps for one in judged), Counter[str]())
    waited, seconds = time.perf_counter() - started, sum(one.seconds for one in judged) / PROCESSES
    slower = sum(one.yardstick for one in judged) / POLICIES / YARDSTICK_SECONDS
    with capsys.disabled():
        print(
            f"\noracle: {sum(reached.values())} claims, {POLICIES} policies, seed {seed}, {waited:.1f} s waited, "
            f"{seconds:.1f} s of CPU in each of {PROCESSES} processes, yardstick {slower:.2f}"
        )
        for outcome in Outcome:
            print(f"  {outcome.value:<28}{reached[outcome.value]:>9}")
        print("  claims by step of the calculation:", ", ".join(f"{one} {steps[one]}" for one in STEPS))
    assert {o.value: reached[o.value] for o in Outcome if reached[o.value] < LEAST} == {}
    assert {one: steps[one] for one in STEPS if steps[one] < LEAST} == {}
    assert seconds * PROCESSES / 2 < SECONDS * slower


def test_the_corpus_of_the_mutants_agrees() -> None:
    """What kills mutants lets the engine as it is live."""
    assert mutants.Corpus("agreement", policies=4).agrees()


def test_the_oracle_stands_alone() -> None:
    """It imports the standard library and nothing of what it judges."""
    for module in (reference, drawing):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        names |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        assert names <= {"__future__", "datetime", "functools", "random", "typing", "collections.abc"}, module
