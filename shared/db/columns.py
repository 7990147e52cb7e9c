"""Column types and forms that every service's tables share (contracts §12, §14)."""

from typing import Any

from sqlalchemy import Column, DateTime, Text

CODE = Text(collation="C")
"""A code, a key or a state: compared byte by byte, the same on every machine."""
MOMENT = DateTime(timezone=True)
"""A moment, kept with its offset."""


def required(name: str, kind: Any) -> Column[Any]:
    """A column that is always filled."""
    return Column(name, kind, nullable=False)


def code(name: str) -> Column[Any]:
    """A code that is always filled."""
    return required(name, CODE)
