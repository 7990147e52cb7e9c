"""The font of printed papers: Noto Sans CJK (SIL Open Font License), which holds more than 30,000 Chinese characters.

A paper embeds only the characters that it shows. The whole font has 65,535 glyphs and takes a quarter of a second to
read and another to cut down, so it is read once a process, each outline once, and a paper's font is put together from
outlines at hand. They become TrueType outlines, which every reader of PDF shows.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any
from unicodedata import category

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from noto_cjk_sans_otc import FONT_PATH

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells every glyph of every paper
FAMILY = "HeyiPaper"
_MAINLAND_FACE = 2
"""Number of the face with the forms of mainland China in the collection."""
_PER_EM = 1000
_CURVE_ERROR = 1.0
"""How far a TrueType curve may lie from the font's own, in thousandths of the size: nothing that print would show."""
_NOTDEF = ".notdef"
_MADE = 3_600_000_000
"""Seconds since 1904: when every cut-down font says that it was made, so that its bytes depend on nothing else."""
_WANTED = "U+{:04X}"
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Kinds of characters that steer and show nothing: on a paper they would hide something."""


class Typeface:
    """The font as papers use it. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._font: Any = None
        self._names: dict[int, str] = {}
        self._outlines: dict[str, tuple[Any, int]] = {}
        self._widths: dict[str, int] = {}

    def has(self, character: str) -> bool:
        """Whether the font can show a character."""
        return ord(character) in self._cmap() and category(character) not in _UNSEEN

    def shown(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text as it can be printed, and the codes of the characters that the font lacks.

        A lacking character stands as its code in brackets, `〔U+323AF〕`: a reader sees that something is missing and
        an office can find out what, which an empty box would hide.
        """
        lacking = tuple(dict.fromkeys(c for c in text if not self.has(c)))
        for character in lacking:
            text = text.replace(character, f"〔{_WANTED.format(ord(character))}〕")
        return text, tuple(_WANTED.format(ord(character)) for character in lacking)

    def width(self, text: str) -> int:
        """Width in thousandths of the font size. Raises KeyError for a character that the font lacks."""
        return sum(map(self._width, text))

    def cut_down(self, characters: Iterable[str]) -> bytes:
        """A TrueType font of these characters alone; the same characters give the same bytes.

        Raises KeyError for a character that the font lacks.
        """
        cmap = self._cmap()
        names = {ord(character): cmap[ord(character)] for character in sorted(set(characters))}
        with self._lock:  # an outline changes its inner form while it is written
            return _built(names, {name: self._outline(name) for name in (_NOTDEF, *dict.fromkeys(names.values()))})

    def _width(self, character: str) -> int:
        found = self._widths.get(character)
        if found is None:
            found = self._widths[character] = self._outline(self._cmap()[ord(character)])[1]
        return found

    def _cmap(self) -> dict[int, str]:
        if not self._names:
            with self._lock:
                if not self._names:
                    with FONT_PATH.open("rb") as file:
                        self._font = TTFont(BytesIO(file.read()), fontNumber=_MAINLAND_FACE, lazy=True)
                    self._names = self._font.getBestCmap()
        return self._names

    def _outline(self, name: str) -> tuple[Any, int]:
        """A glyph's drawing and its width."""
        found = self._outlines.get(name)
        if found is None:
            with self._lock:
                pen = TTGlyphPen(None)
                self._font.getGlyphSet()[name].draw(Cu2QuPen(pen, _CURVE_ERROR, reverse_direction=True))
                found = self._outlines[name] = (pen.glyph(), self._font["hmtx"][name][0])
        return found


TYPEFACE = Typeface()


def _built(names: dict[int, str], outlines: dict[str, tuple[Any, int]]) -> bytes:
    """A TrueType font of outlines, each with its width."""
    builder = FontBuilder(_PER_EM, isTTF=True)
    builder.setupGlyphOrder(list(outlines))
    builder.setupCharacterMap(names)
    builder.setupGlyf({name: glyph for name, (glyph, _) in outlines.items()})
    table = builder.font["glyf"]
    builder.setupHorizontalMetrics({name: (wide, table[name].xMin) for name, (_, wide) in outlines.items()})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    builder.setupNameTable({"familyName": FAMILY, "styleName": "Regular", "psName": FAMILY})
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = _MADE
    builder.font.recalcTimestamp = builder.font.recalcBBoxes = False  # boxes would be found by drawing every glyph
    written = BytesIO()
    builder.save(written)
    return written.getvalue()


_CLOSING = frozenset(",。、;:!?)”》〕%,.;:)")
_OPENING = frozenset("(“《〔(")


def pieces(text: str) -> Iterator[str]:
    """What a line may not be broken within: a number or word, or one Chinese character with the marks that follow."""
    held = ""
    for character in text:
        joins = character in _CLOSING or held[-1:] in _OPENING or (_solid(character) and _solid(held[-1:]))
        if held and not joins:
            yield held
            held = ""
        held += character
    if held:
        yield held


def _solid(character: str) -> bool:
    return character.isascii() and character not in " ()"
