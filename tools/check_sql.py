"""Refuses the database's clock and session time zone in SQL (contracts §5): ``python -m tools.check_sql [PATH …]``.

`now` is an argument from the edge. Strings of the Python files of services, shared and deploy that hold SQL, and .sql
files, are searched. A line that needs real time (a lease, say) carries the SQL comment ``-- real time: why``.
Business code may not ask Python's clock either, but for a line with the comment ``# real time: why``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("services", "shared", "deploy", "policies", "tests/bench")
EXEMPT = "-- real time:"
EXEMPT_PYTHON = "# real time:"
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DEFAULT|RETURNING|WHERE|VALUES|BEGIN)\b|\$\d")
_STAMP = r"\b\w+_at\b"
RULES = (
    (re.compile(r"\bnow\s*\(\s*\)", re.I), "now()"),
    (
        re.compile(r"\b(current_date|current_time|current_timestamp|localtime|localtimestamp)\b", re.I),
        "the database's clock",
    ),
    (re.compile(r"\b(clock|statement|transaction)_timestamp\s*\(", re.I), "the database's clock"),
    (re.compile(r"\btimeofday\s*\(", re.I), "the database's clock"),
    (re.compile(r"'(now|today|tomorrow|yesterday)'", re.I), "a relative time literal"),
    (re.compile(r"\bset\s+(local\s+|session\s+)?(time\s+zone|timezone)\b", re.I), "the session time zone"),
    (re.compile(r"current_setting\s*\(\s*'timezone'", re.I), "the session time zone"),
    (re.compile(_STAMP + r"\s*::\s*(date|time|text)\b", re.I), "a cast by the session time zone"),
    (re.compile(r"\bcast\s*\(\s*" + _STAMP + r"\s+as\s+(date|time|text)\b", re.I), "a cast by the session time zone"),
    (
        re.compile(r"\b(date|to_char|extract|date_part)\s*\(([^()]*\bfrom\s+)?\s*" + _STAMP + r"\s*[,)]", re.I),
        "a date by the session time zone",
    ),
    (re.compile(r"\bdate_trunc\s*\(\s*'\w+'\s*,\s*" + _STAMP + r"\s*\)", re.I), "a date by the session time zone"),
)
ASKS = {"now", "utcnow", "today"}
CLOCKS = {"datetime", "date"}


def in_sql(text: str) -> Iterator[tuple[int, str]]:
    """(line offset, what was found) in one SQL text."""
    for offset, line in enumerate(text.split("\n")):
        if EXEMPT in line:
            continue
        statement = line.split("--")[0]
        for pattern, name in RULES:
            if pattern.search(statement):
                yield offset, f"{name}: {line.strip()[:80]}"


def in_python(source: str, business: bool) -> Iterator[tuple[int, str]]:
    """(line, what was found) in one Python file; `business` code may not ask Python's clock either."""
    tree = ast.parse(source)
    documentation = set(_docstrings(tree))
    lines = source.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documentation:
            if SQL.search(node.value):
                for offset, found in in_sql(node.value):
                    yield node.lineno + offset, found
        elif business and isinstance(node, ast.Call) and _asks_clock(node.func):
            if EXEMPT_PYTHON in lines[node.lineno - 1]:
                continue
            yield node.lineno, f"Python's clock: {ast.unparse(node)[:80]}"


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    """Strings that stand as statements: documentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _asks_clock(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in ASKS
        and isinstance(function.value, ast.Name)
        and function.value.id in CLOCKS
    )


def findings(paths: list[Path]) -> list[str]:
    """What is wrong below `paths`, one line each."""
    found = []
    for path in paths:
        files = [path] if path.is_file() else sorted([*path.rglob("*.py"), *path.rglob("*.sql")])
        for file in files:
            text = file.read_text(encoding="utf-8")
            business = "services" in file.parts
            problems = in_python(text, business) if file.suffix == ".py" else ((n + 1, f) for n, f in in_sql(text))
            found += [f"{file}:{line}: {problem}" for line, problem in problems]
    return found


def main() -> None:
    """Exit 1 with one line a finding."""
    paths = [Path(name) for name in sys.argv[1:]] or [ROOT / place for place in PLACES if (ROOT / place).exists()]
    found = findings(paths)
    if found:
        print("\n".join(found))
        sys.exit("SQL 里不得使用数据库时钟或会话时区, now 由边界传入。 Pass `now` as an argument instead.")


if __name__ == "__main__":
    main()
