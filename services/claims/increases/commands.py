"""From the differences of a late decision, or of claims decided again, to money payable to persons. Each takes the
request's transaction."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast
from uuid import UUID

from services.claims.increases import store
from services.claims.increases.model import (
    APPROVED,
    COMPENSATED,
    EXHAUSTED,
    LATE_DECISION,
    PREPARED,
    RELEASED,
    STATUS,
    VOID,
    WITHDRAWN,
    IncreaseList,
    Line,
    counts_of,
    left_out,
    lines_of,
    payable,
)
from services.claims.increases.problems import INCREASES_OVERTAKEN, INCREASES_STATE, INCREASES_UNKNOWN, NO_INCREASES
from services.claims.increases.readjudged import ReadjudgedClaim
from services.claims.visits import queries
from services.claims.visits.retroactive import Difference
from services.claims.visits.retroactive_queries import late_differences, late_version
from shared.contracts.claims import IncreaseReleased, Kind
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES
from shared.http.unit import Unit
from shared.kernel.errors import Words
from shared.kernel.ids import new_id
from shared.messaging.outbox import Outgoing, emit_many

SERVICE = "claims"
_HOUSEHOLDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of looking at some households: a list where they get more, claims left out by reason, and the last
    household where there may be more."""

    list: IncreaseList | None
    left_out: dict[str, int]
    after: UUID | None


async def prepare(unit: Unit, policy_id: UUID, after: UUID | None, households: int) -> Prepared:
    """Lists what is to be paid more to so many households for released claims, beside what lists of this version or of
    others gave already. A claim whose line on a list of another version waits for its approval is left out, and one on
    which second compensation was released.

    Raises POLICY_UNDECIDED, POLICY_SUPERSEDED, and NO_INCREASES where that was the end of them and nobody gets more.
    """
    await store.lock_lists(unit.conn, unit.pool_code)
    found, last = await _differences(unit, policy_id, after, households)
    more = [one.claim.id for one in found if one.increases]
    waiting = await store.waiting(unit.conn, unit.pool_code, more)
    compensated = await queries.lock_compensated(unit.conn, unit.pool_code, more) - waiting.keys()
    fresh = [one for one in found if one.claim.id not in waiting.keys() | compensated]
    left = left_out(fresh, sum(version != policy_id for version in waiting.values()), len(compensated))
    list_id = new_id(unit.now)
    lines = lines_of(((one, policy_id) for one in fresh), list_id, LATE_DECISION, lambda: new_id(unit.now))
    if not lines and last is None:
        raise NO_INCREASES(count=sum(left.values()))
    if not lines:
        unit.result("policy", policy_id)
        return Prepared(None, left, last)
    return Prepared(await keep(unit, new_list(unit, list_id, LATE_DECISION, policy_id, lines), lines), left, last)


def new_list(unit: Unit, list_id: UUID, ground: str, policy_id: UUID | None, lines: Sequence[Line]) -> IncreaseList:
    """A list of lines that waits for its approval."""
    return IncreaseList(
        id=list_id,
        ground=ground,
        policy_id=policy_id,
        status=PREPARED,
        lines=len(lines),
        listed_fen=sum(line.listed_fen for line in lines),
        approved_fen=0,
        prepared_by=unit.actor.subject,
        prepared_at=unit.now,
    )


async def keep(unit: Unit, new: IncreaseList, lines: Sequence[Line]) -> IncreaseList:
    """Writes a list with its lines."""
    await store.add(unit.conn, unit.pool_code, new, lines)
    _note(unit, new)
    return new


async def _differences(
    unit: Unit, policy_id: UUID, after: UUID | None, households: int
) -> tuple[list[Difference], UUID | None]:
    late = await late_version(unit, policy_id)
    found: list[Difference] = []
    while households:
        page = min(households, _HOUSEHOLDS_AT_ONCE)
        more, after = await late_differences(unit, late, after, page)
        found += more
        households = 0 if after is None else households - page
    return found, after


async def approve(unit: Unit, list_id: UUID, document_number: str) -> IncreaseList:
    """Another person than who prepared it makes the list payable: one event a line, counted toward the year's caps.

    What claims settled meanwhile have used of a cap is not paid twice, and for a claim that was taken back meanwhile,
    or is about to be, or on which second compensation was released, nothing is paid. Raises INCREASES_UNKNOWN,
    INCREASES_STATE, FOUR_EYES, CONFLICT_OF_INTEREST, and INCREASES_OVERTAKEN where another version decides a claim of
    the list by now.
    """
    day = await unit.business_day()
    await store.lock_lists(unit.conn, unit.pool_code)
    known = await _prepared(unit, list_id, ("批准", "approve it"))
    if known.prepared_by == unit.actor.subject:
        raise FOUR_EYES(act=("编制补差名单", "prepare the list"), then=("批准", "approve it"))
    lines = await store.lines(unit.conn, unit.pool_code, list_id)
    again = await store.readjudged(unit.conn, unit.pool_code, list_id)
    _expect_no_tie(unit, [*lines, *again])
    if count := await store.overtaken(unit.conn, unit.pool_code, list_id):
        raise INCREASES_OVERTAKEN(count=count)
    decided = await _count(unit, known, lines) if lines else []
    await store.set_lines(unit.conn, unit.pool_code, decided)
    approved = replace(
        known,
        status=APPROVED,
        approved_fen=sum(line.amount_fen for line in decided),
        approved_by=unit.actor.subject,
        approved_at=unit.now,
        approved_on=day,
        document_number=document_number,
    )
    await store.set_list(unit.conn, unit.pool_code, approved)
    undecided = [line.claim_id for line in decided if line.status in (VOID, COMPENSATED)]
    await queries.wait_again(unit.conn, unit.pool_code, list_id, undecided)
    released = [line for line in decided if line.status == RELEASED]
    await emit_many(unit.conn, [_released(unit, approved, line, day) for line in released])
    _note(unit, approved)
    return approved


async def _count(unit: Unit, known: IncreaseList, lines: Sequence[Line]) -> list[Line]:
    """What the caps leave of each line whose claim stands, in order, counted under the line's own id."""
    claims = [line.claim_id for line in lines]
    compensated = await queries.lock_compensated(unit.conn, unit.pool_code, claims)
    refs = [count.ref for line in lines for count in counts_of(line)]
    counters = await queries.lock_counts(unit.conn, unit.pool_code, refs)
    standing = await queries.lock_standing(unit.conn, unit.pool_code, claims)
    standing -= await queries.made_up(unit.conn, unit.pool_code, standing, known.policy_id)
    if known.policy_id is None:
        standing -= await queries.gone_on(unit.conn, unit.pool_code, standing, known.prepared_at)
    decided = [replace(line, status=VOID) for line in lines if line.claim_id not in standing]
    decided += [replace(line, status=COMPENSATED) for line in lines if line.claim_id in standing & compensated]
    for line in (line for line in lines if line.claim_id in standing - compensated):
        amount = payable(line, counters.standing)
        decided.append(replace(line, amount_fen=amount, status=RELEASED if amount else EXHAUSTED))
        for count in counts_of(line) if amount else ():
            counters.count(count.ref, line.id, count.name, amount if count.benefit else count.amount)
    await queries.write_counts(unit.conn, unit.pool_code, counters, await unit.business_day())
    more: dict[UUID, dict[str, int]] = defaultdict(dict)
    for line in (line for line in decided if line.status == RELEASED):
        more[line.claim_id][line.layer] = line.amount_fen
    await queries.raise_parts(unit.conn, unit.pool_code, more)
    return decided


def _expect_no_tie(unit: Unit, lines: Sequence[Line | ReadjudgedClaim]) -> None:
    """Nobody approves money for his household, or for claims of the hospital of his home unit (WC-07)."""
    actor = unit.actor
    if any(line.institution_code == actor.home_institution for line in lines):
        raise CONFLICT_OF_INTEREST(tie=("所在单位", "home unit"))
    if any(str(line.household_id) == actor.household_id for line in lines):
        raise CONFLICT_OF_INTEREST(tie=("家庭", "household"))


def _released(unit: Unit, known: IncreaseList, line: Line, day: date) -> Outgoing:
    payload = IncreaseReleased(
        payment_id=line.id,
        claim_id=line.claim_id,
        member_id=line.member_id,
        household_id=line.household_id,
        township_code=line.township_code,
        institution_code=line.institution_code,
        kind=cast(Kind, line.kind),
        benefit_year=line.benefit_year,
        amount=line.amount_fen,
        document_number=known.document_number or "",
        layer=line.layer,
        payer=line.payer,
        book=line.book,
        account=line.account,
        expense_account=line.expense_account,
        risk_bearer=line.risk_bearer,
        at=unit.now,
    )
    return Outgoing(
        payload=payload,
        pool_code=unit.pool_code,
        subject=str(line.id),
        sequence=1,
        business_day=day,
        now=unit.now,
        service=SERVICE,
        amount_fen=line.amount_fen,
    )


async def withdraw(unit: Unit, list_id: UUID, reason: str) -> IncreaseList:
    """Gives up a list that was not approved; its claims may be listed again. Raises INCREASES_UNKNOWN,
    INCREASES_STATE."""
    known = await _prepared(unit, list_id, ("撤回", "withdraw it"))
    lines = await store.lines(unit.conn, unit.pool_code, list_id)
    await store.set_lines(unit.conn, unit.pool_code, [replace(line, status=WITHDRAWN) for line in lines])
    await queries.wait_again(unit.conn, unit.pool_code, list_id)
    gone = replace(known, status=WITHDRAWN, withdrawn_by=unit.actor.subject, withdrawal_reason=reason)
    await store.set_list(unit.conn, unit.pool_code, gone)
    _note(unit, gone)
    return gone


async def _prepared(unit: Unit, list_id: UUID, act: Words) -> IncreaseList:
    known = await store.get(unit.conn, unit.pool_code, list_id, lock=True)
    if known is None:
        raise INCREASES_UNKNOWN(list_id=list_id)
    if known.status != PREPARED:
        raise INCREASES_STATE(status=STATUS[known.status], act=act)
    return known


def _note(unit: Unit, now: IncreaseList) -> None:
    unit.result("increase_list", now.id)
    unit.note(status=now.status, lines=now.lines, listed_fen=now.listed_fen, approved_fen=now.approved_fen)
