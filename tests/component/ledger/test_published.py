"""The figures that counties published, put into real books as postings and read back as a report.

What agrees is reported as published; what does not is flagged with the difference, and an unstated base stays unstated.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from fractions import Fraction

import pytest

from services.settlement.inquiry import fund_store
from services.settlement.inquiry.fund_figures import Figure, Year, figures
from services.settlement.inquiry.publication import Line, Stated, compare, printed
from services.settlement.ledger.posting import open_books
from services.settlement.ledger.queries import account_names
from shared.db.scope import transaction
from tests.component.ledger.conftest import MACHINE, POOL, Ledger, open_ledger
from tests.component.ledger.published import DAFANG, DAFANG_URBAN, WANCHENG, ZHENGAN_2011, Printed, fen, vouchers
from tests.support.postgres import TestPostgres


async def _report(
    ledger: Ledger, year: int, due: str | None = None, heads: int | None = None, book: str = "basic"
) -> dict[str, Figure]:
    async with transaction(ledger.engine, MACHINE, read_only=True) as conn:
        flows = await fund_store.flows(conn, POOL, book, date(year, 1, 1), date(year, 12, 31))
        names = await account_names(conn, POOL, book)
    return figures(Year(flows, fen(due) if due else None, heads), names)


def _table(title: str, lines: Sequence[Line]) -> None:
    """The comparison as a reader would see it; shown by ``pytest -s``."""
    print(f"\n{title}")
    for line in lines:
        bases = "; ".join(f"{code} {value}" for code, value in line.bases)
        told = f"{line.stated.value} {line.stated.unit}"
        print(f"  {line.stated.figure:32}{told:>18}{line.recomputed or '—':>14}{line.difference or '':>10}"
              f"  {line.outcome} {bases}{f'; needs {line.needed_base}万' if line.needed_base else ''}")  # fmt: skip


def _outcomes(lines: Sequence[Line]) -> dict[str, tuple[str, str | None]]:
    return {line.stated.figure: (line.outcome, line.recomputed) for line in lines}


@pytest.fixture(scope="module")
async def books(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """Dafang's rural and urban funds from 2006 to 2010 in two books of one pool."""
    async with open_ledger(postgres) as ledger:
        async with transaction(ledger.engine, MACHINE) as conn:
            await open_books(conn, POOL, books=("urban",))
        for year in DAFANG:
            await ledger.post(*vouchers(year))
        for year in DAFANG_URBAN:
            await ledger.post(*vouchers(year, "urban"))
        yield ledger


async def _alone(postgres: TestPostgres, printed_year: Printed) -> AsyncIterator[Ledger]:
    async with open_ledger(postgres) as ledger:
        await ledger.post(*vouchers(printed_year))
        yield ledger


@pytest.fixture(scope="module")
async def zhengan(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """Zheng'an's year 2011."""
    async for ledger in _alone(postgres, ZHENGAN_2011):
        yield ledger


@pytest.fixture(scope="module")
async def wancheng(postgres: TestPostgres) -> AsyncIterator[Ledger]:
    """Wancheng's account of 2006."""
    async for ledger in _alone(postgres, WANCHENG):
        yield ledger


ZHENGAN_STATED = [
    Stated("account:4004.03", "458.48", "wan"),
    Stated("account:4004.01", "6911", "wan"),
    Stated("account:4004.02", "3004", "wan"),
    Stated("account:4004.04", "542.78", "wan"),
    Stated("account:4001", "1580.958", "wan"),
    Stated("raised", "12497.218", "wan"),
    Stated("due", "12120.678", "wan"),
    Stated("account:5001.01", "5325.60", "wan"),
    Stated("account:5001.03", "59.81", "wan"),
    Stated("account:5002", "1082.45", "wan"),
    Stated("account:5001.02", "1716.03", "wan"),
    Stated("account:5001.04", "102.98", "wan"),
    Stated("account:5001.05", "363", "wan"),
    Stated("benefits", "8649.87", "wan"),
]


@pytest.mark.requirement("LS-11", "subsidies by level from postings, due and arrived, with the rate's denominator")
@pytest.mark.requirement("ZZ-28", "Zheng'an 2011: five sources, 12,497.218万 arrived of 12,120.678万 due: 103.11%")
async def test_zhengan_2011_is_reported_as_published_but_for_its_arrival_rate(zhengan: Ledger) -> None:
    found = await _report(zhengan, 2011, due="12120.678", heads=526_986)
    lines = compare(found, ZHENGAN_STATED)
    flagged = compare(found, [Stated("arrival_rate", "100", "percent"), Stated("benefits_per_head", "164.13", "yuan")])
    _table("正安 2011", [*lines, *flagged])
    assert {line.outcome for line in lines} == {"agrees"}
    assert [(x.outcome, x.recomputed, x.difference) for x in flagged] == [
        ("differs", "103", "-3"), ("cut_off", "164.14", "-0.01"),
    ]  # fmt: skip
    rate = found["arrival_rate"]
    assert rate.value is not None and printed(rate.value * 100, 2) == "103.11"
    assert (rate.numerator, rate.denominator) == ("raised", "due")
    over = found["raised"].value - found["due"].value  # type: ignore[operator]
    assert over == fen("376.54")
    use = {code: printed(found[code].value * 100, 2) for code in ("use_rate:due", "use_rate_without_second:due")}  # type: ignore[operator]
    assert use == {"use_rate:due": "71.36", "use_rate_without_second:due": "68.37"}
    assert found["surplus"].value == fen("3847.348")
    assert await zhengan.replay() == []


DAFANG_PRINTED = {
    2006: ("34", "697.8", "2052.4", "25"),
    2007: ("86", "2908", "3381.4", "83"),
    2008: ("71", "4289.29", "6041.3", "62"),
}


@pytest.mark.requirement("WC-01", "a use rate is never taken without its base: the one it would need is shown")
@pytest.mark.parametrize("year", DAFANG_PRINTED)
async def test_dafang_2006_to_2008_use_rates_do_not_follow_from_the_stated_income(books: Ledger, year: int) -> None:
    rate, benefits, needed, recomputed = DAFANG_PRINTED[year]
    found = await _report(books, year)
    raised = DAFANG[year - 2006].income["4006"]
    lines = compare(found, [Stated("raised", raised, "wan"), Stated("benefits", benefits, "wan"),
                            Stated("use_rate", rate, "percent")])  # fmt: skip
    _table(f"大方 {year}", lines)
    assert [line.outcome for line in lines] == ["agrees", "agrees", "base_unstated"]
    assert lines[2].needed_base == needed
    assert dict(lines[2].bases) == {
        "use_rate:raised": recomputed, "use_rate:pooled": recomputed, "use_rate:income": recomputed,
    }  # fmt: skip


async def test_dafang_2009_prints_the_premium_as_all_income_and_a_total_that_is_not_its_parts(books: Ledger) -> None:
    found = await _report(books, 2009, heads=714_787)
    lines = compare(
        found,
        [
            Stated("raised", "1429.574", "wan"),
            Stated("raised_per_head", "20.00", "yuan"),
            Stated("account:5001.02", "1308.8", "wan"),
            Stated("account:5001.01", "4359.2", "wan"),
            Stated("benefits", "5616", "wan"),
            Stated("use_rate", "85.95", "percent"),
        ],
    )
    _table("大方 2009", lines)
    assert [(x.outcome, x.recomputed, x.difference) for x in lines[:5]] == [
        ("agrees", "1429.574", "0.000"), ("agrees", "20.00", "0.00"), ("agrees", "1308.8", "0.0"),
        ("agrees", "4359.2", "0.0"), ("differs", "5668", "-52"),
    ]  # fmt: skip
    # of the premium alone nearly four times was spent: no use rate of this year can stand on what was printed
    assert dict(lines[5].bases)["use_rate:raised"] == "396.48"
    assert lines[5].needed_base == "6594.5"


async def test_dafang_2010_has_no_income_to_stand_a_rate_on(books: Ledger) -> None:
    lines = compare(
        await _report(books, 2010),
        [Stated("benefits", "3126.22", "wan"), Stated("raised", "1", "wan"), Stated("use_rate", "32.11", "percent"),
         Stated("arrival_rate", "100", "percent")],
    )  # fmt: skip
    _table("大方 2010 上半年", lines)
    assert [line.outcome for line in lines] == ["agrees", "differs", "base_unstated", "not_in_books"]
    assert lines[2].bases == () and lines[2].needed_base == "9736.0"


@pytest.mark.requirement("CQ-07", "the figures of the urban fund come from its own book")
async def test_dafang_urban_dropped_a_digit(books: Ledger) -> None:
    year_2009 = await _report(books, 2009, heads=16_342, book="urban")
    lines = compare(await _report(books, 2010, book="urban"), [Stated("benefits", "88.509", "wan"),
                                                               Stated("use_rate", "29.75", "percent")])  # fmt: skip
    _table("大方城镇居民 2010", lines)
    assert (lines[0].outcome, lines[0].recomputed, lines[0].difference) == ("differs", "88.591", "-0.082")
    assert lines[1].needed_base == "297.8"
    assert compare(year_2009, [Stated("raised_per_head", "141.43", "yuan")])[0].outcome == "agrees"


@pytest.mark.requirement("WC-01", "the account's balance by level; what no level accounts for is shown as such")
async def test_wancheng_by_level_leaves_a_remainder_and_a_total_that_is_not_its_parts(wancheng: Ledger) -> None:
    found = await _report(wancheng, 2006)
    lines = compare(
        found,
        [
            Stated("account:4004.02", "448.10", "wan"),
            Stated("account:4004.03", "179.22", "wan"),
            Stated("account:4004.04", "268.83", "wan"),
            Stated("received", "1348.95", "wan"),
            Stated("subsidies", "1348.95", "wan"),
            Stated("account:4004.01", "0", "wan"),
            Stated("account:5001.02", "225.90", "wan"),
            Stated("account:5001.01", "658.83", "wan"),
            Stated("benefits", "844.52", "wan"),
        ],
    )
    _table("宛城", lines)
    assert _outcomes(lines) == {
        "account:4004.02": ("agrees", "448.10"),
        "account:4004.03": ("agrees", "179.22"),
        "account:4004.04": ("agrees", "268.83"),
        "received": ("agrees", "1348.95"),
        "subsidies": ("differs", "896.15"),
        "account:4004.01": ("not_in_books", None),  # no central subsidy was ever booked
        "account:5001.02": ("agrees", "225.90"),
        "account:5001.01": ("agrees", "658.83"),
        "benefits": ("differs", "884.73"),
    }
    differences = {line.stated.figure: line.difference for line in lines if line.outcome == "differs"}
    assert differences == {"subsidies": "452.80", "benefits": "-40.21"}


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Fraction(5, 2), 0, "3"),
        (Fraction(-5, 2), 0, "-3"),
        (Fraction(1, 3), 4, "0.3333"),
        (Fraction(-1, 100), 1, "0.0"),
        (Fraction(-1, 8), 2, "-0.13"),
        (Fraction(0), 2, "0.00"),
        (Fraction(12345, 100), 2, "123.45"),
    ],
)
def test_a_figure_is_printed_with_its_places(value: Fraction, places: int, text: str) -> None:
    assert printed(value, places) == text
