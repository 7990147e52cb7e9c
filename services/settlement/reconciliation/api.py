"""Routes of reconciliation: bank statements, open items of both sides, interest."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.settlement.funding import commands as funding
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import ACCOUNT_UNKNOWN, BEFORE_THE_SCHEME, IN_THE_FUTURE, KEEPER_ONLY
from services.settlement.funding.roles import READERS
from services.settlement.reconciliation import commands, open_items, store
from services.settlement.reconciliation.problems import (
    LINE_UNKNOWN,
    NOT_INTEREST,
    NOTHING_OF_THIS_REFERENCE,
    STATEMENT_DOES_NOT_ADD_UP,
    STATEMENT_GAP,
    STATEMENT_KNOWN,
    STATEMENT_LINE_DATE,
    STATEMENT_OUT_OF_ORDER,
)
from services.settlement.reconciliation.statement import age_days
from shared.contracts.wire import Reason, WireModel, Yuan
from shared.db.personal import Sealer
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, encode_cursor, read_cursor
from shared.http.problems import FOUR_EYES, documented
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter()
KEEPERS = {"insurer_finance", "county_finance", "county_recheck", "county_director", "city_finance"}
_LINES_MAX = 20_000
_BODY_MAX = 16 * 1024 * 1024


class LineIn(WireModel):
    """A line as the bank gave it; ``reference`` is the EndToEndId or the bank's own number, empty where none."""

    direction: Literal["in", "out"]
    amount: Annotated[Yuan, Field(gt=0)]
    reference: Annotated[str, Field(max_length=64)] = ""
    value_date: date | None = None
    counterparty: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(max_length=500)] = ""


class StatementIn(WireModel):
    """A day's statement of one account."""

    account: str
    day: date
    opening_balance: Yuan
    closing_balance: Yuan
    lines: Annotated[list[LineIn], Field(max_length=_LINES_MAX)]


class StatementOut(WireModel):
    """What the import did: lines matched, counting those left open before, and lines still open.

    ``lacking`` is what the account's book lacks for payments that the bank executed late: their lines stay open until
    the money is booked.
    """

    id: UUID
    lines: int
    matched: int
    open: int
    lacking: Yuan


@router.post(
    "/pools/{pool_code}/bank-statements",
    status_code=201,
    response_model=StatementOut,
    responses=documented(
        ACCOUNT_UNKNOWN,
        KEEPER_ONLY,
        IN_THE_FUTURE,
        BEFORE_THE_SCHEME,
        STATEMENT_DOES_NOT_ADD_UP,
        STATEMENT_LINE_DATE,
        STATEMENT_GAP,
        STATEMENT_KNOWN,
        STATEMENT_OUT_OF_ORDER,
    ),
    openapi_extra=access(
        KEEPERS, command="import_bank_statement", max_bytes=_BODY_MAX, bulk="/pools/{pool_code}/bank-statements/bulk"
    ),
)
async def post_statement(pool_code: str, body: StatementIn, unit: UnitDep) -> StatementOut:
    """导入银行对账单,逐行核对;对不上的留作未达账. Imports a statement; lines match by reference and amount."""
    desk = await desk_of(unit)
    statement_id, matched = await commands.import_statement(
        desk,
        Sealer(unit.settings.personal_keys()),
        unit.actor.role,
        commands.Statement(
            body.account,
            body.day,
            body.opening_balance,
            body.closing_balance,
            tuple(
                commands.StatementLine(
                    x.amount if x.direction == "in" else -x.amount,
                    x.reference.strip(),
                    x.value_date or body.day,
                    x.counterparty,
                    x.text,
                )
                for x in body.lines
            ),
        ),
    )
    still_open = await store.open_lines(unit.conn, pool_code, body.account)
    unit.result("statement", statement_id)
    unit.note(lines=len(body.lines), matched=matched.lines, open=len(still_open), lacking_fen=matched.lacking_fen)
    return StatementOut(
        id=statement_id,
        lines=len(body.lines),
        matched=matched.lines,
        open=len(still_open),
        lacking=matched.lacking_fen,
    )


class MatchingOut(WireModel):
    """How many open lines found their counterpart, and what the account's book lacks for those that have to wait."""

    matched: int
    lacking: Yuan


@router.post(
    "/pools/{pool_code}/bank-accounts/{account}/matching",
    response_model=MatchingOut,
    responses=documented(ACCOUNT_UNKNOWN, KEEPER_ONLY),
    openapi_extra=access(KEEPERS, command="match_open_items"),
)
async def post_matching(pool_code: str, account: str, unit: UnitDep) -> MatchingOut:
    """重新核对未达账. Tries the open lines of an account again, after something was booked late."""
    desk = await desk_of(unit)
    funding.check_keeper(funding.account_of(account), unit.actor.role)
    await funding.lock_matching(desk, account)
    matched = await commands.match_open_lines(desk, account)
    unit.result("bank_account", account)
    return MatchingOut(matched=matched.lines, lacking=matched.lacking_fen)


class OpenLineOut(WireModel):
    """At the bank and not in the book; who watches sees the first character of counterparty and text alone."""

    line_id: UUID
    account: str
    amount: Yuan
    reference: str
    value_date: date
    age_days: int
    counterparty: str
    text: str


class UnseenMovementOut(WireModel):
    """In the book and not at the bank."""

    movement_id: UUID
    account: str
    amount: Yuan
    reference: str
    kind: str
    value_date: date
    age_days: int


class OpenItemsOut(WireModel):
    """Items of both sides (未达账项), negative for money that left; each page shows up to ``limit`` a side."""

    at_bank_not_in_book: list[OpenLineOut]
    in_book_not_at_bank: list[UnseenMovementOut]
    next_cursor: str | None


@router.get(
    "/pools/{pool_code}/open-items",
    response_model=OpenItemsOut,
    openapi_extra=access(READERS, command="list_open_items", personal=True),
)
async def get_open_items(
    pool_code: str, unit: UnitDep, account: str | None = None, limit: Limit = 100, cursor: Cursor = None
) -> OpenItemsOut:
    """未达账项及账龄. Items on one side only, oldest first, each with its age in days."""
    today = shanghai_date(unit.now)
    at_bank, in_book = _places(cursor)
    sealer = Sealer(unit.settings.personal_keys())
    lines = await store.open_lines_page(unit.conn, pool_code, account, at_bank, limit + 1)
    movements = await store.unseen_movements(unit.conn, pool_code, account, in_book, limit + 1)
    more = len(lines) > limit or len(movements) > limit
    lines, movements = lines[:limit], movements[:limit]
    return OpenItemsOut(
        at_bank_not_in_book=[
            OpenLineOut(
                line_id=r["id"],
                account=r["account"],
                amount=r["signed_fen"],
                reference=r["reference"],
                value_date=r["value_date"],
                age_days=age_days(r["value_date"], today),
                counterparty=_shown(unit, commands.unsealed(sealer, pool_code, r, "counterparty_sealed")),
                text=_shown(unit, commands.unsealed(sealer, pool_code, r, "narrative_sealed")),
            )
            for r in lines
        ],
        in_book_not_at_bank=[
            UnseenMovementOut(
                movement_id=r["id"],
                account=r["account"],
                amount=r["signed_fen"],
                reference=r["reference"],
                kind=r["kind"],
                value_date=r["value_date"],
                age_days=age_days(r["value_date"], today),
            )
            for r in movements
        ],
        next_cursor=encode_cursor(*_last(lines, at_bank), *_last(movements, in_book)) if more else None,
    )


_BEGINNING = (date.min, UUID(int=0))


def _places(cursor: str | None) -> tuple[tuple[date, UUID], tuple[date, UUID]]:
    """After which (value date, id) each side goes on; raises CURSOR_INVALID."""
    key = read_cursor(cursor, date.fromisoformat, UUID, date.fromisoformat, UUID)
    return ((key[0], key[1]), (key[2], key[3])) if key else (_BEGINNING, _BEGINNING)


def _last(rows: list[Any], before: tuple[date, UUID]) -> tuple[date, UUID]:
    return (rows[-1]["value_date"], rows[-1]["id"]) if rows else before


def _shown(unit: Unit, text: str) -> str:
    """Whole for those who reconcile and for the auditor, masked for all others who watch (contracts §12)."""
    return text if not text or unit.actor.role in KEEPERS | {"auditor"} else text[0] + "***"


class InterestOut(WireModel):
    """The movement that the line shows now."""

    movement_id: UUID


@router.post(
    "/pools/{pool_code}/open-items/{line_id}/interest",
    response_model=InterestOut,
    responses=documented(LINE_UNKNOWN, KEEPER_ONLY, FOUR_EYES, NOT_INTEREST),
    openapi_extra=access(KEEPERS, command="recognise_interest"),
)
async def post_interest(pool_code: str, line_id: UUID, unit: UnitDep) -> InterestOut:
    """确认利息,或银行对已确认利息的更正(另一人). A second person recognises interest, or the bank's correction."""
    movement_id = await open_items.recognise_interest(await desk_of(unit), unit.actor.role, line_id)
    unit.result("movement", movement_id)
    return InterestOut(movement_id=movement_id)


class ReadingIn(WireModel):
    """The reference that the line should have borne (an EndToEndId, a transfer's or a remittance's), and why."""

    reference: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
    reason: Reason


@router.post(
    "/pools/{pool_code}/open-items/{line_id}/reading",
    status_code=201,
    response_model=MatchingOut,
    responses=documented(LINE_UNKNOWN, KEEPER_ONLY, FOUR_EYES, NOTHING_OF_THIS_REFERENCE),
    openapi_extra=access(KEEPERS, command="read_open_line"),
)
async def post_reading(pool_code: str, line_id: UUID, body: ReadingIn, unit: UnitDep) -> MatchingOut:
    """认定未达账所指款项(另一人). A second person says what an open line with a wrong reference shows."""
    matched = await open_items.read_line(await desk_of(unit), unit.actor.role, line_id, body.reference, body.reason)
    unit.result("statement_line", line_id)
    unit.note(reference=body.reference, matched=matched.lines, lacking_fen=matched.lacking_fen)
    return MatchingOut(matched=matched.lines, lacking=matched.lacking_fen)
