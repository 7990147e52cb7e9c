"""What somebody with the application's password and psql can do to the books: nothing (contracts §9).

psql of the wheel, the application's own role, no Python of ours in between: each case is a script as a person would
type it. The words that must come back are the database's.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from datetime import date

import pytest

from deploy.postgres.binaries import programs
from services.settlement.ledger.posting import Posting, close_period
from services.settlement.ledger.sealing import seal_through
from shared.db.scope import transaction
from tests.component.ledger.conftest import DAY, MACHINE, POOL, Ledger, fund, open_ledger, voucher
from tests.component.ledger.test_posting import NOW, SIGNER
from tests.support.postgres import TestPostgres

DENIED = "permission denied for table {}".format
LAST_OF_MARCH = date(2010, 3, 31)
FUNDED = {"1001.02": (40_000, 0), "1002": (50_000, 0), "4004.01": (100_000, 0), "5001.01": (10_000, 0)}


@pytest.fixture(scope="module")
async def books(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """Funded books with one benefit paid (voucher 3); March is sealed and closed."""
    async with open_ledger(postgres) as ledger:
        await fund(ledger)
        await ledger.post(voucher("benefit", Posting("5001.01", "1001.02", 10_000)))
        async with transaction(ledger.engine, MACHINE) as conn:
            await seal_through(conn, POOL, "basic", LAST_OF_MARCH, today=date(2010, 4, 5), now=NOW, signer=SIGNER)
        async with transaction(ledger.engine, MACHINE) as conn:
            await close_period(conn, POOL, "basic", DAY)
        yield ledger


async def psql(ledger: Ledger, script: str, role: str = "service") -> tuple[int, str]:
    """Exit status and all that psql says to a script, typed by the application's role in one transaction."""
    typed = f"BEGIN;\nSELECT heyi_set_scope('{role}', '{{{POOL}}}', '{{*}}');\n{script}\nCOMMIT;\n"
    command = [programs() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", ledger.database.app]
    done = await asyncio.to_thread(
        subprocess.run, command, input=typed, capture_output=True, text=True, check=False
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def staged(*postings: str, day: str = "2010-04-05", value: str = "", exact: bool = False, reason: str = "normal",
           of: str = "NULL", source: str = "typed", seq: int = 1) -> str:  # fmt: skip
    """A voucher as somebody would stage it by hand, one (debit, credit, fen) a posting."""
    lines = "\n".join(
        f"INSERT INTO staged_posting VALUES ('basic', {seq}, {n}, {posting}, '', '', '');"
        for n, posting in enumerate(postings, 1)
    )
    return f"""SELECT ledger_stage();
INSERT INTO staged_voucher VALUES ('basic', {seq}, '{source}', '{day}', '{value or day}', '{reason}', {of}, 'mallory',
  'rule:none', 'mallory', 'typed by hand', 0, '', NULL, {exact}, NULL);
{lines}
SELECT post('{POOL}', 'basic');"""


def hold(number: int, fen: int) -> str:
    """Sets money of the insurer's account aside."""
    return f"SELECT hold('{POOL}', 'basic', '1001.02', '{{00000000-0000-0000-0000-{number:012d}}}', '{{{fen}}}');"


VOUCHER = (
    "INSERT INTO voucher SELECT pool_code, book, {number}, month, {number}, 'forged', posting_date, value_date, reason,"
    " reversal_of, preparer, checker, poster, text, sheets, papers, postings_digest, sha256('forged') FROM voucher"
    " WHERE number = 1;"
)


def seal(day: str, key: str = SIGNER.key_id) -> str:
    """A seal that somebody makes up."""
    return f"SELECT seal('{POOL}', 'basic', '{day}', now(), '{key}', decode(repeat('00', 64), 'hex'));"


INTEREST = "'1002', '4005', 100"
ADD_HASH = "ALTER TABLE staged_voucher ADD COLUMN hash bytea;\n"
REVERSAL = staged("'1001.02', '5001.01', 10000", reason="reversal", of="3")

REFUSED: dict[str, tuple[str, str]] = {
    "pay the fee from the fund": (staged("'5003', '1001.02', 100"), "ledger_flow_not_permitted"),
    "pay the fee from the fiscal account": (staged("'5001', '1002', 100"), "ledger_flow_not_permitted"),
    "permit the fee first": (
        "INSERT INTO permitted_flow VALUES ('basic-2008', '4006', '1001.02', NULL, NULL);", DENIED("permitted_flow")),
    "skip the fiscal account": (staged("'1001.02', '1003', 100"), "ledger_flow_not_permitted"),
    "skip it by a township": (staged("'1009.03', '1009.01', 100"), "ledger_flow_not_permitted"),
    "pay a benefit from the fiscal account": (staged("'5001.01', '1002', 100"), "ledger_flow_not_permitted"),
    "book into a closed month": (
        staged("'1002', '4005', 100", day="2010-03-15", exact=True), "ledger_day_closed"),
    "seal a closed month again": (
        seal("2010-03-31"),
        "ledger_sealed_already"),
    "end a book by a voucher of 2099": (staged(INTEREST, day="2099-01-01"), "ledger_date_impossible"),
    "end a book by a voucher without end": (staged(INTEREST, day="infinity"), "ledger_date_impossible"),
    "book a fact that has not come": (staged(INTEREST, value="2099-01-01"), "ledger_date_impossible"),
    "book a fact without a date": (staged(INTEREST, value="infinity"), "ledger_date_impossible"),
    "book a fact of before all time": (staged(INTEREST, value="-infinity"), "ledger_date_impossible"),
    "book a fact of before the scheme": (staged(INTEREST, value="1900-01-01"), "ledger_date_impossible"),
    "call today's fact late": (staged(INTEREST, reason="late"), "ledger_not_late"),
    "seal what has not come": (seal("2099-12-31"), "ledger_date_impossible"),
    "seal for ever": (seal("infinity"), "ledger_date_impossible"),
    "seal with a key of one's own": (seal("2010-04-01", "00112233aabbccdd"), "ledger_key_unknown"),
    "register a key of one's own": (
        "INSERT INTO signing_key VALUES ('00112233aabbccdd');", DENIED("signing_key")),
    "open a book that cannot begin": (
        f"SELECT open_book('{POOL}', 'assistance-1', '2099-01-01');", "ledger_date_impossible"),
    "check one's own voucher under another spelling": (
        staged(INTEREST).replace("'rule:none'", "' Mallory'"), "voucher_two_persons"),
    "check by no rule at all": (staged(INTEREST).replace("'rule:none'", "'rule:'"), "voucher_rule_named"),
    "close a closed month again": (f"SELECT close_period('{POOL}', 'basic', '2010-03-01');", "ledger_period_closed"),
    "open a closed month": ("UPDATE book_head SET closed_through = '2000-01-01';", DENIED("book_head")),
    "change an entry": ("UPDATE posting SET amount_fen = 1 WHERE number = 3;", DENIED("posting")),
    "change who checked": ("UPDATE voucher SET checker = 'x';", DENIED("voucher")),
    "delete an entry": ("DELETE FROM posting WHERE number = 3;", DENIED("posting")),
    "change what was attached": ("UPDATE voucher_attachment SET sheets = 9;", DENIED("voucher_attachment")),
    "take an attachment away": ("DELETE FROM voucher_attachment;", DENIED("voucher_attachment")),
    "delete a voucher": ("DELETE FROM voucher WHERE number = 3;", DENIED("voucher")),
    "empty the book": ("TRUNCATE voucher, posting;", DENIED("voucher")),
    "unbalance a book by one side alone": (staged("'1002', NULL, 100"), 'null value in column "credit"'),
    "unbalance a book by an account against itself": (
        staged("'1002', '1002', 100"), "ledger_flow_not_permitted"),
    "unbalance a book by less than nothing": (staged("'5001.01', '1001.02', -100"), "ledger_amount_invalid"),
    "unbalance a balance": ("UPDATE balance SET posted_fen = posted_fen + 1;", DENIED("balance")),
    "unbalance a day's turnover": ("UPDATE account_day SET debit_fen = 0;", DENIED("account_day")),
    "forge a hash": (VOUCHER.format(number=4), DENIED("voucher")),
    "forge the hash of the head": ("UPDATE book_head SET last_hash = sha256('forged');", DENIED("book_head")),
    "state a hash for a staged voucher": (
        staged("'1002', '4005', 1").replace("SELECT post", ADD_HASH + "SELECT post"),
        "ledger_staging_invalid"),
    "skip a number": (VOUCHER.format(number=9), DENIED("voucher")),
    "skip a number in the head": ("UPDATE book_head SET last_number = 9;", DENIED("book_head")),
    "skip a number when staging": (staged("'1002', '4005', 1", seq=2), "ledger_staging_invalid"),
    "overdraw with holds": (hold(1, 30_000) + hold(2, 10_001), "ledger_overdrawn"),
    "spend what is held": (
        hold(1, 30_000) + staged("'5001.01', '1001.02', 10001"), "ledger_overdrawn"),
    "overdraw without": (staged("'5001.01', '1001.02', 40001"), "ledger_overdrawn"),
    "reverse twice": (REVERSAL + REVERSAL.replace("typed'", "typed2'"), "voucher_reversed_once"),
    "reverse more than there was": (
        staged("'1001.02', '5001.01', 10001", reason="reversal", of="3"), "ledger_reversal_differs"),
    "book a source twice": (staged("'1002', '4005', 1", source="subsidy"), "voucher_source_event"),
    "check one's own voucher": (
        staged("'1002', '4005', 1").replace("'rule:none'", "'mallory'"), "voucher_two_persons"),
    "book for another pool": (staged("'1002', '4005', 1").replace(POOL, "410182"), "ledger_scope"),
    "become the owner": ("SET ROLE heyi_settlement_owner;", "permission denied to set role"),
    "take the rules away": ("DROP FUNCTION post(text, text);", "must be owner of function post"),
    "switch the row policies off": (
        "ALTER TABLE voucher DISABLE ROW LEVEL SECURITY;", "must be owner of table voucher"),
    "call what is inside the function": (
        f"SELECT ledger_apply('{POOL}', 'basic', 'basic-2008', 0, '{{}}', '{{}}', '{{}}', '{{}}', false);",
        "permission denied for function ledger_apply"),
}  # fmt: skip


@pytest.mark.requirement("ZZ-14", "with the application's password and psql no money moves but by the rules")
@pytest.mark.requirement("DF-01", "the closed loop holds against a person at the database")
@pytest.mark.parametrize("case", REFUSED)
async def test_the_database_refuses_and_nothing_moves(books: Ledger, case: str) -> None:
    script, words = REFUSED[case]
    status, said = await psql(books, script)
    assert (status, words in said) == (3, True), said
    assert await books.balances() == FUNDED
    assert await books.replay() == []
    assert [r["n"] for r in await books.rows("SELECT count(*) AS n FROM voucher")] == [3]


@pytest.mark.requirement("ZZ-10", "the database lets the keeper of an account alone post to it, whoever types")
@pytest.mark.parametrize(
    ("role", "posting"),
    [
        ("county_finance", "'5001.01', '1001.02', 1"),
        ("county_finance", "'1009.02', '1003', 1"),
        ("county_recheck", "'1009.03', '1002', 1"),
        ("insurer_finance", "'1009.03', '1002', 1"),
        ("insurer_finance", "'5001.01', '1001.01', 1"),
        ("township_clerk", "'1003', '1009.05', 1"),
        ("city_finance", "'1002', '4004.01', 1"),
        ("hospital", "'5001.01', '1001.02', 1"),
    ],
)
async def test_who_does_not_keep_the_account_is_refused(books: Ledger, role: str, posting: str) -> None:
    status, said = await psql(books, staged(posting), role)
    assert (status, "ledger_not_keeper" in said) == (3, True), said
    assert await books.balances() == FUNDED


async def test_another_keeper_ends_no_hold(books: Ledger) -> None:
    release = f"SELECT release_hold('{POOL}', 'basic', '{{00000000-0000-0000-0000-000000000001}}');"
    change = "SELECT heyi_set_scope('county_finance', '{522422}', '{*}');"
    status, said = await psql(books, hold(1, 100) + change + release, "insurer_finance")
    assert (status, "ledger_not_keeper" in said) == (3, True), said
    assert await books.balances() == FUNDED


async def test_the_same_script_books_what_is_permitted(books: Ledger) -> None:
    """The scripts above fail for what they do and not for how they are written; this one is rolled back."""
    script = staged("'1002', '4005', 100").replace("typed by hand", "利息") + "\nROLLBACK;"
    status, said = await psql(books, script, "county_finance")
    assert (status, " 4\n" in said) == (0, True), said
    late = staged("'1002', '4005', 100", day="2010-03-15") + (
        "SELECT reason, posting_date FROM voucher WHERE source_event = 'typed';\nROLLBACK;"
    )
    status, said = await psql(books, late, "county_finance")
    assert (status, "late   | 2010-04-01" in said) == (0, True), said
    assert await books.balances() == FUNDED
