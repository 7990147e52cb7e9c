"""An order that the bank executed once more than it was paid: its payee owes the second payment (0263, 0299). A payment
of the fund's is owed back to the fiscal account, another payer's to the account that paid it."""

from collections.abc import Sequence
from typing import Any

import structlog

from services.settlement.funding import paid_twice_store as store
from services.settlement.funding.accounts import RECEIVABLE, BankAccount
from services.settlement.funding.booking import Desk, Entry
from services.settlement.funding.commands import Seen
from services.settlement.funding.receivables import ORDER_TWICE, PAYEE, Owed, arise

REASON = "银行重复支付"
_log = structlog.get_logger("heyi.settlement.payments")


async def entries(desk: Desk, bank: BankAccount, seen: Sequence[Seen]) -> list[Entry]:
    """One voucher a line: the money has left, and its payee owes it."""
    return [
        Entry(
            bank.book,
            f"order:{s.source_id}:{s.line_id}:second",
            s.value_date,
            "银行重复支付转应收",
            ((RECEIVABLE, bank.ledger_account, -s.signed_fen),),
            party=row["party"],
            ref=s.reference,
        )
        for s, row in await _orders(desk, seen)
    ]


async def paid_twice(desk: Desk, seen: Sequence[Seen]) -> None:
    """Receivables on the payees, and an alarm each; the money may come back under the reference under which it left."""
    owed = []
    for s, row in await _orders(desk, seen):
        owed.append(
            Owed(
                ORDER_TWICE,
                PAYEE,
                REASON,
                -s.signed_fen,
                order_id=s.source_id,
                shown_as=s.reference,
                book=row["book"],
            )
        )
        _log.error("order executed twice", order=str(s.source_id), reference=s.reference)
    await arise(desk, owed)


async def _orders(desk: Desk, seen: Sequence[Seen]) -> list[tuple[Seen, Any]]:
    """Each line with the order that it shows."""
    rows = {row["id"]: row for row in await store.orders(desk.conn, desk.pool_code, [s.source_id for s in seen])}
    return [(s, rows[s.source_id]) for s in seen]
