"""What the reading of an export carries from line to line."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from heyi_verify.findings import Finding


class Gaps:
    """Numbers that are missing, kept as ranges: a forged number can leave out more than any memory holds."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []

    def __contains__(self, number: int) -> bool:
        return self._find(number) is not None

    def add(self, first: int, last: int) -> None:
        """Leaves out first to last, which lie behind all that was left out before; nothing where last < first."""
        if first <= last:
            self.ranges.append((first, last))

    def discard(self, number: int) -> None:
        """A number that turned up after all."""
        at = self._find(number)
        if at is not None:
            first, last = self.ranges[at]
            self.ranges[at : at + 1] = [r for r in ((first, number - 1), (number + 1, last)) if r[0] <= r[1]]

    def meets(self, first: int, last: int) -> bool:
        """Whether any number from first to last is missing."""
        at = bisect_right(self.ranges, last, key=lambda one: one[0]) - 1
        return first <= last and at >= 0 and self.ranges[at][1] >= first

    def _find(self, number: int) -> int | None:
        at = bisect_right(self.ranges, number, key=lambda one: one[0]) - 1
        return at if at >= 0 and number <= self.ranges[at][1] else None


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
    told: set[Finding] = field(default_factory=set)
    end: dict[str, Any] | None = None
    vouchers: int = 0
    postings: int = 0
    edited: int = 0
    head_forged: bool = False
    expected: int = 1
    missing: Gaps = field(default_factory=Gaps)
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
        if finding not in self.told:
            self.told.add(finding)
            self.findings.append(finding)
