"""Quality deposits: an agreed share of each payment is withheld, owed still, and spent when released (rulings §19).

A release becomes a cut-off of its own with one payable an expense account, so that it is batched, paid, bounced and
paid again like every other approved amount.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import BASIC, EXPENDITURE
from services.settlement.funding.booking import Desk, keep_away_from_home
from services.settlement.payouts import deposit_store, obligations, owed_store
from services.settlement.payouts.problems import DEPOSIT_DECIDED, DEPOSIT_SHORT, DEPOSIT_UNKNOWN
from services.settlement.payouts.purses import CLAIMS_KIND
from shared.http.problems import FOUR_EYES
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import new_id
from shared.kernel.money import RATIO_PLACES, format_yuan, round_half_up, split_by_weight

KIND = "deposit"
"""The kind of care under which a released deposit stands among the payables."""


async def withheld(desk: Desk, *, cutoff_ids: Sequence[UUID], totals: Sequence[Any]) -> dict[str, int]:
    """Fen to withhold of each institution's payment; nothing of deposits that are themselves paid out."""
    rates = await deposit_store.deposit_rates(
        desk.conn, desk.pool_code, [row["institution_code"] for row in totals], desk.day
    )
    if not rates:
        return {}
    exempt = await deposit_store.deposits_in(desk.conn, desk.pool_code, cutoff_ids, KIND)
    return {
        code: round_half_up((row["fen"] - exempt.get(code, 0)) * rates[code], 10**RATIO_PLACES)
        for row in totals
        if (code := row["institution_code"]) in rates
    }


async def set_rate(desk: Desk, institution: str, valid_from: date, rate_e4: int, document: str) -> None:
    """The agreed share from a day on, in 1/10,000, as a document of the county office says.

    Raises CONFLICT_OF_INTEREST.
    """
    keep_away_from_home(desk, institution)
    await funding.lock_account(desk, f"deposit:{institution}")
    row = (desk.pool_code, institution, valid_from, rate_e4, document, desk.by, desk.now)
    await deposit_store.add_deposit_rate(desk.conn, row)


async def ask_release(desk: Desk, institution: str, fen: int, reason: str, *, forfeit: bool = False) -> Any:
    """The first person asks for a release of what confirmed payments withheld, or that it be forfeited.

    Raises CONFLICT_OF_INTEREST, DEPOSIT_SHORT.
    """
    keep_away_from_home(desk, institution)
    await funding.lock_account(desk, f"deposit:{institution}")
    await _check_kept(desk, institution, fen, beside_asked=True)
    release_id = new_id(desk.now)
    row = (desk.pool_code, release_id, institution, fen, reason, desk.by, desk.now, forfeit)
    await deposit_store.add_deposit_release(desk.conn, row)
    return await deposit_store.deposit_release(desk.conn, desk.pool_code, release_id)


async def _check_kept(desk: Desk, institution: str, fen: int, *, beside_asked: bool) -> None:
    """Raises DEPOSIT_SHORT where ``fen`` more than was taken (and than waits for approval) are not withheld."""
    kept = sum(row["withheld_fen"] for row in await deposit_store.deposits(desk.conn, desk.pool_code, institution))
    taken = await deposit_store.taken(desk.conn, desk.pool_code, institution)
    waiting = taken["asked_fen"] if beside_asked else 0
    applied = taken["released_fen"] + taken["forfeited_fen"] + waiting
    if applied + fen > kept:
        raise DEPOSIT_SHORT(
            institution=institution,
            amount=format_yuan(kept),
            applied=format_yuan(applied),
            waiting=format_yuan(waiting),
            due=format_yuan(fen),
        )


async def approve_release(desk: Desk, release_id: UUID) -> Any:
    """The second person approves: a release waits for a batch; what is forfeited is owed no more and stays in the fund.

    Raises DEPOSIT_UNKNOWN, CONFLICT_OF_INTEREST, FOUR_EYES, DEPOSIT_DECIDED, and DEPOSIT_SHORT where a claim was
    reversed since it was asked for, so that less is withheld.
    """
    await funding.lock_account(desk, obligations.CLAIM_TOTALS)
    known = await _asked(desk, release_id)
    if known["prepared_by"] == desk.by:
        raise FOUR_EYES(act=("申请拨付", "ask for the release"), then=("批准", "approve it"))
    await funding.lock_account(desk, f"deposit:{known['institution_code']}")
    await _check_kept(desk, known["institution_code"], known["amount_fen"], beside_asked=False)
    ended = obligations.deposit_forfeited if known["forfeit"] else obligations.deposit_released
    if not known["forfeit"]:
        await _make_payable(desk, known)
    await deposit_store.approve_deposit_release(desk.conn, desk.pool_code, release_id, desk.by, desk.day)
    moves = obligations.totals([ended(known["amount_fen"])])
    await owed_store.add_obligations(desk.conn, desk.pool_code, desk.day, moves)
    return await deposit_store.deposit_release(desk.conn, desk.pool_code, release_id)


async def refuse_release(desk: Desk, release_id: UUID, reason: str) -> Any:
    """Somebody of the county office, the asker too, turns a release or forfeiture down before it is approved; the sum
    is free again. Raises DEPOSIT_UNKNOWN, CONFLICT_OF_INTEREST and DEPOSIT_DECIDED."""
    await _asked(desk, release_id)
    await deposit_store.refuse_deposit_release(desk.conn, desk.pool_code, release_id, desk.by, desk.day, reason)
    return await deposit_store.deposit_release(desk.conn, desk.pool_code, release_id)


async def _asked(desk: Desk, release_id: UUID) -> Any:
    """A release or forfeiture that waits for approval, kept from others until the end."""
    known = await deposit_store.deposit_release(desk.conn, desk.pool_code, release_id)
    if known is None:
        raise DEPOSIT_UNKNOWN(release=release_id)
    keep_away_from_home(desk, known["institution_code"])
    if known["approved_by"] is not None or known["refused_by"] is not None:
        raise DEPOSIT_DECIDED(release=release_id)
    return known


async def _make_payable(desk: Desk, release: Any) -> None:
    """A cut-off whose id is the release's, with a payable for each expense account by what was withheld there."""
    institution, fen = release["institution_code"], release["amount_fen"]
    rows = await deposit_store.deposits(desk.conn, desk.pool_code, institution)
    parts = split_by_weight(fen, [row["withheld_fen"] for row in rows])
    payables = [
        (new_id(desk.now), "basic", 1, release["id"], institution, KIND, "", "新农合基金", BASIC, EXPENDITURE,
         row["expense_account"], part)
        for row, part in zip(rows, parts, strict=True) if part
    ]  # fmt: skip
    await owed_store.add_made_cutoff(
        desk.conn, (desk.pool_code, release["id"], CLAIMS_KIND, institution, len(payables), fen)
    )
    await owed_store.add_payables(desk.conn, desk.pool_code, shanghai_date(desk.now), payables)


async def end_with_claim(desk: Desk, claim_id: UUID) -> dict[str, int]:
    """A paid claim was taken back: what is still withheld of it is owed no more. Returns by layer the fen of the claim
    that were withheld and never paid, which therefore nobody owes back.

    Deposits are released and forfeited by institution, not by claim: what is still kept of the institution ends first;
    the rest had been released or forfeited, in the proportion of all that was. Only what was released was paid.
    """
    rows = await deposit_store.withheld_of_claim(desk.conn, desk.pool_code, claim_id)
    if not rows:
        return {}
    institution = rows[0]["institution_code"]
    await funding.lock_account(desk, f"deposit:{institution}")
    taken = await deposit_store.taken(desk.conn, desk.pool_code, institution)
    released, used = taken["released_fen"], taken["released_fen"] + taken["forfeited_fen"]
    kept = await deposit_store.deposits(desk.conn, desk.pool_code, institution)
    left = sum(row["withheld_fen"] for row in kept) - used
    ended, unpaid = [], {}
    for row in rows:
        fen = min(row["withheld_fen"], left)
        left -= fen
        gone = row["withheld_fen"] - fen
        unpaid[row["layer"]] = row["withheld_fen"] - (round_half_up(gone * released, used) if gone else 0)
        if fen:
            ended.append((claim_id, row["layer"], institution, row["expense_account"], fen))
    if ended:
        await deposit_store.void(desk.conn, desk.pool_code, desk.day, ended)
        moves = obligations.totals([obligations.deposit_forfeited(sum(row[4] for row in ended))])
        await owed_store.add_obligations(desk.conn, desk.pool_code, desk.day, moves)
    return unpaid
