"""Walks the XML parts of a workbook: what a sheet holds beside its values, and which part is which sheet."""

import posixpath
import re
from dataclasses import dataclass, field
from xml.parsers import expat

ROWS_MAX = 50_000
COLUMNS_MAX = 64
_MERGED_KEPT = 1000
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships id"
_STRICT_RELATIONSHIP = "http://purl.oclc.org/ooxml/officeDocument/relationships id"


class UnsoundXml(Exception):
    """The part is not what a workbook should hold; the text says where."""


class SheetTooLarge(Exception):
    """The sheet reaches beyond ROWS_MAX rows or COLUMNS_MAX columns."""


@dataclass(slots=True)
class SheetFacts:
    """What one sheet's XML shows: merged ranges, cells that hold a formula (row, column from 0), and its extent."""

    merged: list[str] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    rows: int = 0
    columns: int = 0


class XmlWalker:
    """Feeds a part to expat block by block; a document type is refused (its entities could grow without end)."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._element
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, block: bytes) -> None:
        self._guarded(block, False)

    def close(self) -> None:
        self._guarded(b"", True)

    def _guarded(self, block: bytes, final: bool) -> None:
        try:
            self._parser.Parse(block, final)
        except expat.ExpatError as error:
            raise UnsoundXml(f"line {error.lineno}") from None

    def _doctype(self, *_: object) -> None:
        raise UnsoundXml("DOCTYPE")

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self.element(name.rpartition(" ")[2], attributes)

    def element(self, name: str, attributes: dict[str, str]) -> None:
        """Called for each element with its local name."""
        raise NotImplementedError


class SheetWalker(XmlWalker):
    """Collects the facts of a worksheet."""

    def __init__(self) -> None:
        super().__init__()
        self.facts = SheetFacts()
        self._row = self._column = 0

    def element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._cell(attributes.get("r"))
        elif name == "row":
            self._column = 0
            stated = attributes.get("r", "")
            self._row = int(stated) if stated.isdecimal() and len(stated) < 8 else self._row + 1
        elif name == "f":
            self.facts.formulas.add((self._row - 1, self._column - 1))
        elif name == "mergeCell" and len(self.facts.merged) < _MERGED_KEPT:
            self.facts.merged.append(attributes.get("ref", "?"))

    def _cell(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
        else:
            match = _REFERENCE.fullmatch(reference)
            if match is None:
                raise UnsoundXml(reference[:12])
            self._column, self._row = column_number(match[1]), int(match[2])
        facts = self.facts
        facts.rows, facts.columns = max(facts.rows, self._row), max(facts.columns, self._column)
        if facts.rows > ROWS_MAX or facts.columns > COLUMNS_MAX:
            raise SheetTooLarge


class WorkbookWalker(XmlWalker):
    """Collects sheet name ▸ relationship id from ``xl/workbook.xml``."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: dict[str, str] = {}

    def element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            related = attributes.get(_RELATIONSHIP) or attributes.get(_STRICT_RELATIONSHIP)
            if related is None:
                raise UnsoundXml("sheet")
            self.sheets[attributes.get("name", "")] = related


class RelationsWalker(XmlWalker):
    """Collects relationship id ▸ part name of worksheets from ``xl/_rels/workbook.xml.rels``."""

    def __init__(self) -> None:
        super().__init__()
        self.worksheets: dict[str, str] = {}

    def element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            self.worksheets[attributes.get("Id", "")] = _part_name(attributes.get("Target", ""))


def _part_name(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def column_number(letters: str) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
