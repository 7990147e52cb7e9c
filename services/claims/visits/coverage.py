"""Coverage as claims knows it (contracts §7): a member's whole timeline in the pool. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.benefits.model import Interval
from services.claims.visits.entitlements import Entitlements
from shared.contracts.enrollment import CoverageChanged
from shared.kernel.timelines import Start, periods, state_on

ID_NUMBER = "id_number"
"""The kind of blind index of ID numbers, the same in enrollment."""
COVERED, MEMBER, JOINED = "covered", "member", "joined"
CONSUMER = "coverage"

HouseholdYear = tuple[UUID, int]
"""A household in a benefit year."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What enrollment said of a member, as of ``sequence``."""

    member_id: UUID
    household_id: UUID
    blind_index: bytes
    township_code: str
    birth_date: date
    sex: str
    sequence: int
    timeline: tuple[Start, ...]
    groups: tuple[tuple[str, Start], ...]
    village_code: str = ""
    layers: tuple[tuple[str, Start], ...] = ()
    """Voluntary layers that the member has joined or left."""
    doubted: bool = False
    """An event about the member is parked: what is known here may be out of date."""
    entitlements: Entitlements = ()
    """What cases decided here grant; claims' own, not of enrollment."""
    entitlement_seq: int = 0

    def covered_on(self, day: date) -> bool:
        """Whether the member is covered on a day."""
        return state_on(self.timeline, day) == COVERED

    def may_be_relied_on(self, day: date) -> bool:
        """Whether a fresh stream's word counts for a day: covered, and nothing newer is parked (contracts §7)."""
        return not self.doubted and self.covered_on(day)

    def intervals(self) -> tuple[Interval, ...]:
        """The days of coverage, in order; what was superseded does not count."""
        return intervals(self.timeline)

    def groups_on(self, day: date) -> frozenset[str]:
        """The special groups that the member belongs to on a day."""
        return _in_state(self.groups, MEMBER, day)

    def layers_on(self, day: date) -> frozenset[str]:
        """The voluntary layers that count for the member on a day."""
        return _in_state(self.layers, JOINED, day)


def _in_state(starts: tuple[tuple[str, Start], ...], state: str, day: date) -> frozenset[str]:
    """The names whose own timeline is in a state on a day."""
    names = {name for name, _ in starts}
    return frozenset(name for name in names if state_on([s for n, s in starts if n == name], day) == state)


def intervals(timeline: tuple[Start, ...]) -> tuple[Interval, ...]:
    """The days that a timeline covers, in order."""
    return tuple(Interval(*days) for days in periods(timeline, COVERED))


def told(payload: CoverageChanged) -> Coverage:
    """Coverage as an event or an answer of enrollment tells it."""
    return Coverage(
        member_id=payload.member_id,
        household_id=payload.household_id,
        blind_index=bytes.fromhex(payload.blind_index),
        township_code=payload.township_code,
        village_code=payload.village_code,
        birth_date=payload.birth_date,
        sex=payload.sex,
        sequence=payload.sequence,
        timeline=tuple(Start(s.valid_from, s.recorded_seq, s.state) for s in payload.timeline),
        groups=tuple((g.group, Start(g.valid_from, g.recorded_seq, g.state)) for g in payload.groups),
        layers=tuple((one.layer, Start(one.valid_from, one.recorded_seq, one.state)) for one in payload.layers),
    )


Rows = list[list[Any]]


def starts_as_rows(coverage: Coverage) -> tuple[Rows, Rows, Rows]:
    """Timeline, groups and voluntary layers in their stored form."""
    timeline = [[s.valid_from.isoformat(), s.recorded_seq, s.state] for s in coverage.timeline]
    return timeline, _named_as_rows(coverage.groups), _named_as_rows(coverage.layers)


def _named_as_rows(starts: tuple[tuple[str, Start], ...]) -> Rows:
    return [[name, s.valid_from.isoformat(), s.recorded_seq, s.state] for name, s in starts]


def timeline_from_rows(rows: Rows) -> tuple[Start, ...]:
    """A timeline from its stored form."""
    return tuple(Start(date.fromisoformat(day), seq, state) for day, seq, state in rows)


def named_from_rows(rows: Rows) -> tuple[tuple[str, Start], ...]:
    """Groups or layers from their stored form."""
    return tuple((name, Start(date.fromisoformat(day), seq, state)) for name, day, seq, state in rows)
