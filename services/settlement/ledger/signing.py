"""The signature under a day's root: Ed25519 with a key that the database does not hold (contracts §9); and the public
keys of earlier roots, which stay checkable after a change of keys."""

import hashlib
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SEED_BYTES = _PUBLIC_BYTES = 32


def key_id_of(public_key: bytes) -> str:
    """The name of a public key: the first 8 bytes of its SHA-256 as hex."""
    return hashlib.sha256(public_key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class EarlierKey:
    """A public key that signed roots from one day to another, and no more."""

    public_key: bytes
    first_day: date
    last_day: date

    @property
    def key_id(self) -> str:
        """Its name in the seals."""
        return key_id_of(self.public_key)


def earlier_keys(told: str, present: bytes) -> tuple[EarlierKey, ...]:
    """The keys of ``hex:2009-01-01:2010-06-30,…``, oldest first. Raises ValueError for anything else, for a key named
    twice or the present one, and for days that another of them has."""
    keys = sorted(map(_earlier, filter(None, told.split(","))), key=lambda key: key.first_day)
    if len({present, *(key.public_key for key in keys)}) <= len(keys):
        raise ValueError("EARLIER_PUBLIC_KEYS names a key twice, or the present one")
    if any(after.first_day <= before.last_day for before, after in pairwise(keys)):
        raise ValueError("EARLIER_PUBLIC_KEYS: one key signs at a time, and these days overlap")
    return tuple(keys)


def _earlier(entry: str) -> EarlierKey:
    try:
        key, first, last = entry.split(":")
        found = EarlierKey(bytes.fromhex(key), date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        raise ValueError("EARLIER_PUBLIC_KEYS must be key:first-day:last-day, separated by commas") from None
    if len(found.public_key) != _PUBLIC_BYTES or found.last_day < found.first_day:
        raise ValueError("EARLIER_PUBLIC_KEYS must hold 32 bytes as hex each, and a first day not after the last")
    return found


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs; ``public_key`` is what outsiders pin, ``key_id`` its first 8 bytes of SHA-256 as hex."""

    key: Ed25519PrivateKey
    public_key: bytes
    key_id: str

    @classmethod
    def from_hex(cls, seed_hex: str) -> "Signer":
        """The signer of a seed of 32 bytes; raises ValueError for anything else."""
        try:
            seed = bytes.fromhex(seed_hex)
        except ValueError:
            seed = b""
        if len(seed) != _SEED_BYTES:
            raise ValueError("SIGNING_KEY must hold 32 bytes as hex")
        key = Ed25519PrivateKey.from_private_bytes(seed)
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(key, public, key_id_of(public))

    def sign(self, statement: str) -> bytes:
        """64 bytes over the statement's UTF-8 bytes."""
        return self.key.sign(statement.encode())
