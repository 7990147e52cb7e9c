"""Routes of the fund's year: the report from postings, and a draft publication held against it."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field

from services.settlement.funding.accounts import ASSISTANCE, CRITICAL_ILLNESS, SUPPLEMENTARY
from services.settlement.funding.roles import READERS
from services.settlement.inquiry import fund_store
from services.settlement.inquiry.fund_figures import Figure, Year, figures, layers_figures
from services.settlement.inquiry.publication import Stated, compare, printed
from services.settlement.ledger import queries
from services.settlement.ledger.refusals import LEDGER_BOOK_UNKNOWN, book_words
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.unit import Unit, UnitDep

router = ServiceRouter()
FundBook = Literal["basic", "urban", "critical_illness", "supplementary", "assistance"]
BOOKS_OF_LAYERS = (CRITICAL_ILLNESS, SUPPLEMENTARY, ASSISTANCE)
FundYear = Annotated[int, Path(ge=2003, le=2100)]
_RATIO_PLACES, _STATEMENTS_MAX = 4, 200


class AmountOut(WireModel):
    """A figure of the year in yuan; none where the books and events do not know it."""

    code: str
    name_zh: str
    name_en: str
    amount: Yuan | None


class RatioOut(WireModel):
    """A ratio with what it is of; four places, half up. Per-head figures are yuan a head."""

    code: str
    name_zh: str
    name_en: str
    value: str | None
    numerator: str
    denominator: str


class FundReportOut(WireModel):
    """A fund's year: every amount from postings, every ratio with its denominator."""

    book: str
    year: int
    heads: int | None
    sources: list[AmountOut]
    uses: list[AmountOut]
    totals: list[AmountOut]
    ratios: list[RatioOut]


class StatedIn(WireModel):
    """A figure as the report prints it, with the places it is printed with."""

    figure: str = Field(max_length=60)
    value: str = Field(pattern=r"^-?\d{1,15}(\.\d{1,6})?$")
    unit: Literal["yuan", "wan", "percent", "times"]


class PublicationIn(WireModel):
    """The figures of a draft report."""

    items: list[StatedIn] = Field(min_length=1, max_length=_STATEMENTS_MAX)


class ComparedOut(WireModel):
    """A printed figure with what the books give, in its own unit and places."""

    figure: str
    stated: str
    unit: str
    outcome: Literal["agrees", "cut_off", "differs", "base_unstated", "not_in_books"]
    recomputed: str | None
    difference: str | None
    bases: dict[str, str]
    needed_base_wan: str | None


class PublicationOut(WireModel):
    """``agrees``: every line does."""

    book: str
    year: int
    agrees: bool
    items: list[ComparedOut]


@router.get(
    "/pools/{pool_code}/books/{book}/years/{year}/report", openapi_extra=access(READERS, command="show_fund_report")
)
async def get_fund_report(pool_code: str, book: FundBook, year: FundYear, unit: UnitDep) -> FundReportOut:
    """基金年度:分级来源、支出、结余和各项比率(分母写明). The fund's year from its postings."""
    found = await _figures(unit, pool_code, book, year)
    heads = found["heads"].value
    return FundReportOut(
        book=book,
        year=year,
        heads=None if heads is None else int(heads),
        sources=[_amount(f) for code, f in found.items() if code.startswith("account:4")],
        uses=[_amount(f) for code, f in found.items() if code.startswith("account:5")],
        totals=[_amount(f) for f in found.values() if not f.denominator and f.code != "heads" and ":" not in f.code],
        ratios=[_ratio(f) for f in found.values() if f.denominator],
    )


@router.post(
    "/pools/{pool_code}/books/{book}/years/{year}/comparison",
    openapi_extra=access(READERS, command="compare_publication", query=True),
)
async def compare_publication(
    pool_code: str, book: FundBook, year: FundYear, body: PublicationIn, unit: UnitDep
) -> PublicationOut:
    """报告数字与账核对,不符逐项标出. A draft report held against the books: differences are flagged, not corrected."""
    found = await _figures(unit, pool_code, book, year)
    lines = compare(found, [Stated(item.figure, item.value, item.unit) for item in body.items])
    return PublicationOut(
        book=book,
        year=year,
        agrees=all(line.outcome == "agrees" for line in lines),
        items=[
            ComparedOut(
                figure=line.stated.figure,
                stated=line.stated.value,
                unit=line.stated.unit,
                outcome=line.outcome,
                recomputed=line.recomputed,
                difference=line.difference,
                bases=dict(line.bases),
                needed_base_wan=line.needed_base,
            )
            for line in lines
        ],
    )


async def _figures(unit: Unit, pool_code: str, book: str, year: int) -> dict[str, Figure]:
    names = await queries.account_names(unit.conn, pool_code, book)
    if not names:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(book))
    flows = await fund_store.flows(unit.conn, pool_code, book, date(year, 1, 1), date(year, 12, 31))
    # enrollment's events tell what is due to the rural fund alone
    due, heads = await fund_store.due(unit.conn, pool_code, year) if book == "basic" else (None, None)
    if book in BOOKS_OF_LAYERS:
        return layers_figures(Year(flows, None, None), names)
    return figures(Year(flows, due, heads), names)


def _amount(figure: Figure) -> AmountOut:
    amount = None if figure.value is None else int(figure.value)
    return AmountOut(code=figure.code, name_zh=figure.name_zh, name_en=figure.name_en, amount=amount)


def _ratio(figure: Figure) -> RatioOut:
    per_head = Fraction(1, 100) if figure.denominator == "heads" else Fraction(1)
    return RatioOut(
        code=figure.code,
        name_zh=figure.name_zh,
        name_en=figure.name_en,
        value=None if figure.value is None else printed(figure.value * per_head, _RATIO_PLACES),
        numerator=figure.numerator or "",
        denominator=figure.denominator or "",
    )
