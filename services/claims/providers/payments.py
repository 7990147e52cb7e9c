"""The document by which a hospital is paid for a kind of care (rulings §12): proposed, checked, decided, dated.

The insurer proposes; the public side alone checks and decides, and nobody of the hospital's own staff does (WC-07).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.benefits.document import Finding, PolicyErrors, read
from services.claims.benefits.lifecycle import PUBLIC_SIDE, expect_checkable, expect_decidable, invalid_document
from services.claims.benefits.payment_document import (
    PaymentDoc,
    canonical_of,
    kept_payment,
    payment_findings,
    read_payment,
)
from services.claims.providers import payments_store, store
from services.claims.providers.commands import AGREEMENT_UNKNOWN, KINDS_MISSING
from services.claims.providers.model import NONE
from shared.http.problems import CONFLICT_OF_INTEREST
from shared.http.unit import Unit
from shared.kernel.canonical import digest
from shared.kernel.errors import define
from shared.kernel.ids import new_id

PAYMENT_DOCUMENT_UNKNOWN = define(
    "payment_document_unknown",
    404,
    "没有这份支付办法",
    "No such payment document",
    "统筹区 {pool_code} 没有支付办法 {document_id},请核对编号。",
    "Pool {pool_code} has no payment document {document_id}: check the id.",
)
PAYMENT_DOCUMENT_KNOWN = define(
    "payment_document_known",
    409,
    "同样的支付办法已经登记",
    "The same payment document is recorded already",
    "内容相同的支付办法(指纹 {digest})已经登记,请直接使用已有的一份。",
    "A payment document of the same content (fingerprint {digest}) is recorded: go on with that one.",
)
PAYMENT_OTHER_POOL = define(
    "payment_document_of_another_pool",
    422,
    "支付办法不是为本统筹区写的",
    "The payment document is written for another pool",
    "支付办法写明统筹区 {pools},不是 {pool_code};请改正“pool”后重新提交。",
    "The payment document names pool {pools} and not {pool_code}: correct pool and send it again.",
)
PAYMENT_ILLUSTRATIVE = define(
    "payment_document_illustrative",
    422,
    "支付办法没有协议作依据",
    "The payment document rests on no agreement",
    "支付办法标明为示例;要照此支付,请在决定中写明“accept_illustrative”。",
    "The payment document is marked illustrative: say accept_illustrative in the decision to pay by it all the same.",
)


@dataclass(frozen=True, slots=True)
class PaymentDecision:
    """What was decided."""

    document_number: str
    decided_on: date
    accept_illustrative: bool


async def submit(unit: Unit, text: str) -> tuple[UUID, list[Finding]]:
    """Records a document: a draft of the public side, a proposal of the insurer. Returns its id and findings.

    Raises DOCUMENT_INVALID, PAYMENT_OTHER_POOL, AGREEMENT_UNKNOWN, KINDS_MISSING, PAYMENT_DOCUMENT_KNOWN.
    """
    try:
        document, source = read_payment(text)
    except PolicyErrors as wrong:
        raise invalid_document(wrong.findings) from wrong
    if document.pool != unit.pool_code:
        raise PAYMENT_OTHER_POOL(pools=document.pool, pool_code=unit.pool_code)
    await _expect_agreement(unit, document)
    document_id = new_id(unit.now)
    hash_ = digest(document.model_dump(mode="json", exclude_none=True)).hex()
    row = {
        "id": document_id,
        "institution_code": document.institution,
        "kind": document.kind,
        "code": document.payment,
        "title": document.title,
        "hash": hash_,
        "effective_from": document.effective_from,
        "document": text,
        "canonical": canonical_of(document),
        "illustrative": document.illustrative,
        "status": "draft" if unit.actor.role in PUBLIC_SIDE else "proposed",
        "author": unit.actor.subject,
        "author_role": unit.actor.role,
        "created_at": unit.now,
    }
    if not await payments_store.insert(unit.conn, unit.pool_code, row):
        raise PAYMENT_DOCUMENT_KNOWN(digest=hash_[:16])
    unit.result("payment_document", document_id)
    unit.note(institution_code=document.institution, code=document.payment, hash=hash_, status=row["status"])
    return document_id, payment_findings(document, source)


async def _expect_agreement(unit: Unit, document: PaymentDoc) -> None:
    """The hospital has an agreement for the kind of care on the first day. Raises AGREEMENT_UNKNOWN, KINDS_MISSING."""
    day = document.effective_from
    row = await store.agreement(unit.conn, unit.pool_code, document.institution, day)
    if row is None or row["state"] == NONE:
        raise AGREEMENT_UNKNOWN(institution_code=document.institution, pool_code=unit.pool_code, day=day)
    if document.kind not in row["kinds"]:
        raise KINDS_MISSING()


async def check(unit: Unit, document_id: UUID) -> list[Finding]:
    """A second person on the public side has read it; returns what the machine found."""
    row = await _locked(unit, document_id)
    expect_checkable(unit, row)
    found = payment_findings(kept_payment(row["canonical"]), read(row["document"]))
    await payments_store.set_checked(unit.conn, unit.pool_code, document_id, unit.actor.subject, unit.now)
    _note(unit, row, warnings=len(found))
    return found


async def decide(unit: Unit, document_id: UUID, decision: PaymentDecision) -> Any:
    """The agency's decision: the hospital is paid by it from its first day on. Returns the row.

    Raises PAYMENT_DOCUMENT_UNKNOWN, CONFLICT_OF_INTEREST, PAYMENT_ILLUSTRATIVE and what ``expect_decidable`` raises.
    """
    row = await _locked(unit, document_id)
    expect_decidable(unit, row, decision.decided_on)
    if row["illustrative"] and not decision.accept_illustrative:
        raise PAYMENT_ILLUSTRATIVE()
    by = (unit.actor.subject, unit.now, decision.document_number, decision.decided_on)
    await payments_store.set_decided(unit.conn, unit.pool_code, document_id, *by)
    await payments_store.start(unit.conn, unit.pool_code, row, unit.now)
    _note(unit, row, document_number=decision.document_number)
    return await payments_store.get(unit.conn, unit.pool_code, document_id)


async def known(unit: Unit, document_id: UUID) -> Any:
    """A document that the scope may see. Raises PAYMENT_DOCUMENT_UNKNOWN."""
    row = await payments_store.get(unit.conn, unit.pool_code, document_id)
    if row is None:
        raise PAYMENT_DOCUMENT_UNKNOWN(pool_code=unit.pool_code, document_id=document_id)
    return row


async def _locked(unit: Unit, document_id: UUID) -> Any:
    row = await payments_store.get(unit.conn, unit.pool_code, document_id, lock=True)
    if row is None:
        raise PAYMENT_DOCUMENT_UNKNOWN(pool_code=unit.pool_code, document_id=document_id)
    if unit.actor.home_institution == row["institution_code"]:
        raise CONFLICT_OF_INTEREST(tie=("所在单位", "home unit"))
    return row


def _note(unit: Unit, row: Any, **more: Any) -> None:
    unit.result("payment_document", row["id"])
    unit.note(institution_code=row["institution_code"], code=row["code"], hash=row["hash"], **more)
