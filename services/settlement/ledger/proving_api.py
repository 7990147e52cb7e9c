"""Routes that prove a book: proof of a voucher, seals, public roots, export, replay."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse

from services.settlement.ledger import export, sealing, store
from services.settlement.ledger.api import READERS, book_or_refuse
from services.settlement.ledger.closers import check_closer
from services.settlement.ledger.posting import WRITTEN_BY_CLOSE
from services.settlement.ledger.proof import prove
from services.settlement.ledger.refusals import LEDGER_NOT_CLOSER, LEDGER_SEALED_BY_CLOSE, book_words
from services.settlement.ledger.signing import EarlierKey, Signer
from services.settlement.ledger.wire import Difference, Proof, PublicKey, Replay, Root, RootQuery, Roots, Sealed
from services.settlement.numbers import VoucherNumber, int8
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import encode_cursor, read_cursor
from shared.http.problems import documented
from shared.http.unit import StreamDep, Unit, UnitDep
from shared.kernel.dates import shanghai_date

SEALERS = ("city_finance", "county_director", "county_finance", "county_recheck", "service")
PROVERS = (
    "auditor",
    "city_health",
    "county_director",
    "county_finance",
    "discipline",
    "insurance_regulator",
    "operator",
)
EXPORTERS = (
    "auditor",
    "city_health",
    "county_director",
    "county_finance",
    "discipline",
    "insurance_regulator",
    "supervisor",
)
NDJSON = "application/x-ndjson"

router = ServiceRouter()


@router.get(
    "/pools/{pool_code}/books/{book}/vouchers/{number}/proof", openapi_extra=access(READERS, command="prove_voucher")
)
async def prove_voucher(pool_code: str, book: str, number: VoucherNumber, unit: UnitDep) -> Proof:
    """That this voucher stands under the published root of its day; checked by ``heyi verify --proof``."""
    return Proof(**await prove(unit.conn, pool_code, book, number))


@router.post(
    "/pools/{pool_code}/books/{book}/days/{day}/seal",
    responses=documented(LEDGER_SEALED_BY_CLOSE, LEDGER_NOT_CLOSER),
    openapi_extra=access(SEALERS, command="seal_day"),
)
async def seal_day(pool_code: str, book: str, day: date, unit: UnitDep) -> Sealed:
    """Seals a day that has come, and earlier ones that have vouchers and no seal; the signed roots go out at once.

    What is owed at a day's end is booked by the day's close on that day, so that its book is sealed there alone.
    """
    check_closer(pool_code, unit.actor.role)
    if book == WRITTEN_BY_CLOSE:
        raise LEDGER_SEALED_BY_CLOSE(book=book_words(book))
    sealed = await sealing.seal_through(
        unit.conn, pool_code, book, day, today=await unit.business_day(), now=unit.now, signer=_signer(unit)
    )
    unit.result("day_seal", f"{book}/{day}")
    rows = [await store.seal(unit.conn, pool_code, book, payload.day) for payload in sealed]
    return Sealed(items=[_root(row) for row in rows])


@router.get("/roots", openapi_extra=access((), scope="public", command="list_roots"))
async def list_roots(unit: UnitDep, query: Annotated[RootQuery, Query()]) -> Roots:
    """Published roots of all books: keep them outside, and a rewritten book can be told."""
    key = read_cursor(query.cursor, str, str, int8)
    after = (key[0], key[1], key[2]) if key else ("", "", 0)
    rows = await store.roots(unit.conn, after=after, pool_code=query.pool_code, name=query.book, limit=query.limit + 1)
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    keys = _public_keys(unit)
    return Roots(
        items=[_root(row) for row in shown],
        public_keys={key.key_id: key.public_key for key in keys},
        keys=keys,
        next_cursor=encode_cursor(last["pool_code"], last["book"], last["seal_number"]) if last else None,
    )


@router.get(
    "/pools/{pool_code}/books/{book}/export",
    openapi_extra=access(EXPORTERS, command="export_book", stream=True, personal=True),
    response_class=StreamingResponse,
)
async def export_book(pool_code: str, book: str, unit: StreamDep) -> StreamingResponse:
    """The whole book as NDJSON for ``python -m heyi_verify``."""
    pieces = export.lines(unit, pool_code, book)
    first = await anext(pieces)  # a book that does not exist is refused before the stream begins
    name = f"{pool_code}-{book}-{shanghai_date(unit.now)}.ndjson"
    return StreamingResponse(
        _whole(first, pieces), media_type=NDJSON, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/pools/{pool_code}/books/{book}/replay", openapi_extra=access(PROVERS, command="replay_book"))
async def replay_book(pool_code: str, book: str, unit: UnitDep) -> Replay:
    """Works balances, turnover and the chain out again from the postings and lists what differs."""
    await book_or_refuse(unit, pool_code, book)
    rows = await store.replay(unit.conn, pool_code, book)
    return Replay(book=book, replayed_at=unit.now, ties=not rows, differences=[Difference(**row) for row in rows])


async def _whole(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _signer(unit: Unit) -> Signer:
    signer: Signer = unit.app.resources["ledger.signer"]
    return signer


def _public_keys(unit: Unit) -> list[PublicKey]:
    """The earlier keys and the present one, which signs since the day after them."""
    earlier: tuple[EarlierKey, ...] = unit.app.resources["ledger.earlier_keys"]
    before = [PublicKey(key_id=k.key_id, public_key=k.public_key.hex(), first_day=k.first_day, last_day=k.last_day)
              for k in earlier]  # fmt: skip
    since, signer = earlier[-1].last_day + timedelta(days=1) if earlier else None, _signer(unit)
    present = PublicKey(key_id=signer.key_id, public_key=signer.public_key.hex(), first_day=since, last_day=None)
    return [*before, present]


def _root(row: Any) -> Root:
    return Root(**(export.seal_fields(row) | {"day": row["day"]}))
