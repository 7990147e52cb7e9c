"""From the pot to the published list. Each command takes the request's transaction and never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.claims.benefits.model import Policy
from services.claims.benefits.queries import policy_for
from services.claims.benefits.second import BadCampaign, PaymentList
from services.claims.campaigns import candidates_store, objections_store, store
from services.claims.campaigns.model import (
    APPROVED,
    CLOSED,
    LISTED,
    NAMES_AT_ONCE,
    OPEN,
    PROPOSED,
    PUBLISHED,
    RELEASED,
    SUPERSEDED,
    Campaign,
    Scope,
    Terms,
    payment_list,
    scope_from,
    terms_from,
)
from services.claims.campaigns.problems import (
    BAD_TERMS,
    CAMPAIGN_EXISTS,
    CAMPAIGN_STATE,
    CAMPAIGN_UNKNOWN,
    CLAIM_DAY,
    COUNT_UNKNOWN,
    GROUPS_UNKNOWN,
    NAMES_MISSING,
    NO_CANDIDATES,
    NOTHING_LISTED,
    OBJECTIONS_OPEN,
    OBJECTIONS_RUN,
    VOID_NOT_ASKED,
    YEAR_OPEN,
)
from services.claims.campaigns.selection import Selection, UnknownGroups, resolved
from services.claims.visits import queries
from services.claims.visits.ties import HOUSEHOLD
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, NOT_FOUND
from shared.http.unit import Unit
from shared.kernel.ids import new_id

Words = tuple[str, str]
STATUS: Mapping[str, Words] = MappingProxyType(
    {
        OPEN: ("正在测算", "being computed"),
        PROPOSED: ("已提出,待批准", "proposed"),
        APPROVED: ("已批准,待公示", "approved"),
        PUBLISHED: ("正在公示", "published"),
        RELEASED: ("正在发放", "being paid"),
        CLOSED: ("已结束", "closed"),
    }
)
VOID: Words = ("作废名单", "make the list void")
# What a campaign says while it has no list: before one is approved, and after one was voided.
_NO_LIST: Mapping[str, Any] = MappingProxyType(
    {
        "status": OPEN,
        "listed": 0,
        "listed_fen": 0,
        "terms": None,
        "proposed_by": None,
        "approved_by": None,
        "approval_number": None,
        "objections_until": None,
        "void_asked_by": None,
        "void_reason": None,
    }
)


def four_eyes(unit: Unit, earlier: str | None, act: Words, then: Words) -> None:
    """Whoever did the one may not do the other. Raises FOUR_EYES."""
    if unit.actor.subject == earlier:
        raise FOUR_EYES(act=act, then=then)


async def known(unit: Unit, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """A campaign of the pool. Raises CAMPAIGN_UNKNOWN."""
    campaign = await store.campaign(unit.conn, unit.pool_code, campaign_id, lock=lock)
    if campaign is None:
        raise CAMPAIGN_UNKNOWN(campaign_id=campaign_id)
    unit.result("campaign", campaign_id)
    return campaign


async def at_step(unit: Unit, campaign_id: UUID, steps: Sequence[str], act: Words) -> Campaign:
    """A campaign, locked, that stands at one of the steps. Raises CAMPAIGN_UNKNOWN, CAMPAIGN_STATE."""
    await unit.business_day()
    campaign = await known(unit, campaign_id, lock=True)
    if campaign.status not in steps:
        raise CAMPAIGN_STATE(status=STATUS[campaign.status], act=act)
    return campaign


async def keep(unit: Unit, before: Campaign, **changes: Any) -> Campaign:
    """Writes a step of a locked campaign."""
    now = replace(before, version=before.version + 1, **changes)
    await store.set_campaign(unit.conn, unit.pool_code, now)
    unit.note(status=now.status, year=now.year)
    return now


async def open_campaign(
    unit: Unit, year: int, title: str, pot_fen: int, document_number: str, decided_on: date
) -> Campaign:
    """Opens the campaign of a benefit year that is over, with the pot that the committee decided from the surplus.

    Raises YEAR_OPEN, CLAIM_DAY, CAMPAIGN_EXISTS.
    """
    day = await unit.business_day()
    if day.year <= year:
        raise YEAR_OPEN(year=year)
    if not date(year, 1, 1) <= decided_on <= day:
        raise CLAIM_DAY(day=decided_on, first=date(year, 1, 1), last=day)
    new = Campaign(
        id=new_id(unit.now), year=year, title=title, document_number=document_number, decided_on=decided_on,
        pot_fen=pot_fen, status=OPEN, version=1, run=0, list_number=0, scope=None, terms=None, listed=0, listed_fen=0,
        paid_fen=0, returned_fen=0, opened_by=unit.actor.subject, opened_at=unit.now,
    )  # fmt: skip
    if not await store.add(unit.conn, unit.pool_code, new):
        raise CAMPAIGN_EXISTS(year=year, campaign_id=await store.of_year(unit.conn, unit.pool_code, year))
    unit.result("campaign", new.id)
    unit.note(year=year, pot_fen=pot_fen, document_number=document_number)
    return new


async def compute(unit: Unit, campaign_id: UUID, scope: Scope) -> tuple[Campaign, int]:
    """Computes the candidates anew from the reviewed claims of the year; how many there are. Earlier runs stay.

    Raises CAMPAIGN_STATE, COUNT_UNKNOWN, GROUPS_UNKNOWN, NO_POLICY.
    """
    campaign = await at_step(unit, campaign_id, (OPEN, PROPOSED), ("测算", "compute"))
    if scope.only:
        scope = replace(scope, only=await _selections(unit, campaign.year, scope.only))
    cap_fen = await _cap(unit, campaign.year, scope.counts_toward) if scope.counts_toward else None
    run = campaign.run + 1
    found = await candidates_store.compute(unit.conn, unit.pool_code, campaign, run, scope, cap_fen)
    return await keep(unit, campaign, run=run, scope=scope.row(), **_NO_LIST), found


async def _selections(unit: Unit, year: int, asked: Sequence[Selection]) -> tuple[Selection, ...]:
    """The rows by the policy at the end of the year. Raises GROUPS_UNKNOWN."""
    policy = await policy_for(unit.conn, unit.pool_code, date(year, 12, 31))
    try:
        return tuple(resolved(one, policy) for one in asked)
    except UnknownGroups as wrong:
        raise GROUPS_UNKNOWN(year=year, groups="、".join(wrong.groups), known=wrong.told) from wrong


async def ask_void(unit: Unit, campaign_id: UUID, reason: str) -> Campaign:
    """Asks for a published list that was not released to be made void: the way on where claims or counts have moved.

    Raises CAMPAIGN_STATE, OBJECTIONS_RUN, OBJECTIONS_OPEN.
    """
    campaign = await at_step(unit, campaign_id, (PUBLISHED,), VOID)
    await notice_over(unit, campaign)
    return await keep(unit, campaign, void_asked_by=unit.actor.subject, void_reason=reason)


async def void(unit: Unit, campaign_id: UUID) -> Campaign:
    """Makes a published list void that another person asked for: candidates, proposal, approval and notice begin again.

    Raises CAMPAIGN_STATE, VOID_NOT_ASKED, FOUR_EYES.
    """
    campaign = await at_step(unit, campaign_id, (PUBLISHED,), VOID)
    if campaign.void_asked_by is None:
        raise VOID_NOT_ASKED()
    four_eyes(unit, campaign.void_asked_by, ("申请作废名单", "ask for the list to be made void"), VOID)
    return await begin_again(unit, campaign)


async def begin_again(unit: Unit, campaign: Campaign) -> Campaign:
    """The list is void: candidates, proposal, approval and notice begin again."""
    await store.move(unit.conn, unit.pool_code, campaign, LISTED, SUPERSEDED, published=False)
    return await keep(unit, campaign, **_NO_LIST)


async def notice_over(unit: Unit, campaign: Campaign) -> None:
    """A published list hung out its days and every objection is decided; raises OBJECTIONS_RUN, OBJECTIONS_OPEN."""
    assert campaign.objections_until is not None
    if await unit.business_day() <= campaign.objections_until:
        raise OBJECTIONS_RUN(until=campaign.objections_until)
    waiting = await objections_store.open_objections(unit.conn, unit.pool_code, campaign.id)
    if waiting:
        raise OBJECTIONS_OPEN(count=waiting)


async def _cap(unit: Unit, year: int, name: str) -> int | None:
    """The lowest yearly cap of a person on a count, by the policy at the end of the year. Raises COUNT_UNKNOWN."""
    policy = await policy_for(unit.conn, unit.pool_code, date(year, 12, 31))
    caps, counted = _caps_of(policy, name)
    if not counted:
        raise COUNT_UNKNOWN(year=year, count_name=name)
    return min(caps) if caps else None


def _caps_of(policy: Policy, name: str) -> tuple[list[int], bool]:
    """The caps of a person's year on a count, and whether the policy counts under that name at all."""
    buckets = [benefit for layer in policy.layers for benefit in layer.buckets]
    caps = [
        cap.amount_fen for benefit in buckets for cap in benefit.caps
        if (cap.period, cap.counts) == ("person_year", name)
    ]  # fmt: skip
    return caps, bool(caps) or any(("person_year", name) in benefit.adds_to for benefit in buckets)


async def simulate(unit: Unit, campaign: Campaign, terms: Terms) -> tuple[PaymentList, dict[str, Any]]:
    """What terms would give the candidates of the run that counts, with each candidate's row by person.

    Raises NO_CANDIDATES, BAD_TERMS. Nothing is written.
    """
    rows = await candidates_store.candidate_rows(unit.conn, unit.pool_code, campaign)
    if not rows:
        raise NO_CANDIDATES()
    try:
        found = payment_list(map(candidates_store.candidate_of, rows), campaign.pot_fen, terms)
    except BadCampaign as bad:
        raise BAD_TERMS(reason=_words(bad)) from bad
    return found, {str(row["member_id"]): row for row in rows}


def _words(bad: BadCampaign) -> Words:
    """What is wrong, in both languages: told to the check that every refusal has both."""
    return bad.words


async def propose(unit: Unit, campaign_id: UUID, terms: Terms) -> tuple[Campaign, PaymentList]:
    """Proposes terms for approval, with what they give. Raises CAMPAIGN_STATE, NO_CANDIDATES, BAD_TERMS,
    NOTHING_LISTED."""
    campaign = await at_step(unit, campaign_id, (OPEN, PROPOSED), ("提出", "propose"))
    found, _ = await simulate(unit, campaign, terms)
    if not found.payments:
        raise NOTHING_LISTED()
    now = await keep(unit, campaign, status=PROPOSED, terms=terms.row(), proposed_by=unit.actor.subject)
    return now, found


async def approve(unit: Unit, campaign_id: UUID, approval_number: str) -> Campaign:
    """Approves what was proposed, by a person who neither opened nor proposed it: the list is written.

    Raises CAMPAIGN_STATE, FOUR_EYES, CONFLICT_OF_INTEREST.
    """
    campaign = await at_step(unit, campaign_id, (PROPOSED,), ("批准", "approve"))
    then = ("批准", "approve it")
    four_eyes(unit, campaign.opened_by, ("开立二次补偿", "open the campaign"), then)
    four_eyes(unit, campaign.proposed_by, ("提出方案", "propose the terms"), then)
    assert campaign.terms is not None
    found, by_person = await simulate(unit, campaign, terms_from(campaign.terms))
    now = await keep(
        unit,
        campaign,
        status=APPROVED,
        list_number=campaign.list_number + 1,
        listed=len(found.payments),
        listed_fen=found.paid_fen,
        approved_by=unit.actor.subject,
        approval_number=approval_number,
    )
    rows = []
    for payment in found.payments:
        person = by_person[payment.person]
        who = (person["member_id"], person["household_id"], person["township_code"])
        rows.append((new_id(unit.now), *who, payment.base_fen, payment.due_fen, payment.amount_fen))
    await store.add_payments(unit.conn, unit.pool_code, now, rows)
    await keep_away(unit, now)
    return now


async def keep_away(unit: Unit, campaign: Campaign) -> None:
    """Nobody decides about a list on which his household stands (rulings §8, WC-07). Raises CONFLICT_OF_INTEREST."""
    household = unit.actor.household_id
    if household and await store.lists_household(unit.conn, unit.pool_code, campaign, UUID(household)):
        raise CONFLICT_OF_INTEREST(tie=HOUSEHOLD)


async def fetch_names(unit: Unit, campaign_id: UUID) -> tuple[int, int]:
    """Asks enrollment for masked names and villages of listed persons, some hundreds at a time; (got, still missing).

    Raises CAMPAIGN_STATE, ENROLLMENT_SILENT.
    """
    campaign = await at_step(unit, campaign_id, (APPROVED,), ("取姓名", "get the names"))
    named: list[tuple[UUID, str, str]] = []
    lines = await store.unnamed(unit.conn, unit.pool_code, campaign, NAMES_AT_ONCE)
    faces = queries.faces(unit, [line.member_id for line in lines])
    for line in lines:
        face = faces[line.member_id]
        if face is None:
            raise NOT_FOUND(what=(f"参合人员 {line.member_id}", f"member {line.member_id}"))
        named.append((line.id, *face))
    if named:
        await store.name(unit.conn, unit.pool_code, named)
    return len(lines), await store.count_unnamed(unit.conn, unit.pool_code, campaign)


async def publish(unit: Unit, campaign_id: UUID, days: int) -> Campaign:
    """Hangs the list out by township and village for so many days. Raises CAMPAIGN_STATE, NAMES_MISSING."""
    campaign = await at_step(unit, campaign_id, (APPROVED,), ("公示", "publish"))
    missing = await store.count_unnamed(unit.conn, unit.pool_code, campaign)
    if missing:
        raise NAMES_MISSING(count=missing)
    day = await unit.business_day()
    return await keep(
        unit, campaign, status=PUBLISHED, published_on=day, objections_until=day + timedelta(days=days)
    )  # fmt: skip


def scope_of(campaign: Campaign) -> Scope:
    """The scope that its candidates were computed on."""
    assert campaign.scope is not None
    return scope_from(campaign.scope)


async def cap_of(unit: Unit, campaign: Campaign) -> int | None:
    """The cap on the count that the payments add to. Raises COUNT_UNKNOWN."""
    return await _cap(unit, campaign.year, scope_of(campaign).counts_toward)
