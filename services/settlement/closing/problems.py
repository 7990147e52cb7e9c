"""What closing refuses, and what to do about it."""

from shared.kernel.errors import define

DAY_TOTALS_DIFFER = define(
    "day_totals_differ",
    409,
    "当日总数不符",
    "Totals of the day differ",
    "{day} 不能结账:“errors”逐项列出来源、类型、对方总数、本方总数和差额。事件到齐后再结。",
    "{day} cannot be closed: errors lists source, type, both totals and the difference. Close it when all has arrived.",
)
MONTH_DAYS_OPEN = define(
    "month_days_open",
    409,
    "该月还有未结账的日子",
    "Days of the month are open",
    "{month} 不能结账:“errors”列出尚未结账的日子。",
    "{month} cannot be closed: errors lists the days still open.",
)
