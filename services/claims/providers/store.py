"""SQL of institutions and agreements. Both are timelines of starts: nothing is updated (contracts §5)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow

_REGISTER = "INSERT INTO institution (code, registered_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_INSTITUTION_START = """
INSERT INTO institution_start
  (institution_code, valid_from, name, level, ownership, area_code, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_INSTITUTION_ON = """
SELECT institution_code AS code, valid_from, recorded_seq, name, level, ownership, area_code FROM institution_start
WHERE institution_code = $1 AND valid_from <= $2 ORDER BY valid_from DESC, recorded_seq DESC LIMIT 1
"""
_INSTITUTION_NEWEST = """
SELECT institution_code AS code, valid_from, name, level, ownership, area_code FROM institution_start
WHERE institution_code = $1 ORDER BY valid_from DESC, recorded_seq DESC LIMIT 1
"""
_INSTITUTIONS = """
SELECT DISTINCT ON (institution_code)
       institution_code AS code, valid_from, name, level, ownership, area_code
FROM institution_start WHERE institution_code > $1 AND valid_from <= $2
ORDER BY institution_code, valid_from DESC, recorded_seq DESC LIMIT $3
"""
_AGREEMENT = """
INSERT INTO agreement
  (pool_code, institution_code, valid_from, id, state, kinds, grade, place, payee, bank_name, bank_account,
   bank_account_index, document_number, decided_on, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
_MEMBERS = """
SELECT g.pool_code, g.institution_code, g.valid_from, g.recorded_seq, g.id, g.state, g.kinds, g.grade, g.place, g.payee,
       g.bank_name, g.bank_account, g.document_number, g.decided_on
FROM agreement g
"""
_AGREEMENT_ON = (
    _MEMBERS
    + """
WHERE g.pool_code = $1 AND g.institution_code = $2 AND g.valid_from <= $3
ORDER BY g.valid_from DESC, g.recorded_seq DESC LIMIT 1
"""
)
_AGREEMENTS_ON = (
    _MEMBERS.replace("SELECT", "SELECT DISTINCT ON (g.institution_code)")
    + """
WHERE g.pool_code = $1 AND g.institution_code > $2 AND g.valid_from <= $3
ORDER BY g.institution_code, g.valid_from DESC, g.recorded_seq DESC LIMIT $4
"""
)


async def put_institution(
    conn: AsyncConnection,
    code: str,
    valid_from: date,
    described: tuple[str, str, str, str],
    by: str,
    at: datetime,
) -> None:
    """A new start of the institution; `described` is (name, level, ownership, area_code)."""
    await execute(conn, _REGISTER, code, at)
    await execute(conn, _INSTITUTION_START, code, valid_from, *described, by, at)


async def institution(conn: AsyncConnection, code: str, day: date | None) -> Any:
    """The institution on a day, by its newest start where no day is given; None where there is none."""
    if day is None:
        return await fetchrow(conn, _INSTITUTION_NEWEST, code)
    return await fetchrow(conn, _INSTITUTION_ON, code, day)


async def lock(conn: AsyncConnection, subject: str) -> None:
    """One correction at a time of an institution or agreement."""
    await execute(conn, "SELECT pg_advisory_xact_lock(hashtextextended('heyi.provider:' || $1, 0))", subject)


async def institutions(conn: AsyncConnection, after: str, day: date, limit: int) -> list[Any]:
    """Institutions on a day, in order of their code."""
    return await fetch(conn, _INSTITUTIONS, after, day, limit)


async def put_agreement(conn: AsyncConnection, *members: Any) -> None:
    """A new start of an agreement, members in the order of the table."""
    await execute(conn, _AGREEMENT, *members)


async def agreement(conn: AsyncConnection, pool_code: str, institution_code: str, day: date) -> Any:
    """The agreement that counts on a day, with the sealed account; None where there never was one."""
    return await fetchrow(conn, _AGREEMENT_ON, pool_code, institution_code, day)


async def agreements(conn: AsyncConnection, pool_code: str, after: str, day: date, limit: int) -> list[Any]:
    """The agreements of a pool that count on a day, in order of the institution."""
    return await fetch(conn, _AGREEMENTS_ON, pool_code, after, day, limit)
