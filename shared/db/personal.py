"""Personal data in the column (contracts §12): sealed text, and a blind index for exact look-up."""

import hashlib
import hmac
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

_NONCE_BYTES = 12


@dataclass(frozen=True)
class Keys:
    """Data keys by version (32 bytes each), the version that seals now, and the look-up key of the deployment."""

    data: dict[int, bytes] = field(repr=False)
    version: int
    lookup: bytes = field(repr=False)


class Sealer:
    """Seals and opens single values. The place (table, column, row) is authenticated: a moved value does not open."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._ciphers = {version: AESGCMSIV(key) for version, key in keys.data.items()}

    def seal(self, table: str, column: str, row_id: object, text: str) -> bytes:
        """Version (1 byte), nonce (12 bytes), ciphertext."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._keys.version].encrypt(nonce, text.encode(), _place(table, column, row_id))
        return bytes([self._keys.version]) + nonce + sealed

    def open(self, table: str, column: str, row_id: object, sealed: bytes) -> str:
        """The text; raises cryptography's InvalidTag if it was changed or belongs elsewhere, KeyError without key."""
        cipher = self._ciphers[sealed[0]]
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return cipher.decrypt(nonce, body, _place(table, column, row_id)).decode()

    def blind_index(self, kind: str, normalised: str) -> bytes:
        """HMAC-SHA256 of a normalised value (an ID number in upper case without spaces), for equality only."""
        return hmac.new(self._keys.lookup, f"{kind}\0{normalised}".encode(), hashlib.sha256).digest()


def _place(table: str, column: str, row_id: object) -> bytes:
    return f"{table}\0{column}\0{row_id}".encode()
