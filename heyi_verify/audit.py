"""Checks an export of the audit log (docs/audit-format.md): chain, day roots, end; against roots kept outside too.

After a wrong row the walk goes on from the hash that the file states, so that one edit is one finding.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from heyi_verify.canonical import Unreadable, sha256
from heyi_verify.findings import Finding, Outcome
from heyi_verify.keys import Keys, is_signed

FORMAT = "heyi-audit-1"
_MEMBERS = (
    "id", "at", "subject", "role", "action", "outcome", "resource_kind", "resource_id", "request_id", "detail",
)  # fmt: skip


@dataclass
class _Walk:
    """What has been seen of the file so far."""

    pool_code: str
    service: str | None
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


def verify_audit(documents: Iterable[dict[str, Any]], outside: Sequence[dict[str, Any]] | None, keys: Keys) -> Outcome:
    """What is wrong in an export whose first document says FORMAT, and how far the roots kept outside reach (None:
    nothing was kept); raises Unreadable where it is not one."""
    try:
        return _verify(iter(documents), outside, keys)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"有一行缺少或写错了 {error}", f"a line lacks or misstates {error}") from error


def _verify(documents: Any, outside: Sequence[dict[str, Any]] | None, keys: Keys) -> Outcome:
    head = next(documents)
    if head["previous"] is None:
        raise Unreadable(
            f"没有第 {head['after']} 条记录可供接续", f"there is no row {head['after']} for the export to follow"
        )
    after = int(head["after"])
    walk = _Walk(head["pool_code"], head.get("service"), after, bytes.fromhex(head["previous"]))
    walk.hashes[walk.last] = head["previous"]
    for document in documents:
        _take(walk, document)
    _close(walk)
    for root in walk.roots:
        _check_root(walk, root, keys)
    unproven = None if outside is None else _check_outside(walk, outside, after, keys)
    return Outcome(walk.findings, unproven, after)


def _check_outside(walk: _Walk, outside: Sequence[dict[str, Any]], after: int, keys: Keys) -> tuple[int, int] | None:
    """Roots that were kept outside; the first and last row of the file of which none of them proves anything."""
    own = [root for root in outside if _of_log(root, walk)]
    if not own and walk.last:
        walk.find("root_missing", "/".join(filter(None, (walk.service, walk.pool_code))))
    for root in own:
        _check_root(walk, root, keys)
    proven = max((root["through_number"] for root in own), default=0)
    return (max(proven, after) + 1, walk.last) if max(proven, after) < walk.last else None


def _of_log(root: dict[str, Any], walk: _Walk) -> bool:
    """Whether a root is one of this service's log of this pool; a root that names no service may be of any."""
    return (
        root.get("pool_code") == walk.pool_code
        and "through_number" in root
        and root.get("service", walk.service) == walk.service
    )


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


def _check_root(walk: _Walk, root: dict[str, Any], keys: Keys) -> None:
    through = root["through_number"]
    if through > walk.last:
        walk.find("rows_cut", f"{walk.last + 1}–{through}")
    elif through in walk.hashes and walk.hashes[through] != root["root"]:
        walk.find("chain_rewritten", root["day"])
    signed = [root["pool_code"], root["day"], through, root["root"]]
    message = json.dumps(signed, separators=(",", ":"), ensure_ascii=False).encode()
    if keys and not is_signed(root, message, keys):
        walk.find("signature_wrong", root["day"])
