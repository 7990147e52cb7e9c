"""What the source of a decision does not state, in words for the slip: named by the rows that its trace tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.claims.benefits import words

FIELDS: words.Words = {
    "deductible": ("{name}的起付线", "{name}: the deductible"),
    "ratio": ("{name}的补偿比例", "{name}: the ratio"),
    "fixed": ("{name}的定额", "{name}: the fixed benefit"),
    "patient": ("{name}的个人负担金额", "{name}: the patient's part"),
    "deductible_waived_from": ("{name}免起付线的次数", "{name}: the admission from which the deductible is waived"),
    "when": ("{name}适用的情形", "{name}: where it applies"),
    "amount": ("{name}的数额", "{name}: the amount"),
}
"""The values of a row that are marked by themselves."""
WHOLE: words.Words = {
    "parameters.year_by": ("累计所属年度的算法", "the year that counts"),
    "parameters.waiting_days": ("等待期", "the waiting period"),
    "parameters.newborn_days": ("新生儿随母亲参合的天数", "the days of a newborn under its mother's cover"),
    "parameters.lines_after_coverage": ("参合期以外的费用怎样算", "costs after the coverage"),
    "family_account": ("家庭账户", "the family account"),
} | {f"circumstances.{code}": pair for code, pair in words.CIRCUMSTANCES.items()}
"""What is no row of a layer."""


def presumed(decision: Mapping[str, Any], language: str) -> str:
    """What a decision document (`wire.decision_document`) rests on without source, each once, for one sentence.

    A row that the trace does not name, as in a refusal, keeps the name under which the pool accepts it.
    """
    rows = {step["rule"]: step["inputs"]["name"] for step in decision["trace"] if "name" in step["inputs"]}
    told = dict.fromkeys(_words(name, rows, language) for name in decision["illustrative"])
    return ("、" if language == "zh" else ", ").join(told)


def _words(name: str, rows: Mapping[str, str], language: str) -> str:
    if name in WHOLE:
        return words.word(WHOLE, name, language)
    if name in rows:
        return rows[name]
    row, _, member = name.rpartition(".")
    if row in rows and member in FIELDS:
        return words.word(FIELDS, member, language).format(name=rows[row])
    return name
