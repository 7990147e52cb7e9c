"""Seals inside the export against its vouchers, roots kept outside against both (docs/ledger-format.md, section 4)."""

from typing import Any

from heyi_verify import canonical
from heyi_verify.walk import Walk


def check_seals(walk: Walk, public_key: bytes | None) -> None:
    """Each seal follows from the one before and covers exactly the vouchers that it names."""
    previous, after = walk.hashes[0], 0
    for number, seal in enumerate(walk.seals, 1):
        if (
            seal["seal_number"] != number
            or seal["previous"] != previous.hex()
            or seal["first_number"] != after + 1
            or not _covers(walk, seal)
        ):
            walk.find("seal_wrong", seal["day"])
        if seal["last_number"] >= walk.expected:
            walk.find("tail_cut", f"{walk.expected}–{seal['last_number']}")
        _check_signature(walk, seal, public_key)
        previous, after = canonical.sha256(canonical.seal_record(seal)), seal["last_number"]


def check_outside(walk: Walk, roots: list[dict[str, Any]], public_key: bytes | None) -> None:
    """Roots that were kept outside: whoever rewrote the book could not rewrite these."""
    inside = {seal["day"]: seal for seal in walk.seals}
    own = [root for root in roots if of_book(root, walk.book)]
    if roots and not own and walk.seals:
        walk.find("root_missing", f"{walk.book['pool_code']}/{walk.book['book']}")
    for root in own:
        _check_signature(walk, root, public_key)
        if root["last_number"] >= walk.expected:
            walk.find("tail_cut", f"{walk.expected}–{root['last_number']}")
        elif not _covers(walk, root):
            walk.find("rewritten", root["day"])
        mine = inside.get(root["day"])
        if mine is None or canonical.seal_record(mine) != canonical.seal_record(root):
            walk.find("rewritten", root["day"])


def of_book(root: dict[str, Any], book: dict[str, Any]) -> bool:
    """Whether a root is one of this pool and book."""
    return (root.get("pool_code"), root.get("book")) == (book["pool_code"], book["book"])


def signed(seal: dict[str, Any], public_key: bytes) -> bool:
    """Whether the seal's signature verifies under the key, and names it."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(bytes.fromhex(seal["signature"]), canonical.seal_record(seal))
        return bool(seal["key_id"] == canonical.sha256(public_key).hex()[:16])
    except (InvalidSignature, ValueError):
        return False


def _covers(walk: Walk, seal: dict[str, Any]) -> bool:
    """Whether root and last hash are those of the vouchers that the seal names."""
    hashes = [walk.hashes.get(number) for number in range(seal["first_number"], seal["last_number"] + 1)]
    found = [one for one in hashes if one is not None]
    last = walk.hashes.get(seal["last_number"])
    return (
        len(found) == len(hashes)
        and last is not None
        and last.hex() == seal["last_hash"]
        and canonical.merkle_root(found).hex() == seal["root"]
    )


def _check_signature(walk: Walk, seal: dict[str, Any], public_key: bytes | None) -> None:
    if public_key is not None and not signed(seal, public_key):
        walk.find("signature_wrong", seal["day"])
