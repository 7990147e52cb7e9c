"""Routes of second compensation, in the order in which a campaign goes from its pot to its end.

Those that read the list are in ``lists_api``, those of objections in ``objections_api``.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path

from services.claims.benefits.model import Band
from services.claims.benefits.second import PaymentList
from services.claims.campaigns import candidates_store, commands, paying, store
from services.claims.campaigns.model import Campaign, Scope, Terms
from services.claims.campaigns.problems import (
    BAD_TERMS,
    CAMPAIGN_EXISTS,
    CAMPAIGN_STATE,
    CAMPAIGN_UNKNOWN,
    CAP_MOVED,
    CLAIM_DAY,
    CLAIMS_MOVED,
    COUNT_UNKNOWN,
    GROUPS_UNKNOWN,
    NAMES_MISSING,
    NO_CANDIDATES,
    NOTHING_LISTED,
    OBJECTIONS_OPEN,
    OBJECTIONS_RUN,
    STILL_CLAIMABLE,
    VOID_NOT_ASKED,
    YEAR_OPEN,
)
from services.claims.campaigns.schemas import (
    ApprovalIn,
    CampaignIn,
    CampaignOut,
    CandidateOut,
    ComputedOut,
    NamesOut,
    PublicationIn,
    ReleaseIn,
    ScopeIn,
    SimulationOut,
    TermsIn,
    TownshipSum,
    VoidIn,
    YearSum,
)
from services.claims.campaigns.selection import Selection
from services.claims.visits.problems import ENROLLMENT_SILENT
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import Unit, UnitDep

router = ServiceRouter(prefix="/pools/{pool_code}/campaigns", tags=["campaigns"])
Pool = Annotated[str, Path(pattern=r"^\d{6}$")]
DIRECTOR, OFFICE = ["county_director"], ["county_recheck", "county_director"]
TOWNSHIP = ["township_clerk", "township_director"]
SIMULATORS = [*OFFICE, "insurer_manager"]
WATCHERS = [*OFFICE, "insurer_manager", "county_finance", "county_inspector", "city_health", "supervisor", "auditor"]


async def campaign_out(unit: Unit, campaign: Campaign) -> CampaignOut:
    """A campaign in wire form."""
    paid_in = await store.paid_by_year(unit.conn, unit.pool_code, campaign.id)
    same = set(CampaignOut.model_fields) & set(Campaign.__dataclass_fields__) - {"scope"}
    return CampaignOut.model_validate(
        {name: getattr(campaign, name) for name in same}
        | {
            "campaign_id": campaign.id,
            "pot": campaign.pot_fen,
            "scope": None if campaign.scope is None else _scope_out(commands.scope_of(campaign)),
            "restriction": campaign.restriction(),
            "formula": None if campaign.terms is None else campaign.terms["formula"],
            "listed_amount": campaign.listed_fen,
            "left": campaign.pot_fen - campaign.listed_fen,
            "paid": campaign.paid_fen,
            "returned": campaign.returned_fen,
            "paid_in": [YearSum(year=r["year"], persons=r["persons"], amount=r["amount_fen"]) for r in paid_in],
        }
    )


def scope_in(body: ScopeIn) -> Scope:
    """A scope as it was asked for; groups and words come from the policy of the year."""
    only = [
        Selection(one.clause, tuple(one.groups), (), tuple(one.diseases), tuple(one.levels)) for one in body.only
    ]  # fmt: skip
    above = (0, "") if body.high_cost is None else (body.high_cost.own_above, body.high_cost.clause)
    kinds = tuple(sorted(set(body.kinds)))
    return Scope(kinds, body.exclude_fixed, body.counts_toward, body.clause, tuple(only), *above)


def _scope_out(scope: Scope) -> ScopeIn:
    members = ("clause", "groups", "diseases", "levels")
    above = {"own_above": scope.own_above_fen, "clause": scope.own_above_clause} if scope.own_above_fen else None
    return ScopeIn.model_validate(
        {
            **{name: getattr(scope, name) for name in ("exclude_fixed", "counts_toward", "clause")},
            "kinds": list(scope.kinds),
            "only": [{name: one.row()[name] for name in members} for one in scope.only],
            "high_cost": above,
        }
    )


@router.post(
    "",
    openapi_extra=access(DIRECTOR, command="open_campaign"),
    status_code=201,
    responses=documented(YEAR_OPEN, CAMPAIGN_EXISTS, CLAIM_DAY),
)
async def open_campaign(pool_code: Pool, body: CampaignIn, unit: UnitDep) -> CampaignOut:
    """Opens the second compensation of a year that is over, with the committee's pot."""
    opened = await commands.open_campaign(
        unit, body.year, body.title, body.pot, body.document_number, body.decided_on
    )  # fmt: skip
    return await campaign_out(unit, opened)


@router.get("", openapi_extra=access([*WATCHERS, *TOWNSHIP], command="list_campaigns"))
async def list_campaigns(pool_code: Pool, unit: UnitDep) -> list[CampaignOut]:
    """All campaigns, the latest year first."""
    return [await campaign_out(unit, one) for one in await store.campaigns(unit.conn, unit.pool_code)]


@router.get(
    "/{campaign_id}",
    openapi_extra=access([*WATCHERS, *TOWNSHIP], command="read_campaign"),
    responses=documented(CAMPAIGN_UNKNOWN),
)
async def read_campaign(pool_code: Pool, campaign_id: ShortId, unit: UnitDep) -> CampaignOut:
    """A campaign as it stands."""
    return await campaign_out(unit, await commands.known(unit, campaign_id))


@router.post(
    "/{campaign_id}/candidates",
    openapi_extra=access(OFFICE, command="compute_candidates"),
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, COUNT_UNKNOWN, GROUPS_UNKNOWN),
)
async def compute_candidates(pool_code: Pool, campaign_id: ShortId, body: ScopeIn, unit: UnitDep) -> ComputedOut:
    """Computes the candidates from the reviewed claims of the year; again where more claims were reviewed since."""
    scope = scope_in(body)
    campaign, found = await commands.compute(unit, campaign_id, scope)
    missing = await candidates_store.left_out(unit.conn, unit.pool_code, campaign.year, scope.kinds)
    return ComputedOut(campaign=await campaign_out(unit, campaign), candidates=found, left_out=missing)


@router.get(
    "/{campaign_id}/candidates",
    openapi_extra=access(WATCHERS, command="list_candidates", personal=True),
    responses=documented(CAMPAIGN_UNKNOWN),
)
async def list_candidates(
    pool_code: Pool, campaign_id: ShortId, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[CandidateOut]:
    """The candidates of the run that counts, each with the claims that his year was added up from."""
    campaign = await commands.known(unit, campaign_id)
    key = read_cursor(cursor, UUID)
    rows = await candidates_store.candidate_rows(
        unit.conn, unit.pool_code, campaign, key[0] if key else None, limit + 1
    )
    items = [_candidate(row) for row in rows[:limit]]
    following = encode_cursor(items[-1].member_id) if len(rows) > limit else None
    return Page[CandidateOut](items=items, next_cursor=following)


def _candidate(row: Any) -> CandidateOut:
    return CandidateOut(
        member_id=row["member_id"],
        township_code=row["township_code"],
        eligible=row["eligible_fen"],
        first=row["first_fen"],
        excluded=row["excluded_fen"],
        own=candidates_store.candidate_of(row).own_fen,
        beside=row["beside_fen"],
        room=row["room_fen"],
        claims=list(row["claims"]),
    )


def terms_of(body: TermsIn) -> Terms:
    """Terms as the formulas read them."""
    bands = tuple(Band(band.up_to, band.ratio) for band in body.bands)
    return Terms(body.formula, body.threshold, body.combined_cap, bands, body.floor_ratio)


def _simulation(terms: Terms, found: PaymentList, township: Any) -> SimulationOut:
    sums: dict[str, list[int]] = {}
    for payment in found.payments:
        sums.setdefault(township(payment.person), []).append(payment.amount_fen)
    amounts = [payment.amount_fen for payment in found.payments] or [0]
    return SimulationOut.model_validate(
        {
            "formula": terms.formula,
            "persons": len(found.payments),
            "due": found.due_fen,
            "paid": found.paid_fen,
            "left": found.left_fen,
            "largest": max(amounts),
            "smallest": min(amounts),
            "townships": [
                TownshipSum(township_code=code, persons=len(fen), amount=sum(fen)) for code, fen in sorted(sums.items())
            ],
        }
    )


_TERMS = documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, NO_CANDIDATES, BAD_TERMS, NOTHING_LISTED)


@router.post(
    "/{campaign_id}/simulation",
    openapi_extra=access(SIMULATORS, command="simulate_campaign", query=True),
    responses=_TERMS,
)
async def simulate_campaign(pool_code: Pool, campaign_id: ShortId, body: TermsIn, unit: UnitDep) -> SimulationOut:
    """What terms would give; nothing is kept."""
    campaign = await commands.known(unit, campaign_id)
    terms = terms_of(body)
    found, by_person = await commands.simulate(unit, campaign, terms)
    return _simulation(terms, found, lambda person: by_person[person]["township_code"])


@router.post("/{campaign_id}/proposal", openapi_extra=access(OFFICE, command="propose_campaign"), responses=_TERMS)
async def propose_campaign(pool_code: Pool, campaign_id: ShortId, body: TermsIn, unit: UnitDep) -> CampaignOut:
    """Proposes terms for approval; a later proposal replaces an earlier one."""
    campaign, _ = await commands.propose(unit, campaign_id, terms_of(body))
    return await campaign_out(unit, campaign)


@router.post(
    "/{campaign_id}/approval",
    openapi_extra=access(DIRECTOR, command="approve_campaign"),
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, FOUR_EYES, CONFLICT_OF_INTEREST),
)
async def approve_campaign(pool_code: Pool, campaign_id: ShortId, body: ApprovalIn, unit: UnitDep) -> CampaignOut:
    """Approves the proposal, by a person who neither opened the campaign nor proposed: the list is written."""
    return await campaign_out(unit, await commands.approve(unit, campaign_id, body.document_number))


@router.post(
    "/{campaign_id}/names",
    openapi_extra=access(OFFICE, command="fetch_names"),
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, ENROLLMENT_SILENT),
)
async def fetch_names(pool_code: Pool, campaign_id: ShortId, unit: UnitDep) -> NamesOut:
    """Gets masked names and villages from the register, some hundreds at a time, until none is missing."""
    fetched, missing = await commands.fetch_names(unit, campaign_id)
    return NamesOut(fetched=fetched, missing=missing)


@router.post(
    "/{campaign_id}/publication",
    openapi_extra=access(OFFICE, command="publish_campaign"),
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, NAMES_MISSING),
)
async def publish_campaign(pool_code: Pool, campaign_id: ShortId, body: PublicationIn, unit: UnitDep) -> CampaignOut:
    """Hangs the list out by township and village, with days for objections."""
    return await campaign_out(unit, await commands.publish(unit, campaign_id, body.days))


@router.post(
    "/{campaign_id}/void-request",
    openapi_extra=access(OFFICE, command="ask_void_campaign_list"),
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, OBJECTIONS_RUN, OBJECTIONS_OPEN),
)
async def ask_void_list(pool_code: Pool, campaign_id: ShortId, body: VoidIn, unit: UnitDep) -> CampaignOut:
    """Asks, after the notice, for a list that was not released to be made void."""
    return await campaign_out(unit, await commands.ask_void(unit, campaign_id, body.reason))


@router.post(
    "/{campaign_id}/void",
    openapi_extra=access(DIRECTOR, command="void_campaign_list"),
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, VOID_NOT_ASKED, FOUR_EYES),
)
async def void_list(pool_code: Pool, campaign_id: ShortId, unit: UnitDep) -> CampaignOut:
    """Makes the list void, by another person than who asked: candidates, proposal, approval and notice begin again."""
    return await campaign_out(unit, await commands.void(unit, campaign_id))


@router.post(
    "/{campaign_id}/release",
    openapi_extra=access(DIRECTOR, command="release_campaign"),
    responses=documented(
        CAMPAIGN_UNKNOWN,
        CAMPAIGN_STATE,
        FOUR_EYES,
        OBJECTIONS_RUN,
        OBJECTIONS_OPEN,
        CONFLICT_OF_INTEREST,
        CLAIM_DAY,
        CLAIMS_MOVED,
        CAP_MOVED,
    ),
)
async def release_campaign(pool_code: Pool, campaign_id: ShortId, body: ReleaseIn, unit: UnitDep) -> CampaignOut:
    """Makes the list payable, after the notice and with every objection decided: one payable a person."""
    return await campaign_out(unit, await paying.release(unit, campaign_id, body.claim_by))


@router.post(
    "/{campaign_id}/closing",
    openapi_extra=access(DIRECTOR, command="close_campaign"),
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, STILL_CLAIMABLE),
)
async def close_campaign(pool_code: Pool, campaign_id: ShortId, unit: UnitDep) -> CampaignOut:
    """Ends a campaign once every payment is paid or returned as unclaimed."""
    return await campaign_out(unit, await paying.close(unit, campaign_id))
