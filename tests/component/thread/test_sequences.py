"""Property: any sequence of settling, cancelling, reviewing, releasing, paying, bouncing and paying again leaves the
books balanced, no cap passed, nothing paid twice and the accumulators equal to the live claims.

Both services are real, on real databases; what each command must come to is known from ``paper`` alone; events are
late, shuffled and repeated. A story that fails is made shorter by hypothesis, and prints its commands.
"""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.component.thread.county import Prepared, open_county
from tests.component.thread.story import EXPECTED, Story
from tests.support.postgres import TestPostgres
from tests.support.tokens import TestTokens

LENGTHS = st.sampled_from([10, 40, 40, 40])
EXAMPLES_SHARE = 4
"""Of the profile's examples: each is a long story on two databases of its own."""


@pytest.mark.requirement("ZZ-14", "no sequence of commands breaks an identity, passes a cap or pays a claim twice")
def test_any_sequence_ties(postgres: TestPostgres, tokens: TestTokens, prepared: Prepared) -> None:
    reached: Counter[str] = Counter()

    async def play(data: st.DataObject, steps: int) -> None:
        async with open_county(postgres, tokens, prepared) as county:
            await Story(county, data.draw, reached).play(steps)

    @settings(max_examples=settings().max_examples // EXAMPLES_SHARE)
    @given(data=st.data(), steps=LENGTHS)
    def stories(data: st.DataObject, steps: int) -> None:
        reached["stories"] += 1
        asyncio.run(play(data, steps))

    stories()
    print(f"what the stories came to: {dict(sorted(reached.items()))}")
    missing = [kind for kind in EXPECTED if not reached[kind]]
    assert not missing, f"never reached: {missing}"
