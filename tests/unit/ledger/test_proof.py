"""Proofs of one voucher: built here from the format's page, checked by the verifier, and damaged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyi_verify.canonical import Unreadable
from heyi_verify.proof import read, verify_proof
from services.settlement.ledger.merkle import audit_path
from tests.unit.ledger import book
from tests.unit.ledger.book import Document

COUNT = 23
TRUE = book.export(book.vouchers(COUNT, days=2))
CHAIN = [d for d in TRUE if d["kind"] == "voucher"]
SEALS = [d for d in TRUE if d["kind"] == "seal"]


def _proof(number: int) -> Document:
    """The way up is found by splitting from the top, as RFC 6962 states it; the system goes up from the bottom."""
    seal = next(s for s in SEALS if s["first_number"] <= number <= s["last_number"])
    day = [bytes.fromhex(v["hash"]) for v in CHAIN[seal["first_number"] - 1 : seal["last_number"]]]
    previous = CHAIN[number - 2]["hash"] if number > 1 else book.genesis().hex()
    return {
        "format": "heyi-proof-1", "pool_code": "522422", "book": "basic", "previous": previous,
        "voucher": book.copied([CHAIN[number - 1]])[0], "path": _way(day, number - seal["first_number"]),
        "seal": book.copied([seal])[0],
    }  # fmt: skip


def _way(leaves: list[bytes], index: int) -> list[Document]:
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*_way(leaves[:half], index), {"side": "right", "hash": book.tree(leaves[half:]).hex()}]
    return [*_way(leaves[half:], index - half), {"side": "left", "hash": book.tree(leaves[:half]).hex()}]


def _codes(proof: Document, roots: list[Document] | None = SEALS) -> list[str]:
    return [finding.code for finding in verify_proof(proof, roots, [book.PUBLIC])]


@pytest.mark.requirement("ZZ-35", "one voucher is proved to stand in the book without the rest of the book")
@pytest.mark.parametrize("number", range(1, COUNT + 1))
def test_every_voucher_has_a_proof(number: int) -> None:
    proof = _proof(number)
    assert _codes(proof) == _codes(proof, None) == []
    assert len(proof["path"]) <= 4


@given(st.integers(1, 40), st.data())
def test_the_system_finds_the_same_way_up(size: int, data: st.DataObject) -> None:
    leaves, index = [bytes([n]) * 32 for n in range(size)], data.draw(st.integers(0, size - 1))
    assert [{"side": side, "hash": node.hex()} for side, node in audit_path(leaves, index)] == _way(leaves, index)


def test_there_is_no_way_from_beyond_the_day() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError):
            audit_path([b"a" * 32] * 3, index)


def test_an_edited_voucher_is_told() -> None:
    proof = _proof(7)
    proof["voucher"]["postings"][0]["amount"] = "999.00"
    assert _codes(proof) == ["edited"]


@pytest.mark.parametrize("field", ["party", "ref", "memo"])
def test_postings_hidden_in_a_text_of_the_first_are_told(field: str) -> None:
    proof = _proof(8)
    assert book.hide_postings(proof["voucher"], field)
    assert book.link(bytes.fromhex(proof["previous"]), proof["voucher"]).hex() == proof["voucher"]["hash"]
    assert _codes(proof) == ["edited"]


def test_a_voucher_that_was_made_up_with_a_hash_to_match_is_told() -> None:
    proof = _proof(7)
    proof["voucher"]["text"] = "forged"
    proof["voucher"]["hash"] = book.link(bytes.fromhex(proof["previous"]), proof["voucher"]).hex()
    assert _codes(proof) == ["proof_wrong"]


def test_the_place_in_the_day_is_part_of_the_proof() -> None:
    proof = _proof(7)
    proof["path"][0]["side"] = {"left": "right", "right": "left"}[proof["path"][0]["side"]]
    assert _codes(proof) == ["proof_wrong"]
    for change in ([*_proof(7)["path"], {"side": "left", "hash": "00" * 32}], _proof(7)["path"][:-1]):
        assert _codes({**_proof(7), "path": change}) == ["proof_wrong"]
    elsewhere = _proof(7)
    elsewhere["voucher"]["number"] = COUNT + 5
    assert "proof_wrong" in _codes(elsewhere)


def test_a_proof_under_another_root_is_told_by_the_outside_roots() -> None:
    """A wholly rewritten book proves its own vouchers: only the root that was kept outside tells."""
    made = [{k: v for k, v in one.items() if k != "hash"} for one in CHAIN]
    made[4]["postings"][0]["amount"] = "999.00"
    forged = book.export(made)
    proof = _proof(5)
    proof["voucher"] = next(d for d in forged if d["kind"] == "voucher" and d["number"] == 5)
    day = [bytes.fromhex(d["hash"]) for d in forged if d["kind"] == "voucher"]
    proof["seal"] = next(d for d in forged if d["kind"] == "seal")
    proof["path"] = _way(day[: proof["seal"]["last_number"]], 4)
    assert _codes(proof, None) == []
    assert _codes(proof) == ["rewritten"]
    assert _codes(proof, [SEALS[1]]) == ["root_missing"]


def test_a_signature_of_somebody_else_is_told() -> None:
    proof = _proof(7)
    proof["seal"]["signature"] = "00" * 64
    assert _codes(proof, None) == ["signature_wrong"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "heyi-ledger-1"}'])
def test_what_is_no_proof_cannot_be_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize("field", ["voucher", "seal", "path", "previous"])
def test_a_proof_that_lacks_something_cannot_be_read(field: str) -> None:
    with pytest.raises(Unreadable):
        verify_proof({name: value for name, value in _proof(7).items() if name != field})


def test_the_command_line(tmp_path: Path) -> None:
    file, roots = tmp_path / "proof.json", tmp_path / "roots.ndjson"
    file.write_text(json.dumps(_proof(7)))
    roots.write_text("".join(json.dumps(seal) + "\n" for seal in SEALS))

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "heyi_verify", str(file), "--proof", "--roots", str(roots)]
        return subprocess.run([*command, "--key", book.PUBLIC.hex()], capture_output=True, text=True, check=False)

    done = run()
    assert (done.returncode, done.stdout[:4]) == (0, "证明成立"), done
    file.write_text(json.dumps(_proof(7) | {"previous": "00" * 32}))
    assert (run().returncode, run().stdout[:8]) == (1, "[edited]")
    file.write_text("no proof")
    assert run().returncode == 2
