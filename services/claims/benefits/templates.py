"""Templates of the city and the documents that a new version may inherit from (ZZ-07).

A template is written, checked and decided by the city's health bureau and belongs to no pool: it serves the counties
whose code begins with its region. A county's document that inherits is laid over its parent when it is handed in, and
the whole is kept: what the parent becomes later changes nothing of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from services.claims.benefits import library, store, templates_store
from services.claims.benefits.check import findings
from services.claims.benefits.compiler import Loaded, load, stored
from services.claims.benefits.document import Finding, PolicyErrors, Source, read
from services.claims.benefits.lifecycle import expect_checkable, expect_decidable, invalid_document
from shared.http.tokens import Actor
from shared.http.unit import Unit
from shared.kernel.errors import define

CITY = ("city_health",)

TEMPLATE_UNKNOWN = define(
    "policy_template_unknown",
    404,
    "没有这个模板",
    "No such template",
    "没有编号为 {code} 的补偿方案模板,请核对编号。",
    "There is no policy template {code}: check the code.",
)
TEMPLATE_KNOWN = define(
    "policy_template_known",
    409,
    "这个编号的模板已经登记",
    "A template of that code is recorded already",
    "编号为 {code} 的模板已经登记;修改后的模板请换一个编号。",
    "A template {code} is recorded: give a changed one a code of its own.",
)
OTHER_REGION = define(
    "policy_template_of_another_region",
    403,
    "不是您管辖的地区",
    "Not your region",
    "您不能管理地区 {region} 的模板:市级只管本市(4 位代码)。",
    "You may not manage a template of region {region}: a city answers for its own four digits.",
)
NO_TEMPLATE = define(
    "policy_template_names_pools",
    422,
    "模板不能写明统筹区",
    "A template names no pools",
    "模板适用于全市各县,请去掉“pools”;只适用于一个县的方案由该县登记。",
    "A template serves all counties of the city: leave out pools, or record it as a policy of the county.",
)


async def load_for_pool(unit: Unit, text: str) -> Loaded:
    """The document of a pool, laid over what it inherits from. Raises DOCUMENT_INVALID naming every line."""
    return await _load(unit, text, unit.pool_code)


async def _load(unit: Unit, text: str, region: str) -> Loaded:
    try:
        parents = await _parents(unit, read(text), region)
        return load(text, lambda code: parents[code])
    except PolicyErrors as wrong:
        raise invalid_document(wrong.findings) from wrong


async def source_of(unit: Unit, row: Any, text: str, region: str) -> Source:
    """A recorded document with the lines of what it inherits; where a parent has changed since it was recorded, so
    that it would give something else today, only with the parent's code."""
    own = read(text)
    try:
        parents = await _parents(unit, own, region)
        loaded = load(text, lambda code: parents[code])
    except PolicyErrors:
        loaded = None
    if loaded is not None and loaded.policy.hash == row["hash"]:
        return loaded.source
    return replace(own, parent=str(own.raw.get("inherits", "")))


async def _parents(unit: Unit, source: Source, region: str) -> dict[str, str]:
    """The texts of all documents that one inherits from, by code: what the pool has decided comes before the city's
    templates, and those before the documents that come with the system."""
    found: dict[str, str] = {}
    code = source.raw.get("inherits")
    while isinstance(code, str) and code not in found:
        text = await _text_of(unit, code, region)
        if text is None:
            break
        found[code] = text
        code = read(text).raw.get("inherits")
    return found


async def _text_of(unit: Unit, code: str, region: str) -> str | None:
    text = await store.decided_text(unit.conn, region, code)
    text = text or await templates_store.decided_text(unit.conn, region, code)
    if text is not None:
        return text
    try:
        return library.text_of(code)
    except KeyError:
        return None


async def submit(unit: Unit, region: str, text: str) -> tuple[Any, Loaded]:
    """Records a draft of the city. Returns its row and the document.

    Raises OTHER_REGION, DOCUMENT_INVALID, NO_TEMPLATE, TEMPLATE_KNOWN.
    """
    _competent(unit.actor, region)
    loaded = await _load(unit, text, region)
    policy = loaded.policy
    if policy.pools:
        raise NO_TEMPLATE()
    row: dict[str, Any] = {
        "code": policy.id,
        "region": region,
        "title": policy.title,
        "hash": policy.hash,
        "effective_from": policy.effective_from,
        "document": text,
        "canonical": loaded.canonical,
        "illustrative": list(policy.illustrative),
        "author": unit.actor.subject,
        "created_at": unit.now,
    }
    if not await templates_store.insert(unit.conn, row):
        raise TEMPLATE_KNOWN(code=policy.id)
    unit.result("policy_template", policy.id)
    unit.note(code=policy.id, region=region, hash=policy.hash)
    return await templates_store.get(unit.conn, policy.id), loaded


async def check(unit: Unit, code: str) -> list[Finding]:
    """A second person of the city has read it; returns what the machine found."""
    row = await _locked(unit, code)
    expect_checkable(unit, row)
    policy, written = stored(row["canonical"])
    found = findings(policy, await source_of(unit, row, row["document"], row["region"]), written)
    await templates_store.set_checked(unit.conn, code, unit.actor.subject, unit.now)
    unit.result("policy_template", code)
    unit.note(code=code, hash=row["hash"], warnings=len(found))
    return found


async def decide(unit: Unit, code: str, document_number: str, decided_on: date) -> Any:
    """The city's document: from now on counties may inherit from it. Returns the row."""
    row = await _locked(unit, code)
    expect_decidable(unit, row, decided_on)
    await templates_store.set_decided(unit.conn, code, unit.actor.subject, unit.now, document_number, decided_on)
    unit.result("policy_template", code)
    unit.note(code=code, hash=row["hash"], document_number=document_number)
    return await templates_store.get(unit.conn, code)


async def known(unit: Unit, code: str) -> Any:
    """A template. Raises TEMPLATE_UNKNOWN."""
    row = await templates_store.get(unit.conn, code)
    if row is None:
        raise TEMPLATE_UNKNOWN(code=code)
    return row


async def _locked(unit: Unit, code: str) -> Any:
    row = await templates_store.get(unit.conn, code, lock=True)
    if row is None:
        raise TEMPLATE_UNKNOWN(code=code)
    _competent(unit.actor, row["region"])
    return row


def _competent(actor: Actor, region: str) -> None:
    """A city answers for the region in which its counties lie. Raises OTHER_REGION."""
    if not any(pool.startswith(region) for pool in actor.pools):
        raise OTHER_REGION(region=region)
