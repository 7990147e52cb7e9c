"""What had come in for receivables and the bank took back: each part is owed again (0299)."""

from collections.abc import Sequence
from typing import Any

import structlog

from services.settlement.funding import receivable_store as store
from services.settlement.funding import receivables
from services.settlement.funding.accounts import RECEIVABLE, BankAccount
from services.settlement.funding.booking import Desk, Entry
from services.settlement.funding.commands import Seen
from services.settlement.ledger.posting import REVERSAL, voucher_number

_log = structlog.get_logger("heyi.settlement.receivables")


async def entries(desk: Desk, bank: BankAccount, seen: Sequence[Seen]) -> list[Entry]:
    """What had come in for receivables and the bank took back: each part's voucher is reversed."""
    found = []
    for s, part in await _parts(desk, seen):
        source = f"receivable:{part['receivable_id']}:{part['line_id']}"
        number = await voucher_number(desk.conn, desk.pool_code, bank.book, source)
        lines = ((RECEIVABLE, bank.ledger_account, -s.signed_fen),)
        found.append(Entry(bank.book, f"{source}:taken-back", s.value_date, "银行收回已收的应收款项", lines,
                             ref=s.reference, reason=REVERSAL, reversal_of=number))  # fmt: skip
    return found


async def from_payer(desk: Desk, seen: Sequence[Seen]) -> None:
    """Taken back from the account that paid: owed again, and what had lowered the next application is applied for."""
    parts = await _reopened(desk, seen)
    rows = [(s.line_id, part["receivable_id"], -s.signed_fen, part["expense_account"]) for s, part in parts
            if receivables.lowers(part)]  # fmt: skip
    await receivables.claw_back(desk, rows, 1)


async def from_fiscal(desk: Desk, seen: Sequence[Seen]) -> None:
    """Taken back from the fiscal account: owed again."""
    await _reopened(desk, seen)


async def _parts(desk: Desk, seen: Sequence[Seen]) -> list[tuple[Seen, Any]]:
    """Each line with the part that it takes back, its receivable and the line that had brought it."""
    rows = {row["id"]: row for row in await store.parts(desk.conn, desk.pool_code, [s.source_id for s in seen])}
    return [(s, rows[s.source_id]) for s in seen]


async def _reopened(desk: Desk, seen: Sequence[Seen]) -> list[tuple[Seen, Any]]:
    parts = await _parts(desk, seen)
    ids, fens = [part["receivable_id"] for _, part in parts], [s.signed_fen for s, _ in parts]
    await store.settle(desk.conn, desk.pool_code, ids, fens, [s.value_date for s, _ in parts])
    for s, part in parts:
        _log.error("bank took back what was repaid", receivable=str(part["receivable_id"]), reference=s.reference)
    return parts
