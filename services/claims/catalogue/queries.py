"""What others may ask of the catalogue. Items of decided versions are kept in the process: they never change."""

import json
from collections.abc import Iterable
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.model import Item
from shared.db.sql import fetch, fetchval
from shared.kernel.errors import define

NO_CATALOGUE = define(
    "no_catalogue_in_force",
    409,
    "当日没有生效的目录",
    "No catalogue was in force on that day",
    "统筹区 {pool_code} 在 {day} 没有经决定的药品诊疗目录,请由管理部门公布目录后再办理。",
    "Pool {pool_code} has no decided catalogue for {day}: the public side has to decide one first.",
)

_KEPT_VERSIONS = 8
_items: dict[str, dict[str, Item]] = {}
_ITEMS = """
SELECT i.code, i.name, i.item_class, i.own_share, i.ceilings::text AS ceilings, i.restricted,
       i.essential
FROM catalogue_item i JOIN catalogue_version v ON v.code = i.version_code AND v.status = 'decided'
WHERE i.version_code = $1 AND i.code = ANY ($2::text[])
"""


async def catalogue_on(conn: AsyncConnection, pool_code: str, day: date) -> str:
    """Code of the catalogue version that serves the pool on a day. Raises NO_CATALOGUE."""
    version = await fetchval(conn, "SELECT code FROM catalogue_on($1, $2)", pool_code, day)
    if version is None:
        raise NO_CATALOGUE(pool_code=pool_code, day=day)
    return str(version)


async def catalogue_items(conn: AsyncConnection, version: str, codes: Iterable[str]) -> dict[str, Item]:
    """The items of a decided version among the codes; no statement when all are known in this process."""
    kept = _items.get(version)
    if kept is None:
        if len(_items) >= _KEPT_VERSIONS:
            _items.pop(next(iter(_items)))
        kept = _items[version] = {}
    missing = [code for code in set(codes) if code not in kept]
    if missing:
        kept.update({row["code"]: _item(row) for row in await fetch(conn, _ITEMS, version, missing)})
    return {code: item for code in codes if (item := kept.get(code)) is not None}


def _item(row: "dict[str, object]") -> Item:
    ceilings = json.loads(str(row["ceilings"])) if row["ceilings"] is not None else None
    return Item(
        code=str(row["code"]),
        item_class=str(row["item_class"]),
        own_share=int(str(row["own_share"])),
        ceilings_micro=ceilings,
        restricted=bool(row["restricted"]),
        name=str(row["name"]),
        essential=bool(row["essential"]),
    )
