"""Which column of a table holds what: headings with the spellings that offices use. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from shared.kernel.errors import Words

SEARCHED_ROWS = 5
_DECORATION = re.compile(r"[\s*＊※:：()（）【】\[\]/、.。_\-]+|必填|选填")
C = TypeVar("C", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Layout(Generic[C]):
    """Where the headings stand: row index of the headings and column index of each known one."""

    heading_row: int
    columns: dict[C, int]


@dataclass(frozen=True, slots=True)
class HeadingFault(Generic[C]):
    """Why no layout could be read: headings that are missing, or that stand twice."""

    missing: tuple[C, ...] = ()
    repeated: tuple[C, ...] = ()


def _plain(text: object) -> str:
    return _DECORATION.sub("", unicodedata.normalize("NFKC", str(text))).lower() if text is not None else ""


@dataclass(frozen=True)
class Template(Generic[C]):
    """A kind of table: its columns (an enumeration whose values are the headings that we print), which of them it
    cannot do without, and other spellings of each."""

    columns: type[C]
    required: tuple[C, ...]
    synonyms: Mapping[C, Sequence[str]]
    blank: Words = ("", "")
    """Where an empty one is to be had, as the end of a sentence."""
    _by_heading: dict[str, C] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for column in self.columns:
            for word in (column.value, *self.synonyms.get(column, ())):
                self._by_heading[_plain(word)] = column

    def heading_of(self, text: object) -> C | None:
        """The column that a heading cell names, or None for one that we do not need."""
        return self._by_heading.get(_plain(text))

    def find_layout(self, rows: Sequence[Sequence[object]]) -> Layout[C] | HeadingFault[C]:
        """Finds the heading row among the first rows: the one that names most of the columns."""
        best: dict[C, int] = {}
        best_repeated: tuple[C, ...] = ()
        best_row = 0
        for index, row in enumerate(rows[:SEARCHED_ROWS]):
            columns, repeated = self._read(row)
            if len(columns) > len(best):
                best, best_repeated, best_row = columns, repeated, index
        missing = tuple(column for column in self.required if column not in best)
        if missing or best_repeated:
            return HeadingFault(missing, best_repeated)
        return Layout(best_row, best)

    def _read(self, row: Sequence[object]) -> tuple[dict[C, int], tuple[C, ...]]:
        columns: dict[C, int] = {}
        repeated: list[C] = []
        for position, cell in enumerate(row):
            column = self.heading_of(cell)
            if column is None:
                continue
            if column in columns:
                repeated.append(column)
            else:
                columns[column] = position
        return columns, tuple(repeated)
