"""SQL of what was open at the end of a day: every item by the days on which it came and went, never by its state now.

What the bank shows counts from the day on which it was booked, as in the reconciliation of the same day; the list of a
day is the same whenever it is printed.
"""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.dues import dues
from services.settlement.funding.movements import stands, taken_back
from shared.db.sql import fetch


async def outstanding(conn: AsyncConnection, pool: str, day: date, limit: int) -> list[Any]:
    """Everything open at the end of a day, oldest first: (kind, day, reference, text, fen) a row, ``limit`` at most.
    Benefits that are owed and unpaid are one row a hospital (or person) and state, from the oldest on."""
    return await fetch(conn, _OUTSTANDING, pool, day, limit)


_OUTSTANDING = f"""
WITH seen AS (
  SELECT m.source_id, m.kind FROM movement m
  WHERE m.pool_code = $1 AND m.booked_on <= $2 AND {stands(by="$2")}
), paid AS (
  SELECT x.claim_id, sum(x.fen)::bigint AS fen FROM (
    SELECT c.claim_id, c.amount_fen AS fen FROM instruction_claim c
    JOIN seen s ON s.source_id = c.instruction_id AND s.kind IN ('payment:seen', 'late_payment:seen')
    WHERE c.pool_code = $1
    UNION ALL
    SELECT c.claim_id, c.withheld_fen + c.set_off_fen - c.amount_fen FROM instruction_claim c
    JOIN seen s ON s.source_id = c.instruction_id AND s.kind = 'payment_return:seen' WHERE c.pool_code = $1
    UNION ALL
    SELECT o.claim_id, o.amount_fen FROM cash_payout o WHERE o.pool_code = $1 AND o.booked_on <= $2) x
  GROUP BY x.claim_id
), owed AS (
  SELECT CASE WHEN c.decided_on <= $2 THEN 'claim_unpaid' ELSE 'claim_review' END AS kind, c.opened_on,
         c.institution_code,
         CASE WHEN c.decided_on <= $2 THEN c.decided_fen ELSE c.fund_fen END
           - coalesce(p.fen, 0) AS fen
  FROM claim_state c LEFT JOIN paid p ON p.claim_id = c.claim_id
  WHERE c.pool_code = $1 AND c.opened_on <= $2 AND (c.ended_on IS NULL OR c.ended_on > $2)
    AND NOT EXISTS (SELECT FROM payable u
                      JOIN second_payment s ON s.pool_code = u.pool_code AND s.payment_id = u.claim_id
                    WHERE u.pool_code = $1 AND u.claim_id = c.claim_id AND u.status = 'unclaimed' AND s.claim_by < $2)
)
SELECT * FROM (
  SELECT 'bank_line' AS kind, l.value_date AS day, l.reference, l.account AS text, l.signed_fen AS fen
  FROM statement t JOIN statement_line l ON l.pool_code = t.pool_code AND l.statement_id = t.id
  LEFT JOIN line_match x ON x.pool_code = l.pool_code AND x.line_id = l.id
  LEFT JOIN movement m ON m.pool_code = x.pool_code AND m.id = x.movement_id
  WHERE t.pool_code = $1 AND t.day <= $2 AND (m.id IS NULL OR m.booked_on > $2)
  UNION ALL
  SELECT 'movement', m.value_date, m.reference, m.account, m.signed_fen FROM movement m
  LEFT JOIN line_match x ON x.pool_code = m.pool_code AND x.movement_id = m.id
  LEFT JOIN statement_line l ON l.pool_code = x.pool_code AND l.id = x.line_id
  LEFT JOIN statement t ON t.pool_code = l.pool_code AND t.id = l.statement_id
  WHERE m.pool_code = $1 AND m.booked_on <= $2 AND (t.id IS NULL OR t.day > $2) AND {stands(by="$2")}
  UNION ALL
  SELECT 'transfer', t.released_on, coalesce(t.shown_as, t.reference), t.kind, t.amount_fen FROM transfer t
  WHERE t.pool_code = $1 AND t.released_on <= $2 AND CASE t.kind
    WHEN 'float_issue' THEN t.arrived_on IS NULL OR t.arrived_on > $2 -- the township signs for it
    ELSE NOT EXISTS (SELECT FROM seen s WHERE s.source_id = t.id
                     AND s.kind IN (t.kind || ':seen', t.kind || '_returned:seen')) END
  UNION ALL
  SELECT 'remittance', r.business_day, r.reference, r.township_code, r.amount_fen FROM remittance r
  WHERE r.pool_code = $1 AND r.business_day <= $2
    AND NOT EXISTS (SELECT FROM seen s WHERE s.source_id = r.id AND s.kind = 'remittance:seen')
  UNION ALL
  SELECT 'payment', i.deadline, i.end_to_end_id, i.institution_code, i.amount_fen FROM instruction i
  WHERE i.pool_code = $1 AND i.status <> 'cancelled' AND i.deadline < $2
    AND NOT EXISTS (SELECT FROM declaration d WHERE d.pool_code = i.pool_code AND d.instruction_id = i.id
                      AND d.confirmed_on <= $2 AND (d.withdrawn_on IS NULL OR d.withdrawn_on > $2))
    AND NOT EXISTS (SELECT FROM seen s WHERE s.source_id = i.id)
  UNION ALL
  SELECT 'receivable', r.arisen_on, r.reference, r.reason, r.fen FROM (
    SELECT r.arisen_on, r.reference, r.reason, (r.amount_fen
      - coalesce((SELECT sum(o.amount_fen) FROM set_off o WHERE o.pool_code = $1 AND o.receivable_id = r.id
                    AND o.done_on <= $2), 0)
      - coalesce((SELECT sum(m.signed_fen) FROM movement m WHERE m.pool_code = $1 AND m.source_id = r.id
                    AND m.kind IN ('receivable:seen', 'recovery:seen') AND m.booked_on <= $2), 0)
      - coalesce((SELECT sum(b.signed_fen) FROM movement m JOIN movement b ON b.pool_code = m.pool_code
                    AND b.source_id = m.id AND {taken_back("b")} AND b.booked_on <= $2
                  WHERE m.pool_code = $1 AND m.source_id = r.id), 0)
      - coalesce((SELECT sum(w.amount_fen) FROM waiver w WHERE w.pool_code = $1 AND w.receivable_id = r.id
                    AND w.waived_on <= $2), 0))::bigint AS fen
    FROM receivable r WHERE r.pool_code = $1 AND r.arisen_on <= $2
      -- made good by its payment coming back, on the business day: no money of its own shows it
      AND (r.made_good_on IS NULL OR r.made_good_on > $2 OR EXISTS (
        SELECT FROM movement m WHERE m.pool_code = $1 AND m.source_id = r.id
          AND m.kind IN ('receivable:seen', 'recovery:seen')))) r
  WHERE r.fen > 0
  UNION ALL
  SELECT 'money_order', o.prepared_on, w.reference, o.reason,
         o.amount_fen * CASE WHEN o.direction < 0 THEN -1 ELSE 1 END
  FROM money_order o CROSS JOIN LATERAL (
    SELECT o.reference, coalesce(o.returned_on, o.prepared_on) AS since, coalesce(o.refused_on, o.booked_on) AS until
    UNION ALL
    SELECT h.reference, h.waited_from, h.waited_to FROM order_wait h
    WHERE h.pool_code = o.pool_code AND h.order_id = o.id) w
  WHERE o.pool_code = $1 AND w.since <= $2 AND (w.until IS NULL OR w.until > $2)
  UNION ALL
  SELECT 'arrival', a.recorded_on, a.bank_reference, a.kind, a.amount_fen FROM arrival a
  WHERE a.pool_code = $1 AND a.recorded_on <= $2 AND (a.refused_on IS NULL OR a.refused_on > $2)
    AND (a.booked_on IS NULL OR a.booked_on > $2)
  UNION ALL
  SELECT 'subsidy', d.day, d.level, d.coverage_year || ' 年度', d.fen FROM (
    SELECT s.level, s.coverage_year, min(s.first_day) AS day,
           (sum(s.amount_fen) - coalesce((SELECT sum(a.amount_fen) FROM arrival a
             JOIN seen n ON n.source_id = a.id AND n.kind = 'subsidy' WHERE a.pool_code = $1
             AND a.kind = 'subsidy' AND a.level = s.level AND a.coverage_year = s.coverage_year), 0)
           + coalesce((SELECT sum(c.amount_fen * CASE c.coverage_year WHEN s.coverage_year THEN -1 ELSE 1 END)
             FROM subsidy_carry c WHERE c.pool_code = $1 AND c.level = s.level AND c.carried_on <= $2
             AND c.coverage_year IN (s.coverage_year, s.coverage_year - 1)), 0))::bigint AS fen
    FROM {dues("$2")} s GROUP BY s.level, s.coverage_year) d
  WHERE d.fen > 0
  UNION ALL
  SELECT 'deposit', r.approved_on, r.institution_code, r.reason, r.fen - r.amount_fen FROM (
    SELECT r.*, coalesce(x.fen, 0)::bigint AS fen
    FROM deposit_release r LEFT JOIN (
      SELECT u.cutoff_id, sum(p.fen) AS fen FROM payable u JOIN paid p ON p.claim_id = u.claim_id
      WHERE u.pool_code = $1 AND u.cutoff_id IN (SELECT d.id FROM deposit_release d WHERE d.pool_code = $1)
      GROUP BY u.cutoff_id) x ON x.cutoff_id = r.id -- all at once: one look at what was paid, not one a release
    WHERE r.pool_code = $1 AND r.approved_on <= $2 AND NOT r.forfeit) r
  WHERE r.fen < r.amount_fen
  UNION ALL
  SELECT w.kind, min(w.opened_on), w.institution_code, count(*) || ' 笔', -sum(w.fen)::bigint FROM owed w
  WHERE w.fen > 0 GROUP BY w.kind, w.institution_code
) found ORDER BY day, kind, reference LIMIT $3
"""
