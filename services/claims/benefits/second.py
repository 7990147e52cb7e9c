"""Second compensation (rulings §3): from a pot to a payment list by one of three formulas, and what comes back. Pure.

Not a layer: a campaign over a closed benefit year. The base is what a person paid himself of the eligible amount after
all other payers. However the formula comes out, nobody gets more than he paid, first and second together stay under the
combined cap where there is one, and the list never passes the pot: where it would, every payment is cut in proportion,
to the fen by largest remainder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.claims.benefits.model import FULL_RATIO, Band
from shared.kernel.money import round_half_up, split_by_weight


class Candidate(NamedTuple):
    """A person's year. Amounts in fen."""

    person: str
    eligible_fen: int
    """Eligible costs of the year that count: accidents, and whatever else the pool leaves out, are not among them."""
    first_fen: int
    """What all payers have paid of them."""
    excluded_fen: int = 0
    """Of what the person paid himself of them: what a hospital owes him, or bears."""
    room_fen: int | None = None
    """What the cap of the year of care leaves him, where the policy counts the second compensation toward it."""
    beside_fen: int = 0
    """What was paid of costs that do not count: the combined cap is on all of the year."""

    @property
    def own_fen(self) -> int:
        """What the person paid himself and counts."""
        return max(0, self.eligible_fen - self.first_fen - self.excluded_fen)


class Payment(NamedTuple):
    """A line of the list."""

    person: str
    base_fen: int
    """What the formula worked on."""
    due_fen: int
    """What the formula gave, before the pot."""
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """What the committee decided for all formulas."""

    pot_fen: int
    threshold_fen: int = 0
    """Own payments up to here stay with the person."""
    combined_cap_fen: int | None = None
    """First and second compensation together, per person."""


@dataclass(frozen=True, slots=True)
class PaymentList:
    """The list to publish, by person; `due_fen` over `paid_fen` tells how far the pot fell short."""

    payments: tuple[Payment, ...]
    pot_fen: int

    @property
    def paid_fen(self) -> int:
        """Sum of the payments."""
        return sum(payment.amount_fen for payment in self.payments)

    @property
    def due_fen(self) -> int:
        """Sum of what the formula gave."""
        return sum(payment.due_fen for payment in self.payments)

    @property
    def left_fen(self) -> int:
        """What stays in the pot."""
        return self.pot_fen - self.paid_fen


class BadCampaign(ValueError):
    """The campaign cannot be computed: a negative amount, a person twice, bands that do not rise; in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = zh, en


def proportional(candidates: Iterable[Candidate], campaign: Campaign) -> PaymentList:
    """The pot shared over everybody's own payments above the threshold: k = pot ÷ their sum, at most all of them.

    A cap cuts what the factor gives and no more: it changes nobody's factor, and what it takes stays in the pot.
    """
    people = sorted(candidates, key=lambda candidate: candidate.person)
    _check(people, campaign)
    bases = [max(0, candidate.own_fen - campaign.threshold_fen) for candidate in people]
    shares = split_by_weight(min(campaign.pot_fen, sum(bases)), bases) if any(bases) else bases
    listed = []
    for candidate, base, share in zip(people, bases, shares, strict=True):
        most = _most(candidate, campaign, base)
        listed.append(Payment(candidate.person, base, most, min(share, most)))
    return PaymentList(tuple(payment for payment in listed if payment.amount_fen), campaign.pot_fen)


def banded(candidates: Iterable[Candidate], campaign: Campaign, bands: Sequence[Band]) -> PaymentList:
    """Own payments above the threshold by bands (of the part above it), half up to the fen."""
    _check_bands(bands)
    return _list(candidates, campaign, lambda base, _: _by_bands(base, bands))


def top_up(candidates: Iterable[Candidate], campaign: Campaign, floor_ratio: int) -> PaymentList:
    """What a person lacks to a least share (1/10,000) of his eligible costs, half up to the fen."""
    if not 0 <= floor_ratio <= FULL_RATIO:
        raise BadCampaign(
            "补足比例须在 0 到 100% 之间", f"a floor ratio lies between 0 and {FULL_RATIO}, not {floor_ratio}"
        )

    def lacking(base: int, candidate: Candidate) -> int:
        least = round_half_up(candidate.eligible_fen * floor_ratio, FULL_RATIO)
        return min(base, max(0, least - candidate.first_fen))

    return _list(candidates, campaign, lacking)


def _list(candidates: Iterable[Candidate], campaign: Campaign, formula: Callable[[int, Candidate], int]) -> PaymentList:
    """Applies a formula to everybody and fits the result into the pot; those who get nothing are not listed."""
    people = sorted(candidates, key=lambda candidate: candidate.person)
    _check(people, campaign)
    due = []
    for candidate in people:
        base = max(0, candidate.own_fen - campaign.threshold_fen)
        amount = min(formula(base, candidate), _most(candidate, campaign, base))
        if amount:
            due.append((candidate.person, base, amount))
    amounts = [amount for _, _, amount in due]
    if sum(amounts) > campaign.pot_fen:
        amounts = split_by_weight(campaign.pot_fen, amounts)
    listed = (Payment(*one, amount) for one, amount in zip(due, amounts, strict=True))
    return PaymentList(tuple(payment for payment in listed if payment.amount_fen), campaign.pot_fen)


def _most(candidate: Candidate, campaign: Campaign, base_fen: int) -> int:
    """What a person may get at most, whatever the formula gives: what he paid, and what his caps leave."""
    most = base_fen
    if campaign.combined_cap_fen is not None:
        most = min(most, max(0, campaign.combined_cap_fen - candidate.first_fen - candidate.beside_fen))
    return most if candidate.room_fen is None else min(most, candidate.room_fen)


def _check(people: Sequence[Candidate], campaign: Campaign) -> None:
    if campaign.pot_fen < 0 or campaign.threshold_fen < 0 or (campaign.combined_cap_fen or 0) < 0:
        raise BadCampaign(
            "资金总额、起付额和合计封顶线不得为负", "pot, threshold and combined cap must not be negative"
        )
    if len({candidate.person for candidate in people}) != len(people):
        raise BadCampaign("同一人列了两次", "a person stands on the list twice")
    for candidate in people:
        least = min(*candidate[1:4], candidate.beside_fen, candidate.room_fen or 0)
        if least < 0 or candidate.first_fen > candidate.eligible_fen:
            raise BadCampaign(
                "金额不得为负,已付不得超过可补偿费用",
                f"{candidate.person}: amounts below zero, or paid over the eligible",
            )


def _check_bands(bands: Sequence[Band]) -> None:
    ends = [band.up_to_fen for band in bands[:-1]]
    rising = all(end is not None for end in ends) and ends == sorted(set(ends))  # type: ignore[type-var]
    if not bands or bands[-1].up_to_fen is not None or not rising:
        raise BadCampaign("分段须由低到高,最后一段不写上限", "bands rise and the last is open")
    if any(not 0 <= band.ratio <= FULL_RATIO for band in bands):
        raise BadCampaign("比例须在 0 到 100% 之间", "a ratio lies between 0 and 100%")


def _by_bands(base_fen: int, bands: Sequence[Band]) -> int:
    product, done = 0, 0
    for band in bands:
        upper = base_fen if band.up_to_fen is None else min(base_fen, band.up_to_fen)
        product += max(0, upper - done) * band.ratio
        done = max(done, upper)
    return round_half_up(product, FULL_RATIO)
