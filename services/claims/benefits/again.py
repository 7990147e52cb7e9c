"""Versions that were accepted earlier, looked at with today's checks (decision 0257)."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from services.claims.benefits import store, templates
from services.claims.benefits.check import findings
from services.claims.benefits.compiler import stored
from services.claims.benefits.contradictions import contradictions
from services.claims.benefits.document import Finding, Source
from services.claims.benefits.messages import refused
from services.claims.benefits.schema import PolicyDoc
from shared.http.unit import Unit


async def look_again(unit: Unit, row: Any) -> list[Finding]:
    """What today's checks find in a stored version, on the lines of its text: errors that would refuse it today, or
    else what a person should look at. What it inherited is part of it, as it was when it was handed in."""
    canonical = await store.canonical(unit.conn, unit.pool_code, row["id"])
    text = await store.document(unit.conn, unit.pool_code, row["id"])
    source = await templates.source_of(unit, row, text, unit.pool_code)
    return found_in(str(canonical), source)


def found_in(canonical: str, source: Source) -> list[Finding]:
    """The findings of a canonical form; the first kind of error found ends it, as when a document is handed in.

    The canonical form writes out what the author left to its default; only what he wrote needs a clause.
    """
    try:
        whole = PolicyDoc.model_validate(json.loads(canonical))
        document = PolicyDoc.model_validate(whole.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    except ValidationError as wrong:
        return list(refused(source, wrong, PolicyDoc).findings)
    if errors := [source.finding(path, message) for path, message in contradictions(document)]:
        return errors
    policy, written = stored(canonical)
    return findings(policy, source, written)
