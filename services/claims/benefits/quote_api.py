"""Routes of the benefit calculator: for everybody, without a token, and nothing is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field

from services.claims.benefits import library, words
from services.claims.benefits.claim_document import MOST_INSURED
from services.claims.benefits.claim_file import ClaimFile, decide, read_claim
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.engine import BadClaim
from services.claims.benefits.face import Face
from services.claims.benefits.handed_in import YAML_BODY, text_of
from services.claims.benefits.lifecycle import invalid_document
from services.claims.benefits.model import Policy
from services.claims.benefits.queries import NO_POLICY, policy_for
from services.claims.benefits.quote import Question, UnknownGroup, quote
from services.claims.benefits.schema import Level, Place
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wire import DecisionWire, decision_document
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented, language_of
from shared.http.unit import UnitDep
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import Problem, define

router = ServiceRouter(tags=["benefits"])
CLAIM_BYTES = 32 * 1024
"""A written claim of some hundred lines: the calculator answers strangers."""
NEGATIVE = define(
    "amount_negative",
    422,
    "金额不能为负",
    "Amounts must not be negative",
    "“eligible”和“used”不能为负。",
    "eligible and used must not be negative.",
)
GROUP_UNKNOWN = define(
    "group_unknown",
    422,
    "没有这类人群",
    "No such group",
    "不认识人群 {groups};方案认识的有:{known}。",
    "Unknown group {groups}; known: {known}.",
)
TEMPLATE_UNKNOWN = define(
    "policy_document_unknown",
    404,
    "没有这个方案",
    "No such policy",
    "没有编号为 {policy} 的方案;现有:{known}。",
    "There is no policy {policy}; there are: {known}.",
)


CLAIM_INVALID = define(
    "claim_document_invalid",
    422,
    "写明的费用不能用于试算",
    "The written claim cannot be used",
    "请按“errors”所列的行改正后重新发送。",
    "Correct the lines that errors names and send it again.",
)


class QuoteIn(WireModel):
    """A hypothetical bill; nobody is named and nothing is stored."""

    kind: Literal["inpatient", "outpatient"] = "inpatient"
    level: Level
    eligible: Yuan
    admitted_on: date | None = None
    place: Place | None = None
    ownership: Literal["public", "private"] = "public"
    designation: Literal["designated", "none"] = "designated"
    groups: Annotated[list[str], Field(default_factory=list, max_length=32)]
    birth_date: date | None = None
    emergency: bool = False
    migrant: bool = False
    referred: bool = False
    used: Yuan = 0
    disease: Annotated[str, Field(max_length=32)] = ""
    insured: Annotated[int | None, Field(ge=1, le=MOST_INSURED)] = None
    """Insured members of the household, for caps that are so much a head."""


class DocumentQuoteIn(QuoteIn):
    """The same by a policy document of the system."""

    policy: Annotated[str, Field(max_length=64)]


class QuoteOut(DecisionWire):
    """The decision, and the slip in the caller's language."""

    slip: str


@router.post(
    "/pools/{pool_code}/quote",
    openapi_extra=access([], scope="public", command="quote_by_pool"),
    responses=documented(NO_POLICY, GROUP_UNKNOWN, NEGATIVE),
)
async def quote_by_pool(pool_code: str, body: QuoteIn, unit: UnitDep, request: Request) -> QuoteOut:
    """What the pool's policy of that day pays. Needs no token and stores nothing."""
    day = body.admitted_on or shanghai_date(unit.now)
    return _quote(body, await policy_for(unit.conn, pool_code, day), day, language_of(request))


@router.post(
    "/quote",
    openapi_extra=access([], scope="public", command="quote_by_document"),
    responses=documented(TEMPLATE_UNKNOWN, GROUP_UNKNOWN, NEGATIVE),
)
async def quote_by_document(body: DocumentQuoteIn, unit: UnitDep, request: Request) -> QuoteOut:
    """What a policy document of the system pays. Needs no token and stores nothing."""
    policy = _document(body.policy)
    return _quote(body, policy, body.admitted_on or policy.effective_from, language_of(request))


@router.post(
    "/pools/{pool_code}/quote/claim",
    openapi_extra=access([], scope="public", command="quote_claim_by_pool", max_bytes=CLAIM_BYTES) | YAML_BODY,
    responses=documented(NO_POLICY, CLAIM_INVALID),
)
async def quote_claim_by_pool(pool_code: str, unit: UnitDep, request: Request) -> QuoteOut:
    """What the pool's policy of that day pays for a claim written out (YAML): lines, catalogue, facts, counts."""
    file = _claim(await request.body())
    day = file.document.admitted or shanghai_date(unit.now)
    dated = replace(file, document=file.document.model_copy(update={"admitted": day}))
    return _decided(dated, await policy_for(unit.conn, pool_code, day), language_of(request))


@router.post(
    "/quote/claim",
    openapi_extra=access([], scope="public", command="quote_claim_by_document", max_bytes=CLAIM_BYTES) | YAML_BODY,
    responses=documented(TEMPLATE_UNKNOWN, CLAIM_INVALID),
)
async def quote_claim_by_document(
    request: Request, policy: Annotated[str, Query(max_length=64, description="id of a policy document")]
) -> QuoteOut:
    """What a policy document of the system pays for a claim written out (YAML)."""
    return _decided(_claim(await request.body()), _document(policy), language_of(request))


@router.get("/quote/policies", openapi_extra=access([], scope="public", command="list_policy_documents"))
async def list_policy_documents(language: Annotated[Literal["zh", "en"], Query()] = "zh") -> dict[str, Any]:
    """The policy documents that the calculator knows, and the codes of groups."""
    return {
        "items": [
            {"policy": policy.id, "title": policy.title, "effective_from": policy.effective_from.isoformat()}
            for policy in (library.loaded(policy_id).policy for policy_id in library.ids())
        ],
        "groups": {code: words.word(words.GROUPS, code, language) for code in words.GROUPS},
    }


# ---------------------------------------------------------------- between wire and decision


def _quote(body: QuoteIn, policy: Policy, day: date, language: str) -> QuoteOut:
    if body.eligible < 0 or body.used < 0:
        raise NEGATIVE()
    question = Question(
        kind=body.kind,
        level=body.level,
        eligible_fen=body.eligible,
        admitted_on=day,
        place=body.place,
        ownership=body.ownership,
        designation=body.designation,
        groups=frozenset(body.groups),
        birth_date=body.birth_date,
        emergency=body.emergency,
        migrant=body.migrant,
        referred=body.referred,
        used_fen=body.used,
        disease=body.disease,
        insured=body.insured,
    )
    try:
        document = decision_document(quote(question, policy))
    except UnknownGroup as wrong:
        raise GROUP_UNKNOWN(groups=", ".join(wrong.groups), known=wrong.told) from wrong
    except BadClaim as wrong:
        raise NEGATIVE() from wrong
    return _told(document, {}, language)


def _told(document: dict[str, Any], faces: dict[int, Face], language: str) -> QuoteOut:
    outcome = words.word(words.OUTCOMES, document["outcome"], language)
    slip = slip_text(document, faces=faces, language=language)
    return QuoteOut.model_validate(document | {"outcome_text": outcome, "slip": slip})


def _document(policy_id: str) -> Policy:
    """A policy document of the system. Raises TEMPLATE_UNKNOWN, DOCUMENT_INVALID."""
    try:
        return library.loaded(policy_id).policy
    except KeyError as missing:
        raise TEMPLATE_UNKNOWN(policy=policy_id, known=", ".join(library.ids())) from missing
    except PolicyErrors as wrong:
        raise invalid_document(wrong.findings) from wrong


def _claim(body: bytes) -> ClaimFile:
    """A claim as it was written. Raises CLAIM_INVALID naming every line."""
    try:
        return read_claim(text_of(body))
    except PolicyErrors as wrong:
        raise _invalid(wrong) from wrong


def _decided(file: ClaimFile, policy: Policy, language: str) -> QuoteOut:
    """The decision on a written claim. Raises CLAIM_INVALID naming every line that contradicts."""
    try:
        answer = decide(file, policy)
    except PolicyErrors as wrong:
        raise _invalid(wrong) from wrong
    return _told(decision_document(answer.adjudication), answer.faces, language)


def _invalid(wrong: PolicyErrors) -> Problem:
    told = [{"line": f.line, "path": f.path, "reason": f.message} for f in wrong.findings]
    return CLAIM_INVALID(errors=told)
