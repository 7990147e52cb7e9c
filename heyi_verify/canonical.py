"""Canonical records and hashes of docs/ledger-format.md, sections 1 to 4."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

FORMAT = "heyi-ledger-1"
SEAL = "heyi-seal-1"
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_YUAN = re.compile(r"(-?)(0|[1-9][0-9]*)\.([0-9]{2})\Z")


class Unreadable(ValueError):
    """The input is not what it should be; said in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def sha256(content: bytes) -> bytes:
    """32 bytes."""
    return hashlib.sha256(content).digest()


def fen(text: Any) -> int:
    """The fen of an amount as exported; raises Unreadable."""
    found = _YUAN.match(text) if isinstance(text, str) else None
    if found is None:
        raise Unreadable(f"“{text}”不是两位小数的金额", f"{text!r} is not an amount with two places")
    amount = int(found[2]) * 100 + int(found[3])
    return -amount if found[1] else amount


def record(*fields: Any) -> bytes:
    """Fields joined by TAB and ended by LF."""
    return b"\t".join(_field(field) for field in fields) + b"\n"


def _field(field: Any) -> bytes:
    """The bytes of a field. A TAB or LF inside one becomes a byte that no UTF-8 text holds: no true record has it, so
    what was written over other fields or lines (a second posting in the text of the first) never gives their hash."""
    text = "" if field is None else str(field)
    return text.encode(errors="surrogatepass").replace(b"\t", b"\xff").replace(b"\n", b"\xfe")


def genesis(book: dict[str, Any]) -> bytes:
    """The hash before the first voucher."""
    return sha256(record(FORMAT, book["pool_code"], book["book"], book["chart"]))


def postings_digest(voucher: dict[str, Any]) -> bytes:
    """The digest of a voucher's postings, in the order in which they are exported."""
    return sha256(
        b"".join(
            record(p["line"], p["debit"], p["credit"], fen(p["amount"]), p["party"], p["ref"], p["memo"])
            for p in voucher["postings"]
        )
    )


def _papers(hashes: Any) -> str:
    """The hashes of the kept documents as one field; raises Unreadable."""
    if not isinstance(hashes, list) or not all(isinstance(one, str) and _HASH.match(one) for one in hashes):
        raise Unreadable(f"“{hashes}”不是校验值清单", f"{hashes!r} is not a list of hashes")
    return ",".join(hashes)


def voucher_hash(previous: bytes, book: dict[str, Any], voucher: dict[str, Any]) -> bytes:
    """The chain hash of a voucher after ``previous``."""
    v = voucher
    return sha256(
        previous
        + record(
            FORMAT, book["pool_code"], book["book"], v["number"], v["month"], v["month_number"], v["source_event"],
            v["posting_date"], v["value_date"], v["reason"], v["reversal_of"], v["preparer"], v["checker"], v["poster"],
            v["text"], v["sheets"], _papers(v["papers"]), postings_digest(v).hex(),
        )
    )  # fmt: skip


def merkle_root(hashes: list[bytes]) -> bytes:
    """The tree hash of RFC 6962, section 2.1, over the chain hashes of a day."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return sha256(b"\x00" + hashes[0])
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + merkle_root(hashes[:half]) + merkle_root(hashes[half:]))


def seal_record(seal: dict[str, Any]) -> bytes:
    """The bytes that the signature of a seal covers."""
    return record(
        SEAL, seal["pool_code"], seal["book"], seal["day"], seal["seal_number"], seal["first_number"],
        seal["last_number"], seal["root"], seal["last_hash"], seal["previous"], _moment(seal["signed_at"]),
    )  # fmt: skip


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, AttributeError) as error:
        raise Unreadable(f"“{text}”不是时间", f"{text!r} is not a time") from error
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
