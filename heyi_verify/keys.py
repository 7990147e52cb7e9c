"""Signatures under the keys that the caller pinned; after a change of keys the older ones hold for what they signed."""

from collections.abc import Iterable, Mapping
from typing import Any

from heyi_verify.canonical import sha256

Keys = Mapping[str, bytes]
"""Pinned public keys by their id; none: signatures are not checked."""


def pinned(public_keys: Iterable[bytes]) -> Keys:
    """The keys by their ids: the first 16 hexadecimal digits of their SHA-256."""
    return {sha256(key).hex()[:16]: key for key in public_keys}


def is_signed(document: Mapping[str, Any], message: bytes, keys: Keys) -> bool:
    """Whether the document's signature of the message verifies under the pinned key that it names."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = keys.get(document["key_id"])
    if key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(document["signature"]), message)
    except (InvalidSignature, ValueError):
        return False
    return True
