"""A decision in the form in which it is stored, answered and printed: amounts as strings of yuan (contracts §3)."""

from __future__ import annotations

from typing import Any

from services.claims.benefits.model import FULL_RATIO, Adjudication, LayerResult, LineResult, TraceStep
from shared.contracts.wire import Ratio, WireModel, Yuan
from shared.kernel.money import format_ratio, format_yuan


class LayerWire(WireModel):
    """What one payer pays."""

    layer: str
    payer: str
    account: str
    expense_account: str
    book: str
    risk_bearer: str
    benefit: Yuan


class LineWire(WireModel):
    """How a line was counted: amount = excluded + over_ceiling + own_share + eligible."""

    number: int
    reason: str
    excluded: Yuan
    over_ceiling: Yuan
    own_share: Yuan
    eligible: Yuan


class StepWire(WireModel):
    """One step of the calculation; amounts and ratios among the inputs are strings."""

    step: str
    rule: str
    clause: str
    inputs: dict[str, str]
    amount: Yuan


class DecisionWire(WireModel):
    """A decision. total = excluded + over_ceiling + own_share + eligible; patient = total − elsewhere − benefit −
    hospital, of which `account` comes from the family account and `third_party` from who is liable; the rest is cash.
    """

    outcome: str
    outcome_text: str
    policy: str
    policy_hash: str
    benefit_year: int
    total: Yuan
    excluded: Yuan
    over_ceiling: Yuan
    own_share: Yuan
    eligible: Yuan
    deductible: Yuan
    ratio: Ratio
    benefit: Yuan
    patient: Yuan
    elsewhere: Yuan
    account: Yuan
    third_party: Yuan
    hospital: Yuan
    lines: list[LineWire]
    layers: list[LayerWire]
    trace: list[StepWire]
    illustrative: list[str]


def decision_document(adjudication: Adjudication) -> dict[str, Any]:
    """The members of DecisionWire except `outcome_text`, as plain JSON values."""
    a = adjudication
    return {
        "outcome": a.outcome.value,
        "policy": a.policy_id,
        "policy_hash": a.policy_hash,
        "benefit_year": a.benefit_year,
        "total": format_yuan(a.total_fen),
        "excluded": format_yuan(a.excluded_fen),
        "over_ceiling": format_yuan(a.over_ceiling_fen),
        "own_share": format_yuan(a.own_share_fen),
        "eligible": format_yuan(a.eligible_fen),
        "deductible": format_yuan(a.deductible_fen),
        "ratio": format_ratio(a.ratio),
        "benefit": format_yuan(a.benefit_fen),
        "patient": format_yuan(a.patient_fen),
        "elsewhere": format_yuan(a.elsewhere_fen),
        "account": format_yuan(a.account_fen),
        "third_party": format_yuan(third_party_fen(a)),
        "hospital": format_yuan(a.hospital_fen),
        "lines": [_line(line) for line in a.lines],
        "layers": [layer_document(layer) for layer in a.layers],
        "trace": trace_document(a),
        "illustrative": list(a.illustrative),
    }


def trace_document(adjudication: Adjudication) -> list[dict[str, Any]]:
    """The trace as plain JSON values; `cap_fen` becomes `cap`, a ratio keeps its name."""
    return [_step(step) for step in adjudication.trace]


def layer_document(layer: LayerResult) -> dict[str, Any]:
    """A layer's result as plain JSON values."""
    return {
        "layer": layer.layer,
        "payer": layer.payer,
        "account": layer.account,
        "expense_account": layer.expense_account,
        "book": layer.book,
        "risk_bearer": layer.risk_bearer,
        "benefit": format_yuan(layer.benefit_fen),
    }


def _line(line: LineResult) -> dict[str, Any]:
    return {
        "number": line.number,
        "reason": line.reason.value,
        "excluded": format_yuan(line.excluded_fen),
        "over_ceiling": format_yuan(line.over_ceiling_fen),
        "own_share": format_yuan(line.own_share_fen),
        "eligible": format_yuan(line.eligible_fen),
    }


def _exact_ratio(e8: int) -> str:
    """A ratio in 10⁻⁸ with all its places, four at least: `0.7000`, `0.55125`."""
    whole, rest = divmod(e8, FULL_RATIO * FULL_RATIO)
    places = f"{rest:08d}"
    return f"{whole}.{places[:4]}{places[4:].rstrip('0')}"


def third_party_fen(adjudication: Adjudication) -> int:
    """What a third party bears of this settlement: no benefit, and not the patient's own part either; at most what the
    benefit leaves."""
    borne = 0
    for step in adjudication.trace:
        if step.step == "third_party":
            borne += max(0, step.amount_fen - int(dict(step.inputs).get("before_fen", 0)))
    return min(borne, adjudication.patient_fen - adjudication.account_fen)


def _step(step: TraceStep) -> dict[str, Any]:
    inputs = {}
    for name, value in step.inputs:
        if name.endswith("_fen"):
            inputs[name[:-4]] = format_yuan(int(value))
        elif name.endswith("_ratio"):
            inputs[name] = format_ratio(int(value))
        elif name.endswith("_e8"):
            inputs[f"{name[:-3]}_ratio"] = _exact_ratio(int(value))
        else:
            inputs[name] = str(value)
    return {
        "step": step.step,
        "rule": step.rule,
        "clause": step.clause,
        "inputs": inputs,
        "amount": format_yuan(step.amount_fen),
    }
