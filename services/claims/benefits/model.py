"""The vocabulary of a benefit decision: what goes into the engine, what a policy is, what comes out.

Everything is immutable. Amounts are integer fen, ratios integer 1/10,000, unit prices integer 10⁻⁶ yuan, quantities
integer 10⁻⁴ (contracts §3). What exists once a claim is a frozen dataclass; what exists once a line is a named tuple,
because twenty of them are made in every settlement and a named tuple costs a third of a frozen dataclass.

Over 400 lines because it is one vocabulary: whoever reads a decision meets claim, facts, policy and result together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

FULL_RATIO = 10_000
"""100% in the unit of ratios."""

LEVELS = ("village", "township", "county", "prefecture", "province")
PLACES = ("in_county", "in_province", "out_of_province")
OWNERSHIPS = ("public", "private")
DESIGNATIONS = ("designated", "none")
KINDS = ("inpatient", "outpatient")
EACH_TIME = ("admission", "visit")
"""Periods of caps that no accumulator counts: each admission or visit stands for itself."""


OF_THE_YEAR = ("person_year", "household_year")
"""Periods of the caps that a layer above the cap starts from."""


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
    SUBMITTED_LATE = "submitted_late"
    NOTHING_ELIGIBLE = "nothing_eligible"
    BELOW_DEDUCTIBLE = "below_deductible"
    CAP_EXHAUSTED = "cap_exhausted"
    ZERO_BENEFIT = "zero_benefit"
    ACCOUNT_ONLY = "account_only"
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
        Outcome.SUBMITTED_LATE,
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
    essential: bool = False
    """On the list of essential medicines: a policy may pay a higher ratio for it."""


class AccumulatorKey(NamedTuple):
    """What an accumulator counts: the scope says whose, `year` is 0 where the scope has no year."""

    scope: str
    """`person_year`, `household_year`, `disease_year` or `person_day`."""
    name: str
    """For example `basic.inpatient.benefit`, `basic.inpatient.deductible`, `basic.inpatient.admissions`."""
    year: int
    detail: str = ""
    """ISO day for `person_day`, the disease as the policy names it for `disease_year`, otherwise empty."""


class Movement(NamedTuple):
    """What a settlement adds to an accumulator (fen; a count for `*.admissions`); a cancellation takes it away."""

    key: AccumulatorKey
    amount: int


class Carried(NamedTuple):
    """What one bucket of a layer has come to over the parts of an admission; amounts of all parts together."""

    layer: str
    items: str = ""
    """The bucket that takes items out of the bill; empty for the one of the layer that takes the bill."""
    base_fen: int = 0
    listed_fen: int = 0
    """Eligible amount of the items that the bucket takes out."""
    essential_fen: int = 0
    worked_fen: int = 0
    """Before floor and caps."""
    uncapped_fen: int = 0
    over_year_fen: int = 0
    benefit_fen: int = 0
    deductible_fen: int = 0
    hospital_fen: int = 0
    admission: int | None = None
    """Which admission of its year this one is, as counted at its first part; None: as the count stands."""
    year_deductible_fen: int | None = None
    """What of a deductible of the year was taken before its first part; None: as the count stands."""


class Earlier(NamedTuple):
    """What earlier settlements of the same admission had, took and paid (settled midway), net of cancelled ones."""

    total_fen: int
    eligible_fen: int
    borne_fen: int
    """What a third party bears of the eligible amount."""
    buckets: tuple[Carried, ...]

    def stored(self) -> list[Any]:
        """As kept with a claim."""
        return [self.total_fen, self.eligible_fen, self.borne_fen, [[*one] for one in self.buckets]]

    def raised(self, more: Mapping[str, int]) -> Earlier:
        """With what a list of increases gave, in fen by layer: it counts as paid by the bucket that takes the bill, of
        what a cap of the year had cut before of more than was worked out."""
        buckets = list(self.buckets)
        for layer, fen in more.items():
            mine = [number for number, one in enumerate(buckets) if one.layer == layer]
            at = next((number for number in mine if not buckets[number].items), mine[0] if mine else len(buckets))
            one = buckets[at] if mine else Carried(layer)
            benefit = one.benefit_fen + fen
            paid = one._replace(
                uncapped_fen=max(one.uncapped_fen, benefit),
                over_year_fen=max(0, one.over_year_fen - fen),
                benefit_fen=benefit,
            )
            buckets[at : at + 1] = [paid]
        return self._replace(buckets=tuple(buckets))

    @classmethod
    def of(cls, stored: Sequence[Any]) -> Earlier:
        """From what is kept with a claim."""
        total, eligible, borne, buckets = stored
        return cls(total, eligible, borne, tuple(Carried(*one) for one in buckets))


class Elsewhere(NamedTuple):
    """A basic settlement that another scheme or system made: taken as given, never computed again (rulings §3)."""

    settlement_id: str
    """Its national number (setl_id); whoever records the claim sees to it that none comes twice."""
    total_fen: int
    eligible_fen: int
    benefit_fen: int
    over_cap_fen: int = 0
    """What its cap took from its benefit: where a layer that starts above the cap begins."""


class Entitlement(NamedTuple):
    """A decided case of the person (rulings §13), for example a chronic-disease card: kind, disease, days."""

    kind: str
    disease: str
    start: date
    end: date | None

    def holds(self, day: date) -> bool:
        """True when the case is valid on `day`."""
        return self.start <= day and (self.end is None or day <= self.end)


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
    """Stated by the hospital or by a decided case; whether a statement alone counts is the policy's to say."""
    disease: str = ""
    """Code of the main diagnosis as the hospital sends it; rows, caps and cards may name a shorter one."""
    off_path: str = ""
    """Why the case left the agreed path of its disease, so that the ordinary rows apply; empty where it did not."""
    from_account_fen: int = 0
    """What the patient wants to pay of his part from the family account, at most."""
    elsewhere: Elsewhere | None = None
    """The basic layer was settled elsewhere: there are no lines, only the layers above are decided."""
    submitted_on: date | None = None
    """Day on which the papers came to the window; None: settled at the bedside, or a hypothetical question."""

    @property
    def ended_on(self) -> date:
        """The last day of the care: the discharge, for outpatients the visit."""
        return self.discharged_on or self.admitted_on


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
    """`none`; `pending` (inquiry open); `liable` (somebody else pays all); `shared` (somebody pays
    `third_party_share`); `advanced` (the fund pays now and recovers); `accident` (nobody else is liable)."""
    third_party_share: int = 0
    """1/10,000 of the eligible amount that somebody else pays, where `third_party` is `shared`."""
    earlier: Earlier | None = None
    """None: this is the first settlement of the admission."""
    joined: frozenset[str] = frozenset()
    """Voluntary layers that the person has joined."""
    entitlements: tuple[Entitlement, ...] = ()
    newborn_of: tuple[Interval, ...] = ()
    """Coverage of the mother, which covers a newborn where the policy says so."""
    account_credit_fen: int = 0
    """All that was ever credited to the household's family account; what was spent is an accumulator."""
    decided: frozenset[str] = frozenset()
    """Circumstances (`referred`, `emergency`, `migrant`) that decided cases state for the day of admission."""
    late_approved: bool = False
    """The county office approved that papers of this care come after their deadline."""
    insured: int | None = None
    """Members of the household who are insured in the benefit year; None: not known, or no cap asks for it."""


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
    waived_clause: str = ""
    """Clause of `waived_from`."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The eligible amount counts up to a limit (限额); of the excess a share counts, up to a part of the limit."""

    amount_fen: int
    shared_up_to: int
    """Part of the limit within which the excess is shared, 1/10,000; 0: not shared."""
    share: int
    """Share of that excess that counts, 1/10,000."""
    hospital_bears: bool = False
    """What does not count is the hospital's (医院负担), not the patient's."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the benefit table."""

    id: str
    name: str
    deductible: Deductible
    bands: tuple[Band, ...]
    """Empty where the row pays a fixed amount, leaves a fixed part to the patient, or pays nothing."""
    ratio_clause: str
    """Clause of the ratio, or of the patient's part."""
    origin: Origin
    diseases: frozenset[str] = frozenset()
    """Diseases the row speaks of; empty: all that no row names."""
    fixed_fen: int | None = None
    """A fixed benefit (定额), never more than the eligible amount."""
    patient_fen: int | None = None
    """A part that the patient pays of what counts; the fund pays the rest of it."""
    limit: Limit | None = None
    off_path_over_fen: int | None = None
    """A bill over this total leaves the row: the ordinary rows apply."""

    @property
    def pays(self) -> bool:
        """False where the row says that nothing is paid."""
        return bool(self.bands) or self.fixed_fen is not None or self.patient_fen is not None


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit on the benefit, with its own period and its own count."""

    id: str
    name: str
    amount_fen: int
    period: str
    """`admission` and `visit` (each time), `person_day`, `person_year`, `household_year`, `disease_year`."""
    counts: str
    """Name of the accumulator that it limits."""
    origin: Origin
    diseases: frozenset[str] = frozenset()
    """Diseases that it limits; empty: all."""
    per_head: bool = False
    """The amount is for each insured member of the household, who share the sum."""

    def limit_fen(self, insured: int | None) -> int:
        """The limit for a household with so many insured members; not known counts as one (decision 0251)."""
        return self.amount_fen * (insured or 1) if self.per_head else self.amount_fen

    @property
    def of_the_year(self) -> bool:
        """True for a cap of the whole year's benefit: a layer above the cap (`cut_by_cap`) pays what it takes."""
        return self.period in OF_THE_YEAR and not self.diseases


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
    """True: it counts once a group and adds to the others that stack; False: one at most (rulings §4)."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who pays no deductible."""

    id: str
    name: str
    groups: frozenset[str]
    """Empty: everybody."""
    ages: tuple[tuple[str, int], ...]
    emergency: bool
    """True: only in an emergency."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Floor:
    """The benefit is at least a share of the bill (保底), whatever the rows give."""

    id: str
    name: str
    ratio: int
    of: str
    """`eligible` or `total`."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Accident:
    """What an accident without another's liability gets: a part of the normal benefit, up to a cap each time."""

    id: str
    name: str
    factor: int
    cap_fen: int | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Essential:
    """Essential medicines are paid at a higher ratio."""

    id: str
    name: str
    points: int
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
    entitlement: str = ""
    """Kind of card that the bucket asks for (`chronic`, `special`…), valid for the disease on the day."""
    diseases: frozenset[str] = frozenset()
    """Diseases that the bucket is for; empty: all."""
    items: frozenset[str] = frozenset()
    """Catalogue codes that the bucket takes out of the bill; empty: it takes the bill."""
    by_disease: Mapping[str, Mapping[Situation, Rule]] = field(default_factory=dict)
    """The table of each disease that rows name; it comes before `table`."""
    yearly: bool = False
    """Deductible and bands run over the whole year's base, not over each bill's."""
    floor: Floor | None = None
    waivers: tuple[Waiver, ...] = ()
    accident: Accident | None = None
    essential: Essential | None = None


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
    (what a cap of the whole year took from the benefit of the layer before)."""
    benefits: Mapping[str, Benefit]
    origin: Origin
    voluntary: bool = False
    """Pays only for persons who have joined it (`Facts.joined`)."""
    special: Mapping[str, tuple[Benefit, ...]] = field(default_factory=dict)
    """By kind of care: buckets that ask for a card or a disease; the first that fits comes before the ordinary one."""
    extended: Mapping[str, tuple[Benefit, ...]] = field(default_factory=dict)
    """By kind of care: buckets that take certain items out of the bill."""

    @property
    def buckets(self) -> tuple[Benefit, ...]:
        """Every bucket of the layer."""
        more = [*self.special.values(), *self.extended.values()]
        return (*self.benefits.values(), *(benefit for group in more for benefit in group))


@dataclass(frozen=True, slots=True)
class Circumstance:
    """What makes a circumstance of seeking care count (rulings §13)."""

    code: str
    """`referred`, `emergency` or `migrant`."""
    by_case: bool
    """True: only where a decided case says so; False: where the hospital states it, too."""
    notice_days: int | None
    """A case submitted more than so many days after its first day is not granted; None: no limit."""
    origin: Origin
    late_approved: bool = False
    """A later one may be granted by the county's director with a reason."""

    @property
    def origin_name(self) -> str:
        """Its name in traces and among what a pool accepts."""
        return f"circumstances.{self.code}"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What the inquiry into an accident has to keep before anything is paid (rulings §13)."""

    report_days: int | None
    """An accident is reported within so many days after it happened; None: no limit."""
    late_approved: bool
    """A later report may be granted by the county's director with a reason; otherwise it is denied."""
    posted_days: int | None
    """The opinion hangs out in the village for so many days before the decision; None: it need not."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when papers of care that is over may come to the window (rulings §14); exactly one of the two ways."""

    id: str
    name: str
    kinds: frozenset[str]
    month_day: tuple[int, int] | None
    """Month and day of the year after the one in which the care ended."""
    days: int | None
    """Days after the end of the care."""
    origin: Origin

    def last_day(self, ended_on: date) -> date:
        """The last day on which papers of care that ended on a day are in time."""
        if self.month_day is not None:
            return date(ended_on.year + 1, *self.month_day)
        return ended_on + timedelta(days=self.days or 0)


@dataclass(frozen=True, slots=True)
class Papers:
    """The papers that have to come with a kind of care at the window, in the words of the desk."""

    kind: str
    needed: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class FamilyAccount:
    """The household's account: it pays the patient's part and counts toward no cap and no ratio (rulings §4)."""

    name: str
    kinds: frozenset[str]
    covers: str
    """`eligible` (only of the eligible amount) or `all` (of the whole bill)."""
    payer: str
    account: str
    book: str
    expense_account: str
    origin: Origin


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
    """Which date names the year of deductible and caps: `admission`, `discharge`, `settlement` (rulings §4), or
    `lines`: the costs of a stay over 31 December are split by their days, and settled in a part for each year."""
    waiting_days: int
    lines_after_coverage: str
    """`excluded` or `covered`: lines dated after the end of coverage of a stay that began covered."""
    layers: tuple[Layer, ...]
    hash: str
    """SHA-256 (hex) of the canonical form of the document; pinned in each claim."""
    illustrative: tuple[str, ...]
    """Every name in the document that its sources do not state."""
    always_illustrative: tuple[str, ...] = ()
    """Those of them that every decision rests on (parameters)."""
    newborn_illustrative: tuple[str, ...] = ()
    """Those that decisions on newborns under their mother's coverage rest on."""
    newborn_days: int = 0
    """A child up to this many days old is covered by its mother's coverage; 0: it is not."""
    family_account: FamilyAccount | None = None
    accepted: frozenset[str] | None = field(default=None)
    """Names the pool has accepted; None: a calculation, not a real claim, so nothing is refused for it."""
    circumstances: tuple[Circumstance, ...] = ()
    """One that is not named counts where the hospital states it or a decided case does."""
    deadlines: tuple[Deadline, ...] = ()
    """A kind of care has one at most; without one its papers may come whenever they do."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Names of the special groups that the document declares, by code."""
    papers: tuple[Papers, ...] = ()
    """A kind of care that is not named needs what the desk asks for."""

    accidents: Inquiry | None = None
    """None: nothing is asked of the inquiry into an accident beside its steps."""

    def inquiry(self) -> Inquiry | None:
        """What the inquiry into an accident has to keep; nothing by a row that the pool has not accepted."""
        return self.accidents if self.accidents is not None and self.has_accepted(self.accidents.origin) else None

    def papers_for(self, kind: str) -> tuple[str, ...]:
        """The papers that have to come with a kind of care; none by a row that the pool has not accepted."""
        rows = [one for one in self.papers if one.kind == kind and self.has_accepted(one.origin)]
        return rows[0].needed if rows else ()

    def has_accepted(self, origin: Origin) -> bool:
        """Whether a value may be used: its source states it, or the pool has accepted it by name."""
        return self.accepted is None or self.accepted.issuperset(origin.illustrative)

    def deadline_for(self, kind: str) -> Deadline | None:
        """The deadline for papers of a kind of care."""
        return next((one for one in self.deadlines if kind in one.kinds), None)


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
    """`circumstance`, `submission`, `off_path`, `lines`, `earlier`, `third_party`, `elsewhere`, `rule`, `limit`,
    `hospital`, `nth_admission`, `waiver`, `deductible`, `bonus`, `essential`, `ratio`, `fixed`, `patient_part`,
    `accident`, `floor`, `part`, `per_head`, `cap`, `layer`, `advanced`, `account`, `refused`."""
    rule: str
    clause: str
    inputs: tuple[tuple[str, int | str], ...]
    """Names ending in _fen are fen, in _ratio 1/10,000, in _e8 ratios in 10⁻⁸, others plain."""
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
    """The decision.

    total = excluded + over_ceiling + own_share + eligible; total = benefit + elsewhere + hospital + patient.
    """

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
    """Illustrative names that this decision rests on: of the values that it was computed with."""
    elsewhere_fen: int = 0
    """Benefit of the basic settlement that was made elsewhere."""
    account: LayerResult | None = None
    """What of the patient's part the family account pays: a payable of its own, not a benefit."""
    so_far: Earlier | None = None
    """What the admission has come to with this settlement, for a later part of it; None where it is refused."""
    hospital_fen: int = 0
    """What the hospital bears itself: costs over the limit of a disease, where the policy says so."""

    @property
    def account_fen(self) -> int:
        """What the family account pays; the rest of the patient's part is cash."""
        return 0 if self.account is None else self.account.benefit_fen
