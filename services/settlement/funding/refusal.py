"""What one person asks for and another approves or turns down: how far it is, and the requests of either."""

from typing import Literal

from shared.contracts.wire import Line, Reason, WireModel

Decision = Literal["waiting", "approved", "refused"]
DECISION = """
CASE WHEN refused_by IS NOT NULL THEN 'refused' WHEN approved_by IS NOT NULL THEN 'approved' ELSE 'waiting' END"""
"""A ``Decision`` as SQL, for a table that has both columns."""


class RefusalIn(WireModel):
    """Why."""

    reason: Reason


class ReversalIn(WireModel):
    """Why what was booked is wrong, and the document (文号) that says so."""

    reason: Reason
    document: Line
