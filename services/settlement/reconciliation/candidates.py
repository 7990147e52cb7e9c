"""SQL of what lines of a statement may show.

Under one reference the bank may pay, send back and pay again any number of times: what a further line means follows
from what the ones before it have made of the payment, the order or the transfer (0299).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.movements import stands, taken_back
from shared.db.sql import fetch


async def candidates(conn: AsyncConnection, pool: str, account: str, references: Sequence[str]) -> list[Any]:
    """What lines of an account with these references may show: movements booked and not yet seen, payments at the
    bank, payments that may come back or be executed again, transfers and remittances on their way, receivables awaited.
    Of two of one kind, amount and reference the first is the one meant."""
    return await fetch(conn, _CANDIDATES, pool, account, list(references))


_UNSEEN = f"""
SELECT m.id, m.signed_fen, m.reference FROM movement m
WHERE m.pool_code = $1 AND m.account = $2 AND m.reference = ANY ($3::text[])
  AND NOT EXISTS (SELECT FROM line_match x WHERE x.pool_code = m.pool_code AND x.movement_id = m.id) AND {stands()}"""

# The latest under a reference answers for it: one that the bank made by executing again stands for the one before.
_INSTRUCTIONS = """
SELECT c.kind, i.id, c.sign * i.amount_fen, coalesce(i.shown_as, i.end_to_end_id), 0
FROM instruction i JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id AND b.account = $2
CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT FROM instruction r WHERE r.pool_code = i.pool_code AND r.replaces = i.id
                   AND r.status <> 'cancelled') AS paid_again,
         CASE i.status WHEN 'returned' THEN NOT EXISTS (
           SELECT FROM instruction_claim k JOIN payable p USING (pool_code, claim_id, layer)
           WHERE k.pool_code = i.pool_code AND k.instruction_id = i.id AND k.amount_fen > k.set_off_fen + k.withheld_fen
             AND (p.instruction_id, p.status) IS DISTINCT FROM (i.id, 'bounced')) END AS open_whole) s
CROSS JOIN LATERAL (VALUES
  ('payment', -1, i.status IN ('released', 'sent', 'unknown')),
  ('payment_return', 1, i.status = 'confirmed'),
  ('late_payment', -1, i.status = 'not_executed' AND NOT s.paid_again),
  ('payment_again', -1, i.status = 'returned' AND s.open_whole AND NOT s.paid_again),
  ('second_payment', -1, i.status IN ('confirmed', 'paid_twice') OR i.status = 'not_executed' AND s.paid_again
                         OR i.status = 'returned' AND (s.paid_again OR NOT s.open_whole))
) AS c (kind, sign, applies)
WHERE i.pool_code = $1 AND c.applies
  AND (i.shown_as = ANY ($3::text[]) OR i.shown_as IS NULL AND i.end_to_end_id = ANY ($3::text[]))
  AND NOT EXISTS (SELECT FROM instruction n WHERE n.pool_code = i.pool_code AND n.replaces = i.id
                    AND n.shown_as IS NOT NULL)"""

# An order that is paid, whichever reference it had before: its own line was seen, and this is one more.
_ORDERS = """
SELECT 'second_order', o.id, -o.amount_fen, f.reference, 0 FROM (
  SELECT o.id, o.reference FROM money_order o WHERE o.pool_code = $1 AND o.reference = ANY ($3::text[])
  UNION
  SELECT w.order_id, w.reference FROM order_wait w WHERE w.pool_code = $1 AND w.reference = ANY ($3::text[])) f
JOIN money_order o ON o.pool_code = $1 AND o.id = f.id AND o.account = $2
WHERE o.status = 'booked' AND o.direction < 0 AND NOT EXISTS (SELECT FROM unseen u WHERE u.reference = f.reference)"""

_LEAVES = """
CASE t.kind WHEN 'income_to_fiscal' THEN '1003' WHEN 'advance' THEN '1002' WHEN 'replenishment' THEN '1002'
            ELSE '1001.02' END"""
# What the bank executed once more is what it takes back first, and what arrives last.
_TRANSFERS = f"""
SELECT t.kind, t.id, t.amount_fen, t.shown, (t.shown_as IS NOT NULL)::integer FROM sent t
WHERE t.status = 'released' AND t.kind <> 'float_issue'
  AND $2 = CASE WHEN t.kind IN ('income_to_fiscal', 'sweep', 'advance_return') THEN '1002' ELSE '1001.02' END
UNION ALL
SELECT t.kind || '_returned', t.id, t.amount_fen, t.shown, (t.shown_as IS NULL)::integer FROM sent t
WHERE t.status = 'released' AND t.kind <> 'float_return' AND $2 = {_LEAVES}
UNION ALL
SELECT t.kind || '_again', t.id, -t.amount_fen, t.shown, 0 FROM sent t
WHERE t.shown_as IS NULL AND t.status IN ('released', 'arrived', 'returned') AND t.kind <> 'float_return'
  AND $2 = {_LEAVES} AND NOT EXISTS (SELECT FROM unseen u WHERE u.reference = t.shown)"""

_RECEIVABLES = """
SELECT CASE d.account WHEN '1002' THEN 'recovery' ELSE 'receivable' END, d.id, d.open_fen, d.reference, 0 FROM (
  SELECT r.id, coalesce(w.account, r.book || '-1001') AS account, f.reference,
         r.amount_fen - r.settled_fen - r.waived_fen - coalesce((
           SELECT sum(s.amount_fen) FROM set_off s WHERE s.pool_code = r.pool_code AND s.receivable_id = r.id
             AND NOT s.given_up AND s.done_on IS NULL), 0)::bigint AS open_fen
  FROM receivable r
  CROSS JOIN LATERAL (VALUES (r.reference), (r.shown_as)) AS f (reference)
  LEFT JOIN (VALUES ('recheck', '1001.02'), ('second_payment', '1001.02'), ('recovery', '1001.02'),
                    ('recovery', '1002'), ('family_account', '1002'), ('accident', '1002'),
                    ('cancellation', '1001.02'), ('cancellation', '1002'), ('order_paid_twice', '1002'))
    AS w (origin, account)
    ON r.book = 'basic' AND w.origin = r.origin
  WHERE r.pool_code = $1 AND r.made_good_on IS NULL AND f.reference = ANY ($3::text[])) d
WHERE d.account = $2 AND d.open_fen > 0"""

# What came in for a receivable under its own reference and the bank took back again: each part once.
_TAKEN_BACK = f"""
SELECT split_part(m.kind, ':', 1) || '_taken_back', m.id, -m.signed_fen, m.reference, 0
FROM movement m JOIN receivable r ON r.pool_code = m.pool_code AND r.id = m.source_id AND r.reference = m.reference
WHERE m.pool_code = $1 AND m.account = $2 AND m.reference = ANY ($3::text[])
  AND m.kind IN ('receivable:seen', 'recovery:seen')
  AND NOT EXISTS (SELECT FROM movement b WHERE b.pool_code = m.pool_code AND b.account = m.account
                    AND {taken_back("b")} AND b.source_id = m.id)"""

_CANDIDATES = f"""
WITH unseen AS ({_UNSEEN}
), sent AS (
  SELECT t.*, coalesce(t.shown_as, t.reference) AS shown FROM transfer t
  WHERE t.pool_code = $1 AND (t.shown_as = ANY ($3::text[]) OR t.shown_as IS NULL AND t.reference = ANY ($3::text[]))
)
SELECT kind, source_id, signed_fen, reference FROM (
SELECT 'booked' AS kind, u.id AS source_id, u.signed_fen, u.reference, 0 AS rank FROM unseen u
UNION ALL {_INSTRUCTIONS}
UNION ALL {_ORDERS}
UNION ALL {_TRANSFERS}
UNION ALL
SELECT 'remittance', r.id, r.amount_fen, r.reference, 0 FROM remittance r
WHERE r.pool_code = $1 AND $2 = '1003' AND r.reference = ANY ($3::text[]) AND r.arrived_on IS NULL
UNION ALL {_RECEIVABLES}
UNION ALL {_TAKEN_BACK}
) found ORDER BY rank, source_id
"""
