"""How many of a household are insured in a year: what a cap of so much a head, shared by the family, multiplies by.

Everybody counts whom enrollment has told covered on a day of the year, as it stands when the claim is decided; the
patient at least. The count is pinned in the claim (decision 0251).
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.coverage import HouseholdYear, intervals, timeline_from_rows
from shared.db.sql import fetch
from shared.kernel.timelines import Start

_TIMELINES = """
SELECT household_id, timeline FROM member_coverage WHERE pool_code = $1 AND household_id = ANY ($2::uuid[])
"""


async def insured(conn: AsyncConnection, pool_code: str, wanted: Collection[HouseholdYear]) -> dict[HouseholdYear, int]:
    """The insured members of households in years, one statement; nothing is asked where nothing is wanted."""
    if not wanted:
        return {}
    households = sorted({household for household, _ in wanted})
    timelines: dict[UUID, list[tuple[Start, ...]]] = defaultdict(list)
    for row in await fetch(conn, _TIMELINES, pool_code, households):
        timelines[row["household_id"]].append(timeline_from_rows(row["timeline"]))
    found = Counter({key: sum(covered_in(timeline, key[1]) for timeline in timelines[key[0]]) for key in wanted})
    return {key: max(1, found[key]) for key in wanted}


def covered_in(timeline: tuple[Start, ...], year: int) -> bool:
    """Whether a timeline covers a day of a year."""
    return any(days.start.year <= year and (days.end is None or days.end.year >= year) for days in intervals(timeline))
