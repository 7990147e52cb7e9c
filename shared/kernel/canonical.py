"""One byte form per value, for hashes that must agree (contracts §4)."""

import hashlib
import json
from typing import Any


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted members and no spaces; floats are refused (TypeError) because they round."""
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_refuse).encode()


def _check(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical form")
    if isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                raise TypeError("member names are strings")
            _check(member)
    elif isinstance(value, list | tuple):
        for member in value:
            _check(member)


def digest(value: Any) -> bytes:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(canonical_json(value)).digest()
