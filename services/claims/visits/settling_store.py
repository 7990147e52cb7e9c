"""The SQL of a settlement batch: each statement serves the whole batch, whatever its size."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.providers.queries import Reference, reference_from, references_sql
from services.claims.visits.bill import Bill, Sheet
from services.claims.visits.claims import COLUMNS, Claim, claim_of
from services.claims.visits.counters import Ref, Row
from services.claims.visits.counting_store import ref_columns, rows_of
from services.claims.visits.coverage import CONSUMER, Coverage
from services.claims.visits.deciding import Decided, Visit
from services.claims.visits.kept import stored_decision, stored_facts
from services.claims.visits.visit_rows import coverage_of, visit_of
from shared.contracts.enrollment import COVERAGE_TOPIC
from shared.db.sql import Statement, fetch, fetchrow, rows_as_json
from shared.kernel.errors import Problem

DOUBTED = f"""
EXISTS (SELECT FROM parked p WHERE p.consumer = '{CONSUMER}' AND p.generation = 1 AND p.pool_code = m.pool_code
        AND p.topic = '{COVERAGE_TOPIC}' AND p.subject = m.member_id::text AND p.released_at IS NULL) AS doubted"""
"""Whether an event of a member's coverage is parked: what is known of him may be out of date."""


_VISITS = f"""
SELECT v.id, v.institution_code, v.institution_number, v.member_id, v.kind, v.status, v.admitted_at, v.admitted_on,
       v.discharged_at, v.diagnosis_code, v.diagnosis_name, v.circumstances, v.third_party, v.line_sheets,
       v.third_party_share, v.mother_id, v.elsewhere, v.facts_seq, v.channel, v.submitted_on,
       v.missing_papers, m.household_id,
       m.blind_index, m.township_code, m.village_code, m.birth_date, m.sex, m.sequence, m.timeline, m.groups,
       m.layers, m.entitlements, m.entitlement_seq, mother.timeline AS mothers_timeline,
       {DOUBTED}
FROM visit v LEFT JOIN member_coverage m ON m.pool_code = v.pool_code AND m.member_id = v.member_id
LEFT JOIN member_coverage mother ON mother.pool_code = v.pool_code AND mother.member_id = v.mother_id
WHERE v.pool_code = $1 AND v.id = ANY ($2::uuid[])
"""


_VISITS_WITH_RULES = f"""
WITH found AS MATERIALIZED ({_VISITS}),
     rules AS MATERIALIZED ({references_sql("SELECT DISTINCT institution_code, admitted_on FROM found")})
SELECT f.*, r.* FROM found f JOIN rules r ON r.asked_code = f.institution_code AND r.asked_day = f.admitted_on
"""


_LOCK_BATCH = "SELECT counted, locked, live FROM lock_batch($1, $2, $3, $4, $5, $6, $7)"


STANDING_SHEETS = """
visit_lines l LEFT JOIN visit_lines_withdrawal w USING (pool_code, visit_id, sheet)
"""
"""Uploads of fee lines; one that counts has no ``w.withdrawn_at``."""


_SHEETS = f"""
SELECT l.* FROM {STANDING_SHEETS}
WHERE l.pool_code = $1 AND l.visit_id = ANY ($2::uuid[]) AND w.withdrawn_at IS NULL ORDER BY l.visit_id, l.sheet
"""


_TYPES = {
    "id": "uuid", "visit_id": "uuid", "member_id": "uuid", "household_id": "uuid", "cutoff_id": "uuid",
    "reversal_id": "uuid",
    "version": "int", "benefit_year": "int", "admitted_on": "date", "discharged_on": "date", "settled_on": "date",
    "settled_at": "timestamptz", "total_fen": "bigint", "eligible_fen": "bigint", "benefit_fen": "bigint",
    "payable_fen": "bigint", "account_fen": "bigint", "elsewhere_fen": "bigint", "hospital_fen": "bigint",
    "coverage_sequence": "bigint",
    "layers": "jsonb", "midway": "boolean", "part": "int", "sheets_to": "int", "deductible_fen": "bigint",
    "so_far": "jsonb",
}  # fmt: skip


_WRITE_CLAIMS = (
    f"INSERT INTO claim (pool_code, {', '.join(COLUMNS)}) SELECT $1, q.* FROM json_to_recordset($2::json) AS q("
    + ", ".join(f"{column} {_TYPES.get(column, 'text')}" for column in COLUMNS)
    + ")"
)


_WRITE_DETAILS = """
INSERT INTO claim_detail (pool_code, claim_id, institution_code, item_codes, item_names, days, prices_micro,
                          quantities_e4, amounts_fen, eligible_fen, over_ceiling_fen, own_share_fen, reasons, facts,
                          decision)
SELECT $1, q.claim_id, q.institution_code, q.codes::text[], q.names::text[], q.days::date[], q.prices::bigint[],
       q.quantities::bigint[], q.amounts::bigint[], q.eligible::bigint[], q.over_ceiling::bigint[],
       q.own_share::bigint[], q.reasons::text[], q.facts, q.decision
FROM json_to_recordset($2::json)
  AS q(claim_id uuid, institution_code text, codes text, names text, days text, prices text, quantities text,
       amounts text, eligible text, over_ceiling text, own_share text, reasons text, facts json, decision json)
"""


VisitAndCoverage = tuple[Visit, Coverage | None]


class LockedVisit(NamedTuple):
    """What may have changed of a visit and of its member's coverage since they were first read."""

    id: UUID
    status: str
    discharged_at: datetime | None
    line_sheets: int
    facts_seq: int
    coverage_sequence: int
    entitlement_seq: int

    def same_facts(self, visit: Visit, coverage: Coverage) -> bool:
        """Whether third party, basic settlement of elsewhere, coverage and cases are as they were first read."""
        known = (visit.facts_seq, coverage.sequence, coverage.entitlement_seq)
        return (self.facts_seq, self.coverage_sequence, self.entitlement_seq) == known


@dataclass(frozen=True, slots=True)
class Locked:
    """What a batch holds locked, as it stands under the locks."""

    rows: dict[Ref, Row]
    visits: dict[UUID, LockedVisit]
    claims: list[Claim]


async def visits_with_coverage(
    conn: AsyncConnection, pool_code: str, ids: Collection[UUID]
) -> dict[UUID, VisitAndCoverage]:
    """Visits that the scope may see, each with what is known of its member's coverage."""
    return {row["id"]: _visit_and_coverage(row) for row in await fetch(conn, _VISITS, pool_code, list(ids))}


async def visits_with_rules(
    conn: AsyncConnection, pool_code: str, ids: Collection[UUID]
) -> dict[UUID, tuple[Visit, Coverage | None, Reference | Problem]]:
    """`visits_with_coverage` with the rules of each; a refusal stands in the place of rules that do not decide it."""
    rules: dict[tuple[str, date], Reference | Problem] = {}
    found: dict[UUID, tuple[Visit, Coverage | None, Reference | Problem]] = {}
    for row in await fetch(conn, _VISITS_WITH_RULES, pool_code, list(ids)):
        visit, coverage = _visit_and_coverage(row)
        pair = visit.institution_code, visit.admitted_on
        if pair not in rules:
            try:
                rules[pair] = await reference_from(conn, pool_code, row)
            except Problem as problem:
                rules[pair] = problem
        found[visit.id] = visit, coverage, rules[pair]
    return found


def _visit_and_coverage(row: Any) -> VisitAndCoverage:
    return visit_of(row), coverage_of(row) if row["sequence"] is not None else None


async def lock_batch(
    conn: AsyncConnection,
    pool_code: str,
    refs: Sequence[Ref],
    visits: Collection[UUID],
    claims: Collection[UUID],
) -> Locked:
    """Locks accumulator rows in the order given (making those that are missing), visits with the coverage they rest
    on, the claims named and the live claims of the visits, and reads each under its lock."""
    row = await fetchrow(conn, _LOCK_BATCH, pool_code, *ref_columns(refs), list(visits), list(claims))
    return Locked(
        rows=rows_of(row["counted"] or ()),
        visits={visit["id"]: LockedVisit(*visit) for visit in row["locked"]},
        claims=[claim_of(claim) for claim in row["live"]],
    )


async def uploaded_sheets(conn: AsyncConnection, pool_code: str, ids: Collection[UUID]) -> dict[UUID, list[Sheet]]:
    """The uploads of visits that were not withdrawn, in order."""
    sheets: dict[UUID, list[Sheet]] = {}
    for row in await fetch(conn, _SHEETS, pool_code, list(ids)):
        bill = Bill(
            row["item_codes"], row["item_names"], row["days"], row["prices_micro"], row["quantities_e4"],
            row["amounts_fen"], row["restrictions_met"],
        )  # fmt: skip
        sheets.setdefault(row["visit_id"], []).append(Sheet(row["sheet"], bill))
    return sheets


def claims_written(pool_code: str, decided: Sequence[Decided]) -> Statement:
    """The statement that writes settled claims.

    One JSON document a table: the driver looks at every element of an array several times.
    """
    return Statement(_WRITE_CLAIMS, (pool_code, rows_as_json([d.claim for d in decided])))


def details_written(pool_code: str, decided: Sequence[Decided]) -> Statement:
    """The statement that writes bill, outcome of each line, facts and decision of settled claims; a bill's columns go
    as array literals."""
    return Statement(_WRITE_DETAILS, (pool_code, rows_as_json([_detail(d) for d in decided])))


def _detail(decided: Decided) -> dict[str, Any]:
    bill, lines = decided.bill, decided.adjudication.lines
    return {
        "claim_id": decided.claim.id,
        "institution_code": decided.claim.institution_code,
        "codes": text_array(bill.codes),
        "names": text_array(bill.names),
        "days": plain_array(["NULL" if day is None else day.isoformat() for day in bill.days]),
        "prices": plain_array(map(str, bill.prices_micro)),
        "quantities": plain_array(map(str, bill.quantities_e4)),
        "amounts": plain_array(map(str, bill.amounts_fen)),
        "eligible": plain_array([str(line.eligible_fen) for line in lines]),
        "over_ceiling": plain_array([str(line.over_ceiling_fen) for line in lines]),
        "own_share": plain_array([str(line.own_share_fen) for line in lines]),
        "reasons": plain_array([line.reason for line in lines]),
        "facts": stored_facts(decided.facts, decided.off_path, bill.met),
        "decision": stored_decision(decided.adjudication),
    }


def plain_array(words: Iterable[str]) -> str:
    """The literal of an array whose elements need no quotes: numbers, dates, codes of ours, NULL."""
    return "{" + ",".join(words) + "}"


def text_array(texts: Sequence[str]) -> str:
    """The literal of an array of any texts."""
    joined_texts = '","'.join(texts)
    if joined_texts.count('"') != 2 * (len(texts) - 1) or "\\" in joined_texts:
        joined_texts = '","'.join(text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return '{"' + joined_texts + '"}' if texts else "{}"
