"""Writes coverage and tells it: every change of a member is one higher sequence with the whole timeline."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.enrollment.registry import coverage_store
from services.enrollment.registry.act import SERVICE, Act
from services.enrollment.registry.coverage import NewStart
from shared.contracts.enrollment import CoverageChanged, CoverageStart, GroupStart, LayerStart
from shared.db.personal import Sealer
from shared.kernel.timelines import Start
from shared.messaging.outbox import Outgoing, emit_many

Timeline = tuple[Start, ...]
Decide = Callable[[UUID, Timeline], list[NewStart]]
"""Which starts a member's timeline gets; an empty list leaves it as it is."""
ENROLLED = "enrolled"


@dataclass(frozen=True, slots=True)
class Changed:
    """Members whose coverage changed, and those that may not be covered (to verify, ended)."""

    changed: frozenset[UUID]
    not_enrolled: frozenset[UUID]


async def change_coverage(
    act: Act,
    sealer: Sealer,
    member_ids: Sequence[UUID],
    decide: Decide,
    *,
    touched: frozenset[UUID] = frozenset(),
    reason: str | None = None,
) -> Changed:
    """Decides, writes and publishes the coverage of members in a fixed number of statements.

    ``touched`` names members who are told in any case: enrolled now (and not covered yet), or regrouped. A member that
    is not enrolled is never covered and never told.
    """
    everybody = sorted({*member_ids, *touched})
    if not everybody:
        return Changed(frozenset(), frozenset())
    locked = {row["member_id"]: row for row in await coverage_store.lock_members(act.conn, act.pool_code, everybody)}
    known = _timelines(await coverage_store.timelines(act.conn, act.pool_code, everybody))
    enrolled = [member for member in everybody if locked[member]["status"] == ENROLLED]
    wanted = set(member_ids)
    rows: list[tuple[UUID, Any, int, str, str]] = []
    for member in enrolled:
        if member in wanted:
            version = locked[member]["coverage_version"] + 1
            rows += [
                (member, start.valid_from, version, start.state, start.cause)
                for start in decide(member, known.get(member, ()))
            ]
    changed = frozenset(row[0] for row in rows)
    told = [m for m in enrolled if m in changed or m in touched]
    if rows:
        await coverage_store.insert_coverage(act.conn, act.pool_code, rows, act.by, act.now, reason)
    if told:
        await coverage_store.raise_versions(act.conn, act.pool_code, told, act.now)
        added = _timelines(
            [dict(zip(("member_id", "valid_from", "recorded_seq", "state"), row, strict=False)) for row in rows]
        )
        await _tell(act, sealer, told, locked, {m: known.get(m, ()) + added.get(m, ()) for m in told})
    return Changed(changed, frozenset(everybody) - frozenset(enrolled))


async def _tell(
    act: Act, sealer: Sealer, members: Sequence[UUID], locked: Mapping[UUID, Any], known: Mapping[UUID, Timeline]
) -> None:
    groups: dict[UUID, list[GroupStart]] = defaultdict(list)
    for row in await coverage_store.groups_of(act.conn, act.pool_code, members):
        groups[row["member_id"]].append(group_start(row))
    layers: dict[UUID, list[LayerStart]] = defaultdict(list)
    for row in await coverage_store.layers_of(act.conn, act.pool_code, members):
        layers[row["member_id"]].append(layer_start(row))
    events = [
        _outgoing(
            act,
            coverage_payload(sealer, locked[m], locked[m]["coverage_version"] + 1, known[m], groups[m], layers[m]),
        )
        for m in members
    ]
    await emit_many(act.conn, events)


def _outgoing(act: Act, payload: CoverageChanged) -> Outgoing:
    return Outgoing(
        payload,
        pool_code=act.pool_code,
        subject=str(payload.member_id),
        sequence=payload.sequence,
        business_day=act.day,
        now=act.now,
        service=SERVICE,
    )


def coverage_payload(
    sealer: Sealer,
    member: Any,
    sequence: int,
    timeline: Timeline,
    groups: Sequence[GroupStart],
    layers: Sequence[LayerStart] = (),
) -> CoverageChanged:
    """The whole coverage of an enrolled member; a newborn without an ID number is indexed by his member id."""
    member_id = member["member_id"]
    index = member["id_index"] or sealer.blind_index("member_id", str(member_id))
    return CoverageChanged(
        member_id=member_id,
        household_id=member["household_id"],
        person_id=member["person_id"],
        blind_index=index.hex(),
        township_code=member["township_code"],
        village_code=member["village_code"],
        birth_date=member["birth_date"],
        sex=member["sex"],
        sequence=sequence,
        timeline=[
            CoverageStart(valid_from=s.valid_from, recorded_seq=s.recorded_seq, state=_state(s.state)) for s in timeline
        ],
        groups=list(groups),
        layers=list(layers),
    )


def group_start(row: Any) -> GroupStart:
    """A row of member_group as it is told."""
    return GroupStart(
        group=row["group_code"], valid_from=row["valid_from"], recorded_seq=row["recorded_seq"], state=row["state"]
    )


def layer_start(row: Any) -> LayerStart:
    """A row of member_layer as it is told."""
    return LayerStart(
        layer=row["layer"], valid_from=row["valid_from"], recorded_seq=row["recorded_seq"], state=row["state"]
    )


def _state(state: str) -> Any:
    return state


def _timelines(rows: Sequence[Any]) -> dict[UUID, Timeline]:
    starts: dict[UUID, list[Start]] = defaultdict(list)
    for row in rows:
        starts[row["member_id"]].append(Start(row["valid_from"], row["recorded_seq"], row["state"]))
    return {member: tuple(known) for member, known in starts.items()}


async def timeline_of(act_conn: Any, pool_code: str, member_id: UUID) -> Timeline:
    """Every coverage start of one member."""
    return _timelines(await coverage_store.timelines(act_conn, pool_code, [member_id])).get(member_id, ())
