"""Says the drawn values in the engine's words, and the engine's answer in plain ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from services.claims.benefits.compiler import load
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    ClaimInput,
    Elsewhere,
    Entitlement,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
    Policy,
)

Doc = dict[str, Any]
Key = tuple[str, str, int, str]


def compiled(policy: Doc) -> Policy:
    """The document through the compiler; JSON is YAML."""
    return load(json.dumps(policy, default=str, ensure_ascii=False)).policy


def items_of(catalogue: Doc) -> dict[str, Item]:
    """The catalogue as the engine reads it."""
    return {
        code: Item(
            code, entry["class"], entry["own"], entry["ceilings"] or None, entry["restricted"], "", entry["essential"]
        )
        for code, entry in catalogue.items()
    }


def asked(claim: Doc, items: dict[str, Item], used: dict[Key, int]) -> tuple[ClaimInput, Facts]:
    """The claim and its facts."""
    lines = tuple(
        Line(one["number"], one["code"], one["amount"], one["quantity"], None, one["day"], one["met"])
        for one in claim["lines"]
    )
    asked = ClaimInput(
        kind=claim["kind"],
        admitted_on=claim["admitted"],
        settled_on=claim["settled"],
        lines=lines,
        discharged_on=claim["discharged"],
        emergency=claim["emergency"],
        migrant=claim["migrant"],
        referred=claim["referred"],
        disease=claim["disease"],
        off_path="并发症" if claim["off_path"] else "",
        from_account_fen=claim["from_account"],
        elsewhere=None if claim["elsewhere"] is None else Elsewhere("S1", *claim["elsewhere"].values()),
        submitted_on=claim["submitted"],
    )
    facts = Facts(
        institution=Institution(
            claim["level"],
            claim["place"],
            claim["ownership"],
            claim["designation"],
            None if claim["agreement"] is None else frozenset(claim["agreement"]),
            claim["suspended"],
        ),
        coverage=tuple(Interval(first, last) for first, last in claim["coverage"]),
        items=items,
        used={AccumulatorKey(*key): amount for key, amount in used.items()},
        groups=frozenset(claim["groups"]),
        birth_date=claim["birth"],
        third_party=claim["third_party"],
        earlier=None if claim["earlier"] is None else claim["engine_earlier"],
        joined=frozenset(claim["joined"]),
        third_party_share=claim["third_party_share"],
        entitlements=tuple(Entitlement(*card) for card in claim["cards"]),
        newborn_of=tuple(Interval(first, last) for first, last in claim["mother"]),
        account_credit_fen=claim["credit"],
        decided=frozenset(claim["decided"]),
        late_approved=claim["late_approved"],
        insured=claim["insured"],
    )
    return asked, facts


def for_claim(policy: Policy, claim: Doc) -> Policy:
    """The policy with what the claim's pool has accepted."""
    return replace(policy, accepted=frozenset(claim["accepted"])) if claim["accepts"] else policy


def told(result: Adjudication) -> Doc:
    """The decision in the oracle's form."""
    moves: dict[Key, int] = {}
    for movement in result.movements:
        key = tuple(movement.key)
        moves[key] = moves.get(key, 0) + movement.amount  # type: ignore[index,arg-type]
    return {
        "outcome": result.outcome.value,
        "year": result.benefit_year,
        "total": result.total_fen,
        "eligible": result.eligible_fen,
        "benefit": result.benefit_fen,
        "patient": result.patient_fen,
        "parts": (result.excluded_fen, result.over_ceiling_fen, result.own_share_fen),
        "account": result.account_fen,
        "hospital": result.hospital_fen,
        "deductible": result.deductible_fen,
        "ratio": result.ratio,
        "layers": {layer.layer: layer.benefit_fen for layer in result.layers},
        "moves": moves,
        "lines": [(line[1].value, *line[2:]) for line in result.lines],
        "lacks": sorted(result.illustrative) if result.outcome.value == "illustrative_not_accepted" else [],
    }
