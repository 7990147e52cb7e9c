"""What a file of a list has to show, worked out from the JSON list without the code that makes the file."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import httpx
import openpyxl


def of_csv(content: bytes) -> list[list[str]]:
    """The rows of a CSV file as a person sees them, without the apostrophe that keeps a text a text."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [[cell.removeprefix("'") for cell in row] for row in rows]


def of_xlsx(content: bytes) -> list[list[str]]:
    """The rows of a workbook's one sheet as texts."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


BARE_CODE = re.compile(r"[a-z]{2,}(_[a-z0-9]+)*")
CODES_BY_DESIGN = {"项目代码", "英文名称", "项目英文", "不符之处"}
"""Columns that hold codes or English beside a column of Chinese words."""


def plain(value: Any, words: dict[str, list[str]] | None = None, language: str = "zh") -> str:
    """A JSON value in a cell, a code in the words that the sheet declares."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(plain(one, words, language) for one in value)
    if words is not None and value in words:
        return words[value][language == "en"]
    return "" if value is None else str(value)


def assert_in_words(rows: Sequence[Sequence[str]]) -> None:
    """No cell of a file for people is a bare code of an enumeration."""
    for heading in set(rows[0]) - CODES_BY_DESIGN:
        bare = {part for cell in column(rows, heading) for part in cell.split("、") if BARE_CODE.fullmatch(part)}
        assert not bare, f"{heading}: {sorted(bare)}"


def column(rows: Sequence[Sequence[str]], heading: str) -> list[str]:
    """The cells below a heading."""
    position = rows[0].index(heading)
    return [row[position] for row in rows[1:]]


async def taken_away(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> list[list[str]]:
    """The list as a file: both formats, which have to show the same."""
    mark = "&" if "?" in path else "?"
    files = [await client.get(f"{path}{mark}format={form}", headers=headers) for form in ("csv", "xlsx")]
    assert [file.status_code for file in files] == [200, 200], files[0].text
    rows = of_csv(files[0].content)
    assert of_xlsx(files[1].content) == rows
    assert_in_words(rows)
    return rows


async def assert_as_listed(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], times: Sequence[str] = ()
) -> list[list[str]]:
    """Takes a list away and compares every cell with the JSON list, but those of ``times``; returns the file's rows."""
    rows = await taken_away(client, path, headers)
    listed = await everything(client, path, headers)
    sheet = await _sheet(client, path)
    parts = [(item, label, part) for item in listed for label, part in _parts(item, sheet["each"])]
    assert len(rows) - 1 == len(parts) > 0
    for place, heading in sheet["columns"].items():
        if place not in times and not place.startswith("^."):
            words = sheet["words"].get(place)
            assert column(rows, heading) == [plain(_at(place, *one), words) for one in parts], heading
    return rows


async def everything(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> list[Any]:
    """The rows of the JSON list, page by page, two at a time where it has pages."""
    items = (await _sheet(client, path))["items"]
    limited = "limit" in {one["name"] for one in (await _operation(client, path))["parameters"]}
    found: list[Any] = []
    page: Any = {"next_cursor": ""}
    while (cursor := page.get("next_cursor")) is not None:
        query = [*(["limit=2"] if limited else []), *([f"cursor={cursor}"] if cursor else [])]
        mark = "&" if "?" in path else "?"
        answer = await client.get(path + mark * bool(query) + "&".join(query), headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page[items]
    return found


def _parts(item: Any, each: dict[str, str]) -> list[tuple[str, Any]]:
    return [(label, part) for name, label in each.items() for part in item[name]] or [("", {})]


def _at(place: str, item: Any, label: str, part: Any) -> Any:
    if place == "*":
        return label
    found = part if place.startswith("*.") else item
    for name in place.removeprefix("*.").split("."):
        found = [one[name] for one in found] if isinstance(found, list) else (found or {}).get(name)
    return found


async def _sheet(client: httpx.AsyncClient, path: str) -> Any:
    return (await _operation(client, path))["x-heyi-export"]


async def _operation(client: httpx.AsyncClient, path: str) -> Any:
    """What the service's OpenAPI document says of the list at this address."""
    document = (await client.get("/v1/openapi.json")).json()
    wanted = path.split("?")[0].split("/")
    for template, operations in document["paths"].items():
        parts = template.split("/")
        if len(parts) == len(wanted) and all(t.startswith("{") or t == w for t, w in zip(parts, wanted, strict=True)):
            return operations["get"]
    raise AssertionError(path)
