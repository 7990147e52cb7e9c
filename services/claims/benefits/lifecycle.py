"""What policies, templates and payment documents have in common on their way (rulings §8): words and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.claims.benefits.document import Finding
from shared.http.problems import FOUR_EYES
from shared.http.unit import Unit
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import Problem, Words, define

SUBMIT = ("提出方案", "submit the policy")
PUBLIC_SIDE = ("county_director", "county_recheck", "city_health")
DECIDERS = ("county_director", "city_health")
STATUS_WORDS: dict[str, Words] = {
    "draft": ("草案", "a draft"),
    "proposed": ("提议", "a proposal"),
    "checked": ("已审核", "checked"),
    "decided": ("已决定", "decided"),
}
UNCHECKED: Words = ("草案或提议", "a draft or a proposal")

DOCUMENT_INVALID = define(
    "policy_document_invalid",
    422,
    "方案文件不能使用",
    "The policy document cannot be used",
    "请按“errors”所列的行改正方案文件后重新提交;什么都没有改动。",
    "Correct the lines that errors names and send the document again; nothing was changed.",
)
WRONG_STATE = define(
    "policy_state",
    409,
    "方案的状态不允许这一步",
    "The policy is not in that state",
    "方案现在的状态是“{status}”,这一步须是“{needed}”;请按提出、审核、决定的顺序办理。",
    "The policy is {status} and this step needs one that is {needed}: it is proposed, checked, then decided.",
)
DECIDED_AHEAD = define(
    "decided_in_the_future",
    422,
    "决定日期还没有到",
    "The decision lies in the future",
    "决定日期 {decided_on} 晚于今天 {today},请填写委员会文件的日期。",
    "The decision is dated {decided_on} and today is {today}: give the date of the committee's document.",
)


def invalid_document(found: Sequence[Finding]) -> Problem:
    """The refusal that names every guilty line."""
    told = [{"line": f.line, "path": f.path, "reason": f.message} for f in found]
    return DOCUMENT_INVALID(errors=told)


def expect_checkable(unit: Unit, row: Any) -> None:
    """A draft or proposal that somebody else has handed in. Raises WRONG_STATE, FOUR_EYES."""
    if row["status"] not in ("draft", "proposed"):
        raise WRONG_STATE(status=STATUS_WORDS[row["status"]], needed=UNCHECKED)
    if row["author"] == unit.actor.subject:
        raise FOUR_EYES(act=SUBMIT, then=("审核", "check it"))


def expect_decidable(unit: Unit, row: Any, decided_on: date) -> None:
    """A checked one that somebody else has handed in, and a decision that was taken already.

    Raises WRONG_STATE, FOUR_EYES, DECIDED_AHEAD.
    """
    if row["status"] != "checked":
        raise WRONG_STATE(status=STATUS_WORDS[row["status"]], needed=STATUS_WORDS["checked"])
    if row["author"] == unit.actor.subject:
        raise FOUR_EYES(act=SUBMIT, then=("决定", "decide on it"))
    today = shanghai_date(unit.now)
    if decided_on > today:
        raise DECIDED_AHEAD(decided_on=decided_on, today=today)
