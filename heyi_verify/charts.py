"""The charts of accounts as they are published: the chain covers their name alone, so their lines are compared here."""

import json
from pathlib import Path
from typing import Any

_PUBLISHED: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).parent / "charts.json").read_text(encoding="utf-8")
)
"""Chinese name, English name and normal side by chart and account."""


def side_of(chart: str, account: str) -> str | None:
    """The normal side of an account in its published chart; None where chart or account is unknown."""
    published = _PUBLISHED.get(chart, {}).get(account)
    return published[2] if published else None


def agrees(chart: str, account: dict[str, Any]) -> bool:
    """Whether an account's line is that of the published chart; one of an unknown chart cannot be compared."""
    published = _PUBLISHED.get(chart)
    if published is None:
        return True
    return published.get(account["account"]) == [account.get(name) for name in ("name_zh", "name_en", "normal_side")]
