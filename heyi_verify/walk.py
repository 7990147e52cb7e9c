"""What the reading of an export carries from line to line."""

from dataclasses import dataclass, field
from typing import Any

from heyi_verify.findings import Finding


@dataclass
class Walk:
    """What has been seen of the file so far."""

    book: dict[str, Any]
    hashes: dict[int, bytes] = field(default_factory=dict)
    dates: dict[int, str] = field(default_factory=dict)
    sides: dict[str, str] = field(default_factory=dict)
    debits: dict[str, int] = field(default_factory=dict)
    credits: dict[str, int] = field(default_factory=dict)
    seals: list[dict[str, Any]] = field(default_factory=list)
    balances: dict[str, dict[str, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    end: dict[str, Any] | None = None
    vouchers: int = 0
    postings: int = 0
    edited: int = 0
    expected: int = 1
    missing: set[int] = field(default_factory=set)
    previous: bytes = b""
    month: tuple[str, int] = ("", 0)
    day: str = ""

    @property
    def last_number(self) -> int:
        """Number of the last voucher in the file; 0 before the first."""
        return self.expected - 1

    def find(self, code: str, subject: object) -> None:
        """Adds a finding once."""
        finding = Finding(code, str(subject))
        if finding not in self.findings:
            self.findings.append(finding)
