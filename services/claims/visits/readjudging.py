"""Later claims decided again after one on which they stood was cancelled (rulings §2)."""

from collections import defaultdict
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from services.claims.benefits.model import Policy
from services.claims.benefits.queries import policies_on
from services.claims.visits import readjudging_store
from services.claims.visits.readjudging_store import Pair
from services.claims.visits.retroactive import Difference, Settled, decided_again
from services.claims.visits.retroactive_queries import as_settled, policies_of, with_insured
from shared.http.unit import Unit


class Readjudged(NamedTuple):
    """A claim decided again, by which version, with the cancelled claims on which it had stood."""

    difference: Difference
    policy_id: UUID
    pairs: tuple[Pair, ...]


async def readjudged(unit: Unit, after: UUID | None, households: int) -> tuple[list[Readjudged], UUID | None]:
    """What waits of a page of households, decided again as a settlement of today would be: by the version that decides
    the day of admission by now, on what stands; and the last household of the page where there may be more.

    The pairs are read first: what is cancelled while this looks waits for the next time.
    """
    pairs: dict[UUID, list[Pair]] = defaultdict(list)
    for pair in await readjudging_store.waiting_pairs(unit.conn, unit.pool_code, after, households):
        pairs[pair.claim_id].append(pair)
    if not pairs:
        return [], None
    found = await readjudging_store.claims_around(unit.conn, unit.pool_code, pairs)
    settled = await as_settled(unit, found, readjudging_store.made_up, None)
    days = {one.claim.admitted_on for one in settled if one.claim.id in pairs}
    heads = await policies_on(unit.conn, unit.pool_code, days)
    policies = await policies_of(unit, {head.hash for head in heads.values()})

    def version(one: Settled) -> Policy:
        return one.policy if one.followed else policies[heads[one.claim.admitted_on].hash]

    settled = [replace(one, followed=one.claim.id not in pairs) for one in settled]
    settled = await with_insured(unit, settled, version)
    decided = [
        Readjudged(one, heads[one.claim.admitted_on].policy_id, tuple(pairs[one.claim.id]))
        for one in decided_again(settled, version)
    ]
    looked_at = {pair.household_id for mine in pairs.values() for pair in mine}
    return decided, max(looked_at) if len(looked_at) == households else None
