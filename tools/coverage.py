"""docs/coverage.md from the requirement marks of the tests: ``python -m tools.coverage [--check]``.

The marks are read from the syntax tree, nothing is imported, and from the ``rows`` of the cases in tests/spec; a mark
that names no row of docs/requirements.yaml fails.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = "context:"
SPEC_RUNNER = "tests/spec/test_spec.py"


@dataclass(frozen=True, order=True)
class Shown:
    """One mark: the row, what is asserted, and the test that does."""

    row: str
    what: str
    test: str


def marks(source: str, place: str) -> Iterator[Shown]:
    """The requirement marks in one test file; a mark of a module or class counts once for it."""
    tree = ast.parse(source)
    owners: dict[ast.AST, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                owners.update(dict.fromkeys(ast.walk(decorator), node.name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_mark(node.func):
            words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if place == SPEC_RUNNER:
                continue  # its marks come from the rows of the cases, which are data
            if len(words) != 2 or len(node.args) != 2:
                raise SystemExit(f"{place}:{node.lineno}: requirement(id, what) takes two strings")
            owner = owners.get(node)
            yield Shown(words[0], words[1], f"{place}::{owner}" if owner else place)


def _is_mark(function: ast.expr) -> bool:
    """Whether this is ``pytest.mark.requirement``."""
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "requirement"
        and isinstance(function.value, ast.Attribute)
        and function.value.attr == "mark"
    )


def collected(tests: Path) -> list[Shown]:
    """All marks below `tests`, sorted."""
    found: set[Shown] = set()
    for file in sorted(tests.rglob("*.py")):
        place = file.relative_to(tests.parent).as_posix()
        found.update(marks(file.read_text(encoding="utf-8"), place))
    for file in sorted((tests / "spec").glob("*.yaml")):
        place = file.relative_to(tests.parent).as_posix()
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["cases"]:
            found.update(Shown(row, case["name"], place) for row in case.get("rows", ()))
    return sorted(found)


def page(rows: dict[str, str], shown: list[Shown]) -> str:
    """The page. Raises SystemExit for a mark whose row does not exist."""
    unknown = sorted({f"{item.test}: {item.row}" for item in shown if item.row not in rows})
    if unknown:
        raise SystemExit("no such row in docs/requirements.yaml:\n" + "\n".join(unknown))
    by_row: dict[str, list[Shown]] = defaultdict(list)
    for item in shown:
        by_row[item.row].append(item)
    context = {row: text.removeprefix(CONTEXT).strip() for row, text in rows.items() if text.startswith(CONTEXT)}
    open_rows = [row for row in rows if row not in by_row and row not in context]
    lines = [
        "# What the tests show of the requirements",
        "",
        "Generated from the marks of the tests by `make docs`; the rows: [requirements.yaml](requirements.yaml).",
        f"Shown: {len(by_row)} of {len(rows) - len(context)} rows that need code; {len(context)} need none.",
        "",
        "## Shown",
        "",
        "| row | asserted | test |",
        "|---|---|---|",
        *(f"| {item.row} | {_cell(item.what)} | `{item.test}` |" for item in shown),
        "",
        "## Context only",
        "",
        *(f"- {row}: {text}" for row, text in sorted(context.items())),
        "",
        "## Not shown yet",
        "",
        *(f"- {row}: {rows[row]}" for row in open_rows),
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the page, or with --check fail where it is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    rows: dict[str, str] = yaml.safe_load((ROOT / "docs/requirements.yaml").read_text(encoding="utf-8"))
    text = page(rows, collected(ROOT / "tests"))
    target = ROOT / "docs/coverage.md"
    if not check:
        target.write_text(text, encoding="utf-8")
    elif not target.exists() or target.read_text(encoding="utf-8") != text:
        sys.exit("docs/coverage.md 不是最新的, 请运行 make docs。 docs/coverage.md is not current: run `make docs`.")


if __name__ == "__main__":
    main()
