"""The console names every step of a calculation in words."""

import re
from pathlib import Path

from tests.oracle.judging import STEPS

TRACE = Path(__file__).resolve().parents[3] / "console/src/trace.js"


def test_the_console_has_words_for_every_step() -> None:
    table = TRACE.read_text(encoding="utf-8").partition("const STEPS = {")[2].partition("};")[0]
    assert set(re.findall(r"^  (\w+): \[", table, re.M)) == set(STEPS)
