"""Checks an export of the audit log (docs/audit-format.md): chain, day roots, end; against roots kept outside too.

After a wrong row the walk goes on from the hash that the file states, so that one edit is one finding.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from heyi_verify.canonical import Unreadable, sha256
from heyi_verify.findings import Finding

FORMAT = "heyi-audit-1"
_MEMBERS = (
    "id", "at", "subject", "role", "action", "outcome", "resource_kind", "resource_id", "request_id", "detail",
)  # fmt: skip


@dataclass
class _Walk:
    """What has been seen of the file so far."""

    pool_code: str
    last: int
    previous: bytes
    hashes: dict[int, str] = field(default_factory=dict)
    roots: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    end: dict[str, Any] | None = None

    def find(self, code: str, subject: object) -> None:
        """Adds a finding once."""
        if (finding := Finding(code, str(subject))) not in self.findings:
            self.findings.append(finding)


def verify_audit(
    documents: Iterable[dict[str, Any]], outside: Sequence[dict[str, Any]] = (), public_key: bytes | None = None
) -> list[Finding]:
    """All findings in an export whose first document says FORMAT; raises Unreadable where it is not one."""
    try:
        return _verify(iter(documents), outside, public_key)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"有一行缺少或写错了 {error}", f"a line lacks or misstates {error}") from error


def _verify(documents: Any, outside: Sequence[dict[str, Any]], public_key: bytes | None) -> list[Finding]:
    head = next(documents)
    if head["previous"] is None:
        raise Unreadable(
            f"没有第 {head['after']} 条记录可供接续", f"there is no row {head['after']} for the export to follow"
        )
    walk = _Walk(head["pool_code"], head["after"], bytes.fromhex(head["previous"]))
    walk.hashes[walk.last] = head["previous"]
    for document in documents:
        _take(walk, document)
    _close(walk)
    for root in walk.roots:
        _check_root(walk, root, public_key)
    for root in outside:
        if root.get("pool_code") == walk.pool_code and "through_number" in root:
            _check_root(walk, root, public_key)
    return walk.findings


def _take(walk: _Walk, document: dict[str, Any]) -> None:
    if walk.end is not None:
        raise Unreadable("结束行之后还有内容", "there are lines after the end")
    if document["kind"] == "row":
        _take_row(walk, document)
    elif document["kind"] == "root":
        walk.roots.append(document)
    elif document["kind"] == "end":
        walk.end = document
    else:
        raise Unreadable(f"不认识的行:{document['kind']}", f"unknown kind {document['kind']}")


def _take_row(walk: _Walk, row: dict[str, Any]) -> None:
    number = int(row["number"])
    if number <= walk.last:
        walk.find("row_misplaced", number)
        return
    if number > walk.last + 1:
        walk.find("row_missing", f"{walk.last + 1}–{number - 1}" if number > walk.last + 2 else walk.last + 1)
    content = json.dumps(
        [walk.pool_code, number, *(row[name] for name in _MEMBERS)], separators=(",", ":"), ensure_ascii=False
    )
    if number == walk.last + 1 and sha256(walk.previous + content.encode()).hex() != row["hash"]:
        walk.find("row_edited", number)
    walk.last, walk.previous = number, bytes.fromhex(row["hash"])
    walk.hashes[number] = row["hash"]


def _close(walk: _Walk) -> None:
    if walk.end is None:
        walk.find("rows_cut", f"{walk.last + 1}–?")
    elif walk.end["last_number"] > walk.last:
        walk.find("rows_cut", f"{walk.last + 1}–{walk.end['last_number']}")
    elif (walk.end["last_number"], walk.end["last_hash"]) != (walk.last, walk.previous.hex()):
        walk.find("row_edited", walk.last)


def _check_root(walk: _Walk, root: dict[str, Any], public_key: bytes | None) -> None:
    through = root["through_number"]
    if through > walk.last:
        walk.find("rows_cut", f"{walk.last + 1}–{through}")
    elif through in walk.hashes and walk.hashes[through] != root["root"]:
        walk.find("chain_rewritten", root["day"])
    if public_key is not None and not _is_signed(root, public_key):
        walk.find("signature_wrong", root["day"])


def _is_signed(root: dict[str, Any], public_key: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signed = [root["pool_code"], root["day"], root["through_number"], root["root"]]
    message = json.dumps(signed, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(root["signature"]), message)
    except (InvalidSignature, ValueError):
        return False
    return bool(root["key_id"] == sha256(public_key).hex()[:16])
