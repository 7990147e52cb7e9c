"""A roster workbook as rows of cells."""

from services.enrollment.roster.headings import TEMPLATE, Column
from shared.sheets.workbook import Row, read_workbook

RosterRow = Row[Column]


def read_roster(content: bytes) -> tuple[RosterRow, ...]:
    """The rows of the one roster sheet in a workbook. Raises a refusal of the whole file (nobody is enrolled)."""
    return read_workbook(content, TEMPLATE)
