"""The lines of a bulk write (contracts §4): how they read, which limits they have, and what is told of broken ones."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from shared.http import idempotency
from shared.http.access import BODY_MAX, EXTENSION
from shared.http.problems import TOO_LARGE, from_validation
from shared.kernel.errors import Problem, define

NDJSON = "application/x-ndjson"
BULK_BYTES_MAX = 32 * 1024 * 1024
LINES_MAX = 10_000
ATOMIC_LINES_MAX = 1_000
CONDITIONS = frozenset(["if_match", "if_none_match"])
PARAMETER = re.compile(r"{(\w+)}")

NOT_NDJSON = define(
    "bulk_not_ndjson",
    415,
    "不是逐行 JSON",
    "Not NDJSON",
    "请以“Content-Type: application/x-ndjson”发送,每行一个 JSON 对象;什么都没有改动。",
    "Send it as Content-Type: application/x-ndjson, one JSON object a line; nothing was changed.",
)
BULK_EMPTY = define(
    "bulk_empty",
    422,
    "没有任何一行",
    "No line at all",
    "请至少发送一行。",
    "Send one line at least.",
)
BULK_TOO_MANY_LINES = define(
    "bulk_too_many_lines",
    413,
    "行数太多",
    "Too many lines",
    "最多 {limit} 行,这里有 {lines} 行;什么都没有改动,请分批发送。",
    "At most {limit} lines, here are {lines}; nothing was changed. Send them in parts.",
)
BULK_REFUSED = define(
    "bulk_refused",
    422,
    "整批没有办理",
    "None of the lines was done",
    "“errors”所列各行有误,整批都没有改动;请改正后重发。",
    "The lines named in errors are wrong and nothing of the whole was changed; correct them and send again.",
)
LINE_BROKEN = define(
    "bulk_line_broken",
    422,
    "这一行读不懂",
    "The line cannot be read",
    "这一行应是一个 JSON 对象:{members};请改正后重发这一行。",
    "The line has to be one JSON object: {members}. Correct it and send the line again.",
)
KEY_TWICE = define(
    "bulk_key_twice",
    422,
    "两行用了同一个键",
    "Two lines have one key",
    "第 {other} 行已用了这个键;整批一起办理时,每行的键须各不相同。",
    "Line {other} has this key already; lines that are done all together need a key each.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be asked: its number in the body from 1, its key, the path and the body of the single write."""

    number: int
    key: str
    path: str
    body: bytes
    conditions: Mapping[bytes, bytes]
    """If-Match and If-None-Match of this line; those of the whole request hold where it has none."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that cannot; the key as far as it could be read."""

    number: int
    key: str | None
    problem: Problem


class Sibling:
    """The bulk route of a single one: how its lines read, and what becomes of them."""

    def __init__(self, single: APIRoute, path: str) -> None:
        self.method = min(single.methods or ())
        self.single_path, self.path = single.path_format, path
        rule = (single.openapi_extra or {})[EXTENSION]
        self.command: str = rule["command"] + "_bulk"
        self.line_bytes_max: int = rule.get("max_bytes", BODY_MAX)
        self.parameters = [p for p in PARAMETER.findall(single.path_format) if p not in PARAMETER.findall(path)]
        self.conditions = CONDITIONS & {one.name for one in get_flat_params(single.dependant)}
        members = ['"key": "…"', *(f'"{name}": "…"' for name in self.parameters), '"body": {…}']
        self.members = "{" + ", ".join(members) + "}"
        if {"key", "body"} & set(self.parameters):
            raise ValueError(f"{path}: a parameter of the single route has the name of a member of the line")

    def given(self, body: bytes, limit: int) -> list[tuple[int, bytes]]:
        """The lines as they were sent, each with its number, empty ones left out.

        Raises BULK_EMPTY, BULK_TOO_MANY_LINES.
        """
        given = [(n, raw) for n, raw in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1) if raw.strip()]
        if not given:
            raise BULK_EMPTY()
        if len(given) > limit:
            raise BULK_TOO_MANY_LINES(limit=limit, lines=len(given))
        return given

    def read(self, request: Request, number: int, raw: bytes) -> Line | Broken:
        """One line read, or what is wrong with it."""
        key = None
        try:
            found = self._opened(raw)
            key = found["key"] if isinstance(found.get("key"), str) else None
            idempotency.key_of({"idempotency-key": key or ""})
            path, conditions = self._path(request, found), self._conditions(found)
        except Problem as problem:
            return Broken(number, key, problem)
        body = json.dumps(found.get("body"), ensure_ascii=False, separators=(",", ":"))
        assert key is not None
        return Line(number, key, path, body.encode("utf-8", "surrogatepass"), conditions)

    def _conditions(self, found: dict[str, Any]) -> dict[bytes, bytes]:
        """The preconditions of a line as headers; raises INVALID."""
        given = {name: found[name] for name in self.conditions & found.keys()}
        for name, value in given.items():
            if not isinstance(value, str) or not value.isascii() or not value.isprintable():
                raise from_validation([{"loc": (name,), "msg": "要照读到的“ETag”原样写 / the ETag as it was read"}])
        return {name.replace("_", "-").encode(): value.encode() for name, value in given.items()}

    def _opened(self, raw: bytes) -> dict[str, Any]:
        if len(raw) > self.line_bytes_max:
            raise TOO_LARGE(limit=self.line_bytes_max)
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise LINE_BROKEN(members=self.members) from error
        if not isinstance(found, dict) or found.keys() - self.conditions != {"key", "body", *self.parameters}:
            raise LINE_BROKEN(members=self.members)
        return found

    def _path(self, request: Request, found: dict[str, Any]) -> str:
        """The path of the single write, below whatever prefix this request came by."""
        for name in self.parameters:
            value = found[name]
            if not isinstance(value, str) or not value or not value.isprintable() or "/" in value:
                raise from_validation([{"loc": (name,), "msg": "要写成非空的字符串 / a text that is not empty"}])
        given = {name: str(value) for name, value in request.path_params.items()}
        prefix = str(request.scope["path"]).removesuffix(self.path.format_map(given))
        return prefix + self.single_path.format_map(given | {name: found[name] for name in self.parameters})
