"""The SQL of campaigns and of their lists."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.campaigns.model import COLUMNS, Campaign, Listed
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
