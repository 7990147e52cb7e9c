"""Reads the text of a policy document: YAML with every value as a string and the line on which it stands.

YAML would read 0.80 as a float and 2010-01-01 as a date before we could say on which line it is wrong; here every
scalar stays text until the schema reads it. Anchors and repeated keys are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from services.claims.benefits.overlaid import overlay_problems
from services.claims.benefits.spelling import advice, line_of_control
from services.claims.benefits.words import LAYERS

MAX_BYTES = 128 * 1024
MAX_DEPTH = 12
Path = tuple[str | int, ...]
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where the wheel has it: a document of the full size must not hold up the process."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong or worth knowing about a document."""

    severity: str
    """`error`: cannot be used; `warning`: a person should look."""
    line: int | None
    path: str
    message: str

    def __str__(self) -> str:
        where = f"第 {self.line} 行 " if self.line else ""
        return f"{where}{self.path}:{self.message}" if self.path else f"{where}{self.message}"


class PolicyErrors(ValueError):
    """The document cannot be used; every finding names its line."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Source:
    """A document as read: nested mappings, lists and strings, and the line of every path."""

    raw: dict[str, Any]
    lines: Mapping[Path, int]
    inherited: Mapping[Path, tuple[str, int]] = field(default_factory=dict)
    """Where a path stands that the document has from another one: the id of that one and the line in it."""
    parent: str = ""
    """The document from which it has what is not written in it, where nobody knows any more on which line."""

    def has(self, path: Path) -> bool:
        """Whether something stands at the path, in the document or in one that it inherits from."""
        return path in self.lines or path in self.inherited

    def line_of(self, path: Path) -> int | None:
        """Line in this document of the value at the path, or of the nearest thing around it."""
        for length in range(len(path), -1, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return line
        return None

    def finding(self, path: Path, message: str, severity: str = "error", name: str = "") -> Finding:
        """A finding that names path (or `name`) and line; what is inherited is told with the document it stands in."""
        shown = name or ".".join(str(part) for part in path)
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                break
            if (stands := self.inherited.get(path[:length])) is not None:
                return Finding(severity, None, shown, f"(在所继承的 {stands[0]} 第 {stands[1]} 行){message}")
        if self.parent and path not in self.lines:
            return Finding(severity, None, shown, f"(在所继承的 {self.parent} 里){message}")
        return Finding(severity, self.line_of(path), shown, message)


def read(text: str, what: str = "方案文件") -> Source:
    """The document as text and lines; `what` it is called in messages.

    Raises PolicyErrors: too large, no YAML, anchors, a key twice, no mapping.
    """
    if len(text.encode()) > MAX_BYTES:
        raise PolicyErrors([Finding("error", None, "", f"文件超过 {MAX_BYTES // 1024} KB")])
    try:
        _refuse_tricks(text)
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as wrong:
        raise _unreadable(text, wrong) from wrong
    except yaml.YAMLError as wrong:
        raise _error(line_of_control(text), "", "不是有效的 YAML:这一行有不能使用的控制字符,请删去") from wrong
    if not isinstance(node, yaml.MappingNode):
        raise PolicyErrors([Finding("error", 1, "", f"{what}应是若干“名称: 值”的组合")])
    lines: dict[Path, int] = {}
    raw: dict[str, Any] = _value(node, (), lines)
    return Source(raw, lines)


def _refuse_tricks(text: str) -> None:
    """Refuses anchors and depth from the events alone: composing recurses, reading events does not."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _error(line, "", "不能使用锚点和引用(& *)")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _error(line, "", "层次太深")


def inherit(source: Source, parent_of: Callable[[str], str]) -> Source:
    """The document laid over the one it inherits from, if any: mappings are merged, `~` takes a member away.

    What inherits is laid over the whole of what it inherits from, from the eldest on, so that `~` also takes away what
    an elder has. `parent_of` gives the text of a document by its id (KeyError if there is none). Raises PolicyErrors.
    """
    chain = _chain(source, parent_of)
    raw, inherited, found = chain[-1][1].raw, _inherited(chain[1:]), []
    for _, heir in reversed(chain[:-1]):
        own = {key: value for key, value in heir.raw.items() if key != "inherits"}
        whole = Source(raw, source.lines, inherited)
        found += [whole.finding(path, message) for path, message in overlay_problems(raw, own)]
        raw = _in_place(_merged(raw, own), raw)
    if found:
        raise PolicyErrors(found)
    return Source(raw, source.lines, inherited)


def _chain(source: Source, parent_of: Callable[[str], str]) -> list[tuple[str, Source]]:
    """The document, the one that it inherits from, and so on to the eldest, each by its id. Raises PolicyErrors."""
    chain = [(str(source.raw.get("policy")), source)]
    while (parent_id := chain[-1][1].raw.get("inherits")) is not None:
        if not isinstance(parent_id, str) or parent_id in (known for known, _ in chain):
            raise PolicyErrors([source.finding(("inherits",), f"不能继承 {parent_id}:应是另一份方案的编号")])
        try:
            chain.append((parent_id, read(parent_of(parent_id))))
        except KeyError as missing:
            raise PolicyErrors([source.finding(("inherits",), f"没有编号为 {parent_id} 的方案")]) from missing
    return chain


def _inherited(elders: list[tuple[str, Source]]) -> dict[Path, tuple[str, int]]:
    """Where each path of the elders stands: in the youngest that writes it."""
    stands: dict[Path, tuple[str, int]] = {}
    for elder_id, elder in reversed(elders):
        stands |= {path: (elder_id, line) for path, line in elder.lines.items() if path}
    return stands


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(below.get(key), dict):
            merged[key] = _merged(below[key], value)
        else:
            merged[key] = value
    return merged


def _in_place(merged: dict[str, Any], below: Mapping[str, Any]) -> dict[str, Any]:
    """Layers that an heir adds stand where rulings §3 puts them among those it inherits, and not behind them all."""
    layers, elder = merged.get("layers"), below.get("layers")
    if not isinstance(layers, dict) or not isinstance(elder, dict):
        return merged
    ranks = {code: rank for rank, code in enumerate(LAYERS)}
    names = [name for name in layers if name in elder]
    for name in (name for name in layers if name not in elder):
        above = [at for at, one in enumerate(names) if ranks.get(one, len(ranks)) > ranks.get(name, len(ranks))]
        names.insert(above[0] if above else len(names), name)
    return merged | {"layers": {name: layers[name] for name in names}}


def _unreadable(text: str, wrong: yaml.MarkedYAMLError) -> PolicyErrors:
    last = wrong.problem_mark.line if wrong.problem_mark else 0
    first = wrong.context_mark.line if wrong.context_mark else last
    line, told = advice(text, first, last, wrong.problem or "")
    return _error(line, "", f"不是有效的 YAML:{told}")


def _error(line: int, path: str, message: str) -> PolicyErrors:
    return PolicyErrors([Finding("error", line + 1, path, message)])


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, number), lines) for number, item in enumerate(node.value)]
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return None if plain and node.value in ("", "~", "null") else str(node.value)


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _error(key_node.start_mark.line, ".".join(map(str, path)), "名称应是文字")
        key = str(key_node.value)
        if key in mapping:
            raise _error(key_node.start_mark.line, ".".join(map(str, (*path, key))), "写了两次")
        lines[(*path, key)] = key_node.start_mark.line + 1
        mapping[key] = _value(value_node, (*path, key), lines)
    return mapping
