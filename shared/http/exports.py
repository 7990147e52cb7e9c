"""Lists that people take away, as CSV or XLSX (contracts §13): ``?format=csv`` on a list route that declares a sheet.

The rows are those of the JSON list: the route's own handler is asked page after page, in one read-only REPEATABLE READ
session, so that masks and scope are the same and a write in between moves no row. The session is the reader's and not
the application's: a long export takes no connection from the counter.
"""

import csv
import io
import re
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import IO, Any
from urllib.parse import quote, urlencode

import anyio
import orjson
import xlsxwriter
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from shared.db import audit
from shared.db.scope import transaction
from shared.http.call import Call
from shared.http.pages import LIMIT_MAX
from shared.http.problems import from_validation, language_of
from shared.http.unit import Unit
from shared.kernel.dates import SHANGHAI, shanghai_date
from shared.kernel.errors import Words, define

EXTENSION = "x-heyi-export"
FORMATS = ("csv", "xlsx")
MEDIA = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
XLSX_ROWS_MAX = 1_048_575
"""What a sheet of Excel holds beside its headings."""
_SHEET_NAME_MAX = 31
"""Excel takes no longer one."""
_LABEL, _PART, _PAGE = "*", "*.", "^."
_DIGITS_OF_A_NUMBER = 11
"""Longer ones Excel shows as 1.23E+17, and beyond fifteen it loses digits."""
_KEPT_IN_MEMORY = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_WIDTH_MIN = 12
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,10})(\.\d+)?|-?[1-9]\d{0,12}\.\d\d")
_FORMULA_SIGNS = tuple("=+-@\t\r\n＝＋－＠")
_HALF_A_DATE = re.compile(r"\d{1,4}[-/]\d{1,4}")
"""3-1 becomes the first of March."""
_NUMERIC = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")

EXPORT_TOO_LONG = define(
    "export_too_long",
    422,
    "一张表装不下",
    "Too long for a sheet",
    "超过 {limit} 行,一张 Excel 工作表装不下;请缩小范围,或用“format=csv”。",
    "More than {limit} rows do not fit a sheet of Excel: narrow the filters, or use format=csv.",
)
_YES_NO: Mapping[bool, Words] = {True: ("是", "yes"), False: ("否", "no")}
WHOLE_LIST = "导出总是全部各行,请去掉这一项 / an export always has all rows: leave it out"

Handler = Callable[[Request], Awaitable[Response]]
Cell = str | int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list as a sheet: its title, and the heading of each column by the place where its value stands.

    A place is a member of the row (``layers.amount`` goes inside, into every element of a list), ``^.at`` a member of
    the answer around the rows. Where a row holds lists (``each``: member and its label), every element of them makes a
    row: ``*.amount`` is then a member of the element and ``*`` the label. ``items`` is the member that holds the rows,
    empty where the answer is the list itself. ``words``: by place, what its codes are called, in Chinese and English;
    the codes stay in the JSON. Title, headings and labels are Chinese; in English they are the names of command and
    members, written out: the JSON is English already.
    """

    title: str
    columns: Mapping[str, str]
    items: str = "items"
    each: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    def in_language(self, language: str, command: str) -> "Sheet":
        """The sheet as a reader of the language (``zh``, ``en``) takes it away."""
        if language != "en":
            return self
        return replace(
            self,
            title=_written_out(command.removeprefix("list_"))[:_SHEET_NAME_MAX],
            columns={place: _written_out(place) for place in self.columns},
            each={name: _written_out(name) for name in self.each},
        )

    def rows(self, page: Any, language: str = "zh") -> Iterator[list[Cell]]:
        """The rows of one page of the JSON list, codes in words of the language (``zh``, ``en``)."""
        for item in page[self.items] if self.items else page:
            parts = [(label, part) for name, label in self.each.items() for part in item[name]]
            for label, part in parts or [("", {})]:
                values = ((place, _value(place, page, item, label, part)) for place in self.columns)
                yield [_cell(_in_words(value, self.words.get(place), language), language) for place, value in values]


def _written_out(name: str) -> str:
    """A member's name or place as an English heading: ``*.bill_id`` is "Part bill ID"."""
    place = "part" if name == _LABEL else name.removeprefix(_PAGE)
    place = f"part.{place.removeprefix(_PART)}" if place.startswith(_PART) else place
    text = " ".join("ID" if word == "id" else word for word in re.split(r"[_.]", place))
    return text[:1].upper() + text[1:]


def exported(
    title: str,
    columns: Mapping[str, str],
    *,
    items: str = "items",
    each: Mapping[str, str] | None = None,
    words: Mapping[str, Mapping[str, Words]] | None = None,
) -> dict[str, Any]:
    """The part of ``openapi_extra`` that offers a list as a file; see ``Sheet``. Raises ValueError for words of a place
    that is no column."""
    if unknown := set(words or {}) - set(columns):
        raise ValueError(f"{title}: words for {sorted(unknown)}, which are no columns")
    told = {place: {str(code): list(pair) for code, pair in codes.items()} for place, codes in (words or {}).items()}
    sheet = {"title": title, "columns": dict(columns), "items": items, "each": dict(each or {}), "words": told}
    formats = {"type": "string", "enum": list(FORMATS)}
    about = "all rows as a file: the list's filters, not its pages"
    content = {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA.values()}
    return {
        EXTENSION: sheet,
        "parameters": [{"name": "format", "in": "query", "required": False, "schema": formats, "description": about}],
        "responses": {"200": {"content": content}},
    }


def sheet_of(openapi_extra: Mapping[str, Any] | None) -> Sheet | None:
    """The sheet that a route declares."""
    declared = (openapi_extra or {}).get(EXTENSION)
    return None if declared is None else Sheet(**declared)


async def answer(call: Call, sheet: Sheet, filters: frozenset[str], handler: Handler) -> Response:
    """The list as a file. What refuses the list refuses the file, before its first byte."""
    form, language = _form(call.request), language_of(call.request)
    sheet = sheet.in_language(language, call.rule.command)
    pages = _pages(call, filters, handler)
    first = await anext(pages)
    if call.rule.personal and call.actor.role != "service":
        await call.audit_apart(call.entry(audit.READ, facts={"format": form}))
    rows = _rows(sheet, first, pages, language)
    body = _csv(sheet, rows) if form == "csv" else _chunks(await _workbook(sheet, rows))
    charset = "; charset=utf-8" if form == "csv" else ""
    return StreamingResponse(body, media_type=MEDIA[form] + charset, headers=_headers(call, sheet, form))


def _form(request: Request) -> str:
    form = request.query_params["format"]
    if form not in FORMATS:
        raise from_validation([{"loc": ("query", "format"), "msg": "只能是“csv”或“xlsx” / csv or xlsx"}])
    if paged := [name for name in ("cursor", "limit") if name in request.query_params]:
        raise from_validation([{"loc": ("query", name), "msg": WHOLE_LIST} for name in paged])
    return form


def _headers(call: Call, sheet: Sheet, form: str) -> dict[str, str]:
    of = "-".join(str(value) for value in call.request.path_params.values())
    day = shanghai_date(call.now)
    name = quote(f"{sheet.title}-{of}-{day}.{form}", safe="")
    plain = f"{call.rule.command}-{day}.{form}"
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{name}",
        "Cache-Control": "no-store",
    }


async def _pages(call: Call, filters: frozenset[str], handler: Handler) -> AsyncGenerator[Any, None]:
    """The pages of the JSON list, all in one session."""
    state = call.state
    async with transaction(state.reader, call.scope, read_only=True, repeatable=True) as conn:
        cursor: str | None = None
        while True:
            unit = Unit(conn, call.actor, call.now, call.pool_code, call.request_id, state)
            request = _asking(call.request, {"limit": str(LIMIT_MAX)} if "limit" in filters else {}, cursor)
            request.state.unit = unit
            page = orjson.loads((await handler(request)).body)
            yield page
            cursor = page.get("next_cursor") if isinstance(page, dict) else None
            if cursor is None:
                return


def _asking(request: Request, paging: dict[str, str], cursor: str | None) -> Request:
    """The list's own request for one page."""
    wanted = [(name, value) for name, value in request.query_params.multi_items() if name != "format"]
    wanted += [*paging.items(), *([("cursor", cursor)] if cursor else [])]
    scope = dict(request.scope) | {"query_string": urlencode(wanted).encode(), "state": {}}
    return type(request)(scope, request.receive)


async def _rows(
    sheet: Sheet, first: Any, rest: AsyncGenerator[Any, None], language: str
) -> AsyncGenerator[list[list[Cell]], None]:
    """The rows, a page's at a time; the session ends with them, also where nobody reads on."""
    async with aclosing(rest):
        yield list(sheet.rows(first, language))
        async for page in rest:
            yield list(sheet.rows(page, language))


# ---------------------------------------------------------------- cells


def _value(place: str, page: Any, item: Any, label: str, part: Any) -> Any:
    if place == _LABEL:
        return label
    at = item
    for prefix, source in ((_PART, part), (_PAGE, page)):
        if place.startswith(prefix):
            place, at = place.removeprefix(prefix), source
    for name in place.split("."):
        at = [_member(one, name) for one in at] if isinstance(at, list) else _member(at, name)
    return at


def _member(at: Any, name: str) -> Any:
    return at.get(name) if isinstance(at, dict) else None


def _in_words(value: Any, words: Mapping[str, Sequence[str]] | None, language: str) -> Any:
    """What a code is called; one without words, and any other value, as it is."""
    if words is None:
        return value
    if isinstance(value, list):
        return [_in_words(one, words, language) for one in value]
    return words[value][1 if language == "en" else 0] if isinstance(value, str) and value in words else value


def _cell(value: Any, language: str = "zh") -> Cell:
    """A value as a person reads it: amounts as they were sent, times of Shanghai, lists in one cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _YES_NO[value][1 if language == "en" else 0]
    if isinstance(value, int):
        return value if len(str(abs(value))) <= _DIGITS_OF_A_NUMBER else str(value)
    if isinstance(value, list):
        return (", " if language == "en" else "、").join(str(_cell(part, language)) for part in value)
    text = str(value)
    return _local(text) if _MOMENT.fullmatch(text) else text


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def guarded(cell: Cell) -> str:
    """A cell of a CSV file as a spreadsheet keeps it: an apostrophe before what it would run as a formula, or take for
    a number or a date and change (ID and account numbers, leading zeros, 3-1)."""
    text = str(cell)
    if _PLAIN_NUMBER.fullmatch(text):
        return text
    changed = text.startswith(_FORMULA_SIGNS) or _NUMERIC.fullmatch(text) or _HALF_A_DATE.fullmatch(text)
    return "'" + text if changed else text


# ---------------------------------------------------------------- files


async def _csv(sheet: Sheet, pages: AsyncGenerator[list[list[Cell]], None]) -> AsyncGenerator[bytes, None]:
    """UTF-8 with a byte order mark, by which Excel knows the Chinese."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(sheet.columns.values())
    async with aclosing(pages):
        async for rows in pages:
            writer.writerows([guarded(cell) for cell in row] for row in rows)
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()


async def _workbook(sheet: Sheet, pages: AsyncGenerator[list[list[Cell]], None]) -> IO[bytes]:
    """The workbook, written row by row to a file without a name. Raises EXPORT_TOO_LONG."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_KEPT_IN_MEMORY)  # noqa: SIM115  closed when it was sent
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page, text = book.add_worksheet(sheet.title), book.add_format({"num_format": "@"})
    _head(page, sheet, book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1}), text)
    written = 0
    async with aclosing(pages):
        async for rows in pages:
            if written + len(rows) > XLSX_ROWS_MAX:
                raise EXPORT_TOO_LONG(limit=XLSX_ROWS_MAX)
            for written, row in enumerate(rows, written + 1):  # noqa: B020  goes on counting
                _write(page, written, row, text)
    await anyio.to_thread.run_sync(book.close)
    file.seek(0)
    return file


def _head(page: Any, sheet: Sheet, heading: Any, text: Any) -> None:
    for column, title in enumerate(sheet.columns.values()):
        page.set_column(column, column, max(_WIDTH_MIN, 2 * len(title) + 4), text)
        page.write_string(0, column, title, heading)
    page.freeze_panes(1, 0)


def _write(page: Any, line: int, row: list[Cell], text: Any) -> None:
    """A row whose texts are texts: nothing is run, nothing is taken for a number."""
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            page.write_number(line, column, cell)
        else:
            page.write_string(line, column, cell, text)


async def _chunks(file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
