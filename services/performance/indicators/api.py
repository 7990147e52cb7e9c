"""Routes of indicators: the list, the review time of a month, its evidence, and figures fixed with their definition."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, status
from pydantic import Field

from services.performance.indicators import commands, sheets, store
from services.performance.indicators.review_time import DEFINITION, INDICATOR, Figure, hours_e2
from services.performance.indicators.store import FixedFigure
from services.performance.roles import FIXERS, READERS
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.unit import UnitDep
from shared.http.wire import Ratio, WireModel
from shared.kernel.dates import month_of, next_month, shanghai_date

router = ServiceRouter()

_MONTH = r"^20\d{2}-(0[1-9]|1[0-2])$"
_FIRST_ID = UUID(int=0)
_LAST_MONTH = (date(9999, 12, 1), 2**31 - 1)

MonthText = Annotated[str, Field(pattern=_MONTH, examples=["2010-03"])]
MonthQuery = Annotated[str | None, Query(pattern=_MONTH, description="YYYY-MM; this month when left out")]
Hours = Annotated[str, Field(pattern=r"^-?\d+\.\d{2}$", examples=["26.50"])]


class Indicator(WireModel):
    """What is measured, and exactly how."""

    code: str
    definition: dict[str, str]


class Indicators(WireModel):
    """Every indicator that is measured here."""

    items: list[Indicator]


class Share(WireModel):
    """A ratio that never stands without its numerator and denominator; null where the denominator is 0."""

    numerator: int
    denominator: int
    ratio: Ratio | None


class LimitInForce(WireModel):
    """A limit by which the month was judged."""

    valid_from: date
    limit_working_days: int
    document_number: str


class ReviewTime(WireModel):
    """The review time of a month with its base, its definition and where its events are listed."""

    indicator: str
    pool_code: str
    month: MonthText
    measured: int
    unmatched: int
    median_hours: Hours | None
    mean_hours: Hours | None
    within_limit: Share
    limits: list[LimitInForce]
    definition: dict[str, str]
    evidence: str


class Evidence(WireModel):
    """One review with the two events that it was measured by."""

    claim_id: UUID
    institution_code: str
    business_day: date
    settled_event_id: UUID | None
    settled_at: datetime | None
    approved_event_id: UUID
    approved_at: datetime
    hours: Hours | None


class FixBody(WireModel):
    """The month whose figure is fixed."""

    month: MonthText


class Fixed(WireModel):
    """A fixed figure; the digest is SHA-256 over the canonical list of its approval event ids in evidence order."""

    month: MonthText
    recorded_seq: int
    figure: dict[str, Any]
    definition: dict[str, str]
    evidence_count: int
    evidence_digest: str
    fixed_by: str
    fixed_at: datetime


@router.get("/pools/{pool_code}/indicators", openapi_extra=access(READERS, command="list_indicators"))
async def list_indicators(pool_code: str) -> Indicators:
    """The indicators with their definitions."""
    return Indicators(items=[Indicator(code=INDICATOR, definition=DEFINITION)])


@router.get("/pools/{pool_code}/indicators/review_time", openapi_extra=access(READERS, command="read_review_time"))
async def read_review_time(pool_code: str, unit: UnitDep, month: MonthQuery = None) -> ReviewTime:
    """The review time of a month as its events stand now."""
    first = _month(month, unit)
    measured = await commands.measure_month(unit.conn, pool_code, first)
    figure = measured.figure
    return ReviewTime(
        indicator=INDICATOR,
        pool_code=pool_code,
        month=f"{first:%Y-%m}",
        measured=figure.measured,
        unmatched=figure.unmatched,
        median_hours=_hours(figure.median_hours_e2),
        mean_hours=_hours(figure.mean_hours_e2),
        within_limit=_share(figure),
        limits=[
            LimitInForce(
                valid_from=standard.valid_from,
                limit_working_days=standard.limit_working_days,
                document_number=standard.document_number,
            )
            for standard in measured.standards
        ],
        definition=DEFINITION,
        evidence=f"/v1/pools/{pool_code}/indicators/{INDICATOR}/evidence?month={first:%Y-%m}",
    )


@router.get(
    "/pools/{pool_code}/indicators/review_time/evidence",
    openapi_extra=access(READERS, command="read_review_time_evidence") | sheets.EVIDENCE,
)
async def read_review_time_evidence(
    pool_code: str, unit: UnitDep, month: MonthQuery = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Evidence]:
    """The events behind the month's figure, by business day of the approval."""
    first = _month(month, unit)
    after = _pair(read_cursor(cursor, date.fromisoformat, UUID)) or (first, _FIRST_ID)
    rows = await store.evidence_page(unit.conn, pool_code, first, next_month(first), after=after, limit=limit + 1)
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return Page(
        items=[_evidence(row) for row in shown],
        next_cursor=encode_cursor(last["business_day"], last["approved_event_id"]) if last else None,
    )


@router.post(
    "/pools/{pool_code}/indicators/review_time/figures",
    status_code=status.HTTP_201_CREATED,
    openapi_extra=access(FIXERS, command="fix_review_time"),
)
async def fix_review_time(pool_code: str, body: FixBody, unit: UnitDep) -> Fixed:
    """Fixes a past month's figure with its definition; later events no longer change it."""
    month = date.fromisoformat(f"{body.month}-01")
    sequence = await commands.fix_figure(unit.conn, pool_code, month, unit.actor.subject, unit.now)
    unit.result("figure", f"{INDICATOR}/{body.month}/{sequence}")
    rows = await store.figures_page(unit.conn, pool_code, INDICATOR, before=(month, sequence + 1), limit=1)
    return _fixed(rows[0])


@router.get(
    "/pools/{pool_code}/indicators/review_time/figures", openapi_extra=access(READERS, command="list_review_times")
)
async def list_review_times(pool_code: str, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50) -> Page[Fixed]:
    """Fixed figures, the latest month first."""
    before = _pair(read_cursor(cursor, date.fromisoformat, int)) or _LAST_MONTH
    rows = await store.figures_page(unit.conn, pool_code, INDICATOR, before=before, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[_fixed(row) for row in rows[:limit]],
        next_cursor=encode_cursor(last.month, last.recorded_seq) if last else None,
    )


def _month(text: str | None, unit: UnitDep) -> date:
    return date.fromisoformat(f"{text}-01") if text else month_of(shanghai_date(unit.now))


def _pair(key: list[Any] | None) -> tuple[Any, Any] | None:
    return (key[0], key[1]) if key else None


def _share(figure: Figure) -> Share:
    return Share(numerator=figure.within_limit, denominator=figure.judged, ratio=figure.share_e4)


def _hours(hours_e2: int | None) -> str | None:
    if hours_e2 is None:
        return None
    sign, size = ("-", -hours_e2) if hours_e2 < 0 else ("", hours_e2)
    return f"{sign}{size // 100}.{size % 100:02d}"


def _evidence(row: Any) -> Evidence:
    hours = None
    if row["settled_at"] is not None:
        hours = _hours(hours_e2(int((row["approved_at"] - row["settled_at"]).total_seconds()), 1))
    return Evidence(**dict(row), hours=hours)


def _fixed(row: FixedFigure) -> Fixed:
    return Fixed(
        month=f"{row.month:%Y-%m}",
        recorded_seq=row.recorded_seq,
        figure=row.figure,
        definition=row.definition,
        evidence_count=row.evidence_count,
        evidence_digest=row.evidence_digest.hex(),
        fixed_by=row.fixed_by,
        fixed_at=row.fixed_at,
    )
