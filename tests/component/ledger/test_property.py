"""Random permitted sequences against a model of a few lines that knows nothing of the ledger's code.

The model keeps balances in a dictionary; the export of the book goes through the standalone verifier. The same holds
are taken and released in both, overdrafts included; how often each kind of step was reached is counted.
"""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from heyi_verify.check import verify
from services.settlement.ledger import export
from services.settlement.ledger.charts import charts
from services.settlement.ledger.posting import Posting, hold, release_hold
from services.settlement.ledger.sealing import seal_through
from services.settlement.ledger.signing import Signer
from shared.db.scope import transaction
from shared.kernel.errors import Problem
from tests.component.ledger.conftest import DAY, MACHINE, POOL, Ledger, voucher

SIGNER = Signer.from_hex("33" * 32)
NOW = datetime(2010, 5, 20, 1, 0, tzinfo=UTC)
BASIC = next(chart for chart in charts() if chart.book == "basic")
FLOWS = [(flow.debit, flow.credit) for flow in BASIC.flows if flow.reason is None]
KEEPERS = sorted({account.keeper for account in BASIC.accounts.values() if account.keeper})


def _is_source(flow: tuple[str, str]) -> bool:
    """Whether a flow brings money in from outside."""
    return flow[1].startswith("4")


def _amount(flow: tuple[str, str]) -> st.SearchStrategy[tuple[tuple[str, str], int]]:
    """Much comes in and little goes out at a time: otherwise nearly every voucher would be refused."""
    return st.tuples(st.just(flow), st.integers(10**6, 10**7) if _is_source(flow) else st.integers(1, 2 * 10**5))


def _flows_of(keeper: str) -> st.SearchStrategy[list[tuple[tuple[str, str], int]]]:
    own = [flow for flow in FLOWS if {BASIC.accounts[code].keeper for code in flow} <= {keeper, None}]
    weighted = own + [flow for flow in own if _is_source(flow)] * 2
    return st.lists(st.sampled_from(weighted).flatmap(_amount), min_size=1, max_size=3)


flows = st.one_of(
    *[st.sampled_from(KEEPERS).flatmap(_flows_of)] * 4,
    st.lists(st.sampled_from(FLOWS).flatmap(_amount), min_size=1, max_size=4),
)
steps = st.one_of(
    *[st.tuples(st.just("post"), flows, st.integers(-5, 5))] * 3,
    st.tuples(st.just("batch"), flows, flows, st.integers(-5, 5), st.integers(0, 2)),
    st.tuples(st.just("hold"), st.sampled_from(["1001.02", "1002", "1003"]), st.integers(1, 10**6)),
    st.tuples(st.just("release"), st.integers(0, 5)),
    st.tuples(st.just("seal"), st.integers(-2, 2)),
)


Flows = list[tuple[tuple[str, str], int]]


class Model:
    """Balances and holds as a clerk would keep them on paper."""

    def __init__(self) -> None:
        self.posted: Counter[str] = Counter()
        self.held: dict[int, tuple[str, int]] = {}
        self.open_day, self.sealed = DAY, DAY - timedelta(days=1)

    def free(self, account: str) -> int:
        """What can be spent."""
        return self.posted[account] - sum(fen for where, fen in self.held.values() if where == account)

    def moved(self, *days: list[Flows]) -> Counter[str] | None:
        """Balances after the vouchers of these days; None where a guarded account would end one of the days below zero
        or two keepers meet in a voucher."""
        after: Counter[str] | None = Counter(self.posted)
        for vouchers in days:
            for flows in vouchers:
                keepers = {BASIC.accounts[account].keeper for flow, _ in flows for account in flow}
                if after is None or len(keepers - {None}) > 1:
                    return None
                self._add(after, flows)
            after = after and self._solvent(after)
        return after

    @staticmethod
    def _add(after: Counter[str], flows: Flows) -> None:
        for (debit, credit), fen in flows:
            for account, change in ((debit, fen), (credit, -fen)):
                after[account] += change if BASIC.accounts[account].normal_side == "debit" else -change

    def _solvent(self, after: Counter[str]) -> Counter[str] | None:
        short = [a for a in after if BASIC.accounts[a].guarded and after[a] - (self.posted[a] - self.free(a)) < 0]
        return None if short else after


async def _step(ledger: Ledger, model: Model, number: int, step: tuple[object, ...], reached: Counter[str]) -> None:
    kind = step[0]
    if kind == "post":
        wanted, day = step[1], model.open_day + timedelta(days=step[2])  # type: ignore[arg-type]
        after = model.moved([wanted])  # type: ignore[list-item]
        postings = [Posting(debit, credit, fen) for (debit, credit), fen in wanted]  # type: ignore[attr-defined]
        taken = await _taken(ledger.post(voucher(f"s{number}", *postings, posting_date=day, value_date=day)))
        assert taken == (after is not None), (wanted, model.posted)
        if after is not None:
            model.posted, model.open_day = after, max(model.open_day, day)
    elif kind == "batch":
        taken = await _batch(ledger, model, number, *step[1:])  # type: ignore[arg-type]
    elif kind == "hold":
        account, fen = str(step[1]), int(step[2])  # type: ignore[call-overload]
        taken = await _taken(_hold(ledger, account, fen, number))
        assert taken == (model.free(account) >= fen)
        if taken:
            model.held[number] = (account, fen)
    elif kind == "release" and model.held:
        which = sorted(model.held)[int(step[1]) % len(model.held)]  # type: ignore[call-overload]
        async with transaction(ledger.engine, MACHINE) as conn:
            await release_hold(conn, POOL, "basic", UUID(int=which))
        del model.held[which]
        taken = True
    elif kind == "seal":
        day = model.open_day + timedelta(days=int(step[1]))  # type: ignore[call-overload]
        taken = await _taken(_seal(ledger, day))
        assert taken == (day > model.sealed)
        if taken:
            model.sealed, model.open_day = day, max(model.open_day, day + timedelta(days=1))
    else:
        return
    reached[f"{kind} {'taken' if taken else 'refused'}"] += 1


async def _batch(ledger: Ledger, model: Model, number: int, one: Flows, two: Flows, ahead: int, apart: int) -> bool:
    """Two vouchers in one call: of one posting day, whose end counts, or of two, when each day's end does."""
    days = [model.open_day + timedelta(days=ahead), model.open_day + timedelta(days=ahead + apart)]
    booked = [max(day, model.open_day) for day in days]
    after = model.moved([one, two]) if booked[0] == booked[1] else model.moved([one], [two])
    vouchers = [
        voucher(f"b{number}-{n}", *(Posting(*flow, fen) for flow, fen in flows), posting_date=day, value_date=day)
        for n, (flows, day) in enumerate(zip((one, two), days, strict=True))
    ]
    taken = await _taken(ledger.post(*vouchers))
    assert taken == (after is not None), (one, two, days, model.posted)
    if after is not None:
        model.posted, model.open_day = after, booked[1]
    return taken


async def _taken(awaitable: object) -> bool:
    try:
        await awaitable  # type: ignore[misc]
    except Problem:
        return False
    return True


async def _hold(ledger: Ledger, account: str, fen: int, number: int) -> None:
    async with transaction(ledger.engine, MACHINE) as conn:
        await hold(conn, POOL, "basic", account, fen, UUID(int=number))


async def _seal(ledger: Ledger, day: date) -> None:
    async with transaction(ledger.engine, MACHINE) as conn:
        await seal_through(conn, POOL, "basic", day, today=date(2010, 12, 31), now=NOW, signer=SIGNER)


async def exported(ledger: Ledger) -> list[str]:
    """The export's lines."""
    async with transaction(ledger.engine, MACHINE, read_only=True, repeatable=True) as conn:
        documents = export.documents(conn, POOL, "basic", NOW)
        return [json.dumps(document, ensure_ascii=False) async for document in documents]


REACHED: Counter[str] = Counter()
EXAMPLES, LEAST = 60, 5


async def test_random_sequences_tie_with_a_model_and_with_the_verifier(ledger: Ledger) -> None:
    """One database for all examples: each goes on where the one before stopped, which only makes it harder."""
    model, numbers = Model(), iter(range(1, 10**9))

    seen: list[list[tuple[object, ...]]] = []

    @settings(max_examples=EXAMPLES)
    @given(st.lists(steps, min_size=3, max_size=12))
    def collect(example: list[tuple[object, ...]]) -> None:
        seen.append(example)

    collect()
    for example in seen:
        for step in example:
            await _step(ledger, model, next(numbers), step, REACHED)
        balances = await ledger.balances()
        assert {a: posted for a, (posted, _) in balances.items() if posted} == {
            a: v for a, v in model.posted.items() if v
        }
    assert await ledger.replay() == []
    assert verify(await exported(ledger), public_keys=[SIGNER.public_key]) == []
    reach = {
        f"{kind} {end}": REACHED[f"{kind} {end}"]
        for kind in ("post", "batch", "hold", "seal")
        for end in ("taken", "refused")
    }
    assert min(reach.values()) >= LEAST, f"the generator hardly reaches some cases: {reach}"
