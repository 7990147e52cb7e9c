"""What each fiscal level owes for a coverage year: heads of the areas that it pays for × its standard (rulings §6)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.enrollment.financing import totals_store
from services.enrollment.financing.billing import standard_for
from services.enrollment.registry.act import SERVICE, Act
from services.enrollment.registry.areas import payers_by_village
from services.enrollment.registry.model import LEVEL_WORDS
from shared.contracts.enrollment import SubsidyDue
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.messaging.outbox import Outgoing, emit_many

PAYER_MISSING = define(
    "subsidy_payer_missing",
    409,
    "有的地区没有补助出资方",
    "An area has no payer",
    "{areas} 没有登记{level}补助的出资方;请先登记。",
    "No payer of the {level} subsidy is recorded for {areas}.",
)
HEADS_DIFFER = define(
    "subsidy_heads_differ",
    409,
    "人数不符",
    "Head counts differ",
    "审定人数 {expected} 与参合登记人数 {counted} 不符;请先核对名册。",
    "The audited head count {expected} differs from the register's {counted}; compare the rosters first.",
)


@dataclass(frozen=True, slots=True)
class Due:
    """One level's due by one payer; amounts in fen, ``change_fen`` against the revision before. ``audited``: counted
    against the head count that the auditors confirmed."""

    due_id: UUID
    revision: int
    level: str
    payer: str
    head_count: int
    standard_fen: int
    total_fen: int
    change_fen: int
    audited: bool


def heads_by_payer(heads: Mapping[str, int], payers: Mapping[tuple[str, str], str], level: str) -> Counter[str]:
    """Heads of a level by who pays for their village; raises PAYER_MISSING (an area without a payer is an error)."""
    missing = sorted(village for village in heads if (village, level) not in payers)
    if missing:
        raise PAYER_MISSING(areas="、".join(missing[:10]), level=LEVEL_WORDS[level])
    found: Counter[str] = Counter()
    for village, count in heads.items():
        found[payers[village, level]] += count
    return found


async def count_dues(act: Act, year: int, expected_heads: int | None) -> list[Due]:
    """Counts the covered heads of a year and records what each level owes; again records only what changed, or that
    the count is the audited one now (``expected_heads``).

    Raises STANDARD_UNKNOWN, PAYER_MISSING, HEADS_DIFFER.
    """
    await totals_store.lock_dues(act.conn, act.pool_code)
    standard = await standard_for(act.conn, act.pool_code, year)
    rows = await totals_store.heads_by_village(
        act.conn, act.pool_code, year, standard.coverage_from, standard.coverage_to
    )
    heads = {row["village_code"]: row["heads"] for row in rows}
    if expected_heads is not None and expected_heads != sum(heads.values()):
        raise HEADS_DIFFER(expected=expected_heads, counted=sum(heads.values()))
    payers = await payers_by_village(act.conn, act.pool_code, standard.coverage_from)
    known = {(row["level"], row["payer"]): row for row in await totals_store.dues(act.conn, act.pool_code, year)}
    wanted: dict[tuple[str, str], int] = dict.fromkeys(known, 0)
    for level, per_head in standard.subsidies_fen.items():
        if per_head:
            wanted |= {(level, payer): count for payer, count in heads_by_payer(heads, payers, level).items()}
    audited = expected_heads is not None
    dues = [
        _due(act, key, count, standard.subsidies_fen[key[0]], audited, known.get(key)) for key, count in wanted.items()
    ]
    changed = [due for due in dues if _is_new(due, known.get((due.level, due.payer)))]
    if changed:
        await totals_store.insert_dues(
            act.conn,
            act.pool_code,
            year,
            [
                (
                    d.due_id,
                    d.revision,
                    d.level,
                    d.payer,
                    d.head_count,
                    d.standard_fen,
                    d.total_fen,
                    d.change_fen,
                    d.audited,
                )
                for d in changed
            ],
            act.by,
            act.now,
        )
        await emit_many(act.conn, [_event(act, year, due) for due in changed])
    return dues


def _due(act: Act, key: tuple[str, str], heads: int, per_head: int, audited: bool, known: Any) -> Due:
    total = heads * per_head
    if known is None:
        return Due(new_id(act.now), 1, *key, heads, per_head, total, total, audited)
    change = total - known["total_fen"]
    confirmed = audited or (known["audited"] and not change)
    revision = known["revision"] + (change != 0 or confirmed != known["audited"])
    return Due(known["due_id"], revision, *key, heads, per_head, total, change, confirmed)


def _is_new(due: Due, known: Any) -> bool:
    return known is None or due.revision > known["revision"]


def _event(act: Act, year: int, due: Due) -> Outgoing:
    payload = SubsidyDue(
        due_id=due.due_id,
        year=year,
        level=due.level,
        payer=due.payer,
        head_count=due.head_count,
        standard=due.standard_fen,
        total=due.total_fen,
        amount=due.change_fen,
        revision=due.revision,
        audited=due.audited,
        at=act.now,
    )
    return Outgoing(payload, act.pool_code, str(due.due_id), due.revision, act.day, act.now, SERVICE, due.change_fen)
