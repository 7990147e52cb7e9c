"""Coverage given back without a premium: one person applies, another decides (contracts §13, rulings §17)."""

from datetime import date
from uuid import UUID

import asyncpg

from services.enrollment.financing import reinstatement_store as store
from services.enrollment.financing.billing import standards_of
from services.enrollment.financing.corrections import (
    IN_FUTURE,
    NOT_ENROLLED,
    NOTHING_CHANGES,
    year_of,
)
from services.enrollment.registry.act import Act
from services.enrollment.registry.coverage import NewStart, covered_since
from services.enrollment.registry.people import member_facts
from services.enrollment.registry.publish import ENROLLED, Timeline, change_coverage
from shared.db.personal import Sealer
from shared.http.problems import FOUR_EYES, NOT_FOUND
from shared.kernel.errors import define
from shared.kernel.ids import new_id

APPLIED, CONFIRMED, REFUSED = "applied", "confirmed", "refused"
STATUS_WORDS = {
    APPLIED: ("待决定", "waiting for a decision"),
    CONFIRMED: ("已同意", "confirmed"),
    REFUSED: ("已退回", "refused"),
}

REINSTATEMENT_OPEN = define(
    "reinstatement_open",
    409,
    "已有待决定的恢复申请",
    "An application is open",
    "该成员已有一份恢复保障的申请待决定;请先由另一人决定它。",
    "An application for this member waits for a decision; another person decides it first.",
)
REINSTATEMENT_DECIDED = define(
    "reinstatement_decided",
    409,
    "恢复申请已经处理",
    "The application is decided",
    "该申请的状态是“{status}”;如仍需恢复,请另行申请。",
    "The status of this application is '{status}'; apply again if coverage is still to be given back.",
)


async def apply(act: Act, member_id: UUID, on: date, reason: str) -> UUID:
    """Asks for coverage of an enrolled member from a day of a known year on; nothing changes yet.

    Raises NOT_FOUND, IN_FUTURE, NO_YEAR, NOT_ENROLLED, REINSTATEMENT_OPEN.
    """
    if on > act.day:
        raise IN_FUTURE(day=on)
    year_of(await standards_of(act.conn, act.pool_code), on)
    facts = await member_facts(act.conn, act.pool_code, member_id)
    if facts is None:
        raise NOT_FOUND(what=(f"参合人员 {member_id}", f"member {member_id}"))
    if facts["status"] != ENROLLED:
        raise NOT_ENROLLED()
    reinstatement_id = new_id(act.now)
    try:
        await store.insert(act.conn, act.pool_code, reinstatement_id, member_id, on, reason, act.by, act.now)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "reinstatement_one_open":
            raise
        raise REINSTATEMENT_OPEN() from error
    return reinstatement_id


async def decide(act: Act, sealer: Sealer, reinstatement_id: UUID, decision: str) -> None:
    """Another person confirms, and the member is covered from the day asked for to the end of its year; or refuses.

    Raises NOT_FOUND, FOUR_EYES, REINSTATEMENT_DECIDED, NOT_ENROLLED, NOTHING_CHANGES.
    """
    row = await store.lock(act.conn, act.pool_code, reinstatement_id)
    if row is None:
        raise NOT_FOUND(what=(f"恢复申请 {reinstatement_id}", f"reinstatement {reinstatement_id}"))
    if row["applied_by"] == act.by:
        raise FOUR_EYES(act=("申请恢复保障", "apply for it"), then=("决定", "decide on it"))
    if row["status"] != APPLIED:
        raise REINSTATEMENT_DECIDED(status=STATUS_WORDS[row["status"]])
    await store.decide(act.conn, act.pool_code, reinstatement_id, decision, act.by, act.now)
    if decision == CONFIRMED:
        await _cover(act, sealer, row["member_id"], row["effective_on"], row["reason"])


async def _cover(act: Act, sealer: Sealer, member_id: UUID, on: date, reason: str) -> None:
    last = year_of(await standards_of(act.conn, act.pool_code), on).coverage_to

    def starts(_: UUID, timeline: Timeline) -> list[NewStart]:
        return covered_since(timeline, on, last, "reinstated")

    changed = await change_coverage(act, sealer, [member_id], starts, reason=reason)
    if changed.not_enrolled:
        raise NOT_ENROLLED()
    if not changed.changed:
        raise NOTHING_CHANGES(day=on)
