"""The SQL of a settlement batch: each statement serves the whole batch, whatever its size."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.model import Interval
from services.claims.providers.queries import Reference, reference_from, references_sql
from services.claims.visits.bill import Bill
from services.claims.visits.claims import COLUMNS, Claim, claim_of
from services.claims.visits.counters import Counters, Entry, Ref, Row
from services.claims.visits.coverage import CONSUMER, Coverage, intervals, named_from_rows, timeline_from_rows
from services.claims.visits.deciding import BEDSIDE, TO_PERSON, WINDOW, Decided, Visit, stored_decision, stored_facts
from services.claims.visits.elsewhere import elsewhere_from_row
from services.claims.visits.entitlements import from_rows
from services.claims.visits.reversing import COLUMNS as REVERSAL_COLUMNS
from services.claims.visits.reversing import Reversal, Standing
from shared.contracts.enrollment import COVERAGE_TOPIC
from shared.db.sql import Statement, execute, fetch, fetchrow, rows_as_json
from shared.http.idempotency import Answered, lock_name
from shared.http.idempotency import Claim as Key
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import Problem

_TAKE_KEYS = """
WITH taken AS (
  INSERT INTO idempotency (pool_code, subject, key, request_hash, created_at)
  SELECT $1, q.subject, q.key, q.request_hash, $6
  FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) AS q(subject, key, request_hash, name)
  WHERE pg_try_advisory_xact_lock(hashtextextended(q.name, 0))
  ORDER BY q.subject, q.key
  ON CONFLICT DO NOTHING RETURNING subject, key
)
SELECT coalesce(array_agg(subject), '{}') AS subjects, coalesce(array_agg(key), '{}') AS keys,
       heyi_open_day($1) AS first_open
FROM taken
"""
_WAIT_KEY = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
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
_READ_KEYS = """
SELECT i.subject, i.key, i.request_hash, i.status, i.answer, i.result_kind, i.result_id
FROM unnest($2::text[], $3::text[]) AS q(subject, key)
JOIN idempotency i ON i.pool_code = $1 AND i.subject = q.subject AND i.key = q.key
"""
_CLAIM_HEADS = """
SELECT c.id, c.institution_code, c.visit_id, c.member_id, c.household_id, c.paid_to,
       EXISTS (SELECT FROM cancellation_release r
               WHERE r.pool_code = c.pool_code AND r.claim_id = c.id) AS county_released, v.layers AS reversal_layers,
       ARRAY(SELECT p.layer FROM claim_payment p
             WHERE p.pool_code = c.pool_code AND p.claim_id = c.id AND p.paid) AS paid_layers,
       EXISTS (SELECT FROM benefit_year_close y
               WHERE y.pool_code = c.pool_code AND y.year = c.benefit_year) AS year_closed
FROM claim c LEFT JOIN reversal_release v
  ON v.pool_code = c.pool_code AND v.claim_id = c.id AND v.approved_by IS NOT NULL
WHERE c.pool_code = $1 AND c.id = ANY ($2::uuid[])
"""
_ENTRIES_OF = """
SELECT e.claim_id, e.owner_id, e.scope, e.year, e.detail FROM accumulator_entry e
WHERE e.pool_code = $1 AND e.owner_id = ANY ($2::uuid[]) AND e.claim_id = ANY ($3::uuid[]) AND NOT e.takes_back
"""
_ENTRIES = """
SELECT e.owner_id, e.scope, e.year, e.detail, e.move, e.claim_id, e.institution_code, e.takes_back, e.added
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::text[]) AS q(owner_id, scope, year, detail)
JOIN accumulator_entry e ON e.pool_code = $1 AND e.owner_id = q.owner_id AND e.scope = q.scope AND e.year = q.year
 AND e.detail = q.detail
ORDER BY e.owner_id, e.scope, e.year, e.detail, e.move
"""
_LOCK_ROWS = "SELECT * FROM lock_accumulators($1, $2, $3, $4, $5)"
_WRITE_ROWS = """
UPDATE accumulator AS a SET used = q.used::jsonb, moves = q.moves
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::text[], $7::bigint[])
  AS q(owner_id, scope, year, detail, used, moves)
WHERE a.pool_code = $1 AND a.owner_id = q.owner_id AND a.scope = q.scope AND a.year = q.year AND a.detail = q.detail
"""
_WRITE_ENTRIES = """
INSERT INTO accumulator_entry
  (pool_code, owner_id, scope, year, detail, move, claim_id, institution_code, takes_back, added, counted_on)
SELECT $1, q.owner_id, q.scope, q.year, q.detail, q.move, q.claim_id, q.institution_code, q.takes_back, q.added::jsonb,
       $11
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::bigint[], $7::uuid[], $8::text[], $9::bool[],
            $10::text[])
  AS q(owner_id, scope, year, detail, move, claim_id, institution_code, takes_back, added)
"""
_TYPES = {
    "id": "uuid", "visit_id": "uuid", "member_id": "uuid", "household_id": "uuid", "cutoff_id": "uuid",
    "reversal_id": "uuid",
    "version": "int", "benefit_year": "int", "admitted_on": "date", "discharged_on": "date", "settled_on": "date",
    "settled_at": "timestamptz", "total_fen": "bigint", "eligible_fen": "bigint", "benefit_fen": "bigint",
    "payable_fen": "bigint", "account_fen": "bigint", "elsewhere_fen": "bigint", "hospital_fen": "bigint",
    "coverage_sequence": "bigint",
    "layers": "jsonb", "midway": "boolean", "part": "int", "sheets_to": "int", "deductible_fen": "bigint",
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
_CANCEL = """
UPDATE claim AS c SET status = q.status, version = q.version, payable_fen = q.payable_fen, reversal_id = q.reversal_id
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::uuid[])
  AS q(id, status, version, payable_fen, reversal_id)
WHERE c.pool_code = $1 AND c.id = q.id
"""
_REVERSALS = (
    f"INSERT INTO claim_reversal (pool_code, {', '.join(REVERSAL_COLUMNS)}) SELECT $1, q.* "
    "FROM json_to_recordset($2::json) AS q(id uuid, number text, claim_id uuid, institution_code text, member_id uuid, "
    "township_code text, kind text, benefit_year int, total_fen bigint, eligible_fen bigint, benefit_fen bigint, "
    "account_fen bigint, payable_fen bigint, layers jsonb, reason text, reversed_on date, reversed_at timestamptz, "
    "reversed_by text)"
)
_CANCELLATIONS = """
INSERT INTO cancellation (pool_code, claim_id, institution_code, reason, cancelled_at, cancelled_on, cancelled_by)
SELECT $1, q.claim_id, q.institution_code, q.reason, $6, $7, q.cancelled_by
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS q(claim_id, institution_code, reason, cancelled_by)
"""
_READJUDICATIONS = """
INSERT INTO readjudication (pool_code, claim_id, cancelled_claim_id, institution_code, listed_at)
SELECT $1, q.claim_id, q.cancelled, q.institution_code, $5
FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS q(claim_id, cancelled, institution_code)
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


@dataclass(frozen=True, slots=True)
class ClaimHead:
    """What never changes of a claim, and what county office and settlement have said of it."""

    id: UUID
    institution_code: str
    visit_id: UUID
    member_id: UUID
    household_id: UUID
    paid_to: str
    standing: Standing

    @property
    def channel(self) -> str:
        """The channel of its visit."""
        return WINDOW if self.paid_to == TO_PERSON else BEDSIDE


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key used before: for which request, and its answer."""

    request_hash: bytes
    answered: Answered


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancellation to write."""

    claim: Claim
    reason: str
    by: str
    before: str
    payable_before_fen: int
    later: dict[UUID, str]
    reversal: Reversal | None = None
    """The negative claim, where the claim was paid."""


async def take_keys(
    conn: AsyncConnection, pool_code: str, keys: Sequence[Key], now: datetime
) -> tuple[set[tuple[str, str]], date | None]:
    """Tries the lock of each key, without waiting, inserts those that are locked in sorted order (contracts §4), and
    then takes the shared lock of the business day.

    Returns (subject, key) of those that are ours now (of the others the lock is held elsewhere or the key was used)
    and the pool's first open day.
    """
    row = await fetchrow(
        conn,
        _TAKE_KEYS,
        pool_code,
        [key.subject for key in keys],
        [key.key for key in keys],
        [key.request_hash for key in keys],
        [lock_name(key) for key in keys],
        now,
    )
    return set(zip(row["subjects"], row["keys"], strict=True)), row["first_open"]


async def wait_for_key(conn: AsyncConnection, key: Key) -> None:
    """Waits for the key, at most the connection's lock timeout (then the driver raises)."""
    await execute(conn, _WAIT_KEY, lock_name(key))


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
    row = await fetchrow(conn, _LOCK_BATCH, pool_code, *_columns(refs), list(visits), list(claims))
    return Locked(
        rows=_rows(row["counted"] or ()),
        visits={visit["id"]: LockedVisit(*visit) for visit in row["locked"]},
        claims=[claim_of(claim) for claim in row["live"]],
    )


async def uploaded_bills(
    conn: AsyncConnection, pool_code: str, ids: Collection[UUID]
) -> dict[UUID, list[tuple[int, Bill]]]:
    """The uploads of visits by their numbers, in order."""
    sheets: dict[UUID, list[tuple[int, Bill]]] = {}
    for row in await fetch(conn, _SHEETS, pool_code, list(ids)):
        bill = Bill(
            row["item_codes"], row["item_names"], row["days"], row["prices_micro"], row["quantities_e4"],
            row["amounts_fen"], row["restrictions_met"],
        )  # fmt: skip
        sheets.setdefault(row["visit_id"], []).append((row["sheet"], bill))
    return sheets


async def claim_heads(conn: AsyncConnection, pool_code: str, ids: Collection[UUID]) -> dict[UUID, ClaimHead]:
    """What never changes of claims that the scope may see, with what county office and settlement say of each."""
    return {row["id"]: _head(row) for row in await fetch(conn, _CLAIM_HEADS, pool_code, list(ids))}


def _head(row: Any) -> ClaimHead:
    layers = row["reversal_layers"]
    standing = Standing(
        county_released=row["county_released"],
        reversal_layers=None if layers is None else tuple(layers),
        paid_layers=frozenset(row["paid_layers"]),
        year_closed=row["year_closed"],
    )
    named = ("id", "institution_code", "visit_id", "member_id", "household_id", "paid_to")
    return ClaimHead(**{name: row[name] for name in named}, standing=standing)


async def refs_of_claims(conn: AsyncConnection, pool_code: str, heads: Collection[ClaimHead]) -> dict[UUID, list[Ref]]:
    """The accumulator rows that claims have entries on, by claim."""
    owners = {owner for head in heads for owner in (head.member_id, head.household_id)}
    refs: dict[UUID, list[Ref]] = {}
    for row in await fetch(conn, _ENTRIES_OF, pool_code, list(owners), [head.id for head in heads]):
        refs.setdefault(row["claim_id"], []).append(Ref(row["owner_id"], row["scope"], row["year"], row["detail"]))
    return refs


async def read_keys(conn: AsyncConnection, pool_code: str, keys: Sequence[Key]) -> dict[tuple[str, str], KnownKey]:
    """What keys were used for and answered, by (subject, key)."""
    rows = await fetch(conn, _READ_KEYS, pool_code, [key.subject for key in keys], [key.key for key in keys])
    return {
        (row["subject"], row["key"]): KnownKey(
            row["request_hash"], Answered(row["status"], row["answer"], row["result_kind"], row["result_id"])
        )
        for row in rows
    }


async def lock_rows(conn: AsyncConnection, pool_code: str, refs: Sequence[Ref]) -> dict[Ref, Row]:
    """Locks accumulator rows in the order given, making those that are missing, and reads them."""
    return _rows(await fetch(conn, _LOCK_ROWS, pool_code, *_columns(refs)))


def _rows(found: Iterable[Any]) -> dict[Ref, Row]:
    return {
        Ref(row["owner_id"], row["scope"], row["year"], row["detail"]): Row(row["used"], row["moves"]) for row in found
    }


async def entries_on(conn: AsyncConnection, pool_code: str, refs: Sequence[Ref]) -> list[Entry]:
    """Every entry on accumulator rows, in order."""
    rows = await fetch(conn, _ENTRIES, pool_code, *_columns(refs))
    return [
        Entry(
            Ref(row["owner_id"], row["scope"], row["year"], row["detail"]),
            row["move"],
            row["claim_id"],
            row["institution_code"],
            row["takes_back"],
            row["added"],
        )
        for row in rows
    ]


def counts_written(pool_code: str, counters: Counters, day: date) -> list[Statement]:
    """The statements that write what accumulator rows stand at, and what each claim added or took back on a day."""
    rows, entries = counters.changed(), counters.new
    used = [orjson.dumps(row.used).decode() for _, row in rows]
    columns = _columns([e.ref for e in entries])
    added = [orjson.dumps(e.added).decode() for e in entries]
    return [
        Statement(_WRITE_ROWS, (pool_code, *_columns([ref for ref, _ in rows]), used, [row.moves for _, row in rows])),
        Statement(
            _WRITE_ENTRIES,
            (
                pool_code,
                *columns,
                [e.move for e in entries],
                [e.claim_id for e in entries],
                [e.institution_code for e in entries],
                [e.takes_back for e in entries],
                added,
                day,
            ),
        ),
    ]


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
        "facts": stored_facts(decided.facts, decided.off_path),
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


def cancellations_written(
    pool_code: str, cancelled: Sequence[Cancelled], *, now: datetime, day: date
) -> list[Statement]:
    """The statements that set claims cancelled or reversed, with who and why, write the negative claims of those that
    were paid, and list the later claims that stood on them."""
    claims = [c.claim for c in cancelled]
    ids, institutions = [c.id for c in claims], [c.institution_code for c in claims]
    by, reasons = [c.by for c in cancelled], [c.reason for c in cancelled]
    statements = [
        Statement(
            _CANCEL,
            (
                pool_code,
                ids,
                [c.status for c in claims],
                [c.version for c in claims],
                [c.payable_fen for c in claims],
                [c.reversal_id for c in claims],
            ),
        ),
        Statement(_CANCELLATIONS, (pool_code, ids, institutions, reasons, by, now, day)),
    ]
    if reversals := [c.reversal for c in cancelled if c.reversal is not None]:
        statements.append(Statement(_REVERSALS, (pool_code, rows_as_json(reversals))))
    listed = [(later, c.claim.id, code) for c in cancelled for later, code in c.later.items()]
    if listed:
        later, of, codes = (list(column) for column in zip(*listed, strict=True))
        statements.append(Statement(_READJUDICATIONS, (pool_code, later, of, codes, now)))
    return statements


def _columns(refs: Sequence[Ref]) -> tuple[list[UUID], list[str], list[int], list[str]]:
    return [r.owner_id for r in refs], [r.scope for r in refs], [r.year for r in refs], [r.detail for r in refs]


def visit_of(row: Any) -> Visit:
    """A visit from its row."""
    discharged_at = row["discharged_at"]
    return Visit(
        id=row["id"],
        institution_code=row["institution_code"],
        institution_number=row["institution_number"],
        member_id=row["member_id"],
        kind=row["kind"],
        status=row["status"],
        admitted_at=row["admitted_at"],
        admitted_on=row["admitted_on"],
        discharged_at=discharged_at,
        discharged_on=None if discharged_at is None else shanghai_date(discharged_at),
        diagnosis_code=row["diagnosis_code"],
        diagnosis_name=row["diagnosis_name"],
        circumstances=tuple(row["circumstances"]),
        third_party=row["third_party"],
        line_sheets=row["line_sheets"],
        third_party_share=row["third_party_share"],
        mother_id=row["mother_id"],
        newborn_of=mothers_coverage(row),
        elsewhere=elsewhere_from_row(row["elsewhere"]),
        channel=row["channel"],
        facts_seq=row["facts_seq"],
        submitted_on=row["submitted_on"],
        missing_papers=tuple(row["missing_papers"]),
    )


def mothers_coverage(row: Any) -> tuple[Interval, ...]:
    """The days on which the mother of a newborn is covered, where the row was read with her."""
    told = row.get("mothers_timeline")
    return () if told is None else intervals(timeline_from_rows(told))


def coverage_of(row: Any) -> Coverage:
    """Coverage from a row of the projection."""
    return Coverage(
        member_id=row["member_id"],
        household_id=row["household_id"],
        blind_index=row["blind_index"],
        township_code=row["township_code"],
        village_code=row["village_code"],
        birth_date=row["birth_date"],
        sex=row["sex"],
        sequence=row["sequence"],
        timeline=timeline_from_rows(row["timeline"]),
        groups=named_from_rows(row["groups"]),
        layers=named_from_rows(row["layers"]),
        doubted=row["doubted"],
        entitlements=from_rows(row["entitlements"]),
        entitlement_seq=row["entitlement_seq"],
    )
