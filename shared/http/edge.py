"""The edge: one request, one transaction, committed before the answer is sent (contracts §4).

A route class and not a ``yield`` dependency: FastAPI ends a plain one after the response has gone out, and neither kind
sees that a handler *returned* a 409. Here the response is in hand before anything is committed: 2xx commits, anything
else rolls back.

Longer than most: what becomes of a request, from its token to its commit, is told in one place.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any
from uuid import uuid4

import orjson
import structlog
from fastapi import APIRouter, HTTPException, Request, Response, params
from fastapi.dependencies.utils import get_flat_params, get_validation_alias
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from opentelemetry.trace import SpanKind
from starlette.exceptions import HTTPException as StarletteHTTPException

from shared.contracts.wire import JsonNumber
from shared.db import audit
from shared.db.scope import NO_POOL, Scope, set_scope, transaction
from shared.http import bulk, exports, failures, idempotency
from shared.http.access import AccessRule, rule_from
from shared.http.idempotency import Answered, Claim
from shared.http.problems import (
    INTERNAL,
    KEY_IN_FLIGHT,
    METHOD_NOT_ALLOWED,
    NO_SUCH_PATH,
    OUTCOME_UNKNOWN,
    TOO_LARGE,
    from_validation,
    language_of,
    render,
)
from shared.http.tokens import ANYBODY, Actor
from shared.http.unit import CoalescedRequest, Outside, Peers, Question, ServiceState, StreamUnit, Unit
from shared.kernel import faults
from shared.kernel.disclosure import PersonalData
from shared.kernel.errors import Problem

Handler = Callable[[Request], Awaitable[Response]]

READ_METHODS = frozenset({"GET", "HEAD"})
_ASKED_AT_ONCE = 8
REPLAYED = "Idempotency-Replayed"
NUL_TOLD = "文字里不能有 NUL 字符 (U+0000) / texts cannot hold the character U+0000"
PERSONAL_TOLD = "内容里有身份证号,请删去 / an ID number stands in it: take it out"
_ESCAPED = rb"\u"
HALF_TOLD = "文字里有半个字符“U+D800–U+DFFF” / a text holds half a character (\\ud800 to \\udfff)"
_NUL_WRITTEN = rb"\u0000"  # looked for first: a pattern that looks behind reads every byte twice
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_log = structlog.get_logger("heyi.edge")


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

    def __init__(self, rule: AccessRule, sheet: exports.Sheet | None, request: EdgeRequest) -> None:
        self.rule = rule
        self.sheet = sheet
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
            resource_id=identifier or _storable("/".join(str(v) for v in self.request.path_params.values())) or None,
            detail=facts or {},
        )

    async def audit_apart(self, entry: audit.Entry) -> None:
        """Writes an audit row in a short transaction of its own."""
        async with transaction(self.state.engine, Scope(self.actor.role, (entry.pool_code,))) as conn:
            await audit.write(conn, [entry])


def _is_whole(body: bytes) -> bool:
    """Whether every escaped surrogate of a JSON body has its other half; orjson refuses those that have not."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


class EdgeRoute(APIRoute):
    """A route with an access rule; without one it cannot even be declared."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        rule = rule_from(self.openapi_extra, self.path_format)
        handler = super().get_route_handler()
        path, sheet = self.path_format, exports.sheet_of(self.openapi_extra)
        asked = (one for one in get_flat_params(self.dependant) if not isinstance(one.field_info, params.Header))
        filters = frozenset(map(get_validation_alias, asked)) - self.param_convertors.keys()

        async def handle(request: Request) -> Response:
            return await _serve(Call(rule, sheet, EdgeRequest(request.scope, request.receive)), path, filters, handler)

        return handle


class ServiceRouter(APIRouter):
    """A router whose routes pass the edge."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=EdgeRoute, **options)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Adds a route, and beside it the bulk route that its access rule names."""
        super().add_api_route(path, endpoint, **options)
        rule = rule_from(options.get("openapi_extra"), self.prefix + path)
        if rule.bulk is not None:
            single = self.routes[-1]
            assert isinstance(single, APIRoute)
            many, its_options = bulk.sibling_of(single, self.prefix + rule.bulk)
            super().add_api_route(rule.bulk, many, **its_options)


async def _serve(call: Call, path: str, filters: frozenset[str], handler: Handler) -> Response:
    started = time.perf_counter()
    with call.state.tracing.span(call.rule.command, call.request.headers, kind=SpanKind.SERVER):
        response = await _answer(call, filters, handler)
    response.headers["X-Request-Id"] = call.request_id
    call.state.metrics.answered(path, response.status_code, time.perf_counter() - started)
    return response


async def _answer(call: Call, filters: frozenset[str], handler: Handler) -> Response:
    try:
        await call.admit(filters if call.sheet is None else filters | {"format"})
        if (whole := call.request.scope.get(bulk.WHOLE)) is not None:
            return await _join(call, handler, whole)
        if call.sheet is not None and "format" in call.request.query_params:
            return await exports.answer(call, call.sheet, filters, handler)
        if call.rule.coalesced:
            return await _coalesced(call, handler)
        if call.rule.stream or (call.rule.bulk_of and not bulk.is_atomic(call.request)):
            return await _stream(call, handler)
        if call.is_read:
            return await _read(call, handler)
        return await _write(call, handler)
    except Exception as error:
        problem = as_problem(error, call.request_id)
        await _audit_refusal(call, problem)
        return render(problem, language_of(call.request), call.request_id)


def as_problem(error: Exception, request_id: str) -> Problem:
    """What to tell the caller; unknown errors are logged with their trace and told as INTERNAL."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return from_validation(list(error.errors()))
    if isinstance(error, HTTPException | StarletteHTTPException):
        if error.status_code == 404:
            return NO_SUCH_PATH(path="")
        if error.status_code == 405:
            return METHOD_NOT_ALLOWED(method="")
        if error.status_code < 500:
            return from_validation([{"loc": ("request",), "msg": str(error.detail)}])
    if isinstance(error, PersonalData):  # in a field that is no free text, such as a number of the caller's own
        return from_validation([{"loc": ("body",), "msg": PERSONAL_TOLD}])
    passing = failures.passing(error)
    if passing is not None:
        _log.warning("database refused for now", error=type(error).__name__, request_id=request_id)
        return passing
    _log.error("unexpected error", request_id=request_id, exc_info=error)
    return INTERNAL(request_id=request_id)


async def _audit_refusal(call: Call, problem: Problem) -> None:
    if bulk.WHOLE in call.request.scope:
        return  # the whole is refused and audited, when its transaction is over
    told = problem.kind.status == 403 or not call.is_read or call.rule.personal
    if call.actor is ANYBODY or not told or problem.kind.status >= 500:
        return
    await _write_refusal(call, problem.kind.code, problem.kind.status)


async def _write_refusal(call: Call, code: str, status: int) -> None:
    facts: dict[str, Any] = {"code": code, "status": status}
    if call.pool_code == NO_POOL and "pool_code" in call.request.path_params:
        facts["asked_pool"] = _storable(str(call.request.path_params["pool_code"]))
    try:
        await call.audit_apart(call.entry(audit.REFUSED, facts=facts))
    except Exception as error:
        # The refusal stands whether or not it could be logged; that it could not is an alarm of its own.
        _log.error("refusal not audited", request_id=call.request_id, exc_info=error)


def _storable(given: str) -> str:
    """What a caller wrote in the path, as the log can hold it: its refusal has to be there, whatever it was."""
    return given.replace("\0", "�")[:200]


async def _read(call: Call, handler: Handler) -> Response:
    await call.body()
    async with transaction(call.state.engine, call.scope, read_only=True) as conn:
        unit = Unit(conn, call.actor, call.now, call.pool_code, call.request_id, call.state)
        call.request.state.unit = unit
        response = await handler(call.request)
    if call.rule.personal and call.actor.role != "service" and response.status_code < 400:
        await call.audit_apart(
            call.entry(audit.READ, kind=unit.result_kind, identifier=unit.result_id, facts=unit.facts)
        )
    return response


async def _stream(call: Call, handler: Handler) -> Response:
    call.request.state.unit = StreamUnit(call.actor, call.scope, call.now, call.pool_code, call.request_id, call.state)
    await call.body()
    if call.rule.personal and call.actor.role != "service":
        await call.audit_apart(call.entry(audit.READ))
    return await handler(call.request)


async def _coalesced(call: Call, handler: Handler) -> Response:
    call.request.state.unit = CoalescedRequest(
        call.actor,
        call.scope,
        await _claim_of(call),
        call.now,
        call.pool_code,
        call.request_id,
        call.rule.command,
        call.state,
    )
    return await handler(call.request)


async def _claim_of(call: Call) -> Claim:
    request = call.request
    key = idempotency.key_of(request.headers)
    body = await call.body()
    hashed = idempotency.request_hash(
        request.method,
        request.scope["path"],
        call.query,
        request.headers.get("content-type", ""),
        body,
    )
    return Claim(call.pool_code, call.actor.subject, key, hashed)


async def _write(call: Call, handler: Handler) -> Response:
    claim = await _claim_of(call)
    answers: dict[Hashable, Any] = {}
    while True:  # every turn adds an answer, and a handler has few questions
        try:
            return await _attempt(call, claim, handler, answers)
        except Outside as outside:
            answers |= await _answers_to(outside.questions)


async def _answers_to(questions: Mapping[Hashable, Question]) -> dict[Hashable, Any]:
    """Asks a few at a time; raises what a failing question raised, and asks no further."""
    gate = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def ask(question: Question) -> Any:
        async with gate:
            return await question()

    try:
        async with asyncio.TaskGroup() as group:
            asked = {name: group.create_task(ask(question)) for name, question in questions.items()}
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return {name: task.result() for name, task in asked.items()}


async def _attempt(call: Call, claim: Claim, handler: Handler, answers: dict[Hashable, Any]) -> Response:
    async with call.state.engine.connect() as conn:
        await set_scope(conn, call.scope)
        try:
            known = await idempotency.claim(conn, claim, call.now)
        except Exception as error:
            if failures.waited_too_long(error):
                raise KEY_IN_FLIGHT(retry_after_seconds=1) from error
            raise
        if known is not None:
            return replay(known)
        unit = Unit(conn, call.actor, call.now, call.pool_code, call.request_id, call.state, Peers(answers))
        call.request.state.unit = unit
        response = await handler(call.request)
        if not 200 <= response.status_code < 300:
            await conn.rollback()
            await _write_refusal(call, "returned", response.status_code)
            return response
        await _keep(call, claim, unit, response)
        faults.point("edge.before_commit")
        try:
            await conn.commit()
        except Exception as error:
            if not failures.connection_lost(error):
                raise
            return await _after_lost_commit(call, claim)
        faults.point("edge.after_commit")
        return response


async def _keep(call: Call, claim: Claim, unit: Unit, response: Response) -> None:
    """Keeps the answer with its key, and writes the audit row."""
    body = bytes(response.body) if hasattr(response, "body") else b""
    answered = Answered(response.status_code, body, unit.result_kind, unit.result_id)
    await idempotency.finish(unit.conn, claim, answered)
    done = call.entry(audit.DONE, kind=unit.result_kind, identifier=unit.result_id, facts=unit.facts)
    await audit.write(unit.conn, [done])


async def _join(call: Call, handler: Handler, whole: Unit) -> Response:
    """A line of an atomic bulk: in the transaction of the whole, which has taken the line's key (shared.http.bulk).

    What a refused line wrote is undone at once, so that the lines after it are judged without it.
    """
    call.now = whole.now
    claim = await _claim_of(call)
    try:
        async with whole.conn.begin_nested() as savepoint:
            unit = Unit(whole.conn, call.actor, whole.now, call.pool_code, call.request_id, call.state, whole.peers)
            call.request.state.unit = unit
            response = await handler(call.request)
            if 200 <= response.status_code < 300:
                await _keep(call, claim, unit, response)
            else:
                await savepoint.rollback()
    except Outside as outside:
        whole.peers.questions |= outside.questions  # the whole asks for all its lines together, and begins again
        return Response(status_code=503)
    return response


def replay(known: Answered) -> Response:
    """The answer that the key's first request got."""
    return Response(known.body(), known.status, {REPLAYED: "true"}, "application/json")


async def _after_lost_commit(call: Call, claim: Claim) -> Response:
    """The acknowledgement of COMMIT is lost: the key tells on a new connection whether it happened."""
    try:
        async with transaction(call.state.engine, call.scope, read_only=True) as conn:
            known = await idempotency.read(conn, claim)
    except Exception as error:
        raise OUTCOME_UNKNOWN(retry_after_seconds=2) from error
    if known is None:
        # Absent may still mean "not yet": only the same key, sent again, gets a certain answer.
        raise OUTCOME_UNKNOWN(retry_after_seconds=2)
    return replay(known)
