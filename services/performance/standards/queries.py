"""What indicators may ask about standards."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.performance.standards import store
from services.performance.standards.store import Standard

__all__ = ["Standard", "standards_of", "working_day_exceptions"]

standards_of = store.standards_of


async def working_day_exceptions(conn: AsyncConnection, first: date, last: date) -> dict[date, bool]:
    """Days between ``first`` and ``last`` that differ from Monday-to-Friday: True where worked."""
    return {exception.day: exception.working for exception in await store.exceptions_between(conn, first, last)}
