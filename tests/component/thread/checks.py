"""What must hold after any sequence, added up plainly from the rows of both databases and compared with the paper."""

import json
from collections import Counter
from uuid import UUID

from tests.component.thread.county import County
from tests.component.thread.paper import CAPS, Paper

_CLAIMS = """
SELECT c.id, c.member_id, c.kind, c.benefit_year, c.status, c.benefit_fen, c.payable_fen,
       coalesce(bool_or(r.taken_back), false) AS taken_back
FROM claim c LEFT JOIN claim_review r ON r.pool_code = c.pool_code AND r.claim_id = c.id
GROUP BY c.pool_code, c.id
"""
_PAID = """
SELECT l.claim_id, l.layer, sum(l.amount_fen) FILTER (WHERE i.status = 'confirmed') AS confirmed_fen,
       count(*) FILTER (WHERE i.status = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE i.status NOT IN ('returned', 'cancelled')) AS in_being,
       sum(l.amount_fen * s.net / i.amount_fen) AS bank_fen
FROM instruction_claim l
JOIN instruction i ON i.pool_code = l.pool_code AND i.id = l.instruction_id
CROSS JOIN LATERAL (SELECT coalesce(-sum(signed_fen), 0)::bigint AS net FROM statement_line s
                    WHERE s.pool_code = i.pool_code AND s.account = '1001.02' AND s.reference = i.end_to_end_id) s
GROUP BY l.claim_id, l.layer
"""


async def check(county: County, paper: Paper) -> None:
    """Everything at once."""
    await claims_are_as_told(county, paper)
    await nothing_is_paid_twice(county, paper)
    await settlement_knows_what_it_was_given(county)
    await what_is_owed_is_owed(county)
    await county.money.identities()
    await county.money.check_books()


async def claims_are_as_told(county: County, paper: Paper) -> None:
    """Claims stand as their answers said; no cap is passed; the accumulators are the sums of the live claims."""
    rows = await county.look(_CLAIMS)
    stored = {r["id"]: (r["status"], r["benefit_fen"], r["payable_fen"], r["taken_back"]) for r in rows}
    assert stored == {c.id: (c.status, c.benefit, c.payable, c.taken_back) for c in paper.claims.values()}
    sums: Counter[tuple[UUID, str, int]] = Counter()
    for row in rows:
        if row["status"] != "cancelled" and not row["taken_back"]:
            sums[row["member_id"], row["kind"], row["benefit_year"]] += row["benefit_fen"]
    for (member, kind, year), fen in sums.items():
        assert 0 <= fen <= CAPS[kind], f"{kind} of {member} in {year} is {fen} fen"
    used: Counter[tuple[UUID, str, int]] = Counter()
    for row in await county.look("SELECT owner_id, year, used FROM accumulator"):
        for name, fen in json.loads(row["used"]).items():
            assert name in ("basic.inpatient.benefit", "basic.outpatient.benefit")
            used[row["owner_id"], name.split(".")[1], row["year"]] += fen
    assert +used == +sums
    moved: Counter[tuple[UUID, str, int]] = Counter()
    for row in await county.look("SELECT owner_id, year, takes_back, added FROM accumulator_entry"):
        for name, fen in json.loads(row["added"]).items():
            moved[row["owner_id"], name.split(".")[1], row["year"]] += -fen if row["takes_back"] else fen
    assert +moved == +sums, "the entries add up to the accumulators"


async def nothing_is_paid_twice(county: County, paper: Paper) -> None:
    """A claim's layer is in one payment at most that is not returned, and the bank paid no more than was released."""
    for row in await county.count_money(_PAID):
        claim = paper.claims[row["claim_id"]]
        owed = claim.payable if claim.status == "released" else 0
        assert row["in_being"] <= 1, f"{claim} is in {row['in_being']} payments"
        assert row["confirmed"] <= 1, f"{claim} was paid {row['confirmed']} times"
        assert (row["confirmed_fen"] or 0) in (0, owed), f"{claim}: {row['confirmed_fen']} fen confirmed"
        assert (row["bank_fen"] or 0) == (row["confirmed_fen"] or 0), f"{claim}: the bank paid {row['bank_fen']} fen"


async def settlement_knows_what_it_was_given(county: County) -> None:
    """Each claim stands in settlement as its last delivered event said, and the totals are the sums of these rows."""
    rows = await county.count_money("SELECT claim_id, state, fund_fen, approved_fen, cut_fen FROM claim_state")
    assert {row["claim_id"]: row["state"] for row in rows} == county.told
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["state"]] += row["fund_fen"]
        assert row["approved_fen"] + row["cut_fen"] == (
            row["fund_fen"] if row["state"] in ("approved", "released") else 0
        )
    totals = await county.count_money("SELECT state, fund_fen FROM claim_total WHERE fund_fen <> 0")
    assert +sums == Counter({row["state"]: row["fund_fen"] for row in totals})


async def what_is_owed_is_owed(county: County) -> None:
    """The obligations of the days add up to what is under review, and to what is approved and not at the hospital."""
    owed: Counter[str] = Counter()
    for row in await county.count_money("SELECT debit, credit, amount_fen FROM obligation_day"):
        owed[row["credit"]] += row["amount_fen"]
        owed[row["debit"]] -= row["amount_fen"]
    due: Counter[str] = Counter()
    for row in await county.count_money("SELECT state, fund_fen, approved_fen FROM claim_state"):
        if row["state"] == "settled":
            due["2301.01"] += row["fund_fen"]
        elif row["state"] in ("approved", "released"):
            due["2301.02"] += row["approved_fen"]
    for row in await county.count_money("SELECT amount_fen FROM instruction WHERE status = 'confirmed'"):
        due["2301.02"] -= row["amount_fen"]
    due["1301"] = -due["2301.01"] - due["2301.02"]
    assert {account: fen for account, fen in owed.items() if fen} == {a: fen for a, fen in due.items() if fen}


async def both_agree(county: County, paper: Paper) -> None:
    """With nothing on its way, settlement holds every claim as claims does, and a payable for each that is owed."""
    assert not county.pending
    assert county.told == {claim.id: claim.status for claim in paper.claims.values()}
    rows = await county.count_money("SELECT claim_id, amount_fen FROM payable")
    owed = {c.id: c.payable for c in paper.claims.values() if c.status == "released" and c.payable}
    assert {row["claim_id"]: row["amount_fen"] for row in rows} == owed
    kept = await county.count_money(
        "SELECT claim_id, state, approved_fen FROM claim_state WHERE state IN ('approved', 'released')"
    )
    due = {c.id: c.payable for c in paper.claims.values() if c.status in ("approved", "released")}
    assert {row["claim_id"]: row["approved_fen"] for row in kept} == due
