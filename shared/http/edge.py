"""The edge: one request, one transaction, committed before the answer is sent (contracts §4).

A route class and not a ``yield`` dependency: FastAPI ends a plain one after the response has gone out, and neither kind
sees that a handler *returned* a 409. Here the response is in hand before anything is committed: 2xx commits, anything
else rolls back.

Longer than most: what becomes of a request, from its token to its commit, is told in one place.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import APIRouter, HTTPException, Request, Response, params
from fastapi.dependencies.utils import get_flat_params, get_validation_alias
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from opentelemetry.trace import SpanKind
from starlette.exceptions import HTTPException as StarletteHTTPException

from shared.db import audit
from shared.db.scope import NO_POOL, set_scope, transaction
from shared.db.sql import Statement
from shared.http import bulk, exports, failures, idempotency
from shared.http.access import rule_from
from shared.http.call import Call, EdgeRequest, storable
from shared.http.idempotency import Answered, Claim
from shared.http.problems import (
    INTERNAL,
    KEY_IN_FLIGHT,
    METHOD_NOT_ALLOWED,
    NO_SUCH_PATH,
    OUTCOME_UNKNOWN,
    from_validation,
    language_of,
    render,
)
from shared.http.together import together
from shared.http.tokens import ANYBODY
from shared.http.unit import CoalescedRequest, Outside, Peers, Question, StreamUnit, Unit
from shared.kernel import faults
from shared.kernel.disclosure import PersonalData
from shared.kernel.errors import Problem

Handler = Callable[[Request], Awaitable[Response]]

_ASKED_AT_ONCE = 8
REPLAYED = "Idempotency-Replayed"
PERSONAL_TOLD = "内容里有身份证号,请删去 / an ID number stands in it: take it out"
_log = structlog.get_logger("heyi.edge")


class EdgeRoute(APIRoute):
    """A route with an access rule; without one it cannot even be declared."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        rule = rule_from(self.openapi_extra, self.path_format)
        handler = super().get_route_handler()
        path, sheet = self.path_format, exports.sheet_of(self.openapi_extra)
        asked = (one for one in get_flat_params(self.dependant) if not isinstance(one.field_info, params.Header))
        filters = frozenset(map(get_validation_alias, asked)) - self.param_convertors.keys()

        async def handle(request: Request) -> Response:
            call = Call(rule, EdgeRequest(request.scope, request.receive))
            return await _serve(call, sheet, path, filters, handler)

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


async def _serve(
    call: Call, sheet: exports.Sheet | None, path: str, filters: frozenset[str], handler: Handler
) -> Response:
    started = time.perf_counter()
    with call.state.tracing.span(call.rule.command, call.request.headers, kind=SpanKind.SERVER):
        response = await _answer(call, sheet, filters, handler)
    response.headers["X-Request-Id"] = call.request_id
    call.state.metrics.answered(path, response.status_code, time.perf_counter() - started)
    return response


async def _answer(call: Call, sheet: exports.Sheet | None, filters: frozenset[str], handler: Handler) -> Response:
    try:
        await call.admit(filters if sheet is None else filters | {"format"})
        if (whole := call.request.scope.get(bulk.WHOLE)) is not None:
            return await _join(call, handler, whole)
        if sheet is not None and "format" in call.request.query_params:
            return await exports.answer(call, sheet, filters, handler)
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
            return from_validation([{"loc": ("body",), "msg": str(error.detail), "type": "json_invalid"}])
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
    await _write_refusal(call, problem.kind.code, problem.kind.status, problem.kept)


async def _write_refusal(call: Call, code: str, status: int, kept: Sequence[Statement] = ()) -> None:
    facts: dict[str, Any] = {"code": code, "status": status}
    if call.pool_code == NO_POOL and "pool_code" in call.request.path_params:
        facts["asked_pool"] = storable(str(call.request.path_params["pool_code"]))
    try:
        await call.audit_apart(call.entry(audit.REFUSED, facts=facts), kept)
    except Exception as error:
        # The refusal stands whether or not it could be logged; that it could not is an alarm of its own.
        _log.error("refusal not audited", request_id=call.request_id, exc_info=error)


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
    again = True
    while True:  # every turn adds an answer, and a handler has few questions
        try:
            return await _attempt(call, claim, handler, answers)
        except Outside as outside:
            answers |= await _answers_to(outside.questions)
        except Exception as error:
            # nothing of it is left, and who it waited for goes on: it is begun once more
            if not (again and failures.deadlocked(error)):
                raise
            again = False


async def _answers_to(questions: Mapping[Hashable, Question]) -> dict[Hashable, Any]:
    """Asks a few at a time; raises what a failing question raised, and asks no further."""
    gate = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def ask(question: Question) -> Any:
        async with gate:
            return await question()

    return dict(zip(questions, await together(map(ask, questions.values())), strict=True))


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
    etag = response.headers.get("etag")
    answered = Answered(response.status_code, body, unit.result_kind, unit.result_id, etag)
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
    except Exception as error:
        if failures.deadlocked(error):
            whole.deadlock = error
        raise
    return response


def replay(known: Answered) -> Response:
    """The answer that the key's first request got, with the edition that it made: the caller goes on from there."""
    headers = {REPLAYED: "true"} | ({"ETag": known.etag} if known.etag else {})
    return Response(known.body(), known.status, headers, "application/json")


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
