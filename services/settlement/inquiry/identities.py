"""The six identities that must always tie (rulings §20): every term named, with its value (pure).

An identity compares figures of different origin: the events received, the operational records and the ledger's
balances; it ties only when they agree to the fen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One named term in fen. ``sign`` is -1 where the term is subtracted on its side."""

    name: str
    zh: str
    en: str
    fen: int
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """left = right, to the fen; ``apart`` are figures shown beside and in no sum."""

    letter: str
    zh: str
    en: str
    left: tuple[Term, ...]
    right: tuple[Term, ...]
    apart: tuple[Term, ...] = ()
    broken: tuple[str, ...] = ()
    """Accounts or types of events that differ although the sums may agree: two errors never cancel each other."""

    @property
    def left_fen(self) -> int:
        """Sum of the left side in fen."""
        return sum(term.sign * term.fen for term in self.left)

    @property
    def right_fen(self) -> int:
        """Sum of the right side in fen."""
        return sum(term.sign * term.fen for term in self.right)

    @property
    def ties(self) -> bool:
        """Whether both sides are equal, and no part of the identity is broken on its own."""
        return self.left_fen == self.right_fen and not self.broken


@dataclass(frozen=True, slots=True)
class BankCheck:
    """One account: the bank's last closing balance, the book, and what explains the gap, all in fen."""

    account: str
    zh: str
    en: str
    bank_fen: int
    book_fen: int
    in_book_not_at_bank_fen: int
    at_bank_not_in_book_fen: int

    @property
    def ties(self) -> bool:
        """Whether the listed items explain the gap to the fen."""
        return self.bank_fen == self.book_fen - self.in_book_not_at_bank_fen + self.at_bank_not_in_book_fen


Figures = Mapping[str, int]
"""Fen by name; a name that nothing was booked under may be missing and counts as zero."""


def identities(figures: Figures, bank: Sequence[BankCheck], unheard: tuple[str, ...] = ()) -> tuple[Identity, ...]:
    """Identities (a) to (f); (f) has one entry for each bank account. ``unheard``: events of claims that do not agree
    with what claims told of their closed days."""
    value = _Reader(figures)
    return (
        premiums(value),
        fiscal_account(value),
        fund_share(value, unheard),
        approved(value),
        advance(value),
        bank_equals_book(bank),
    )


class _Reader:
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def __call__(self, name: str, zh: str, en: str, sign: int = 1) -> Term:
        return Term(name, zh, en, self._figures.get(name, 0), sign)


def premiums(value: _Reader) -> Identity:
    """(a) what townships collected is on its way, on the income account or in the fiscal account."""
    return Identity(
        "a",
        "已收个人缴费 = 乡镇待缴 + 在途 + 收入户 + 已入财政专户",
        "premiums collected = held by townships + in transit + income account + arrived in the fiscal account",
        left=(
            value("premiums_current", "已收本年度个人缴费", "premiums collected for coverage that has begun"),
            value("premiums_next_year", "已收下年度个人缴费（暂收款）", "premiums collected for a later year"),
        ),
        right=(
            value("township_held", "乡镇已收未缴", "held by townships"),
            value("township_to_income", "乡镇缴收入户在途", "in transit to the income account"),
            value("income_account", "收入户存款", "income account"),
            value("income_to_fiscal", "收入户缴财政专户在途", "in transit to the fiscal account"),
            value("income_arrived", "收入户转入财政专户", "arrived in the fiscal account"),
            value("income_interest", "减：收入户利息", "less interest on the income account", -1),
        ),
        apart=(value("temporary_receipts", "暂收款账面余额", "temporary receipts in the book"),),
    )


def fiscal_account(value: _Reader) -> Identity:
    """(b) what came into the fiscal account went out by permitted ways or is still there."""
    return Identity(
        "b",
        "财政专户：期初 + 缴费 + 资助 + 补助 + 利息 + 退回 = 周转金 + 回补 + 其他批准支出 + 期末",
        "fiscal account: opening + premiums + sponsors + subsidies + interest + money returned"
        " = advance + replenishments + other approved outflow + closing",
        left=(
            value("fiscal_opening", "期初余额", "opening balance"),
            value("income_arrived", "收入户转入（个人缴费及利息）", "from the income account: premiums and interest"),
            value("sponsors_arrived", "资助参合到账", "sponsors"),
            *(
                value(f"subsidy_{level}", f"{zh}财政补助到账", f"{level} subsidies")
                for level, zh in (("central", "中央"), ("province", "省级"), ("city", "市级"), ("county", "县级"))
            ),
            value("fiscal_other_income", "捐赠、扶持及其他收入", "donations, support and other money in"),
            value("fiscal_interest", "财政专户利息", "interest on the fiscal account"),
            value("returned_to_fiscal", "支出户退回", "money returned from the expenditure account"),
            value("recovered_to_fiscal", "追回款直接入财政专户", "recoveries paid into the fiscal account"),
        ),
        right=(
            value("advance_released", "拨付周转金", "advance"),
            value("replenishment_released", "拨付回补", "replenishments"),
            value("fiscal_other_outflow", "其他批准支出（退费、风险基金）", "other outflow: refunds, risk fund"),
            value("fiscal_paid_twice", "银行重复支付（退回计入追回款）", "paid twice by the bank, to come back"),
            value("fiscal_account", "期末余额", "closing balance"),
        ),
    )


def fund_share(value: _Reader, unheard: tuple[str, ...]) -> Identity:
    """(c) every fen settled at a bedside is decided or still open: what claims told of their closed days, and of the
    open day what arrived, against settlement's own projection of the claims. An event that never came is seen. A
    negative claim lessens what is settled and what is approved or cut."""
    return Identity(
        "c",
        "已结算基金支付 = 审核通过 + 核减 + 拒付 + 退回 + 撤销 + 待审",
        "fund share settled = approved + cut + rejected + returned + cancelled + still open",
        left=(
            value("settled", "已结算基金支付", "fund share settled"),
            value("settled_reversed", "减：付款后冲销的结算", "less taken back by negative claims", -1),
        ),
        right=(
            value("approved", "审核通过", "approved"),
            value("cut", "核减", "cut"),
            value("rejected", "拒付", "rejected"),
            value("returned", "退回", "returned"),
            value("cancelled", "撤销", "cancelled"),
            value("open", "待审", "still open"),
        ),
        apart=(
            value("settled_closed_days", "其中：已结账各日（理赔系统公布）", "of it on closed days, as claims told"),
            value("settled_open_day", "其中：未结账之日（已收到）", "of it on days not closed, as received"),
        ),
        broken=unheard,
    )


def approved(value: _Reader) -> Identity:
    """(d) every fen approved is paid, on its way, bounced, withheld or waiting for a batch; a paid claim that a
    negative one takes back is approved no more, and its payment stands until it is owed back."""
    return Identity(
        "d",
        "审核通过 + 二次补偿 + 补差 = 银行已确认 + 银行处理中 + 退票待付 + 预留保证金 + 抵扣 + 未列批次",
        "approved + second compensation + increases = confirmed by the bank + at the bank"
        " + bounced and open + deposit withheld + set off + not yet batched",
        left=(
            value("approved", "审核通过", "approved"),
            value("second_compensation", "二次补偿（未领退回除外）", "second compensation, unclaimed left out"),
            value("increases", "补差", "increases"),
        ),
        right=(
            value("confirmed", "银行已确认", "confirmed by the bank"),
            value("paid_in_cash", "乡镇备用金已付", "paid in cash from township floats"),
            value("at_bank", "已列批次、银行未确认", "batched, released or at the bank"),
            value("bounced", "退票待付", "bounced and open"),
            value("deposit_withheld", "预留保证金", "deposit withheld"),
            value("deposit_forfeited", "考核扣除的保证金", "deposit forfeited"),
            value("set_off", "抵扣", "set off"),
            value("reversed", "减：付款后冲销、转应收", "less paid and then reversed: owed back", -1),
            value("approved_not_released", "已通过未放行", "approved, not yet released by a cut-off"),
            value("released_not_batched", "已放行未列批次", "released, not yet batched"),
        ),
    )


def advance(value: _Reader) -> Identity:
    """(e) the advance is on the account, on its way back, or paid for claims not yet made good."""
    return Identity(
        "e",
        "已拨周转金 = 支出户余额 + 在途 + 已付未申报 + 已申报未决 + 复核拒付未补足 + 重复支付未追回",
        "advance granted = expenditure account + in transit + paid and not applied for + applied for and undecided"
        " + refused at re-check and not made good + paid twice and not recovered",
        left=(
            value("advance_released", "已拨周转金", "advance granted"),
            value("advance_returned", "减：已退回周转金", "less advance given back", -1),
        ),
        right=(
            value("expenditure_account", "支出户余额", "expenditure account"),
            value("township_floats", "乡镇备用金", "township floats"),
            value("floats_in_transit", "备用金在途", "floats in transit"),
            value("advance_in_transit", "周转金在途", "advance in transit"),
            value("replenishment_in_transit", "回补在途", "replenishment in transit"),
            value("paid_not_applied", "已付未申报", "paid and not yet applied for"),
            value("applied_undecided", "已申报未决（含已批未拨）", "applied for and undecided, or not yet transferred"),
            value("refused_not_made_good", "复核拒付未补足", "refused at re-check and not yet made good"),
            value("paid_twice", "银行重复支付未追回", "paid twice by the bank and not yet recovered"),
            value("expenditure_interest_unswept", "减：未上划利息", "less interest not yet swept", -1),
        ),
        apart=(value("recoveries_open", "待追回款(已回补的支付)", "recoveries of payments made good, still owed"),),
    )


def bank_equals_book(checks: Sequence[BankCheck]) -> Identity:
    """(f) each bank account's statement is its book, but for listed items."""
    return Identity(
        "f",
        "每个账户：银行对账单余额 = 账面余额 ± 未达账项",
        "every account: bank statement = book, but for the items listed",
        left=tuple(
            Term(f"bank_{check.account}", f"{check.zh}：银行对账单余额", f"{check.en}: bank statement", check.bank_fen)
            for check in checks
        ),
        right=tuple(term for check in checks for term in _book_terms(check)),
        broken=tuple(check.account for check in checks if not check.ties),
    )


def _book_terms(check: BankCheck) -> tuple[Term, ...]:
    return (
        Term(f"book_{check.account}", f"{check.zh}：账面余额", f"{check.en}: book", check.book_fen),
        Term(
            f"not_at_bank_{check.account}",
            "减：账面已记、银行未达",
            "less booked and not at the bank",
            check.in_book_not_at_bank_fen,
            -1,
        ),
        Term(
            f"not_in_book_{check.account}",
            "加：银行已记、账面未达",
            "plus at the bank and not booked",
            check.at_bank_not_in_book_fen,
        ),
    )
