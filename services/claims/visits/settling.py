"""Settlement and cancellation as a caller sees them: through the coalescer, asking enrollment where in doubt."""

import asyncio
import time
from dataclasses import replace
from uuid import UUID

from services.claims.visits import coverage_store
from services.claims.visits.asking import EnrollmentDesk
from services.claims.visits.batch_state import Ask, CancelAsk, InDoubt, Replayed, Reply, SettleAsk
from services.claims.visits.coalescer import Coalescer
from services.claims.visits.direct import Asked
from services.claims.visits.problems import ENROLLMENT_SILENT, MEMBER_UNKNOWN
from shared.db.scope import Scope, transaction
from shared.http.idempotency import Answered
from shared.http.unit import CoalescedRequest
from shared.observe.tracing import current_traceparent

Settlements = Coalescer[Ask, Reply]
COALESCER, DESK = "settlements", "enrollment"


async def settle(request: CoalescedRequest, visit_id: UUID, asked: Asked) -> tuple[Answered, bool]:
    """Settles a visit; the answer, and whether it is a replay. Raises the problem of the refusal.

    Where the projection does not say "covered" on a fresh stream, enrollment is asked, outside any transaction, and
    its answer is kept if it is newer; then the request comes again and that answer counts, "not covered" included.
    Both ways through the coalescer and the question between them end within one request timeout.
    """
    ask = SettleAsk(
        request,
        visit_id,
        asked.lines,
        current_traceparent(),
        from_account_fen=asked.from_account_fen,
        midway=asked.midway,
        off_path=asked.off_path,
    )
    until = time.monotonic() + request.app.settings.request_timeout_seconds
    reply = await _submit(ask)
    if isinstance(reply, InDoubt):
        async with asyncio.timeout(until - time.monotonic()):  # the edge tells its end as BUSY: nothing has moved
            for member_id in reply.members:
                await _ask_enrollment(request, member_id)
        reply = await _submit(replace(ask, asked=True), within_seconds=until - time.monotonic())
    return _answered(reply)


async def cancel(request: CoalescedRequest, claim_id: UUID, reason: str) -> tuple[Answered, bool]:
    """Cancels a claim; the answer, and whether it is a replay. Raises the problem of the refusal."""
    return _answered(await _submit(CancelAsk(request, claim_id, reason, current_traceparent())))


async def _submit(ask: Ask, within_seconds: float | None = None) -> Reply:
    request = ask.request
    coalescer: Settlements = request.app.resources[COALESCER]
    return await coalescer.submit((request.pool_code, request.actor.role), ask, within_seconds=within_seconds)


def _answered(reply: Reply) -> tuple[Answered, bool]:
    if isinstance(reply, Replayed):
        return reply.answered, True
    if isinstance(reply, InDoubt):  # the member moved between the answer and the locks: the caller sends again
        raise ENROLLMENT_SILENT(retry_after_seconds=1)
    return reply, False


async def _ask_enrollment(request: CoalescedRequest, member_id: UUID) -> None:
    desk: EnrollmentDesk = request.app.resources[DESK]
    told = await desk.of_member(request.pool_code, member_id)
    if told is None:
        raise MEMBER_UNKNOWN(pool_code=request.pool_code)
    async with transaction(request.app.engine, Scope(request.actor.role, (request.pool_code,))) as conn:
        await coverage_store.replace(conn, request.pool_code, told, coverage_store.ANSWER, request.now)
