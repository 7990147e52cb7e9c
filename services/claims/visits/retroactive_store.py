"""The SQL of claims that a late decision concerns: by household, so that caps are followed claim by claim."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.model import Earlier
from services.claims.visits.claims import COLUMNS, Claim, claim_of
from services.claims.visits.counters import Ref
from services.claims.visits.deciding import Visit
from services.claims.visits.retroactive_facts import Counted, CutOff, Given, TakenBack
from services.claims.visits.visit_rows import visit_of
from shared.db.sql import execute, fetch, rows_as_json

_IN_BETWEEN = """
pool_code = $1 AND settled_on >= $2 AND settled_at < $3 AND admitted_on >= $2
  AND ($4::date IS NULL OR admitted_on < $4) AND status IN ('settled', 'approved', 'released')
  AND policy_hash <> $5
"""
_CLAIMS = f"""
WITH page AS (
  SELECT DISTINCT household_id FROM claim
  WHERE {_IN_BETWEEN} AND ($6::uuid IS NULL OR household_id > $6)
  ORDER BY household_id LIMIT $7
)
SELECT {", ".join(COLUMNS)} FROM claim
WHERE {_IN_BETWEEN} AND household_id IN (SELECT household_id FROM page)
ORDER BY id
"""
_ENTRIES = """
SELECT claim_id, owner_id, scope, year, detail, move, added FROM accumulator_entry
WHERE pool_code = $1 AND owner_id = ANY ($2::uuid[]) AND claim_id = ANY ($3::uuid[]) AND NOT takes_back
"""
_TAKEN_BACK = """
SELECT t.owner_id, t.scope, t.year, t.detail, e.move, t.move AS back, e.added
FROM accumulator_entry t
JOIN accumulator_entry e ON e.pool_code = t.pool_code AND e.owner_id = t.owner_id AND e.scope = t.scope
 AND e.year = t.year AND e.detail = t.detail AND e.claim_id = t.claim_id AND NOT e.takes_back
WHERE t.pool_code = $1 AND t.owner_id = ANY ($2::uuid[]) AND t.takes_back
  AND (EXISTS (SELECT FROM cancellation x WHERE x.pool_code = $1 AND x.claim_id = t.claim_id)
    OR EXISTS (SELECT FROM increase i WHERE i.pool_code = $1 AND i.id = t.claim_id AND i.status = 'reversed'))
"""
_GIVEN = """
SELECT id, claim_id, CASE ground WHEN 'late_decision' THEN policy_id END AS policy_id, layer, amount_fen FROM increase
WHERE pool_code = $1 AND claim_id = ANY ($2::uuid[]) AND status IN ('released', 'paid', 'exhausted') ORDER BY id
"""
_CUTS = """
SELECT claim_id, line, amount_fen, patient_owed_fen FROM claim_cut
WHERE pool_code = $1 AND claim_id = ANY ($2::uuid[]) ORDER BY claim_id, claim_version, number
"""
_MADE_UP = """
SELECT c.id FROM claim c WHERE c.pool_code = $1 AND c.id = ANY ($2::uuid[]) AND EXISTS (
  SELECT FROM claim later WHERE later.pool_code = c.pool_code AND later.visit_id = c.visit_id AND later.part > c.part
    AND later.policy_hash = (SELECT p.hash FROM policy p WHERE p.pool_code = $1 AND p.id = $3)
    AND later.status IN ('settled', 'approved', 'released'))
"""
_PARTS = """
SELECT id, visit_id, part, so_far FROM claim
WHERE pool_code = $1 AND status IN ('settled', 'approved', 'released') AND so_far IS NOT NULL
  AND visit_id IN (SELECT visit_id FROM claim WHERE pool_code = $1 AND id = ANY ($2::uuid[]))
ORDER BY visit_id, part
"""
_FORGET = """
UPDATE claim c SET so_far = (
  SELECT p.so_far FROM claim p WHERE p.pool_code = c.pool_code AND p.visit_id = c.visit_id AND p.part < c.part
    AND p.status NOT IN ('cancelled', 'reversed') ORDER BY p.part DESC LIMIT 1)
WHERE c.pool_code = $1 AND c.id = $2 AND c.so_far IS NOT NULL AND NOT EXISTS (
  SELECT FROM claim p WHERE p.pool_code = c.pool_code AND p.visit_id = c.visit_id AND p.part > c.part
    AND p.status NOT IN ('cancelled', 'reversed'))
"""
_SET_SO_FAR = """
UPDATE claim c SET so_far = n.so_far
FROM jsonb_to_recordset($2::jsonb) AS n(id uuid, so_far jsonb) WHERE c.pool_code = $1 AND c.id = n.id
"""
_DETAILS = "SELECT * FROM claim_detail WHERE pool_code = $1 AND claim_id = ANY ($2::uuid[])"
_VISITS = "SELECT * FROM visit WHERE pool_code = $1 AND id = ANY ($2::uuid[])"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Claims admitted from `since` (before `until`) and settled before a moment, by another version, that stand:
    those cancelled, rejected or returned get nothing more."""

    since: date
    until: date | None
    before: datetime
    policy_hash: str
    after: UUID | None
    households: int


async def claims_in_between(conn: AsyncConnection, pool_code: str, wanted: Wanted) -> list[Claim]:
    """The claims of a page of households, by id."""
    rows = await fetch(
        conn,
        _CLAIMS,
        pool_code,
        wanted.since,
        wanted.before,
        wanted.until,
        wanted.policy_hash,
        wanted.after,
        wanted.households,
    )
    return [claim_of(row) for row in rows]


async def given(conn: AsyncConnection, pool_code: str, claims: Sequence[Claim]) -> list[Given]:
    """The lines of approved lists that stand for claims; of a cap that left nothing, with nothing."""
    return [Given(**row) for row in await fetch(conn, _GIVEN, pool_code, [claim.id for claim in claims])]


async def entries(
    conn: AsyncConnection, pool_code: str, claims: Sequence[Claim], lines: Sequence[Given]
) -> dict[UUID, list[Counted]]:
    """What each claim, and each line, counted on which accumulator row as which move."""
    owners = {owner for claim in claims for owner in (claim.member_id, claim.household_id)}
    ids = [claim.id for claim in claims] + [line.id for line in lines]
    found: dict[UUID, list[Counted]] = defaultdict(list)
    for row in await fetch(conn, _ENTRIES, pool_code, sorted(owners), ids):
        ref = Ref(row["owner_id"], row["scope"], row["year"], row["detail"])
        found[row["claim_id"]].append(Counted(ref, row["move"], row["added"]))
    return found


async def taken_back(conn: AsyncConnection, pool_code: str, claims: Sequence[Claim]) -> dict[UUID, list[TakenBack]]:
    """What claims that were cancelled, and their increases, had counted and took back, by the owner of the row."""
    owners = {owner for claim in claims for owner in (claim.member_id, claim.household_id)}
    found: dict[UUID, list[TakenBack]] = defaultdict(list)
    for row in await fetch(conn, _TAKEN_BACK, pool_code, sorted(owners)):
        ref = Ref(row["owner_id"], row["scope"], row["year"], row["detail"])
        found[ref.owner_id].append(TakenBack(ref, row["move"], row["back"], row["added"]))
    return found


async def cuts(conn: AsyncConnection, pool_code: str, claims: Sequence[Claim]) -> dict[UUID, tuple[CutOff, ...]]:
    """What the review cut of each claim that it cut."""
    found: dict[UUID, tuple[CutOff, ...]] = defaultdict(tuple)
    for row in await fetch(conn, _CUTS, pool_code, [claim.id for claim in claims]):
        found[row["claim_id"]] += (CutOff(row["line"], row["amount_fen"], row["patient_owed_fen"]),)
    return found


async def made_up(conn: AsyncConnection, pool_code: str, claims: Iterable[UUID], policy_id: UUID) -> set[UUID]:
    """Parts of stays that a later part was settled after by the version: it makes up what they lack."""
    return {row["id"] for row in await fetch(conn, _MADE_UP, pool_code, sorted(claims), policy_id)}


async def forget_part(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> None:
    """The last part of a stay, where it was no care of his, counts for nothing in those that follow: the stay has come
    to what it had before. A part that others stand on already stays in what they were settled on."""
    await execute(conn, _FORGET, pool_code, claim_id)


async def raise_parts(conn: AsyncConnection, pool_code: str, more: Mapping[UUID, Mapping[str, int]]) -> None:
    """Adds what parts of stays get more, layer by layer, to what their admissions have come to with them: the next part
    pays the rest."""
    raised: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    changed = []
    for row in await fetch(conn, _PARTS, pool_code, sorted(more)):
        for layer, fen in more.get(row["id"], {}).items():
            raised[row["visit_id"]][layer] += fen
        if row["visit_id"] in raised:
            so_far = Earlier.of(row["so_far"]).raised(raised[row["visit_id"]])
            changed.append({"id": row["id"], "so_far": so_far.stored()})
    if changed:
        await execute(conn, _SET_SO_FAR, pool_code, rows_as_json(changed))


async def details(conn: AsyncConnection, pool_code: str, claims: Sequence[Claim]) -> dict[UUID, Any]:
    """Bill, facts and decision of each claim."""
    rows = await fetch(conn, _DETAILS, pool_code, [claim.id for claim in claims])
    return {row["claim_id"]: row for row in rows}


async def visits(conn: AsyncConnection, pool_code: str, claims: Sequence[Claim]) -> dict[UUID, Visit]:
    """The visit of each claim, by the visit's id."""
    rows = await fetch(conn, _VISITS, pool_code, [claim.visit_id for claim in claims])
    return {row["id"]: visit_of(row) for row in rows}
