"""Every benchmark of ``make bench`` stands in its table with a figure and its goal."""

import ast
import importlib
import json
from pathlib import Path

import pytest

from tests.bench import engine_share
from tests.bench.__main__ import BENCHMARKS
from tests.bench.results import KEPT_IN, Result, read, table, tell


@pytest.mark.parametrize("module", BENCHMARKS)
def test_a_benchmark_tells_its_result(module: str) -> None:
    """A figure that is only printed is missing from the table at the end."""
    file = importlib.import_module(module).__file__
    assert file is not None
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "tell" in called


def test_the_share_of_the_decision_stands_in_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "results"
    monkeypatch.setenv(KEPT_IN, str(kept))
    tell(engine_share.result(0.065, 1.81))
    tell(Result("other", "1", "", "x"))
    assert len([json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]) == 2
    shown = table(read(kept)).splitlines()
    assert shown[1].split("  ")[0] == "decision of 20 lines / its settlement over HTTP"
    assert "3.6%" in shown[1]
    assert "at most 25%" in shown[1]
