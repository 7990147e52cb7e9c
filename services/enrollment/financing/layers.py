"""Who has joined a voluntary layer above the scheme, for example the supplementary cover (ZZ-05, ZZ-42, rulings §5).

Each person joins for himself and for a coverage year, by a payment on a receipt. The money never touches the fund: it
is the insurer's premium and its head count is what city finance gives its subsidy for. Here stands only who paid when,
and since when the layer counts for him; coverage events tell it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from services.enrollment.financing import layers_store as store
from services.enrollment.financing.billing import standard_for
from services.enrollment.financing.rules import Standard, covered_from
from services.enrollment.registry.act import Act
from services.enrollment.registry.model import within
from services.enrollment.registry.people import members_facts
from services.enrollment.registry.publish import change_coverage
from shared.db.personal import Sealer
from shared.kernel.errors import Words, define
from shared.kernel.timelines import NONE, Start, current

R = TypeVar("R")
JOINED = "joined"
SUPPLEMENTARY = "supplementary"
LAYERS: Mapping[str, Words] = MappingProxyType({SUPPLEMENTARY: ("补充医疗保险", "the supplementary cover")})
"""Voluntary layers by their id in the policy documents; a list for any other would never be read."""
LAYER_STANDARD_FIXED = define(
    "layer_standard_fixed",
    409,
    "该年度保费标准已登记",
    "The year has a standard",
    "{layer}{year} 年度的保费标准已登记且内容不同;已据此收费的标准不能更改。",
    "There is a standard of {layer} for {year} already, and it differs; people have paid by it.",
)
LAYER_UNKNOWN = define(
    "layer_unknown",
    409,
    "还没有该年度的保费标准",
    "No standard for the layer",
    "{pool_code} 还没有公布{layer} {year} 年度的保费标准;请县合管办先登记。",
    "Pool {pool_code} has no standard of {layer} for {year}; the county office records it first.",
)
JOINERS_REFUSED = define(
    "joiners_refused",
    422,
    "参保名单有误",
    "The list is wrong",
    "“errors”所列人员有误;整张名单没有登记。请改正后重发。",
    "The persons listed in errors are wrong; nobody of the list was recorded.",
)
LEAVING_REFUSED = define(
    "leaving_refused",
    409,
    "不能这样退出",
    "Cannot leave like this",
    "此人 {year} 年度没有在 {day} 之前参加{layer},或已经退出;退出最早从明天起生效。",
    "The person has not joined {layer} for {year} before {day}, or has left; leaving counts from tomorrow on.",
)


@dataclass(frozen=True, slots=True)
class LayerStandard:
    """What a year of a layer costs a head, and what the city adds; in fen."""

    layer: str
    year: int
    premium_fen: int
    subsidy_fen: int
    document_number: str


@dataclass(frozen=True, slots=True)
class Joiner:
    """A person who paid, on which receipt and when."""

    member_id: UUID
    receipt_number: str
    paid_on: date


@dataclass(frozen=True, slots=True)
class Joined:
    """What a list did: who joined now, and how many were recorded before as they stand."""

    members: tuple[UUID, ...]
    unchanged: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Heads:
    """Who paid for a year in a township; amounts in fen."""

    township_code: str
    heads: int
    left_early: int
    premium_fen: int
    subsidy_fen: int


async def put_layer_standard(act: Act, new: LayerStandard) -> None:
    """Records a layer's year; the same again changes nothing. Raises STANDARD_UNKNOWN, LAYER_STANDARD_FIXED."""
    await standard_for(act.conn, act.pool_code, new.year)
    values = (new.layer, new.year, new.premium_fen, new.subsidy_fen, new.document_number, act.by, act.now)
    if await store.insert_standard(act.conn, act.pool_code, *values):
        return
    if await layer_standard(act.conn, act.pool_code, new.layer, new.year) != new:
        raise LAYER_STANDARD_FIXED(layer=LAYERS[new.layer], year=new.year)


async def layer_standard(conn: Any, pool_code: str, layer: str, year: int) -> LayerStandard:
    """What a year of a layer costs. Raises LAYER_UNKNOWN."""
    row = await store.standard(conn, pool_code, layer, year)
    if row is None:
        raise LAYER_UNKNOWN(pool_code=pool_code, layer=LAYERS[layer], year=year)
    return LayerStandard(layer, year, row["premium_fen"], row["subsidy_fen"], row["document_number"])


@dataclass(frozen=True, slots=True)
class List:
    """A layer's year that persons join, its lock taken: one list after the other."""

    layer: str
    costs: LayerStandard
    standard: Standard


async def opened(act: Act, layer: str, year: int) -> List:
    """The list of a layer's year, no other being entered. Raises STANDARD_UNKNOWN, LAYER_UNKNOWN."""
    standard = await standard_for(act.conn, act.pool_code, year)
    costs = await layer_standard(act.conn, act.pool_code, layer, year)
    await store.lock_layer(act.conn, act.pool_code, layer)
    return List(layer, costs, standard)


async def join(
    act: Act, sealer: Sealer, areas: Sequence[str], layer: str, year: int, joiners: Sequence[Joiner]
) -> Joined:
    """Records a list of persons who paid, all or none; each has joined from the day that his payment gives.

    The day of payment decides as it does for the scheme itself (rulings §17). A person recorded before with the same
    receipt stays as he is. Raises STANDARD_UNKNOWN, LAYER_UNKNOWN, JOINERS_REFUSED with reasons.
    """
    errors: list[dict[str, str | Words]] = []
    for_list = await opened(act, layer, year)
    judged = await _judged(act, areas, for_list, joiners)
    for number, field, reason in judged.faults:
        errors.append({"at": f"joiners.{number}.{field}", "reason": reason})
    if errors:
        raise JOINERS_REFUSED(errors=errors)
    return await _enter(act, sealer, for_list, joiners, judged)


async def join_sound(
    act: Act,
    sealer: Sealer,
    areas: Sequence[str],
    of: List,
    rows: Sequence[tuple[R, Joiner]],
    refuse: Callable[[R, str, str], None],
) -> Joined:
    """Records those rows of a table that are sound; each fault of the others is told to ``refuse`` (row, field, what
    is wrong in Chinese)."""
    joiners = [joiner for _, joiner in rows]
    judged = await _judged(act, areas, of, joiners)
    for number, field, (told, _) in judged.faults:
        refuse(rows[number][0], field, told)
    wrong = {number for number, _, _ in judged.faults}
    return await _enter(act, sealer, of, [one for n, one in enumerate(joiners) if n not in wrong], judged)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is known of those on a list, and what is wrong with whom: (place, field, reason)."""

    members: Mapping[UUID, Any]
    known: Mapping[UUID, Any]
    faults: Sequence[tuple[int, str, Words]]


async def _judged(act: Act, areas: Sequence[str], of: List, joiners: Sequence[Joiner]) -> _Judged:
    ids = [one.member_id for one in joiners]
    members = await members_facts(act.conn, act.pool_code, ids)
    known = await store.payments(act.conn, act.pool_code, of.layer, of.standard.year, ids)
    receipts = await store.receipt_households(
        act.conn, act.pool_code, of.layer, sorted({one.receipt_number for one in joiners})
    )
    return _Judged(members, known, judge(joiners, members, known, receipts, areas, of.standard, act.day))


async def _enter(act: Act, sealer: Sealer, of: List, joiners: Sequence[Joiner], judged: _Judged) -> Joined:
    """Writes those who are new; who was recorded before stays as he is."""
    new = [one for one in joiners if one.member_id not in judged.known]
    if new:
        await _record(act, of, new, judged.members)
        await change_coverage(act, sealer, [], _nothing, touched=frozenset(one.member_id for one in new))
    return Joined(tuple(one.member_id for one in new), len(joiners) - len(new), len(new) * of.costs.premium_fen)


def _nothing(_member: UUID, _timeline: tuple[Start, ...]) -> list[Any]:
    return []  # joining changes no coverage: members are told for their layers alone


def judge(
    joiners: Sequence[Joiner],
    members: Mapping[UUID, Any],
    known: Mapping[UUID, Any],
    receipts: Mapping[str, UUID],
    areas: Sequence[str],
    standard: Standard,
    today: date,
) -> list[tuple[int, str, Words]]:
    """What is wrong with each person of a list, beside the others and the register: (place, field, reason)."""
    faults: list[tuple[int, str, Words]] = []
    households = dict(receipts)
    seen: set[UUID] = set()

    def refuse(number: int, field: str, reason: Words) -> None:
        faults.append((number, field, reason))

    for number, one in enumerate(joiners):
        member = members.get(one.member_id)
        if member is None or not within(areas, member["village_code"]):
            refuse(number, "member_id", ("没有这位参合人员,或不归您经办", "no such member of yours"))
            continue
        if member["status"] == "ended":
            refuse(number, "member_id", ("此人的参合关系已终止", "the membership has ended"))
        if one.member_id in seen:
            refuse(number, "member_id", ("名单中此人重复", "the person stands twice in the list"))
        seen.add(one.member_id)
        if one.paid_on > today:
            refuse(number, "paid_on", (f"缴费日期晚于今天 {today}", "paid after today"))
        if covered_from(standard, one.paid_on) is None:
            refuse(number, "paid_on", ("该年度不再接受这一天的缴费", "the year takes no payment of that day"))
        if households.setdefault(one.receipt_number, member["household_id"]) != member["household_id"]:
            refuse(number, "receipt_number", ("收据号已用于另一户", "number used for another household"))
        before = known.get(one.member_id)
        if before is not None and _differs(before, one):
            refuse(number, "member_id", ("此人该年度已登记,收据或日期不同", "recorded with another receipt or day"))
    return faults


def _differs(before: Any, one: Joiner) -> bool:
    return (before["receipt_number"], before["paid_on"], before["left_from"]) != (one.receipt_number, one.paid_on, None)


async def _record(act: Act, of: List, new: Sequence[Joiner], members: Mapping[UUID, Any]) -> None:
    """Payments and the starts that they give."""
    layer, costs, standard = of.layer, of.costs, of.standard
    rows: list[store.Payment] = []
    starts: list[store.LayerStartRow] = []
    known = await _timelines(act, layer, [one.member_id for one in new])
    for one in new:
        first = covered_from(standard, one.paid_on)
        assert first is not None  # judged before
        township = members[one.member_id]["township_code"]
        rows.append((one.member_id, township, one.receipt_number, one.paid_on, first))
        starts += _starts(one.member_id, known.get(one.member_id, ()), first, standard.coverage_to)
    await store.insert_payments(act.conn, act.pool_code, layer, standard.year, costs.premium_fen, act.by, act.now, rows)
    await store.insert_starts(act.conn, act.pool_code, layer, act.by, act.now, starts)


async def _timelines(act: Act, layer: str, members: Sequence[UUID]) -> dict[UUID, tuple[Start, ...]]:
    found: dict[UUID, tuple[Start, ...]] = {}
    for row in await store.starts(act.conn, act.pool_code, layer, members):
        start = Start(row["valid_from"], row["recorded_seq"], row["state"])
        found[row["member_id"]] = (*found.get(row["member_id"], ()), start)
    return found


def _starts(member: UUID, known: Sequence[Start], first: date, last: date) -> list[store.LayerStartRow]:
    """Joined from ``first`` to ``last``; a following year that is joined already keeps its start."""
    after, sequence = last + timedelta(days=1), _next(known)
    rows: list[store.LayerStartRow] = [(member, first, sequence, JOINED)]
    if all(start.valid_from != after for start in current(known)):
        rows.append((member, after, sequence, NONE))
    return rows


def _next(known: Sequence[Start]) -> int:
    return max((start.recorded_seq for start in known), default=0) + 1


async def leave(act: Act, sealer: Sealer, layer: str, year: int, member_id: UUID, on: date, reason: str) -> None:
    """The layer counts for the person no longer from a day on, tomorrow at the earliest: what was settled stands.

    Raises LEAVING_REFUSED.
    """
    await store.lock_layer(act.conn, act.pool_code, layer)
    left = on > act.day and await store.leave(act.conn, act.pool_code, layer, year, member_id, on, reason)
    if not left:
        raise LEAVING_REFUSED(layer=LAYERS[layer], year=year, day=on)
    known = (await _timelines(act, layer, [member_id]))[member_id]
    await store.insert_starts(act.conn, act.pool_code, layer, act.by, act.now, [(member_id, on, _next(known), NONE)])
    await change_coverage(act, sealer, [], _nothing, touched=frozenset((member_id,)))


async def heads_of(conn: Any, pool_code: str, layer: str, year: int) -> list[Heads]:
    """Who paid for a year, by township: what the city's subsidy is counted on (ZZ-30). Raises LAYER_UNKNOWN."""
    costs = await layer_standard(conn, pool_code, layer, year)
    return [
        Heads(
            row["township_code"],
            row["heads"],
            row["left_early"],
            row["premium_fen"],
            row["heads"] * costs.subsidy_fen,
        )
        for row in await store.heads(conn, pool_code, layer, year)
    ]
