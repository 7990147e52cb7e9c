"""What an operator does about events: see what is parked, ask for a retry, have a topic filled again.

An operator sees ids, types and errors, never personal data, and works for every pool. The worker carries out what is
asked for here. Dropping an event, which takes two people, is not offered yet.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field

from shared.db.sql import fetch, fetchrow
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import CURSOR_INVALID, Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.http.unit import UnitDep
from shared.http.wire import WireModel
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.messaging import republish

OPERATOR = {"operator"}
PARKED_UNKNOWN = define(
    "parked_event_unknown",
    404,
    "没有这条停放的事件",
    "No such parked event",
    "消费者 {consumer} 没有停放事件 {event_id},或者它已经处理;请重新列出停放的事件。",
    "{consumer} has not parked event {event_id}, or it has been released; list the parked events again.",
)
TOPIC_NOT_OURS = define(
    "topic_not_ours",
    422,
    "主题不属于本服务",
    "The topic is another service's",
    "{topic} 由其他服务发布;请向发布它的服务提出,本服务的主题以“heyi.{service}.”开头。",
    "{topic} is published by another service; ask that one. Topics of this service begin with heyi.{service}.",
)

_LIST = """
SELECT consumer, generation, event_id, pool_code, topic, type, subject, sequence, reason, error, attempts, parked_at,
       attempted_at, retry_asked_at
FROM parked WHERE released_at IS NULL AND ($1::text IS NULL OR pool_code = $1) AND ($2::text IS NULL OR consumer = $2)
  AND (consumer, generation, event_id) > ($3, $4, $5)
ORDER BY consumer, generation, event_id LIMIT $6
"""
_FIRST_OF_SUBJECT = """
SELECT f.event_id, f.sequence FROM parked p
JOIN parked f ON f.consumer = p.consumer AND f.generation = p.generation AND f.pool_code = p.pool_code
  AND f.topic = p.topic AND f.subject = p.subject AND f.released_at IS NULL
WHERE p.consumer = $1 AND p.generation = $2 AND p.event_id = $3 AND p.released_at IS NULL
ORDER BY f.sequence LIMIT 1
"""
_ASK = """
UPDATE parked SET retry_asked_at = $4, retry_asked_by = $5
WHERE consumer = $1 AND generation = $2 AND event_id = $3 AND released_at IS NULL RETURNING event_id
"""
_NIL = UUID(int=0)
_GENERATION_MAX = 2**31 - 1
Generation = Annotated[int, Path(ge=0, le=_GENERATION_MAX)]


class ParkedEvent(WireModel):
    """An event that waits. ``reason``: its handler failed (error), it waits for one that did (behind), an event before
    it is missing (gap), or the record is no event of ours (unreadable)."""

    consumer: str
    generation: int
    event_id: UUID
    pool_code: str
    topic: str
    type: str
    subject: str
    sequence: int
    reason: str
    error: str | None
    attempts: int
    parked_at: datetime
    attempted_at: datetime | None
    retry_asked_at: datetime | None


class RetryAsked(WireModel):
    """The event that is tried first: the earliest parked one of the same subject; those behind it follow in order."""

    consumer: str
    event_id: UUID
    sequence: int


class RepublishIn(WireModel):
    """Which topic, and from which business day on."""

    topic: Annotated[str, Field(min_length=1, max_length=200)]
    from_day: Annotated[date, Field(alias="from")]


class RepublishAsked(WireModel):
    """The request, which the relay carries out."""

    id: UUID
    topic: str
    pool_code: str
    from_day: date


router = ServiceRouter()


@router.get("/parked-events", openapi_extra=access(OPERATOR, command="list_parked_events", scope="free"))
async def list_parked(
    unit: UnitDep,
    pool_code: Annotated[str | None, Query(max_length=20)] = None,
    consumer: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ParkedEvent]:
    """Events that are parked now, of all pools or one."""
    rows = await fetch(unit.conn, _LIST, pool_code, consumer, *_after(cursor), limit + 1)
    items = [ParkedEvent(**row) for row in rows[:limit]]
    more = len(rows) > limit
    last = items[-1] if more else None
    return Page(items=items, next_cursor=encode_cursor(last.consumer, last.generation, last.event_id) if last else None)


def _after(cursor: str | None) -> tuple[str, int, UUID]:
    """The key after which a page begins; raises CURSOR_INVALID."""
    key = decode_cursor(cursor, 3)
    if key is None:
        return "", 0, _NIL
    try:
        after = str(key[0]), int(key[1]), UUID(str(key[2]))
    except (ValueError, TypeError) as error:
        raise CURSOR_INVALID() from error
    if not 0 <= after[1] <= _GENERATION_MAX:
        raise CURSOR_INVALID()
    return after


@router.post(
    "/parked-events/{consumer}/{generation}/{event_id}/retry",
    status_code=202,
    openapi_extra=access(OPERATOR, command="retry_parked_event", scope="free"),
)
async def retry_parked(unit: UnitDep, consumer: str, generation: Generation, event_id: UUID) -> RetryAsked:
    """Asks the worker to try the event's subject again, beginning with its earliest parked event."""
    first = await fetchrow(unit.conn, _FIRST_OF_SUBJECT, consumer, generation, event_id)
    if first is None:
        raise PARKED_UNKNOWN(consumer=consumer, event_id=event_id)
    asked = await fetchrow(unit.conn, _ASK, consumer, generation, first["event_id"], unit.now, unit.actor.subject)
    if asked is None:
        raise PARKED_UNKNOWN(consumer=consumer, event_id=event_id)
    unit.result("parked_event", first["event_id"])
    return RetryAsked(consumer=consumer, event_id=first["event_id"], sequence=first["sequence"])


@router.post(
    "/pools/{pool_code}/events/republish",
    status_code=202,
    openapi_extra=access(OPERATOR, command="republish_events", scope="pool"),
)
async def republish_events(unit: UnitDep, pool_code: str, body: RepublishIn) -> RepublishAsked:
    """Asks the relay to send the pool's events of a topic again; consumers that had them recognise them."""
    if not body.topic.startswith(f"heyi.{unit.app.service}."):
        raise TOPIC_NOT_OURS(topic=body.topic, service=unit.app.service)
    request_id = new_id(unit.now)
    await republish.ask(
        unit.conn,
        pool_code=pool_code,
        topic=body.topic,
        from_day=body.from_day,
        asked_by=unit.actor.subject,
        request_id=request_id,
        now=unit.now,
    )
    unit.result("republish_request", request_id)
    return RepublishAsked(id=request_id, topic=body.topic, pool_code=pool_code, from_day=body.from_day)
