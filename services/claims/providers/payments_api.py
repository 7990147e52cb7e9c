"""Routes of the documents by which hospitals are paid."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import Field

from services.claims.benefits.handed_in import YAML_BODY, FindingWire, text_of_body, told
from services.claims.benefits.lifecycle import DECIDED_AHEAD, DECIDERS, DOCUMENT_INVALID, PUBLIC_SIDE, WRONG_STATE
from services.claims.benefits.payment_document import kept_payment, payment_words
from services.claims.providers import payments, payments_store
from services.claims.providers.commands import AGREEMENT_UNKNOWN, KINDS_MISSING
from services.claims.providers.payments import PAYMENT_DOCUMENT_UNKNOWN, PaymentDecision
from shared.contracts.wire import Reason, ShortId, WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.roles import ROLES
from shared.http.unit import UnitDep

router = ServiceRouter(prefix="/pools/{pool_code}/payment-documents", tags=["providers"])
READERS = sorted(ROLES - {"public", "operator", "sponsor"})
ONE = "/{document_id}"


class PaymentDocumentWire(WireModel):
    """A payment document and how far it has come."""

    id: ShortId
    institution_code: str
    kind: Literal["inpatient", "outpatient"]
    code: str
    title: str
    hash: str
    effective_from: date
    illustrative: bool
    status: Literal["proposed", "draft", "checked", "decided"]
    author: str
    author_role: str
    created_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    document_number: str | None
    decided_on: date | None


class PaymentDocumentDetail(PaymentDocumentWire):
    """A payment document with its text and what it says in words."""

    document: str
    words: str


class PaymentDocumentRecorded(PaymentDocumentWire):
    """A step of a payment document, with what the machine found."""

    findings: list[FindingWire]


class PaymentDecisionIn(WireModel):
    """The agency's decision; a document without an agreement as its source is accepted by name."""

    document_number: Annotated[Reason, Field(max_length=100)]
    decided_on: date
    accept_illustrative: bool = False


def _members(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in PaymentDocumentWire.model_fields}


@router.post(
    "",
    status_code=201,
    openapi_extra=access([*PUBLIC_SIDE, "insurer_manager"], command="submit_payment_document") | YAML_BODY,
    responses=documented(
        DOCUMENT_INVALID,
        payments.PAYMENT_OTHER_POOL,
        AGREEMENT_UNKNOWN,
        KINDS_MISSING,
        payments.PAYMENT_DOCUMENT_KNOWN,
    ),
)
async def submit_payment_document(pool_code: str, unit: UnitDep, request: Request) -> PaymentDocumentRecorded:
    """Hands in how a hospital is to be paid for a kind of care (YAML): a draft, or a proposal of the insurer."""
    document_id, found = await payments.submit(unit, text_of_body(await request.body()))
    return PaymentDocumentRecorded(**_members(await payments.known(unit, document_id)), findings=told(found))


@router.post(
    ONE + "/check",
    openapi_extra=access(PUBLIC_SIDE, command="check_payment_document"),
    responses=documented(PAYMENT_DOCUMENT_UNKNOWN, WRONG_STATE, FOUR_EYES, CONFLICT_OF_INTEREST),
)
async def check_payment_document(pool_code: str, document_id: ShortId, unit: UnitDep) -> PaymentDocumentRecorded:
    """A second person of the public side has read it."""
    found = await payments.check(unit, document_id)
    return PaymentDocumentRecorded(**_members(await payments.known(unit, document_id)), findings=told(found))


@router.post(
    ONE + "/decision",
    openapi_extra=access(DECIDERS, command="decide_payment_document"),
    responses=documented(
        PAYMENT_DOCUMENT_UNKNOWN,
        WRONG_STATE,
        FOUR_EYES,
        CONFLICT_OF_INTEREST,
        DECIDED_AHEAD,
        payments.PAYMENT_ILLUSTRATIVE,
    ),
)
async def decide_payment_document(
    pool_code: str, document_id: ShortId, body: PaymentDecisionIn, unit: UnitDep
) -> PaymentDocumentWire:
    """Records the agency's decision: the hospital is paid by it from its first day on."""
    decision = PaymentDecision(body.document_number, body.decided_on, body.accept_illustrative)
    return PaymentDocumentWire(**_members(await payments.decide(unit, document_id, decision)))


@router.get("", openapi_extra=access(READERS, command="list_payment_documents"))
async def list_payment_documents(
    pool_code: str,
    unit: UnitDep,
    institution_code: Annotated[str | None, Query(pattern=r"^[A-Z0-9]{12}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[PaymentDocumentWire]:
    """The pool's payment documents, the newest first; a hospital sees its own."""
    key = read_cursor(cursor, UUID)
    before = key[0] if key else None
    rows = await payments_store.documents(unit.conn, pool_code, institution_code, before, limit + 1)
    items = [PaymentDocumentWire(**_members(row)) for row in rows[:limit]]
    following = encode_cursor(items[-1].id) if len(rows) > limit else None
    return Page[PaymentDocumentWire](items=items, next_cursor=following)


@router.get(
    ONE,
    openapi_extra=access(READERS, command="read_payment_document"),
    responses=documented(PAYMENT_DOCUMENT_UNKNOWN),
)
async def read_payment_document(pool_code: str, document_id: ShortId, unit: UnitDep) -> PaymentDocumentDetail:
    """One payment document with its text."""
    row = await payments.known(unit, document_id)
    words = payment_words(kept_payment(row["canonical"]))
    return PaymentDocumentDetail(**_members(row), document=row["document"], words=words)


@router.get(
    ONE + "/words",
    openapi_extra=access(READERS, command="read_payment_document_words"),
    response_class=PlainTextResponse,
    responses=documented(PAYMENT_DOCUMENT_UNKNOWN),
)
async def read_payment_document_words(pool_code: str, document_id: ShortId, unit: UnitDep) -> PlainTextResponse:
    """The payment document in words, as the annex of the agreement would say it."""
    row = await payments.known(unit, document_id)
    return PlainTextResponse(payment_words(kept_payment(row["canonical"])))
