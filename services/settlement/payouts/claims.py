"""What the events of claims mean for settlement: the claim's state, what is owed, the cut-off and its payables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from services.settlement.funding.booking import Desk
from services.settlement.payouts import obligations, owed_store, payees
from services.settlement.payouts.obligations import APPROVED, CANCELLED, OPEN, REJECTED, RELEASED, RETURNED, REVERSED
from shared.contracts.claims import (
    ClaimApproved,
    ClaimCancelled,
    ClaimRejected,
    ClaimReleased,
    ClaimReturned,
    ClaimReversed,
    ClaimSettled,
)
from shared.kernel.dates import shanghai_date

PERSON = "person"
ClaimEvent = (
    ClaimSettled | ClaimApproved | ClaimRejected | ClaimReturned | ClaimCancelled | ClaimReleased | ClaimReversed
)

STATE_AFTER: Mapping[type[Any], str] = MappingProxyType(
    {
        ClaimSettled: OPEN,
        ClaimApproved: APPROVED,
        ClaimRejected: REJECTED,
        ClaimReturned: RETURNED,
        ClaimCancelled: CANCELLED,
        ClaimReleased: RELEASED,
        ClaimReversed: REVERSED,
    }
)


@dataclass(frozen=True, slots=True)
class Figures:
    """A claim's amounts in fen in one state."""

    state: str
    fund: int
    approved: int
    cut: int


def figures_after(event: ClaimEvent, before: Figures | None) -> Figures:
    """The claim's figures once the event counts; the cut of an approved claim stays when it is released or reversed."""
    state = STATE_AFTER[type(event)]
    if isinstance(event, ClaimApproved):
        return Figures(state, event.fund, event.approved, event.cut)
    if isinstance(event, ClaimReleased | ClaimReversed):
        return Figures(state, event.fund, event.approved, before.cut if before else 0)
    return Figures(state, event.fund, 0, 0)


async def claim_changed(desk: Desk, event: ClaimEvent, sequence: int, business_day: date) -> None:
    """Brings the projection, the totals by state and the obligations of the day to what the event says."""
    row = await owed_store.claim_state(desk.conn, desk.pool_code, event.claim_id)
    if row is not None and row["version"] >= sequence:
        return
    before = Figures(row["state"], row["fund_fen"], row["approved_fen"], row["cut_fen"]) if row else None
    after = figures_after(event, before)
    await owed_store.write_claim(
        desk.conn,
        (
            desk.pool_code,
            event.claim_id,
            sequence,
            after.state,
            event.institution_code,
            event.township_code,
            event.kind,
            after.fund,
            after.approved,
            after.cut,
            shanghai_date(event.settled_at),
            event.benefit_year,
        ),
        _changes(before, after),
        business_day,
        obligations.totals(obligations.flows(_owed(before), _owed(after), _owed_to(event))),
    )
    if isinstance(event, ClaimReleased):
        await _released(desk, event, sequence)


def _owed_to(event: ClaimEvent) -> str:
    return obligations.DUE_TO_PERSONS if event.paid_to == PERSON else obligations.ADVANCED_BY_HOSPITALS


async def _released(desk: Desk, event: ClaimReleased, sequence: int) -> None:
    payee = payees.person(event.member_id) if event.paid_to == PERSON else event.institution_code
    await owed_store.add_cutoff(
        desk.conn,
        (
            desk.pool_code,
            event.cutoff_id,
            event.institution_code,
            event.cutoff_count,
            event.cutoff_amount,
            event.approved,
        ),
    )
    rows = [
        (
            event.claim_id,
            layer.layer,
            sequence,
            event.cutoff_id,
            payee,
            event.kind,
            event.township_code,
            layer.payer,
            layer.book,
            layer.account,
            layer.expense_account,
            layer.amount,
        )
        for layer in event.layers
        if layer.amount > 0
    ]
    if rows:
        await owed_store.add_payables(desk.conn, desk.pool_code, shanghai_date(event.at), rows)


def _owed(figures: Figures | None) -> obligations.Owed:
    return obligations.owed(figures.state, figures.fund, figures.approved) if figures else obligations.Owed()


def _changes(before: Figures | None, after: Figures) -> list[tuple[str, int, int, int, int]]:
    changes = [(after.state, 1, after.fund, after.approved, after.cut)]
    if before is None:
        return changes
    if before.state == after.state:
        return [(after.state, 0, after.fund - before.fund, after.approved - before.approved, after.cut - before.cut)]
    return [*changes, (before.state, -1, -before.fund, -before.approved, -before.cut)]
