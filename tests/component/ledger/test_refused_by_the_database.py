"""The app role on a raw connection, past all Python: what the database itself refuses (contracts §9)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from services.settlement.ledger.posting import Posting, Voucher
from services.settlement.ledger.refusals import LEDGER_SOURCE_POSTED, as_problem
from shared.kernel.errors import Problem
from tests.component.ledger.conftest import OTHER_POOL, POOL, Ledger, voucher

HOLD = UUID(int=7)


@pytest.fixture
async def raw(standing: Ledger) -> AsyncIterator[asyncpg.Connection]:
    """The application's own credentials and nothing of ours in between."""
    conn = await asyncpg.connect(standing.database.app)
    yield conn
    await conn.close()


@pytest.fixture
async def raw_alone(funded: Ledger) -> AsyncIterator[asyncpg.Connection]:
    """The same on books of this test alone."""
    conn = await asyncpg.connect(funded.database.app)
    yield conn
    await conn.close()


async def _scope(raw: asyncpg.Connection, *pools: str, role: str = "service") -> None:
    await raw.execute("SELECT heyi_set_scope($1, $2, '{*}')", role, list(pools or (POOL,)))


async def _stage(raw: asyncpg.Connection, *vouchers: Voucher) -> None:
    await raw.execute("SELECT ledger_stage()")
    for seq, v in enumerate(vouchers, 1):
        await raw.execute(
            "INSERT INTO pg_temp.staged_voucher VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,"
            "$15,$16)",
            v.book, seq, v.source_event, v.posting_date, v.value_date, v.reason, v.reversal_of, v.preparer, v.checker,
            v.poster, v.text, v.sheets, ",".join(v.papers), v.keeper, v.exact_day, v.hold_id,
        )  # fmt: skip
        for line, p in enumerate(v.postings, 1):
            await raw.execute(
                "INSERT INTO pg_temp.staged_posting VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                v.book, seq, line, p.debit, p.credit, p.amount_fen, p.party, p.ref, p.memo,
            )  # fmt: skip


async def _post(raw: asyncpg.Connection, *vouchers: Voucher, pool: str = POOL, role: str = "service") -> str:
    """The code of the refusal; fails where the vouchers were taken."""
    with pytest.raises(asyncpg.PostgresError) as refused:
        async with raw.transaction():
            await _scope(raw, role=role)
            await _stage(raw, *vouchers)
            await raw.fetchval("SELECT post($1, $2)", pool, vouchers[0].book)
    problem = as_problem(refused.value)
    assert problem is not None, repr(refused.value)
    return problem.kind.code


PAYMENT = Posting("5001.01", "1001.02", 100)
REFUSED: dict[str, tuple[Voucher, str]] = {
    "a fee from the fund": (voucher("x", Posting("5003", "1001.02", 100)), "ledger_flow_not_permitted"),
    "a fee account of the budget book": (voucher("x", Posting("5001", "1001.02", 100)), "ledger_flow_not_permitted"),
    "income account to expenditure account": (
        voucher("x", Posting("1001.02", "1003", 100)), "ledger_flow_not_permitted"),
    "township straight to the expenditure account": (
        voucher("x", Posting("1001.02", "1009.01", 100)), "ledger_flow_not_permitted"),
    "benefits from the fiscal account": (voucher("x", Posting("5001.01", "1002", 100)), "ledger_flow_not_permitted"),
    "an opening flow without its reason": (voucher("x", Posting("1002", "3001.01", 1)), "ledger_flow_not_permitted"),
    "an account against itself": (voucher("x", Posting("1002", "1002", 1)), "ledger_flow_not_permitted"),
    "more than there is": (voucher("x", Posting("5001.01", "1001.02", 50_001)), "ledger_overdrawn"),
    "an amount of nothing": (voucher("x", Posting("5001.01", "1001.02", 0)), "ledger_amount_invalid"),
    "a negative amount": (voucher("x", Posting("5001.01", "1001.02", -5)), "ledger_amount_invalid"),
    "no posting": (replace(voucher("x"), postings=()), "ledger_staging_invalid"),
    "a source event twice": (voucher("subsidy"), "ledger_source_posted"),
    "one hand for two": (voucher("x", preparer="a", checker="a"), "ledger_two_persons"),
    "two keepers in one voucher": (voucher("x", Posting("1002", "4005", 1), PAYMENT), "ledger_two_keepers"),
    "another keeper than stated": (voucher("x", PAYMENT, keeper="finance"), "ledger_not_keeper"),
    "a tab in a text": (voucher("x", text="a\tb"), "ledger_text_invalid"),
    "two business numbers": (voucher("x", PAYMENT, replace(PAYMENT, ref="P-2")), "ledger_refs_differ"),
    "a line break in a memo": (voucher("x", replace(PAYMENT, memo="a\nb")), "ledger_text_invalid"),
    "a hold that is not there": (voucher("x", PAYMENT, hold_id=HOLD), "ledger_hold_invalid"),
    "a reversal of nothing": (voucher("x", PAYMENT, reason="reversal", reversal_of=99), "ledger_reversal_differs"),
    "a reversal of more": (
        voucher("x", Posting("1009.03", "1001.02", 9), reason="reversal", reversal_of=2), "ledger_reversal_differs"),
    "an unknown reason": (voucher("x", reason="because"), "ledger_voucher_invalid"),
    "no text": (voucher("x", text=""), "ledger_voucher_invalid"),
    "fewer sheets than none": (voucher("x", sheets=-1), "ledger_voucher_invalid"),
    "a paper that is no hash": (voucher("x", sheets=1, papers=("receipt.pdf",)), "ledger_voucher_invalid"),
    "a paper and no sheet": (voucher("x", papers=("ab" * 32,)), "ledger_voucher_invalid"),
}  # fmt: skip


@pytest.mark.requirement("ZZ-14", "money moves only along permitted flows; the database refuses everything else")
@pytest.mark.requirement("ZZ-50", "no fund account can reach a fee, a salary or the budget")
@pytest.mark.parametrize("case", REFUSED)
async def test_a_voucher_is_refused_and_nothing_moves(standing: Ledger, raw: asyncpg.Connection, case: str) -> None:
    before = await standing.balances()
    bad, code = REFUSED[case]
    assert await _post(raw, bad) == code
    assert await _post(raw, voucher("good"), bad) == code
    assert await standing.balances() == before
    assert await standing.replay() == []


@pytest.mark.requirement("ZZ-10", "only the keeper of an account posts to it")
@pytest.mark.parametrize(
    ("role", "wrong"),
    [
        ("insurer_finance", voucher("x", Posting("1002", "4005", 1))),
        ("county_finance", voucher("x", PAYMENT)),
        ("county_finance", voucher("x", Posting("1009.01", "4001", 1))),
        ("hospital", voucher("x", PAYMENT)),
        ("", voucher("x", PAYMENT)),
        # accounts that have no keeper of their own
        ("", voucher("x", Posting("1301", "2301.01", 999), book="obligations")),
        ("hospital", voucher("x", Posting("1101", "5001.01", 999))),
        ("hospital", voucher("x", Posting("4004.01", "3001.01", 100_000), reason="closing")),
        ("public", voucher("x", Posting("3001.01", "3001.02", 1), reason="closing")),
        ("township_clerk", voucher("x", Posting("1101", "5001.01", 999))),
        ("township_clerk", voucher("x", Posting("1009.01", "4001", 1), Posting("2101", "4001", 1))),
    ],
)
async def test_who_does_not_keep_the_account_is_refused(raw: asyncpg.Connection, role: str, wrong: Voucher) -> None:
    assert await _post(raw, wrong, role=role) == "ledger_not_keeper"


@pytest.mark.parametrize("role", ["", "hospital", "public", "auditor", "county_inspector"])
@pytest.mark.parametrize(
    "call",
    [
        "SELECT open_book('522422', 'urban-2008', '2010-01-01')",
        "SELECT hold('522422', 'basic', '2101', '{00000000-0000-0000-0000-000000000001}', '{1}')",
        "SELECT release_hold('522422', 'basic', '{00000000-0000-0000-0000-000000000001}')",
        "SELECT seal('522422', 'basic', '2010-03-01', now(), '00112233aabbccdd', decode(repeat('00', 64), 'hex'))",
        "SELECT close_period('522422', 'basic', '2010-03-01')",
    ],
)
async def test_who_keeps_no_account_changes_no_book(raw: asyncpg.Connection, call: str, role: str) -> None:
    with pytest.raises(asyncpg.PostgresError, match="ledger_not_keeper"):
        async with raw.transaction():
            await _scope(raw, role=role)
            await raw.execute(call)


async def test_a_hold_on_an_account_of_nobody_is_for_those_who_settle(
    funded: Ledger, raw_alone: asyncpg.Connection
) -> None:
    hold = "SELECT hold('522422', 'basic', '2101', '{00000000-0000-0000-0000-000000000001}', '{1}')"
    release = "SELECT release_hold('522422', 'basic', '{00000000-0000-0000-0000-000000000001}')"
    await funded.post(voucher("later", Posting("1003", "2101", 100)))
    for call in (hold, release):
        with pytest.raises(asyncpg.PostgresError, match="ledger_not_keeper"):
            async with raw_alone.transaction():
                await _scope(raw_alone, role="township_clerk")
                await raw_alone.execute(call)
        async with raw_alone.transaction():
            await _scope(raw_alone, role="county_director")
            await raw_alone.execute(call)
    assert await funded.replay() == []


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "-infinity", "infinity", "2999-01-01"])
async def test_a_book_begins_on_a_day_that_can_be(standing: Ledger, raw: asyncpg.Connection, day: str) -> None:
    """A first day that the application cannot even read back would stop the reading of its head for ever."""
    with pytest.raises(asyncpg.PostgresError, match="ledger_date_impossible"):
        async with raw.transaction():
            await _scope(raw, role="county_director")
            await raw.execute(f"SELECT open_book('522422', 'urban-2008', '{day}')")
    assert [r["book"] for r in await standing.rows("SELECT book FROM book ORDER BY book")] == [
        "basic", "obligations", "supplementary",
    ]  # fmt: skip


async def test_the_keeper_posts(funded: Ledger, raw_alone: asyncpg.Connection) -> None:
    async with raw_alone.transaction():
        await _scope(raw_alone, role="insurer_finance")
        await _stage(raw_alone, voucher("x", PAYMENT, keeper="insurer"))
        assert await raw_alone.fetchval("SELECT post($1, 'basic')", POOL) == 3


@pytest.mark.parametrize(
    ("role", "flow"),
    [
        ("insurer_finance", Posting("1101", "5001.01", 100)),
        ("insurer_manager", Posting("1101", "5001.01", 100)),
        ("county_director", Posting("1101", "5001.01", 100)),
        ("county_finance", Posting("2101", "4001", 100)),
    ],
)
async def test_who_settles_posts_to_accounts_of_nobody(
    funded: Ledger, raw_alone: asyncpg.Connection, role: str, flow: Posting
) -> None:
    await funded.post(voucher("later", Posting("1003", "2101", 100)))
    async with raw_alone.transaction():
        await _scope(raw_alone, role=role)
        await _stage(raw_alone, voucher("x", flow))
        assert await raw_alone.fetchval("SELECT post($1, 'basic')", POOL) == 4
    assert await funded.replay() == []


SECOND = {"posting_date": date(2010, 3, 2), "value_date": date(2010, 3, 2)}


async def test_a_batch_overdraws_no_day_in_between(funded: Ledger, raw_alone: asyncpg.Connection) -> None:
    """500 yuan are there: 600 out on one day and 200 in on the next are refused together as they are one by one."""
    too_much = voucher("pay", Posting("5001.01", "1001.02", 60_000))
    more = voucher("in", Posting("1009.03", "1002", 20_000), **SECOND)
    arrived = voucher("arrived", Posting("1001.02", "1009.03", 20_000), **SECOND)
    assert await _post(raw_alone, too_much, more, arrived) == "ledger_overdrawn"
    assert await funded.post(more, arrived, replace(too_much, **SECOND)) == [3, 4, 5]  # one day: its end counts
    assert await funded.balances() == {
        "1001.02": (10_000, 0), "1002": (30_000, 0), "4004.01": (100_000, 0), "5001.01": (60_000, 0),
    }  # fmt: skip
    assert await funded.replay() == []


async def test_a_hold_that_ends_later_pays_nothing_before(funded: Ledger, raw_alone: asyncpg.Connection) -> None:
    """400 of 500 yuan are held: the hold of the second day frees nothing on the first."""
    async with raw_alone.transaction():
        await _scope(raw_alone)
        await raw_alone.execute("SELECT hold($1, 'basic', '1001.02', $2::uuid[], '{40000}')", POOL, [HOLD])
    held = voucher("held", replace(PAYMENT, amount_fen=10_000), hold_id=HOLD, **SECOND)
    first = voucher("first", replace(PAYMENT, amount_fen=10_001))
    assert await _post(raw_alone, first, held) == "ledger_overdrawn"
    assert await funded.post(replace(first, **SECOND), replace(held, **SECOND)) == [3, 4]
    assert await funded.balances() == {
        "1001.02": (29_999, 0), "1002": (50_000, 0), "4004.01": (100_000, 0), "5001.01": (20_001, 0),
    }  # fmt: skip
    assert await funded.replay() == []


async def test_another_pool_is_refused(raw: asyncpg.Connection) -> None:
    assert await _post(raw, voucher("x"), pool=OTHER_POOL) == "ledger_scope"


async def test_without_a_scope_nothing_is_posted(raw: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        async with raw.transaction():
            await _stage(raw, voucher("x"))
            await raw.fetchval("SELECT post($1, 'basic')", POOL)
    assert refused.value.args[0] == "ledger_scope"


async def test_a_sealed_day_is_closed_and_an_earlier_day_too(funded: Ledger, raw_alone: asyncpg.Connection) -> None:
    async with raw_alone.transaction():
        await _scope(raw_alone)
        await raw_alone.fetchval(
            "SELECT seal($1, 'basic', '2010-03-01', now(), '00112233aabbccdd', $2)", POOL, bytes(64)
        )
    assert await _post(raw_alone, voucher("x", exact_day=True)) == "ledger_day_closed"
    with pytest.raises(asyncpg.PostgresError, match="ledger_sealed_already"):
        async with raw_alone.transaction():
            await _scope(raw_alone)
            await raw_alone.fetchval(
                "SELECT seal($1, 'basic', '2010-03-01', now(), '00112233aabbccdd', $2)", POOL, bytes(64)
            )


WRITES = [
    "UPDATE voucher SET text = 'x'",
    "DELETE FROM voucher",
    "INSERT INTO voucher SELECT pool_code, book, number + 100, month, month_number, 'x', posting_date, value_date,"
    " reason, reversal_of, preparer, checker, poster, text, sheets, papers, postings_digest,"
    " hash FROM voucher",
    "UPDATE posting SET amount_fen = 1",
    "DELETE FROM posting",
    "INSERT INTO posting VALUES ('522422', 'basic', 1, 99, '1002', '4005', 1, '', '', '')",
    "UPDATE book_head SET last_number = 0",
    "UPDATE book_head SET last_hash = sha256('x')",
    "UPDATE book_head SET sealed_through = '2000-01-01'",
    "UPDATE balance SET posted_fen = posted_fen + 1",
    "INSERT INTO balance VALUES ('522422', 'basic', '9', false, 1, 0)",
    "UPDATE account_day SET debit_fen = 0",
    "DELETE FROM hold",
    "INSERT INTO hold VALUES ('522422', 'basic', gen_random_uuid(), '1001.02', 1)",
    "INSERT INTO hold_end VALUES ('522422', 'basic', gen_random_uuid(), 'released', NULL)",
    "DELETE FROM day_seal",
    "INSERT INTO permitted_flow VALUES ('basic-2008', '5001.01', '1002', NULL, NULL)",
    "UPDATE chart_account SET guarded = false",
    "INSERT INTO keeper_role VALUES ('insurer', 'hospital')",
    "TRUNCATE voucher",
    "ALTER TABLE voucher DISABLE ROW LEVEL SECURITY",
    "DROP FUNCTION post(text, text)",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SELECT ledger_apply('522422', 'basic', 'basic-2008', 0, '{}', '{}', '{}', '{}', false)",
    "SELECT ledger_lock('522422', 'basic')",
    "SET ROLE heyi_settlement_owner",
]


@pytest.mark.parametrize("statement", WRITES)
async def test_no_table_of_the_ledger_can_be_written(standing: Ledger, raw: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with raw.transaction():
            await _scope(raw)
            await raw.execute(statement)
    assert await standing.replay() == []


async def _overdraw(raw: asyncpg.Connection, holds: list[tuple[UUID, int]]) -> str:
    with pytest.raises(asyncpg.PostgresError) as refused:
        async with raw.transaction():
            await _scope(raw)
            await raw.execute(
                "SELECT hold($1, 'basic', '1001.02', $2::uuid[], $3::bigint[])",
                POOL, [one for one, _ in holds], [fen for _, fen in holds],
            )  # fmt: skip
    problem = as_problem(refused.value)
    return problem.kind.code if problem else repr(refused.value)


async def test_holds_count_before_they_are_spent(funded: Ledger, raw_alone: asyncpg.Connection) -> None:
    """Six holds of 10,000 on 50,000: the sixth is refused, and so is spending what is held (blnk #181)."""
    for n in range(5):
        async with raw_alone.transaction():
            await _scope(raw_alone)
            await raw_alone.execute("SELECT hold($1, 'basic', '1001.02', $2::uuid[], '{10000}')", POOL, [UUID(int=n)])
    assert await _overdraw(raw_alone, [(UUID(int=5), 10_000)]) == "ledger_overdrawn"
    assert await _post(raw_alone, voucher("x", PAYMENT)) == "ledger_overdrawn"
    assert await funded.balances() == {
        "1001.02": (50_000, -50_000), "1002": (50_000, 0), "4004.01": (100_000, 0),
    }  # fmt: skip
    assert await _overdraw(raw_alone, [(UUID(int=0), 1)]) in ("ledger_overdrawn", "ledger_hold_exists")
    assert await _overdraw(raw_alone, [(UUID(int=9), 0)]) == "ledger_amount_invalid"
    assert await _overdraw(raw_alone, [(UUID(int=9), 5), (UUID(int=8), -5)]) == "ledger_amount_invalid"


class Staging:
    """Objects in the place of the staging tables that would run code as the owner of post()."""

    FUNCTION = """CREATE FUNCTION pg_temp.mine() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
      DELETE FROM public.voucher; RETURN 'basic'; END $$"""
    VIEW = (
        "DROP TABLE pg_temp.staged_posting",
        "CREATE TEMP VIEW staged_posting AS SELECT pg_temp.mine() AS book, 1 AS seq, 1 AS line, '1002' AS debit,"
        " '4005' AS credit, 1::bigint AS amount_fen, ''::text AS party, ''::text AS ref, ''::text AS memo",
        "GRANT SELECT ON pg_temp.staged_posting TO heyi_settlement_owner",
    )
    INDEX = ("CREATE INDEX ON pg_temp.staged_posting (length(memo))",)
    POLICY = ("ALTER TABLE pg_temp.staged_posting ENABLE ROW LEVEL SECURITY",)
    COLUMN = ("ALTER TABLE pg_temp.staged_posting ADD COLUMN more text",)
    COLUMN_OF_ANOTHER_TYPE = ("ALTER TABLE pg_temp.staged_posting ADD COLUMN hash bytea",)
    COMPUTED_COLUMN = (
        "ALTER TABLE pg_temp.staged_posting ADD COLUMN more text GENERATED ALWAYS AS (memo || 'x') STORED",
    )
    CHILD = ("CREATE TEMP TABLE child () INHERITS (pg_temp.staged_posting)",)
    RULE = ("CREATE DOMAIN pg_temp.odd AS text CHECK (length(value) > 0)",
            "ALTER TABLE pg_temp.staged_posting ALTER COLUMN memo TYPE pg_temp.odd USING 'x'")  # fmt: skip


_TRICKS = ("VIEW", "INDEX", "POLICY", "COLUMN", "COLUMN_OF_ANOTHER_TYPE", "COMPUTED_COLUMN", "CHILD", "RULE")


@pytest.mark.parametrize("trick", _TRICKS)
async def test_only_plain_staging_tables_are_read(standing: Ledger, raw: asyncpg.Connection, trick: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        async with raw.transaction():
            await _scope(raw)
            await _stage(raw, voucher("x"))
            await raw.execute(Staging.FUNCTION)
            for statement in getattr(Staging, trick):
                await raw.execute(statement)
            await raw.fetchval("SELECT post($1, 'basic')", POOL)
    assert refused.value.args[0] == "ledger_staging_invalid"
    assert await standing.replay() == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE pg_temp.staged_voucher SET seq = seq + 1",
        "UPDATE pg_temp.staged_voucher SET seq = 1",
        "UPDATE pg_temp.staged_posting SET line = line + 1",
        "UPDATE pg_temp.staged_posting SET seq = 9 WHERE seq = 2",
        "INSERT INTO pg_temp.staged_posting SELECT book, 9, line, debit, credit, amount_fen, party, ref, memo"
        " FROM pg_temp.staged_posting WHERE seq = 1",
        "DELETE FROM pg_temp.staged_voucher",
        "DELETE FROM pg_temp.staged_voucher WHERE seq = 1",
    ],
)
async def test_a_staging_with_gaps_is_refused(standing: Ledger, raw: asyncpg.Connection, damage: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        async with raw.transaction():
            await _scope(raw)
            await _stage(raw, voucher("x"), voucher("y"))
            await raw.execute(damage)
            await raw.fetchval("SELECT post($1, 'basic')", POOL)
    assert refused.value.args[0] == "ledger_staging_invalid"
    assert await standing.replay() == []


async def test_a_hash_or_number_that_the_caller_names_is_not_taken(raw: asyncpg.Connection) -> None:
    """There is no column to state one in; adding it makes the staging invalid, so a forged hash has no way in."""
    await raw.execute("SELECT ledger_stage()")
    rows = await raw.fetch(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = 'pg_temp.staged_voucher'::regclass AND attnum > 0"
    )
    names = {row["attname"] for row in rows}
    assert "book" in names and not {"number", "hash", "month_number", "postings_digest"} & names


async def test_python_tells_the_refusal_as_a_problem(standing: Ledger) -> None:
    with pytest.raises(Problem) as refused:
        await standing.post(voucher("subsidy"))
    assert refused.value.kind is LEDGER_SOURCE_POSTED
    with pytest.raises(Problem) as short:
        await standing.post(voucher("x", Posting("5001.01", "1001.02", 50_001)))
    assert "500.00" in short.value.body()["detail"]
