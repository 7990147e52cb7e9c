"""Each write of a service sent twice at once with one key, and once more: one effect, one answer; and beside it, where
an act is done once whoever asks, the same with another key: no second effect."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

TRIES = 6
_NDJSON = "application/x-ndjson"
_TABLES = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
  AND relnamespace = 'public'::regnamespace AND relname NOT IN ('audit', 'audit_head')
ORDER BY relname
"""
_COME_AGAIN = ("idempotency_key_in_flight", "busy")
_OF_ONE_REQUEST = ("instance", "replayed")

Held = list[tuple[str, int, Any]]
"""By table how many rows, and a sum over their contents."""


def told(answer: httpx.Response) -> Any:
    """What an answer says, the edition included, without what is of one request alone."""
    lines = [json.loads(line) for line in answer.text.splitlines() if line]
    return answer.status_code, answer.headers.get("etag"), [_without(line) for line in lines]


def _without(line: Any) -> Any:
    return {k: v for k, v in line.items() if k not in _OF_ONE_REQUEST} if isinstance(line, dict) else line


class TwiceTransport(httpx.AsyncBaseTransport):
    """Hands reads through; sends a write twice at once with its key, and a third time when the two have ended.

    ``admin`` is the address of the service's database for its superuser. Every write is sent with another key beside
    the two, and only one of the keys may have an effect, but for two kinds of routes: ``same`` are done again under
    another key and find nothing to change, ``again`` are another act.
    """

    def __init__(
        self,
        app: FastAPI,
        inner: httpx.AsyncBaseTransport,
        admin: str,
        *,
        same: Iterable[str] = (),
        again: Iterable[str] = (),
    ) -> None:
        self._inner, self._admin, self._same, self._again = inner, admin, frozenset(same), frozenset(again)
        self._conn: Any = None
        self._tables: list[str] = []
        self._forms: list[tuple[str, str, re.Pattern[str]]] = []
        self.reached: Counter[str] = Counter()
        for path, operations in app.openapi()["paths"].items():
            for method, operation in operations.items():
                if method != "get" and _writes(operation["x-heyi-access"]):
                    form = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
                    self._forms.append((f"{method.upper()} {path}", method.upper(), form))
        unknown = (self._again | self._same) - {name for name, _, _ in self._forms}
        assert not unknown, f"no such routes: {sorted(unknown)}"

    @property
    def left_out(self) -> set[str]:
        """Routes that write and were never sent with success."""
        return {name for name, _, _ in self._forms} - self.reached.keys()

    async def aclose(self) -> None:
        """Closes its own session."""
        if self._conn is not None:
            await self._conn.close()

    async def _rows(self, sql: str) -> list[Any]:
        """Looks into the database, in one session for all."""
        if self._conn is None:
            self._conn = await asyncpg.connect(self._admin)
        return list(await self._conn.fetch(sql))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the write that had the effect, or the refusal of all of them."""
        await request.aread()
        fitting = [name for name, verb, form in self._forms
                   if verb == request.method and form.fullmatch(request.url.path)]  # fmt: skip
        if not fitting:
            return await self._inner.handle_async_request(request)
        return await self._write(min(fitting, key=lambda name: name.count("{")), request)

    async def _write(self, route: str, request: httpx.Request) -> httpx.Response:
        before = await self._done()
        repeated = route in self._again | self._same or _is_many(request)
        other = None if repeated else _with_other_key(request)
        sent = [request, request, *([other] if other else [])]
        first, second, *rest = await asyncio.gather(*(self._final(one) for one in sent))
        assert told(first) == told(second), (route, first.text, second.text)
        won = [(one, answer) for one, answer in zip((request, other), (first, *rest), strict=False)
               if answer.status_code < 300]  # fmt: skip
        assert len(won) <= 1, f"{route} was done under both keys: {first.text} {rest[0].text}"
        done = await self._done()
        assert done - before == sum(_moved(one, answer) for one, answer in won), (route, done - before, first.text)
        if not won:
            return first
        held = await self._held()
        winner, answer = won[0]
        assert winner is not None
        third = await self._final(winner)
        assert told(third) == told(answer), (route, third.text)
        moved = sorted({one[0] for one in set(await self._held()) ^ set(held)})
        assert (await self._done(), moved) == (done, []), f"{route} moved {moved} when it was sent again"
        if route in self._same:
            await self._changes_nothing(route, _with_other_key(request), held)
        self.reached[route] += 1
        return answer

    async def _changes_nothing(self, route: str, other: httpx.Request, before: Held) -> None:
        """The same under another key is taken, and leaves every table as it was but the one of the keys."""
        answer = await self._final(other)
        assert answer.status_code < 300, (route, answer.text)
        changed = {one[0] for one in set(await self._held()) ^ set(before)} - {"idempotency"}
        assert not changed, f"{route} under another key changed {sorted(changed)}"

    async def _final(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request; one that waited for the other as long as it may is told to come again."""
        for _ in range(TRIES):
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
            answer = await self._inner.handle_async_request(sent)
            await answer.aread()
            assert answer.status_code != 500, f"{request.method} {request.url.path}: {answer.text}"
            if answer.status_code not in (409, 503) or answer.json()["code"] not in _COME_AGAIN:
                answer.request = request
                return answer
        raise AssertionError(f"never a final answer: {answer.text}")

    async def _done(self) -> int:
        """Writes that were done."""
        (found,) = await self._rows("SELECT count(*) AS done FROM audit WHERE outcome = 'done'")
        return int(found["done"])

    async def _held(self) -> Held:
        """What every table holds but those that tell of requests."""
        if not self._tables:
            self._tables = [row["relname"] for row in await self._rows(_TABLES)]
        one = "SELECT '{0}' AS name, count(*) AS n, sum(hashtextextended(t::text, 0)::numeric) AS held FROM {0} t"
        return [tuple(row) for row in await self._rows(" UNION ALL ".join(map(one.format, self._tables)))]


def _writes(access: dict[str, Any]) -> bool:
    """Whether a route moves anything: one that only asks says so, and one that everybody may call asks only."""
    return not access.get("query") and access["scope"] != "public"


def _is_many(request: httpx.Request) -> bool:
    """Whether each line of the body is a write with a key of its own."""
    return request.headers.get("content-type", "").startswith(_NDJSON)


def _with_other_key(request: httpx.Request) -> httpx.Request:
    headers = httpx.Headers(request.headers)
    headers["Idempotency-Key"] = f"{headers['Idempotency-Key']}-other"
    return httpx.Request(request.method, request.url, headers=headers, content=request.content)


def _moved(request: httpx.Request | None, answer: httpx.Response) -> int:
    """The writes that an answer speaks of: one, or as many as its lines say."""
    assert request is not None
    if not _is_many(request):
        return 1
    return sum(line["status"] < 300 for line in told(answer)[2])
