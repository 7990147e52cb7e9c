"""Papers as PDF, A4, from blocks: a title, pairs, tables, numbered steps, notes. Same blocks, same bytes.

The whole paper is laid out first, so that the font can be cut down to its characters and each page says how many
there are. Lengths are millimetres, sizes of type points.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from fpdf import FPDF

from shared.printing.font import FAMILY, TYPEFACE, pieces

WIDTH, HEIGHT = 210.0, 297.0
LEFT, TOP, BOTTOM = 15.0, 14.0, 18.0

TEXT, SMALL, HEADING, TITLE = 9.0, 7.5, 10.5, 15.0
_MM_PER_POINT = 25.4 / 72
_LEADING = 1.45
_PAD, _DENSE_PAD = 1.2, 0.3
_GAP = 1.0
_HEADING_GAP, _HEADING_ROOM = 2.5, 14.0
_SIGNED_ROWS = 3
"""So many rows of a table, the sum among them, stay with the lines that are signed."""
_SHRINK, _LEAST = 0.01, 4.0
_GREY = 235
_FOOT = "第 {page} 页,共 {pages} 页"

Align = Literal["left", "right", "centre"]


class Column(NamedTuple):
    """A column of a table; its share is of the width of the page."""

    title: str
    share: float
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Title:
    """The name of the paper, in the middle, and a line under it."""

    text: str
    under: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a part; stays on the page of what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Small text."""

    text: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labels and values, two a line."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; a strong one is shaded."""

    cells: Sequence[str]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its titles come again on every page, under ``running``, which says what is continued.

    ``foot`` stands under it, never on a page without rows of it: nobody signs a page that shows nothing.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    running: str = ""
    foot: Sequence[Heading | Note] = ()


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows begins a page."""


@dataclass(frozen=True, slots=True)
class Together:
    """Blocks that stand on one page wherever a page holds them."""

    parts: Sequence[Title | Heading | Pairs | Table | Note]


Block = Title | Heading | Pairs | Table | Note | NewPage | Together


@dataclass(frozen=True, slots=True)
class Printed:
    """A paper, and the codes (`U+323AF`) of characters that the font lacks and that stand on it as codes."""

    pdf: bytes
    lacking: tuple[str, ...]


class _Cells(NamedTuple):
    """A row whose texts are broken into lines, and the size of type of each cell."""

    lines: list[list[str]]
    sizes: list[float]
    height: float
    strong: bool


@dataclass(slots=True)
class _Page:
    texts: list[tuple[float, float, float, str]] = field(default_factory=list)
    """(x, y of the base line, size, text)"""
    boxes: list[tuple[float, float, float, float, bool]] = field(default_factory=list)
    """(x, y, width, height, shaded)"""


def paper(
    blocks: Iterable[Block],
    made_at: datetime,
    name: str,
    foot: str = "",
    *,
    crosswise: bool = False,
    dense: bool = False,
) -> Printed:
    """The blocks as a paper. `name` is its title among the properties of the file, `foot` stands under each page;
    `crosswise` turns the pages, for tables of many columns; `dense` sets rows closer, to save a page."""
    layout = _Layout(foot, crosswise=crosswise, dense=dense)
    for block in blocks:
        layout.add(block)
    return layout.printed(made_at, name)


class _Layout:
    """Pages while blocks are added."""

    def __init__(self, foot: str, *, crosswise: bool = False, dense: bool = False) -> None:
        self._pad = _DENSE_PAD if dense else _PAD
        self._width, self._height = (HEIGHT, WIDTH) if crosswise else (WIDTH, HEIGHT)
        self._inner = self._width - 2 * LEFT
        self._lacking: dict[str, None] = {}
        self._foot = self._shown(foot)
        self._pages = [_Page()]
        self._y = TOP

    def add(self, block: Block) -> None:
        """Lays a block out below the last."""
        match block:
            case Title():
                self._line(self._shown(block.text), TITLE, "centre")
                if block.under:
                    self._line(self._shown(block.under), TEXT, "centre")
                self._y += 2
            case Heading():
                self._room(_height(HEADING) + _HEADING_ROOM)
                self._y += _HEADING_GAP - 0.5
                self._line(self._shown(block.text), HEADING, "left")
                self._y += 0.5
            case Pairs():
                self._pairs(block)
            case Table():
                self._table(block)
            case NewPage():
                self._pages.append(_Page())
                self._y = TOP
            case Together():
                self._stay_together(block)
            case Note():
                for line in _wrapped(self._shown(block.text), SMALL, self._inner):
                    self._line(line, SMALL, "left")

    def _stay_together(self, block: Together) -> None:
        """Laid out where we are; where that takes a second page, again from the top of that."""
        pages, began, page = len(self._pages), self._y, self._pages[-1]
        texts, boxes = len(page.texts), len(page.boxes)
        for part in block.parts:
            self.add(part)
        if len(self._pages) == pages or began == TOP:
            return
        del self._pages[pages:], page.texts[texts:], page.boxes[boxes:]
        self._pages.append(_Page())
        self._y = TOP
        for part in block.parts:
            self.add(part)

    def printed(self, made_at: datetime, name: str) -> Printed:
        """The pages as PDF."""
        note = f"字体中没有的字以其编码表示:{'、'.join(self._lacking)}" if self._lacking else ""
        feet = [_FOOT.format(page=number, pages=len(self._pages)) for number in range(1, len(self._pages) + 1)]
        texts = [text for page in self._pages for *_, text in page.texts]
        characters = set("".join((self._foot, note, *feet, *texts))) | {" "}
        pdf = FPDF(format=(self._width, self._height))
        pdf.set_auto_page_break(False)
        pdf.set_creation_date(made_at)
        pdf.set_title(name)
        pdf.set_lang("zh-CN")
        with tempfile.TemporaryDirectory(prefix="heyi-paper-") as place:
            path = Path(place) / f"{FAMILY}.ttf"
            path.write_bytes(TYPEFACE.cut_down(characters))
            pdf.add_font(FAMILY, fname=path)
            pdf.fonts[FAMILY.lower()].ttfont.recalcBBoxes = False  # type: ignore[union-attr]  # as in the font itself
            for page, number in zip(self._pages, feet, strict=True):
                self._draw(pdf, page, number, note)
            return Printed(bytes(pdf.output()), tuple(self._lacking))

    def _draw(self, pdf: FPDF, page: _Page, number: str, note: str) -> None:
        pdf.add_page()
        pdf.set_draw_color(120)
        pdf.set_line_width(0.15)
        pdf.set_fill_color(_GREY)
        for x, y, width, height, shaded in page.boxes:
            pdf.rect(x, y, width, height, style="DF" if shaded else "D")
        last = self._height - BOTTOM + 8
        feet = [(LEFT, last, SMALL, self._foot), (self._width - LEFT - _length(number, SMALL), last, SMALL, number)]
        if note:
            feet.append((LEFT, last - _height(SMALL), SMALL, note))
        for x, y, size, text in (*page.texts, *feet):
            pdf.set_font(FAMILY, size=size)
            pdf.text(x, y, text)

    def _shown(self, text: str) -> str:
        shown, lacking = TYPEFACE.shown(text)
        self._lacking.update(dict.fromkeys(lacking))
        return shown

    def _room(self, height: float) -> bool:
        """Begins a page where so much does not fit any more; True when it did."""
        if self._y + height <= self._height - BOTTOM:
            return False
        self._pages.append(_Page())
        self._y = TOP
        return True

    def _line(self, text: str, size: float, align: Align) -> None:
        self._room(_height(size))
        self._text(text, LEFT, self._y, self._inner, size, align)
        self._y += _height(size)

    def _text(self, text: str, x: float, y: float, width: float, size: float, align: Align) -> None:
        free = width - _length(text, size)
        x += {"left": 0.0, "right": free, "centre": free / 2}[align]
        self._pages[-1].texts.append((round(x, 3), round(y + size * _MM_PER_POINT, 3), size, text))

    def _pairs(self, block: Pairs) -> None:
        half = (Column("", 0.14), Column("", 0.36))
        cells = [cell for pair in block.pairs for cell in pair]
        rows = [cells[start : start + 4] for start in range(0, len(cells), 4)]
        for row in rows:
            self._row(half * 2, self._cells(half * 2, Row([*row, *[""] * (4 - len(row))])))
        self._y += _GAP

    def _table(self, block: Table) -> None:
        titles = self._cells(block.columns, Row([column.title for column in block.columns], strong=True))
        self._row(block.columns, titles)
        rows = [self._cells(block.columns, row) for row in block.rows]
        together = self._together(rows, block)
        for number, cells in enumerate(rows):
            if self._room(together if number == max(len(rows) - _SIGNED_ROWS, 0) else cells.height):
                self._running(block.running)
                self._row(block.columns, titles)
            self._row(block.columns, cells)
        self._y += _GAP
        for part in block.foot:
            self.add(part)

    def _together(self, rows: Sequence[_Cells], block: Table) -> float:
        """The height of the last rows with the foot, which stay on one page; of the first of them alone where all of
        it is higher than a page."""
        last = rows[-_SIGNED_ROWS:]
        foot = sum(
            _height(HEADING) + _HEADING_GAP
            if isinstance(part, Heading)
            else _height(SMALL) * len(list(_wrapped(self._shown(part.text), SMALL, self._inner)))
            for part in block.foot
        )
        height = sum(cells.height for cells in last) + _GAP + foot + _HEADING_ROOM
        if not last or height > (self._height - BOTTOM - TOP) / 2:
            return last[0].height if last else 0.0
        return height

    def _running(self, text: str) -> None:
        if text:
            for line in _wrapped(self._shown(f"(续){text}"), SMALL, self._inner):
                self._line(line, SMALL, "left")
            self._y += _GAP

    def _cells(self, columns: Sequence[Column], row: Row) -> _Cells:
        widths = [column.share * self._inner - 2 * _PAD for column in columns]
        shown = [self._shown(cell) for cell in row.cells]
        sizes = [
            _fitting(text, width) if column.align == "right" else TEXT
            for column, text, width in zip(columns, shown, widths, strict=True)
        ]
        lines = [list(_wrapped(text, size, width)) for text, size, width in zip(shown, sizes, widths, strict=True)]
        return _Cells(lines, sizes, max(map(len, lines)) * _height(TEXT) + 2 * self._pad, row.strong)

    def _row(self, columns: Sequence[Column], row: _Cells) -> None:
        """One row; it is never broken over two pages."""
        self._room(row.height)
        x = LEFT
        for column, lines, size in zip(columns, row.lines, row.sizes, strict=True):
            width = column.share * self._inner
            box = (round(x, 3), round(self._y, 3), round(width, 3), round(row.height, 3), row.strong)
            self._pages[-1].boxes.append(box)
            for number, line in enumerate(lines):
                top = self._y + self._pad + number * _height(TEXT)
                self._text(line, x + _PAD, top, width - 2 * _PAD, size, column.align)
            x += width
        self._y += row.height


def _height(size: float) -> float:
    """Of a line, in millimetres."""
    return size * _MM_PER_POINT * _LEADING


def _fitting(text: str, width: float) -> float:
    """The size of type in which the longest number of a cell fits its column: an amount is never broken."""
    longest = max((_length(piece, TEXT) for piece in pieces(text)), default=0.0)
    return TEXT if longest <= width else max(TEXT * width / longest - _SHRINK, _LEAST)


def _length(text: str, size: float) -> float:
    """Of a text, in millimetres."""
    return TYPEFACE.width(text) * size * _MM_PER_POINT / 1000


def _wrapped(text: str, size: float, width: float) -> Iterator[str]:
    """The lines of a text; what may not be broken is broken only where it is longer than a whole line."""
    room = width * 1000 / (size * _MM_PER_POINT)
    line, length = "", 0
    for piece in pieces(text):
        if line and length + TYPEFACE.width(piece.rstrip()) > room:
            yield line.rstrip()
            line, length = "", 0
        if not line and not piece.strip():
            continue
        for character in piece:
            wide = TYPEFACE.width(character)
            if line and length + wide > room and character != " ":
                yield line
                line, length = "", 0
            line, length = line + character, length + wide
    yield line.rstrip()
