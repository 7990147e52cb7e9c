"""Areas as a path of typed segments, and which pool an area belongs to (LS-20): commands of the register's frame."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry import area_store
from services.enrollment.registry.model import LEVELS, Area
from shared.http.preconditions import Precondition, etag
from shared.http.tokens import Actor
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import define

KINDS = ("province", "prefecture", "county", "township", "village")
_ABOVE = {
    "prefecture": {"province"},
    "county": {"province", "prefecture"},
    "township": {"county"},
    "village": {"township"},
}
KIND_WORDS = {
    "province": ("省级", "province"),
    "prefecture": ("地市级", "prefecture"),
    "county": ("县级", "county"),
    "township": ("乡镇级", "township"),
    "village": ("村级", "village"),
}
_MAY_STAND_ALONE = {"province", "prefecture", "county"}

AREA_UNKNOWN = define(
    "area_unknown",
    404,
    "没有这个区划",
    "No such area",
    "区划 {area_code} 还没有登记。请先登记它(及其上级)。",
    "Area {area_code} is not registered. Register it and its parent first.",
)
AREA_MISPLACED = define(
    "area_misplaced",
    422,
    "区划位置不对",
    "The area does not fit its parent",
    "区划 {area_code} 的上级不对:{wanted}。",
    "The parent of {area_code} does not fit: {wanted}.",
)
AREA_KIND_FIXED = define(
    "area_kind_fixed",
    409,
    "区划级别不能更改",
    "The kind of an area is fixed",
    "{area_code} 已登记为{kind};代码不能改作别的级别。",
    "{area_code} is registered as {kind}; its code keeps that kind.",
)
AREA_NOT_YOURS = define(
    "area_not_yours",
    403,
    "不是本统筹区的区划",
    "Not an area of your pool",
    "区划 {area_code} 属于统筹区 {pool_code};请由其主管部门办理。",
    "Area {area_code} belongs to pool {pool_code}.",
)
POOL_UNKNOWN = define(
    "pool_unknown",
    404,
    "没有这个统筹区",
    "No such pool",
    "统筹区 {pool_code} 还没有登记。",
    "Pool {pool_code} is not registered.",
)


def area_tag(area_code: str, version: int) -> str:
    """The ETag of an area."""
    return etag("area", area_code, version)


def pool_tag(pool_code: str, name: str) -> str:
    """The ETag of a pool: of its own members; its areas and their payers are timelines."""
    return etag("pool", pool_code, name)


async def put_area(conn: AsyncConnection, actor: Actor, area: Area, now: datetime, expected: Precondition) -> str:
    """Registers an area under its parent, or renames it; returns its ETag.

    Raises AREA_UNKNOWN, AREA_MISPLACED, AREA_KIND_FIXED, and what ``expected`` raises.
    """
    known = await area_store.lock_area(conn, area.code)
    if known is not None and known["kind"] != area.kind:
        raise AREA_KIND_FIXED(area_code=area.code, kind=KIND_WORDS[known["kind"]])
    await _check_parent(conn, area)
    await _check_rights(conn, actor, area.parent if known is None else area.code, now)
    if known is None:
        expected.check(None)
        await area_store.insert_area(conn, area.code, area.parent, area.kind, area.name, now)
        return area_tag(area.code, 1)
    if known["parent_code"] != area.parent:
        raise AREA_MISPLACED(area_code=area.code, wanted=_stays(known["parent_code"]))
    renamed = known["name"] != area.name
    expected.check(area_tag(area.code, known["version"]), needed=renamed)
    if renamed:
        await area_store.rename_area(conn, area.code, area.name, now)
    return area_tag(area.code, known["version"] + renamed)


async def _check_parent(conn: AsyncConnection, area: Area) -> None:
    if area.parent is None:
        if area.kind not in _MAY_STAND_ALONE:
            raise AREA_MISPLACED(area_code=area.code, wanted=_wanted(area.kind))
        return
    if area.parent == area.code or not area.code.startswith(area.parent):
        raise AREA_MISPLACED(area_code=area.code, wanted=_wanted(area.kind))
    parent = await area_store.lock_area(conn, area.parent)
    if parent is None:
        raise AREA_UNKNOWN(area_code=area.parent)
    if parent["kind"] not in _ABOVE.get(area.kind, set()):
        raise AREA_MISPLACED(area_code=area.code, wanted=_wanted(area.kind))


def _wanted(kind: str) -> tuple[str, str]:
    """Which parent an area of a kind has, in both languages."""
    above = [KIND_WORDS[word] for word in KINDS if word in _ABOVE.get(kind, set())]
    if not above:
        return "省级没有上级", "a province has no parent"
    zh, en = ("或".join(words[0] for words in above), " or ".join(words[1] for words in above))
    return f"应是{zh}区划,且其代码是本区划代码的开头", f"it is a {en} whose code begins the area's"


def _stays(parent: str | None) -> tuple[str, str]:
    """An area keeps its registered parent."""
    if parent is None:
        return "登记时没有上级,不能再加", "it was registered without one and stays so"
    return f"已登记的上级是 {parent},不能更改", f"it is registered as {parent} and stays so"


async def _check_rights(conn: AsyncConnection, actor: Actor, area_code: str | None, now: datetime) -> None:
    """A county edits the areas of its own pool; what has no pool yet is the city's to place."""
    if actor.role == "city_health":
        return
    pool = await area_store.pool_of_area(conn, area_code, shanghai_date(now)) if area_code else None
    if pool not in actor.pools:
        raise AREA_NOT_YOURS(area_code=area_code or "-", pool_code=pool or ("(尚未划定)", "(none yet)"))


async def put_pool(
    conn: AsyncConnection,
    pool_code: str,
    name: str,
    area_code: str,
    since: date,
    payers: Mapping[str, str],
    by: str,
    now: datetime,
    expected: Precondition,
) -> None:
    """Registers a pool, the area that it serves and who pays the subsidies there; again changes what differs.

    Raises AREA_UNKNOWN, and what ``expected`` raises.
    """
    if await area_store.lock_area(conn, area_code) is None:
        raise AREA_UNKNOWN(area_code=area_code)
    known = await area_store.lock_pool(conn, pool_code)
    expected.check(None if known is None else pool_tag(pool_code, known), needed=known != name)
    await area_store.put_pool(conn, pool_code, name, now)
    await map_area(conn, area_code, pool_code, since, by, now)
    await map_payers(conn, area_code, since, payers, by, now)


async def map_area(conn: AsyncConnection, area_code: str, pool_code: str, since: date, by: str, now: datetime) -> None:
    """From ``since`` on an area belongs to a pool, which need not be that of its administrative parent."""
    if await area_store.lock_area(conn, area_code) is None:
        raise AREA_UNKNOWN(area_code=area_code)
    if await area_store.pool_name(conn, pool_code) is None:
        raise POOL_UNKNOWN(pool_code=pool_code)
    if await area_store.pool_of_area(conn, area_code, since) != pool_code:
        await area_store.map_pool(conn, area_code, since, pool_code, by, now)


async def map_payers(
    conn: AsyncConnection, area_code: str, since: date, payers: Mapping[str, str], by: str, now: datetime
) -> None:
    """From ``since`` on these pay the levels of subsidy for an area."""
    if await area_store.lock_area(conn, area_code) is None:
        raise AREA_UNKNOWN(area_code=area_code)
    known = {
        row["level"]: row["state"] for row in await area_store.payers_on(conn, since) if row["area_code"] == area_code
    }
    changed = {level: payer for level, payer in payers.items() if known.get(level) != payer}
    if changed:
        await area_store.map_payers(conn, area_code, since, changed, by, now)


async def areas_of_pool(conn: AsyncConnection, pool_code: str, day: date) -> list[Area]:
    """All areas that belong to a pool on a day."""
    return [
        Area(row["area_code"], row["parent_code"], row["kind"], row["name"])
        for row in await area_store.areas_of_pool(conn, pool_code, day)
    ]


async def payers_by_village(conn: AsyncConnection, pool_code: str, day: date) -> dict[tuple[str, str], str]:
    """(village, level) ▸ payer on a day: the village's own, or that of the nearest area above it."""
    stated = {(row["area_code"], row["level"]): row["state"] for row in await area_store.payers_on(conn, day)}
    found: dict[tuple[str, str], str] = {}
    for area in await areas_of_pool(conn, pool_code, day):
        if area.kind == "village":
            found |= _nearest(area.code, stated)
    return found


def _nearest(area_code: str, stated: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Codes are paths: every shorter prefix is an area above."""
    found = {}
    for level in LEVELS:
        for length in range(len(area_code), 0, -1):
            payer: Any = stated.get((area_code[:length], level))
            if payer is not None:
                found[area_code, level] = payer
                break
    return found
