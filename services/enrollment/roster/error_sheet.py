"""The rows of a roster that go back as a workbook, each reason beside the cell that it is about."""

from collections.abc import Sequence

from services.enrollment.roster.commands import ReturnedRow
from services.enrollment.roster.headings import Column
from shared.sheets.returned import Returned, returned_sheet

_KEPT, _REJECTED = "已登记为待核实", "未登记"
_WIDTHS = {Column.ID_NUMBER: 22, Column.NAME: 12, Column.VILLAGE: 14, Column.REMARK: 20}
_ALWAYS = (Column.VILLAGE, Column.GROUP, Column.HOUSEHOLD, Column.NAME, Column.RELATION, Column.ID_NUMBER)


def error_sheet(rows: Sequence[ReturnedRow]) -> bytes:
    """The workbook's bytes; corrected, it can be sent as it is."""
    returned = [Returned(row.number, _KEPT if row.kept else _REJECTED, row.cells, row.faults) for row in rows]
    return returned_sheet(returned, Column, _ALWAYS, _WIDTHS)
