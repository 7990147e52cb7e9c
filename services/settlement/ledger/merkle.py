"""The way from one voucher up to its day's root (docs/ledger-format.md, section 7; RFC 6962, section 2.1.1)."""

import hashlib
from collections.abc import Sequence

_LEAF, _NODE = b"\x00", b"\x01"


def audit_path(hashes: Sequence[bytes], index: int) -> list[tuple[str, bytes]]:
    """The neighbours from leaf ``index`` up to the root, each with the side on which it stands.

    ``hashes`` are the chain hashes of the day in the order of their numbers. Raises IndexError beyond them.
    """
    level = [hashlib.sha256(_LEAF + one).digest() for one in hashes]
    if not 0 <= index < len(level):
        raise IndexError(index)
    path: list[tuple[str, bytes]] = []
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            path.append(("left" if beside < index else "right", level[beside]))
        level, index = _parents(level), index // 2
    return path


def _parents(level: list[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    joined = [hashlib.sha256(_NODE + left + right).digest() for left, right in pairs]
    return joined + level[len(joined) * 2 :]
