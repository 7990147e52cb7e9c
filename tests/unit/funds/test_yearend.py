"""What a year ended with, read when the next one has begun."""

from services.settlement.closing.yearend import at_years_end


def row(
    account: str, before: tuple[int, int], since: tuple[int, int], closing: tuple[int, int] = (0, 0)
) -> dict[str, object]:
    """An account's turnover, each pair (debit, credit): through the year's end, since, and what of that is closing."""
    names = ("debit_before", "credit_before", "debit", "credit", "closing_debit", "closing_credit")
    return {"account": account} | dict(zip(names, (*before, *since, *closing), strict=True))


def test_what_is_posted_since_belongs_to_the_next_year() -> None:
    rows = [row("4001", (0, 60), (0, 5)), row("5001.01", (70, 0), (9, 0)), row("3001.03", (0, 30), (10, 500))]
    assert at_years_end(rows) == ({"4001": 60, "5001.01": -70}, {"3001.03": 20}), "less what was taken since"


def test_an_earlier_year_that_was_closed_late_is_not_carried_forward_twice() -> None:
    rows = [
        row("4001", (0, 160), (100, 0), (100, 0)),
        row("5001.01", (70, 0), (0, 70), (0, 70)),
        row("3001.01", (0, 40), (30, 100), (30, 100)),
        row("3001.03", (0, 40), (40, 0), (40, 0)),
    ]
    assert at_years_end(rows) == ({"4001": 60}, {"3001.01": 110, "3001.03": 0})
