"""An enrollment office with one household on its books, and how to see that nothing in a database moved."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.kernel.id_numbers import check_character
from tests.component.enrollment.conftest import Office, sheet
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.services import running_app
from tests.support.tokens import TestTokens

POOL, OTHER_COUNTY = "522422", "410182"

_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE 'audit%'
ORDER BY 1
"""


async def everything(database: str) -> dict[str, tuple[int, int]]:
    """Rows of all tables of a database but the audit log: how many, and a sum over their content."""
    conn = await asyncpg.connect(database)
    try:
        tables = [row["relname"] for row in await conn.fetch(_TABLES)]
        one = (
            "SELECT '{0}' AS name, count(*) AS n, coalesce(sum(hashtextextended(t::text, 0)), 0) AS content FROM {0} t"
        )
        rows = await conn.fetch(" UNION ALL ".join(one.format(table) for table in tables))
        return {row["name"]: (row["n"], int(row["content"])) for row in rows}
    finally:
        await conn.close()


def number(birth: str, order: int) -> str:
    """A sound ID number of the county."""
    first = f"{POOL}{birth}{order:03d}"
    return first + check_character(first)


def person(name: str, relation: str, identity: str, household: str = "1", head: str = "王大明") -> list[str]:
    """A row of a roster."""
    return ["百纳乡", "化联村", "1", household, head, name, relation, "", identity, "", ""]


HEAD, WIFE = person("王大明", "户主", number("19700101", 101)), person("李秀英", "配偶", number("19720202", 102))


@asynccontextmanager
async def open_office(postgres: TestPostgres, tokens: TestTokens, template: str | None = None) -> AsyncIterator[Office]:
    """Enrollment with a county and one household, whose bill is open; or a copy of the database of such an office."""
    database: ServiceDatabase = postgres.clone("enrollment", template=template)
    async with running_app(database, tokens) as running:
        office = Office(running.client, running.clock, database, tokens)
        if template is None:
            await office.county()
            await office.enrolled(sheet([HEAD, WIFE]))
        yield office
    if template is not None:
        postgres.drop(database.name)
