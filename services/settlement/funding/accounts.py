"""Bank accounts, nodes of the money ring and who keeps them (rulings §19; practice (ii), chart of 2008).

The chart and the table of permitted flows are the ledger's data; here stand only the codes that commands name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.settlement.ledger.payers import BUDGET

BASIC = "basic"
OBLIGATIONS = "obligations"
SUPPLEMENTARY = "supplementary"
ASSISTANCE = "assistance"
CRITICAL_ILLNESS = "critical_illness"
COUNTY_BUDGET = "county_budget"
URBAN = "urban"
SUPPLEMENTARY_ACCOUNT, ASSISTANCE_ACCOUNT, BUDGET_ACCOUNT = "supplementary-1001", "assistance-1001", "budget-1001"
COUNTY_BUDGET_ACCOUNT = "county_budget-1001"
CRITICAL_ILLNESS_ACCOUNT = "critical_illness-1001"
URBAN_FISCAL = "urban-1002"

EXPENDITURE = "1001.02"
FISCAL = "1002"
INCOME = "1003"
TOWNSHIP_HELD = "1009.01"
INCOME_TO_FISCAL = "1009.02"
FISCAL_TO_EXPENDITURE = "1009.03"
EXPENDITURE_TO_FISCAL = "1009.04"
TOWNSHIP_TO_INCOME = "1009.05"
FLOAT = "1001.03"
FLOAT_IN_TRANSIT = "1009.06"
RECEIVABLE = "1101"
RISK_FUND_DEPOSITED = "1201"
TEMPORARY_RECEIPTS = "2101"
POOLED_FUND = "3001.01"
RISK_FUND = "3001.02"
INPATIENT_POOL = "3001.03"
OUTPATIENT_POOL = "3001.04"
FAMILY_FUND = "3002"
PREMIUMS = "4001"
SPONSORED_PREMIUMS = "4002"
INTEREST = "4005"

SUBSIDY_INCOME: Mapping[str, str] = MappingProxyType(
    {"central": "4004.01", "province": "4004.02", "city": "4004.03", "county": "4004.04"}
)
LEVELS = tuple(SUBSIDY_INCOME)

STATE_OWNED = "state_owned"
STATE_CONTROLLED = "state_controlled"
BANK_OWNERSHIP = (STATE_OWNED, STATE_CONTROLLED, "other")


@dataclass(frozen=True, slots=True)
class BankAccount:
    """One account at a bank; only roles of its keeper post to it and bring in its statements.

    ``code`` is its name here: the account in the fund's book, or ``<book>-<account>`` in another one. ``fund`` says
    whether the money is the fund's, which only certain banks may keep (ZZ-12).
    """

    code: str
    name_zh: str
    name_en: str
    keeper: str
    roles: frozenset[str]
    book: str = BASIC
    account: str = ""
    fund: bool = True

    @property
    def ledger_account(self) -> str:
        """The account's code in its book."""
        return self.account or self.code


BANK_ACCOUNTS: Mapping[str, BankAccount] = MappingProxyType(
    {
        EXPENDITURE: BankAccount(
            EXPENDITURE,
            "基金支出户（商业保险机构）",
            "insurer's fund expenditure account",
            "insurer",
            frozenset({"insurer_finance"}),
        ),
        FISCAL: BankAccount(FISCAL, "财政专户", "fiscal special account", "finance", frozenset({"county_finance"})),
        INCOME: BankAccount(
            INCOME,
            "收入户",
            "income account",
            "county_office",
            frozenset({"county_recheck", "county_director"}),
        ),
        URBAN_FISCAL: BankAccount(
            URBAN_FISCAL,
            "财政专户（城镇居民）",
            "fiscal special account of the urban residents' fund",
            "finance",
            frozenset({"county_finance"}),
            URBAN,
            "1002",
        ),
        CRITICAL_ILLNESS_ACCOUNT: BankAccount(
            CRITICAL_ILLNESS_ACCOUNT,
            "大病保险资金专户",
            "critical illness account",
            "insurer",
            frozenset({"insurer_finance"}),
            CRITICAL_ILLNESS,
            "1001",
        ),
        SUPPLEMENTARY_ACCOUNT: BankAccount(
            SUPPLEMENTARY_ACCOUNT,
            "补充医疗保险保费专户",
            "insurer's premium account of the supplementary cover",
            "insurer",
            frozenset({"insurer_finance"}),
            SUPPLEMENTARY,
            "1001",
            fund=False,
        ),
        ASSISTANCE_ACCOUNT: BankAccount(
            ASSISTANCE_ACCOUNT,
            "医疗救助资金专户",
            "medical assistance account",
            "finance",
            frozenset({"county_finance"}),
            ASSISTANCE,
            "1001",
        ),
        BUDGET_ACCOUNT: BankAccount(
            BUDGET_ACCOUNT,
            "市级预算经费存款",
            "budget account of the city",
            "city_finance",
            frozenset({"city_finance"}),
            BUDGET,
            "1001",
            fund=False,
        ),
        COUNTY_BUDGET_ACCOUNT: BankAccount(
            COUNTY_BUDGET_ACCOUNT,
            "县级预算经费存款",
            "budget account of the county",
            "finance",
            frozenset({"county_finance"}),
            COUNTY_BUDGET,
            "1001",
            fund=False,
        ),
    }
)


CASH = BankAccount(
    FLOAT, "乡镇备用金", "township floats", "township", frozenset({"township_clerk", "township_director"})
)
"""Cash in townships' hands: money of the fund with a keeper and without a bank."""


@dataclass(frozen=True, slots=True)
class Route:
    """A permitted move between two keepers' accounts, and the account that shows it while it is on its way."""

    kind: str
    source: str
    in_transit: str
    target: str
    release_roles: frozenset[str]

    @property
    def keeper(self) -> BankAccount:
        """The account it leaves, with its keeper."""
        return BANK_ACCOUNTS.get(self.source, CASH)


_INSURER = frozenset({"insurer_finance", "insurer_manager", "insurer_approver"})
TRANSFERS: Mapping[str, Route] = MappingProxyType(
    {
        "income_to_fiscal": Route("income_to_fiscal", INCOME, INCOME_TO_FISCAL, FISCAL, BANK_ACCOUNTS[INCOME].roles),
        "advance": Route("advance", FISCAL, FISCAL_TO_EXPENDITURE, EXPENDITURE, BANK_ACCOUNTS[FISCAL].roles),
        "replenishment": Route(
            "replenishment", FISCAL, FISCAL_TO_EXPENDITURE, EXPENDITURE, BANK_ACCOUNTS[FISCAL].roles
        ),
        "sweep": Route(
            "sweep",
            EXPENDITURE,
            EXPENDITURE_TO_FISCAL,
            FISCAL,
            _INSURER,
        ),
        "advance_return": Route("advance_return", EXPENDITURE, EXPENDITURE_TO_FISCAL, FISCAL, _INSURER),
        "float_issue": Route("float_issue", EXPENDITURE, FLOAT_IN_TRANSIT, FLOAT, _INSURER),
        "float_return": Route("float_return", FLOAT, FLOAT_IN_TRANSIT, EXPENDITURE, CASH.roles),
    }
)


def may_hold_fund_money(ownership: str) -> bool:
    """Whether a bank of this ownership may keep an account of the fund: state-owned or state-controlled (ZZ-12)."""
    return ownership in (STATE_OWNED, STATE_CONTROLLED)
