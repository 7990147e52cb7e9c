"""One person, sixty-four hospitals at once: through the coalescer no cap is passed and nothing under it is lost."""

import asyncio
from typing import Any

import pytest

from tests.component.claims.world import POOL, World, line

HOSPITALS = 64
CAP_FEN = 6_000_000


async def _hospitals(world: World) -> list[str]:
    """Sixty-four county hospitals like the world's own."""
    codes = [f"H522422{number:05d}" for number in range(101, 101 + HOSPITALS)]
    for code in codes:
        await world._hospital(code, "county")
    return codes


@pytest.mark.requirement("ZZ-25", "sixty-four hospitals settle one person at once and together pay exactly the cap")
async def test_sixty_four_hospitals_settle_one_person(world: World) -> None:
    codes = await _hospitals(world)
    member = await world.member()
    visits = [await world.visit(member, of=code) for code in codes]
    answers = await asyncio.gather(
        *(world.settle(visit, line("A1", "2000.00"), of=code) for visit, code in zip(visits, codes, strict=True))
    )
    assert {answer.status_code for answer in answers} == {201}
    claims: list[dict[str, Any]] = [answer.json() for answer in answers]
    paid = [int(claim["benefit"].replace(".", "")) for claim in claims]
    assert sum(paid) == CAP_FEN
    assert sorted(set(paid)) == [0, 120_000, 140_000], "the cap cuts one claim and leaves nothing to those after it"
    outcomes = [claim["outcome"] for claim in claims]
    assert (outcomes.count("settled"), outcomes.count("capped"), outcomes.count("cap_exhausted")) == (42, 1, 21)
    assert await world.used(member) == {"basic.inpatient.benefit": CAP_FEN}
    metrics = (await world.client.get("/metrics")).text
    batches = next(one for one in metrics.splitlines() if one.startswith("heyi_claims_batch_size_count"))
    assert float(batches.split()[-1]) < HOSPITALS, "they shared transactions"
    (row,) = await world.sql("SELECT sum(benefit_fen)::bigint AS paid FROM claim WHERE pool_code = $1", POOL)
    assert row["paid"] == CAP_FEN
