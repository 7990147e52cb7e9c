"""The audit log for an auditor: its chain as NDJSON, to be kept and checked elsewhere (docs/audit-format.md)."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse

from shared.db import audit
from shared.db.scope import NO_POOL
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.unit import StreamDep, StreamUnit
from shared.kernel.dates import shanghai_date

AUDITOR = {"auditor"}
NDJSON = "application/x-ndjson"
_INT8_MAX = 2**63 - 1
After = Annotated[int, Query(ge=0, le=_INT8_MAX, description="rows after this number; 0 for all")]

router = ServiceRouter(tags=["audit"])


@router.get(
    "/pools/{pool_code}/audit",
    openapi_extra=access(AUDITOR, command="export_audit", stream=True, personal=True),
    response_class=StreamingResponse,
)
async def export_audit(pool_code: str, unit: StreamDep, after: After = 0) -> StreamingResponse:
    """The chained rows of a pool with their roots, for ``heyi audit verify`` or ``python -m heyi_verify``."""
    return _streamed(unit, pool_code, after)


@router.get(
    "/audit",
    openapi_extra=access(AUDITOR, command="export_audit_of_no_pool", scope="free", stream=True, personal=True),
    response_class=StreamingResponse,
)
async def export_audit_of_no_pool(unit: StreamDep, after: After = 0) -> StreamingResponse:
    """The same of what belongs to no pool: areas, institutions, catalogues, refused tokens."""
    return _streamed(unit, NO_POOL, after)


def _streamed(unit: StreamUnit, pool_code: str, after: int) -> StreamingResponse:
    name = f"audit-{unit.app.service}-{pool_code}-{shanghai_date(unit.now)}.ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_lines(unit, pool_code, after), media_type=NDJSON, headers=headers)


async def _lines(unit: StreamUnit, pool_code: str, after: int) -> AsyncIterator[bytes]:
    """One REPEATABLE READ session from the first line to the last, a page of rows at a time."""
    head = {"service": unit.app.service, "exported_at": unit.now.isoformat()}
    async with unit.session() as conn:
        async for page in audit.exported(conn, pool_code, after, head):
            yield b"".join(_line(document) for document in page)


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
