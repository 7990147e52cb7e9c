"""Command line ``python -m heyi_verify EXPORT [--proof] [--roots FILE]... [--key HEX]... [--json]``; status 0, 1, 2."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heyi_verify.audit import FORMAT as FORMAT_OF_AUDIT
from heyi_verify.canonical import Unreadable
from heyi_verify.check import examine
from heyi_verify.findings import Outcome
from heyi_verify.proof import read as read_proof
from heyi_verify.proof import verify_proof

CLEAN, WRONG, UNREADABLE = 0, 1, 2
_KEY_BYTES = 32
_HOLDS = "账本完整：凭证、哈希链、余额与封账全部相符。\nThe book holds: vouchers, chain, balances and seals all agree."
_NO_KEY = "未提供公钥（--key）：没有核对签名。\nWithout --key no signature was checked."
_PROVED = "证明成立:这张凭证在当日封账的根之下。\nThe proof holds: the voucher stands under the root of its day."
_LOG_HOLDS = "操作日志完整：记录、哈希链、末尾与日终根全部相符。\nThe log holds: rows, chain, end and day roots agree."
_NO_ROOTS = (
    "未提供留存在外的根（--roots）：不能排除被整体重写。\nWithout --roots a wholly rewritten chain cannot be told."
)

_BEHIND = (
    "留存的根不涵盖第 {0} 至 {1} 号凭证：它们若被重写,只有以后封账的根才能看出。\n"
    "The kept roots do not reach vouchers {0} to {1}: if these were rewritten, only the root of a later seal can tell."
)
_ROWS_BEHIND = (
    "留存的根不涵盖第 {0} 至 {1} 条操作记录:它们若被重写,只有以后的日终根才能看出。\n"
    "The kept roots do not reach rows {0} to {1}: if these were rewritten, only the root of a later day can tell."
)
_BEGINS = (
    "文件从第 {1} 条操作记录开始,第 1 至 {0} 条不在其中:请另用留存的那一份核对。\n"
    "The file begins at row {1}: rows 1 to {0} are not in it; check them by the export that you kept."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Verifies one export; prints what was found and returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        keys = [_key(text) for text in options.key]
        roots = [root for path in options.roots for root in read_roots(path)]
        outcome = _examined(options.export, options.proof, roots if options.roots else None, keys)
    except (Unreadable, OSError, UnicodeDecodeError) as error:
        print("不能读取：{}。\nThe input cannot be read: {}.".format(*_why(error)), file=sys.stderr)
        return UNREADABLE
    _tell(outcome, options)
    return WRONG if outcome.findings else CLEAN


def _examined(path: Path, proof: bool, roots: list[dict[str, Any]] | None, keys: list[bytes]) -> Outcome:
    with path.open(encoding="utf-8") as lines:
        return Outcome(verify_proof(read_proof(lines.read()), roots, keys)) if proof else examine(lines, roots, keys)


def read_roots(path: Path) -> list[dict[str, Any]]:
    """Seals of a kept answer of GET /v1/roots, or of a file with one seal a line; raises Unreadable."""
    text = path.read_text(encoding="utf-8")
    try:
        whole = json.loads(text)
    except ValueError:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise _no_roots(path) from error
    roots = whole.get("items", [whole]) if isinstance(whole, dict) else whole
    if not isinstance(roots, list) or not all(isinstance(root, dict) for root in roots):
        raise _no_roots(path)
    return roots


def _no_roots(path: Path) -> Unreadable:
    return Unreadable(f"{path} 中没有封账根", f"{path} holds no roots")


def _why(error: Exception) -> tuple[str, str]:
    """Why the input cannot be read, in Chinese and in English."""
    if isinstance(error, Unreadable):
        return error.zh, error.en
    if isinstance(error, UnicodeDecodeError):
        return f"第 {error.start} 字节起不是 UTF-8 编码,请另存为 UTF-8", f"not UTF-8 from byte {error.start} on"
    name = getattr(error, "filename", None)
    if isinstance(error, FileNotFoundError):
        return f"没有文件“{name}”", f"there is no file {name}"
    if isinstance(error, PermissionError):
        return f"没有权限读“{name}”", f"{name} may not be read"
    return f"“{name}”打不开", str(error)


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise Unreadable("公钥须是 64 位十六进制数字(--key)", "--key takes 64 hexadecimal digits")
    return key


def _is_audit(export: Path) -> bool:
    with export.open(encoding="utf-8") as lines:
        return FORMAT_OF_AUDIT in lines.readline()


def _tell(outcome: Outcome, options: argparse.Namespace) -> None:
    findings, with_roots = outcome.findings, bool(options.roots)
    if options.json:
        found = [{"code": f.code, "subject": f.subject, "zh": f.zh(), "en": f.en()} for f in findings]
        told = {"clean": not findings, "with_roots": with_roots, "with_keys": bool(options.key), "findings": found}
        print(json.dumps(told | {"unproven": outcome.unproven, "after": outcome.after}, ensure_ascii=False))
        return
    for finding in findings:
        print(f"[{finding.code}] {finding.zh()}。 {finding.en()}.")
    is_log = not options.proof and _is_audit(options.export)
    if not findings:
        print(_PROVED if options.proof else _LOG_HOLDS if is_log else _HOLDS)
    if outcome.after:
        print(_BEGINS.format(outcome.after, outcome.after + 1))
    if outcome.unproven is not None:
        print((_ROWS_BEHIND if is_log else _BEHIND).format(*outcome.unproven))
    if not with_roots:
        print(_NO_ROOTS)
    if not options.key:
        print(_NO_KEY)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heyi_verify", description="离线校验账本导出 Verify an exported book offline")
    parser.add_argument("export", type=Path, help="导出文件 the exported NDJSON file")
    parser.add_argument("--proof", action="store_true", help="文件是一张凭证的证明 the file proves one voucher")
    parser.add_argument(
        "--roots",
        type=Path,
        action="append",
        default=[],
        help="留存在外的根，可多次给出 roots kept outside; repeatable",
    )
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        help="固定的公钥（十六进制），可多次给出 a pinned public key, hexadecimal; repeatable",
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
