"""The vocabulary of a benefit decision: what goes into the engine, what a policy is, what comes out.

Everything is immutable. Amounts are integer fen, ratios integer 1/10,000, unit prices integer 10⁻⁶ yuan, quantities
integer 10⁻⁴ (contracts §3). What exists once a claim is a frozen dataclass; what exists once a line is a named tuple,
because twenty of them are made in every settlement and a named tuple costs a third of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

FULL_RATIO = 10_000
"""100% in the unit of ratios."""

LEVELS = ("village", "township", "county", "prefecture", "province")
PLACES = ("in_county", "in_province", "out_of_province")
OWNERSHIPS = ("public", "private")
DESIGNATIONS = ("designated", "none")
KINDS = ("inpatient", "outpatient")


class Outcome(StrEnum):
    """How a decision ended. The ladder is flat: the first rung that holds is the outcome (order of the members)."""

    POLICY_NOT_IN_FORCE = "policy_not_in_force"
    NOT_COVERED = "not_covered"
    WAITING = "waiting"
    KIND_NOT_COVERED = "kind_not_covered"
    INSTITUTION_SUSPENDED = "institution_suspended"
    INSTITUTION_NOT_DESIGNATED = "institution_not_designated"
    NO_RULE = "no_rule"
    THIRD_PARTY_PENDING = "third_party_pending"
    THIRD_PARTY_LIABLE = "third_party_liable"
    ILLUSTRATIVE_NOT_ACCEPTED = "illustrative_not_accepted"
    NOTHING_ELIGIBLE = "nothing_eligible"
    BELOW_DEDUCTIBLE = "below_deductible"
    CAP_EXHAUSTED = "cap_exhausted"
    ZERO_BENEFIT = "zero_benefit"
    CAPPED = "capped"
    SETTLED = "settled"

    @property
    def refuses(self) -> bool:
        """True where no settlement may be written: the claim as a whole is outside the policy."""
        return self in REFUSALS


REFUSALS = frozenset(
    {
        Outcome.POLICY_NOT_IN_FORCE,
        Outcome.NOT_COVERED,
        Outcome.WAITING,
        Outcome.KIND_NOT_COVERED,
        Outcome.INSTITUTION_SUSPENDED,
        Outcome.INSTITUTION_NOT_DESIGNATED,
        Outcome.NO_RULE,
        Outcome.THIRD_PARTY_PENDING,
        Outcome.THIRD_PARTY_LIABLE,
        Outcome.ILLUSTRATIVE_NOT_ACCEPTED,
    }
)


class Reason(StrEnum):
    """Why a line counts as it does: stable codes, one a line (the first that took something away from it)."""

    ELIGIBLE = "eligible"
    NOT_IN_CATALOGUE = "not_in_catalogue"
    OWN_EXPENSE_CLASS = "own_expense_class"
    RESTRICTION_NOT_MET = "restriction_not_met"
    NOT_COVERED_ON_DAY = "not_covered_on_day"
    OVER_PRICE_CEILING = "over_price_ceiling"
    OWN_SHARE_FIRST = "own_share_first"
    CLAIM_REFUSED = "claim_refused"


# ---------------------------------------------------------------- what goes in


class Line(NamedTuple):
    """One line of the bill as the hospital sent it."""

    number: int
    code: str
    amount_fen: int
    quantity_e4: int = 10_000
    price_micro: int | None = None
    day: date | None = None
    """Day of service; None means the day of admission."""
    restriction_met: bool = False
    """The hospital states that the condition of a restricted item holds."""


class Item(NamedTuple):
    """One entry of a catalogue version as the engine needs it."""

    code: str
    item_class: str
    """`A`, `B`, `C`, or `none` (listed as outside the scheme)."""
    own_share: int = 0
    """Share the patient bears before anything else, 1/10,000."""
    ceilings_micro: Mapping[str, int] | None = None
    """Highest unit price by institution level, 10⁻⁶ yuan; key `*` for every other level."""
    restricted: bool = False
    name: str = ""


class AccumulatorKey(NamedTuple):
    """What an accumulator counts: the scope says whose, `year` is 0 where the scope has no year."""

    scope: str
    """`person_year`, `household_year` or `person_day`."""
    name: str
    """For example `basic.inpatient.benefit`, `basic.inpatient.deductible`, `basic.inpatient.admissions`."""
    year: int
    detail: str = ""
    """ISO day for `person_day`, otherwise empty."""


class Movement(NamedTuple):
    """What a settlement adds to an accumulator (fen; a count for `*.admissions`); a cancellation takes it away."""

    key: AccumulatorKey
    amount: int


class Earlier(NamedTuple):
    """What earlier settlements of the same admission took and paid (settled midway), net of cancelled ones."""

    deductible_fen: int
    benefit_fen: int


class Interval(NamedTuple):
    """Days of coverage, both ends included; `end` None is open."""

    start: date
    end: date | None

    def holds(self, day: date) -> bool:
        """True when `day` lies in the interval."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Institution:
    """The hospital as the pool sees it on the day of admission."""

    level: str
    place: str
    ownership: str = "public"
    designation: str = "designated"
    kinds: frozenset[str] | None = None
    """Kinds of care of its agreement; None where it has none or the question is hypothetical."""
    suspended: bool = False
    """Suspended on the day of admission (rulings §12: no new registrations)."""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ClaimInput:
    """One admission or visit to decide."""

    kind: str
    admitted_on: date
    """Admission date, visit date for outpatients: picks the policy version (rulings §4)."""
    settled_on: date
    """Business day of the settlement."""
    lines: tuple[Line, ...]
    discharged_on: date | None = None
    emergency: bool = False
    migrant: bool = False
    referred: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about person, hospital, catalogue and year to date when the decision is made."""

    institution: Institution
    coverage: tuple[Interval, ...]
    items: Mapping[str, Item]
    used: Mapping[AccumulatorKey, int]
    """Accumulators before this claim; a missing key counts as 0. Which are needed: `engine.accumulators`."""
    groups: frozenset[str] = frozenset()
    """Codes of the special groups that the person belongs to on the day of admission, by certificate."""
    birth_date: date | None = None
    third_party: str = "none"
    """`none`, `pending` (inquiry open), `liable` (somebody else pays)."""
    earlier: Earlier | None = None
    """None: this is the first settlement of the admission."""
    joined: frozenset[str] = frozenset()
    """Voluntary layers that the person has joined."""


# ---------------------------------------------------------------- what a policy is


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: the words of the document, which document, since when, who looked and when."""

    clause: str
    source: str
    effective_from: date
    verified_on: date | None
    illustrative: tuple[str, ...] = ()
    """Names under which a pool accepts what the source does not state; empty where the source states all."""


@dataclass(frozen=True, slots=True)
class Band:
    """One step of a ratio: applies to the part of the base up to `up_to_fen` (None: without end)."""

    up_to_fen: int | None
    ratio: int


@dataclass(frozen=True, slots=True)
class Deductible:
    """Amount that stays with the patient before the ratio."""

    amount_fen: int
    per: str
    """`admission` (once an admission, also when settled midway) or `person_year`."""
    waived_from: int | None = None
    """From this admission of the year on no deductible is taken; None: always taken."""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the benefit table."""

    id: str
    name: str
    deductible: Deductible
    bands: tuple[Band, ...]
    """Empty where the row says that nothing is paid."""
    ratio_clause: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit on the benefit, with its own period and its own count."""

    id: str
    name: str
    amount_fen: int
    period: str
    """`admission` (or visit), `person_day`, `person_year`, `household_year`."""
    counts: str
    """Name of the accumulator that it limits."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Bonus:
    """A raise of the ratio for special groups."""

    id: str
    name: str
    groups: frozenset[str]
    ages: tuple[tuple[str, int], ...]
    """Groups told by age: (code, age from which a person belongs, on the day of admission)."""
    points: int
    """Percentage points in 1/10,000; 0 where `factor` is used."""
    factor: int
    """Relative raise in 1/10,000 of the ratio; 0 where `points` is used."""
    stacks: bool
    """True: one bonus a group; False: one at most (rulings §4)."""
    origin: Origin


Situation = tuple[str, str, str, str, bool, bool, bool]
"""(level, place, ownership, designation, emergency, migrant, referred): the key of the table of rules."""


@dataclass(frozen=True, slots=True)
class Benefit:
    """One bucket of a layer: what is paid for one kind of care."""

    id: str
    kind: str
    name: str
    adds_to: tuple[tuple[str, str], ...]
    """(scope, name) of every accumulator that a benefit of this bucket raises."""
    rules: tuple[Rule, ...]
    table: Mapping[Situation, Rule]
    """Every situation that a rule speaks of, worked out when the document is loaded."""
    caps: tuple[Cap, ...]
    bonuses: tuple[Bonus, ...]
    account: str
    """Expense account that the layer's book charges for this kind of care."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One payer after another (rulings §3): basic, critical illness, supplementary, assistance."""

    id: str
    name: str
    payer: str
    account: str
    """Bank account in the chart from which it is paid."""
    book: str
    risk_bearer: str
    """`pool`, `insurer` or `government`."""
    base: str
    """What the layer works on: `eligible`, `eligible_unpaid` (what earlier layers left of it) or `cut_by_cap`
    (what a cap took from the benefit of the layer before)."""
    benefits: Mapping[str, Benefit]
    origin: Origin
    voluntary: bool = False
    """Pays only for persons who have joined it (`Facts.joined`)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy version, ready to decide with."""

    id: str
    title: str
    scheme: str
    pools: tuple[str, ...]
    """Pools for which it is written; empty for a template."""
    effective_from: date
    effective_to: date | None
    year_by: str
    """Which date names the year of deductible and caps: `admission`, `discharge`, `settlement` (rulings §4)."""
    waiting_days: int
    lines_after_coverage: str
    """`excluded` or `covered`: lines dated after the end of coverage of a stay that began covered."""
    layers: tuple[Layer, ...]
    hash: str
    """SHA-256 (hex) of the canonical form of the document; pinned in each claim."""
    illustrative: tuple[str, ...]
    """Every name in the document that its sources do not state."""
    always_illustrative: tuple[str, ...] = ()
    """Those of them that every decision rests on (parameters and layers)."""
    accepted: frozenset[str] | None = field(default=None)
    """Names the pool has accepted; None: a calculation, not a real claim, so nothing is refused for it."""


# ---------------------------------------------------------------- what comes out


class LineResult(NamedTuple):
    """How one line was counted: amount = excluded + over_ceiling + own_share + eligible."""

    number: int
    reason: Reason
    excluded_fen: int
    over_ceiling_fen: int
    own_share_fen: int
    eligible_fen: int


class TraceStep(NamedTuple):
    """One step of the calculation, enough to redo it by hand."""

    step: str
    """`lines`, `rule`, `deductible`, `ratio`, `bonus`, `benefit`, `cap`, `layer`, `refused`."""
    rule: str
    clause: str
    inputs: tuple[tuple[str, int | str], ...]
    """Names ending in _fen are fen, in _ratio 1/10,000, others plain."""
    amount_fen: int


class LayerResult(NamedTuple):
    """What one layer pays: becomes one payable."""

    layer: str
    payer: str
    account: str
    expense_account: str
    book: str
    risk_bearer: str
    benefit_fen: int


@dataclass(frozen=True, slots=True)
class Adjudication:
    """The decision. total = excluded + over_ceiling + own_share + eligible; patient = total − benefit."""

    outcome: Outcome
    policy_id: str
    policy_hash: str
    benefit_year: int
    total_fen: int
    excluded_fen: int
    over_ceiling_fen: int
    own_share_fen: int
    eligible_fen: int
    deductible_fen: int
    ratio: int
    """Ratio of the first layer, bonus included, 1/10,000; 0 where bands apply or nothing is paid."""
    benefit_fen: int
    patient_fen: int
    lines: tuple[LineResult, ...]
    layers: tuple[LayerResult, ...]
    movements: tuple[Movement, ...]
    trace: tuple[TraceStep, ...]
    illustrative: tuple[str, ...]
    """Illustrative names that this decision rests on."""
