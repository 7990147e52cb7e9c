"""Claims that stood on a cancelled one, decided again and listed for approval (rulings §2). The lists are approved,
withdrawn and paid as those of late decisions are. Each takes the request's transaction."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.claims.increases import commands, store
from services.claims.increases.commands import Prepared
from services.claims.increases.model import READJUDICATION, lines_of, not_now
from services.claims.increases.problems import NO_READJUDICATIONS
from services.claims.increases.readjudged import shown
from services.claims.visits import queries
from services.claims.visits.readjudging import Readjudged, readjudged
from shared.http.unit import Unit
from shared.kernel.ids import new_id


async def prepare(unit: Unit, after: UUID | None, households: int) -> Prepared:
    """Lists what was decided again for so many households: what is to be paid more, what is let stand, what stays.

    A claim that gets more waits on, and is told, until it is released, while its line on another list waits for its
    approval, where second compensation was released on it, and where a person has to look at it: its decision is not
    reproduced, the review cut it as a whole, or a later part of its stay was settled by another version. Raises
    NO_READJUDICATIONS where that was the end of them and none can be listed.
    """
    await store.lock_lists(unit.conn, unit.pool_code)
    found, last = await readjudged(unit, after, households)
    reasons = await _reasons(unit, found)
    listed = [one for one in found if one.difference.claim.id not in reasons]
    left = {reason: sum(told == reason for told in reasons.values()) for reason in reasons.values()}
    if not listed and last is None:
        raise NO_READJUDICATIONS(count=len(reasons))
    if not listed:
        unit.result("pool", unit.pool_code)
        return Prepared(None, left, last)
    list_id = new_id(unit.now)
    lines = lines_of(
        ((one.difference, one.policy_id) for one in listed), list_id, READJUDICATION, lambda: new_id(unit.now)
    )
    claims = [shown(one) for one in listed]
    new = replace(
        commands.new_list(unit, list_id, READJUDICATION, None, lines),
        claims=len(claims),
        let_stand_fen=sum(one.let_stand_fen for one in claims),
    )
    await commands.keep(unit, new, lines)
    await store.add_readjudged(unit.conn, unit.pool_code, list_id, claims)
    await queries.put_on_list(unit.conn, unit.pool_code, [pair for one in listed for pair in one.pairs], list_id)
    return Prepared(new, left, last)


async def _reasons(unit: Unit, found: Sequence[Readjudged]) -> dict[UUID, str]:
    """Why claims are not listed now, by claim."""
    more = [one.difference.claim.id for one in found if one.difference.increases]
    waiting = await store.waiting(unit.conn, unit.pool_code, more)
    compensated = await queries.lock_compensated(unit.conn, unit.pool_code, more)
    reasons = dict.fromkeys(compensated, "compensated") | dict.fromkeys(waiting, "listed")
    for one in found:
        if reason := not_now(one.difference):
            reasons[one.difference.claim.id] = reason
    return reasons
