"""The standard of a coverage year, recorded once by the county's director (ZZ-08, rulings §6)."""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.financing import store
from services.enrollment.financing.billing import standard_for
from services.enrollment.financing.rules import Standard
from services.enrollment.registry.model import LEVELS
from shared.kernel.errors import define

LONGEST = timedelta(days=550)
"""A first year may begin late or run into the next one; longer is a slip of the pen."""

STANDARD_ODD = define(
    "standard_odd", 422, "标准的日期或金额不合理", "The standard does not hold together", "{problem}", "{problem}"
)
STANDARD_FIXED = define(
    "standard_fixed",
    409,
    "该年度标准已登记",
    "The year has a standard",
    "{year} 年度标准已登记且内容不同;已据此开出缴费单的标准不能更改。",
    "{year} has a standard already, and it differs; bills rest on it.",
)


@dataclass(frozen=True, slots=True)
class NewStandard(Standard):
    """A standard to be recorded, with the document that decided it."""

    document_number: str | None = None


async def put_standard(conn: AsyncConnection, pool_code: str, new: NewStandard, by: str, now: datetime) -> None:
    """Records a year's standard; the same again changes nothing. Raises STANDARD_ODD, STANDARD_FIXED."""
    _check(new)
    written = await store.insert_standard(
        conn,
        pool_code,
        new.year,
        new.premium_fen,
        *(new.subsidies_fen[level] for level in LEVELS),
        new.coverage_from,
        new.coverage_to,
        new.collection_from,
        new.collection_until,
        new.late_start,
        new.receipt_numbers,
        new.document_number,
        by,
        now,
    )
    if not written and _plain(new) != await standard_for(conn, pool_code, new.year):
        raise STANDARD_FIXED(year=new.year)


def _plain(new: NewStandard) -> Standard:
    return Standard(**{field.name: getattr(new, field.name) for field in fields(Standard)})


def _check(new: Standard) -> None:
    if new.premium_fen <= 0 or min(new.subsidies_fen.values()) < 0:
        raise STANDARD_ODD(
            problem=("个人缴费须大于零,各级补助不得为负。", "The premium is above zero, no subsidy below.")
        )
    days: tuple[date, date] = (new.coverage_from, new.coverage_to)
    if days[0] > days[1] or not new.collection_from <= new.collection_until <= days[1]:
        raise STANDARD_ODD(problem=("起止日期或缴费起止日颠倒。", "The dates are out of order."))
    if days[0].year != new.year:
        raise STANDARD_ODD(problem=("保障起始日不在该年度。", "Coverage does not begin in the year."))
    if days[1] - days[0] > LONGEST:
        raise STANDARD_ODD(problem=("一个保障年度不长于 18 个月。", "A coverage year is no longer than 18 months."))
