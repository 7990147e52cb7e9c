"""Routes of the policies and of the public calculator."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import Field

from services.claims.benefits import commands, store
from services.claims.benefits.again import look_again
from services.claims.benefits.commands import POLICY_UNKNOWN, Decision
from services.claims.benefits.compiler import stored
from services.claims.benefits.handed_in import YAML_BODY, FindingWire, text_of_body, told
from services.claims.benefits.lifecycle import (
    DECIDED_AHEAD,
    DECIDERS,
    DOCUMENT_INVALID,
    PUBLIC_SIDE,
    WRONG_STATE,
)
from services.claims.benefits.queries import NO_POLICY
from services.claims.benefits.wall import wall_table
from shared.contracts.wire import Reason, WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.roles import ROLES
from shared.http.unit import UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(tags=["benefits"])
READERS = sorted(ROLES - {"public", "operator", "sponsor"})
POLICY = "/pools/{pool_code}/policies/{policy_id}"


class PolicyWire(WireModel):
    """A version of a pool's policy and how far it has come."""

    id: UUID
    code: str
    title: str
    hash: str
    effective_from: date
    status: Literal["proposed", "draft", "checked", "decided", "in_force", "superseded"]
    illustrative: list[str]
    accepted: list[str]
    author: str
    author_role: str
    created_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    document_number: str | None
    decided_on: date | None


class PolicyDetail(PolicyWire):
    """A version with its document."""

    document: str


class Submitted(WireModel):
    """A version was recorded."""

    id: UUID
    code: str
    hash: str
    status: Literal["proposed", "draft"]
    effective_from: date
    illustrative: list[str]
    findings: list[FindingWire]


class Checked(WireModel):
    """A version was checked."""

    id: UUID
    status: Literal["checked"]
    findings: list[FindingWire]


class DecisionIn(WireModel):
    """The committee's decision; values without source are accepted by name."""

    document_number: Annotated[Reason, Field(max_length=100)]
    decided_on: date
    accept_illustrative: Annotated[list[str], Field(default_factory=list, max_length=200)]


class Retroactive(WireModel):
    """Admissions of these days may have been settled on another version: to be listed with their differences."""

    admitted_from: date
    admitted_to: date


class Decided(WireModel):
    """A version was decided."""

    id: UUID
    status: Literal["decided", "in_force"]
    effective_from: date
    accepted: list[str]
    not_accepted: list[str]
    retroactive: Retroactive | None


class Versions(WireModel):
    """All versions of a pool, newest effective date first."""

    items: list[PolicyWire]


class LookedAtAgain(WireModel):
    """A version that counts now or later, and what today's checks find in it."""

    id: UUID
    code: str
    title: str
    status: Literal["in_force", "decided"]
    effective_from: date
    usable: bool
    """False: today's checks would refuse it."""
    findings: list[FindingWire]


class LookedAtAgainAll(WireModel):
    """The versions of a pool that count now or later."""

    items: list[LookedAtAgain]


@router.post(
    "/pools/{pool_code}/policies",
    status_code=201,
    openapi_extra=access([*PUBLIC_SIDE, "insurer_manager"], command="submit_policy") | YAML_BODY,
    responses=documented(DOCUMENT_INVALID, commands.OTHER_POOL, commands.POLICY_KNOWN),
)
async def submit_policy(pool_code: str, unit: UnitDep, request: Request) -> Submitted:
    """Hands in a policy document (YAML): a draft of the public side, or a proposal of the insurer."""
    text = text_of_body(await request.body())
    policy_id, status, loaded = await commands.submit(unit, text)
    policy = loaded.policy
    return Submitted(
        id=policy_id,
        code=policy.id,
        hash=policy.hash,
        status=status,
        effective_from=policy.effective_from,
        illustrative=list(policy.illustrative),
        findings=told(await commands.looked_at(unit, policy, loaded.source, loaded.document)),
    )


@router.post(
    POLICY + "/check",
    openapi_extra=access(PUBLIC_SIDE, command="check_policy"),
    responses=documented(POLICY_UNKNOWN, WRONG_STATE),
)
async def check_policy(pool_code: str, policy_id: UUID, unit: UnitDep) -> Checked:
    """A second person has read the version."""
    found = await commands.check(unit, policy_id)
    return Checked(id=policy_id, status="checked", findings=told(found))


@router.post(
    POLICY + "/decision",
    openapi_extra=access(DECIDERS, command="decide_policy"),
    responses=documented(POLICY_UNKNOWN, WRONG_STATE, commands.ACCEPTED_UNKNOWN, DECIDED_AHEAD),
)
async def decide_policy(pool_code: str, policy_id: UUID, body: DecisionIn, unit: UnitDep) -> Decided:
    """Records the committee's decision: the version counts from its effective date on."""
    decision = Decision(body.document_number, body.decided_on, body.accept_illustrative)
    policy = await commands.decide(unit, policy_id, decision)
    today, since = shanghai_date(unit.now), policy["effective_from"]
    accepted = set(body.accept_illustrative)
    return Decided(
        id=policy_id,
        status="in_force" if since <= today else "decided",
        effective_from=since,
        accepted=sorted(accepted),
        not_accepted=[name for name in policy["illustrative"] if name not in accepted],
        retroactive=Retroactive(admitted_from=since, admitted_to=today) if since < today else None,
    )


@router.get("/pools/{pool_code}/policies", openapi_extra=access(READERS, command="list_policies"))
async def list_policies(pool_code: str, unit: UnitDep) -> Versions:
    """All versions of the pool with their state today."""
    status = await _statuses(unit)
    rows = await store.versions(unit.conn, pool_code)
    return Versions(items=[PolicyWire(**_members(row, status)) for row in rows])


@router.get("/pools/{pool_code}/policy-findings", openapi_extra=access(READERS, command="list_policy_findings"))
async def list_policy_findings(pool_code: str, unit: UnitDep) -> LookedAtAgainAll:
    """Today's checks over the versions that are in force or decided for later, which were accepted with older ones."""
    statuses = await _statuses(unit)
    items = []
    for row in await store.versions(unit.conn, pool_code):
        if (status := statuses.get(row["id"])) in ("in_force", "decided"):
            found = await look_again(unit, row)
            members = {name: row[name] for name in ("id", "code", "title", "effective_from")}
            usable = all(one.severity != "error" for one in found)
            items.append(
                LookedAtAgain.model_validate({**members, "status": status, "usable": usable, "findings": told(found)})
            )
    return LookedAtAgainAll(items=items)


@router.get(POLICY, openapi_extra=access(READERS, command="read_policy"), responses=documented(POLICY_UNKNOWN))
async def read_policy(pool_code: str, policy_id: UUID, unit: UnitDep) -> PolicyDetail:
    """One version with its document."""
    row = await store.get(unit.conn, pool_code, policy_id)
    if row is None:
        raise POLICY_UNKNOWN(pool_code=pool_code, policy_id=policy_id)
    document = await store.document(unit.conn, pool_code, policy_id)
    return PolicyDetail(**_members(row, await _statuses(unit)), document=document)


@router.get(
    POLICY + "/table",
    openapi_extra=access(READERS, command="read_policy_table"),
    response_class=PlainTextResponse,
    responses=documented(POLICY_UNKNOWN),
)
async def read_policy_table(pool_code: str, policy_id: UUID, unit: UnitDep) -> PlainTextResponse:
    """The version as the table that the office hangs on its wall."""
    canonical = await store.canonical(unit.conn, pool_code, policy_id)
    if canonical is None:
        raise POLICY_UNKNOWN(pool_code=pool_code, policy_id=policy_id)
    return PlainTextResponse(wall_table(*stored(canonical)))


@router.get(
    "/pools/{pool_code}/policy-table",
    openapi_extra=access([], scope="public", command="read_public_policy_table"),
    response_class=PlainTextResponse,
    responses=documented(NO_POLICY),
)
async def read_public_policy_table(
    pool_code: str, unit: UnitDep, on: Annotated[date | None, Query()] = None
) -> PlainTextResponse:
    """What is paid in the pool on a day, for everybody to read (七公开). Needs no token."""
    day = on or shanghai_date(unit.now)
    canonical = await store.canonical_on(unit.conn, pool_code, day)
    if canonical is None:
        raise NO_POLICY(pool_code=pool_code, day=day)
    return PlainTextResponse(wall_table(*stored(canonical)))


async def _statuses(unit: UnitDep) -> dict[UUID, str]:
    """State today of each version that was ever decided: in force, superseded, or decided for a later day."""
    today = shanghai_date(unit.now)
    statuses: dict[UUID, str] = {}
    current = None
    for row in await store.timeline(unit.conn, unit.pool_code):
        if row["valid_from"] > today:
            statuses.setdefault(row["policy_id"], "decided")
        else:
            current = row["policy_id"]
            statuses[current] = "superseded"
    if current is not None:
        statuses[current] = "in_force"
    return statuses


def _members(row: Any, statuses: dict[UUID, str]) -> dict[str, Any]:
    members = {name: row[name] for name in PolicyWire.model_fields if name in row.keys()}  # noqa: SIM118
    if row["status"] == "decided":
        members["status"] = statuses.get(row["id"], "superseded")
    return members | {"accepted": list(row["accepted"] or ()), "illustrative": list(row["illustrative"])}
