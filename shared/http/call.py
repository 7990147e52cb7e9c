"""One call of one route: what the edge knows of it before its handler runs."""

import json
import re
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import orjson
from fastapi import Request

from shared.contracts.wire import JsonNumber
from shared.db import audit
from shared.db.scope import NO_POOL, Scope, transaction
from shared.db.sql import Statement, execute
from shared.http.access import AccessRule
from shared.http.problems import TOO_LARGE, from_validation
from shared.http.tokens import ANYBODY, Actor
from shared.http.unit import ServiceState

READ_METHODS = frozenset({"GET", "HEAD"})
NUL_TOLD = "文字里不能有 NUL 字符 (U+0000) / texts cannot hold the character U+0000"
HALF_TOLD = "文字里有半个字符“U+D800–U+DFFF” / a text holds half a character (\\ud800 to \\udfff)"
_ESCAPED = rb"\u"
_NUL_WRITTEN = rb"\u0000"  # looked for first: a pattern that looks behind reads every byte twice
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class EdgeRequest(Request):
    """A request whose JSON numbers are recognisable, so that an amount can refuse them."""

    async def json(self) -> Any:
        if not hasattr(self, "_parsed"):
            self._parsed = json.loads((await self.body()).decode(), parse_int=JsonNumber)
        return self._parsed

    async def read_limited(self, limit: int) -> bytes:
        """The whole body; raises TOO_LARGE beyond the limit in bytes."""
        if not hasattr(self, "_body"):
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.stream():
                size += len(chunk)
                if size > limit:
                    raise TOO_LARGE(limit=limit)
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body


class Call:
    """One call of one route: what is known before its handler runs."""

    def __init__(self, rule: AccessRule, request: EdgeRequest) -> None:
        self.rule = rule
        self.request = request
        self.state: ServiceState = request.app.state.heyi
        given = request.headers.get("x-request-id", "")
        self.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        self.actor: Actor = ANYBODY
        self.pool_code = NO_POOL
        self.now = self.state.clock.now()

    async def admit(self, filters: frozenset[str]) -> None:
        """Token, then rule, then form of the address; raises the problem of the first that fails."""
        if self.rule.scope != "public":
            self.actor = await self.state.verifier.actor(self.request.headers.get("authorization"))
        self.pool_code = self.rule.pool_of(self.actor, self.request.path_params)
        if "\0" in self.request.scope["path"] or "%00" in self.query:
            raise from_validation([{"loc": ("path",), "msg": NUL_TOLD}])
        if self.query:
            unknown = sorted(set(self.request.query_params) - filters)
            if unknown:
                zh, en = "、".join(f"“{name}”" for name in sorted(filters)), ", ".join(sorted(filters))
                msg = f"没有这个筛选条件,可用的有 {zh or '(无)'} / no such filter, there are {en or 'none'}"
                raise from_validation([{"loc": ("query", name), "msg": msg} for name in unknown])

    @property
    def query(self) -> str:
        """The query string as it was sent."""
        raw: bytes = self.request.scope["query_string"]
        return raw.decode("latin-1")

    async def body(self) -> bytes:
        """The whole body; raises TOO_LARGE, and INVALID for what no text of ours can hold: NUL, half a character."""
        body = await self.request.read_limited(self.rule.max_bytes)
        if _ESCAPED in body and self._is_json():  # few bodies hold any escaped character
            if _NUL_WRITTEN in body and _NUL.search(body):
                raise from_validation([{"loc": ("body",), "msg": NUL_TOLD}])
            if _HALF.search(body) and not _is_whole(body):
                raise from_validation([{"loc": ("body",), "msg": HALF_TOLD}])
        return body

    def _is_json(self) -> bool:
        return self.request.headers.get("content-type", "").startswith("application/json")

    @property
    def scope(self) -> Scope:
        """The rows that this call may see."""
        return self.rule.row_scope(self.actor, self.pool_code)

    @property
    def is_read(self) -> bool:
        """Whether the call can change nothing."""
        return self.request.method in READ_METHODS or self.rule.scope == "public" or self.rule.query

    def entry(
        self,
        outcome: str,
        *,
        kind: str | None = None,
        identifier: str | None = None,
        facts: dict[str, Any] | None = None,
        pool_code: str | None = None,
    ) -> audit.Entry:
        """The audit row of this call."""
        return audit.Entry(
            pool_code=pool_code or self.pool_code,
            at=self.now,
            subject=self.actor.subject,
            role=self.actor.role,
            action=self.rule.command,
            outcome=outcome,
            request_id=self.request_id,
            resource_kind=kind,
            resource_id=identifier or storable("/".join(str(v) for v in self.request.path_params.values())) or None,
            detail=facts or {},
        )

    async def audit_apart(self, entry: audit.Entry, kept: Sequence[Statement] = ()) -> None:
        """Writes an audit row, and what a refusal keeps, in a short transaction of its own."""
        async with transaction(self.state.engine, Scope(self.actor.role, (entry.pool_code,))) as conn:
            await audit.write(conn, [entry])
            for statement in kept:
                await execute(conn, statement.sql, *statement.args)


def _is_whole(body: bytes) -> bool:
    """Whether every escaped surrogate of a JSON body has its other half; orjson refuses those that have not."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def storable(given: str) -> str:
    """What a caller wrote in the path, as the log can hold it: its refusal has to be there, whatever it was."""
    return given.replace("\0", "�")[:200]
