"""A catalogue version: drafted, filled with items, decided by the public side, never changed again (rulings §8)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from services.claims.catalogue import store
from shared.http.preconditions import Precondition, etag
from shared.http.problems import FOUR_EYES
from shared.http.tokens import Actor
from shared.http.unit import Unit
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import define

PUBLIC_SIDE = ("county_director", "county_recheck", "city_health")
DECIDERS = ("county_director", "city_health")

CATALOGUE_UNKNOWN = define(
    "catalogue_unknown",
    404,
    "没有这个目录版本",
    "No such catalogue version",
    "没有目录版本 {version},请核对编号。",
    "There is no catalogue version {version}: check the code.",
)
CATALOGUE_DECIDED = define(
    "catalogue_decided",
    409,
    "目录已经决定",
    "The catalogue is decided",
    "目录版本 {version} 已经决定,不能再改;请另建一个版本。",
    "Catalogue version {version} is decided and does not change: make another version.",
)
CATALOGUE_EMPTY = define(
    "catalogue_empty",
    409,
    "目录没有项目",
    "The catalogue has no items",
    "目录版本 {version} 还没有项目,请先上传项目再决定。",
    "Catalogue version {version} has no items: upload them before it is decided.",
)
OTHER_REGION = define(
    "catalogue_of_another_region",
    403,
    "不是您管辖的地区",
    "Not your region",
    "您不能管理地区 {region} 的目录:县级只管本县(6 位代码),市级管本市(4 位)及其各县。",
    "You may not manage a catalogue of region {region}: a county its own six digits, a city its four and its counties.",
)
ITEM_TWICE = define(
    "catalogue_item_twice",
    422,
    "同一编码写了两次",
    "A code occurs twice",
    "项目编码 {codes} 在这批中出现两次,请去掉重复的。",
    "Codes {codes} occur twice in this batch: remove the repetitions.",
)
OWN_SHARE = define(
    "catalogue_own_share",
    422,
    "甲类项目没有先行自付",
    "Class A has no own share",
    "甲类项目 {codes} 写了先行自付比例;请改为乙类,或去掉比例。",
    "Class A items {codes} carry an own share: make them class B or leave it out.",
)
ESSENTIAL = define(
    "catalogue_essential",
    422,
    "只有药品是基本药物",
    "Only a drug is an essential medicine",
    "项目 {codes} 不是药品,却标为基本药物;请改正类别,或去掉标记。",
    "Items {codes} are no drugs and are marked as essential medicines: correct the category or take the mark away.",
)
DECIDED_AHEAD = define(
    "catalogue_decided_in_the_future",
    422,
    "决定日期还没有到",
    "The decision lies in the future",
    "决定日期 {decided_on} 晚于今天 {today},请填写文件的日期。",
    "The decision is dated {decided_on} and today is {today}: give the date of the document.",
)


def catalogue_tag(head: Any) -> str:
    """The ETag of a version: of its head and its items together."""
    return etag("catalogue", head["code"], head["edition"])


async def put_version(unit: Unit, code: str, title: str, region: str, since: date, expected: Precondition) -> None:
    """Makes a draft, or changes the head of one. Raises what ``expected`` raises besides."""
    _competent(unit.actor, region)
    if not await store.insert(unit.conn, code, title, region, since, unit.actor.subject, unit.now):
        head = await _draft(unit, code)
        changed = (head["title"], head["region"], head["effective_from"]) != (title, region, since)
        expected.check(catalogue_tag(head), needed=changed)
        if changed:
            await store.change(unit.conn, code, title, region, since)
    else:
        expected.check(None)
    unit.result("catalogue", code)
    unit.note(region=region, effective_from=since.isoformat())


async def put_items(unit: Unit, code: str, items: list[dict[str, Any]], expected: Precondition) -> int:
    """Writes items into a draft; returns how many it now holds. Raises what ``expected`` raises besides."""
    expected.check(catalogue_tag(await _draft(unit, code)), needed=False)
    codes = Counter(item["code"] for item in items)
    if len(codes) < len(items):
        raise ITEM_TWICE(codes=", ".join(sorted(code for code, times in codes.items() if times > 1)[:20]))
    if wrong := [item["code"] for item in items if item["item_class"] == "A" and item["own_share"]]:
        raise OWN_SHARE(codes=", ".join(wrong[:20]))
    if wrong := [item["code"] for item in items if item["essential"] and item["category"] != "drug"]:
        raise ESSENTIAL(codes=", ".join(wrong[:20]))
    written = await store.put_items(unit.conn, code, items)
    total = await store.count_items(unit.conn, code)
    unit.result("catalogue", code)
    unit.note(written=written, total=total)
    return total


async def decide(unit: Unit, code: str, document_number: str, decided_on: date, expected: Precondition) -> Any:
    """Another person than the author decides on the document's authority. Returns the head."""
    head = await _draft(unit, code)
    expected.check(catalogue_tag(head), needed=False)
    if head["author"] == unit.actor.subject:
        raise FOUR_EYES(act=("起草目录", "draft the catalogue"), then=("决定", "decide on it"))
    today = shanghai_date(unit.now)
    if decided_on > today:
        raise DECIDED_AHEAD(decided_on=decided_on, today=today)
    if head["item_count"] == 0:
        raise CATALOGUE_EMPTY(version=code)
    await store.set_decided(unit.conn, code, unit.actor.subject, unit.now, document_number, decided_on)
    unit.result("catalogue", code)
    unit.note(document_number=document_number, items=head["item_count"])
    return head


async def _draft(unit: Unit, code: str) -> Any:
    """The draft, locked. Raises CATALOGUE_UNKNOWN, CATALOGUE_DECIDED, OTHER_REGION."""
    head = await store.get(unit.conn, code, lock=True)
    if head is None:
        raise CATALOGUE_UNKNOWN(version=code)
    _competent(unit.actor, head["region"])
    if head["status"] != "draft":
        raise CATALOGUE_DECIDED(version=code)
    return head


def _competent(actor: Actor, region: str) -> None:
    """A county answers for its own pool, a city for itself and its counties."""
    mine = region in actor.pools
    if actor.role == "city_health":
        mine = mine or (len(region) == 4 and any(pool.startswith(region) for pool in actor.pools))
    if not mine:
        raise OTHER_REGION(region=region or "—")
