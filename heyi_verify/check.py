"""Reads an export once, from front to back, and lists what is wrong with it (docs/ledger-format.md, sections 2 to 6).

After a wrong voucher the walk goes on from the hash that the file states, so that one edit is one finding and not a
thousand.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from heyi_verify import canonical, charts
from heyi_verify.audit import FORMAT as FORMAT_OF_AUDIT
from heyi_verify.audit import verify_audit
from heyi_verify.canonical import Unreadable
from heyi_verify.findings import Finding, Outcome
from heyi_verify.keys import pinned
from heyi_verify.seals import check_outside, check_seals
from heyi_verify.walk import Walk

_ONCE = ("book", "account", "balance", "end")
"""Lines that an export has once, or once an account."""
_CHANGE_THE_COUNT = ("deleted", "inserted", "tail_cut", "edited", "duplicate")
"""What explains that the end line counts otherwise: it is told once."""


def verify(
    lines: Iterable[str], roots: Iterable[dict[str, Any]] | None = None, public_keys: Iterable[bytes] = ()
) -> list[Finding]:
    """All findings in an export of a book or of the audit log; raises Unreadable where the input is not one."""
    return examine(lines, roots, public_keys).findings


def examine(
    lines: Iterable[str], roots: Iterable[dict[str, Any]] | None = None, public_keys: Iterable[bytes] = ()
) -> Outcome:
    """As ``verify``, and how far the roots reach. ``roots`` None: nothing was kept outside; without keys no signature
    is checked. Raises Unreadable."""
    outside, keys = None if roots is None else list(roots), pinned(public_keys)
    twice: list[str] = []
    documents = _documents(lines, twice)
    book = next(documents, None)
    if book is not None and book.get("format") == FORMAT_OF_AUDIT:
        outcome = verify_audit(chain((book,), documents), outside, keys)
        _twice(outcome.findings, twice)
        return outcome
    if book is None or book.get("kind") != "book" or book.get("format") != canonical.FORMAT:
        raise Unreadable(
            f"第一行不是 {canonical.FORMAT} 账本导出的开头",
            f"the first line does not begin an export of {canonical.FORMAT}",
        )
    walk = Walk(book, previous=canonical.genesis(book))
    walk.hashes[0] = walk.previous
    for document in documents:
        _take(walk, document)
    try:
        _head(walk)
        _close(walk)
        _twice(walk.findings, twice)
        check_seals(walk, keys)
        unproven = None if outside is None else check_outside(walk, outside, keys)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"封账或余额缺少 {error}", f"a seal or balance lacks {error}") from error
    return Outcome(walk.findings, unproven)


def _documents(lines: Iterable[str], twice: list[str]) -> Iterator[dict[str, Any]]:
    """The documents of the lines; what stands twice, a member of an object or a line, is added to ``twice``."""
    names: list[str] = []
    decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: _members(pairs, names))
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = decoder.decode(line)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"第 {number} 行不是 JSON", f"line {number} is not JSON") from error
        if not isinstance(document, dict):
            raise Unreadable(f"第 {number} 行不是对象", f"line {number} is not an object")
        if document.get("kind") in _ONCE:
            once = (str(document["kind"]), str(document.get("account", "")))
            if once in seen:
                names.append(" ".join(filter(None, once)))
            seen.add(once)
        twice += [f"{number}:{name}" for name in names]
        names.clear()
        yield document


def _members(pairs: list[tuple[str, Any]], names: list[str]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        found = [name for name, _ in pairs]
        names += sorted({name for name in found if found.count(name) > 1})
    return members


def _twice(findings: list[Finding], twice: list[str]) -> None:
    findings += [Finding("duplicate", one) for one in dict.fromkeys(twice)]


def _head(walk: Walk) -> None:
    """The first line gives its genesis. Where its pool, book or chart was changed no voucher gives its hash any more:
    that is one damage, and what else was edited cannot be told."""
    if walk.book["genesis"] == walk.hashes[0].hex():
        return
    hidden = walk.vouchers > 0 and walk.edited == walk.vouchers
    if hidden:
        walk.findings[:] = [one for one in walk.findings if one.code != "edited"]
        walk.hashes[0] = _bytes(walk.book["genesis"])
    walk.head_forged = True
    walk.find("head_forged", walk.book["genesis"])


def _take(walk: Walk, document: dict[str, Any]) -> None:
    kind = document.get("kind")
    try:
        if kind == "account":
            walk.sides[document["account"]] = document["normal_side"]
            if not charts.agrees(walk.book["chart"], document):
                walk.find("account_altered", document["account"])
        elif kind == "voucher":
            _voucher(walk, document)
        elif kind == "seal":
            walk.seals.append(document)
        elif kind == "balance":
            walk.balances[document["account"]] = document
        elif kind == "end":
            walk.end = document
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"“{kind}”行缺少 {error}", f"a {kind} lacks {error}") from error


def _voucher(walk: Walk, voucher: dict[str, Any]) -> None:
    number = voucher["number"]
    if not isinstance(number, int) or isinstance(number, bool):
        raise Unreadable(f"“{number}”不是凭证号", f"{number!r} is not a voucher number")
    stated = _bytes(voucher["hash"])
    walk.vouchers += 1
    _postings(walk, voucher)
    if number < walk.expected:
        _out_of_place(walk, number, voucher, stated)
        return
    gap = number > walk.expected
    if gap and number > walk.book["last_number"]:
        walk.find("inserted", number)  # of no book: what is really missing before it, the end tells
        return
    walk.missing.add(walk.expected, number - 1)
    computed = canonical.voucher_hash(walk.previous, walk.book, voucher)
    if computed == stated or gap:
        walk.dates[number] = voucher["posting_date"]
    else:
        walk.find("edited", number)
        walk.edited += 1
    if not gap:
        _order(walk, voucher)
    walk.hashes[number] = stated
    walk.previous, walk.expected = stated, number + 1
    walk.month, walk.day = (voucher["month"], voucher["month_number"]), voucher["posting_date"]


def _out_of_place(walk: Walk, number: int, voucher: dict[str, Any], stated: bytes) -> None:
    """A number that should have come before: moved here, or a second voucher with a number that is taken."""
    if number in walk.missing:
        walk.missing.discard(number)
        walk.hashes[number] = stated
        walk.find("reordered", number)
        return
    before = walk.hashes.get(number - 1)
    if before is not None and canonical.voucher_hash(before, walk.book, voucher) == stated:
        walk.hashes[number] = walk.previous = stated  # this one is on the chain: the earlier one was put in
    walk.find("inserted", number)


def _postings(walk: Walk, voucher: dict[str, Any]) -> None:
    for line, posting in enumerate(voucher["postings"], 1):
        amount = canonical.fen(posting["amount"])
        if amount <= 0 or posting["debit"] == posting["credit"] or posting["line"] != line:
            walk.find("unbalanced", voucher["number"])
        walk.postings += 1
        walk.debits[posting["debit"]] = walk.debits.get(posting["debit"], 0) + amount
        walk.credits[posting["credit"]] = walk.credits.get(posting["credit"], 0) + amount
    if not voucher["postings"]:
        walk.find("unbalanced", voucher["number"])


def _order(walk: Walk, voucher: dict[str, Any]) -> None:
    month, number = walk.month
    due = number + 1 if voucher["month"] == month else 1
    if (
        voucher["month_number"] != due
        or voucher["month"] != voucher["posting_date"][:8] + "01"
        or voucher["posting_date"] < walk.day
    ):
        walk.find("number_wrong", voucher["number"])


def _close(walk: Walk) -> None:
    """What only the end of the file can tell: gaps, the tail, balances."""
    for first, last in walk.missing.ranges:
        walk.find("deleted", first if first == last else f"{first}–{last}")
    last_seen, head = walk.last_number, walk.book["last_number"]
    if head > last_seen:
        walk.find("tail_cut", f"{last_seen + 1}–{head}")
    elif head < last_seen:
        walk.find("inserted", f"{head + 1}–{last_seen}")
    elif walk.previous.hex() != walk.book["last_hash"]:
        walk.find("chain_broken", last_seen)
    if walk.end is None:
        walk.find("end_missing", walk.vouchers)
    elif (walk.end.get("vouchers"), walk.end.get("postings")) != (walk.vouchers, walk.postings) and not any(
        one.code in _CHANGE_THE_COUNT for one in walk.findings
    ):
        walk.find("count_wrong", f"{walk.vouchers}/{walk.postings}")
    if walk.missing.ranges or head > last_seen:
        return  # what is missing is told: sums without it say nothing more
    for account in sorted(walk.sides.keys() | walk.debits.keys() | walk.credits.keys() | walk.balances.keys()):
        _balance(walk, account)


def _balance(walk: Walk, account: str) -> None:
    debit, credit = walk.debits.get(account, 0), walk.credits.get(account, 0)
    stated = walk.balances.get(account)
    if account not in walk.sides:
        walk.find("account_missing", account)
    if stated is None:
        if debit or credit:
            walk.find("balance_forged", account)
        return
    side = charts.side_of(walk.book["chart"], account) or walk.sides.get(account)
    if side is None:
        return  # of an unknown chart, and its line is gone: told, and no sign can be held against it
    due = debit - credit if side == "debit" else credit - debit
    if (canonical.fen(stated["debit"]), canonical.fen(stated["credit"]), canonical.fen(stated["balance"])) != (
        debit, credit, due,
    ):  # fmt: skip
        walk.find("balance_forged", account)


def _bytes(text: Any) -> bytes:
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"“{text}”不是校验值", f"{text!r} is not a hash") from error
