"""Accumulators of one transaction: read under lock, moved by decision after decision, written once. Pure.

An accumulator row counts several names for one owner and period. Each claim leaves an entry on every row that it read,
with zero where it added nothing: a later claim *stands on* an earlier one where it read a name that the earlier moved.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from services.claims.benefits.engine import ACCOUNT_SPENT
from services.claims.benefits.model import AccumulatorKey, Movement

FAMILY_ACCOUNT = "family_account"
"""Scope of a household's family account: one row a household, not of a year (contracts §8)."""
CREDITED = "family_account.credited"
_LOCK_ORDER = {"household_year": 0, "person_year": 1, "disease_year": 2, "person_day": 3, FAMILY_ACCOUNT: 4}


class Ref(NamedTuple):
    """The key of an accumulator row."""

    owner_id: UUID
    scope: str
    year: int
    detail: str


class Entry(NamedTuple):
    """What a claim added to an accumulator row (or took back from it) as its ``move``-th move."""

    ref: Ref
    move: int
    claim_id: UUID
    institution_code: str
    takes_back: bool
    added: dict[str, int]


class Owners(NamedTuple):
    """Whose accumulators a claim counts on."""

    member_id: UUID
    household_id: UUID

    def ref(self, key: AccumulatorKey) -> Ref:
        """The row that counts a key of the engine."""
        if key.name == ACCOUNT_SPENT:
            return account_of(self.household_id)
        owner = self.household_id if key.scope == "household_year" else self.member_id
        return Ref(owner, key.scope, key.year, key.detail)


def account_of(household_id: UUID) -> Ref:
    """The row of a household's family account."""
    return Ref(household_id, FAMILY_ACCOUNT, 0, "")


@dataclass(slots=True)
class Row:
    """One accumulator row; ``moves`` counts its entries."""

    used: dict[str, int]
    moves: int
    changed: bool = False


def in_lock_order(refs: Iterable[Ref]) -> list[Ref]:
    """Household year, person year, disease year, person day, family account; each sorted (contracts §4)."""
    return sorted(set(refs), key=lambda r: (_LOCK_ORDER[r.scope], r.owner_id.bytes, r[1:]))


@dataclass(slots=True)
class Counters:
    """The rows locked by a transaction, the earlier entries that cancellations look at, and the new entries."""

    rows: dict[Ref, Row] = field(default_factory=dict)
    earlier: list[Entry] = field(default_factory=list)
    new: list[Entry] = field(default_factory=list)

    def used(self, owners: Owners, keys: Iterable[AccumulatorKey]) -> dict[AccumulatorKey, int]:
        """What the engine's keys stand at; those at zero are left out."""
        found = {}
        for key in keys:
            amount = self.rows[owners.ref(key)].used.get(key.name)
            if amount:
                found[key] = amount
        return found

    def credit(self, owners: Owners, keys: Iterable[AccumulatorKey]) -> int:
        """All that was ever credited to the family account, in fen; nothing where no key asks for the account."""
        if all(key.name != ACCOUNT_SPENT for key in keys):
            return 0
        return self.rows[account_of(owners.household_id)].used.get(CREDITED, 0)

    def add(
        self,
        owners: Owners,
        claim_id: UUID,
        institution_code: str,
        keys: Iterable[AccumulatorKey],
        movements: Iterable[Movement],
    ) -> None:
        """Counts a settlement: an entry on each row it read, with what it added to each name."""
        added: dict[Ref, dict[str, int]] = {}
        for key in keys:
            added.setdefault(owners.ref(key), {})[key.name] = 0
        for movement in movements:
            names = added.setdefault(owners.ref(movement.key), {})
            names[movement.key.name] = names.get(movement.key.name, 0) + movement.amount
        for ref, names in added.items():
            self._move(ref, claim_id, institution_code, names, takes_back=False)

    def standing(self, ref: Ref, name: str) -> int:
        """What one name of a locked row stands at."""
        return self.rows[ref].used.get(name, 0)

    def count(self, ref: Ref, claim_id: UUID, name: str, amount: int) -> None:
        """Counts what is paid for the year beside claims, under an id of its own."""
        self._move(ref, claim_id, "", {name: amount}, takes_back=False)

    def take_back_once(self, claim_id: UUID) -> None:
        """Takes from each row exactly what the claim added, unless that was done before (a rejection may do it)."""
        if any(e.takes_back and e.claim_id == claim_id for e in (*self.earlier, *self.new)):
            return
        for entry in self.of_claim(claim_id):
            self._move(entry.ref, claim_id, entry.institution_code, entry.added, takes_back=True)

    def move_again(self, payment_id: UUID, *, takes_back: bool) -> None:
        """Takes back, or counts again, what was counted beside claims under an id; nothing where it stands so already,
        or where nothing was ever counted under it."""
        mine = [e for e in (*self.earlier, *self.new) if e.claim_id == payment_id]
        stands = sum(-1 if e.takes_back else 1 for e in mine) > 0
        if mine and stands == takes_back:
            self._move(mine[-1].ref, payment_id, "", mine[-1].added, takes_back=takes_back)

    def of_claim(self, claim_id: UUID) -> list[Entry]:
        """What a claim added, row by row."""
        return [e for e in (*self.earlier, *self.new) if e.claim_id == claim_id and not e.takes_back]

    def standing_on(self, claim_id: UUID) -> dict[UUID, str]:
        """Later claims, not taken back, that read a name which this claim moved, with their institutions; in order.

        What is paid for the year beside claims (``count``) has no institution and is no later claim.
        """
        entries = (*self.earlier, *self.new)
        gone = {e.claim_id for e in entries if e.takes_back}
        if claim_id in gone:
            return {}
        later: dict[UUID, str] = {}
        for mine in self.of_claim(claim_id):
            moved = {name for name, amount in mine.added.items() if amount}
            for other in entries:
                stands = other.ref == mine.ref and other.move > mine.move and not moved.isdisjoint(other.added)
                if stands and other.institution_code and not other.takes_back and other.claim_id not in gone:
                    later[other.claim_id] = other.institution_code
        return later

    def changed(self) -> list[tuple[Ref, Row]]:
        """The rows to write."""
        return [(ref, row) for ref, row in self.rows.items() if row.changed]

    def _move(
        self, ref: Ref, claim_id: UUID, institution_code: str, names: Mapping[str, int], *, takes_back: bool
    ) -> None:
        row = self.rows[ref]
        sign = -1 if takes_back else 1
        for name, amount in names.items():
            if amount:
                row.used[name] = row.used.get(name, 0) + sign * amount
        row.moves += 1
        row.changed = True
        self.new.append(Entry(ref, row.moves, claim_id, institution_code, takes_back, dict(names)))
