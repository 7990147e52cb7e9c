"""The banks of the demo county: they carry out what they are told and send a statement of each account every evening.

They know nothing of the books. What they are told is what banks are told: a payment file, a transfer with its
reference, cash paid in under a remittance number, a subsidy from a higher treasury.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.parties import Party
from shared.kernel.money import format_yuan, parse_yuan

FISCAL, INCOME, EXPENDITURE = "1002", "1003", "1001.02"


@dataclass(frozen=True)
class Order:
    """One payment of a payment file."""

    end_to_end_id: str
    amount_fen: int


@dataclass
class Account:
    """An account at the bank: its balance and what moved since the last statement, in fen."""

    code: str
    keeper: Party
    balance_fen: int = 0
    opening_fen: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)

    def move(self, amount_fen: int, reference: str, text: str) -> None:
        """Money in (positive) or out; raises ValueError when the account would be overdrawn."""
        if self.balance_fen + amount_fen < 0:
            raise ValueError(f"the bank refuses: {self.code} holds {format_yuan(self.balance_fen)}")
        self.balance_fen += amount_fen
        self.lines.append(
            {
                "direction": "in" if amount_fen > 0 else "out",
                "amount": format_yuan(abs(amount_fen)),
                "reference": reference,
                "text": text,
            }
        )


@dataclass
class Banks:
    """The accounts of the fund."""

    pool_code: str
    accounts: dict[str, Account]

    def transfer(self, source: str, target: str, amount: str, reference: str) -> None:
        """Carries out a transfer between two of the accounts."""
        self.accounts[source].move(-parse_yuan(amount), reference, "划转")
        self.accounts[target].move(parse_yuan(amount), reference, "划转")

    def pay_in(self, account: str, amount: str, reference: str, text: str) -> None:
        """Money from outside."""
        self.accounts[account].move(parse_yuan(amount), reference, text)

    def carry_out(self, payment_file: bytes, *, refuse: frozenset[str] = frozenset()) -> list[Order]:
        """Pays what the file orders; an order whose id is in ``refuse`` goes out and comes back the same day."""
        orders = read_orders(payment_file)
        for order in orders:
            self.accounts[EXPENDITURE].move(-order.amount_fen, order.end_to_end_id, "付款")
            if order.end_to_end_id in refuse:
                self.accounts[EXPENDITURE].move(order.amount_fen, order.end_to_end_id, "退票:账号户名不符")
        return orders

    async def statements(self, day: str) -> dict[str, Any]:
        """Hands each keeper the day's statement of his account; returns what the import said, by account."""
        told: dict[str, Any] = {}
        for account in self.accounts.values():
            if not account.lines:
                continue
            told[account.code] = await account.keeper.write(
                "POST",
                f"/settlement/v1/pools/{self.pool_code}/bank-statements",
                f"statement-{account.code}-{day}",
                json={
                    "account": account.code,
                    "day": day,
                    "opening_balance": format_yuan(account.opening_fen),
                    "closing_balance": format_yuan(account.balance_fen),
                    "lines": account.lines,
                },
            )
            account.opening_fen, account.lines = account.balance_fen, []
        return told


def read_orders(payment_file: bytes) -> list[Order]:
    """The orders of an ISO 20022 credit transfer file, by element names alone."""
    root = ElementTree.fromstring(payment_file)  # noqa: S314  # the file comes from the service itself
    orders = []
    for element in root.iter():
        if not element.tag.endswith("CdtTrfTxInf"):
            continue
        inside = {part.tag.rsplit("}", 1)[-1]: part.text or "" for part in element.iter()}
        orders.append(Order(inside["EndToEndId"], parse_yuan(inside["InstdAmt"])))
    return orders
