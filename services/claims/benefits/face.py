"""A line of the bill as the patient sees it on the printed slip: all that he needs to redo what was counted of it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.claims.benefits.lines import ceiling_of
from services.claims.benefits.model import Item
from shared.kernel.money import format_quantity, format_ratio, format_unit_price


class Face(NamedTuple):
    """What a line of the bill looks like to the patient; figures in wire form, '' where there are none."""

    name: str
    item_class: str
    """As in the catalogue; `none` where the catalogue has no such item."""
    price: str = ""
    quantity: str = ""
    ceiling: str = ""
    """Highest unit price that counts in this institution."""
    own_share: str = ""
    """Share that the patient bears of what lies within the ceiling."""


class Billed(NamedTuple):
    """A line as the hospital billed it; price in 10⁻⁶ yuan, None where it is not stated; quantity in 10⁻⁴."""

    code: str
    name: str
    price_micro: int | None
    quantity_e4: int


def faces_of(lines: Iterable[Billed], items: Mapping[str, Item], level: str) -> dict[int, Face]:
    """The faces of the lines by their number from 1; `level` of the institution picks the ceilings."""
    return {number: _face(line, items.get(line.code), level) for number, line in enumerate(lines, start=1)}


def _face(line: Billed, item: Item | None, level: str) -> Face:
    price = "" if line.price_micro is None else format_unit_price(line.price_micro)
    quantity = format_quantity(line.quantity_e4)
    if item is None:
        return Face(line.name or line.code, "none", price, quantity)
    ceiling = ceiling_of(item, level)
    return Face(
        line.name or item.name or line.code,
        item.item_class,
        price,
        quantity,
        "" if ceiling is None else format_unit_price(ceiling),
        format_ratio(item.own_share) if item.own_share else "",
    )
