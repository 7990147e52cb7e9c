"""Making, signing and withdrawing statements. Each command takes the request's transaction and never commits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.claims.benefits.diseases import covering
from services.claims.benefits.payment import Case, Month, month_statement, year_clearing
from services.claims.benefits.payment_document import ByHead, ByPoints, PaymentDoc
from services.claims.providers.queries import PaidBy, paid_by, payment_document
from services.claims.statements import store
from services.claims.statements.model import (
    AGREED,
    ISSUED,
    MONTH,
    PREPARED,
    STATUS,
    WITHDRAWN,
    YEAR,
    Kept,
    TakenOff,
    after,
    month_figures,
    taken_off,
    year_figures,
)
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
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES
from shared.http.unit import Unit
from shared.kernel.ids import new_id

_ONE_DAY = timedelta(days=1)
PREPARE, SIGN = ("编制结算单", "prepare the statement"), ("签章", "sign it")


async def prepare_month(
    unit: Unit, institution_code: str, kind: str, first_day: date, heads: int | None, groups: Mapping[str, str]
) -> Kept:
    """Makes the statement of a month that is over from the claims released in it.

    Raises PERIOD_OPEN, NOT_BY_DOCUMENT, HEADS_NEEDED, GROUPS_NEEDED, STATEMENT_EXISTS, CONFLICT_OF_INTEREST.
    """
    last_day = after(first_day) - _ONE_DAY
    await _expect_over(unit, institution_code, last_day)
    by = await _document(unit, institution_code, kind, first_day)
    if isinstance(by.document.method, ByHead) != (heads is not None):
        raise HEADS_NEEDED()
    cases = await store.cases(unit.conn, unit.pool_code, institution_code, kind, first_day, last_day, groups)
    _check_groups(by.document, cases, groups)
    done = month_statement(by.document, Month(first_day.month, cases, heads or 0))
    gone = await _taken_off(unit, institution_code, kind, first_day, last_day)
    return await _keep(unit, institution_code, kind, MONTH, (first_day, last_day), by, month_figures(done, gone))


async def _taken_off(unit: Unit, institution_code: str, kind: str, first_day: date, last_day: date) -> list[TakenOff]:
    """What earlier months that both have signed are less, because claims of theirs were taken back by now; once.

    A month that is not signed yet is left for a later one: it may be withdrawn and made anew without them.
    """
    await store.lock_months(unit.conn, unit.pool_code, institution_code)
    taken_back = await store.taken_back(unit.conn, unit.pool_code, institution_code, kind, last_day)
    if not taken_back:
        return []
    made = await store.months_made(unit.conn, unit.pool_code, institution_code, kind)
    before = {claim for one in made for _, claim in one.gone}
    found = []
    for one in made:
        now = {case[0] for case in one.input} & taken_back - before
        if now and one.status == AGREED and one.first_day < first_day:
            document = await payment_document(unit.conn, unit.pool_code, one.document_id)
            found.append(taken_off(one, document, before, now, whole=one.first_day.year < first_day.year))
    return found


def _check_groups(document: PaymentDoc, cases: list[Case], groups: Mapping[str, str]) -> None:
    """Each case that points price has a group, and no other claim is named. Raises GROUPS_NEEDED."""
    priced = {code for row in document.diseases.values() for code in row.diseases}
    by_points = isinstance(document.method, ByPoints)
    wanted = {case.claim for case in cases if by_points and covering(case.disease, priced) is None}
    if wanted != groups.keys():
        raise GROUPS_NEEDED(missing=len(wanted - groups.keys()), count=len(groups.keys() - wanted))


async def prepare_year(
    unit: Unit, institution_code: str, kind: str, year: int, point_value_fen: int | None
) -> list[Kept]:
    """Clears a year that is over: one statement for each document by which its months were paid.

    Raises PERIOD_OPEN, NOT_BY_DOCUMENT, MONTHS_MISSING, POINT_VALUE, STATEMENT_EXISTS, CONFLICT_OF_INTEREST.
    """
    await _expect_over(unit, institution_code, date(year, 12, 31))
    months = await store.agreed_months(unit.conn, unit.pool_code, institution_code, kind, year)
    by_document = await _documents(unit, institution_code, kind, year, {one.first_day for one in months})
    points = any(isinstance(by.document.method, ByPoints) for by in by_document.values())
    if points != (point_value_fen is not None):
        raise POINT_VALUE()
    gone = {claim for one in months for claim in one.gone_of_year}
    made = []
    for document_id, by in by_document.items():
        mine = [one for one in months if one.document_id == document_id]
        if not mine:
            continue
        value = point_value_fen if isinstance(by.document.method, ByPoints) else None
        done = year_clearing(by.document, [month_statement(by.document, one.without(gone)) for one in mine], value)
        days = (mine[0].first_day, mine[-1].last_day)
        made.append(await _keep(unit, institution_code, kind, YEAR, days, by, year_figures(mine, gone, done, value)))
    return made


async def _documents(unit: Unit, institution_code: str, kind: str, year: int, agreed: set[date]) -> dict[UUID, PaidBy]:
    """The documents of a year by id; every month that one counts in was signed by both.

    Raises NOT_BY_DOCUMENT, MONTHS_MISSING.
    """
    firsts = [date(year, month, 1) for month in range(1, 13)]
    found = {day: await paid_by(unit.conn, unit.pool_code, institution_code, kind, day) for day in firsts}
    known = {by.id: by for by in found.values() if by is not None}
    if not known:
        raise NOT_BY_DOCUMENT(institution_code=institution_code, day=firsts[-1])
    if missing := [f"{day:%Y-%m}" for day, by in found.items() if by is not None and day not in agreed]:
        raise MONTHS_MISSING(months="、".join(missing))
    return known


async def _expect_over(unit: Unit, institution_code: str, last_day: date) -> None:
    if unit.actor.home_institution == institution_code:
        raise CONFLICT_OF_INTEREST(tie=("所在单位", "home unit"))
    if await unit.business_day() <= last_day:
        raise PERIOD_OPEN(until=last_day)


async def _document(unit: Unit, institution_code: str, kind: str, day: date) -> PaidBy:
    by = await paid_by(unit.conn, unit.pool_code, institution_code, kind, day)
    if by is None:
        raise NOT_BY_DOCUMENT(institution_code=institution_code, day=day)
    return by


async def _keep(
    unit: Unit,
    institution_code: str,
    kind: str,
    span: str,
    days: tuple[date, date],
    by: PaidBy,
    figures: dict[str, Any],
) -> Kept:
    first_day, last_day = days
    new = Kept(
        id=new_id(unit.now), institution_code=institution_code, kind=kind, span=span, first_day=first_day,
        last_day=last_day, document_id=by.id, document_hash=by.hash, status=PREPARED, prepared_by=unit.actor.subject,
        prepared_at=unit.now, **figures,
    )  # fmt: skip
    if not await store.insert(unit.conn, unit.pool_code, new):
        raise STATEMENT_EXISTS(institution_code=institution_code, first_day=first_day)
    unit.result("payment_statement", new.id)
    unit.note(institution_code=institution_code, cases=new.cases, due_fen=new.due_fen, pay_fen=new.pay_fen)
    return new


async def sign(unit: Unit, statement_id: UUID) -> Kept:
    """The agency signs first, by another person than who made it; then the hospital.

    Raises STATEMENT_UNKNOWN, STATEMENT_STATE, FOUR_EYES, CONFLICT_OF_INTEREST.
    """
    hospital = unit.actor.role == "hospital"
    before, then = (ISSUED, AGREED) if hospital else (PREPARED, ISSUED)
    kept = await _locked(unit, statement_id, (before,), SIGN)
    if not hospital and kept.prepared_by == unit.actor.subject:
        raise FOUR_EYES(act=PREPARE, then=SIGN)
    return await _step(unit, kept, then)


async def withdraw(unit: Unit, statement_id: UUID, reason: str) -> Kept:
    """Gives up a statement that the hospital has not signed, so that another can be made.

    Raises STATEMENT_UNKNOWN, STATEMENT_STATE, CONFLICT_OF_INTEREST.
    """
    kept = await _locked(unit, statement_id, (PREPARED, ISSUED), ("撤回", "withdraw it"))
    return await _step(unit, kept, WITHDRAWN, reason)


async def _locked(unit: Unit, statement_id: UUID, steps: tuple[str, ...], act: tuple[str, str]) -> Kept:
    kept = await store.get(unit.conn, unit.pool_code, statement_id, lock=True)
    if kept is None:
        raise STATEMENT_UNKNOWN(statement_id=statement_id)
    if unit.actor.home_institution == kept.institution_code:
        raise CONFLICT_OF_INTEREST(tie=("所在单位", "home unit"))
    if kept.status not in steps:
        raise STATEMENT_STATE(status=STATUS[kept.status], act=act)
    return kept


async def _step(unit: Unit, kept: Kept, status: str, reason: str | None = None) -> Kept:
    by = (unit.actor.subject, unit.now)
    await store.step(unit.conn, unit.pool_code, kept.id, status, *by, reason)
    unit.result("payment_statement", kept.id)
    unit.note(institution_code=kept.institution_code, status=status)
    names = {f"{status}_by": by[0], f"{status}_at": by[1]}
    return replace(kept, status=status, withdrawal_reason=reason, **names)  # type: ignore[arg-type]


async def known(unit: Unit, statement_id: UUID) -> Kept:
    """A statement that the scope may see. Raises STATEMENT_UNKNOWN."""
    kept = await store.get(unit.conn, unit.pool_code, statement_id)
    if kept is None:
        raise STATEMENT_UNKNOWN(statement_id=statement_id)
    unit.result("payment_statement", statement_id)
    return kept
