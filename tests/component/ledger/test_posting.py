"""Posting through Python: numbers, days, holds, reversals, seals, and what a replay finds (contracts §9, §10)."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest

from services.settlement.ledger.jobs import LedgerDiffers, replay_books
from services.settlement.ledger.posting import (
    Hold,
    Posting,
    Voucher,
    close_period,
    hold,
    hold_many,
    open_books,
    post,
    post_once,
)
from services.settlement.ledger.posting import release_hold as release
from services.settlement.ledger.refusals import (
    LEDGER_HOLD_INVALID,
    LEDGER_NOT_KEEPER,
    LEDGER_OPENED_ALREADY,
    LEDGER_PERIOD_NOT_SEALED,
    LEDGER_REVERSED_ALREADY,
)
from services.settlement.ledger.sealing import seal_through
from services.settlement.ledger.signing import Signer
from shared.db.counting import count_statements
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.kernel.clock import FixedClock
from shared.kernel.errors import Problem, ProblemType
from shared.messaging.jobs import WorkerContext
from tests.component.ledger.conftest import DAY, MACHINE, POOL, Ledger, voucher

SIGNER = Signer.from_hex("33" * 32)
NOW = datetime(2010, 5, 20, 1, 0, tzinfo=UTC)
PAYMENT = Posting("5001.01", "1001.02", 10_000, memo="住院补偿", party="H52242200001", ref="P-1")


async def _seal(ledger: Ledger, day: date) -> None:
    async with transaction(ledger.engine, MACHINE) as conn:
        await seal_through(conn, POOL, "basic", day, today=date(2010, 12, 31), now=NOW, signer=SIGNER)


async def _refused(kind: ProblemType, awaitable: object) -> None:
    with pytest.raises(Problem) as refused:
        await awaitable  # type: ignore[misc]
    assert refused.value.kind is kind


async def test_numbers_run_without_gaps_by_book_and_by_month(ledger: Ledger) -> None:
    assert await ledger.post(voucher("a"), voucher("b", posting_date=date(2010, 3, 31))) == [1, 2]
    assert await ledger.post(voucher("c", posting_date=date(2010, 4, 1)), voucher("d")) == [3, 4]
    with pytest.raises(Problem):
        await ledger.post(voucher("e"), voucher("a"))
    assert await ledger.post(voucher("f", posting_date=date(2010, 6, 2))) == [5]
    rows = await ledger.rows("SELECT number, month, month_number, posting_date FROM voucher ORDER BY number")
    assert [(r["month"].month, r["month_number"], r["posting_date"].day) for r in rows] == [
        (3, 1, 1), (3, 2, 31), (4, 1, 1), (4, 2, 1), (6, 1, 2),
    ]  # fmt: skip
    assert await ledger.replay() == []


async def test_a_batch_over_the_end_of_a_month_is_numbered_by_day_and_month(ledger: Ledger) -> None:
    """Days never fall inside a batch either; of two value days each keeps its own."""
    days = [date(2010, 3, 30), date(2010, 4, 2), date(2010, 3, 31), date(2010, 4, 2), date(2010, 6, 1)]
    await ledger.post(voucher("first", posting_date=date(2010, 3, 30)))
    await ledger.post(*[voucher(f"v{n}", posting_date=day, value_date=day) for n, day in enumerate(days)])
    rows = await ledger.rows("SELECT month_number, posting_date, value_date FROM voucher ORDER BY number OFFSET 1")
    assert [(r["month_number"], r["posting_date"], r["value_date"]) for r in rows] == [
        (2, days[0], days[0]), (1, days[1], days[1]), (2, days[1], days[2]), (3, days[1], days[3]),
        (1, days[4], days[4]),
    ]  # fmt: skip
    turnover = await ledger.rows(
        "SELECT posting_date, value_date, debit_fen FROM account_day WHERE account = '1009.01' ORDER BY 1, 2"
    )
    assert [(r["posting_date"], r["value_date"], r["debit_fen"]) for r in turnover] == [
        (days[0], DAY, 2_000), (days[0], days[0], 2_000), (days[1], days[2], 2_000), (days[1], days[1], 4_000),
        (days[4], days[4], 2_000),
    ]  # fmt: skip
    assert await ledger.replay() == []


async def test_the_papers_of_a_voucher_are_booked_with_it(ledger: Ledger) -> None:
    hashes = ("ab" * 32, "cd" * 32)
    await ledger.post(voucher("a", sheets=3, papers=hashes), voucher("b"))
    rows = await ledger.rows("SELECT sheets, papers FROM voucher ORDER BY number")
    assert [(r["sheets"], r["papers"]) for r in rows] == [(3, ",".join(hashes)), (0, "")]
    assert await ledger.replay() == []


async def test_two_books_in_one_call_and_four_round_trips(ledger: Ledger) -> None:
    owed = [Posting("1301", "2301.01", 500)]
    with count_statements() as counted:
        numbers = await ledger.post(
            *[voucher(f"b{n}") for n in range(50)], *[voucher(f"o{n}", *owed, book="obligations") for n in range(50)]
        )
    assert numbers == [*range(1, 51), *range(1, 51)]
    assert counted.total() == 5, counted  # scope, stage, two COPYs, post
    assert await ledger.replay() == await ledger.replay("obligations") == []


async def test_concurrent_posting_leaves_no_gap_and_forgets_nothing(ledger: Ledger) -> None:
    groups = await asyncio.gather(*[ledger.post(*[voucher(f"{t}:{n}") for n in range(5)]) for t in range(8)])
    assert sorted(number for group in groups for number in group) == list(range(1, 41))
    assert await ledger.balances() == {"1009.01": (80_000, 0), "4001": (80_000, 0)}
    assert await ledger.replay() == []


async def test_post_once_keeps_the_number_of_what_was_booked(ledger: Ledger) -> None:
    async with transaction(ledger.engine, MACHINE) as conn:
        assert await post_once(conn, POOL, [voucher("a"), voucher("b")]) == [1, 2]
    async with transaction(ledger.engine, MACHINE) as conn:
        assert await post_once(conn, POOL, [voucher("b"), voucher("c"), voucher("a")]) == [2, 3, 1]
        assert await post_once(conn, POOL, []) == []


async def test_two_calls_in_one_transaction_do_not_mix(ledger: Ledger) -> None:
    async with transaction(ledger.engine, MACHINE) as conn:
        assert await post(conn, POOL, [voucher("a")]) == [1]
        assert await post(conn, POOL, [voucher("b"), voucher("c")]) == [2, 3]
    assert await ledger.replay() == []


async def test_a_late_fact_is_posted_in_the_open_day_and_says_so(ledger: Ledger) -> None:
    await ledger.post(voucher("march"))
    await _seal(ledger, date(2010, 3, 31))
    async with transaction(ledger.engine, MACHINE) as conn:
        assert await close_period(conn, POOL, "basic", DAY) == date(2010, 3, 31)
    await ledger.post(voucher("late"), voucher("april", posting_date=date(2010, 4, 2), value_date=date(2010, 4, 2)))
    rows = await ledger.rows("SELECT reason, posting_date, value_date, month_number FROM voucher ORDER BY number")
    assert [(r["reason"], r["posting_date"], r["value_date"], r["month_number"]) for r in rows] == [
        ("normal", DAY, DAY, 1),
        ("late", date(2010, 4, 1), DAY, 1),
        ("normal", date(2010, 4, 2), date(2010, 4, 2), 2),
    ]
    assert await ledger.replay() == []


async def test_a_month_closes_only_when_it_is_sealed(ledger: Ledger) -> None:
    await ledger.post(voucher("march"))
    await _seal(ledger, date(2010, 3, 30))

    async def close() -> None:
        async with transaction(ledger.engine, MACHINE) as conn:
            await close_period(conn, POOL, "basic", DAY)

    await _refused(LEDGER_PERIOD_NOT_SEALED, close())


async def test_holds_are_posted_in_part_released_and_end_once(funded: Ledger) -> None:
    one, two, three = UUID(int=1), UUID(int=2), UUID(int=3)
    async with transaction(funded.engine, MACHINE) as conn:
        await hold(conn, POOL, "basic", "1001.02", 10_000, one)
        await hold_many(conn, POOL, "basic", "1001.02", [Hold(two, 20_000), Hold(three, 20_000)])
    assert (await funded.balances())["1001.02"] == (50_000, -50_000)
    async with transaction(funded.engine, MACHINE) as conn:
        assert await post(conn, POOL, [voucher("pay", PAYMENT, hold_id=one)]) == [3]
        await release(conn, POOL, "basic", two)
    assert (await funded.balances())["1001.02"] == (40_000, -20_000)
    await _refused(LEDGER_HOLD_INVALID, funded.post(voucher("again", PAYMENT, hold_id=one)))
    await _refused(
        LEDGER_HOLD_INVALID, funded.post(voucher("more", Posting("5001.01", "1001.02", 20_001), hold_id=three))
    )
    await funded.post(voucher("part", Posting("5001.01", "1001.02", 5_000), hold_id=three))
    assert (await funded.balances())["1001.02"] == (35_000, 0)
    assert await funded.replay() == []


async def test_a_voucher_is_reversed_once_line_by_line(funded: Ledger) -> None:
    paid = await funded.post(voucher("pay", PAYMENT))
    back = Posting("1001.02", "5001.01", 10_000)
    await funded.post(voucher("undo", back, reason="reversal", reversal_of=paid[0]))
    await _refused(LEDGER_REVERSED_ALREADY, funded.post(voucher("undo2", back, reason="reversal", reversal_of=paid[0])))
    assert (await funded.balances())["1001.02"] == (50_000, 0)
    assert await funded.replay() == []


TAMPERINGS = {
    "edited amount": (
        "UPDATE posting SET amount_fen = amount_fen + 1 WHERE number = 2",
        {"hash", "balance", "turnover"},
    ),
    "edited papers": ("UPDATE voucher SET sheets = 1, papers = repeat('ab', 32) WHERE number = 1", {"hash"}),
    "edited text": ("UPDATE voucher SET text = 'x' WHERE number = 1", {"hash"}),
    "deleted voucher": ("DELETE FROM voucher WHERE number = 1", {"number", "hash", "turnover", "balance", "day"}),
    "deleted posting": ("DELETE FROM posting WHERE number = 1 AND line = 2", {"hash", "balance", "turnover"}),
    "cut tail": ("DELETE FROM voucher WHERE number = 2", {"head", "turnover", "balance", "day"}),
    "forged balance": ("UPDATE balance SET posted_fen = posted_fen + 1 WHERE account = '1001.02'", {"balance"}),
    "forged turnover": ("UPDATE account_day SET debit_fen = debit_fen + 1 WHERE account = '1002'", {"turnover"}),
    "forged day": ("UPDATE book_day SET last_number = 1 WHERE book = 'basic'", {"day"}),
    "forged head": ("UPDATE book_head SET last_number = 3 WHERE book = 'basic'", {"head"}),
}


@pytest.mark.parametrize("case", TAMPERINGS)
async def test_a_replay_finds_what_a_superuser_changed(standing: Ledger, case: str) -> None:
    """Nothing of the ledger's rules stops a superuser; each change is taken back after it was looked at."""
    statement, kinds = TAMPERINGS[case]
    conn = await asyncpg.connect(standing.database.admin)
    try:
        changes = conn.transaction()
        await changes.start()
        await conn.execute(statement)
        found = await conn.fetch("SELECT kind FROM ledger_replay($1, 'basic')", POOL)
        await changes.rollback()
    finally:
        await conn.close()
    assert {row["kind"] for row in found} == kinds


REWRITTEN = """
WITH edited AS (UPDATE voucher SET text = 'x', hash = sha256(
    (SELECT p.hash FROM voucher p WHERE (p.pool_code, p.book, p.number) = (voucher.pool_code, voucher.book, 1))
    || ledger_voucher_line(pool_code, book, number, month, month_number, source_event, posting_date, value_date, reason,
                           reversal_of, preparer, checker, poster, 'x', sheets, papers, postings_digest))
  WHERE book = 'basic' AND number = 2 RETURNING hash)
UPDATE book_head SET last_hash = edited.hash FROM edited WHERE book = 'basic'
"""


async def test_a_chain_rewritten_beside_its_seals_is_found(funded: Ledger) -> None:
    """Every hash, the head too, is worked out anew by a superuser: what was signed says otherwise."""
    empty = date(2010, 3, 3)
    for day in (DAY, empty):
        async with transaction(funded.engine, MACHINE) as conn:
            await seal_through(conn, POOL, "basic", day, today=day, now=NOW, signer=SIGNER)
    assert await funded.replay() == []
    conn = await asyncpg.connect(funded.database.admin)
    await conn.execute(REWRITTEN)
    await conn.close()
    assert set(await funded.replay()) == {("seal", str(DAY)), ("seal", str(empty))}


async def test_a_seal_signs_what_the_database_says(funded: Ledger) -> None:
    async with transaction(funded.engine, MACHINE) as conn:
        sealed = await seal_through(conn, POOL, "basic", DAY, today=DAY, now=NOW, signer=SIGNER)
    assert [(s.seal_number, s.first_number, s.last_number) for s in sealed] == [(1, 1, 2)]
    await funded.post(voucher("next"))
    rows = await funded.rows("SELECT posting_date FROM voucher WHERE number = 3")
    assert rows[0]["posting_date"] == date(2010, 3, 2)
    events = await funded.rows("SELECT subject, sequence, type FROM outbox")
    assert [(e["subject"], e["sequence"]) for e in events] == [(f"{POOL}:basic", 1)]


async def test_the_nightly_job_replays_every_book_and_raises_where_one_differs(funded: Ledger) -> None:
    admin = await asyncpg.connect(funded.database.admin)
    engine = create_engine(funded.database.worker, pool_size=1)
    context = WorkerContext("settlement", None, engine, FixedClock(NOW))
    try:  # nobody has asked anything of this pool and no day of it was closed: its books are found all the same
        await replay_books(context)
        await admin.execute(
            "UPDATE balance SET posted_fen = posted_fen + 1 WHERE book = 'obligations' AND account = '1301'"
        )
        with pytest.raises(LedgerDiffers, match=f"{POOL}/obligations"):
            await replay_books(context)
    finally:
        await admin.close()
        await engine.dispose()


async def test_the_worker_role_posts_too(ledger: Ledger) -> None:
    engine = create_engine(ledger.database.worker, pool_size=1)
    try:
        async with transaction(engine, Scope("worker", (POOL,))) as conn:
            await open_books(conn, POOL)
            assert await post_once(conn, POOL, [voucher("event")]) == [1]
    finally:
        await engine.dispose()


async def test_a_hold_is_released_by_the_keeper_of_its_account_alone(funded: Ledger) -> None:
    held = UUID(int=7)
    async with transaction(funded.engine, MACHINE) as conn:
        await hold(conn, POOL, "basic", "1001.02", 300, held)
    with pytest.raises(Problem) as refused:
        async with transaction(funded.engine, Scope("county_finance", (POOL,))) as conn:
            await release(conn, POOL, "basic", held)
    assert refused.value.kind is LEDGER_NOT_KEEPER
    assert (await funded.balances())["1001.02"] == (50_000, -300)
    async with transaction(funded.engine, Scope("insurer_finance", (POOL,))) as conn:
        await release(conn, POOL, "basic", held)
    assert (await funded.balances())["1001.02"] == (50_000, 0)


async def test_opening_balances_come_before_the_first_ordinary_voucher(ledger: Ledger) -> None:
    def opening(source: str) -> Voucher:
        return voucher(source, Posting("1002", "3001.01", 100), reason="opening")

    await _refused(LEDGER_OPENED_ALREADY, ledger.post(voucher("a"), opening("o-0")))
    assert await ledger.post(opening("o-1")) == [1]
    assert await ledger.post(opening("o-2"), voucher("a")) == [2, 3]
    await _refused(LEDGER_OPENED_ALREADY, ledger.post(opening("o-3")))
    assert await ledger.post(voucher("b")) == [4]
    assert await ledger.replay() == []
