"""Column types that every service's tables share (contracts §12, §14)."""

from sqlalchemy import DateTime, Text

CODE = Text(collation="C")
"""A code, a key or a state: compared byte by byte, the same on every machine."""
MOMENT = DateTime(timezone=True)
"""A moment, kept with its offset."""
