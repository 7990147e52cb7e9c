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
COVERED, MEMBER = "covered", "member"
CONSUMER = "coverage"


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
        names = {name for name, _ in self.groups}
        return frozenset(name for name in names if state_on([s for n, s in self.groups if n == name], day) == MEMBER)


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
        birth_date=payload.birth_date,
        sex=payload.sex,
        sequence=payload.sequence,
        timeline=tuple(Start(s.valid_from, s.recorded_seq, s.state) for s in payload.timeline),
        groups=tuple((g.group, Start(g.valid_from, g.recorded_seq, g.state)) for g in payload.groups),
    )


def starts_as_rows(coverage: Coverage) -> tuple[list[list[Any]], list[list[Any]]]:
    """Timeline and groups in their stored form."""
    timeline = [[s.valid_from.isoformat(), s.recorded_seq, s.state] for s in coverage.timeline]
    groups = [[name, s.valid_from.isoformat(), s.recorded_seq, s.state] for name, s in coverage.groups]
    return timeline, groups


def starts_from_rows(
    timeline: list[list[Any]], groups: list[list[Any]]
) -> tuple[tuple[Start, ...], tuple[tuple[str, Start], ...]]:
    """Timeline and groups from their stored form."""
    return (
        tuple(Start(date.fromisoformat(day), seq, state) for day, seq, state in timeline),
        tuple((name, Start(date.fromisoformat(day), seq, state)) for name, day, seq, state in groups),
    )
