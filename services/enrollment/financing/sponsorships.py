"""Somebody else pays the premium of a group (LS-14, WC-13): applied for by the sponsor, confirmed by county finance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.enrollment.financing import refund_store, sponsorship_store, store
from services.enrollment.financing.billing import settle_complete, standard_for
from services.enrollment.registry.act import SERVICE, Act
from services.enrollment.registry.groups import NAMES
from services.enrollment.registry.people import members_in_group
from shared.contracts.enrollment import PremiumSponsored
from shared.db.personal import Sealer
from shared.http.problems import FOUR_EYES, NOT_FOUND
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.messaging.outbox import emit

STATUS_WORDS = {
    "applied": ("待决定", "waiting for a decision"),
    "confirmed": ("已确认", "confirmed"),
    "refused": ("已退回", "refused"),
}

SPONSORSHIP_EMPTY = define(
    "sponsorship_empty",
    409,
    "没有可资助的人",
    "Nobody to sponsor",
    "{year} 年度 “{group}”里没有未缴费且未被资助的人(须在名册中登记人员属性)。",
    "No member of group {group} is open and unsponsored for {year}; the roster names a person's groups.",
)
SPONSORSHIP_DECIDED = define(
    "sponsorship_decided",
    409,
    "资助申请已经处理",
    "The sponsorship is decided",
    "该资助申请的状态是“{status}”;如仍需资助,请重新申请。",
    "The status of this sponsorship is '{status}'; apply again if it is still wanted.",
)
SPONSORSHIP_OVERTAKEN = define(
    "sponsorship_overtaken",
    409,
    "名单里有人已缴费",
    "Somebody on the list has paid",
    "名单 {heads} 人中只有 {still} 人仍未缴费;请退回后重新申请。",
    "Of {heads} on the list only {still} are still open; refuse it and let the sponsor apply again.",
)
SPONSORSHIP_WAITS = define(
    "sponsorship_waits",
    409,
    "名单里有人正在退费",
    "Refunds are under way on the list",
    "名单所涉缴费单有 {bills} 张正在办退费;请等退费办结后再确认,或退回后重新申请。",
    "Refunds of {bills} bills on the list are under way; confirm when they have ended, or refuse the application.",
)


@dataclass(frozen=True, slots=True)
class Application:
    """A recorded application; amount in fen."""

    sponsorship_id: UUID
    head_count: int
    amount_fen: int


async def apply(act: Act, sponsor: str, group: str, year: int, member_ids: Sequence[UUID] | None) -> Application:
    """Lists the open members of a group (or those named) for a sponsor. Raises SPONSORSHIP_EMPTY, STANDARD_UNKNOWN."""
    await sponsorship_store.lock_sponsorships(act.conn, act.pool_code)
    standard = await standard_for(act.conn, act.pool_code, year)
    in_group = await members_in_group(act.conn, act.pool_code, group, max(act.day, standard.coverage_from))
    wanted = [member for member in in_group if member_ids is None or member in set(member_ids)]
    open_lines = await sponsorship_store.sponsorable(act.conn, act.pool_code, year, wanted)
    lines = fitting(open_lines)
    if not lines:
        raise SPONSORSHIP_EMPTY(year=year, group=(NAMES[group], group))
    application = Application(new_id(act.now), len(lines), sum(line[2] for line in lines))
    await sponsorship_store.insert_sponsorship(
        act.conn,
        act.pool_code,
        lines,
        application.sponsorship_id,
        sponsor,
        group,
        year,
        application.head_count,
        application.amount_fen,
        act.by,
        act.now,
    )
    return application


def fitting(rows: Sequence[Any]) -> list[tuple[UUID, UUID, int]]:
    """The lines (member, bill, premium) that a sponsor can take: what a household paid in part is not paid again."""
    left: dict[UUID, int] = {row["bill_id"]: row["open_fen"] for row in rows}
    lines = []
    for row in rows:
        if left[row["bill_id"]] >= row["premium_fen"]:
            left[row["bill_id"]] -= row["premium_fen"]
            lines.append((row["member_id"], row["bill_id"], row["premium_fen"]))
    return lines


async def confirm(act: Act, sealer: Sealer, sponsorship_id: UUID) -> int:
    """County finance takes the sponsor's word: the lines are sponsored, complete bills are covered from the day of
    confirmation. Returns how many members are covered now. Raises FOUR_EYES, SPONSORSHIP_DECIDED, _OVERTAKEN, _WAITS.
    """
    row = await _open_application(act, sponsorship_id)
    wanted = {
        bill["bill_id"]: bill["amount_fen"]
        for bill in await sponsorship_store.sponsored_bills(act.conn, act.pool_code, sponsorship_id)
    }
    bills = list(wanted)
    locked = await store.lock_bills(act.conn, act.pool_code, bills)
    if refunding := await refund_store.under_way(act.conn, act.pool_code, bills):
        raise SPONSORSHIP_WAITS(bills=len(refunding))
    fits = all(wanted[bill["bill_id"]] <= bill["due_fen"] - bill["paid_fen"] for bill in locked)
    still = await sponsorship_store.take_over_lines(act.conn, act.pool_code, sponsorship_id)
    if still != row["head_count"] or not fits:
        raise SPONSORSHIP_OVERTAKEN(heads=row["head_count"], still=still)
    await sponsorship_store.decide_sponsorship(
        act.conn, act.pool_code, sponsorship_id, "confirmed", act.by, act.now, None
    )
    await store.recount(act.conn, act.pool_code, bills)
    await sponsorship_store.note_sponsor_day(act.conn, act.pool_code, bills, act.day)
    payload = PremiumSponsored(
        sponsorship_id=sponsorship_id,
        sponsor=row["sponsor"],
        group=row["group_code"],
        year=row["year"],
        head_count=row["head_count"],
        amount=row["amount_fen"],
        confirmed_on=act.day,
        at=act.now,
    )
    await emit(
        act.conn,
        payload,
        pool_code=act.pool_code,
        subject=str(sponsorship_id),
        sequence=1,
        business_day=act.day,
        now=act.now,
        service=SERVICE,
        amount_fen=row["amount_fen"],
    )
    return len((await settle_complete(act, sealer, bills)).changed)


async def refuse(act: Act, sponsorship_id: UUID, reason: str) -> None:
    """County finance sends the application back with a reason. Raises FOUR_EYES, SPONSORSHIP_DECIDED."""
    await _open_application(act, sponsorship_id)
    await sponsorship_store.decide_sponsorship(
        act.conn, act.pool_code, sponsorship_id, "refused", act.by, act.now, reason
    )


async def _open_application(act: Act, sponsorship_id: UUID) -> Any:
    await sponsorship_store.lock_sponsorships(act.conn, act.pool_code)
    row = await sponsorship_store.sponsorship(act.conn, act.pool_code, sponsorship_id)
    if row is None:
        raise NOT_FOUND(what=(f"资助申请 {sponsorship_id}", f"sponsorship {sponsorship_id}"))
    if row["applied_by"] == act.by:
        raise FOUR_EYES(act=("申请资助", "apply for it"), then=("决定", "decide on it"))
    if row["status"] != "applied":
        raise SPONSORSHIP_DECIDED(status=STATUS_WORDS[row["status"]])
    return row
