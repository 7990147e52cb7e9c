"""Seals inside the export against its vouchers, roots kept outside against both (docs/ledger-format.md, section 4)."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from heyi_verify import canonical
from heyi_verify.keys import Keys, is_signed
from heyi_verify.walk import Walk


def check_seals(walk: Walk, keys: Keys) -> None:
    """Each seal follows from the one before, covers exactly the vouchers that it names, and none is missing."""
    previous, after, day, dated = walk.hashes[0], 0, "", list(walk.dates)
    for number, seal in enumerate(walk.seals, 1):
        if (
            seal["seal_number"] != number
            or seal["previous"] != previous.hex()
            or seal["first_number"] != after + 1
            or not (walk.head_forged or of_book(seal, walk.book))
            or not (_told(walk, seal) or _covers(walk, seal))
            or not _of_its_days(walk, dated, seal, day)
        ):
            walk.find("seal_wrong", seal["day"])
        if seal["last_number"] > walk.last_number:
            walk.find("tail_cut", f"{walk.last_number + 1}–{seal['last_number']}")
        _check_signature(walk, seal, keys)
        previous, after, day = canonical.sha256(canonical.seal_record(seal)), seal["last_number"], seal["day"]
    _check_last(walk, day)


def _told(walk: Walk, seal: dict[str, Any]) -> bool:
    """Whether vouchers of the seal are missing, which is told of them already."""
    first, last = seal["first_number"], seal["last_number"]
    return bool(last > walk.last_number or walk.missing.meets(first, last))


def _of_its_days(walk: Walk, dated: Sequence[int], seal: dict[str, Any], before: str) -> bool:
    """Whether its vouchers (of the numbers ``dated``) were posted after the day sealed before and not after its own."""
    own = dated[bisect_left(dated, seal["first_number"]) : bisect_right(dated, seal["last_number"])]
    return before < seal["day"] and all(before < walk.dates[number] <= seal["day"] for number in own)


def _check_last(walk: Walk, day: str) -> None:
    """The head says through which day the book is sealed: seals cut off, or vouchers put behind them, show here."""
    through = walk.book["sealed_through"]
    if walk.seals and through < day:
        walk.find("seal_wrong", day)
    after = walk.seals[-1]["last_number"] if walk.seals else 0
    uncovered = [posted for number, posted in walk.dates.items() if number > after]
    if (walk.seals and through > day) or any(posted <= max(day, through) for posted in uncovered):
        walk.find("seal_missing", through)


def check_outside(walk: Walk, roots: list[dict[str, Any]], keys: Keys) -> tuple[int, int] | None:
    """Roots that were kept outside: whoever rewrote the book could not rewrite these.

    The first and last voucher behind the last of them, of which they prove nothing; None where there are none.
    """
    inside = {seal["day"]: seal for seal in walk.seals}
    own = [root for root in roots if of_book(root, walk.book)]
    if not own and walk.last_number:
        walk.find("root_missing", f"{walk.book['pool_code']}/{walk.book['book']}")
    for root in own:
        _check_signature(walk, root, keys)
        if root["last_number"] > walk.last_number:
            walk.find("tail_cut", f"{walk.last_number + 1}–{root['last_number']}")
        elif not _covers(walk, root):
            walk.find("rewritten", root["day"])
        mine = inside.get(root["day"])
        if mine is None or canonical.seal_record(mine) != canonical.seal_record(root):
            walk.find("rewritten", root["day"])
    proven = max((root["last_number"] for root in own), default=0)
    return (proven + 1, walk.last_number) if proven < walk.last_number else None


def of_book(root: dict[str, Any], book: dict[str, Any]) -> bool:
    """Whether a root is one of this pool and book."""
    return (root.get("pool_code"), root.get("book")) == (book["pool_code"], book["book"])


def is_sealed(seal: dict[str, Any], keys: Keys) -> bool:
    """Whether the seal's signature verifies under the pinned key that it names; not asked where none is pinned."""
    return not keys or is_signed(seal, canonical.seal_record(seal), keys)


def _covers(walk: Walk, seal: dict[str, Any]) -> bool:
    """Whether root and last hash are those of the vouchers that the seal names."""
    first, last = seal["first_number"], seal["last_number"]
    if not 1 <= first <= last + 1 <= walk.last_number + 1 or walk.missing.meets(first, last):
        return False  # a range that is not there is not walked: it may be longer than any memory
    last_hash = walk.hashes.get(last)
    return (
        last_hash is not None
        and last_hash.hex() == seal["last_hash"]
        and canonical.merkle_root([walk.hashes[number] for number in range(first, last + 1)]).hex() == seal["root"]
    )


def _check_signature(walk: Walk, seal: dict[str, Any], keys: Keys) -> None:
    if not is_sealed(seal, keys):
        walk.find("signature_wrong", seal["day"])
