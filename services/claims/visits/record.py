"""A claim's decision read back from its record, for trace and slip; nothing is computed again. Pure."""

import itertools
from collections.abc import Mapping
from typing import Any

from services.claims.benefits import words
from services.claims.benefits.engine import ACCOUNT_LAYER
from services.claims.benefits.face import Billed, Face, faces_of
from services.claims.benefits.model import Adjudication, Item, LayerResult, LineResult, Outcome, Reason, TraceStep
from services.claims.benefits.wire import decision_document
from services.claims.visits.claims import Claim
from shared.kernel.money import format_quantity, format_unit_price, format_yuan


def adjudication_of(claim: Claim, detail: Mapping[str, Any]) -> Adjudication:
    """The decision as it was made."""
    kept = detail["decision"]
    lines = tuple(
        LineResult(number, Reason(reason), amount - over - own - eligible, over, own, eligible)
        for number, (reason, amount, over, own, eligible) in enumerate(
            zip(
                detail["reasons"],
                detail["amounts_fen"],
                detail["over_ceiling_fen"],
                detail["own_share_fen"],
                detail["eligible_fen"],
                strict=True,
            ),
            start=1,
        )
    )
    layers = [_layer(one) for one in claim.layers]
    return Adjudication(
        outcome=Outcome(claim.outcome),
        policy_id=claim.policy_id,
        policy_hash=claim.policy_hash,
        benefit_year=claim.benefit_year,
        total_fen=claim.total_fen,
        excluded_fen=sum(line.excluded_fen for line in lines),
        over_ceiling_fen=sum(line.over_ceiling_fen for line in lines),
        own_share_fen=sum(line.own_share_fen for line in lines),
        eligible_fen=claim.eligible_fen,
        deductible_fen=kept["deductible_fen"],
        ratio=kept["ratio"],
        benefit_fen=claim.benefit_fen,
        patient_fen=claim.patient_fen,
        lines=lines,
        layers=tuple(layer for layer in layers if layer.layer != ACCOUNT_LAYER),
        movements=(),
        trace=tuple(_step(one) for one in kept["trace"]),
        illustrative=tuple(kept["illustrative"]),
        elsewhere_fen=claim.elsewhere_fen,
        hospital_fen=claim.hospital_fen,
        account=next((layer for layer in layers if layer.layer == ACCOUNT_LAYER), None),
    )


def _layer(one: Mapping[str, Any]) -> LayerResult:
    return LayerResult(
        one["layer"],
        one["payer"],
        one["account"],
        one["expense_account"],
        one["book"],
        one["risk_bearer"],
        one["amount_fen"],
    )


def _step(one: list[Any]) -> TraceStep:
    step, rule, clause, inputs, amount = one
    return TraceStep(step, rule, clause, tuple((name, value) for name, value in inputs), amount)


def bill_lines(detail: Mapping[str, Any], result: Adjudication) -> list[dict[str, Any]]:
    """The lines as sent and as counted, in wire form."""
    return [
        {
            "number": line.number,
            "item_code": code,
            "item_name": name,
            "day": day,
            "price": format_unit_price(price),
            "quantity": format_quantity(quantity),
            "amount": format_yuan(amount),
            "eligible": format_yuan(line.eligible_fen),
            "over_ceiling": format_yuan(line.over_ceiling_fen),
            "own_share": format_yuan(line.own_share_fen),
            "reason": line.reason.value,
        }
        for line, code, name, day, price, quantity, amount in zip(
            result.lines,
            detail["item_codes"],
            detail["item_names"],
            detail["days"],
            detail["prices_micro"],
            detail["quantities_e4"],
            detail["amounts_fen"],
            strict=True,
        )
    ]


def document(result: Adjudication) -> dict[str, Any]:
    """The decision in wire form, its outcome in words too."""
    return decision_document(result) | {"outcome_text": words.OUTCOMES[result.outcome][0]}


def bill_faces(detail: Mapping[str, Any], items: Mapping[str, Item]) -> dict[int, Face]:
    """The lines of a claim as a slip shows them, at the level of institution that it was decided on."""
    columns = (detail["item_codes"], detail["item_names"], detail["prices_micro"], detail["quantities_e4"])
    steps = (dict(inputs) for step, _, _, inputs, _ in detail["decision"]["trace"] if step == "rule")
    level = next((str(inputs["level"]) for inputs in steps), "")
    return faces_of(itertools.starmap(Billed, zip(*columns, strict=True)), items, level)
