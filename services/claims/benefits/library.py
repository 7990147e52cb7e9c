"""The policy documents of the repository: the parents that others inherit from, and what `heyi quote` knows by id."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from services.claims.benefits.compiler import Loaded, load
from services.claims.benefits.schema import ID_PATTERN

DIRECTORY = Path(__file__).resolve().parents[3] / "policies"


def ids() -> tuple[str, ...]:
    """Ids of all documents, sorted."""
    return tuple(sorted(path.stem for path in DIRECTORY.glob("*.yaml")))


def text_of(policy_id: str) -> str:
    """The text of a document. Raises KeyError."""
    if not re.fullmatch(ID_PATTERN, policy_id) or not (path := DIRECTORY / f"{policy_id}.yaml").is_file():
        raise KeyError(policy_id)
    return path.read_text(encoding="utf-8")


@cache
def loaded(policy_id: str) -> Loaded:
    """The compiled document. Raises KeyError, PolicyErrors."""
    return load(text_of(policy_id), text_of)
