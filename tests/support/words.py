"""In which language a refusal is told: what may stand in its Chinese and in its English text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.http.wrong_forms import UNTOLD
from shared.kernel.errors import Problem, ProblemType

NEUTRAL: Mapping[str, str] = {
    # ids and numbers
    "order": "id", "bill": "id", "member": "id", "release": "id", "receivables": "ids", "arrival": "id",
    "receivable": "id", "write_off": "id", "reversal_id": "id", "in_force": "id",
    "batch": "id", "bill_id": "id", "claim_id": "id", "cutoff_id": "id", "cutoffs": "ids", "event_id": "id",
    "hold_id": "id", "instruction": "id", "later_claim_id": "id", "policy_id": "id", "replenishment": "id",
    "document_id": "id", "list_id": "id", "statement_id": "id", "campaign_id": "id", "case_id": "id",
    "objection_id": "id", "payment_id": "id", "settlement": "number of a scheme",
    "request_id": "id", "sponsorship": "id", "transfer": "id", "visit_id": "id", "source_event": "id",
    "number": "number", "numbers": "numbers of receipts", "reversal_of": "number", "reference": "bank's number",
    # codes of the register, the catalogue, the chart, the policy
    "pool_code": "code", "known_in": "code", "area_code": "code", "areas": "codes", "township_code": "code",
    "code": "code", "institution_code": "code", "institution": "code", "institutions": "codes", "region": "code",
    "codes": "codes",
    "account": "code", "flow": "codes of accounts", "chart": "code", "charts": "codes", "version": "code",
    "digest": "fingerprint", "policy": "code", "pools": "codes", "names": "places in a policy",
    "groups": "codes of a policy", "known": "codes", "constraint": "name of a rule", "consumer": "name of a consumer",
    "topic": "name", "service": "name of a service", "path": "address", "method": "HTTP method",
    "count_name": "name of a count",
    # days, counts, amounts
    "first": "day", "until": "day", "birth_date": "day", "count": "count", "bills": "count",
    "waiting": "amount",
    "deadline": "day", "most": "count", "paid": "amount", "refunded": "amount", "income": "amount",
    "ceiling": "amount", "collected": "amount", "held": "amount", "deposited": "amount",
    "day": "day", "today": "day", "month": "month", "months": "months", "year": "year",
    "decided_on": "day", "paid_on": "day", "submitted_on": "day", "valid_from": "day",
    "up_to": "day", "last": "day", "earlier": "day", "needed_through": "day", "open_day": "day",
    "first_open_day": "day", "sealed_through": "day", "closed_through": "day", "admitted_at": "time",
    "discharged_at": "time", "days": "count", "heads": "count", "still": "count", "counted": "count",
    "expected": "count", "line": "count", "lines": "count or amount", "amount": "amount", "computed": "amount",
    "available": "amount", "change": "amount", "due": "amount", "arrived": "amount", "refused": "amount",
    "granted": "amount", "asked": "amount", "claim": "id", "recovery": "id", "township": "code", "blank": "address",
    "applied": "amount", "opening": "amount", "closing": "amount", "previous": "amount",
    "limit": "count, amount or size", "first_day": "day", "members": "names of members", "other": "number of a line",
    # what people wrote themselves
    "ranges": "cells of a sheet", "missing": "headings", "repeated": "headings", "sheets": "names of sheets",
    "part": "part of a file", "bank_name": "name of a bank", "papers": "names of papers in a policy",
}  # fmt: skip
"""Parameters that are neither Chinese nor English, and what they are; any other has to be words in both."""

_QUOTED = re.compile(r"“[^”]*”|`[^`]*`")
_FIXED = re.compile(r"Idempotency-Key|If-(?:None-)?Match|ETag|ASCII|Excel|WPS|\.xlsx?\b|JSON|CSV|XLSX|YAML|UTF-8|NUL")
"""Names of headers, of formats and of programs, which Chinese texts use as they are."""
_PARAMETER = re.compile(r"\{[a-z_]+\}")
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b")
_LATIN = re.compile(r"[A-Za-z]{3,}")
_CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def mixed_type(kind: ProblemType) -> list[str]:
    """What is wrong with the texts of a kind of refusal, its parameters left out."""
    return _mixed(kind.code, f"{kind.title_zh} {kind.detail_zh}", f"{kind.title_en} {kind.detail_en}")


def mixed_problem(problem: Problem) -> list[str]:
    """What is wrong with a refusal as it is told: its texts with their words, neutral parameters left out."""
    kind = problem.kind
    words = {
        name: "" if name in NEUTRAL and not isinstance(value, tuple) else value
        for name, value in problem.params.items()
    }
    told = Problem(kind, words, None, problem.errors)
    chinese, english = (told.body(language) for language in ("zh", "en"))
    found = _mixed(kind.code, f"{chinese['title']} {chinese['detail']}", f"{english['title']} {english['detail']}")
    for one in problem.errors:
        reason: Any = one.get("reason")
        if isinstance(reason, tuple):
            found += _mixed(f"{kind.code} at {one.get('at')}", reason[0], reason[1])
            found += [f"{kind.code} at {one.get('at')}: no words for {reason[1]!r}"] * (reason[0] == UNTOLD[0])
    return found


def _mixed(code: str, chinese: str, english: str) -> list[str]:
    left = _FIXED.sub("", _QUOTED.sub("", _PARAMETER.sub("", _ID.sub("", chinese))))
    found = [f"{code}: {word!r} in “{chinese}”" for word in _LATIN.findall(left)]
    if not _CHINESE.search(chinese):
        found.append(f"{code}: no Chinese in “{chinese}”")
    if _CHINESE.search(english):
        found.append(f"{code}: Chinese in '{english}'")
    return found
