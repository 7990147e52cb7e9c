"""UUID version 7 from an injected time, and its form towards hospitals (contracts §2)."""

import os
from datetime import datetime
from uuid import UUID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {c: i for i, c in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_LENGTH = 26
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(5 * (_LENGTH - 2), -1, -10)


def new_id(now: datetime) -> UUID:
    """A version 7 UUID whose time part is ``now`` (aware). Nobody takes order from it; partitions take the month."""
    milliseconds = int(now.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (random >> 62 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=value)


def to_base32(identifier: UUID) -> str:
    """The 26 characters of Crockford base32 that a hospital's string(30) can hold."""
    value = identifier.int
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


def from_base32(text: str) -> UUID:
    """The id of its 26 characters; raises ValueError for anything else."""
    if len(text) != _LENGTH:
        raise ValueError("an id has 26 characters")
    value = 0
    for character in text.upper():
        if character not in _VALUES:
            raise ValueError(f"{character!r} does not occur in an id")
        value = value << 5 | _VALUES[character]
    if value >> 128:
        raise ValueError("the id is too large")
    return UUID(int=value)
