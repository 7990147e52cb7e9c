"""Claims settled between a version's effective date and its decision, with what the version gives each; and claims as
they are followed to be decided again."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.capping import asks_for_household
from services.claims.benefits.engine import benefit_year
from services.claims.benefits.model import Item, Policy
from services.claims.benefits.queries import Late, decided_version, policy_by_hash
from services.claims.catalogue.queries import catalogue_items
from services.claims.visits import retroactive_store
from services.claims.visits.claims import Claim
from services.claims.visits.counted_order import Moved, as_counted
from services.claims.visits.insured import insured
from services.claims.visits.problems import POLICY_SUPERSEDED, POLICY_UNDECIDED
from services.claims.visits.retroactive import Difference, Settled, differences, settled_of
from services.claims.visits.retroactive_facts import NOTHING, gone_of, had_of
from services.claims.visits.retroactive_store import Wanted
from shared.http.unit import Unit

_IN_FLIGHT = timedelta(minutes=1)
"""A settlement under way while the decision was recorded may still have used the version before."""


async def late_version(unit: Unit, policy_id: UUID) -> Late:
    """A decided version that decides its days still. Raises POLICY_UNDECIDED, POLICY_SUPERSEDED."""
    late = await decided_version(unit.conn, unit.pool_code, policy_id)
    if late is None:
        raise POLICY_UNDECIDED(policy_id=policy_id)
    if late.in_force != policy_id:
        raise POLICY_SUPERSEDED(policy_id=policy_id, day=late.since, in_force=late.in_force)
    return late


async def late_differences(
    unit: Unit, late: Late, after: UUID | None, households: int
) -> tuple[list[Difference], UUID | None]:
    """The differences of a page of households, and the last household of the page where there may be more.

    Statements: one, those of `as_settled`, and one for heads where they are asked for.
    """
    wanted = Wanted(late.since, late.until, late.decided_at + _IN_FLIGHT, late.policy.hash, after, households)
    found = await retroactive_store.claims_in_between(unit.conn, unit.pool_code, wanted)
    made_up = partial(retroactive_store.made_up, policy_id=late.policy_id)
    settled = await as_settled(unit, found, made_up, late.policy_id)
    settled = await with_insured(unit, settled, lambda _: late.policy)
    full = len({claim.household_id for claim in found}) == households
    last = settled[-1].claim.household_id if settled and full else None
    return list(differences(settled, late.policy)), last


class MadeUp(Protocol):
    """Which of the parts of stays a later part has made up."""

    async def __call__(self, conn: AsyncConnection, pool_code: str, claims: Iterable[UUID]) -> set[UUID]: ...


async def as_settled(unit: Unit, found: Sequence[Claim], made_up: MadeUp, policy_id: UUID | None) -> list[Settled]:
    """Claims in the order in which they were counted, each with what it was decided on and what became of it since;
    ``policy_id`` is the late version that decides them again, where there is one.

    Statements: six; one for stays in parts; one for each catalogue and policy version that is new in this process.
    """
    conn, pool_code = unit.conn, unit.pool_code
    given = await retroactive_store.given(conn, pool_code, found)
    entries = await retroactive_store.entries(conn, pool_code, found, given)
    claims = as_counted(found, (Moved(one.id, e.ref, e.move) for one in found for e in entries.get(one.id, ())))
    had = had_of(given, entries, policy_id)
    taken = await retroactive_store.taken_back(conn, pool_code, claims)
    parts = [claim.id for claim in claims if claim.so_far is not None]
    gone_on = await made_up(conn, pool_code, parts) if parts else set()
    cuts = await retroactive_store.cuts(conn, pool_code, claims)
    records = await _records(unit, claims)

    def with_all(one: Settled) -> Settled:
        claim = one.claim
        moves = {entry.ref: entry.move for entry in entries.get(claim.id, ())}
        return replace(
            one,
            had=had.get(claim.id, NOTHING),
            made_up=claim.id in gone_on,
            cuts=cuts.get(claim.id, ()),
            moves=moves,
            gone=gone_of(moves, (*taken.get(claim.member_id, ()), *taken.get(claim.household_id, ()))),
        )

    return [with_all(one) for one in records]


async def _records(unit: Unit, claims: Sequence[Claim]) -> list[Settled]:
    """Claims with input, facts and version as they are recorded."""
    details = await retroactive_store.details(unit.conn, unit.pool_code, claims)
    visits = await retroactive_store.visits(unit.conn, unit.pool_code, claims)
    codes: dict[str, set[str]] = defaultdict(set)
    for claim in claims:
        codes[claim.catalogue_version].update(details[claim.id]["item_codes"])
    items = {version: await catalogue_items(unit.conn, version, wanted) for version, wanted in codes.items()}
    policies = await policies_of(unit, {claim.policy_hash for claim in claims})
    return [
        settled_of(claim, visits[claim.visit_id], details[claim.id], _of(items, claim), policies[claim.policy_hash])
        for claim in claims
    ]


async def with_insured(unit: Unit, settled: list[Settled], version: Callable[[Settled], Policy]) -> list[Settled]:
    """Claims that the new version asks the insured members of a household for, which the old one did not: as known."""
    wanted = {
        one.claim.id: (one.claim.household_id, benefit_year(one.input, version(one)))
        for one in settled
        if one.facts.insured is None and asks_for_household(one.input.kind, version(one))
    }
    found = await insured(unit.conn, unit.pool_code, set(wanted.values()))
    return [
        replace(one, facts=replace(one.facts, insured=found[wanted[one.claim.id]])) if one.claim.id in wanted else one
        for one in settled
    ]


async def policies_of(unit: Unit, hashes: Iterable[str]) -> dict[str, Policy]:
    """The versions of some hashes."""
    return {digest: await policy_by_hash(unit.conn, unit.pool_code, digest) for digest in sorted(hashes)}


def _of(items: dict[str, dict[str, Item]], claim: Claim) -> dict[str, Item]:
    return items.get(claim.catalogue_version, {})
