"""Opening a book by its keeper, and what a book can be shown in."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger import charts, store
from services.settlement.ledger.payers import stands_under
from services.settlement.ledger.posting import open_books
from services.settlement.ledger.refusals import (
    LEDGER_BOOK_NOT_UNDER_CODE,
    LEDGER_BOOK_OPEN_ALREADY,
    LEDGER_CHART_UNKNOWN,
    LEDGER_FIRST_DAY_AHEAD,
    LEDGER_NOT_KEEPER,
    LEDGER_VIEW_UNKNOWN,
    book_words,
    keeper_words,
)
from shared.http.roles import role_words


async def open_book(
    conn: AsyncConnection, pool_code: str, name: str, first_day: date, *, role: str, today: date
) -> None:
    """Opens a book on its chart, empty; repeating it changes nothing.

    ``role`` acts for a keeper of one of its accounts. Raises LEDGER_CHART_UNKNOWN, LEDGER_BOOK_NOT_UNDER_CODE,
    LEDGER_NOT_KEEPER, LEDGER_FIRST_DAY_AHEAD, LEDGER_BOOK_OPEN_ALREADY (open from another day).
    """
    chart = next((one for one in charts.charts() if one.book == name), None)
    if chart is None:
        raise LEDGER_CHART_UNKNOWN(chart=name)
    if not stands_under(name, pool_code):
        raise LEDGER_BOOK_NOT_UNDER_CODE(book=book_words(name), code=pool_code)
    keepers = sorted({account.keeper for account in chart.accounts.values() if account.keeper})
    if not any((keeper, role) in set(charts.keeper_roles()) for keeper in keepers):
        raise LEDGER_NOT_KEEPER(keeper=keeper_words(keepers), role=role_words(role))
    if first_day > today:
        raise LEDGER_FIRST_DAY_AHEAD(first_day=first_day, today=today)
    await open_books(conn, pool_code, first_day, (name,))
    opened = await store.book(conn, pool_code, name)
    if opened["first_day"] != first_day:
        raise LEDGER_BOOK_OPEN_ALREADY(book=book_words(name), first_day=opened["first_day"])


def view_of(name: str, book: str, chart: str) -> charts.View | None:
    """The view in which a book is asked for, None for the chart it is kept on; raises LEDGER_VIEW_UNKNOWN."""
    if name == chart:
        return None
    view = charts.views().get(name)
    if view is None or chart not in view.mapping:
        possible = sorted([chart, *(v.view for v in charts.views().values() if chart in v.mapping)])
        raise LEDGER_VIEW_UNKNOWN(book=book_words(book), chart=name, charts=", ".join(possible))
    return view
