"""The declared tables and the migrated database agree."""

import asyncio

from shared.db.migrate import run
from tests.support.postgres import TestPostgres


def test_declared_and_migrated_agree(postgres: TestPostgres) -> None:
    database = postgres.clone("claims")
    asyncio.run(run("claims", database.owner, "check"))
    postgres.drop(database.name)
