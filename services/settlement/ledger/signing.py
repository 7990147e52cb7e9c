"""The signature under a day's root: Ed25519 with a key that the database does not hold (contracts §9)."""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SEED_BYTES = 32


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
        return cls(key, public, hashlib.sha256(public).hexdigest()[:16])

    def sign(self, statement: str) -> bytes:
        """64 bytes over the statement's UTF-8 bytes."""
        return self.key.sign(statement.encode())
