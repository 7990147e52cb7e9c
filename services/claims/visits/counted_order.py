"""In which order claims are followed that share accumulators. Pure."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from services.claims.visits.claims import Claim
from services.claims.visits.counters import Ref


class Moved(NamedTuple):
    """That a claim was the ``move``-th to move an accumulator row."""

    claim_id: UUID
    ref: Ref
    move: int


def as_counted(claims: Sequence[Claim], moved: Iterable[Moved]) -> list[Claim]:
    """Claims by household, each after those that moved an accumulator of its before; otherwise by moment and id.

    Claims of one batch share their moment, and clocks of two processes may differ: what the rows saw is what counts.
    """
    by_id = {claim.id: claim for claim in claims}
    rows: dict[Ref, list[tuple[int, UUID]]] = defaultdict(list)
    for one in moved:
        if one.claim_id in by_id:
            rows[one.ref].append((one.move, one.claim_id))
    following: dict[UUID, list[UUID]] = defaultdict(list)
    waits_for: dict[UUID, int] = defaultdict(int)
    for entries in rows.values():
        for (_, first), (_, then) in pairwise(sorted(entries)):
            following[first].append(then)
            waits_for[then] += 1
    ready = [_place(claim) for claim in claims if not waits_for[claim.id]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        *_, claim_id = heapq.heappop(ready)
        ordered.append(by_id[claim_id])
        for then in following[claim_id]:
            waits_for[then] -= 1
            if not waits_for[then]:
                heapq.heappush(ready, _place(by_id[then]))
    return sorted(ordered, key=lambda claim: claim.household_id.bytes)


def _place(claim: Claim) -> tuple[datetime, UUID]:
    return claim.settled_at, claim.id
