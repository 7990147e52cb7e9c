"""The fund figures of the source documents in yuan, and how they are put into a book: receipts, transfers, benefits."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.settlement.ledger.posting import Posting, Voucher
from tests.component.ledger.conftest import voucher

WAN = 1_000_000
"""Fen of 1万 yuan."""


def fen(wan: str) -> int:
    """Fen of an amount in 万元; fails where it is no whole number of fen."""
    exact = Fraction(wan) * WAN
    assert exact.denominator == 1, wan
    return int(exact)


@dataclass(frozen=True)
class Printed:
    """A year as a document prints it: 万元 by income account and by benefit account, paid by the agency of the time."""

    year: int
    income: dict[str, str]
    benefits: dict[str, str]
    suspense: str = "0"
    """万元 that the document shows on the account or must have been there, without saying where from: no income."""


ZHENGAN_2011 = Printed(
    2011,
    {"4004.03": "458.48", "4004.01": "6911", "4004.02": "3004", "4004.04": "542.78", "4001": "1580.958"},
    {"5001.01": "5325.60", "5001.03": "59.81", "5002": "1082.45", "5001.02": "1716.03", "5001.04": "102.98",
     "5001.05": "363"},
)  # fmt: skip
# no source says who paid in 2006 to 2008: other income, so that no level is credited with what it may not have paid
DAFANG = (
    Printed(2006, {"4006": "2753.6"}, {"5001.01": "697.8"}),
    Printed(2007, {"4006": "3513.9"}, {"5001.01": "2908"}),
    Printed(2008, {"4006": "6876.82"}, {"5001.01": "4289.29"}),
    Printed(2009, {"4001": "1429.574"}, {"5001.02": "1308.8", "5001.01": "4359.2"}),
    Printed(2010, {}, {"5001.02": "539.34", "5001.01": "2586.88"}, suspense="2500"),
)
DAFANG_URBAN = (
    Printed(2009, {"4001": "231.12"}, {}),
    Printed(2010, {}, {"5001.02": "0.338", "5001.01": "88.2529"}),
)
WANCHENG = Printed(
    2006,
    {"4004.02": "448.10", "4004.03": "179.22", "4004.04": "268.83"},
    {"5001.02": "225.90", "5001.01": "658.83"},
    suspense="452.80",
)


def vouchers(printed: Printed, book: str = "basic") -> list[Voucher]:
    """The year along the permitted ways: premiums by the income account, money out in two steps, benefits paid."""
    paid = {account: fen(wan) for account, wan in printed.benefits.items()}
    came = {account: fen(wan) for account, wan in printed.income.items()}
    premium, total = came.pop("4001", 0), sum(paid.values())
    steps = {
        "premium": [Posting("1003", "4001", premium)],
        "remitted": [Posting("1009.02", "1003", premium)],
        "remittance-arrived": [Posting("1002", "1009.02", premium)],
        "income": [Posting("1002", account, amount) for account, amount in came.items()],
        "suspense": [Posting("1002", "2101", fen(printed.suspense), memo="来源未公布")],
        "advance": [Posting("1009.03", "1002", total)],
        "advance-arrived": [Posting("1001.01", "1009.03", total)],
        "benefits": [Posting(account, "1001.01", amount) for account, amount in paid.items()],
    }
    day = date(printed.year, 6, 20)
    return [
        voucher(f"{name}-{printed.year}", *postings, book=book, posting_date=day, value_date=day)
        for name, postings in steps.items()
        if sum(posting.amount_fen for posting in postings)
    ]
