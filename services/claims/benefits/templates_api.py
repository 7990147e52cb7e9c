"""Routes of the city's policy templates, from which the counties inherit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Request
from fastapi.responses import PlainTextResponse
from pydantic import Field

from services.claims.benefits import templates, templates_store
from services.claims.benefits.check import findings
from services.claims.benefits.compiler import stored
from services.claims.benefits.handed_in import YAML_BODY, FindingWire, text_of_body, told
from services.claims.benefits.lifecycle import DECIDED_AHEAD, DOCUMENT_INVALID, WRONG_STATE
from services.claims.benefits.schema import ID_PATTERN
from services.claims.benefits.wall import wall_table
from shared.contracts.wire import Reason, WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import FOUR_EYES, documented
from shared.http.roles import ROLES
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["benefits"])
READERS = sorted(ROLES - {"public", "operator", "sponsor"})
Region = Annotated[str, Path(pattern=r"^\d{4}$", description="the city: the first four digits of its counties")]
Code = Annotated[str, Path(pattern=ID_PATTERN)]
TEMPLATE = "/policy-templates/{code}"


class TemplateWire(WireModel):
    """A template and how far it has come."""

    code: str
    region: str
    title: str
    hash: str
    effective_from: date
    status: Literal["draft", "checked", "decided"]
    illustrative: list[str]
    author: str
    created_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    document_number: str | None
    decided_on: date | None


class TemplateDetail(TemplateWire):
    """A template with its document."""

    document: str


class TemplateSubmitted(TemplateWire):
    """A template was recorded, with what the machine found."""

    findings: list[FindingWire]


class TemplateDecision(WireModel):
    """The city's decision."""

    document_number: Annotated[Reason, Field(max_length=100)]
    decided_on: date


def _members(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in TemplateWire.model_fields}


@router.post(
    "/regions/{region}/policy-templates",
    status_code=201,
    openapi_extra=access(templates.CITY, scope="free", command="submit_policy_template") | YAML_BODY,
    responses=documented(DOCUMENT_INVALID, templates.OTHER_REGION, templates.NO_TEMPLATE, templates.TEMPLATE_KNOWN),
)
async def submit_policy_template(region: Region, unit: UnitDep, request: Request) -> TemplateSubmitted:
    """Hands in a template (YAML) of the city, for all counties whose code begins with its region."""
    row, loaded = await templates.submit(unit, region, text_of_body(await request.body()))
    found = findings(loaded.policy, loaded.source, loaded.document)
    return TemplateSubmitted(**_members(row), findings=told(found))


@router.post(
    TEMPLATE + "/check",
    openapi_extra=access(templates.CITY, scope="free", command="check_policy_template"),
    responses=documented(templates.TEMPLATE_UNKNOWN, templates.OTHER_REGION, WRONG_STATE, FOUR_EYES),
)
async def check_policy_template(code: Code, unit: UnitDep) -> TemplateSubmitted:
    """A second person of the city has read the template."""
    found = await templates.check(unit, code)
    return TemplateSubmitted(**_members(await templates.known(unit, code)), findings=told(found))


@router.post(
    TEMPLATE + "/decision",
    openapi_extra=access(templates.CITY, scope="free", command="decide_policy_template"),
    responses=documented(templates.TEMPLATE_UNKNOWN, templates.OTHER_REGION, WRONG_STATE, FOUR_EYES, DECIDED_AHEAD),
)
async def decide_policy_template(code: Code, body: TemplateDecision, unit: UnitDep) -> TemplateWire:
    """Records the city's decision: from now on its counties may inherit from the template."""
    return TemplateWire(**_members(await templates.decide(unit, code, body.document_number, body.decided_on)))


@router.get("/policy-templates", openapi_extra=access(READERS, scope="free", command="list_policy_templates"))
async def list_policy_templates(unit: UnitDep, cursor: Cursor = None, limit: Limit = 50) -> Page[TemplateWire]:
    """All templates in order of their code."""
    key = read_cursor(cursor, str)
    rows = await templates_store.templates(unit.conn, key[0] if key else "", limit + 1)
    items = [TemplateWire(**_members(row)) for row in rows[:limit]]
    return Page[TemplateWire](items=items, next_cursor=encode_cursor(items[-1].code) if len(rows) > limit else None)


@router.get(
    TEMPLATE,
    openapi_extra=access(READERS, scope="free", command="read_policy_template"),
    responses=documented(templates.TEMPLATE_UNKNOWN),
)
async def read_policy_template(code: Code, unit: UnitDep) -> TemplateDetail:
    """One template with its document."""
    row = await templates.known(unit, code)
    return TemplateDetail(**_members(row), document=row["document"])


@router.get(
    TEMPLATE + "/table",
    openapi_extra=access(READERS, scope="free", command="read_policy_template_table"),
    response_class=PlainTextResponse,
    responses=documented(templates.TEMPLATE_UNKNOWN),
)
async def read_policy_template_table(code: Code, unit: UnitDep) -> PlainTextResponse:
    """The template as an office would hang it on its wall."""
    return PlainTextResponse(wall_table(*stored((await templates.known(unit, code))["canonical"])))
