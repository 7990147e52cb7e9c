"""A small service behind the edge, on a database that holds the frame and one table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import SecretStr

from shared.db import frame
from shared.db.rules import pool_table
from shared.db.sql import execute, fetch, fetchval
from shared.http.access import access
from shared.http.app import create_service_app
from shared.http.edge import ServiceRouter
from shared.http.exports import exported
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.preconditions import PreconditionDep, etag, show
from shared.http.settings import ServiceSettings
from shared.http.unit import StreamDep, UnitDep
from shared.http.wire import WireModel, Yuan
from shared.kernel.clock import FixedClock
from shared.kernel.errors import define
from shared.observe.tracing import current_traceparent
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.services import PATIENT_SECONDS
from tests.support.tokens import TestTokens

POOL, OTHER_POOL = "522422", "410182"
SERVICE = "performance"
NOTE_REFUSED = define("note_refused", 409, "不收", "Refused", "请换一个。", "Send another.")
ROLES = {"county_director"}


class NoteIn(WireModel):
    """A request of the small service."""

    text: str
    amount: Yuan


router = ServiceRouter(prefix="/pools/{pool_code}")


@router.post("/notes", status_code=201, openapi_extra=access(ROLES, command="write_note", bulk="/notes/bulk"))
async def write_note(unit: UnitDep, body: NoteIn) -> dict[str, Any]:
    """Writes first and refuses afterwards, so that a refusal has something to undo."""
    number = await fetchval(
        unit.conn,
        "INSERT INTO note (pool_code, text, amount_fen) VALUES ($1, $2, $3) RETURNING id",
        unit.pool_code,
        body.text,
        body.amount,
    )
    unit.result("note", number)
    unit.note(amount_fen=body.amount)
    if body.text == "raise":
        raise NOTE_REFUSED()
    if body.text == "crash":
        raise RuntimeError("a fault of ours")
    if body.text == "slow":
        await execute(unit.conn, "SELECT pg_sleep(0.6)")
    return {"id": number, "trace": current_traceparent()}


@router.post("/returned", status_code=201, openapi_extra=access(ROLES, command="return_refusal"))
async def return_refusal(unit: UnitDep) -> Response:
    """Returns a 409 instead of raising one."""
    await execute(unit.conn, "INSERT INTO note (pool_code, text, amount_fen) VALUES ($1, 'x', 1)", unit.pool_code)
    return JSONResponse({}, 409)


@router.get("/notes", openapi_extra=access(ROLES, command="list_notes", personal=True))
async def list_notes(unit: UnitDep) -> list[str]:
    """All notes that the caller may see."""
    return [row["text"] for row in await fetch(unit.conn, "SELECT text FROM note ORDER BY id")]


@router.put("/titles/{code}", openapi_extra=access(ROLES, command="put_title", bulk="/titles/bulk"))
async def put_title(unit: UnitDep, code: str, body: NoteIn, expected: PreconditionDep, response: Response) -> NoteIn:
    """Something that people edit in place: the newest note of a code is its edition."""
    newest = "SELECT text FROM note WHERE text LIKE $1 || ':%' ORDER BY id DESC LIMIT 1"
    current = await fetchval(unit.conn, newest, code)
    expected.check(None if current is None else etag(current))
    text = f"{code}:{body.text}"
    insert = "INSERT INTO note (pool_code, text, amount_fen) VALUES ($1, $2, $3)"
    await execute(unit.conn, insert, unit.pool_code, text, body.amount)
    show(response, etag(text))
    return body


class Part(WireModel):
    """A part of a record."""

    code: str
    amount: Yuan


class Record(WireModel):
    """A row of a list that can be taken away."""

    number: int
    text: str
    amount: Yuan
    is_large: bool
    at: datetime
    note: str | None
    parts: list[Part]


SHEET = exported(
    "记录",
    {
        "number": "编号",
        "text": "文字",
        "amount": "金额",
        "is_large": "大额",
        "at": "时间",
        "note": "备注",
        "parts.code": "部分",
        "parts.amount": "部分金额",
    },
)


@router.get("/records", openapi_extra=access(ROLES, command="list_records", personal=True) | SHEET)
async def list_records(
    unit: UnitDep, text: str | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Record]:
    """Notes in pages; a text of "refused" refuses the list."""
    if text == "refused":
        raise NOTE_REFUSED()
    key = read_cursor(cursor, int)
    rows = await fetch(
        unit.conn,
        "SELECT id, text, amount_fen FROM note WHERE id > $1 AND ($2::text IS NULL OR text = $2) ORDER BY id LIMIT $3",
        key[0] if key else 0,
        text,
        limit + 1,
    )
    items = [
        Record(
            number=row["id"],
            text=row["text"],
            amount=row["amount_fen"],
            is_large=row["amount_fen"] > 100_000,
            at=unit.now,
            note=None,
            parts=[Part(code=code, amount=row["amount_fen"]) for code in ("a", "b")],
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next_cursor=encode_cursor(items[-1].number) if len(rows) > limit else None)


@router.get("/stream", openapi_extra=access(ROLES, command="stream_notes", stream=True))
async def stream_notes(unit: StreamDep) -> StreamingResponse:
    """Streams from a session of its own."""

    async def rows() -> AsyncIterator[bytes]:
        async with unit.session() as conn:
            mode = await fetchval(conn, "SELECT current_setting('transaction_isolation')")
            only = await fetchval(conn, "SELECT current_setting('transaction_read_only')")
            yield f"{mode} {only}\n".encode()
            for row in await fetch(conn, "SELECT text FROM note ORDER BY id"):
                yield f"{row['text']}\n".encode()

    return StreamingResponse(rows())


@dataclass
class Bench:
    """The small service, its client, its clock and its database."""

    app: FastAPI
    client: httpx.AsyncClient
    clock: FixedClock
    database: ServiceDatabase
    tokens: TestTokens

    def headers(self, key: str | None = None, role: str = "county_director", **options: Any) -> dict[str, str]:
        """Headers of a caller, with an idempotency key where one is given."""
        return self.tokens.headers(role, **options) | ({"Idempotency-Key": key} if key else {})

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Looks into the database as its superuser."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            return await conn.fetch(sql, *args)
        finally:
            await conn.close()


class _Op:
    """Alembic's ``op`` as far as the frame uses it: it collects statements."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, sql: str) -> None:
        self.statements.append(sql)


@pytest.fixture(scope="session")
async def framed(postgres: TestPostgres) -> str:
    """The name of a database with the frame and one table; each test takes a copy."""
    database = postgres.empty(SERVICE)
    op = _Op()
    frame.create(op, SERVICE)
    op.execute(
        'CREATE TABLE note (pool_code text COLLATE "C" NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, '
        "text text NOT NULL, amount_fen bigint NOT NULL, PRIMARY KEY (pool_code, id))"
    )
    op.execute(pool_table(SERVICE, "note"))
    owner = await asyncpg.connect(database.owner)
    for statement in op.statements:
        await owner.execute(statement)
    await owner.close()
    return database.name


@asynccontextmanager
async def running(
    postgres: TestPostgres, tokens: TestTokens, framed: str, *, seconds: float = PATIENT_SECONDS
) -> AsyncIterator[Bench]:
    """The small service; a request of it may take so long."""
    database = postgres.clone(SERVICE, framed)
    settings = ServiceSettings(
        environment="test",
        database_url=SecretStr(database.app),
        reader_database_url=SecretStr(database.reader),
        bus="postgres",
        issuer=tokens.origin,
        jwks_url=tokens.jwks_url,
        request_timeout_seconds=seconds,
    )
    clock = FixedClock(datetime(2010, 3, 1, 1, 0, tzinfo=UTC))
    app = create_service_app(settings, service=SERVICE, title="small", routers=[router], clock=clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://small") as client:
            yield Bench(app, client, clock, database, tokens)
    postgres.drop(database.name)


@pytest.fixture
async def bench(postgres: TestPostgres, tokens: TestTokens, framed: str) -> AsyncIterator[Bench]:
    """The small service, with all the time that a busy machine needs."""
    async with running(postgres, tokens, framed) as bench:
        yield bench


@pytest.fixture
async def hasty(postgres: TestPostgres, tokens: TestTokens, framed: str) -> AsyncIterator[Bench]:
    """The small service for tests that wait in vain: it does so for almost five seconds (eight tenths of six)."""
    async with running(postgres, tokens, framed, seconds=6) as bench:
        yield bench
