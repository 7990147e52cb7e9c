"""A settlement that has to ask enrollment: both ways and the question end within one request timeout."""

import asyncio
from collections.abc import Hashable, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from services.claims.visits import settling
from services.claims.visits.batch_state import InDoubt
from services.claims.visits.coalescer import Coalescer
from services.claims.visits.direct import Asked
from shared.kernel.errors import Problem
from tests.support.loops import on_its_own_time

TIMEOUT, SOMEBODY = 0.6, UUID(int=7)


class Silent:
    """A meter that counts nothing."""

    def batch(self, size: int) -> None: ...
    def rerun(self, size: int) -> None: ...
    def one_by_one(self) -> None: ...


async def doubtful_then_slow(_: Hashable, asks: Sequence[Any], *, patient: bool = False) -> list[Any]:
    """Half of the time goes by before the doubt is told; what comes after never ends in time."""
    if asks[0].asked:
        await asyncio.sleep(10)
    await asyncio.sleep(TIMEOUT / 2)
    return [InDoubt((SOMEBODY,)) for _ in asks]


def request(**resources: Any) -> Any:
    """A settlement as the edge hands it over, as far as this module looks at it."""
    app = SimpleNamespace(settings=SimpleNamespace(request_timeout_seconds=TIMEOUT), resources=resources)
    return SimpleNamespace(app=app, pool_code="522422", actor=SimpleNamespace(role="hospital"))


@pytest.mark.parametrize(("answers_after", "told"), [(TIMEOUT / 6, "outcome_unknown"), (10.0, "TimeoutError")])
@on_its_own_time
async def test_one_timeout_in_all(monkeypatch: pytest.MonkeyPatch, answers_after: float, told: str) -> None:
    async def ask(*_: Any) -> None:
        await asyncio.sleep(answers_after)

    monkeypatch.setattr(settling, "_ask_enrollment", ask)
    monkeypatch.setattr(settling, "time", SimpleNamespace(monotonic=asyncio.get_running_loop().time))
    coalescer: Coalescer[Any, Any] = Coalescer(doubtful_then_slow, Silent(), timeout_seconds=TIMEOUT)
    began = asyncio.get_running_loop().time()
    with pytest.raises((Problem, TimeoutError)) as refused:
        await settling.settle(request(**{settling.COALESCER: coalescer}), UUID(int=1), Asked(None))
    assert told in repr(refused.value)
    assert asyncio.get_running_loop().time() - began == pytest.approx(TIMEOUT)
    await coalescer.close(0.01)


@on_its_own_time
async def test_no_time_left_is_told_before_anything_is_begun() -> None:
    coalescer: Coalescer[Any, Any] = Coalescer(doubtful_then_slow, Silent(), timeout_seconds=TIMEOUT)
    with pytest.raises(Problem, match="busy"):
        await coalescer.submit("lane", object(), within_seconds=0)
