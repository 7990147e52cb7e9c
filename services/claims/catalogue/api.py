"""Routes of the catalogues."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Literal

from fastapi import Path, Response
from pydantic import Field

from services.claims.benefits.model import LEVELS
from services.claims.catalogue import commands, sheets, store
from services.claims.catalogue.commands import CATALOGUE_DECIDED, CATALOGUE_UNKNOWN
from shared.contracts.wire import Ratio, Reason, UnitPrice, WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.http.preconditions import PreconditionDep, show
from shared.http.problems import PRECONDITION_FAILED, PRECONDITION_REQUIRED, documented
from shared.http.roles import ROLES
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["catalogue"])
READERS = sorted(ROLES - {"public", "operator", "sponsor"})
UPLOAD_MAX = 8 * 1024 * 1024
Version = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Ceilings = dict[Literal["village", "township", "county", "prefecture", "province", "*"], UnitPrice]
assert {"village", "township", "county", "prefecture", "province"} == set(LEVELS)


class VersionIn(WireModel):
    """Head of a draft."""

    title: Reason
    region: Annotated[str, Field(pattern=r"^([0-9]{4}|[0-9]{6})$")]
    effective_from: date


class VersionOut(WireModel):
    """A catalogue version."""

    code: str
    title: str
    region: str
    effective_from: date
    status: Literal["draft", "decided"]
    item_count: int
    author: str
    decided_by: str | None
    document_number: str | None
    decided_on: date | None


class Versions(WireModel):
    """All versions, newest effective date first."""

    items: list[VersionOut]


class ItemWire(WireModel):
    """A drug, treatment, material or facility: A counts in full, B after the own share, C and none do not count."""

    code: Code
    name: Annotated[str, Field(min_length=1, max_length=200)]
    category: Literal["drug", "treatment", "material", "bed", "other"]
    item_class: Literal["A", "B", "C", "none"]
    own_share: Ratio = 0
    price_ceilings: Ceilings | None = None
    restriction: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    essential: bool = False
    """On the list of essential medicines (基本药物): a policy may pay points more for it."""


class ItemsIn(WireModel):
    """Items to write into a draft; those of a known code are replaced."""

    items: Annotated[list[ItemWire], Field(min_length=1, max_length=5000)]


class ItemsWritten(WireModel):
    """How many items the draft now holds."""

    version: str
    item_count: int


class DecisionIn(WireModel):
    """The document of the public side that decides the version."""

    document_number: Annotated[Reason, Field(max_length=100)]
    decided_on: date


@router.get("/catalogues", openapi_extra=access(READERS, scope="free", command="list_catalogues"))
async def list_catalogues(unit: UnitDep) -> Versions:
    """All catalogue versions."""
    return Versions(items=[_version(row) for row in await store.versions(unit.conn)])


@router.get(
    "/catalogues/{version}",
    openapi_extra=access(READERS, scope="free", command="read_catalogue"),
    responses=documented(CATALOGUE_UNKNOWN),
)
async def read_catalogue(version: Version, unit: UnitDep, response: Response) -> VersionOut:
    """The head of a version; its ETag stands for head and items."""
    row = await store.get(unit.conn, version)
    if row is None:
        raise CATALOGUE_UNKNOWN(version=version)
    show(response, commands.catalogue_tag(row))
    return _version(row)


@router.put(
    "/catalogues/{version}",
    openapi_extra=access(commands.PUBLIC_SIDE, scope="free", command="put_catalogue"),
    responses=documented(CATALOGUE_DECIDED, commands.OTHER_REGION, PRECONDITION_FAILED, PRECONDITION_REQUIRED),
)
async def put_catalogue(
    version: Version, body: VersionIn, unit: UnitDep, expected: PreconditionDep, response: Response
) -> VersionOut:
    """Makes a draft, or changes the head of one, which needs the ETag of the draft as it was read."""
    await commands.put_version(unit, version, body.title, body.region, body.effective_from, expected)
    return await read_catalogue(version, unit, response)


@router.post(
    "/catalogues/{version}/items",
    openapi_extra=access(commands.PUBLIC_SIDE, scope="free", command="put_catalogue_items", max_bytes=UPLOAD_MAX),
    responses=documented(
        CATALOGUE_UNKNOWN,
        CATALOGUE_DECIDED,
        commands.ITEM_TWICE,
        commands.OWN_SHARE,
        commands.ESSENTIAL,
        PRECONDITION_FAILED,
    ),
)
async def put_catalogue_items(
    version: Version, body: ItemsIn, unit: UnitDep, expected: PreconditionDep, response: Response
) -> ItemsWritten:
    """Writes up to 5,000 items into a draft in one transaction; with If-Match only into the edition that was read."""
    items = [
        {
            "code": item.code,
            "name": item.name,
            "category": item.category,
            "item_class": item.item_class,
            "own_share": item.own_share,
            "ceilings": item.price_ceilings,
            "restriction": item.restriction,
            "essential": item.essential,
        }
        for item in body.items
    ]
    count = await commands.put_items(unit, version, items, expected)
    show(response, commands.catalogue_tag(await store.get(unit.conn, version)))
    return ItemsWritten(version=version, item_count=count)


@router.get(
    "/catalogues/{version}/items",
    openapi_extra=access(READERS, scope="free", command="list_catalogue_items") | sheets.ITEMS,
    responses=documented(CATALOGUE_UNKNOWN),
)
async def list_catalogue_items(
    version: Version, unit: UnitDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[ItemWire]:
    """Items in order of their code."""
    if await store.get(unit.conn, version) is None:
        raise CATALOGUE_UNKNOWN(version=version)
    after = decode_cursor(cursor, 1)
    rows = await store.page(unit.conn, version, str(after[0]) if after else "", limit + 1)
    items = [
        ItemWire(
            code=row["code"],
            name=row["name"],
            category=row["category"],
            item_class=row["item_class"],
            own_share=row["own_share"],
            price_ceilings=json.loads(row["ceilings"]) if row["ceilings"] else None,
            restriction=row["restriction"],
            essential=row["essential"],
        )
        for row in rows[:limit]
    ]
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor(items[-1].code) if more else None)


@router.post(
    "/catalogues/{version}/decision",
    openapi_extra=access(commands.DECIDERS, scope="free", command="decide_catalogue"),
    responses=documented(
        CATALOGUE_UNKNOWN, CATALOGUE_DECIDED, commands.CATALOGUE_EMPTY, commands.DECIDED_AHEAD, PRECONDITION_FAILED
    ),
)
async def decide_catalogue(
    version: Version, body: DecisionIn, unit: UnitDep, expected: PreconditionDep, response: Response
) -> VersionOut:
    """Another person than the author records the decision, with If-Match on the edition that was read; from here on
    nothing of the version changes."""
    await commands.decide(unit, version, body.document_number, body.decided_on, expected)
    return await read_catalogue(version, unit, response)


def _version(row: dict[str, object]) -> VersionOut:
    return VersionOut.model_validate({name: row[name] for name in VersionOut.model_fields})
