"""Within a version interfaces only grow (contracts §13, §6): ``python -m tools.compatible [--base TAG]``.

docs/openapi and docs/events of this tree against those of the last tag; where no tag is, nothing was promised yet and
nothing is compared. A request that was accepted stays accepted, an answer or an event keeps every member that it had.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("docs/openapi", "docs/events")
_METHODS = ("get", "put", "post", "patch", "delete")
_LOWER = ("maxLength", "maximum", "exclusiveMaximum", "maxItems")
_UPPER = ("minLength", "minimum", "exclusiveMinimum", "minItems")
_EXACT = ("type", "format", "pattern", "const")


@dataclass(frozen=True, slots=True)
class Side:
    """A schema in its document; two of them are compared in one direction."""

    document: dict[str, Any]
    schema: dict[str, Any]

    def of(self, schema: dict[str, Any]) -> Side:
        """Another schema of the same document, its reference followed."""
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return Side(self.document, schema)

    @property
    def branches(self) -> list[Side]:
        """The alternatives, itself where it has none."""
        told = self.schema.get("anyOf") or self.schema.get("oneOf")
        return [self.of(branch) for branch in told] if told else [self]


def broken(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What a client of the old OpenAPI document can no longer do with the new one."""
    for path, item in old.get("paths", {}).items():
        for method in filter(item.__contains__, _METHODS):
            where = f"{method.upper()} {path}"
            operation = new.get("paths", {}).get(path, {}).get(method)
            if operation is None:
                yield f"{where}: is gone"
            else:
                yield from _operation(Side(old, item[method]), Side(new, operation), where)


def broken_event(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What a consumer of the old event schema would miss in the new one."""
    yield from _narrowed(Side(new, new), Side(old, old), old.get("$id", "event"), frozenset(), asked=False)


def _operation(old: Side, new: Side, where: str) -> Iterator[str]:
    before = {(told["in"], told["name"]): told for told in old.schema.get("parameters", [])}
    after = {(told["in"], told["name"]): told for told in new.schema.get("parameters", [])}
    for key, told in before.items():
        name = f"{where}: {key[0]} parameter {key[1]}"
        if key not in after:
            yield f"{name} is gone"
        else:
            yield from _narrowed(old.of(told["schema"]), new.of(after[key]["schema"]), name, frozenset(), asked=True)
    for key, told in after.items():
        if told.get("required") and not before.get(key, {}).get("required"):
            yield f"{where}: {key[0]} parameter {key[1]} is now required"
    yield from _body(old, new, where)
    for status, answer in old.schema.get("responses", {}).items():
        if status.startswith("2"):
            yield from _answer(old, new, answer, f"{where} {status}", status)


def _body(old: Side, new: Side, where: str) -> Iterator[str]:
    before, after = old.schema.get("requestBody"), new.schema.get("requestBody")
    if after and after.get("required") and not (before and before.get("required")):
        yield f"{where}: a body is now required"
    for kind, told in (before or {}).get("content", {}).items():
        other = (after or {}).get("content", {}).get(kind)
        if other is None:
            yield f"{where}: a body of {kind} is no longer taken"
        else:
            name = f"{where}: body"
            yield from _narrowed(
                old.of(told.get("schema", {})), new.of(other.get("schema", {})), name, frozenset(), asked=True
            )


def _answer(old: Side, new: Side, answer: dict[str, Any], where: str, status: str) -> Iterator[str]:
    other = new.schema.get("responses", {}).get(status)
    if other is None:
        yield f"{where}: is no longer answered"
        return
    for kind, told in answer.get("content", {}).items():
        now = other.get("content", {}).get(kind)
        if now is None:
            yield f"{where}: {kind} is no longer answered"
        else:
            wide, narrow = new.of(now.get("schema", {})), old.of(told.get("schema", {}))
            yield from _narrowed(wide, narrow, where, frozenset(), asked=False)


def _narrowed(giver: Side, taker: Side, where: str, seen: frozenset[int], *, asked: bool) -> Iterator[str]:
    """Where the taker refuses what the giver may send; the giver of a request is the old client (``asked``), the
    giver of an answer or event the new service, whose unknown members the taker ignores."""
    if id(giver.schema) in seen:
        return
    seen = seen | {id(giver.schema)}
    takers = taker.branches
    for branch in giver.branches:
        found = [list(_one(branch, other, where, seen, asked=asked)) for other in takers]
        if found and all(found):
            yield from min(found, key=len)


def _one(giver: Side, taker: Side, where: str, seen: frozenset[int], *, asked: bool) -> Iterator[str]:
    gives, takes = giver.schema, taker.schema
    for word in _EXACT:
        if word in takes and gives.get(word) != takes[word]:
            yield f"{where}: {word} {gives.get(word)!r} where {takes[word]!r} is taken"
    if asked:
        yield from _limits(gives, takes, where)
    if "items" in gives and "items" in takes:
        yield from _narrowed(giver.of(gives["items"]), taker.of(takes["items"]), f"{where}[]", seen, asked=asked)
    given, taken = gives.get("properties", {}), takes.get("properties", {})
    for name in sorted(set(takes.get("required", ())) - set(gives.get("required", ()))):
        yield f"{where}.{name}: " + ("is now required" if asked else "is no longer always there")
    for name in given.keys() & taken.keys():
        yield from _narrowed(giver.of(given[name]), taker.of(taken[name]), f"{where}.{name}", seen, asked=asked)
    for name in sorted((given.keys() - taken.keys()) if asked else (taken.keys() - given.keys())):
        yield f"{where}.{name}: is gone"


def _limits(gives: dict[str, Any], takes: dict[str, Any], where: str) -> Iterator[str]:
    if "enum" in takes:
        for value in [value for value in gives.get("enum", ["any"]) if value not in takes["enum"]]:
            yield f"{where}: {value!r} is no longer taken"
    for word in _LOWER:
        if word in takes and takes[word] < gives.get(word, float("inf")):
            yield f"{where}: {word} is now {takes[word]}"
    for word in _UPPER:
        if word in takes and takes[word] > gives.get(word, float("-inf")):
            yield f"{where}: {word} is now {takes[word]}"


def _git(*command: str) -> str | None:
    done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def since(base: str) -> Iterator[str]:
    """Everything that a client of tag ``base`` would miss in this tree."""
    for folder in FOLDERS:
        for name in (_git("ls-tree", "-r", "--name-only", base, folder) or "").split():
            old = json.loads(_git("show", f"{base}:{name}") or "{}")
            if not (ROOT / name).exists():
                yield f"{name}: is gone"
                continue
            new = json.loads((ROOT / name).read_text(encoding="utf-8"))
            yield from broken(old, new) if folder == FOLDERS[0] else broken_event(old, new)


def main() -> None:
    """Exit 1 with every break of a promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="a tag or commit; the last tag if left out")
    base = parser.parse_args().base or (_git("describe", "--tags", "--abbrev=0") or "").strip()
    if not base:
        print("还没有发布过版本, 无从比较。 No tag yet: nothing was promised.")
        return
    found = list(since(base))
    if found:
        sys.exit(f"与 {base} 不兼容。 Not compatible with {base}:\n" + "\n".join(found))
    print(f"与 {base} 兼容。 Compatible with {base}.")


if __name__ == "__main__":
    main()
