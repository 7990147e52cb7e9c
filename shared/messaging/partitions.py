"""Month partitions of outbox and inbox, made before the clock gets there (contracts §5).

A function of the owner makes them, so that the worker needs no right of the owner's beyond calling it. Attaching a
finished table does not hold up writers.
"""

from collections.abc import Iterable
from datetime import date

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import fetchval

MONTHS_AHEAD = 3
# made with the tables: around the demo's clock and around first use; a database with few of them is copied ten times
# faster (tests), and the worker makes the others ahead of the clock
UP_FRONT = ((date(2009, 10, 1), date(2011, 3, 31)), (date(2026, 11, 1), date(2027, 4, 30)))

FUNCTION = """
CREATE FUNCTION heyi_month_partitions(first_day date, last_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  parent text;
  child text;
  month date := make_date(extract(year FROM first_day)::integer, extract(month FROM first_day)::integer, 1);
  made integer := 0;
BEGIN
  IF first_day < DATE '1990-01-01' OR last_day > DATE '2199-12-31' OR last_day - first_day > 7400 THEN
    RAISE EXCEPTION 'partitions are made for at most twenty years between 1990 and 2199';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('heyi.partitions', 0));
  WHILE month <= last_day LOOP
    FOREACH parent IN ARRAY ARRAY['outbox', 'inbox'] LOOP
      child := parent || '_p' || to_char(month, 'YYYYMM');
      CONTINUE WHEN to_regclass('public.' || child) IS NOT NULL;
      EXECUTE format(
        'CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)'
        ' WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)', child, parent);
      EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', child);
      EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', child);
      EXECUTE format('GRANT SELECT ON public.%I TO %I', child, replace(current_user, '_owner', '_backup'));
      EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                     parent, child, month, (month + interval '1 month')::date);
      made := made + 1;
    END LOOP;
    month := (month + interval '1 month')::date;
  END LOOP;
  RETURN made;
END $$
"""
_MAKE = "SELECT heyi_month_partitions($1, $2)"


async def ensure_partitions(owner_url: str, up_to: date, start: date | None = None) -> int:
    """Makes the missing partitions from ``start`` (default: the month of ``up_to``) to ``up_to``; returns how many.

    For deploy, as the owner, before the business clock is moved far.
    """
    conn = await asyncpg.connect(owner_url, timeout=10)
    try:
        made: int = await conn.fetchval(_MAKE, start or up_to, up_to)
        return made
    finally:
        await conn.close()


async def ensure_months(conn: AsyncConnection, months: Iterable[date]) -> int:
    """Makes the missing partitions of these months with the worker's right to call the function."""
    made = 0
    for month in sorted(set(months)):
        made += await fetchval(conn, _MAKE, month, month)
    return made


async def ensure_ahead(conn: AsyncConnection, today: date) -> int:
    """Makes this month's partitions and those of the next three."""
    last = add_months(today, MONTHS_AHEAD)
    made: int = await fetchval(conn, _MAKE, today, last)
    return made


def add_months(day: date, months: int) -> date:
    """The first day of the month so many months later."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
