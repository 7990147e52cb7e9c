"""Verbs of reconciliation: import a statement, match what can be matched.

A line is matched by its reference and its signed amount (``statement.match``). What the books expected is booked now,
what they had booked is ticked off, everything else stays open with its age.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

import structlog

from services.settlement.funding import arrivals, paid_twice, receivables, replenishment, taken_back, transfers
from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import FISCAL, TRANSFERS
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Movement, Seen
from services.settlement.ledger.figures import available_now
from services.settlement.payouts import batches, repayments, results
from services.settlement.reconciliation import store
from services.settlement.reconciliation.candidates import candidates
from services.settlement.reconciliation.problems import (
    STATEMENT_DOES_NOT_ADD_UP,
    STATEMENT_GAP,
    STATEMENT_KNOWN,
    STATEMENT_LINE_DATE,
    STATEMENT_OUT_OF_ORDER,
)
from services.settlement.reconciliation.statement import (
    AGAIN,
    BOOKED,
    TAKEN_BACK,
    Borne,
    Candidate,
    Line,
    Match,
    adds_up,
    affordable,
    match,
)
from shared.db.personal import Sealer
from shared.kernel.canonical import digest
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan

RETURNED = "_returned"
_log = structlog.get_logger("heyi.settlement.reconciliation")
_ROUNDS_MAX = 50
"""A payment, its return and what follows can stand in one statement: each round sees what the one before booked. What
is left after so many stays open, and nothing of its amount is paid again meanwhile."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line as the bank gave it."""

    signed_fen: int
    reference: str
    value_date: date
    counterparty: str
    narrative: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A day's statement of one account as the bank gave it."""

    account: str
    day: date
    opening_fen: int
    closing_fen: int
    lines: tuple[StatementLine, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """How many lines found their counterpart, and the fen that the account's book lacks for those that have to wait."""

    lines: int
    lacking_fen: int


async def import_statement(desk: Desk, sealer: Sealer, role: str, statement: Statement) -> tuple[UUID, Matched]:
    """Imports a statement and matches its lines and those left open before; its id and what matched.

    Raises KEEPER_ONLY, IN_THE_FUTURE, BEFORE_THE_SCHEME, STATEMENT_DOES_NOT_ADD_UP, STATEMENT_LINE_DATE, STATEMENT_GAP,
    STATEMENT_KNOWN, STATEMENT_OUT_OF_ORDER.
    """
    funding.check_keeper(funding.account_of(statement.account), role)
    funding.check_date(statement.day, desk)
    _check_adds_up(statement)
    _check_dates(desk, statement)
    await funding.lock_matching(desk, statement.account)
    await _check_follows(desk, statement)
    statement_id = new_id(desk.now)
    await store.add_statement(
        desk.conn,
        (
            desk.pool_code,
            statement_id,
            statement.account,
            statement.day,
            statement.opening_fen,
            statement.closing_fen,
            len(statement.lines),
            digest(_document(statement)),
            desk.by,
            desk.now,
        ),
    )
    await store.add_lines(
        desk.conn,
        desk.pool_code,
        statement_id,
        statement.account,
        [_row(desk, sealer, number, x) for number, x in enumerate(statement.lines, 1)],
    )
    return statement_id, await match_open_lines(desk, statement.account)


def _check_dates(desk: Desk, statement: Statement) -> None:
    """Every line can be booked on its value date: an event that a line waits for would fail on it for good.
    Raises STATEMENT_LINE_DATE."""
    first, today = funding.SCHEME_BEGAN, shanghai_date(desk.now)
    for number, line in enumerate(statement.lines, 1):
        if not first <= line.value_date <= today:
            raise STATEMENT_LINE_DATE(line=number, day=line.value_date, first=first, today=today)


def _document(statement: Statement) -> dict[str, Any]:
    """The statement as the bank gave it: its digest in canonical form is what vouchers name as their paper."""
    return {
        "account": statement.account,
        "day": statement.day.isoformat(),
        "opening_fen": statement.opening_fen,
        "closing_fen": statement.closing_fen,
        "lines": [
            [line.signed_fen, line.reference, line.value_date.isoformat(), line.counterparty, line.narrative]
            for line in statement.lines
        ],
    }


def _row(desk: Desk, sealer: Sealer, number: int, line: StatementLine) -> tuple[Any, ...]:
    """A line to be stored; counterparty and text hold names and accounts, so that they are sealed (contracts §12)."""
    line_id = new_id(desk.now)
    place = f"{desk.pool_code}/{line_id}"
    sealed = [
        sealer.seal("statement_line", column, place, text) if text else None
        for column, text in (("counterparty_sealed", line.counterparty), ("narrative_sealed", line.narrative))
    ]
    return (line_id, number, line.signed_fen, line.reference, line.value_date, *sealed)


def unsealed(sealer: Sealer, pool_code: str, row: Mapping[str, Any], column: str) -> str:
    """Counterparty or text of a stored line."""
    if row[column] is None:
        return ""
    return sealer.open("statement_line", column, f"{pool_code}/{row['id']}", row[column])


def _check_adds_up(statement: Statement) -> None:
    amounts = [x.signed_fen for x in statement.lines]
    if not adds_up(statement.opening_fen, amounts, statement.closing_fen):
        raise STATEMENT_DOES_NOT_ADD_UP(
            opening=format_yuan(statement.opening_fen),
            lines=format_yuan(sum(amounts)),
            closing=format_yuan(statement.closing_fen),
        )


async def _check_follows(desk: Desk, statement: Statement) -> None:
    last = await store.last_statement(desk.conn, desk.pool_code, statement.account)
    if last is None:
        return
    if last["day"] == statement.day:
        raise STATEMENT_KNOWN(account=statement.account, day=statement.day)
    if last["day"] > statement.day:
        raise STATEMENT_OUT_OF_ORDER(account=statement.account, last=last["day"], day=statement.day)
    if last["closing_fen"] != statement.opening_fen:
        raise STATEMENT_GAP(
            day=last["day"], previous=format_yuan(last["closing_fen"]), opening=format_yuan(statement.opening_fen)
        )


async def shows(desk: Desk, account: str, reference: str, signed_fen: int) -> bool:
    """Whether an open line of the account's statements has this reference and amount; the account's lock is held."""
    rows = await store.open_lines(desk.conn, desk.pool_code, account)
    return any((row["reference"], row["signed_fen"]) == (reference, signed_fen) for row in rows)


async def match_open_lines(desk: Desk, account: str) -> Matched:
    """Matches the open lines of an account; the lock of its matching is held. Vouchers first, then rows (contracts §4).

    A payment that was declared not executed or sent back, and is shown after all, is the payment as long as its
    repayment was not released: that one is given up first. Otherwise it is a second payment. A line for which the book
    lacks money is set aside, so that what brings it in, or takes it back, is still seen.
    """
    await batches.give_up_repayments(desk, await store.repayments_not_needed(desk.conn, desk.pool_code, account))
    matched, lacking = 0, 0
    aside: frozenset[UUID] = frozenset()
    for _ in range(_ROUNDS_MAX):
        found = await _match_round(desk, account, aside)
        matched += len(found.now)
        lacking = lacking if aside else found.lacking_fen
        if not found.now and not found.waiting:
            break
        aside = frozenset() if found.now else aside | {m.line.id for m in found.waiting}
    if lacking:
        _log.error("bank paid more than the book has", pool_code=desk.pool_code, account=account, lacking_fen=lacking)
    return Matched(matched, lacking)


_NONE = Borne((), (), 0)


async def _match_round(desk: Desk, account: str, aside: Set[UUID]) -> Borne:
    """What of the open lines, but those set aside, was matched and booked, and what has to wait."""
    rows = await store.open_lines(desk.conn, desk.pool_code, account)
    lines = [
        Line(row["id"], row["account"], row["signed_fen"], row["reference"], row["value_date"])
        for row in rows
        if row["id"] not in aside
    ]
    references = sorted({line.reference for line in lines if line.reference})
    if not references:
        return _NONE
    may_be = await candidates(desk.conn, desk.pool_code, account, references)
    known = funding.account_of(account)
    available = await available_now(desk.conn, desk.pool_code, known.book, known.ledger_account)
    found = affordable(match(lines, [Candidate(**row) for row in may_be]), available)
    if found.now:
        papers = _statements_of(rows, {m.line.id for m in found.now if m.candidate.kind != BOOKED})
        await book(desk, [replace(entry, papers=papers) for entry in await _entries(desk, found.now, account)])
        for kind, seen in _by_kind(found.now).items():
            await _EFFECTS[kind](desk, seen)
        await _tick_off(desk, account, found.now)
    return found


def _statements_of(rows: Sequence[Any], lines: Set[UUID]) -> tuple[str, ...]:
    """SHA-256 of the statements in which these lines stand: the papers of what they make us book."""
    return tuple(dict.fromkeys(row["sha256"].hex() for row in rows if row["id"] in lines))


def _by_kind(found: Sequence[Match]) -> dict[str, list[Seen]]:
    """What was expected and is now seen, by kind; movements booked before need no effect."""
    kinds: dict[str, list[Seen]] = {}
    for m in found:
        if m.candidate.kind != BOOKED:
            kinds.setdefault(m.candidate.kind, []).append(
                Seen(m.candidate.source_id, m.line.signed_fen, m.line.reference, m.line.value_date, m.line.id)
            )
    return dict(sorted(kinds.items()))


async def _entries(desk: Desk, found: Sequence[Match], account: str) -> list[Entry]:
    entries: list[Entry] = []
    for kind, seen in _by_kind(found).items():
        if kind in ("payment", "late_payment"):
            entries += await results.confirmation_entries(desk, seen)
        elif kind == "payment_return":
            entries += await results.return_entries(desk, seen)
        elif kind == "payment_again":
            entries += await results.executed_again_entries(desk, seen)
        elif kind == "second_payment":
            entries += await results.second_payment_entries(desk, seen)
        elif kind == "second_order":
            entries += await paid_twice.entries(desk, funding.account_of(account), seen)
        elif kind == "remittance":
            entries += arrivals.remittance_entries(seen)
        elif kind == "receivable":
            entries += receivables.entries(funding.account_of(account), seen)
        elif kind == "recovery":
            entries += receivables.entries(funding.account_of(FISCAL), seen)
        elif kind.endswith(TAKEN_BACK):
            entries += await taken_back.entries(desk, funding.account_of(account), seen)
        elif kind.endswith(AGAIN):
            entries += transfers.executed_again_entries(kind.removesuffix(AGAIN), seen)
        elif kind.endswith(RETURNED):
            entries += transfers.transfer_return_entries(kind.removesuffix(RETURNED), seen)
        else:
            entries += transfers.transfer_entries(kind, seen)
    return entries


Effect = Callable[[Desk, Sequence[Seen]], Awaitable[None]]
_EFFECTS: Mapping[str, Effect] = MappingProxyType(
    {
        "payment": results.confirmed,
        "late_payment": results.confirmed,
        "payment_return": results.returned,
        "payment_again": repayments.executed_again,
        "second_payment": results.paid_twice,
        "second_order": paid_twice.paid_twice,
        "remittance": arrivals.remittances_arrived,
        "receivable": receivables.repaid,
        "recovery": receivables.repaid_to_fiscal,
        "receivable" + TAKEN_BACK: taken_back.from_payer,
        "recovery" + TAKEN_BACK: taken_back.from_fiscal,
        **dict.fromkeys(TRANSFERS, transfers.transfers_arrived),
        **dict.fromkeys((kind + RETURNED for kind in TRANSFERS), replenishment.transfers_returned),
        **dict.fromkeys((kind + AGAIN for kind in TRANSFERS), replenishment.executed_again),
    }
)


async def _tick_off(desk: Desk, account: str, found: Sequence[Match]) -> None:
    """Writes the movements of what was expected, and ties every matched line to its movement."""
    movements, pairs = [], []
    for m in found:
        if m.candidate.kind == BOOKED:
            pairs.append((m.line.id, m.candidate.source_id))
            continue
        kind, source = _told(m)
        movement = Movement(
            new_id(desk.now), account, m.line.signed_fen, m.line.reference, kind, source, m.line.value_date
        )
        movements.append(movement)
        pairs.append((m.line.id, movement.id))
    await funding.journal(desk, movements)
    await store.add_matches(desk.conn, desk.pool_code, desk.by, desk.now, pairs)


def _told(m: Match) -> tuple[str, UUID]:
    """Kind and source of the movement that a line makes: what the bank executed again has the line's own id."""
    kind = m.candidate.kind
    if kind == "payment_again":
        return "payment:seen", m.line.id
    if kind.endswith(AGAIN):
        return kind.removesuffix(AGAIN), m.line.id
    return f"{kind}:seen", m.candidate.source_id
