"""What of a decision is kept with its claim beside the columns, and how it comes back. Pure.

What is written here by `stored_facts` is read here by `kept_facts` and `kept_bill`: with policy, catalogue and lines it
reproduces the decision (contracts §5).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    Earlier,
    Entitlement,
    Facts,
    Institution,
    Interval,
    Item,
)
from services.claims.visits.bill import Bill


def stored_facts(facts: Facts, off_path: str = "", met: Sequence[int] = ()) -> dict[str, Any]:
    """What beside policy, catalogue and lines reproduces a decision (contracts §5).

    `met`: numbers of the lines of which the hospital said that their restriction is met. Why a line did not count does
    not tell it where that was something else.
    """
    place = facts.institution
    return {
        "institution": {
            "level": place.level,
            "place": place.place,
            "ownership": place.ownership,
            "designation": place.designation,
            "kinds": None if place.kinds is None else sorted(place.kinds),
            "suspended": place.suspended,
        },
        "coverage": [[i.start, i.end] for i in facts.coverage],
        "groups": sorted(facts.groups),
        "birth_date": facts.birth_date,
        "third_party": facts.third_party,
        **_rarer(facts, off_path, met),
        "used": [[key.scope, key.name, key.year, key.detail, amount] for key, amount in facts.used.items()],
    }


def _rarer(facts: Facts, off_path: str, met: Sequence[int]) -> dict[str, Any]:
    """Facts that few claims rest on, kept where they are there."""
    rarer: dict[str, Any] = {
        "third_party_share": facts.third_party_share,
        "joined": sorted(facts.joined),
        "earlier": [] if facts.earlier is None else facts.earlier.stored(),
        "entitlements": [[*one] for one in facts.entitlements],
        "newborn_of": [[*one] for one in facts.newborn_of],
        "account_credit": facts.account_credit_fen,
        "granted": sorted(facts.decided),
        "late_approved": facts.late_approved,
        "insured": facts.insured,
        "off_path": off_path,
        "met": list(met),
    }
    return {name: value for name, value in rarer.items() if value}


def stored_decision(result: Adjudication) -> dict[str, Any]:
    """What of a decision the columns of its record do not hold; the trace as step, rule, clause, inputs, amount."""
    return {
        "deductible_fen": result.deductible_fen,
        "ratio": result.ratio,
        "illustrative": result.illustrative,
        "trace": [[s.step, s.rule, s.clause, s.inputs, s.amount_fen] for s in result.trace],
    }


def kept_bill(detail: Any) -> Bill:
    """The bill of a record, with what the hospital said of restrictions."""
    met = frozenset(detail["facts"].get("met", ()))
    return Bill(
        list(detail["item_codes"]),
        list(detail["item_names"]),
        list(detail["days"]),
        list(detail["prices_micro"]),
        list(detail["quantities_e4"]),
        list(detail["amounts_fen"]),
        [number in met for number in range(1, len(detail["item_codes"]) + 1)],
    )


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
        earlier=Earlier.of(kept["earlier"]) if "earlier" in kept else None,
        entitlements=tuple(
            Entitlement(kind, disease, _day(start), _open_day(end))
            for kind, disease, start, end in kept.get("entitlements", ())
        ),
        newborn_of=tuple(Interval(_day(start), _open_day(end)) for start, end in kept.get("newborn_of", ())),
        account_credit_fen=kept.get("account_credit", 0),
        decided=frozenset(kept.get("granted", ())),
        late_approved=kept.get("late_approved", False),
        insured=kept.get("insured"),
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _open_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
