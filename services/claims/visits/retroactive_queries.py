"""Claims settled between a version's effective date and its decision, with what the version gives each."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.claims.benefits.capping import asks_for_household
from services.claims.benefits.engine import benefit_year
from services.claims.benefits.model import Item, Policy
from services.claims.benefits.queries import Late, decided_version, policy_by_hash
from services.claims.catalogue.queries import catalogue_items
from services.claims.visits import retroactive_store
from services.claims.visits.claims import Claim
from services.claims.visits.insured import insured
from services.claims.visits.problems import POLICY_SUPERSEDED, POLICY_UNDECIDED
from services.claims.visits.retroactive import Difference, Moved, Settled, as_counted, differences, settled_of
from services.claims.visits.retroactive_facts import NOTHING, had_of
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

    Statements: six; one for stays in parts and one for heads where they are asked for; one for each catalogue version
    and policy version that is new in this process.
    """
    wanted = Wanted(late.since, late.until, late.decided_at + _IN_FLIGHT, late.policy.hash, after, households)
    found = await retroactive_store.claims_in_between(unit.conn, unit.pool_code, wanted)
    given = await retroactive_store.given(unit.conn, unit.pool_code, found)
    entries = await retroactive_store.entries(unit.conn, unit.pool_code, found, given)
    claims = as_counted(found, (Moved(one.id, e.ref, e.move) for one in found for e in entries.get(one.id, ())))
    had = had_of(given, entries, late.policy_id)
    parts = [claim.id for claim in claims if claim.so_far is not None]
    made_up = await retroactive_store.made_up(unit.conn, unit.pool_code, parts, late.policy_id) if parts else set()
    cuts = await retroactive_store.cuts(unit.conn, unit.pool_code, claims)
    details = await retroactive_store.details(unit.conn, unit.pool_code, claims)
    visits = await retroactive_store.visits(unit.conn, unit.pool_code, claims)
    codes: dict[str, set[str]] = defaultdict(set)
    for claim in claims:
        codes[claim.catalogue_version].update(details[claim.id]["item_codes"])
    items = {version: await catalogue_items(unit.conn, version, wanted) for version, wanted in codes.items()}
    policies = await _policies(unit, claims)
    settled = [
        replace(
            settled_of(
                claim, visits[claim.visit_id], details[claim.id], _of(items, claim), policies[claim.policy_hash]
            ),
            had=had.get(claim.id, NOTHING),
            made_up=claim.id in made_up,
            cuts=cuts.get(claim.id, ()),
            moves={entry.ref: entry.move for entry in entries.get(claim.id, ())},
        )
        for claim in claims
    ]
    settled = await _with_insured(unit, settled, late.policy)
    full = len({claim.household_id for claim in claims}) == households
    return list(differences(settled, late.policy)), claims[-1].household_id if claims and full else None


async def _with_insured(unit: Unit, settled: list[Settled], policy: Policy) -> list[Settled]:
    """Claims that the new version asks the insured members of a household for, which the old one did not: as known."""
    wanted = {
        one.claim.id: (one.claim.household_id, benefit_year(one.input, policy))
        for one in settled
        if one.facts.insured is None and asks_for_household(one.input.kind, policy)
    }
    found = await insured(unit.conn, unit.pool_code, set(wanted.values()))
    return [
        replace(one, facts=replace(one.facts, insured=found[wanted[one.claim.id]])) if one.claim.id in wanted else one
        for one in settled
    ]


async def _policies(unit: Unit, claims: list[Claim]) -> dict[str, Policy]:
    hashes = {claim.policy_hash for claim in claims}
    return {digest: await policy_by_hash(unit.conn, unit.pool_code, digest) for digest in sorted(hashes)}


def _of(items: dict[str, dict[str, Item]], claim: Claim) -> dict[str, Item]:
    return items.get(claim.catalogue_version, {})
