"""Questions that change nothing: look-up of a person, quote of a visit."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from services.claims.benefits.capping import asks_for_household
from services.claims.benefits.engine import BadClaim, adjudicate, check_year
from services.claims.benefits.face import Billed, Face, faces_of
from services.claims.benefits.model import KINDS, AccumulatorKey, Adjudication
from services.claims.benefits.queries import NO_POLICY, policy_for
from services.claims.catalogue.queries import catalogue_items
from services.claims.providers.queries import reference_on
from services.claims.visits import accounts, coverage_store, store
from services.claims.visits.asking import EnrollmentDesk
from services.claims.visits.bill import Bill, joined
from services.claims.visits.caps import Asked, CapLeft, caps_left
from services.claims.visits.claims import earlier_parts, settled_sheets
from services.claims.visits.coverage import CONSUMER, ID_NUMBER, Coverage
from services.claims.visits.deciding import Ground, check_open, the_bill
from services.claims.visits.entitlements import cards
from services.claims.visits.insured import insured
from services.claims.visits.problems import (
    BAD_CLAIM,
    ENROLLMENT_SILENT,
    MEMBER_UNKNOWN,
    VISIT_SETTLED,
    VISIT_UNKNOWN,
    bad_claim_words,
)
from services.claims.visits.settling import DESK
from services.claims.visits.wishes import check_account
from shared.contracts.enrollment import COVERAGE_TOPIC
from shared.db.personal import Sealer
from shared.http.unit import Unit
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import Problem
from shared.kernel.id_numbers import normal_form
from shared.messaging.heartbeat import is_fresh


@dataclass(frozen=True, slots=True)
class Found:
    """A person looked up."""

    coverage: Coverage
    name: str | None
    day: date
    caps: list[CapLeft]


class Quoted(NamedTuple):
    """A decision that nothing rests on, and the lines as its slip shows them."""

    result: Adjudication
    faces: dict[int, Face]


async def look_up(unit: Unit, id_number: str, day: date, diagnosis: str = "") -> Found:
    """The member with an ID number; enrollment's answer where it gives one in time, else a fresh "covered" of ours.
    With a diagnosis what is left of the caps of its disease, too.

    Raises MEMBER_UNKNOWN, ENROLLMENT_SILENT.
    """
    index = Sealer(unit.settings.personal_keys()).blind_index(ID_NUMBER, normal_form(id_number))
    known = await coverage_store.by_index(unit.conn, unit.pool_code, index)
    desk: EnrollmentDesk = unit.app.resources[DESK]
    name: str | None = None
    try:
        answer = await desk.by_index(unit.pool_code, index)
        if answer is None:
            raise MEMBER_UNKNOWN(pool_code=unit.pool_code)
        told, name = answer
        coverage = _with_cases(told, known) if known is None or told.sequence >= known.sequence else known
    except Problem as silence:
        if silence.kind is not ENROLLMENT_SILENT or known is None or not await _says_covered(unit, known, day):
            raise
        coverage = known
    return Found(coverage, name, day, await _caps(unit, coverage, day, diagnosis))


async def _says_covered(unit: Unit, known: Coverage, day: date) -> bool:
    """Whether the projection may be trusted (contracts §7)."""
    if not known.may_be_relied_on(day):
        return False
    return await is_fresh(unit.conn, CONSUMER, [COVERAGE_TOPIC], datetime.now(UTC))  # real time: heartbeats


async def _caps(unit: Unit, coverage: Coverage, day: date, diagnosis: str) -> list[CapLeft]:
    """What the policy's caps leave; empty where no policy is in force."""
    try:
        policy = await policy_for(unit.conn, unit.pool_code, day)
    except Problem as problem:
        if problem.kind is not NO_POLICY:
            raise
        return []
    used = await store.used(unit.conn, unit.pool_code, [coverage.member_id, coverage.household_id])
    asked = Asked(day, max(day, shanghai_date(unit.now)), diagnosis)
    year = coverage.household_id, asked.year(policy)
    heads = await insured(
        unit.conn, unit.pool_code, [year] if any(asks_for_household(k, policy) for k in KINDS) else []
    )
    return caps_left(policy, used, asked, coverage.layers_on(day), cards(coverage.entitlements), heads.get(year))


async def quote(
    unit: Unit, visit_id: UUID, inline: Bill | None, from_account_fen: int = 0, off_path: str = ""
) -> Quoted:
    """What a settlement would give now, without a lock; of a stay settled midway, what its rest would give.

    Raises what a settlement would, but refusals are outcomes.
    """
    visit = await store.visit_with_mother(unit.conn, unit.pool_code, visit_id)
    if visit is None:
        raise VISIT_UNKNOWN(visit_id=visit_id)
    check_open(visit)
    reference = await reference_on(unit.conn, unit.pool_code, visit.institution_code, visit.admitted_on)
    coverage = await _coverage(unit, visit.member_id, visit.admitted_on)
    ground = Ground(
        visit,
        coverage,
        reference.policy,
        reference.institution,
        reference.catalogue_version,
        from_account_fen,
        off_path,
    )
    check_account(reference.policy, visit_id, visit.kind, from_account_fen)
    parts = await store.parts(unit.conn, unit.pool_code, visit_id)
    if last := [one for one in parts if not one.midway]:
        raise VISIT_SETTLED(visit_id=visit_id, claim_id=last[0].id)
    settled = settled_sheets(parts)
    sheets = await store.sheets(unit.conn, unit.pool_code, visit_id, settled) if visit.line_sheets > settled else []
    day = max(shanghai_date(unit.now), visit.admitted_on)
    bill = the_bill(visit, joined(sheets) if sheets else None, inline, day, final=False)
    items = await catalogue_items(unit.conn, reference.catalogue_version, bill.codes)
    used = await _used(unit, ground, day)
    heads = await insured(unit.conn, unit.pool_code, ground.household_years(day))
    ground = replace(ground, insured={year: heads[household, year] for household, year in heads})
    credit_fen = await accounts.credit(unit.conn, unit.pool_code, coverage.household_id, used)
    asked = ground.input(day, bill)
    facts = ground.facts(asked, items, used, credit_fen, earlier_parts(parts))
    try:
        check_year(asked, reference.policy)
        result = adjudicate(asked, facts, reference.policy)
    except BadClaim as bad:
        raise BAD_CLAIM(reason=bad_claim_words(bad)) from bad
    columns = (bill.codes, bill.names, bill.prices_micro, bill.quantities_e4)
    billed = itertools.starmap(Billed, zip(*columns, strict=True))
    return Quoted(result, faces_of(billed, items, reference.institution.level))


async def _coverage(unit: Unit, member_id: UUID, day: date) -> Coverage:
    """Coverage to quote on: ours where it may be trusted, else enrollment's answer."""
    known = await coverage_store.of_member(unit.conn, unit.pool_code, member_id)
    if known is not None and await _says_covered(unit, known, day):
        return known
    desk: EnrollmentDesk = unit.app.resources[DESK]
    told = await desk.of_member(unit.pool_code, member_id)
    if told is None:
        raise MEMBER_UNKNOWN(pool_code=unit.pool_code)
    return _with_cases(told, known)


def _with_cases(told: Coverage, known: Coverage | None) -> Coverage:
    """What enrollment told, with what claims itself decided on the member's cases."""
    if known is None or known.member_id != told.member_id:
        return told
    return replace(told, entitlements=known.entitlements, entitlement_seq=known.entitlement_seq)


async def _used(unit: Unit, ground: Ground, day: date) -> dict[AccumulatorKey, int]:
    """What the accumulators of the visit's person and household stand at."""
    owners = ground.owners
    by_owner = {owner: await store.used(unit.conn, unit.pool_code, [owner]) for owner in set(owners)}
    found: dict[AccumulatorKey, int] = {}
    for key in ground.keys(day):
        ref = owners.ref(key)
        found[key] = by_owner[ref.owner_id].get((ref.scope, ref.year, ref.detail, key.name), 0)
    return found
