"""Premiums go on to the income account by remittance: a remittance equals its receipts (rulings §16, §18)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.enrollment.financing import receipt_book_store, receipt_store
from services.enrollment.financing.receipts import TOWNSHIP_NOT_YOURS
from services.enrollment.registry.act import SERVICE, Act
from services.enrollment.registry.model import within
from shared.contracts.enrollment import PremiumRemitted, YearAmount
from shared.db.numbers import next_number
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan
from shared.messaging.outbox import Outgoing, emit_many

REMITTANCE_EMPTY = define(
    "remittance_empty",
    409,
    "没有可上缴的收据",
    "Nothing to remit",
    "{township_code} 没有符合条件且未上缴的收据。",
    "Township {township_code} has no such receipt that is not remitted.",
)
REMITTANCE_UNKNOWN_RECEIPTS = define(
    "remittance_unknown_receipts",
    409,
    "有的收据不能上缴",
    "Some receipts cannot be remitted",
    "这些收据不存在、不属于该乡镇或已经上缴:{numbers}。",
    "These receipts are unknown, of another township or remitted: {numbers}.",
)
REMITTANCE_DIFFERS = define(
    "remittance_differs",
    409,
    "上缴金额与收据不符",
    "The remittance differs from its receipts",
    "上缴 {amount} 元,{count} 张收据合计 {collected} 元;请核对收据号和金额,一致后再上缴。",
    "{amount} yuan are remitted, {count} receipts add up to {collected}: compare numbers and amounts first.",
)


@dataclass(frozen=True, slots=True)
class Handing:
    """What a township hands in: its receipts by number, or up to a day of payment, or all; and the fen it counted."""

    township_code: str
    up_to: date | None
    receipt_numbers: Sequence[str] | None
    amount_fen: int | None
    on: date


@dataclass(frozen=True, slots=True)
class Remitted:
    """A remittance as it was recorded; amounts in fen. ``missing``: runs of numbers of the township's books of these
    years of which nothing is known although a higher number was written."""

    remittance_id: UUID
    number: str
    amount_fen: int
    receipt_count: int
    by_year: dict[int, int]
    missing: Sequence[Any]


async def remit(act: Act, areas: Sequence[str], handing: Handing) -> Remitted:
    """Sends collected receipts of a township on to the income account.

    Raises TOWNSHIP_NOT_YOURS, REMITTANCE_UNKNOWN_RECEIPTS, REMITTANCE_EMPTY, REMITTANCE_DIFFERS.
    """
    receipts = await _receipts(act, areas, handing)
    by_year: Counter[int] = Counter()
    for row in receipts:
        by_year[row["year"]] += row["amount_fen"]
    township, amount = handing.township_code, sum(by_year.values())
    missing = await receipt_book_store.missing(act.conn, act.pool_code, sorted(by_year), township, [township])
    number = await next_number(act.conn, act.pool_code, act.day)
    remitted = Remitted(new_id(act.now), number, amount, len(receipts), dict(sorted(by_year.items())), missing)
    await receipt_store.insert_remittance(
        act.conn,
        act.pool_code,
        [row["receipt_id"] for row in receipts],
        remitted.remittance_id,
        remitted.number,
        township,
        remitted.amount_fen,
        remitted.receipt_count,
        sum(run["count"] for run in missing),
        handing.on,
        act.by,
        act.now,
    )
    await emit_many(act.conn, [_remitted(act, remitted, handing)])
    return remitted


async def _receipts(act: Act, areas: Sequence[str], handing: Handing) -> list[Any]:
    """The receipts of a remittance, which add up to what the township counted."""
    township, numbers = handing.township_code, handing.receipt_numbers
    if not within(areas, township):
        raise TOWNSHIP_NOT_YOURS(township_code=township)
    await receipt_store.lock_remittances(act.conn, act.pool_code, township)
    receipts = await receipt_store.unremitted(act.conn, act.pool_code, township, handing.up_to, numbers)
    if unknown := set(numbers or ()) - {row["receipt_number"] for row in receipts}:
        raise REMITTANCE_UNKNOWN_RECEIPTS(numbers="、".join(sorted(unknown)[:20]))
    if not receipts:
        raise REMITTANCE_EMPTY(township_code=township)
    total = sum(row["amount_fen"] for row in receipts)
    if handing.amount_fen not in (None, total):
        stated = format_yuan(handing.amount_fen or 0)
        raise REMITTANCE_DIFFERS(amount=stated, count=len(receipts), collected=format_yuan(total))
    return receipts


def _remitted(act: Act, remitted: Remitted, handing: Handing) -> Outgoing:
    payload = PremiumRemitted(
        remittance_id=remitted.remittance_id,
        township_code=handing.township_code,
        amount=remitted.amount_fen,
        receipt_count=remitted.receipt_count,
        by_year=[YearAmount(year=year, amount=amount) for year, amount in remitted.by_year.items()],
        remitted_on=handing.on,
        at=act.now,
    )
    return Outgoing(
        payload, act.pool_code, str(remitted.remittance_id), 1, act.day, act.now, SERVICE, remitted.amount_fen
    )
