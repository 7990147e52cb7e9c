"""Many writes in one request (contracts §4): NDJSON, a line each, every line with its own key.

A write route that is declared with ``access(…, bulk="/…/bulk")`` gets a sibling there. Each line goes through the
single route itself, as a request of its own inside the process: token, rule, scope, key, transaction, audit and
problems are those of the single write, and a key used on one way replays on the other. With ``?atomic=true`` all lines
share the transaction of their request, which the edge commits or rolls back as it does any other.

The body is read whole before the first line is done: a client that sends and does not read its answers would otherwise
wait for us while we wait for it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote

import anyio
import orjson
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled
from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from shared.db import audit
from shared.db.scope import Scope, transaction
from shared.http import failures, idempotency
from shared.http.access import EXTENSION
from shared.http.bulk_lines import (
    ATOMIC_LINES_MAX,
    BULK_BYTES_MAX,
    BULK_EMPTY,
    BULK_REFUSED,
    BULK_TOO_MANY_LINES,
    KEY_TWICE,
    LINES_MAX,
    NDJSON,
    NOT_NDJSON,
    PARAMETER,
    Broken,
    Line,
    Sibling,
)
from shared.http.idempotency import Claim
from shared.http.problems import KEY_IN_FLIGHT, documented, language_of, render
from shared.http.unit import Outside, StreamUnit, Unit
from shared.kernel.errors import Problem

WHOLE = "heyi.whole"
"""In the scope of a line of an atomic bulk: the unit whose transaction it joins."""
_ERRORS_SHOWN = 100
_REQUEST_ID_KEPT = 56
_OWN_HEADERS = frozenset([b"content-type", b"content-length", b"transfer-encoding", b"idempotency-key",
                          b"x-request-id", b"expect"])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What the single route answered to a line."""

    status: int
    replayed: bool
    body: bytes
    etag: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether the line moved something."""
        return 200 <= self.status < 300


async def _ask(sibling: Sibling, request: Request, line: Line, whole: Unit | None = None) -> Told:
    """Asks the single route, through the whole application and inside this process."""
    taken: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": line.body, "more_body": False}

    async def send(message: Any) -> None:
        taken.append(message)

    await request.app(_scope(sibling, request, line, whole), receive, send)
    headers = dict(taken[0]["headers"])
    body = b"".join(message.get("body", b"") for message in taken[1:])
    etag = headers.get(b"etag")
    replayed = headers.get(b"idempotency-replayed") == b"true"
    return Told(taken[0]["status"], replayed, body, etag.decode("latin-1") if etag else None)


def _scope(sibling: Sibling, request: Request, line: Line, whole: Unit | None) -> dict[str, Any]:
    kept = ("type", "asgi", "http_version", "scheme", "root_path", "client", "server", "app")
    own = _OWN_HEADERS | line.conditions.keys()
    headers = [(name, value) for name, value in request.scope["headers"] if name.lower() not in own]
    scope = {name: request.scope[name] for name in kept if name in request.scope} | {
        "method": sibling.method,
        "path": line.path,
        "raw_path": quote(line.path).encode(),
        "query_string": b"",
        "headers": [
            *headers,
            *line.conditions.items(),
            (b"content-type", b"application/json"),
            (b"idempotency-key", line.key.encode()),
            (b"x-request-id", _request_id(request, line.number).encode()),
        ],
        "state": {},
    }
    return scope if whole is None else scope | {WHOLE: whole}


def _request_id(request: Request, number: int) -> str:
    unit: Unit | StreamUnit = request.state.unit
    return f"{unit.request_id[:_REQUEST_ID_KEPT]}.{number}"


# ---------------------------------------------------------------- each line for itself


async def _each(sibling: Sibling, request: Request, given: list[tuple[int, bytes]]) -> AsyncIterator[bytes]:
    """The result lines. Who hangs up leaves done what is done: a line begun is ended, the next one is not begun."""
    for number, raw in given:
        await checkpoint_if_cancelled()
        with anyio.CancelScope(shield=True):
            result = await _result(sibling, request, sibling.read(request, number, raw))
        yield orjson.dumps(result) + b"\n"


async def _result(sibling: Sibling, request: Request, line: Line | Broken) -> dict[str, Any]:
    if isinstance(line, Broken):
        await _audit_broken(sibling, request.state.unit, request, line)
        told = render(line.problem, language_of(request), _request_id(request, line.number))
        return _shown(line, Told(told.status_code, False, bytes(told.body)))
    return _shown(line, await _ask(sibling, request, line))


def _shown(line: Line | Broken, told: Told) -> dict[str, Any]:
    """One result: line, key, status, and the answer's body or its problem."""
    result: dict[str, Any] = {"line": line.number, "key": line.key, "status": told.status}
    if told.replayed:
        result["replayed"] = True
    if told.etag is not None:
        result["etag"] = told.etag
    result["body" if told.is_done else "problem"] = orjson.Fragment(told.body) if told.body else None
    return result


async def _audit_broken(sibling: Sibling, unit: StreamUnit, request: Request, line: Broken) -> None:
    """The refusal of a line that never reached the single route, which audits its own."""
    kind = line.problem.kind
    entry = audit.Entry(
        pool_code=unit.pool_code,
        at=unit.now,
        subject=unit.actor.subject,
        role=unit.actor.role,
        action=sibling.command,
        outcome=audit.REFUSED,
        request_id=_request_id(request, line.number),
        detail={"line": line.number, "code": kind.code, "status": kind.status},
    )
    async with transaction(unit.app.engine, Scope(unit.actor.role, (unit.pool_code,))) as conn:
        await audit.write(conn, [entry])


# ---------------------------------------------------------------- all or nothing


async def _all(sibling: Sibling, request: Request, given: list[tuple[int, bytes]]) -> Response:
    """Every line in the one transaction of this request; its answer is 2xx only where all moved."""
    unit: Unit = request.state.unit
    good = await _readable(sibling, request, given)
    claims = {line.number: _claim(sibling, unit, line) for line in good}
    ours = await _take_keys(unit, list(claims.values()))
    results, wrong = [], []
    for line in good:
        known = (claims[line.number].subject, line.key) not in ours
        told = await (_known(unit, request, claims[line.number]) if known else _ask(sibling, request, line, unit))
        if unit.deadlock is not None:
            raise unit.deadlock
        if unit.peers.questions:
            continue  # this pass is only for what else is to be asked
        if told.status >= 500:
            return Response(told.body, told.status, media_type="application/problem+json")
        results.append(_shown(line, told))
        if not told.is_done:
            wrong.append(_error(line, told.body))
    if unit.peers.questions:
        raise Outside(unit.peers.questions)
    if wrong:
        raise BULK_REFUSED(errors=wrong[:_ERRORS_SHOWN])
    unit.result("bulk", request.headers["idempotency-key"])
    unit.note(lines=len(good))
    return Response(orjson.dumps({"lines": results}), media_type="application/json")


async def _readable(sibling: Sibling, request: Request, given: list[tuple[int, bytes]]) -> list[Line]:
    """The lines, where all can be read and no key stands twice; raises BULK_REFUSED naming those that are wrong."""
    good: dict[str, Line] = {}
    wrong = []
    for number, raw in given:
        await checkpoint()  # others are served while a large body is read
        line = sibling.read(request, number, raw)
        problem = line.problem if isinstance(line, Broken) else None
        if isinstance(line, Line) and good.setdefault(line.key, line) is not line:
            problem = KEY_TWICE(other=good[line.key].number)
        if problem is not None:
            wrong.append(_error(line, orjson.dumps(problem.body(language_of(request)))))
    if wrong:
        raise BULK_REFUSED(errors=wrong[:_ERRORS_SHOWN])
    return list(good.values())


def _error(line: Line | Broken, body: bytes) -> dict[str, Any]:
    """How the answer names a line: where, its key, and the problem of the single write."""
    problem = orjson.loads(body) if body else {}
    told = {"at": f"lines.{line.number}", "key": line.key, "code": problem.get("code"), "reason": problem.get("detail")}
    return told | ({"errors": problem["errors"]} if "errors" in problem else {})


def _claim(sibling: Sibling, unit: Unit, line: Line) -> Claim:
    """The key as the single write would claim it."""
    hashed = idempotency.request_hash(sibling.method, line.path, "", "application/json", line.body)
    return Claim(unit.pool_code, unit.actor.subject, line.key, hashed)


async def _take_keys(unit: Unit, claims: list[Claim]) -> set[tuple[str, str]]:
    """Takes the keys of all lines before any other lock, sorted; raises KEY_IN_FLIGHT."""
    try:
        return await idempotency.claim_many(unit.conn, unit.pool_code, claims, unit.now)
    except Exception as error:
        if failures.waited_too_long(error):
            raise KEY_IN_FLIGHT(retry_after_seconds=1) from error
        raise


async def _known(unit: Unit, request: Request, claim: Claim) -> Told:
    """What a key that was there before was answered."""
    try:
        answered = await idempotency.read(unit.conn, claim)
    except Problem as problem:
        return Told(problem.kind.status, False, orjson.dumps(problem.body(language_of(request))))
    if answered is None or answered.status is None:
        raise KEY_IN_FLIGHT(retry_after_seconds=1)
    return Told(answered.status, True, answered.body(), answered.etag)


# ---------------------------------------------------------------- the route


def sibling_of(single: APIRoute, path: str) -> tuple[Callable[..., Awaitable[Response]], dict[str, Any]]:
    """The endpoint and the ``add_api_route`` options of the bulk route of ``single``."""
    rule = (single.openapi_extra or {})[EXTENSION]
    reads = not (single.methods or set()) - {"GET", "HEAD"} or rule["scope"] == "public" or "query" in rule
    if reads or rule.keys() & {"stream", "coalesced"}:
        raise ValueError(f"{path}: bulk is for writes that the edge commits")
    sibling = Sibling(single, path)

    async def endpoint(
        request: Request, atomic: Annotated[Literal["true", "false"] | None, Query()] = None
    ) -> Response:
        if not request.headers.get("content-type", "").startswith(NDJSON):
            raise NOT_NDJSON()
        body = await request.body()
        if is_atomic(request):
            return await _all(sibling, request, sibling.given(body, ATOMIC_LINES_MAX))
        return StreamingResponse(_each(sibling, request, sibling.given(body, LINES_MAX)), media_type=NDJSON)

    endpoint.__name__ = f"{single.name}_bulk"
    endpoint.__doc__ = (
        f"The same write many times: one {sibling.members} a line, each with its own key and transaction, answered "
        f"line by line; up to {LINES_MAX} lines. `atomic=true`: one transaction of up to {ATOMIC_LINES_MAX} "
        "lines, all or nothing, with an Idempotency-Key of the whole besides."
    )
    return endpoint, {
        "methods": ["POST"],
        "tags": single.tags,
        "dependencies": single.dependencies,
        "response_class": Response,
        "responses": documented(NOT_NDJSON, BULK_EMPTY, BULK_TOO_MANY_LINES, BULK_REFUSED) | {200: _answers()},
        "openapi_extra": {
            EXTENSION: {
                "command": sibling.command,
                "roles": rule["roles"],
                "scope": rule["scope"],
                "personal": False,
                "bulk_of": f"{sibling.method} {single.path_format}",
                "max_bytes": BULK_BYTES_MAX,
            },
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in PARAMETER.findall(path)
            ],
            "requestBody": {"required": True, "content": {NDJSON: {"schema": _line_schema(sibling, single)}}},
        },
    }


def is_atomic(request: Request) -> bool:
    """Whether all lines share a transaction."""
    return request.query_params.get("atomic") == "true"


def _line_schema(sibling: Sibling, single: APIRoute) -> dict[str, Any]:
    """A line as OpenAPI tells it; the body is the single write's own schema."""
    assert single.body_field is not None, f"{sibling.path}: a write without a body has no lines"
    model = single.body_field.field_info.annotation
    text = {"type": "string", "minLength": 1}
    members: dict[str, Any] = {"key": text | {"maxLength": idempotency.KEY_MAX}}
    members |= dict.fromkeys(sibling.parameters, text)
    members["body"] = {"$ref": f"#/components/schemas/{getattr(model, '__name__', '')}"}
    schema = _object(members, description=f"one line; at most {sibling.line_bytes_max} bytes")
    conditions = {name: {"type": "string", "description": "of this line"} for name in sorted(sibling.conditions)}
    return schema | {"properties": members | conditions}


def _answers() -> dict[str, Any]:
    """The two forms of the answer."""
    members: dict[str, Any] = {
        "line": {"type": "integer", "minimum": 1},
        "key": {"type": ["string", "null"]},
        "status": {"type": "integer"},
        "replayed": {"type": "boolean"},
        "etag": {"type": "string", "description": "the edition that the write made, where it has one"},
        "body": {"description": "the answer of the single write"},
        "problem": {"type": "object", "description": "why the line was refused (RFC 9457)"},
    }
    line = {"type": "object", "required": ["line", "key", "status"], "properties": members}
    return {
        "description": "a result a line, streamed; or, all or nothing, every result",
        "content": {
            NDJSON: {"schema": line},
            "application/json": {"schema": _object({"lines": {"type": "array", "items": line}})},
        },
    }


def _object(members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(members), "properties": members, "additionalProperties": False} | more
