"""A list of increases and its lines; what of a line a cap still leaves. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.claims.visits.counters import Ref
from services.claims.visits.retroactive import Count, Difference, Increase
from shared.kernel.errors import Words

LATE_DECISION, READJUDICATION = "late_decision", "readjudication"
"""Why a list is made: a version decided later than its first day (rulings §8), or a settlement cancelled on which later
ones of another hospital stood (rulings §2)."""
PREPARED, APPROVED, WITHDRAWN = "prepared", "approved", "withdrawn"
LISTED, RELEASED, EXHAUSTED, PAID = "listed", "released", "exhausted", "paid"
VOID, COMPENSATED = "void", "compensated"
"""Not paid: when the list was approved its claim was taken back, or about to be, or made up by a later part of its
stay; or a second compensation of the year had been released or paid for what the person bore of the claim."""
STATUS: Mapping[str, Words] = MappingProxyType(
    {
        PREPARED: ("待批准", "prepared and not approved"),
        APPROVED: ("已批准", "approved"),
        WITHDRAWN: ("已撤回", "withdrawn"),
    }
)
PAYABLE_STATUS = "released"
"""Only for a claim that was released is more paid, so that the review has decided what of it is owed. It can still be
reversed: its increase then goes with it (decision 0191)."""


@dataclass(frozen=True, slots=True)
class IncreaseList:
    """A list as it stands; sums in fen."""

    id: UUID
    ground: str
    policy_id: UUID | None
    """The late version; None on a list of readjudications, whose lines name each the version of their day."""
    status: str
    lines: int
    listed_fen: int
    approved_fen: int
    prepared_by: str
    prepared_at: datetime
    claims: int = 0
    """Of readjudications: claims that were decided again, with or without something to pay."""
    let_stand_fen: int = 0
    """Of readjudications: what claims had too much by what stands now, which nobody is asked for (decision 0290)."""
    approved_by: str | None = None
    approved_at: datetime | None = None
    approved_on: date | None = None
    document_number: str | None = None
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What one layer pays more for a claim: one payable (rulings §3)."""

    id: UUID
    list_id: UUID
    ground: str
    policy_id: UUID
    claim_id: UUID
    layer: str
    institution_code: str
    kind: str
    member_id: UUID
    household_id: UUID
    township_code: str
    benefit_year: int
    payer: str
    account: str
    expense_account: str
    book: str
    risk_bearer: str
    listed_fen: int
    amount_fen: int
    status: str
    counts: list[list[Any]]
    paid_on: date | None = None


LIST_COLUMNS = tuple(IncreaseList.__dataclass_fields__)
LINE_COLUMNS = tuple(Line.__dataclass_fields__)


def lines_of(
    found: Iterable[tuple[Difference, UUID]], list_id: UUID, ground: str, new_id: Callable[[], UUID]
) -> list[Line]:
    """A line for each layer that pays more, of claims that were released; each comes with the version that gives it."""
    return [
        _line(one, increase, list_id, ground, policy_id, new_id())
        for one, policy_id in found
        if one.claim.status == PAYABLE_STATUS
        for increase in one.increases
    ]


def _line(one: Difference, increase: Increase, list_id: UUID, ground: str, policy_id: UUID, line_id: UUID) -> Line:
    claim, layer = one.claim, increase.layer
    return Line(
        id=line_id,
        list_id=list_id,
        ground=ground,
        policy_id=policy_id,
        claim_id=claim.id,
        layer=layer.layer,
        institution_code=claim.institution_code,
        kind=claim.kind,
        member_id=claim.member_id,
        household_id=claim.household_id,
        township_code=claim.township_code,
        benefit_year=claim.benefit_year,
        payer=layer.payer,
        account=layer.account,
        expense_account=layer.expense_account,
        book=layer.book,
        risk_bearer=layer.risk_bearer,
        listed_fen=layer.benefit_fen,
        amount_fen=0,
        status=LISTED,
        counts=[_stored(count) for count in increase.counts],
    )


def _stored(count: Count) -> list[Any]:
    ref = count.ref
    return [str(ref.owner_id), ref.scope, ref.year, ref.detail, count.name, count.amount, count.cap_fen, count.benefit]


def counts_of(line: Line) -> tuple[Count, ...]:
    """The counts of a line from their stored form."""
    return tuple(
        Count(Ref(UUID(owner), scope, year, detail), name, amount, cap_fen, benefit)
        for owner, scope, year, detail, name, amount, cap_fen, benefit in line.counts
    )


def payable(line: Line, used: Callable[[Ref, str], int]) -> int:
    """What of a line the caps leave today, in fen: claims settled since may have used what was listed."""
    rooms = [count.cap_fen - used(count.ref, count.name) for count in counts_of(line) if count.cap_fen is not None]
    return max(0, min([line.listed_fen, *rooms]))


def left_out(found: Iterable[Difference], waiting: int, compensated: int) -> dict[str, int]:
    """Claims that would get more and are not listed, by reason: a status, `not_reproduced`, `cut` as a whole by the
    review, `later_part` where a later part of the stay paid the difference, that they wait on a list of another
    version (`listed`), or that second compensation was released on them (`compensated`)."""
    reasons = {reason: n for reason, n in (("listed", waiting), ("compensated", compensated)) if n}
    for one in found:
        if (reason := not_now(one)) is not None:
            reasons[reason] = reasons.get(reason, 0) + 1
    return reasons


def not_now(one: Difference) -> str | None:
    """Why a claim that may get more cannot be listed yet; None where it can, or gets nothing more."""
    if not one.reproduced:
        return "not_reproduced"
    if one.made_up:
        return "later_part"
    if one.cut and one.difference_fen > one.had_fen:
        return "cut"
    if one.increases and one.claim.status != PAYABLE_STATUS:
        return one.claim.status
    return None
