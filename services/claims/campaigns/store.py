"""The SQL of campaigns."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.second import Candidate
from services.claims.campaigns.model import COLUMNS, Campaign, Listed, Scope
from shared.db.sql import execute, execute_counted, fetch, fetchrow, fetchval

_JSON = frozenset({"scope", "terms"})
_PLACES = ", ".join(f"${n}::jsonb" if c in _JSON else f"${n}" for n, c in enumerate(COLUMNS, start=2))
_ADD = f"""
INSERT INTO campaign (pool_code, {", ".join(COLUMNS)}) VALUES ($1, {_PLACES}) ON CONFLICT (pool_code, year) DO NOTHING
"""
_CAMPAIGN = f"SELECT {', '.join(COLUMNS)} FROM campaign WHERE pool_code = $1 AND id = $2"
_OF_YEAR = "SELECT id FROM campaign WHERE pool_code = $1 AND year = $2"
_CAMPAIGNS = f"SELECT {', '.join(COLUMNS)} FROM campaign WHERE pool_code = $1 ORDER BY year DESC"
_CHANGING = (
    "status", "version", "run", "list_number", "scope", "terms", "listed", "listed_fen", "paid_fen", "returned_fen",
    "proposed_by", "approved_by", "approval_number", "published_on", "objections_until", "released_by", "released_on",
    "claim_by", "closed_on", "void_asked_by", "void_reason",
)  # fmt: skip
_SET = (
    "UPDATE campaign SET "
    + ", ".join(f"{c} = ${n}{'::jsonb' if c in _JSON else ''}" for n, c in enumerate(_CHANGING, start=3))
    + " WHERE pool_code = $1 AND id = $2"
)
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
_ADD_PAYMENTS = """
INSERT INTO campaign_payment (pool_code, id, campaign_id, list_number, member_id, household_id, township_code, base_fen,
                              due_fen, amount_fen, status, version)
SELECT $1, q.id, $2, $3, q.member_id, q.household_id, q.township_code, q.base_fen, q.due_fen, q.amount_fen, 'listed', 0
FROM unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])
  AS q(id, member_id, household_id, township_code, base_fen, due_fen, amount_fen)
"""
_LISTED_COLUMNS = (
    "p.id, p.member_id, p.household_id, p.township_code, p.village_code, p.masked_name, p.base_fen, p.due_fen, "
    "p.amount_fen, p.status, p.version, p.paid_on"
)
_LISTED = f"""
SELECT {_LISTED_COLUMNS} FROM campaign_payment p
WHERE p.pool_code = $1 AND p.campaign_id = $2 AND p.list_number = $3 AND p.status = ANY ($4::text[])
  AND ($5::text IS NULL OR starts_with(coalesce(p.village_code, p.township_code), $5))
  AND (p.township_code, p.id) > ($6, $7) ORDER BY p.township_code, p.id LIMIT $8
"""
_BY_ID = f"""
SELECT {_LISTED_COLUMNS} FROM campaign_payment p
WHERE p.pool_code = $1 AND p.campaign_id = $2 AND p.list_number = $3 AND p.id = ANY ($4::uuid[])
ORDER BY p.id FOR UPDATE
"""
_UNNAMED = f"""
SELECT {_LISTED_COLUMNS} FROM campaign_payment p
WHERE p.pool_code = $1 AND p.campaign_id = $2 AND p.list_number = $3 AND p.masked_name IS NULL ORDER BY p.id LIMIT $4
"""
_LISTS_HOUSEHOLD = """
SELECT EXISTS (SELECT FROM campaign_payment
  WHERE pool_code = $1 AND campaign_id = $2 AND list_number = $3 AND household_id = $4)
"""
_COUNT_UNNAMED = """
SELECT count(*) FROM campaign_payment
WHERE pool_code = $1 AND campaign_id = $2 AND list_number = $3 AND masked_name IS NULL
"""
_NAME = """
UPDATE campaign_payment AS p SET masked_name = q.name, village_code = q.village
FROM unnest($2::uuid[], $3::text[], $4::text[]) AS q(id, name, village) WHERE p.pool_code = $1 AND p.id = q.id
"""
_MOVE = """
UPDATE campaign_payment SET status = $5, version = version + $6
WHERE pool_code = $1 AND campaign_id = $2 AND list_number = $3 AND status = $4
"""
_STRIKE = "UPDATE campaign_payment SET status = 'struck' WHERE pool_code = $1 AND id = $2"
_LOCK_OF = """
SELECT c.id, c.year, c.scope ->> 'counts_toward' AS counts_toward, p.member_id, p.amount_fen
FROM campaign_payment p JOIN campaign c ON c.pool_code = p.pool_code AND c.id = p.campaign_id
WHERE p.pool_code = $1 AND p.id = $2 FOR UPDATE OF c
"""
# A payment that comes back after the end opens the campaign again: it ends only with every payment paid or returned.
_MOVE_PAYMENT = """
WITH before AS (
  SELECT id, status, amount_fen FROM campaign_payment
  WHERE pool_code = $1 AND id = $3 AND status = ANY ($4::text[]) FOR UPDATE
), moved AS (
  UPDATE campaign_payment p SET status = $5, paid_on = $6, channel = $8, reference = $7, recorded_by = 'settlement'
  FROM before b WHERE p.pool_code = $1 AND p.id = b.id
)
UPDATE campaign c SET
  paid_fen = c.paid_fen + b.amount_fen * (($5 = 'paid')::int - (b.status = 'paid')::int),
  returned_fen = c.returned_fen + b.amount_fen * (($5 = 'returned')::int - (b.status = 'returned')::int),
  status = CASE WHEN $5 = 'released' THEN 'released' ELSE c.status END,
  closed_on = CASE WHEN $5 = 'released' THEN NULL ELSE c.closed_on END,
  version = c.version + 1
FROM before b WHERE c.pool_code = $1 AND c.id = $2
"""
_PLACES_OF = """
SELECT township_code, village_code, status, count(*) AS persons, sum(amount_fen)::bigint AS amount_fen
FROM campaign_payment WHERE pool_code = $1 AND campaign_id = $2 AND list_number = $3 AND status <> 'struck'
GROUP BY township_code, village_code, status ORDER BY township_code, village_code, status
"""
_PAID_BY_YEAR = """
SELECT extract(year FROM paid_on)::int AS year, count(*) AS persons, sum(amount_fen)::bigint AS amount_fen
FROM campaign_payment WHERE pool_code = $1 AND campaign_id = $2 AND status = 'paid' GROUP BY 1 ORDER BY 1
"""
_OBJECT = """
INSERT INTO campaign_objection (pool_code, id, campaign_id, payment_id, township_code, ground, raised_by, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_OBJECTION = """
SELECT id, campaign_id, payment_id, township_code, ground, raised_by, raised_at, outcome, note, decided_by, decided_at
FROM campaign_objection WHERE pool_code = $1 AND campaign_id = $2
"""
_DECIDE = """
UPDATE campaign_objection SET outcome = $3, note = $4, decided_by = $5, decided_at = $6
WHERE pool_code = $1 AND id = $2 AND outcome IS NULL
"""
_OPEN_OBJECTIONS = """
SELECT count(*) FROM campaign_objection WHERE pool_code = $1 AND campaign_id = $2 AND outcome IS NULL
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


def _value(column: str, value: Any) -> Any:
    return orjson.dumps(value).decode() if column in _JSON and value is not None else value


async def add(conn: AsyncConnection, pool_code: str, new: Campaign) -> bool:
    """Writes a campaign; False where its year has one."""
    values = [_value(column, getattr(new, column)) for column in COLUMNS]
    return await execute_counted(conn, _ADD, pool_code, *values) == 1


async def of_year(conn: AsyncConnection, pool_code: str, year: int) -> UUID | None:
    """The campaign of a year."""
    found: UUID | None = await fetchval(conn, _OF_YEAR, pool_code, year)
    return found


async def campaign(conn: AsyncConnection, pool_code: str, campaign_id: UUID, *, lock: bool = False) -> Campaign | None:
    """A campaign."""
    row = await fetchrow(conn, _CAMPAIGN + " FOR UPDATE" if lock else _CAMPAIGN, pool_code, campaign_id)
    return None if row is None else Campaign(**row)


async def campaigns(conn: AsyncConnection, pool_code: str) -> list[Campaign]:
    """All campaigns of a pool, the latest year first: one a year."""
    return [Campaign(**row) for row in await fetch(conn, _CAMPAIGNS, pool_code)]


async def set_campaign(conn: AsyncConnection, pool_code: str, now: Campaign) -> None:
    """Writes what may change of a locked campaign."""
    values = [_value(column, getattr(now, column)) for column in _CHANGING]
    await execute(conn, _SET, pool_code, now.id, *values)


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


async def add_payments(conn: AsyncConnection, pool_code: str, of: Campaign, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes an approved list: (id, member, household, township, base, due, amount) a person."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(conn, _ADD_PAYMENTS, pool_code, of.id, of.list_number, *columns)


async def listed(
    conn: AsyncConnection,
    pool_code: str,
    of: Campaign,
    statuses: Sequence[str],
    area: str | None = None,
    after: tuple[str, UUID] = ("", UUID(int=0)),
    limit: int | None = None,
) -> list[Listed]:
    """Lines of the list that counts, by township; of an area where one is named."""
    rows = await fetch(conn, _LISTED, pool_code, of.id, of.list_number, list(statuses), area, *after, limit)
    return [Listed(**row) for row in rows]


async def lock_payments(conn: AsyncConnection, pool_code: str, of: Campaign, ids: Sequence[UUID]) -> list[Listed]:
    """Lines by their ids, locked in order."""
    return [Listed(**row) for row in await fetch(conn, _BY_ID, pool_code, of.id, of.list_number, list(ids))]


async def lists_household(conn: AsyncConnection, pool_code: str, of: Campaign, household_id: UUID) -> bool:
    """Whether anybody of a household stands on the list of the campaign."""
    found: bool = await fetchval(conn, _LISTS_HOUSEHOLD, pool_code, of.id, of.list_number, household_id)
    return found


async def unnamed(conn: AsyncConnection, pool_code: str, of: Campaign, limit: int) -> list[Listed]:
    """Lines without a name yet."""
    return [Listed(**row) for row in await fetch(conn, _UNNAMED, pool_code, of.id, of.list_number, limit)]


async def count_unnamed(conn: AsyncConnection, pool_code: str, of: Campaign) -> int:
    """How many lines have no name yet."""
    return int(await fetchval(conn, _COUNT_UNNAMED, pool_code, of.id, of.list_number))


async def name(conn: AsyncConnection, pool_code: str, names: Sequence[tuple[UUID, str, str]]) -> None:
    """Keeps masked name and village of lines."""
    ids, masked, villages = (list(column) for column in zip(*names, strict=True))
    await execute(conn, _NAME, pool_code, ids, masked, villages)


async def move(conn: AsyncConnection, pool_code: str, of: Campaign, before: str, after: str, *, published: bool) -> int:
    """Moves all lines of a state to another; ``published`` where each tells an event."""
    return await execute_counted(conn, _MOVE, pool_code, of.id, of.list_number, before, after, int(published))


async def strike(conn: AsyncConnection, pool_code: str, payment_id: UUID) -> None:
    """Strikes a line off the list."""
    await execute(conn, _STRIKE, pool_code, payment_id)


async def lock_campaign_of(conn: AsyncConnection, pool_code: str, payment_id: UUID) -> Any:
    """The campaign of a payment, locked: its id and year, what its payments count toward (empty: nothing), and the
    payment's member and amount. None for a payment of no list."""
    return await fetchrow(conn, _LOCK_OF, pool_code, payment_id)


async def move_payment(
    conn: AsyncConnection,
    pool_code: str,
    campaign_id: UUID,
    payment_id: UUID,
    before: Sequence[str],
    after: str,
    paid: tuple[date, str] | None,
) -> bool:
    """Moves one line, with the sums of its locked campaign; ``paid`` is the day and the bank's reference. False where
    the line is in none of the states before."""
    day, reference = paid or (None, None)
    channel = None if paid is None else "bank"
    return (
        await execute_counted(
            conn,
            _MOVE_PAYMENT,
            pool_code,
            campaign_id,
            payment_id,
            list(before),
            after,
            day,
            reference,
            channel,
        )
        == 1
    )


async def places(conn: AsyncConnection, pool_code: str, of: Campaign) -> list[Any]:
    """Sums of the list by township, village and state."""
    return await fetch(conn, _PLACES_OF, pool_code, of.id, of.list_number)


async def paid_by_year(conn: AsyncConnection, pool_code: str, campaign_id: UUID) -> list[Any]:
    """What was paid, by the year of payment."""
    return await fetch(conn, _PAID_BY_YEAR, pool_code, campaign_id)


async def add_objection(
    conn: AsyncConnection, pool_code: str, campaign_id: UUID, row: tuple[UUID, UUID | None, str, str, str, datetime]
) -> None:
    """Writes an objection: (id, line, township, ground, by, at)."""
    objection_id, payment_id, *rest = row
    await execute(conn, _OBJECT, pool_code, objection_id, campaign_id, payment_id, *rest)


async def objections(conn: AsyncConnection, pool_code: str, campaign_id: UUID, after: UUID, limit: int) -> list[Any]:
    """Objections of a campaign beyond ``after``, in order."""
    return await fetch(conn, _OBJECTION + " AND id > $3 ORDER BY id LIMIT $4", pool_code, campaign_id, after, limit)


async def objection(conn: AsyncConnection, pool_code: str, campaign_id: UUID, objection_id: UUID) -> Any:
    """An objection, locked."""
    return await fetchrow(conn, _OBJECTION + " AND id = $3 FOR UPDATE", pool_code, campaign_id, objection_id)


async def decide_objection(
    conn: AsyncConnection, pool_code: str, objection_id: UUID, outcome: str, note: str, by: str, at: datetime
) -> None:
    """Writes how an objection was decided."""
    await execute(conn, _DECIDE, pool_code, objection_id, outcome, note, by, at)


async def open_objections(conn: AsyncConnection, pool_code: str, campaign_id: UUID) -> int:
    """How many objections wait."""
    return int(await fetchval(conn, _OPEN_OBJECTIONS, pool_code, campaign_id))


async def claims_gone(conn: AsyncConnection, pool_code: str, of: Campaign) -> int:
    """Persons on the list of whose counted claims one is no longer approved or released, or about to be reversed."""
    return int(await fetchval(conn, _CLAIMS_GONE, pool_code, of.id, of.list_number, of.run))
