"""The verifier on exports of the audit log that were built, and damaged, from docs/audit-format.md in plain Python."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heyi_verify.canonical import Unreadable
from heyi_verify.check import examine
from heyi_verify.findings import Outcome

Document = dict[str, Any]
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
KEY_ID = hashlib.sha256(PUBLIC).hexdigest()[:16]
POOL, ROWS = "522422", 8
_MEMBERS = ("id", "at", "subject", "role", "action", "outcome", "resource_kind", "resource_id", "request_id", "detail")


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _rows(subject: str = "director-1", changed: int = 0) -> list[Document]:
    previous, made = bytes(32), []
    for number in range(1, ROWS + 1):
        row: Document = dict.fromkeys(_MEMBERS, "x") | {"kind": "row", "number": number, "detail": None}
        row["subject"] = "nobody" if number == changed else subject
        content = _json([POOL, number, *(row[name] for name in _MEMBERS)])
        previous = hashlib.sha256(previous + content).digest()
        made.append({**row, "hash": previous.hex()})
    return made


def _root(rows: list[Document], through: int, service: str = "claims", pool: str = POOL) -> Document:
    day, root = f"2010-03-{through:02d}", rows[through - 1]["hash"]
    return {
        "kind": "root", "service": service, "pool_code": pool, "day": day, "through_number": through, "root": root,
        "signature": KEY.sign(_json([pool, day, through, root])).hex(), "key_id": KEY_ID, "signed_at": "x",
    }  # fmt: skip


def _log(rows: list[Document], *throughs: int, after: int = 0) -> list[str]:
    previous = rows[after - 1]["hash"] if after else "00" * 32
    head = {"kind": "audit", "format": "heyi-audit-1", "service": "claims", "pool_code": POOL, "after": after}
    end = {"kind": "end", "last_number": len(rows), "last_hash": rows[-1]["hash"]}
    roots = [_root(rows, through) for through in throughs]
    return [json.dumps(one) for one in ({**head, "previous": previous}, *rows[after:], *roots, end)]


TRUE = _rows()
KEPT = [_root(TRUE, 3), _root(TRUE, 6)]


def _told(outcome: Outcome) -> list[tuple[str, str]]:
    return [(one.code, one.subject) for one in outcome.findings]


def test_a_true_log_is_clean() -> None:
    outcome = examine(_log(TRUE, 3, 6, 8), [*KEPT, _root(TRUE, 8)], [PUBLIC])
    assert (outcome.findings, outcome.unproven, outcome.after) == ([], None, 0)
    assert examine(_log(TRUE, 3, 6, 8)) == Outcome([])


@pytest.mark.requirement("ZZ-35", "a file without roots of this log is not taken for roots of it")
@pytest.mark.parametrize(
    "roots",
    [
        [],
        [_root(TRUE, 3, pool="410182")],
        [_root(TRUE, 3, service="settlement")],
        [{"pool_code": POOL, "book": "basic", "day": "2010-03-03"}],
    ],
)
def test_roots_of_nothing_or_of_another_log_are_no_proof(roots: list[Document]) -> None:
    outcome = examine(_log(_rows("mallory"), 3, 6), roots)
    assert (_told(outcome), outcome.unproven) == ([("root_missing", "claims/522422")], (1, ROWS))


def test_a_log_rewritten_from_its_third_row_is_told_by_the_kept_root() -> None:
    assert _told(examine(_log(_rows(changed=3), 3, 6), KEPT)) == [
        ("chain_rewritten", "2010-03-03"), ("chain_rewritten", "2010-03-06"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ['director-1","x', "director-1\tx", "director-1\n", "\ud800"])
def test_a_member_cannot_be_written_over_its_neighbours(text: str) -> None:
    """A row is framed by JSON, which escapes whatever would end a member; what cannot be text is not read at all."""
    edited = [{**row, "subject": text} if row["number"] == 3 else row for row in TRUE]
    if text == "\ud800":
        with pytest.raises(Unreadable):
            examine(_log(edited, 3), KEPT)
    else:
        assert _told(examine(_log(edited, 3, 6), KEPT)) == [("row_edited", "3")]


def test_rows_behind_the_last_kept_root_are_named_as_unproven() -> None:
    outcome = examine(_log(_rows(changed=7), 3, 6, 8), KEPT)
    assert (outcome.findings, outcome.unproven) == ([], (7, ROWS))


def test_a_log_whose_first_rows_are_cut_off_says_so() -> None:
    """An honest continuation of a kept export and a log with its beginning hidden look alike: both are named."""
    outcome = examine(_log(TRUE, 8, after=6), [_root(TRUE, 3)])
    assert (outcome.findings, outcome.unproven, outcome.after) == ([], (7, ROWS), 6)
    joined = examine(_log(TRUE, 8, after=6), KEPT)
    assert (joined.findings, joined.unproven) == ([], (7, ROWS)), "the kept root of row 6 is what row 7 follows"
    assert _told(examine(_log(_rows("mallory"), 8, after=6), KEPT)) == [("chain_rewritten", "2010-03-06")]


def test_an_older_kept_root_without_a_service_is_compared() -> None:
    old = {name: value for name, value in KEPT[0].items() if name != "service"}
    assert _told(examine(_log(_rows("mallory")), [old])) == [("chain_rewritten", "2010-03-03")]


def test_a_signature_under_a_key_that_is_not_pinned_is_told() -> None:
    assert _told(examine(_log(TRUE, 3), None, [bytes(32)])) == [("signature_wrong", "2010-03-03")]
    assert examine(_log(TRUE, 3), None, [bytes(32), PUBLIC]).findings == []


def test_the_command_line_says_what_is_not_proven(tmp_path: Path) -> None:
    log, roots = tmp_path / "audit.ndjson", tmp_path / "roots.ndjson"
    log.write_text("\n".join(_log(TRUE, 8, after=6)))
    roots.write_text("\n".join(map(json.dumps, KEPT)))
    command = [sys.executable, "-m", "heyi_verify", str(log), "--roots", str(roots)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for words in ("操作日志完整", "文件从第 7 条操作记录开始", "第 7 至 8 条操作记录", "没有核对签名"):
        assert words in done.stdout, done.stdout
    as_json = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=False).stdout)
    assert (as_json["unproven"], as_json["after"], as_json["with_keys"]) == ([7, 8], 6, False)
