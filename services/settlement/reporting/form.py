"""A paper as data: title, unit, period, columns, rows, notes. Every rendering shows the same (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.kernel.money import format_yuan

Kind = Literal["text", "money", "count", "date"]
Cell = str | int | date | None
WEIGHT_UPRIGHT = 100
SIGNATURES = ("单位负责人", "会计主管", "复核", "制表")
"""Who signs under every paper, from left to right."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; cells of kind ``money`` are fen. ``weight`` is its part of the width."""

    code: str
    zh: str
    en: str
    kind: Kind = "money"
    weight: int = 10


@dataclass(frozen=True, slots=True)
class Row:
    """A row, one cell a column; a strong one is a sum or a heading."""

    cells: tuple[Cell, ...]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A paper. ``ties`` says whether what must agree agrees, None where nothing has to; ``in_words`` is the amount in
    fen that stands in capitals under the table."""

    code: str
    title_zh: str
    title_en: str
    period_zh: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    notes: tuple[str, ...] = ()
    ties: bool | None = None
    in_words: tuple[str, int] | None = None
    about_zh: str = ""
    """What the paper is about besides unit and period: an account, a book."""
    facts: tuple[tuple[str, str], ...] = ()
    """What else stands over the table: labels and values."""
    standing_zh: str = ""
    """What the figures still lack to be final, where the period is not over or not closed."""
    signed: tuple[tuple[str, str], ...] = tuple((hand, "") for hand in SIGNATURES)
    """Who signs, from left to right, and the name where it is known."""

    @property
    def wide(self) -> bool:
        """Whether it is printed crosswise: its columns together weigh more than an upright page bears."""
        return sum(column.weight for column in self.columns) > WEIGHT_UPRIGHT


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands on every paper of a pool: whose books, and by whom and when it was printed."""

    unit_zh: str
    printed_by: str
    printed_at: str


@dataclass(frozen=True, slots=True)
class Printed:
    """A paper with what stands on it of its book's unit: several books have several units."""

    form: Form
    cover: Cover


def period_zh(first: date, last: date) -> str:
    """A period in words: a month, a year, or from day to day."""
    if first == last:
        return day_zh(first)
    return f"{day_zh(first)} 至 {day_zh(last)}"


def day_zh(day: date) -> str:
    """A day in words."""
    return f"{day.year}年{day.month}月{day.day}日"


def money_zh(amount_fen: int) -> str:
    """An amount as it is printed: with separators and two places, zero as well."""
    text = format_yuan(amount_fen)
    whole, _, fen = text.lstrip("-").partition(".")
    grouped = f"{int(whole):,}.{fen}"
    return f"-{grouped}" if amount_fen < 0 else grouped


def cell_text(column: Column, cell: Cell) -> str:
    """A cell as it is printed; an empty one shows nothing."""
    if cell is None:
        return ""
    if column.kind == "money" and isinstance(cell, int):
        return money_zh(cell)
    return str(cell)
