"""Keyset pages: a cursor names the last row shown, so that pages neither skip nor repeat while rows arrive."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query

from shared.contracts.wire import WireModel
from shared.kernel.errors import define

T = TypeVar("T")
LIMIT_MAX = 200
INT8_MAX = 2**63 - 1
CURSOR_INVALID = define(
    "cursor_invalid",
    422,
    "翻页标记无效",
    "Invalid cursor",
    "请原样使用上一页返回的“next_cursor”。",
    "Use next_cursor of the previous page as it was given.",
)

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Cursor = Annotated[str | None, Query(max_length=400)]


class Page(WireModel, Generic[T]):
    """One page; ``next_cursor`` is null on the last."""

    items: list[T]
    next_cursor: str | None


def page(rows: Sequence[Any], limit: int, show: Callable[[Any], T], *key: str) -> Page[T]:
    """The first ``limit`` of the rows, of which one more was asked for, each as ``show`` presents it; the cursor names
    the columns of the sort key where more rows follow."""
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[show(row) for row in rows[:limit]],
        next_cursor=encode_cursor(*(last[name] for name in key)) if last is not None else None,
    )


def encode_cursor(*key: Any) -> str:
    """The cursor of a row's sort key (texts, integers; other values as their text)."""
    plain = [part if isinstance(part, int | str) else str(part) for part in key]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: Callable[[Any], Any]) -> list[Any] | None:
    """The sort key of a cursor with each part read by its kind (``int``, ``UUID``…); raises CURSOR_INVALID."""
    key = decode_cursor(cursor, len(kinds))
    if key is None:
        return None
    try:
        return [kind(part) for kind, part in zip(kinds, key, strict=True)]
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise CURSOR_INVALID() from error


def moment(part: Any) -> datetime:
    """A cursor's part for a timestamptz column; raises ValueError without an offset."""
    at = datetime.fromisoformat(part)
    if at.tzinfo is None:
        raise ValueError("a moment has an offset")
    return at


def decode_cursor(cursor: str | None, parts: int) -> list[Any] | None:
    """The sort key of a cursor with its number of parts; raises CURSOR_INVALID."""
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise CURSOR_INVALID() from error
    if not isinstance(key, list) or len(key) != parts or not all(map(_ours, key)):
        raise CURSOR_INVALID()
    return key


def _ours(part: Any) -> bool:
    """Whether a part is a text or an integer that the database can hold."""
    if isinstance(part, str):
        return "\0" not in part and not any("\ud800" <= character <= "\udfff" for character in part)
    return type(part) is int and abs(part) <= INT8_MAX
