"""SQL of inquiry: the figures behind the identities and the ring, each from where it originates."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.accounts import BANK_ACCOUNTS, FISCAL
from services.settlement.funding.movements import OF_INTEREST, taken_back
from shared.db.sql import fetch, fetchval

# opening vouchers are the first of a book: a bound keeps the search for them from reading it all
_OPENING_VOUCHERS_MAX = 100
# days whose totals claims themselves have told
_CLOSED = """
SELECT FROM source_day d
WHERE d.pool_code = c.pool_code AND d.source = c.source AND d.business_day = c.business_day"""
_FIGURES = f"""
SELECT 'premiums_current' AS name, coalesce(sum(amount_fen), 0)::bigint AS fen FROM premium
WHERE pool_code = $1 AND coverage_year <= $2
UNION ALL SELECT 'premiums_next_year', coalesce(sum(amount_fen), 0)::bigint FROM premium
WHERE pool_code = $1 AND coverage_year > $2
UNION ALL SELECT 'subsidy_' || level, sum(amount_fen)::bigint FROM arrival
WHERE pool_code = $1 AND kind = 'subsidy' AND status = 'booked' GROUP BY level
UNION ALL SELECT 'sponsors_arrived', coalesce(sum(amount_fen), 0)::bigint FROM arrival
WHERE pool_code = $1 AND kind = 'sponsor' AND status = 'booked'
UNION ALL SELECT 'transfer_' || kind || '_' || status, sum(amount_fen)::bigint FROM transfer
WHERE pool_code = $1 GROUP BY kind, status
UNION ALL SELECT 'interest_' || account, sum(signed_fen)::bigint FROM movement
WHERE pool_code = $1 AND {OF_INTEREST} GROUP BY account
UNION ALL SELECT 'published_' || kind, sum(amount_fen)::bigint FROM published_total
WHERE pool_code = $1 AND source = 'claims' GROUP BY kind
UNION ALL SELECT 'published_count_' || kind, sum(count)::bigint FROM published_total
WHERE pool_code = $1 AND source = 'claims' GROUP BY kind
UNION ALL SELECT 'received_' || kind, sum(amount_fen)::bigint FROM control_total c
WHERE pool_code = $1 AND source = 'claims' AND EXISTS ({_CLOSED}) GROUP BY kind
UNION ALL SELECT 'received_count_' || kind, sum(count)::bigint FROM control_total c
WHERE pool_code = $1 AND source = 'claims' AND EXISTS ({_CLOSED}) GROUP BY kind
UNION ALL SELECT 'received_open_' || kind, sum(amount_fen)::bigint FROM control_total c
WHERE pool_code = $1 AND source = 'claims' AND NOT EXISTS ({_CLOSED}) GROUP BY kind
UNION ALL SELECT 'state_' || state, fund_fen FROM claim_total WHERE pool_code = $1
UNION ALL SELECT 'approved_' || state, approved_fen FROM claim_total WHERE pool_code = $1
UNION ALL SELECT 'cut', coalesce(sum(cut_fen), 0)::bigint FROM claim_total WHERE pool_code = $1 AND state <> 'reversed'
UNION ALL SELECT 'reversed', coalesce(sum(p.amount_fen - coalesce(v.amount_fen, 0)), 0)::bigint FROM claim_state c
JOIN payable p ON p.pool_code = c.pool_code AND p.claim_id = c.claim_id
LEFT JOIN deposit_void v ON v.pool_code = p.pool_code AND v.claim_id = p.claim_id AND v.layer = p.layer
WHERE c.pool_code = $1 AND c.state = 'reversed'
UNION ALL SELECT 'instruction_' || status, sum(amount_fen)::bigint FROM instruction i
WHERE pool_code = $1 AND NOT (status IN ('returned', 'not_executed') AND EXISTS (
  SELECT FROM instruction r WHERE r.pool_code = i.pool_code AND r.replaces = i.id
    AND r.status <> 'cancelled')) GROUP BY status
UNION ALL SELECT 'set_off', coalesce(sum(set_off_fen), 0)::bigint FROM instruction i
WHERE pool_code = $1 AND status NOT IN ('cancelled', 'paid_twice') AND NOT (status = 'not_executed' AND EXISTS (
  SELECT FROM instruction r WHERE r.pool_code = i.pool_code AND r.replaces = i.id AND r.status <> 'cancelled'))
UNION ALL SELECT 'deposit_withheld', (coalesce(sum(withheld_fen), 0) - (
  SELECT coalesce(sum(amount_fen), 0) FROM deposit_release WHERE pool_code = $1 AND approved_by IS NOT NULL) - (
  SELECT coalesce(sum(amount_fen), 0) FROM deposit_void WHERE pool_code = $1))::bigint
FROM instruction i
WHERE pool_code = $1 AND status NOT IN ('cancelled', 'paid_twice') AND NOT (status = 'not_executed' AND EXISTS (
  SELECT FROM instruction r WHERE r.pool_code = i.pool_code AND r.replaces = i.id AND r.status <> 'cancelled'))
UNION ALL SELECT 'second_compensation', coalesce(sum(amount_fen), 0)::bigint FROM payable
WHERE pool_code = $1 AND layer = 'second_compensation' AND status <> 'unclaimed'
UNION ALL SELECT 'increases', coalesce(sum(p.amount_fen), 0)::bigint FROM increase_payment i
JOIN payable p ON p.pool_code = i.pool_code AND p.claim_id = i.payment_id AND p.layer = i.layer WHERE i.pool_code = $1
UNION ALL SELECT 'bounced_unclaimed', coalesce(sum(amount_fen), 0)::bigint FROM payable
WHERE pool_code = $1 AND status = 'unclaimed' AND instruction_id IS NOT NULL
UNION ALL SELECT 'deposit_forfeited', coalesce(sum(amount_fen), 0)::bigint FROM deposit_release
WHERE pool_code = $1 AND forfeit AND approved_by IS NOT NULL
UNION ALL SELECT 'paid_in_cash', coalesce(sum(amount_fen), 0)::bigint FROM cash_payout WHERE pool_code = $1
UNION ALL SELECT 'payable_open', coalesce(sum(amount_fen), 0)::bigint FROM payable
WHERE pool_code = $1 AND status = 'open'
UNION ALL SELECT 'paid_not_applied', coalesce(sum(sign * amount_fen), 0)::bigint FROM paid_line
WHERE pool_code = $1 AND replenishment_id IS NULL
UNION ALL SELECT 'applied_undecided', coalesce(sum(applied_fen - refused_fen), 0)::bigint FROM replenishment
WHERE pool_code = $1 AND status IN ('applied', 'rechecked', 'approved')
UNION ALL SELECT 'refused_not_made_good', coalesce(sum(amount_fen - settled_fen - waived_fen), 0)::bigint
FROM receivable WHERE pool_code = $1 AND made_good_on IS NULL AND origin = 'recheck'
UNION ALL SELECT 'paid_twice', coalesce(sum(amount_fen - settled_fen - waived_fen), 0)::bigint
FROM receivable WHERE pool_code = $1 AND made_good_on IS NULL AND book = 'basic' AND origin = 'second_payment'
UNION ALL SELECT 'recovered_to_fiscal', coalesce(sum(signed_fen), 0)::bigint FROM movement m
WHERE pool_code = $1 AND account = '1002' AND (kind = 'recovery:seen' OR {taken_back("m")})
UNION ALL SELECT 'fiscal_paid_twice', coalesce(-sum(signed_fen), 0)::bigint FROM movement
WHERE pool_code = $1 AND account = '1002' AND kind = 'second_order:seen'
UNION ALL SELECT 'recoveries_open', coalesce(sum(amount_fen - settled_fen - waived_fen), 0)::bigint FROM receivable
WHERE pool_code = $1 AND made_good_on IS NULL AND book = 'basic'
  AND origin IN ('recovery', 'accident', 'cancellation', 'family_account')
UNION ALL SELECT 'balance_' || CASE book WHEN 'basic' THEN '' ELSE book || '-' END || account, posted_fen FROM balance
WHERE pool_code = $1 AND book <> 'obligations'
UNION ALL SELECT CASE WHEN direction > 0 THEN 'fiscal_other_income' ELSE 'fiscal_other_outflow' END,
  sum(amount_fen)::bigint FROM money_order
WHERE pool_code = $1 AND account = '{FISCAL}' AND status = 'booked' GROUP BY direction
UNION ALL SELECT 'fiscal_opening', coalesce(sum(p.amount_fen), 0)::bigint FROM posting p
JOIN voucher v ON v.pool_code = p.pool_code AND v.book = p.book AND v.number = p.number
WHERE p.pool_code = $1 AND p.book = 'basic' AND p.debit = '1002' AND v.reason = 'opening'
  AND v.number <= {_OPENING_VOUCHERS_MAX}
UNION ALL SELECT 'bank_' || a.account, coalesce((SELECT s.closing_fen FROM statement s
  WHERE s.pool_code = $1 AND s.account = a.account ORDER BY s.day DESC LIMIT 1), 0)
FROM unnest($3::text[]) AS a (account)
UNION ALL SELECT 'not_at_bank_' || m.account, sum(m.signed_fen)::bigint FROM movement m
WHERE m.pool_code = $1 AND NOT EXISTS (
  SELECT FROM line_match x WHERE x.pool_code = m.pool_code AND x.movement_id = m.id) GROUP BY m.account
UNION ALL SELECT 'not_in_book_' || o.account, sum(l.signed_fen)::bigint FROM open_line o
JOIN statement_line l ON l.pool_code = o.pool_code AND l.id = o.line_id WHERE o.pool_code = $1 GROUP BY o.account
"""


async def figures(conn: AsyncConnection, pool: str, year: int) -> dict[str, int]:
    """All figures in fen by name, the banks' among them, in one statement: they are of one moment (one snapshot)."""
    return {row["name"]: row["fen"] for row in await fetch(conn, _FIGURES, pool, year, list(BANK_ACCOUNTS))}


async def knows(conn: AsyncConnection, pool: str) -> bool:
    """Whether anything of the pool was ever heard here: a book, or a fact of another service."""
    return bool(
        await fetchval(
            conn,
            """
            SELECT EXISTS (SELECT FROM book WHERE pool_code = $1)
                OR EXISTS (SELECT FROM control_total WHERE pool_code = $1)
                OR EXISTS (SELECT FROM bank_account WHERE pool_code = $1)""",
            pool,
        )
    )


async def balances(conn: AsyncConnection, pool: str) -> dict[str, tuple[int, int]]:
    """Balance and held amount of every account of the fund's book, in fen."""
    rows = await fetch(
        conn,
        """
        SELECT account, posted_fen, pending_fen FROM balance WHERE pool_code = $1 AND book = 'basic'""",
        pool,
    )
    return {row["account"]: (row["posted_fen"], -row["pending_fen"]) for row in rows}
