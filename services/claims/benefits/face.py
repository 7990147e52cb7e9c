"""A line of the bill as the patient sees it on the printed slip."""

from typing import NamedTuple


class Face(NamedTuple):
    """What a line of the bill looks like to the patient; price and quantity in wire form, '' where there are none."""

    name: str
    item_class: str
    """As in the catalogue; `none` where the catalogue has no such item."""
    price: str = ""
    quantity: str = ""
