"""Whether somebody can pay what a policy promises: each layer, and the family account, from a place that pays it.

A layer that settlement has no account for would be granted at the bedside and never reach the hospital, so that the
document is refused before anybody decides it (rulings §3, §5; decision 0180).
"""

from __future__ import annotations

from collections.abc import Iterator

from services.claims.benefits.document import Path
from services.claims.benefits.schema import FamilyAccountDoc, LayerDoc, PolicyDoc
from services.claims.benefits.words import LAYERS, RISK_BEARERS, word
from shared.contracts.layers import FAMILY_ACCOUNT, PAID_FROM, POLICY_LAYERS, PaidFrom


def payer_problems(document: PolicyDoc) -> Iterator[tuple[Path, str]]:
    """Paths and messages of everything that nobody could pay."""
    for name, layer in document.layers.items():
        here: Path = ("layers", name)
        if name not in POLICY_LAYERS:
            yield here, f"没有支付“{name}”这一层的账户,补偿了也付不出去;层名只能是{_layers()}"
            continue
        yield from _layer_problems(here, layer, PAID_FROM[name])
    if document.family_account is not None:
        yield from _account_problems(("family_account",), document.family_account)


def _layers() -> str:
    return "、".join(f" {name}({word(LAYERS, name)})" for name in POLICY_LAYERS)


def _layer_problems(here: Path, layer: LayerDoc, paid: PaidFrom) -> Iterator[tuple[Path, str]]:
    yield from _place_problems(here, layer, paid)
    if layer.risk_bearer not in paid.risk_bearers:
        bearers = "或".join(f" {one}({word(RISK_BEARERS, one)})" for one in paid.risk_bearers)
        yield (*here, "risk_bearer"), f"这一层的风险只能由{bearers} 承担"
    for name, benefit in layer.benefits.items():
        if benefit.account not in paid.expenses:
            yield (*here, "benefits", name, "account"), _expense(paid)


def _account_problems(here: Path, account: FamilyAccountDoc) -> Iterator[tuple[Path, str]]:
    paid = PAID_FROM[FAMILY_ACCOUNT]
    yield from _place_problems(here, account, paid)
    if account.expense_account not in paid.expenses:
        yield (*here, "expense_account"), _expense(paid)


def _place_problems(here: Path, paying: LayerDoc | FamilyAccountDoc, paid: PaidFrom) -> Iterator[tuple[Path, str]]:
    if paying.book != paid.book:
        yield (*here, "book"), f"这一层从 {paid.book} 账簿支付,应写 book: {paid.book}"
    if paying.account != paid.account:
        yield (*here, "account"), f'这一层从 {paid.book} 账簿的 {paid.account} 账户支付,应写 account: "{paid.account}"'


def _expense(paid: PaidFrom) -> str:
    return f"{paid.book} 账簿的支出科目只能是 {'、'.join(paid.expenses)}"
