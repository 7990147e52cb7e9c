"""The standalone verifier against exports that were built, and damaged, without any of its code."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from heyi_verify.canonical import Unreadable
from heyi_verify.check import examine, verify
from heyi_verify.findings import CODES, Finding
from services.settlement.ledger.charts import charts
from tests.unit.ledger import book
from tests.unit.ledger.book import Document

COUNT = 12
HUGE = 10**15
TRUE = book.export(book.vouchers(COUNT))
ROOTS = [d for d in TRUE if d["kind"] == "seal"]
Damage = Callable[[list[Document]], list[Document]]


def _at(documents: list[Document], number: int) -> int:
    return next(i for i, d in enumerate(documents) if d["kind"] == "voucher" and d["number"] == number)


def _found(documents: list[Document], roots: list[Document] | None = ROOTS) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in verify(book.text(documents), roots, [book.PUBLIC]):
        found.setdefault(finding.code, set()).add(finding.subject)
        assert finding.subject in finding.zh() and finding.subject in finding.en()
    return found


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, COUNT, 100])
def test_a_true_export_is_clean(count: int) -> None:
    documents = book.export(book.vouchers(count))
    seals = [d for d in documents if d["kind"] == "seal"]
    assert _found(documents, seals) == {} == _found(documents, None)


def _edit_amount(d: list[Document]) -> list[Document]:
    d[_at(d, 5)]["postings"][0]["amount"] = "999.00"
    return d


def _edit_amount_and_balances(d: list[Document]) -> list[Document]:
    edited = book.export([_without_hash(v) for v in _edit_amount(book.copied(d)) if v["kind"] == "voucher"])
    return [new if new["kind"] == "balance" else old for old, new in zip(_edit_amount(d), edited, strict=True)]


def _without_hash(v: Document) -> Document:
    return {name: value for name, value in v.items() if name != "hash"}


def _delete(d: list[Document]) -> list[Document]:
    del d[_at(d, 5) : _at(d, 5) + 2]
    return d


def _insert(d: list[Document]) -> list[Document]:
    at = _at(d, 6)
    forged = {**_without_hash(d[at]), "source_event": "forged"}
    forged["hash"] = book.link(bytes.fromhex(d[at - 1]["hash"]), forged).hex()
    d.insert(at, forged)
    return d


def _insert_off_chain(d: list[Document]) -> list[Document]:
    d.insert(_at(d, 6) + 1, {**d[_at(d, 6)], "text": "forged"})
    return d


def _reorder(d: list[Document]) -> list[Document]:
    at = _at(d, 5)
    d[at], d[at + 1] = d[at + 1], d[at]
    return d


def _cut_tail(d: list[Document]) -> list[Document]:
    del d[_at(d, COUNT - 1) : _at(d, COUNT) + 1]
    return d


def _cut_tail_and_hide(d: list[Document]) -> list[Document]:
    """Shorten the book as if the last day had never been: head, end line, balances, seals, all consistent."""
    kept = [_without_hash(v) for v in d if v["kind"] == "voucher" and v["posting_date"] < "2010-03-03"]
    return book.export(kept)


def _forge_balance(d: list[Document]) -> list[Document]:
    for document in d:
        if document["kind"] == "balance" and document["account"] == "1002":
            document["balance"] = "1.00"
    return d


def _rewrite(d: list[Document]) -> list[Document]:
    """A new, consistent chain with new seals, signed by whoever held the key: only an outside root can tell."""
    made = [_without_hash(v) for v in d if v["kind"] == "voucher"]
    made[4]["postings"][0]["amount"] = "999.00"
    return book.export(made)


def _forge_signature(d: list[Document]) -> list[Document]:
    next(s for s in d if s["kind"] == "seal")["signature"] = "00" * 64
    return d


def _without_seals(d: list[Document]) -> list[Document]:
    return [one for one in d if one["kind"] != "seal"]


def _without_last_seal(d: list[Document]) -> list[Document]:
    d.remove([one for one in d if one["kind"] == "seal"][-1])
    return d


def _last_seal_of_another_day(d: list[Document]) -> list[Document]:
    seal = [one for one in d if one["kind"] == "seal"][-1]
    seal["day"] = d[0]["sealed_through"] = "2010-03-09"
    return d


def _seal_before_its_vouchers(d: list[Document]) -> list[Document]:
    seal = next(one for one in d if one["kind"] == "seal")
    seal["day"] = "2010-02-01"
    return d


def _line_twice(kind: str) -> Damage:
    def damage(d: list[Document]) -> list[Document]:
        at = next(i for i, one in enumerate(d) if one["kind"] == kind)
        return [*d[: at + 1], dict(d[at]), *d[at + 1 :]]

    return damage


def _rename(d: list[Document]) -> list[Document]:
    next(one for one in d if one.get("account") == "1002" and one["kind"] == "account")["name_zh"] = "小金库"
    return d


def _without_account(account: str) -> Damage:
    return lambda d: [one for one in d if (one["kind"], one.get("account")) != ("account", account)]


def _with_the_other_sign(account: str) -> Damage:
    def damage(d: list[Document]) -> list[Document]:
        stated = next(one for one in d if (one["kind"], one.get("account")) == ("balance", account))
        stated["balance"] = f"-{stated['balance']}"
        return _without_account(account)(d)

    return damage


def _other_side(d: list[Document]) -> list[Document]:
    """Both lines of an account say the other side, as if they belonged together."""
    for one in d:
        if one.get("account") == "1002":
            one.update({"normal_side": "credit"} if one["kind"] == "account" else {"balance": f"-{one['balance']}"})
    return d


def _number_of(number: int, forged: int) -> Damage:
    def damage(d: list[Document]) -> list[Document]:
        d[_at(d, number)]["number"] = forged
        return d

    return damage


def _last_seal_through(number: int) -> Damage:
    def damage(d: list[Document]) -> list[Document]:
        [one for one in d if one["kind"] == "seal"][-1]["last_number"] = number
        return d

    return damage


def _head_and_last_through(number: int) -> Damage:
    def damage(d: list[Document]) -> list[Document]:
        d[0]["last_number"] = number
        return _last_seal_through(number)(_number_of(COUNT, number)(d))

    return damage


def _forge_head(d: list[Document]) -> list[Document]:
    d[0]["pool_code"] = "410182"
    return d


def _without_end(d: list[Document]) -> list[Document]:
    return d[:-1]


def _wrong_count(d: list[Document]) -> list[Document]:
    d[-1]["postings"] += 1
    return d


EXACT: dict[str, tuple[Damage, dict[str, set[str]]]] = {
    "head twice": (_line_twice("book"), {"duplicate": {"2:book"}}),
    "account twice": (_line_twice("account"), {"duplicate": {"3:account 1009.01"}}),
    "balance twice": (_line_twice("balance"), {"duplicate": {"22:balance 1009.01"}}),
    "end twice": (_line_twice("end"), {"duplicate": {"26:end"}}),
    "account renamed": (_rename, {"account_altered": {"1002"}}),
    "account line deleted": (_without_account("4001"), {"account_missing": {"4001"}}),
    "account line deleted, its balance of the other sign": (
        _with_the_other_sign("1002"), {"account_missing": {"1002"}, "balance_forged": {"1002"}}),
    "account on the other side": (_other_side, {"account_altered": {"1002"}, "balance_forged": {"1002"}}),
    "a number beyond the book": (
        _number_of(COUNT, HUGE), {"inserted": {str(HUGE)}, "tail_cut": {f"{COUNT}–{COUNT}"}}),
    "a number beyond the book in its midst": (_number_of(5, HUGE), {"inserted": {str(HUGE)}, "deleted": {"5"}}),
    "a seal beyond the book": (
        _last_seal_through(HUGE), {"tail_cut": {f"{COUNT + 1}–{HUGE}"}, "signature_wrong": {"2010-03-03"}}),
    "head, seal and last voucher of a huge number": (
        _head_and_last_through(HUGE),
        {"deleted": {f"{COUNT}–{HUGE - 1}"}, "signature_wrong": {"2010-03-03"}}),
    "pool of the head forged": (_forge_head, {"head_forged": {book.genesis().hex()}}),
    "end line cut off": (_without_end, {"end_missing": {"12"}}),
    "end line miscounts": (_wrong_count, {"count_wrong": {"12/24"}}),
    "one voucher deleted": (_delete, {"deleted": {"5–6"}}),
}  # fmt: skip
"""Damages that are told once, and nothing besides."""


@pytest.mark.requirement("ZZ-35", "one damage is one message")
@pytest.mark.parametrize("name", EXACT)
def test_each_of_these_is_told_once(name: str) -> None:
    damage, expected = EXACT[name]
    assert _found(damage(book.copied(TRUE)), None) == expected


def _of_another_book(d: list[Document]) -> list[Document]:
    [one for one in d if one["kind"] == "seal"][-1]["book"] = "urban"
    return d


def test_a_seal_of_another_book_is_told_without_a_key() -> None:
    assert [(one.code, one.subject) for one in verify(book.text(_of_another_book(book.copied(TRUE))))] == [
        ("seal_wrong", "2010-03-03")
    ]


def _signed_anew(d: list[Document], key: Ed25519PrivateKey) -> list[Document]:
    """The last seal under another key, as after a change of keys."""
    seal = [one for one in d if one["kind"] == "seal"][-1]
    public = key.public_key().public_bytes_raw()
    seal["key_id"] = book.h(public).hex()[:16]
    seal["signature"] = key.sign(book.line("heyi-seal-1", *[seal[name] for name in book.SEALED])).hex()
    return d


@pytest.mark.requirement("ZZ-35", "a book outlives its keys: each seal is checked under the pinned key that it names")
def test_after_a_change_of_keys_each_seal_is_checked_under_its_own() -> None:
    new, stranger = (
        Ed25519PrivateKey.from_private_bytes(b"\x08" * 32),
        Ed25519PrivateKey.from_private_bytes(b"\x09" * 32),
    )
    public = new.public_key().public_bytes_raw()
    both = book.text(_signed_anew(book.copied(TRUE), new))
    assert verify(both, None, [book.PUBLIC, public]) == verify(both) == []
    told = {key: {one.subject for one in verify(both, None, [key])} for key in (book.PUBLIC, public)}
    assert told == {book.PUBLIC: {"2010-03-03"}, public: {"2010-03-01", "2010-03-02"}}
    forged = book.text(_signed_anew(book.copied(TRUE), stranger))
    assert [one.code for one in verify(forged, None, [book.PUBLIC, public])] == ["signature_wrong"]
    borrowed = book.copied(TRUE)
    _signed_anew(borrowed, stranger)
    [one for one in borrowed if one["kind"] == "seal"][-1]["key_id"] = book.h(book.PUBLIC).hex()[:16]
    assert [one.code for one in verify(book.text(borrowed), None, [book.PUBLIC, public])] == ["signature_wrong"]


def test_a_member_that_stands_twice_is_told() -> None:
    """Readers that take the first of two see somebody else than this program does."""
    lines = book.text(TRUE)
    at = _at(TRUE, 3)
    lines[at] = lines[at].replace('{"kind"', '{"preparer": "mallory", "kind"', 1)
    found = verify(lines)
    assert [(one.code, one.subject) for one in found] == [("duplicate", f"{at + 1}:preparer")]


def test_chinese_sentences_hold_no_english() -> None:
    """Codes of ours apart: what is told is read by people who know one of the two languages."""
    for code in CODES:
        zh = Finding(code, "7").zh()
        assert not re.search(r"[A-Za-z]{2,}", zh), zh


def test_the_published_charts_are_those_of_the_books() -> None:
    held = {
        chart.chart: {a: [one.name_zh, one.name_en, one.normal_side] for a, one in chart.accounts.items()}
        for chart in charts()
    }
    published = json.loads(Path("heyi_verify/charts.json").read_text(encoding="utf-8"))
    assert published == held, "run `make docs`"


DAMAGES: dict[str, tuple[Damage, dict[str, set[str]]]] = {
    "edit": (_edit_amount, {"edited": {"5"}, "balance_forged": {"1009.01", "4001"}}),
    "edit with balances to match": (_edit_amount_and_balances, {"edited": {"5"}}),
    "delete": (_delete, {"deleted": {"5–6"}}),
    "insert": (_insert, {"inserted": {"6"}}),
    "insert off the chain": (_insert_off_chain, {"inserted": {"6"}}),
    "reorder": (_reorder, {"reordered": {"5"}}),
    "cut tail": (_cut_tail, {"tail_cut": {"11–12"}}),
    "cut tail, all else to match": (_cut_tail_and_hide, {"tail_cut": {"9–12"}}),
    "forged balance": (_forge_balance, {"balance_forged": {"1002"}}),
    "rewritten chain": (_rewrite, {"rewritten": {"2010-03-02", "2010-03-03"}}),
    "seals removed": (_without_seals, {"seal_missing": {"2010-03-03"}}),
    "last seal removed": (_without_last_seal, {"seal_missing": {"2010-03-03"}}),
    "last seal of another day": (_last_seal_of_another_day, {"signature_wrong": {"2010-03-09"}}),
    "a seal before its vouchers": (_seal_before_its_vouchers, {"seal_wrong": {"2010-02-01", "2010-03-02"}}),
    "forged signature": (_forge_signature, {"signature_wrong": {"2010-03-01"}}),
}


@pytest.mark.requirement("ZZ-35", "an auditor can tell offline that, and where, a book was changed")
@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_named(name: str) -> None:
    damage, expected = DAMAGES[name]
    found = _found(damage(book.copied(TRUE)))
    for code, subjects in expected.items():
        assert subjects <= found.get(code, set()), found


def test_without_outside_roots_a_rewritten_chain_looks_true() -> None:
    """The reason why roots are published: this is what they are for."""
    assert _found(_rewrite(book.copied(TRUE)), None) == {}


def test_vouchers_behind_the_last_kept_root_are_named_as_unproven() -> None:
    """A rewriting of the last day passes the roots of the days before: the program must say how far they reach."""
    lines = book.text(TRUE)
    assert examine(lines, ROOTS).unproven is None is examine(lines, None).unproven
    assert examine(lines, ROOTS[:-1]).unproven == (ROOTS[-1]["first_number"], COUNT)


def test_a_file_without_roots_is_not_taken_for_roots() -> None:
    assert _found(book.copied(TRUE), []) == {"root_missing": {"522422/basic"}}


def test_roots_of_other_books_are_no_outside_roots_of_this_one() -> None:
    """Somebody who hands in the roots of another pool must not read that this book was compared with them."""
    others = [{**root, "pool_code": "410182"} for root in book.copied(ROOTS)]
    assert _found(book.copied(TRUE), others) == {"root_missing": {"522422/basic"}}


@given(st.integers(1, COUNT), st.sampled_from(["text", "source_event", "value_date", "preparer", "checker", "reason"]))
def test_any_edited_field_is_named_with_its_voucher(number: int, field: str) -> None:
    documents = book.copied(TRUE)
    documents[_at(documents, number)][field] += "x"
    assert _found(documents) == {"edited": {str(number)}}


@pytest.mark.parametrize(("field", "value"), [("sheets", 9), ("papers", []), ("papers", ["ab" * 32])])
def test_edited_papers_are_named_with_their_voucher(field: str, value: object) -> None:
    documents = book.copied(TRUE)
    documents[_at(documents, 3)][field] = value
    assert _found(documents) == {"edited": {"3"}}


def _without_postings(d: list[Document], gone: list[Document]) -> list[Document]:
    """Balances and end line as if these postings had never been."""
    for posting in gone:
        for one, side in ((one, side) for one in d if one["kind"] == "balance" for side in ("debit", "credit")):
            if one["account"] == posting[side]:
                debit, credit = (book.cents(one[name]) for name in ("debit", "credit"))
                taken = book.cents(posting["amount"])
                one |= book.balance(
                    one["account"], debit - taken * (side == "debit"), credit - taken * (side == "credit")
                )
    d[-1]["postings"] -= len(gone)
    return d


@pytest.mark.requirement("ZZ-35", "postings cannot be taken out by writing them into a text of the one before")
@pytest.mark.parametrize("field", ["party", "ref", "memo"])
def test_postings_hidden_in_a_text_of_the_first_are_told(field: str) -> None:
    documents = book.copied(TRUE)
    at = _at(documents, 5)
    voucher, previous = documents[at], bytes.fromhex(documents[at - 1]["hash"])
    gone = book.hide_postings(voucher, field)
    assert gone and book.link(previous, voucher).hex() == voucher["hash"], (
        "joined as they stand, the bytes are the same"
    )
    assert _found(_without_postings(documents, gone)) == {"edited": {"5"}}


@pytest.mark.parametrize("text", ["\t", "\n", "\ud800"])
def test_a_text_that_no_voucher_can_hold_is_an_edit(text: str) -> None:
    documents = book.copied(TRUE)
    documents[_at(documents, 5)]["text"] += text
    lines = [json.dumps(document) for document in documents]
    assert [(one.code, one.subject) for one in verify(lines, ROOTS)] == [("edited", "5")]


def test_two_papers_are_not_one() -> None:
    documents = book.copied(TRUE)
    paper = documents[_at(documents, 3)]["papers"][0]
    documents[_at(documents, 3)]["papers"] = [f"{paper},{paper}"]
    with pytest.raises(Unreadable):
        _found(documents)


@given(st.data())
def test_no_single_change_of_a_character_passes(data: st.DataObject) -> None:
    """Any one character of the vouchers, changed: told, or the file is not readable any more."""
    lines = book.text(TRUE)
    index = data.draw(st.sampled_from([i for i, d in enumerate(TRUE) if d["kind"] in ("voucher", "seal", "balance")]))
    at = data.draw(st.integers(0, len(lines[index]) - 1))
    new = data.draw(st.sampled_from("0123456789abcxyz甲"))
    changed = lines[index][:at] + new + lines[index][at + 1 :]
    if changed == lines[index]:
        return
    lines[index] = changed
    with suppress(Unreadable):
        assert verify(lines, ROOTS, [book.PUBLIC])


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "heyi_verify", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_line_and_its_exit_status(tmp_path: Path) -> None:
    export, roots, bad = tmp_path / "export.ndjson", tmp_path / "roots.json", tmp_path / "bad.ndjson"
    export.write_text("\n".join(book.text(TRUE)) + "\n")
    roots.write_text(json.dumps({"items": ROOTS}))
    bad.write_text("\n".join(book.text(_rewrite(book.copied(TRUE)))))
    clean = _run(str(export), "--roots", str(roots), "--key", book.PUBLIC.hex())
    assert clean.returncode == 0 and clean.stdout.startswith("账本完整")
    assert "--roots" not in clean.stdout and "--key" not in clean.stdout
    assert "没有核对签名" in _run(str(export), "--roots", str(roots)).stdout
    twice = ["--key", "00" * 32, "--key", book.PUBLIC.hex()]
    assert _run(str(export), *twice).returncode == 0 and _run(str(export), *twice[:2]).returncode == 1
    assert _run(str(bad)).returncode == 0 and "--roots" in _run(str(bad)).stdout
    told = _run(str(bad), "--roots", str(roots))
    assert told.returncode == 1 and "[rewritten] 2010-03-02" in told.stdout
    roots.write_text(json.dumps({"items": ROOTS[:1]}))
    behind = _run(str(export), "--roots", str(roots))
    assert behind.returncode == 0 and f"{ROOTS[1]['first_number']} 至 {COUNT}" in behind.stdout
    roots.write_text(json.dumps({"items": []}))
    assert "[root_missing]" in _run(str(export), "--roots", str(roots)).stdout
    export.write_text("[]\n")
    unread = _run(str(export))
    assert unread.returncode == 2 and unread.stderr.splitlines()[0] == "不能读取：第 1 行不是对象。"
    assert _run(str(tmp_path / "none")).stderr.splitlines()[0] == f"不能读取：没有文件“{tmp_path / 'none'}”。"
    roots.write_text(json.dumps({"items": ROOTS}))
    as_json = json.loads(_run(str(bad), "--roots", str(roots), "--json").stdout)
    assert not as_json["clean"] and {f["code"] for f in as_json["findings"]} == {"rewritten"}
    (tmp_path / "no.ndjson").write_text("not an export")
    for arguments in ([str(tmp_path / "no.ndjson")], [str(tmp_path / "none")], [str(export), "--key", "xx"]):
        assert _run(*arguments).returncode == 2


def test_the_verifier_imports_nothing_of_the_system() -> None:
    program = (
        "import sys, heyi_verify.__main__, heyi_verify.seals\n"
        "ours = {'services', 'shared', 'deploy', 'tests', 'sqlalchemy'}\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & ours))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
