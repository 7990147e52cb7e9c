"""Routes of a voucher's attachments."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.settlement.ledger import attachments
from services.settlement.ledger.api import READERS
from services.settlement.ledger.refusals import LEDGER_NOT_KEEPER, LEDGER_PAPER_ATTACHED, LEDGER_VOUCHER_UNKNOWN
from services.settlement.numbers import VoucherNumber
from shared.contracts.wire import Reason, WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import UnitDep
from shared.kernel.ids import new_id

KEEPERS = ("city_finance", "county_director", "county_finance", "county_recheck", "insurer_finance")
_SHEETS_MAX = 9_999

router = ServiceRouter()


class AttachmentIn(WireModel):
    """What is attached: in words (bank slip, approval…), how many sheets, and the SHA-256 of the document where one is
    kept."""

    text: Reason
    sheets: Annotated[int, Field(ge=1, le=_SHEETS_MAX)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class AttachmentOut(WireModel):
    """Sheets that were attached after the voucher was booked."""

    text: str
    sheets: int
    sha256: str | None
    added_by: str
    added_at: datetime


class AttachmentsOut(WireModel):
    """All that was attached later, in the order in which it came."""

    number: int
    items: list[AttachmentOut]


@router.post(
    "/pools/{pool_code}/books/{book}/vouchers/{number}/attachments",
    status_code=201,
    response_model=AttachmentsOut,
    responses=documented(LEDGER_VOUCHER_UNKNOWN, LEDGER_NOT_KEEPER, LEDGER_PAPER_ATTACHED),
    openapi_extra=access(KEEPERS, command="attach_to_voucher"),
)
async def post_attachment(
    pool_code: str, book: str, number: VoucherNumber, body: AttachmentIn, unit: UnitDep
) -> AttachmentsOut:
    """凭证补附单据:张数、说明和电子件校验值;只增不改。 Attaches sheets to a voucher that is booked already."""
    added = attachments.Attachment(number, body.text, body.sheets, body.sha256 or "")
    await attachments.attach(
        unit.conn,
        pool_code,
        book,
        added,
        new=new_id(unit.now),
        by=unit.actor.subject,
        role=unit.actor.role,
        now=unit.now,
    )
    unit.result("voucher", f"{book}/{number}")
    unit.note(book=book, number=number, sheets=body.sheets, sha256=body.sha256)
    return await _attached(unit, pool_code, book, number)


@router.get(
    "/pools/{pool_code}/books/{book}/vouchers/{number}/attachments",
    response_model=AttachmentsOut,
    openapi_extra=access(READERS, command="list_attachments"),
)
async def get_attachments(pool_code: str, book: str, number: VoucherNumber, unit: UnitDep) -> AttachmentsOut:
    """凭证入账以后补附的单据。 What was attached to a voucher after it was booked."""
    return await _attached(unit, pool_code, book, number)


async def _attached(unit: UnitDep, pool_code: str, book: str, number: int) -> AttachmentsOut:
    found = await attachments.attachments_of(unit.conn, pool_code, book, number, number)
    return AttachmentsOut(
        number=number,
        items=[
            AttachmentOut(
                text=row["text"],
                sheets=row["sheets"],
                sha256=row["sha256"] or None,
                added_by=row["added_by"],
                added_at=row["added_at"],
            )
            for row in found.get(number, [])
        ],
    )
