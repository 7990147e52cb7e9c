"""Routes of the statements of what a hospital is paid by its payment document."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query
from fastapi.responses import PlainTextResponse
from pydantic import Field

from services.claims.benefits.payment_document import PaymentDoc
from services.claims.providers.queries import payment_document
from services.claims.statements import commands, store
from services.claims.statements.model import MONTH, Kept, lines_of, statement_words
from services.claims.statements.problems import (
    GROUPS_NEEDED,
    HEADS_NEEDED,
    MONTHS_MISSING,
    NOT_BY_DOCUMENT,
    PERIOD_OPEN,
    POINT_VALUE,
    STATEMENT_EXISTS,
    STATEMENT_STATE,
    STATEMENT_UNKNOWN,
)
from shared.contracts.wire import Quantity, Reason, ShortId, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import MONTH_PATTERN

router = ServiceRouter(prefix="/pools/{pool_code}/payment-statements", tags=["statements"])
OFFICE = ["county_recheck", "county_director"]
READERS = [
    *OFFICE, "hospital", "insurer_finance", "insurer_manager", "county_finance", "city_health", "auditor", "supervisor",
    "insurance_regulator",
]  # fmt: skip
Pool = Annotated[str, Path(pattern=r"^\d{6}$")]
Institution = Annotated[str, Field(pattern=r"^[A-Z0-9]{12}$")]
Kind = Literal["inpatient", "outpatient"]
ClaimCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$")]
Group = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")]
ONE = "/{statement_id}"


class MonthIn(WireModel):
    """Of whom and when; what the claims do not say: heads of a clinic, groups of the grouper by claim."""

    institution_code: Institution
    kind: Kind
    month: Annotated[str, Field(pattern=MONTH_PATTERN)]
    heads: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    groups: Annotated[dict[ClaimCode, Group], Field(default_factory=dict, max_length=20_000)]


class YearIn(WireModel):
    """Of whom and when; what a point turned out to be worth, where points were counted."""

    institution_code: Institution
    kind: Kind
    year: Annotated[int, Field(ge=2003, le=2100)]
    point_value: Yuan | None = None


class WithdrawalIn(WireModel):
    """Why a statement is given up."""

    reason: Reason


class StatementLine(WireModel):
    """One sum: a claim, the name of the method, or ``reversed:`` and the month whose cases are taken off."""

    what: str
    units: Quantity
    due: Yuan


class StatementOut(WireModel):
    """What a month or a year of a hospital comes to by its payment document."""

    statement_id: ShortId
    institution_code: str
    kind: Kind
    span: Literal["month", "year"]
    first_day: date
    last_day: date
    document_id: ShortId
    document_hash: str
    status: Literal["prepared", "issued", "agreed", "withdrawn"]
    cases: int
    heads: int
    lines: list[StatementLine]
    due: Yuan
    advanced: Yuan
    pay: Yuan
    kept: Yuan
    shared: Yuan
    returned: Yuan
    prepared_by: str
    prepared_at: datetime
    issued_by: str | None
    issued_at: datetime | None
    agreed_by: str | None
    agreed_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


async def _document(unit: Unit, kept: Kept) -> PaymentDoc:
    return await payment_document(unit.conn, unit.pool_code, kept.document_id)


def _out(kept: Kept, document: PaymentDoc | None) -> StatementOut:
    """A statement in wire form; its lines where the document is at hand."""
    same = set(StatementOut.model_fields) & set(Kept.__dataclass_fields__) - {"lines"}
    lines = [] if document is None else lines_of(kept, document)
    return StatementOut.model_validate(
        {name: getattr(kept, name) for name in same}
        | {
            "statement_id": kept.id,
            "lines": [StatementLine(what=line.what, units=units, due=line.due_fen) for line, units in lines],
            "due": kept.due_fen,
            "advanced": kept.advanced_fen,
            "pay": kept.pay_fen,
            "kept": kept.kept_fen,
            "shared": kept.shared_fen,
            "returned": kept.returned_fen,
        }
    )


@router.post(
    "/months",
    status_code=201,
    openapi_extra=access(["county_recheck", "insurer_finance"], command="prepare_payment_statement"),
    responses=documented(
        PERIOD_OPEN, NOT_BY_DOCUMENT, HEADS_NEEDED, GROUPS_NEEDED, STATEMENT_EXISTS, CONFLICT_OF_INTEREST
    ),
)
async def prepare_payment_statement(pool_code: Pool, body: MonthIn, unit: UnitDep) -> StatementOut:
    """Makes a month's statement of a hospital from the claims released in the month, by its payment document."""
    first_day = date.fromisoformat(f"{body.month}-01")
    of = (body.institution_code, body.kind, first_day)
    kept = await commands.prepare_month(unit, *of, body.heads, body.groups)
    return _out(kept, await _document(unit, kept))


@router.post(
    "/years",
    status_code=201,
    openapi_extra=access(["county_recheck", "insurer_finance"], command="prepare_payment_clearing"),
    responses=documented(
        PERIOD_OPEN, NOT_BY_DOCUMENT, MONTHS_MISSING, POINT_VALUE, STATEMENT_EXISTS, CONFLICT_OF_INTEREST
    ),
)
async def prepare_payment_clearing(pool_code: Pool, body: YearIn, unit: UnitDep) -> list[StatementOut]:
    """Clears a year of a hospital once all its months are signed: one statement for each document that counted."""
    of = (body.institution_code, body.kind, body.year)
    return [_out(kept, None) for kept in await commands.prepare_year(unit, *of, body.point_value)]


@router.post(
    ONE + "/signature",
    openapi_extra=access([*OFFICE, "hospital"], command="sign_payment_statement"),
    responses=documented(STATEMENT_UNKNOWN, STATEMENT_STATE, FOUR_EYES, CONFLICT_OF_INTEREST),
)
async def sign_payment_statement(pool_code: Pool, statement_id: ShortId, unit: UnitDep) -> StatementOut:
    """Signs a statement: the agency first, by another person than who made it, then the hospital."""
    kept = await commands.sign(unit, statement_id)
    return _out(kept, await _document(unit, kept))


@router.post(
    ONE + "/withdrawal",
    openapi_extra=access(OFFICE, command="withdraw_payment_statement"),
    responses=documented(STATEMENT_UNKNOWN, STATEMENT_STATE, CONFLICT_OF_INTEREST),
)
async def withdraw_payment_statement(
    pool_code: Pool, statement_id: ShortId, body: WithdrawalIn, unit: UnitDep
) -> StatementOut:
    """Gives up a statement that the hospital has not signed; then another can be made."""
    kept = await commands.withdraw(unit, statement_id, body.reason)
    return _out(kept, await _document(unit, kept))


@router.get("", openapi_extra=access(READERS, command="list_payment_statements"))
async def list_payment_statements(
    pool_code: Pool,
    unit: UnitDep,
    institution_code: Annotated[str | None, Query(pattern=r"^[A-Z0-9]{12}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[StatementOut]:
    """Statements without their lines, the newest first; a hospital sees its own."""
    key = read_cursor(cursor, UUID)
    rows = await store.statements(unit.conn, unit.pool_code, institution_code, key[0] if key else None, limit + 1)
    items = [_out(kept, None) for kept in rows[:limit]]
    following = encode_cursor(items[-1].statement_id) if len(rows) > limit else None
    return Page[StatementOut](items=items, next_cursor=following)


@router.get(
    ONE,
    openapi_extra=access(READERS, command="read_payment_statement"),
    responses=documented(STATEMENT_UNKNOWN),
)
async def read_payment_statement(pool_code: Pool, statement_id: ShortId, unit: UnitDep) -> StatementOut:
    """One statement; of a month with its lines."""
    kept = await commands.known(unit, statement_id)
    return _out(kept, await _document(unit, kept) if kept.span == MONTH else None)


@router.get(
    ONE + "/words",
    openapi_extra=access(READERS, command="read_payment_statement_words"),
    response_class=PlainTextResponse,
    responses=documented(STATEMENT_UNKNOWN),
)
async def read_payment_statement_words(pool_code: Pool, statement_id: ShortId, unit: UnitDep) -> PlainTextResponse:
    """The statement (医疗机构支付结算单) in words, as both sides sign it."""
    kept = await commands.known(unit, statement_id)
    return PlainTextResponse(statement_words(kept, await _document(unit, kept)))
