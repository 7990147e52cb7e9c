"""What a benchmark found, printed at once and kept for the table that ``make bench`` prints at the end."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT_IN = "HEYI_BENCH_RESULTS"


@dataclass(frozen=True, slots=True)
class Result:
    """A figure with its goal ("" where there is none) and what one has to know to read it."""

    name: str
    figure: str
    goal: str
    detail: str


def tell(result: Result) -> None:
    """Prints a result, and keeps it where ``make bench`` asked for that."""
    print(f"{result.name}: {result.figure}" + (f" (goal {result.goal})" if result.goal else "") + f"; {result.detail}")
    if kept := os.environ.get(KEPT_IN):
        with Path(kept).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")


def table(results: list[Result]) -> str:
    """The results one below the other."""
    rows = [("benchmark", "figure", "goal"), *((r.name, r.figure, r.goal or "-") for r in results)]
    widths = [max(len(row[n]) for row in rows) for n in range(3)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for number, result in enumerate(results):
        lines[number + 1] += f"\n    {result.detail}"
    return "\n".join(lines)


def read(path: Path) -> list[Result]:
    """The results kept in a file."""
    return [Result(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
