"""A fund's year from its postings: sources by level, uses, surplus, and each ratio with its denominator (pure).

Every figure is derived from flows (debit, credit, sum) of the book; nothing is ever typed in. A ratio whose denominator
is not known has no value (rows LS-11, WC-01; "Lesson" of published-figures).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from services.settlement.funding.accounts import FAMILY_FUND, FISCAL, INTEREST, POOLED_FUND

FAMILY_BENEFITS, SECOND = "5002", "5001.05"
_SUBSIDIES, _INCOME, _BENEFITS = "4004", "4", "5"


@dataclass(frozen=True, slots=True)
class Flow:
    """What went from one account to another in the period, closing and opening vouchers apart."""

    debit: str
    credit: str
    fen: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the year in fen, or a ratio of two others (``value`` is exact; None without a denominator)."""

    code: str
    name_zh: str
    name_en: str
    value: Fraction | None
    numerator: str | None = None
    denominator: str | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """The flows of a year, and what the events of enrollment say beside them: due income in fen, and heads."""

    flows: tuple[Flow, ...]
    due_fen: int | None
    heads: int | None

    def net(self, account: str) -> int:
        """Fen of an account in the year, on its own side: income less refunds, benefits less what came back."""
        came = sum(f.fen for f in self.flows if f.credit == account)
        went = sum(f.fen for f in self.flows if f.debit == account)
        return went - came if account.startswith(_BENEFITS) else came - went

    def accounts(self, kind: str) -> list[str]:
        """Accounts with this beginning that were touched."""
        return sorted({a for f in self.flows for a in (f.debit, f.credit) if a.startswith(kind)})

    def total(self, kind: str, *without: str) -> int:
        """The sum over the accounts with this beginning."""
        return sum(self.net(account) for account in self.accounts(kind) if account not in without)


_NAMES = {
    "raised": ("筹集资金合计(不含利息)", "raised from all sources, without interest"),
    "subsidies": ("各级财政补助合计", "subsidies of all levels"),
    "due": ("应筹资金", "due income: premiums, sponsors, subsidies at the standard"),
    "income": ("基金收入合计", "income of the fund"),
    "received": ("财政专户收款", "received on the fiscal account"),
    "pooled": ("统筹资金(筹集资金减家庭账户)", "raised, less what went to family accounts"),
    "benefits": ("补偿支出合计", "benefits"),
    "benefits_pooled": ("统筹基金补偿支出", "benefits without family accounts"),
    "benefits_without_second": ("补偿支出(不含二次补偿)", "benefits without second compensation"),
    "surplus": ("当年结余", "surplus of the year"),
    "heads": ("参合人数", "members"),
    "arrival_rate": ("资金到位率", "arrival rate"),
    "use_rate:income": ("基金使用率(占基金收入)", "use rate of the fund's income"),
    "use_rate:raised": ("基金使用率(占筹集资金)", "use rate of what was raised"),
    "use_rate:due": ("基金使用率(占应筹资金)", "use rate of what was due"),
    "use_rate:pooled": ("统筹基金使用率", "use rate of the pooled fund"),
    "use_rate_without_second:due": ("基金使用率(不含二次补偿,占应筹资金)", "use rate without second compensation"),
    "surplus_rate": ("当年结余率", "surplus rate"),
    "raised_per_head": ("人均筹资", "raised per head"),
    "benefits_per_head": ("人均受益", "benefits per head"),
}
_RATIOS = {
    "arrival_rate": ("raised", "due"),
    "use_rate:income": ("benefits", "income"),
    "use_rate:raised": ("benefits", "raised"),
    "use_rate:due": ("benefits", "due"),
    "use_rate:pooled": ("benefits_pooled", "pooled"),
    "use_rate_without_second:due": ("benefits_without_second", "due"),
    "surplus_rate": ("surplus", "income"),
    "raised_per_head": ("raised", "heads"),
    "benefits_per_head": ("benefits", "heads"),
}
LOSS_RATIO = "loss_ratio"
_OF_A_LAYER = ("raised", "benefits", "surplus")
"""What the book of a layer above tells beside its accounts; rates of a fund mean nothing there (rulings §5)."""


def figures(year: Year, names: Mapping[str, tuple[str, str]]) -> dict[str, Figure]:
    """All figures by code; ``names`` are the accounts' in Chinese and English. An account is ``account:<code>``."""
    found = {code: Figure(code, *_NAMES[code], None if fen is None else Fraction(fen)) for code, fen in _sums(year)}
    for account in [*year.accounts(_INCOME), *year.accounts(_BENEFITS)]:
        code = f"account:{account}"
        found[code] = Figure(code, *names[account], Fraction(year.net(account)))
    for code, (numerator, denominator) in _RATIOS.items():
        over, under = found[numerator].value, found[denominator].value
        ratio = over / under if over is not None and under else None
        found[code] = Figure(code, *_NAMES[code], ratio, numerator, denominator)
    return found


def layers_figures(year: Year, names: Mapping[str, tuple[str, str]]) -> dict[str, Figure]:
    """The figures of a layer above the basic one: what came in, benefits, and the loss ratio of the two."""
    found = figures(year, names)
    kept = {code: figure for code, figure in found.items() if code in _OF_A_LAYER or code.startswith("account:")}
    ratio = found["use_rate:raised"]
    told = ("赔付率(支出占筹集资金)", "loss ratio: benefits over what was raised")
    return kept | {
        LOSS_RATIO: Figure(LOSS_RATIO, *told, ratio.value, "benefits", "raised"),
        "heads": found["heads"],
    }


def _sums(year: Year) -> Iterable[tuple[str, int | None]]:
    raised, benefits = year.total(_INCOME, INTEREST), year.total(_BENEFITS)
    family = sum(f.fen for f in year.flows if (f.debit, f.credit) == (POOLED_FUND, FAMILY_FUND))
    yield "raised", raised
    yield "subsidies", year.total(_SUBSIDIES)
    yield "due", year.due_fen
    yield "income", year.total(_INCOME)
    yield "received", sum(f.fen for f in year.flows if f.debit == FISCAL)
    yield "pooled", raised - family
    yield "benefits", benefits
    yield "benefits_pooled", benefits - year.net(FAMILY_BENEFITS)
    yield "benefits_without_second", benefits - year.net(SECOND)
    yield "surplus", year.total(_INCOME) - benefits
    yield "heads", year.heads
