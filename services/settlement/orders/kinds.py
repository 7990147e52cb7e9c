"""The kinds of money orders as data: which book and accounts each moves, and whose hands it passes (pure).

A kind is one line of the closed loop: the database permits no other flow (``ledger/charts``), and this table says who
asks for it and who approves it. Every order passes two or three persons, one that brings money in as well: no line of a
statement stands behind it yet (contracts §9, rulings §18).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.settlement.funding.accounts import (
    ASSISTANCE,
    ASSISTANCE_ACCOUNT,
    BANK_ACCOUNTS,
    BASIC,
    BUDGET_ACCOUNT,
    COUNTY_BUDGET,
    COUNTY_BUDGET_ACCOUNT,
    CRITICAL_ILLNESS,
    CRITICAL_ILLNESS_ACCOUNT,
    FAMILY_FUND,
    FISCAL,
    INPATIENT_POOL,
    OUTPATIENT_POOL,
    POOLED_FUND,
    PREMIUMS,
    RISK_FUND,
    RISK_FUND_DEPOSITED,
    SUBSIDY_INCOME,
    SUPPLEMENTARY,
    SUPPLEMENTARY_ACCOUNT,
    TEMPORARY_RECEIPTS,
    URBAN,
    URBAN_FISCAL,
)
from services.settlement.ledger.figures import INCOME
from services.settlement.ledger.payers import BUDGET, stands_under
from services.settlement.ledger.posting import CLOSING, NORMAL

IN, OUT, WITHIN = 1, -1, 0
FINANCE = frozenset({"county_finance"})
OFFICE = frozenset({"county_recheck", "county_director"})
TOWNSHIP = frozenset({"township_clerk", "township_director"})
CITY = frozenset({"city_finance"})
INSURER_ENTERS = frozenset({"insurer_finance"})
INSURER_APPROVES = frozenset({"insurer_approver", "insurer_manager"})
_CONFIRMS = {INSURER_ENTERS: INSURER_ENTERS | INSURER_APPROVES}
"""Who confirms what another of these entered; the same where it is not named."""

YEAR, BILL, HEADS, REFERENCE, PARTY = "coverage_year", "bill_id", "head_count", "bank_reference", "party"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of order.

    ``hands`` are the roles of each step, the last of which books; ``account`` is the bank account that shows it, none
    for a move between funds; ``needs`` are members of the request that this kind cannot do without. A ``told`` kind is
    applied for in another service, whose event is its first hand.
    """

    code: str
    zh: str
    en: str
    book: str
    debit: str
    credit: str
    direction: int
    account: str | None
    hands: tuple[frozenset[str], ...]
    needs: tuple[str, ...] = ()
    reason: str = NORMAL
    told: bool = False

    def is_paid_by(self, code: str) -> bool:
        """Whether a code is a payer's of this kind: a city keeps the city's budget, a pool's county keeps its own."""
        return stands_under(self.book, code)

    @property
    def is_reversible(self) -> bool:
        """Whether two people may reverse one that was recorded wrongly (0171): money that left comes back by the bank's
        statement, the risk fund by an order of its own."""
        return self.direction != OUT and self.reason == NORMAL and not self.told

    @property
    def is_income_of_year(self) -> bool:
        """Whether it brings in what belongs to a coverage year, which is a temporary receipt until that year begins."""
        return self.direction == IN and YEAR in self.needs and self.credit.startswith(INCOME)

    @property
    def roles(self) -> frozenset[str]:
        """All who have a hand in it."""
        return frozenset().union(*self.hands)


def _arrives(
    code: str, zh: str, en: str, book: str, income: str, account: str, by: frozenset[str], *needs: str
) -> Kind:
    debit = BANK_ACCOUNTS[account].ledger_account
    return Kind(code, zh, en, book, debit, income, IN, account, (by, _CONFIRMS.get(by, by)), (REFERENCE, *needs))


def _is_paid(
    code: str, zh: str, en: str, book: str, debit: str, account: str, hands: tuple[frozenset[str], ...], *needs: str
) -> Kind:
    credit = BANK_ACCOUNTS[account].ledger_account
    return Kind(code, zh, en, book, debit, credit, OUT, account, hands, needs)


def _within(code: str, zh: str, en: str, book: str, debit: str, credit: str, by: frozenset[str]) -> Kind:
    return Kind(code, zh, en, book, debit, credit, WITHIN, None, (by, by), (PARTY,))


def _set_aside(code: str, zh: str, en: str, fund: str, reason: str = NORMAL) -> Kind:
    """From the pooled fund to another fund: no money moves."""
    return Kind(code, zh, en, BASIC, POOLED_FUND, fund, WITHIN, None, (OFFICE, FINANCE), (YEAR,), reason)


def _fee(prefix: str, zh: str, book: str, account: str, payer: frozenset[str]) -> tuple[Kind, ...]:
    """The fee of the handling as its payer books it: up front, kept as pledge, and the pledge's end by score (§7)."""
    two = (payer, payer)
    return (
        _is_paid(
            f"{prefix}fee_payment", f"{zh}预付", "management fee paid up front", book, "5001", account, two, PARTY
        ),
        _within(f"{prefix}fee_pledge", f"{zh}留作质押金", "management fee kept as pledge", book, "5001", "2301", payer),
        _is_paid(
            f"{prefix}pledge_release",
            f"按考核结果拨付{zh}质押金",
            "pledge paid by score",
            book,
            "2301",
            account,
            two,
            PARTY,
        ),
        _within(
            f"{prefix}pledge_forfeit", f"考核扣减{zh}质押金", "pledge forfeited by score", book, "2301", "5001", payer
        ),
    )


REFUND = "premium_refund"
REFUND_CURRENT, REFUND_LATER = PREMIUMS, TEMPORARY_RECEIPTS
"""What a refund lessens: the income of the coverage year, or the temporary receipts of one that has not begun."""
CRITICAL_PREMIUM = "5001.06"
RISK_FUND_SET_ASIDE, RISK_FUND_DEPOSIT, RISK_FUND_USE = "risk_fund_set_aside", "risk_fund_deposit", "risk_fund_use"
INPATIENT_POOL_ALLOCATION, OUTPATIENT_POOL_ALLOCATION = "inpatient_pool_allocation", "outpatient_pool_allocation"
FAMILY_ACCOUNT_ALLOCATION = "family_account_allocation"
SUPPLEMENTARY_SUBSIDY = "supplementary_subsidy"
SUPPLEMENTARY_SUBSIDY_FEN = 100
"""City finance gives one yuan a head and year (ZZ-24)."""

_ALL = (
    # the fund's book
    _arrives("donation", "社会捐赠收入", "donation to the fund", BASIC, "4006", FISCAL, FINANCE, PARTY),
    _arrives("collective_support", "集体扶持收入", "support by a collective", BASIC, "4003", FISCAL, FINANCE, PARTY),
    _arrives("risk_fund_return", "省级风险基金拨回", "risk fund returned", BASIC, RISK_FUND_DEPOSITED, FISCAL, FINANCE),
    Kind(
        REFUND,
        "退还个人缴费",
        "premium refunded",
        BASIC,
        REFUND_CURRENT,
        FISCAL,
        OUT,
        FISCAL,
        (TOWNSHIP, OFFICE, FINANCE),
        (YEAR, BILL),
        told=True,
    ),
    _is_paid(
        RISK_FUND_DEPOSIT,
        "缴存省级风险基金",
        "risk fund deposited",
        BASIC,
        RISK_FUND_DEPOSITED,
        FISCAL,
        (FINANCE, FINANCE),
    ),
    _set_aside(RISK_FUND_SET_ASIDE, "提取风险基金", "risk fund set aside", RISK_FUND, CLOSING),
    Kind(
        RISK_FUND_USE,
        "动用风险基金",
        "risk fund used",
        BASIC,
        RISK_FUND,
        POOLED_FUND,
        WITHIN,
        None,
        (OFFICE, FINANCE),
        (PARTY,),
        CLOSING,
    ),
    _set_aside(INPATIENT_POOL_ALLOCATION, "划入住院统筹基金", "set aside for inpatients", INPATIENT_POOL),
    _set_aside(OUTPATIENT_POOL_ALLOCATION, "划入门诊统筹基金", "set aside for outpatients", OUTPATIENT_POOL),
    _set_aside(FAMILY_ACCOUNT_ALLOCATION, "划入家庭账户基金", "credited to family accounts", FAMILY_FUND),
    # the urban residents' fund under the same office: what arrives stays with those it was paid for (CQ-09)
    *(
        _arrives(
            f"urban_subsidy_{level}",
            f"城镇居民{zh}财政补助到账",
            f"{level} subsidy for urban residents",
            URBAN,
            SUBSIDY_INCOME[level],
            URBAN_FISCAL,
            FINANCE,
            YEAR,
        )
        for level, zh in (("central", "中央"), ("province", "省级"), ("city", "市级"), ("county", "县级"))
    ),
    # the critical illness cover: the fund pays its premium, and where the pool bears the risk a surplus comes back
    _is_paid(
        "critical_illness_premium_paid",
        "拨付大病保险保费",
        "premium of the critical illness cover paid",
        BASIC,
        CRITICAL_PREMIUM,
        FISCAL,
        (OFFICE, FINANCE),
        YEAR,
    ),
    _arrives(
        "critical_illness_premium",
        "大病保险保费到账",
        "premium of the critical illness cover arrived",
        CRITICAL_ILLNESS,
        "4001",
        CRITICAL_ILLNESS_ACCOUNT,
        INSURER_ENTERS,
        YEAR,
    ),
    _is_paid(
        "critical_illness_surplus_paid",
        "大病保险结余退回基金",
        "surplus of the critical illness cover paid back",
        CRITICAL_ILLNESS,
        "4001",
        CRITICAL_ILLNESS_ACCOUNT,
        (INSURER_ENTERS, INSURER_APPROVES, INSURER_ENTERS),
        YEAR,
    ),
    _arrives(
        "critical_illness_surplus",
        "大病保险结余退回到账",
        "surplus of the critical illness cover came back",
        BASIC,
        CRITICAL_PREMIUM,
        FISCAL,
        FINANCE,
        YEAR,
    ),
    # the insurer's book of the supplementary cover, outside the ring
    _arrives(
        "supplementary_premium",
        "补充医疗保险个人保费",
        "supplementary premiums",
        SUPPLEMENTARY,
        "4001",
        SUPPLEMENTARY_ACCOUNT,
        INSURER_ENTERS,
        YEAR,
        HEADS,
    ),
    Kind(
        SUPPLEMENTARY_SUBSIDY,
        "补充医疗保险财政补助",
        "supplementary subsidy of the city",
        SUPPLEMENTARY,
        "1001",
        "4002",
        IN,
        SUPPLEMENTARY_ACCOUNT,
        (frozenset({"city_finance"}), INSURER_ENTERS),
        (YEAR, HEADS),
    ),
    _is_paid(
        "supplementary_benefit",
        "补充医疗保险赔付",
        "supplementary benefit",
        SUPPLEMENTARY,
        "5001",
        SUPPLEMENTARY_ACCOUNT,
        (INSURER_ENTERS, INSURER_APPROVES, INSURER_ENTERS),
        PARTY,
    ),
    # medical assistance
    _arrives(
        "assistance_grant",
        "拨入医疗救助资金",
        "assistance money granted",
        ASSISTANCE,
        "4001",
        ASSISTANCE_ACCOUNT,
        FINANCE,
    ),
    _arrives(
        "assistance_donation",
        "医疗救助捐赠",
        "donation to medical assistance",
        ASSISTANCE,
        "4002",
        ASSISTANCE_ACCOUNT,
        FINANCE,
        PARTY,
    ),
    _is_paid(
        "assistance_premiums",
        "医疗救助资助参合",
        "premiums paid by medical assistance",
        ASSISTANCE,
        "5001",
        ASSISTANCE_ACCOUNT,
        (FINANCE, FINANCE),
        YEAR,
    ),
    _is_paid(
        "assistance_benefit",
        "医疗救助支出",
        "assistance benefit",
        ASSISTANCE,
        "5002",
        ASSISTANCE_ACCOUNT,
        (OFFICE, FINANCE),
        PARTY,
    ),
    # the budget of the city, which pays the handling: never the fund's money
    _arrives(
        "budget_appropriation", "市级财政预算拨款", "appropriation of the city", BUDGET, "4001", BUDGET_ACCOUNT, CITY
    ),
    *_fee("", "委托管理费", BUDGET, BUDGET_ACCOUNT, CITY),
    # the budget of the county: its own administration, wages and bonuses, and the fee where the county pays it
    _arrives(
        "county_appropriation",
        "县级财政预算拨款",
        "appropriation of the county",
        COUNTY_BUDGET,
        "4001",
        COUNTY_BUDGET_ACCOUNT,
        FINANCE,
    ),
    *_fee("county_", "县级承担的委托管理费", COUNTY_BUDGET, COUNTY_BUDGET_ACCOUNT, FINANCE),
    _is_paid(
        "administration",
        "管理经费支出(含筹资奖励)",
        "administration, collection bonuses included",
        COUNTY_BUDGET,
        "5002",
        COUNTY_BUDGET_ACCOUNT,
        (OFFICE, FINANCE),
        PARTY,
    ),
    _is_paid(
        "essential_medicine",
        "基本药物补助支出",
        "essential medicine subsidy",
        COUNTY_BUDGET,
        "5003",
        COUNTY_BUDGET_ACCOUNT,
        (OFFICE, FINANCE),
        PARTY,
    ),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.code: kind for kind in _ALL})
PAYING = frozenset().union(
    *(hand for kind in KINDS.values() if kind.direction == OUT for hand in kind.hands[kind.told :])
)
"""Roles with a hand in a payment here; the first of a told kind is another service's."""
PAYING_LAST = frozenset().union(*(kind.hands[-1] for kind in KINDS.values() if kind.direction == OUT))
"""Roles whose hand sends a payment off."""
