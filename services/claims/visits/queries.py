"""What other capabilities may ask of visits and claims, and what they may do: take back a claim's counts, and set what
decided cases say of a member or a visit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits import (
    cancelling_store,
    counting_store,
    coverage_store,
    readjudging_store,
    retroactive_store,
    reversal_store,
    store,
)
from services.claims.visits.asking import EnrollmentDesk
from services.claims.visits.claims import Claim
from services.claims.visits.counters import Counters, Ref, in_lock_order
from services.claims.visits.coverage import Coverage
from services.claims.visits.entitlements import Entitlements
from services.claims.visits.readjudging_store import Pair
from services.claims.visits.reversing import Reversal
from services.claims.visits.settling import DESK
from shared.db.sql import execute, execute_together
from shared.http.unit import Unit
from shared.kernel.areas import within

_SET_ENTITLEMENTS = """
UPDATE member_coverage SET entitlements = $3::jsonb, entitlement_seq = $4 WHERE pool_code = $1 AND member_id = $2
"""


async def lock_claim(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> Claim | None:
    """A claim that the scope may see, locked until the transaction ends."""
    return await store.claim(conn, pool_code, claim_id, lock=True)


async def line_amounts(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> list[int]:
    """The amounts of a claim's lines in fen, by their order."""
    detail = await store.detail(conn, pool_code, claim_id)
    return list(detail["amounts_fen"])


async def take_back_counts(conn: AsyncConnection, pool_code: str, claim_id: UUID, day: date) -> None:
    """Takes from the accumulators exactly what a claim added, once; before the claim is locked (contracts §4)."""
    heads = await cancelling_store.claim_heads(conn, pool_code, [claim_id])
    refs = in_lock_order((await cancelling_store.refs_of_claims(conn, pool_code, heads.values())).get(claim_id, []))
    if not refs:
        return
    counters = Counters(rows=await counting_store.lock_rows(conn, pool_code, refs))
    counters.earlier = await counting_store.entries_on(conn, pool_code, refs)
    counters.take_back_once(claim_id)
    if counters.new:
        await execute_together(conn, counting_store.counts_written(pool_code, counters, day))
        await retroactive_store.forget_part(conn, pool_code, claim_id)


async def entitlements(
    conn: AsyncConnection, pool_code: str, member_id: UUID, areas: Sequence[str]
) -> Entitlements | None:
    """What cases granted a member of these areas; None where no such member is known."""
    known = await coverage_store.of_member(conn, pool_code, member_id)
    return None if known is None or not within(areas, known.township_code) else known.entitlements


async def lock_entitlements(conn: AsyncConnection, pool_code: str, member_id: UUID) -> Coverage:
    """A member's row, locked until the transaction ends: settlements that read it wait, or read it anew."""
    known = await coverage_store.of_member(conn, pool_code, member_id, lock=True)
    assert known is not None
    return known


async def set_entitlements(conn: AsyncConnection, pool_code: str, member_id: UUID, now: Entitlements) -> None:
    """Brings what settlements read of a locked member to the starts that were recorded."""
    rows = orjson.dumps([one.row() for one in now]).decode()
    await execute(conn, _SET_ENTITLEMENTS, pool_code, member_id, rows, max(one.recorded_seq for one in now))


async def set_third_party(conn: AsyncConnection, pool_code: str, visit_id: UUID, liability: str, share: int) -> None:
    """Sets what an accident inquiry found of a locked visit; the share in 1/10,000."""
    await store.set_third_party(conn, pool_code, visit_id, liability, share)


class YearAmount(NamedTuple):
    """What is paid to a person for a year beside his claims, under an id of its own; in fen."""

    id: UUID
    member_id: UUID
    amount_fen: int


def _of_year(amounts: Sequence[YearAmount], year: int) -> list[Ref]:
    return in_lock_order(Ref(one.member_id, "person_year", year, "") for one in amounts)


async def add_to_year(
    conn: AsyncConnection,
    pool_code: str,
    year: int,
    name: str,
    cap_fen: int | None,
    amounts: Sequence[YearAmount],
    day: date,
) -> bool:
    """Adds amounts to a yearly count of persons; False, and nothing is written, where one would pass the cap."""
    counters = Counters(rows=await counting_store.lock_rows(conn, pool_code, _of_year(amounts, year)))
    for one in amounts:
        ref = Ref(one.member_id, "person_year", year, "")
        counters.count(ref, one.id, name, one.amount_fen)
        if cap_fen is not None and counters.rows[ref].used[name] > cap_fen:
            return False
    await execute_together(conn, counting_store.counts_written(pool_code, counters, day))
    return True


async def take_from_year(
    conn: AsyncConnection, pool_code: str, year: int, amounts: Sequence[YearAmount], day: date
) -> None:
    """Takes back what ``add_to_year`` added, of those that still count."""
    await _move_in_year(conn, pool_code, year, amounts, day, takes_back=True)


async def restore_to_year(
    conn: AsyncConnection, pool_code: str, year: int, amounts: Sequence[YearAmount], day: date
) -> None:
    """Counts again what ``take_from_year`` took back, whatever the cap leaves by now: it was paid."""
    await _move_in_year(conn, pool_code, year, amounts, day, takes_back=False)


async def _move_in_year(
    conn: AsyncConnection, pool_code: str, year: int, amounts: Sequence[YearAmount], day: date, *, takes_back: bool
) -> None:
    refs = _of_year(amounts, year)
    counters = Counters(rows=await counting_store.lock_rows(conn, pool_code, refs))
    counters.earlier = await counting_store.entries_on(conn, pool_code, refs)
    for one in amounts:
        counters.move_again(one.id, takes_back=takes_back)
    await write_counts(conn, pool_code, counters, day)


async def lock_standing(conn: AsyncConnection, pool_code: str, claims: Sequence[UUID]) -> set[UUID]:
    """Locks claims until the transaction ends, and tells which of them are released and not about to be reversed."""
    return await reversal_store.lock_standing(conn, pool_code, claims)


async def lock_compensated(conn: AsyncConnection, pool_code: str, claims: Sequence[UUID]) -> set[UUID]:
    """Which of the claims a second compensation counts that is released or paid; no campaign of their years is released
    until the transaction ends. Taken before counts and claims are locked, as a release of a campaign does."""
    return await reversal_store.lock_compensated(conn, pool_code, claims)


async def made_up(conn: AsyncConnection, pool_code: str, claims: Iterable[UUID], policy_id: UUID | None) -> set[UUID]:
    """Which of the claims are parts of a stay of which a later part was settled by a version, and paid what they lack;
    where none is named, by the one that decides their day and did not decide them."""
    if policy_id is None:
        return await readjudging_store.made_up(conn, pool_code, claims)
    return await retroactive_store.made_up(conn, pool_code, claims, policy_id)


async def gone_on(conn: AsyncConnection, pool_code: str, claims: Iterable[UUID], since: datetime) -> set[UUID]:
    """Parts of stays that a later part was settled after since a list was made of them."""
    return await readjudging_store.gone_on(conn, pool_code, claims, since)


async def put_on_list(conn: AsyncConnection, pool_code: str, pairs: Sequence[Pair], list_id: UUID) -> None:
    """Claims that stood on cancelled ones wait on a list for its approval from now on."""
    await readjudging_store.put_on_list(conn, pool_code, pairs, list_id)


async def wait_again(
    conn: AsyncConnection, pool_code: str, list_id: UUID, claims: Sequence[UUID] | None = None
) -> None:
    """Claims that stood on cancelled ones, all of a list or those named, wait to be decided again."""
    await readjudging_store.take_off_list(conn, pool_code, list_id, claims)


async def raise_parts(conn: AsyncConnection, pool_code: str, more: Mapping[UUID, Mapping[str, int]]) -> None:
    """What parts of stays get more, in fen by layer, counts as paid for those that follow; the claims are locked."""
    await retroactive_store.raise_parts(conn, pool_code, more)


async def lock_counts(conn: AsyncConnection, pool_code: str, refs: Iterable[Ref]) -> Counters:
    """Accumulator rows, locked until the transaction ends."""
    return Counters(rows=await counting_store.lock_rows(conn, pool_code, in_lock_order(refs)))


async def write_counts(conn: AsyncConnection, pool_code: str, counters: Counters, day: date) -> None:
    """Writes what was counted on locked rows on a business day."""
    if counters.new:
        await execute_together(conn, counting_store.counts_written(pool_code, counters, day))


def faces(unit: Unit, member_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str] | None]:
    """Masked name and village of each member, as enrollment tells them. Raises Outside, then ENROLLMENT_SILENT."""
    desk: EnrollmentDesk = unit.app.resources[DESK]
    told = unit.ask({("face", one): partial(desk.face, unit.pool_code, one) for one in member_ids})
    return {one: told["face", one] for one in member_ids}


# -- cancellation of what is paid (rulings §2)


async def paid_layers(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> frozenset[str]:
    """The layers of a claim that settlement has told as paid."""
    return await reversal_store.paid_layers(conn, pool_code, claim_id)


async def increase_unpaid(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> bool:
    """Whether something that a late decision gives more for a claim is approved and not paid."""
    return await reversal_store.increase_unpaid(conn, pool_code, claim_id)


async def ask_reversal(unit: Unit, claim: Claim, reason: str, document: str, layers: Sequence[Any]) -> bool:
    """Keeps that a first person lets a paid claim be cancelled; False where one did before."""
    values = (claim.id, claim.institution_code, reason, document, layers, unit.actor.subject, unit.now)
    return await reversal_store.ask(unit.conn, unit.pool_code, *values)


async def reversal_release(unit: Unit, claim_id: UUID) -> Any:
    """What the county office has said of the cancellation of a paid claim, or None."""
    return await reversal_store.release(unit.conn, unit.pool_code, claim_id)


async def approve_reversal(unit: Unit, claim_id: UUID) -> bool:
    """Keeps the second person's word; False where it was given before."""
    return await reversal_store.approve(unit.conn, unit.pool_code, claim_id, unit.actor.subject, unit.now)


async def close_year(unit: Unit, year: int, document: str) -> bool:
    """Closes a benefit year; False where it was closed before."""
    return await reversal_store.close_year(unit.conn, unit.pool_code, year, document, unit.actor.subject, unit.now)


async def reversals(
    unit: Unit, institution: str | None, first: date | None, last: date | None, after: tuple[date, UUID] | None,
    limit: int,
) -> list[Reversal]:  # fmt: skip
    """Negative claims by their business day, the latest first."""
    return await reversal_store.reversals(unit.conn, unit.pool_code, institution, first, last, after, limit)


async def reversal(unit: Unit, reversal_id: UUID) -> Reversal | None:
    """A negative claim that the scope may see."""
    return await reversal_store.reversal(unit.conn, unit.pool_code, reversal_id)
