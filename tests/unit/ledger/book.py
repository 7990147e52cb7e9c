"""An export built from docs/ledger-format.md in plain Python: a third reading beside database and verifier."""

import copy
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
HEAD = {"kind": "book", "format": "heyi-ledger-1", "pool_code": "522422", "book": "basic", "chart": "basic-2008"}
SIDES = {"1009.01": "debit", "1002": "debit", "4001": "credit", "4004.01": "credit"}
NAMES = {
    "1009.01": ("乡镇已收未缴保费", "Premiums collected by townships and not yet remitted"),
    "1002": ("财政专户存款", "Fiscal special account"),
    "4001": ("农民个人缴费收入", "Premiums of members"),
    "4004.01": ("政府资助收入——中央财政", "Central subsidy"),
}
SEALED = (
    "pool_code", "book", "day", "seal_number", "first_number", "last_number", "root", "last_hash", "previous",
    "signed_at",
)  # fmt: skip
Document = dict[str, Any]


def line(*fields: object) -> bytes:
    """A canonical record."""
    return "\t".join("" if f is None else str(f) for f in fields).encode() + b"\n"


def h(content: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(content).digest()


def cents(text: str) -> int:
    """Fen."""
    return int(text.replace(".", ""))


def link(previous: bytes, v: Document) -> bytes:
    """The chain hash of a voucher."""
    digest = h(b"".join(
        line(p["line"], p["debit"], p["credit"], cents(p["amount"]), p["party"], p["ref"], p["memo"])
        for p in v["postings"]
    ))  # fmt: skip
    return h(previous + line(
        "heyi-ledger-1", "522422", "basic", v["number"], v["month"], v["month_number"], v["source_event"],
        v["posting_date"], v["value_date"], v["reason"], v["reversal_of"], v["preparer"], v["checker"], v["poster"],
        v["text"], v["sheets"], ",".join(v["papers"]), digest.hex(),
    ))  # fmt: skip


def tree(hashes: list[bytes]) -> bytes:
    """Joined level by level, as the format's note in brackets says; the verifier splits from the top."""
    level = [h(b"\x00" + one) for one in hashes] or [h(b"")]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [h(b"\x01" + b"".join(pair)) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def vouchers(count: int, days: int = 3) -> list[Document]:
    """Plain vouchers over the first days of March 2010, not yet chained."""
    made: list[Document] = []
    for n in range(1, count + 1):
        flow = ("1009.01", "4001") if n % 2 else ("1002", "4004.01")
        day = f"2010-03-{1 + (n - 1) * days // count:02d}"
        made.append({
            "kind": "voucher", "number": n, "month": "2010-03-01", "month_number": n, "source_event": f"e{n}",
            "posting_date": day, "value_date": "2010-03-01", "reason": "normal", "reversal_of": None,
            "preparer": "system", "checker": "rule:test", "poster": "system", "text": f"第{n}张",
            "sheets": n % 4, "papers": [h(f"paper {i}".encode()).hex() for i in range(n % 4 // 2)],
            "postings": [
                {"line": i, "debit": flow[0], "credit": flow[1], "amount": f"{n}.{i:02d}", "party": "52242201",
                 "ref": "", "memo": "保费"} for i in range(1, 1 + n % 3 + 1)
            ],
        })  # fmt: skip
    return made


def chained(made: list[Document]) -> list[Document]:
    """The vouchers with their hashes, in their order."""
    previous, result = genesis(), []
    for v in made:
        previous = link(previous, v)
        result.append({**v, "hash": previous.hex()})
    return result


def genesis() -> bytes:
    """The hash before the first voucher."""
    return h(line("heyi-ledger-1", "522422", "basic", "basic-2008"))


def seals(chain: list[Document]) -> list[Document]:
    """A seal for each posting day."""
    result: list[Document] = []
    previous, after = genesis(), 0
    for number, day in enumerate(sorted({v["posting_date"] for v in chain}), 1):
        own = [v for v in chain if v["posting_date"] == day]
        seal = {
            "kind": "seal", "pool_code": "522422", "book": "basic", "day": day, "seal_number": number,
            "first_number": after + 1, "last_number": own[-1]["number"],
            "root": tree([bytes.fromhex(v["hash"]) for v in own]).hex(), "last_hash": own[-1]["hash"],
            "previous": previous.hex(), "signed_at": f"{day}T10:00:00.000000Z",
        }  # fmt: skip
        content = line("heyi-seal-1", *[seal[name] for name in SEALED])
        result.append({**seal, "key_id": h(PUBLIC).hex()[:16], "signature": KEY.sign(content).hex()})
        previous, after = h(content), seal["last_number"]
    return result


def export(made: list[Document]) -> list[Document]:
    """A whole, true export."""
    chain = chained(made)
    totals = {account: [0, 0] for account in SIDES}
    for v in chain:
        for p in v["postings"]:
            totals[p["debit"]][0] += cents(p["amount"])
            totals[p["credit"]][1] += cents(p["amount"])
    head = {**HEAD, "genesis": genesis().hex(), "last_number": len(chain),
            "last_hash": chain[-1]["hash"] if chain else genesis().hex(),
            "sealed_through": chain[-1]["posting_date"] if chain else "2010-02-28"}  # fmt: skip
    return [
        head,
        *[
            {"kind": "account", "account": a, "name_zh": NAMES[a][0], "name_en": NAMES[a][1], "normal_side": side}
            for a, side in SIDES.items()
        ],
        *chain,
        *seals(chain),
        *[balance(a, *totals[a]) for a in SIDES],
        {"kind": "end", "vouchers": len(chain), "postings": sum(len(v["postings"]) for v in chain)},
    ]


def balance(account: str, debit: int, credit: int) -> Document:
    """A balance line."""
    amount = debit - credit if SIDES[account] == "debit" else credit - debit
    return {"kind": "balance", "account": account} | {
        name: f"{fen // 100}.{fen % 100:02d}"
        for name, fen in (("debit", debit), ("credit", credit), ("balance", amount))
    }


def hide_postings(voucher: Document, field: str) -> list[Document]:
    """Takes all postings after the first out of the voucher and puts their records into a text of the first, so that
    the joined bytes stay; the postings that were taken out."""
    names = ("line", "debit", "credit", "amount", "party", "ref", "memo")
    first, *rest = voucher["postings"]
    joined = b"".join(
        line(*(cents(p["amount"]) if name == "amount" else p[name] for name in names)) for p in (first, *rest)
    ).decode()
    at, behind = names.index(field), len(names) - 1 - names.index(field)
    fields = joined[:-1].split("\t", at)[at].rsplit("\t", behind)
    first |= dict(zip(names[at:], fields, strict=True))
    voucher["postings"] = [first]
    return rest


def copied(documents: list[Document]) -> list[Document]:
    """To tamper with."""
    return copy.deepcopy(documents)


def text(documents: list[Document]) -> list[str]:
    """The lines of the file."""
    return [json.dumps(document, ensure_ascii=False) for document in documents]
