"""What a decision later than its effective date changes for claims settled in between (rulings §8). Pure.

Each claim is decided again on the facts that it was decided on, by the version that it was decided by and by the new
one. What the new version would have counted differently for the earlier claims of the same person and household is
counted along, so that a cap that was lifted helps every later claim as far as it would have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.benefits.engine import adjudicate
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    ClaimInput,
    Earlier,
    Entitlement,
    Facts,
    Institution,
    Interval,
    Item,
    Policy,
    Reason,
)
from services.claims.visits.bill import Bill
from services.claims.visits.claims import Claim
from services.claims.visits.counters import FAMILY_ACCOUNT, Owners, Ref
from services.claims.visits.deciding import Visit


@dataclass(frozen=True, slots=True)
class Settled:
    """A claim with what it was decided on."""

    claim: Claim
    input: ClaimInput
    facts: Facts
    policy: Policy


@dataclass(frozen=True, slots=True)
class Difference:
    """A claim under both versions, amounts in fen."""

    claim: Claim
    outcome: str
    benefit_fen: int
    reproduced: bool
    """The version that it was settled by gives again what was paid: a false one is for a person to look at."""

    @property
    def difference_fen(self) -> int:
        """What the new version gives more; negative where it gives less."""
        return self.benefit_fen - self.claim.benefit_fen

    @property
    def to_pay_fen(self) -> int:
        """An increase is paid after approval; nothing is taken back from patients."""
        return max(0, self.difference_fen)


def differences(settled: Iterable[Settled], policy: Policy) -> Iterator[Difference]:
    """Claims by household and moment of settlement, each with what the new version gives it."""
    ahead: dict[tuple[Ref, str], int] = defaultdict(int)
    stays: dict[UUID, Earlier] = {}
    for one in settled:
        owners, stay = Owners(one.claim.member_id, one.claim.household_id), one.claim.visit_id
        before = adjudicate(one.input, one.facts, one.policy)
        facts = _of_stay(_moved(one.facts, owners, ahead), stays.get(stay))
        after = adjudicate(one.input, facts, policy)
        stays[stay] = _with(stays.get(stay), after, before)
        for sign, result in ((1, after), (-1, before)):
            for key, amount in result.movements:
                ahead[owners.ref(key), key.name] += sign * amount
        yield Difference(one.claim, after.outcome.value, after.benefit_fen, _same(before, one.claim))


def _with(before: Earlier | None, after: Adjudication, was: Adjudication) -> Earlier:
    """How much more the new version took and paid for the parts of a stay so far."""
    deductible, benefit = before or (0, 0)
    return Earlier(
        deductible + after.deductible_fen - was.deductible_fen, benefit + after.benefit_fen - was.benefit_fen
    )


def _of_stay(facts: Facts, more: Earlier | None) -> Facts:
    """The facts of a later part of a stay, with what the new version would have taken and paid before."""
    if facts.earlier is None or more is None:
        return facts
    earlier = facts.earlier
    moved = Earlier(earlier.deductible_fen + more.deductible_fen, max(0, earlier.benefit_fen + more.benefit_fen))
    return replace(facts, earlier=moved)


def _moved(facts: Facts, owners: Owners, ahead: Mapping[tuple[Ref, str], int]) -> Facts:
    """The facts with what the new version would have counted more or less before."""
    used = dict(facts.used)
    mine = {owners.member_id, owners.household_id}
    for (ref, name), amount in ahead.items():
        if amount and ref.owner_id in mine:
            scope = "household_year" if ref.scope == FAMILY_ACCOUNT else ref.scope  # as the engine names the account
            key = AccumulatorKey(scope, name, ref.year, ref.detail)
            used[key] = max(0, used.get(key, 0) + amount)
    return replace(facts, used=used)


def _same(result: Adjudication, claim: Claim) -> bool:
    return (result.benefit_fen, result.outcome.value) == (claim.benefit_fen, claim.outcome)


# ---------------------------------------------------------------- back from the record


def settled_of(claim: Claim, visit: Visit, detail: Any, items: Mapping[str, Item], policy: Policy) -> Settled:
    """A claim's input and facts from its record; `items` are those of its catalogue version."""
    bill = Bill(
        list(detail["item_codes"]),
        list(detail["item_names"]),
        list(detail["days"]),
        list(detail["prices_micro"]),
        list(detail["quantities_e4"]),
        list(detail["amounts_fen"]),
        [reason != Reason.RESTRICTION_NOT_MET for reason in detail["reasons"]],
    )
    kept = detail["facts"]
    granted = frozenset(kept.get("granted", ()))
    asked = visit.as_of("discharged", visit.discharged_at, visit.line_sheets).input(
        claim.settled_on, bill, granted, claim.account_fen
    )
    return Settled(claim, replace(asked, discharged_on=claim.discharged_on), kept_facts(kept, items), policy)


def kept_facts(kept: Mapping[str, Any], items: Mapping[str, Item]) -> Facts:
    """The facts of a record (`deciding.stored_facts`)."""
    place = kept["institution"]
    kinds = place["kinds"]
    return Facts(
        institution=Institution(
            place["level"],
            place["place"],
            place["ownership"],
            place["designation"],
            None if kinds is None else frozenset(kinds),
            place["suspended"],
        ),
        coverage=tuple(Interval(_day(start), _open_day(end)) for start, end in kept["coverage"]),
        items=items,
        used={AccumulatorKey(*key): amount for *key, amount in kept["used"]},
        groups=frozenset(kept["groups"]),
        birth_date=_open_day(kept["birth_date"]),
        third_party=kept["third_party"],
        third_party_share=kept.get("third_party_share", 0),
        joined=frozenset(kept.get("joined", ())),
        earlier=Earlier(*kept["earlier"]) if "earlier" in kept else None,
        entitlements=tuple(
            Entitlement(kind, disease, _day(start), _open_day(end))
            for kind, disease, start, end in kept.get("entitlements", ())
        ),
        newborn_of=tuple(Interval(_day(start), _open_day(end)) for start, end in kept.get("newborn_of", ())),
        account_credit_fen=kept.get("account_credit", 0),
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _open_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
