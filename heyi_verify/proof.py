"""Checks the proof of one voucher against the seal in it and roots kept outside (docs/ledger-format.md, section 7)."""

import json
from collections.abc import Iterable
from typing import Any

from heyi_verify import canonical
from heyi_verify.canonical import Unreadable
from heyi_verify.findings import Finding
from heyi_verify.keys import Keys, pinned
from heyi_verify.seals import is_sealed, of_book

FORMAT = "heyi-proof-1"
_PREFIX_LEAF, _PREFIX_NODE = b"\x00", b"\x01"


def read(text: str) -> dict[str, Any]:
    """A proof as ``GET …/vouchers/{number}/proof`` answers it; raises Unreadable."""
    try:
        proof = json.loads(text)
    except ValueError as error:
        raise Unreadable("文件不是 JSON", "the file is not JSON") from error
    if not isinstance(proof, dict) or proof.get("format") != FORMAT:
        raise Unreadable(f"文件中没有 {FORMAT} 证明", f"the file holds no {FORMAT}")
    return proof


def verify_proof(
    proof: dict[str, Any], roots: Iterable[dict[str, Any]] | None = None, public_keys: Iterable[bytes] = ()
) -> list[Finding]:
    """What is wrong with the proof; without keys no signature is checked. Raises Unreadable for what is none."""
    try:
        return list(_findings(proof, None if roots is None else list(roots), pinned(public_keys)))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable(f"证明缺少或写错了 {error}", f"the proof lacks or misstates {error}") from error


def _findings(proof: dict[str, Any], roots: list[dict[str, Any]] | None, keys: Keys) -> Iterable[Finding]:
    voucher, seal = proof["voucher"], proof["seal"]
    number = voucher["number"]
    stated = bytes.fromhex(voucher["hash"])
    if canonical.voucher_hash(bytes.fromhex(proof["previous"]), proof, voucher) != stated:
        yield Finding("edited", str(number))
    if not of_book(seal, proof) or not _leads_up(proof["path"], stated, seal, number):
        yield Finding("proof_wrong", str(number))
    if not is_sealed(seal, keys):
        yield Finding("signature_wrong", str(seal["day"]))
    if roots is not None:
        yield from _outside(proof, roots, keys)


def _leads_up(path: list[dict[str, Any]], leaf: bytes, seal: dict[str, Any], number: int) -> bool:
    """Whether the path goes from the leaf with this place in the day, and from no other, up to the root."""
    index, last = number - seal["first_number"], seal["last_number"] - seal["first_number"]
    if not 0 <= index <= last:
        return False
    node, steps = canonical.sha256(_PREFIX_LEAF + leaf), iter(path)
    while last:
        if index % 2 or index < last:  # it has a neighbour: otherwise it moves up unchanged
            step = next(steps, None)
            if step is None or step["side"] != ("left" if index % 2 else "right"):
                return False
            beside = bytes.fromhex(step["hash"])
            node = canonical.sha256(_PREFIX_NODE + (beside + node if index % 2 else node + beside))
        index, last = index // 2, last // 2
    return next(steps, None) is None and node.hex() == seal["root"]


def _outside(proof: dict[str, Any], roots: list[dict[str, Any]], keys: Keys) -> Iterable[Finding]:
    seal = proof["seal"]
    kept = [root for root in roots if of_book(root, proof) and root["day"] == seal["day"]]
    if not kept:
        yield Finding("root_missing", str(seal["day"]))
    for root in kept:
        if not is_sealed(root, keys):
            yield Finding("signature_wrong", str(root["day"]))
        if canonical.seal_record(root) != canonical.seal_record(seal):
            yield Finding("rewritten", str(root["day"]))
