"""Who has reached a yearly cap, in which village and month (WC-03, HL-10, rulings §21): from what settlements count."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.model import Cap, Policy
from services.claims.benefits.queries import policy_for
from shared.db.sql import fetch
from shared.http.unit import Unit
from shared.kernel.areas import within

PERSON_YEAR = "person_year"
_READ_AT_ONCE = 1_000
# What stands in a count is compared here and not there: an operator on JSON would look below the row policies.
_COUNTED = """
SELECT a.owner_id, a.used, m.township_code, m.village_code FROM accumulator a
JOIN member_coverage m ON m.pool_code = a.pool_code AND m.member_id = a.owner_id
WHERE a.pool_code = $1 AND a.scope = 'person_year' AND a.year = $2 AND a.detail = '' AND a.owner_id > $3
ORDER BY a.owner_id LIMIT $4
"""
_MOVES = """
SELECT owner_id, counted_on, takes_back, added FROM accumulator_entry
WHERE pool_code = $1 AND owner_id = ANY ($2::uuid[]) AND scope = 'person_year' AND year = $3 AND detail = ''
ORDER BY owner_id, move
"""


@dataclass(frozen=True, slots=True)
class AtCap:
    """A person who has used up a cap of the year, in fen."""

    member_id: UUID
    township_code: str
    village_code: str
    cap: Cap
    used_fen: int
    reached_on: date | None
    """The business day on which the cap was reached and not left again; None where no move tells it."""


class AtCapCount(NamedTuple):
    """How many persons of a village reached a cap in a month (`2010-03`; empty where it is not known)."""

    township_code: str
    village_code: str
    month: str
    cap_id: str
    cap_name: str
    persons: int


class Move(NamedTuple):
    """What a settlement, or what took one back, added to a person's counts of the year on a day."""

    on: date
    added: Mapping[str, int]


def yearly_caps(policy: Policy) -> tuple[Cap, ...]:
    """The caps a person and year of all buckets, each count once; one of nothing leaves nobody anything to reach."""
    found = {
        (cap.counts, cap.amount_fen): cap
        for layer in policy.layers
        for bucket in layer.buckets
        for cap in bucket.caps
        if cap.period == PERSON_YEAR and cap.amount_fen
    }
    return tuple(found[key] for key in sorted(found))


def reached_on(moves: Iterable[Move], cap: Cap) -> date | None:
    """The day on which a count came to its cap for the last time: one that was taken back since does not count."""
    standing, reached = 0, None
    for move in moves:
        before, standing = standing, standing + move.added.get(cap.counts, 0)
        if before < cap.amount_fen <= standing:
            reached = move.on
        elif standing < cap.amount_fen:
            reached = None
    return reached


async def persons_at_cap(
    unit: Unit, day: date, areas: Sequence[str], after: UUID, limit: int
) -> tuple[list[AtCap], UUID | None]:
    """Persons who reached a cap of the policy of a day in its year, in the order of their ids; ``limit`` persons at
    most, and after whom the next page begins. Raises NO_POLICY."""
    found: list[AtCap] = []
    persons: list[UUID] = []
    async for one in _at_cap(unit, day, areas, after):
        if not persons or one.member_id != persons[-1]:
            if len(persons) == limit:
                return found, persons[-1]
            persons.append(one.member_id)
        found.append(one)
    return found, None


async def counts_at_cap(unit: Unit, day: date, areas: Sequence[str]) -> list[AtCapCount]:
    """The same as counts by village, cap and month. Raises NO_POLICY."""
    persons: Counter[tuple[str, str, str, str, str]] = Counter()
    async for one in _at_cap(unit, day, areas, UUID(int=0)):
        month = "" if one.reached_on is None else f"{one.reached_on:%Y-%m}"
        persons[one.township_code, one.village_code, month, one.cap.id, one.cap.name] += 1
    return [AtCapCount(*key, count) for key, count in sorted(persons.items())]


async def _at_cap(unit: Unit, day: date, areas: Sequence[str], after: UUID) -> AsyncIterator[AtCap]:
    """Everybody after an id, two statements a thousand persons."""
    caps = yearly_caps(await policy_for(unit.conn, unit.pool_code, day))
    while caps:
        rows = await fetch(unit.conn, _COUNTED, unit.pool_code, day.year, after, _READ_AT_ONCE)
        reached = [(row, cap) for row in rows if within(areas, row["township_code"]) for cap in _reached(row, caps)]
        moves = await _moves(unit.conn, unit.pool_code, day.year, [row["owner_id"] for row, _ in reached])
        for row, cap in reached:
            since = reached_on(moves[row["owner_id"]], cap)
            place = row["township_code"], row["village_code"]
            yield AtCap(row["owner_id"], *place, cap, row["used"][cap.counts], since)
        if len(rows) < _READ_AT_ONCE:
            return
        after = rows[-1]["owner_id"]


def _reached(row: Any, caps: Sequence[Cap]) -> list[Cap]:
    used: dict[str, int] = row["used"]
    return [cap for cap in caps if used.get(cap.counts, 0) >= cap.amount_fen]


async def _moves(conn: AsyncConnection, pool_code: str, year: int, owners: Sequence[UUID]) -> dict[UUID, list[Move]]:
    moves: dict[UUID, list[Move]] = defaultdict(list)
    for row in await fetch(conn, _MOVES, pool_code, list(owners), year) if owners else ():
        sign = -1 if row["takes_back"] else 1
        added = {name: sign * amount for name, amount in row["added"].items()}
        moves[row["owner_id"]].append(Move(row["counted_on"], added))
    return moves
