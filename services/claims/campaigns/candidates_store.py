"""The SQL of who stands to be given something in a year, from its reviewed claims."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.second import Candidate
from services.claims.campaigns.model import Campaign, Scope
from shared.db.sql import execute_counted, fetch, fetchval

# All payers of a claim, with what a late decision gave more for it.
_FIRST = """least(c.eligible_fen, c.benefit_fen + c.account_fen + c.elsewhere_fen
               + coalesce((SELECT sum(i.amount_fen) FROM increase i
                           WHERE i.pool_code = c.pool_code AND i.claim_id = c.id
                             AND i.status IN ('released', 'paid')), 0)::bigint)"""
# Of a claim that the county office was asked to let be reversed nothing counts: its payment is about to be taken back.
_REVERSING = "EXISTS (SELECT FROM reversal_release x WHERE x.pool_code = c.pool_code AND x.claim_id = c.id)"
_COUNTED = f"c.status IN ('approved', 'released') AND NOT {_REVERSING}"
# Own payments of reviewed claims: what a hospital still owes the patient after a cut, or bears over the limit of a
# disease, is not borne by him. An accident, a fixed amount where the pool leaves those out, and what is not selected
# stay outside, except that what was paid for them is `beside`, for the cap on first and second together.
_COMPUTE = f"""
INSERT INTO campaign_candidate (pool_code, campaign_id, run, member_id, household_id, township_code, eligible_fen,
                                first_fen, excluded_fen, beside_fen, room_fen, claims)
SELECT $1, $2, $3, o.member_id, (array_agg(o.household_id ORDER BY o.settled_at DESC, o.id DESC))[1],
       (array_agg(o.township_code ORDER BY o.settled_at DESC, o.id DESC))[1],
       sum(o.eligible_fen) FILTER (WHERE o.counts), sum(o.first_fen) FILTER (WHERE o.counts),
       sum(least(o.owed_fen, o.eligible_fen - o.first_fen)) FILTER (WHERE o.counts),
       coalesce(sum(o.first_fen) FILTER (WHERE NOT o.counts), 0),
       CASE WHEN $8::bigint IS NOT NULL
            THEN greatest(0, $8::bigint - coalesce(min((a.used ->> $7::text)::bigint), 0)) END,
       array_agg(o.id ORDER BY o.id) FILTER (WHERE o.counts)
FROM (
  SELECT c.id, c.member_id, c.household_id, c.township_code, c.settled_at, c.eligible_fen,
         {_FIRST} AS first_fen,
         coalesce((SELECT sum(k.patient_owed_fen) FROM claim_cut k
                   WHERE k.pool_code = c.pool_code AND k.claim_id = c.id), 0) + c.hospital_fen AS owed_fen,
         v.third_party = 'none'
         AND NOT ($6 AND EXISTS (
           SELECT 1 FROM json_array_elements(d.decision -> 'trace') AS step WHERE step ->> 0 = 'fixed'))
         AND ($9::jsonb IS NULL OR EXISTS (
           SELECT 1
           FROM jsonb_to_recordset($9::jsonb) AS s(groups text[], ages integer[], diagnoses text[], levels text[])
           WHERE (s.groups IS NULL
                  OR EXISTS (SELECT 1 FROM json_array_elements_text(d.facts -> 'groups') AS own
                             WHERE own = ANY (s.groups))
                  OR extract(year FROM age(c.admitted_on::timestamp, (d.facts ->> 'birth_date')::timestamp))::integer
                     >= ANY (s.ages))
             AND (s.diagnoses IS NULL OR v.diagnosis_code = ANY (s.diagnoses))
             AND (s.levels IS NULL OR d.facts -> 'institution' ->> 'level' = ANY (s.levels)))) AS counts
  FROM claim c
  JOIN visit v ON v.pool_code = c.pool_code AND v.id = c.visit_id
  JOIN claim_detail d ON d.pool_code = c.pool_code AND d.claim_id = c.id
  WHERE c.pool_code = $1 AND c.benefit_year = $4 AND c.kind = ANY ($5::text[]) AND {_COUNTED}
) AS o
LEFT JOIN accumulator a ON a.pool_code = $1 AND a.owner_id = o.member_id AND a.scope = 'person_year' AND a.year = $4
  AND a.detail = ''
GROUP BY o.member_id
HAVING sum(CASE WHEN o.counts THEN greatest(0, o.eligible_fen - o.first_fen - o.owed_fen) ELSE 0 END)::bigint
  > $10::bigint
"""
_DIAGNOSES = f"""
SELECT DISTINCT v.diagnosis_code FROM claim c JOIN visit v ON v.pool_code = c.pool_code AND v.id = c.visit_id
WHERE c.pool_code = $1 AND c.benefit_year = $2 AND c.kind = ANY ($3::text[]) AND {_COUNTED}
ORDER BY v.diagnosis_code
"""
_LEFT_OUT = f"""
SELECT CASE WHEN c.status = 'released' THEN 'reversing' ELSE c.status END AS status, count(*) AS claims FROM claim c
WHERE c.pool_code = $1 AND c.benefit_year = $2 AND c.kind = ANY ($3::text[])
  AND (c.status IN ('settled', 'returned', 'rejected') OR c.status = 'released' AND {_REVERSING})
GROUP BY 1 ORDER BY 1
"""
_CANDIDATES = """
SELECT member_id, household_id, township_code, eligible_fen, first_fen, excluded_fen, beside_fen, room_fen, claims
FROM campaign_candidate WHERE pool_code = $1 AND campaign_id = $2 AND run = $3
  AND ($4::uuid IS NULL OR member_id > $4) ORDER BY member_id LIMIT $5
"""
# A claim that is not found, or is about to be reversed, counts as gone: the release is refused rather than made. So
# does one of which something more was approved since: what its person paid himself is another sum.
_CLAIMS_GONE = f"""
SELECT count(*) FROM (
SELECT p.member_id
FROM campaign_payment p
JOIN campaign_candidate k ON k.pool_code = p.pool_code AND k.campaign_id = p.campaign_id AND k.run = $4
  AND k.member_id = p.member_id
CROSS JOIN LATERAL unnest(k.claims) AS counted(id)
LEFT JOIN claim c ON c.pool_code = p.pool_code AND c.id = counted.id AND {_COUNTED}
WHERE p.pool_code = $1 AND p.campaign_id = $2 AND p.list_number = $3 AND p.status = 'listed'
GROUP BY p.member_id, k.first_fen
HAVING bool_or(c.id IS NULL) OR sum({_FIRST})::bigint <> k.first_fen
) AS moved
"""


async def compute(
    conn: AsyncConnection, pool_code: str, of: Campaign, run: int, scope: Scope, cap_fen: int | None
) -> int:
    """Computes the candidates of a year anew from its reviewed claims, as a run of their own; how many there are."""
    only = None
    if scope.only:
        named = any(one.diseases for one in scope.only)
        rows = await fetch(conn, _DIAGNOSES, pool_code, of.year, list(scope.kinds)) if named else []
        diagnoses = [row["diagnosis_code"] for row in rows]
        only = orjson.dumps([one.asked(diagnoses) for one in scope.only]).decode()
    return await execute_counted(
        conn, _COMPUTE, pool_code, of.id, run, of.year, list(scope.kinds), scope.exclude_fixed, scope.counts_toward,
        cap_fen, only, scope.own_above_fen,
    )  # fmt: skip


async def left_out(conn: AsyncConnection, pool_code: str, year: int, kinds: Sequence[str]) -> dict[str, int]:
    """Claims of the year that do not count, by state; `reversing`: about to be reversed."""
    return {row["status"]: row["claims"] for row in await fetch(conn, _LEFT_OUT, pool_code, year, list(kinds))}


async def candidate_rows(
    conn: AsyncConnection, pool_code: str, of: Campaign, after: UUID | None = None, limit: int | None = None
) -> list[Any]:
    """The candidates of the run that counts, by person."""
    return await fetch(conn, _CANDIDATES, pool_code, of.id, of.run, after, limit)


def candidate_of(row: Any) -> Candidate:
    """A candidate as the formulas read him."""
    amounts = {name: row[name] for name in ("eligible_fen", "first_fen", "excluded_fen", "room_fen", "beside_fen")}
    return Candidate(str(row["member_id"]), **amounts)


async def claims_gone(conn: AsyncConnection, pool_code: str, of: Campaign) -> int:
    """Persons on the list of whose counted claims one is no longer approved or released, or about to be reversed."""
    return int(await fetchval(conn, _CLAIMS_GONE, pool_code, of.id, of.list_number, of.run))
