"""What becomes of a settlement or a cancellation, given all facts. Pure: no I/O, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from services.claims.benefits.capping import asks_for_household
from services.claims.benefits.engine import accumulators, adjudicate, benefit_year, check_year, years
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    ClaimInput,
    Earlier,
    Elsewhere,
    Facts,
    Institution,
    Interval,
    Item,
    Policy,
    TraceStep,
)
from services.claims.visits.bill import EMPTY, Bill, Sheet, joined
from services.claims.visits.claims import (
    SETTLED,
    Claim,
    earlier_parts,
    settled_sheets,
    stored_layers,
)
from services.claims.visits.counters import Counters, Owners
from services.claims.visits.coverage import Coverage, HouseholdYear
from services.claims.visits.entitlements import EMERGENCY, MIGRANT, REFERRED, cards, circumstances_on, late_on
from services.claims.visits.problems import (
    BILL_AND_ELSEWHERE,
    BILL_EMPTY,
    BILL_TWICE,
    LINE_OUTSIDE_STAY,
    NOT_MIDWAY,
    PAPERS_MISSING,
    PAYS_IN_FULL,
    VISIT_NOT_DISCHARGED,
    VISIT_SETTLED,
    VISIT_WITHDRAWN,
    refused,
    undecided_words,
)
from services.claims.visits.wishes import check_account
from shared.kernel.dates import shanghai_date

INPATIENT = "inpatient"
REGISTERED, DISCHARGED, WITHDRAWN = "registered", "discharged", "withdrawn"
BY_LINES = "lines"
"""``Policy.year_by`` that splits the costs of a stay over the years of their days."""
BEDSIDE, WINDOW = "bedside", "window"
TO_HOSPITAL, TO_PERSON = "hospital", "person"
ADVANCED = "advanced"
"""What an accident inquiry says where the fund pays now and asks the liable third party for it."""
INTAKE, HOSPITAL_ROLE = "insurer_intake", "hospital"


def serves(role: str, channel: str) -> bool:
    """Whether a role enters what belongs to visits of a channel: hospitals their bedside visits, the intake desk those
    whose papers came to the window. Roles that enter neither are not asked."""
    if channel == WINDOW:
        return role != HOSPITAL_ROLE
    return role != INTAKE


@dataclass(frozen=True, slots=True)
class Visit:
    """A registered visit."""

    id: UUID
    institution_code: str
    institution_number: str
    member_id: UUID
    kind: str
    status: str
    admitted_at: datetime
    admitted_on: date
    discharged_at: datetime | None
    discharged_on: date | None
    diagnosis_code: str
    diagnosis_name: str
    circumstances: tuple[str, ...]
    third_party: str
    line_sheets: int
    third_party_share: int = 0
    """1/10,000 that somebody else bears: of the eligible amount where ``third_party`` is ``shared``, of what the fund
    pays where it is ``advanced``."""
    mother_id: UUID | None = None
    newborn_of: tuple[Interval, ...] = ()
    """Coverage of the mother of a newborn, where the visit was read with it."""
    elsewhere: Elsewhere | None = None
    channel: str = BEDSIDE
    """``bedside``: the hospital advances the benefit; ``window``: the patient paid in full and brought his papers."""
    submitted_on: date | None = None
    """Day on which the papers came to the window; None at the bedside."""
    missing_papers: tuple[str, ...] = ()
    """What the policy asks for at the window and has not come: it is not settled before."""
    facts_seq: int = 0
    """Counts the changes of third party, of the basic settlement made elsewhere and of papers, and a withdrawal."""

    @property
    def recover_share(self) -> int:
        """1/10,000 of the fund's layers that a third party owes the fund, which pays first (rulings §13)."""
        return self.third_party_share if self.third_party == ADVANCED else 0

    @property
    def ended_on(self) -> date:
        """The last day of the care: the discharge, for outpatients the visit."""
        return self.discharged_on or self.admitted_on

    def as_of(self, status: str, discharged_at: datetime | None, line_sheets: int) -> "Visit":
        """The visit with what may change of it; itself where nothing did."""
        if (status, discharged_at, line_sheets) == (self.status, self.discharged_at, self.line_sheets):
            return self
        left = None if discharged_at is None else shanghai_date(discharged_at)
        return replace(self, status=status, discharged_at=discharged_at, discharged_on=left, line_sheets=line_sheets)

    def input(
        self,
        settled_on: date,
        bill: Bill | None,
        granted: frozenset[str] = frozenset(),
        from_account_fen: int = 0,
        off_path: str = "",
    ) -> ClaimInput:
        """The visit as the engine reads it; without a bill where only the accumulators are asked for.

        ``granted``: circumstances that decided cases state beside those that the hospital stated at registration.
        """
        stated = granted.union(self.circumstances)
        return ClaimInput(
            kind=self.kind,
            admitted_on=self.admitted_on,
            settled_on=settled_on,
            lines=bill.lines() if bill is not None else (),
            discharged_on=self.discharged_on,
            emergency=EMERGENCY in stated,
            migrant=MIGRANT in stated,
            referred=REFERRED in stated,
            disease=self.diagnosis_code,
            from_account_fen=from_account_fen,
            off_path=off_path,
            elsewhere=self.elsewhere,
            submitted_on=self.submitted_on,
        )


@dataclass(frozen=True, slots=True)
class Ground:
    """The dated facts a decision rests on: rules, hospital, catalogue, coverage."""

    visit: Visit
    coverage: Coverage
    policy: Policy
    institution: Institution
    catalogue_version: str
    from_account_fen: int = 0
    """What the patient wants to pay from the family account, at most."""
    off_path: str = ""
    """Why the case left the agreed path of its disease, as the hospital states it."""
    insured: Mapping[int, int] = field(default_factory=dict)
    """How many of the household are insured in each year that may be the benefit year, where a cap asks for it."""

    @property
    def granted(self) -> frozenset[str]:
        """The circumstances that decided cases state for the day of admission."""
        return circumstances_on(self.coverage.entitlements, self.visit.admitted_on)

    def input(self, settled_on: date, bill: Bill | None) -> ClaimInput:
        """The visit as the engine reads it, with what cases granted."""
        return self.visit.input(settled_on, bill, self.granted, self.from_account_fen, self.off_path)

    @property
    def owners(self) -> Owners:
        """Whose accumulators count."""
        return Owners(self.visit.member_id, self.coverage.household_id)

    def keys(self, settled_on: date) -> tuple[AccumulatorKey, ...]:
        """The accumulators that a decision may read or move."""
        return accumulators(self.input(settled_on, None), self.policy)

    def household_years(self, settled_on: date) -> list[HouseholdYear]:
        """Whose insured members in which years the decision has to know; none where no cap is so much a head."""
        if not asks_for_household(self.visit.kind, self.policy):
            return []
        asked = years(self.input(settled_on, None), self.policy)
        return [(self.coverage.household_id, year) for year in asked]

    def facts(
        self,
        claim: ClaimInput,
        items: Mapping[str, Item],
        used: Mapping[AccumulatorKey, int],
        credit_fen: int = 0,
        earlier: Earlier | None = None,
    ) -> Facts:
        """What the engine is given for a claim; ``earlier`` is what other settlements of the same admission took and
        paid."""
        return Facts(
            institution=self.institution,
            coverage=self.coverage.intervals(),
            items=items,
            used=used,
            groups=self.coverage.groups_on(self.visit.admitted_on),
            birth_date=self.coverage.birth_date,
            third_party=self.visit.third_party,
            third_party_share=self.visit.third_party_share,
            earlier=earlier,
            joined=self.coverage.layers_on(self.visit.admitted_on),
            entitlements=cards(self.coverage.entitlements),
            newborn_of=self.visit.newborn_of,
            account_credit_fen=credit_fen,
            decided=self.granted,
            late_approved=late_on(self.coverage.entitlements, self.visit.ended_on),
            insured=self.insured.get(benefit_year(claim, self.policy)),
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """A settlement as decided, with all that its record holds."""

    claim: Claim
    bill: Bill
    adjudication: Adjudication
    facts: Facts
    off_path: str = ""
    """Why the case left the path of its disease: kept with the facts, since the visit does not say it."""


def settle(
    claim_id: UUID,
    ground: Ground,
    keys: tuple[AccumulatorKey, ...],
    sheets: Sequence[Sheet],
    inline: Bill | None,
    parts: Sequence[Claim],
    items: Mapping[str, Item],
    counters: Counters,
    *,
    now: datetime,
    day: date,
    by: str,
    midway: bool = False,
) -> Decided:
    """Decides a settlement and counts it on ``keys``. Raises the problem that refuses it; then nothing is counted.

    ``sheets`` are the uploads that no part has settled. ``parts`` are the live settlements of the visit; midway ones
    leave it open, and all of them together pay what one settlement of the admission pays (rulings §4).
    """
    visit = ground.visit
    check_open(visit)
    if visit.missing_papers:
        raise PAPERS_MISSING(visit_id=visit.id, papers="、".join(visit.missing_papers))
    if last := [one for one in parts if not one.midway]:
        raise VISIT_SETTLED(visit_id=visit.id, claim_id=last[0].id)
    if midway and (visit.kind != INPATIENT or visit.elsewhere is not None):
        raise NOT_MIDWAY(visit_id=visit.id)
    check_account(ground.policy, visit.id, visit.kind, ground.from_account_fen)
    if midway and ground.policy.year_by == BY_LINES:
        sheets = of_one_year(sheets, visit.admitted_on)
    uploaded = joined([sheet.bill for sheet in sheets]) if sheets else None
    bill = the_bill(visit, uploaded, inline, day, final=not midway)
    asked = ground.input(day, bill)
    check_year(asked, ground.policy)
    if midway and visit.status == DISCHARGED and not _of_an_earlier_year(asked, ground.policy):
        raise NOT_MIDWAY(visit_id=visit.id)
    used, credit_fen = counters.used(ground.owners, keys), counters.credit(ground.owners, keys)
    facts = ground.facts(asked, items, used, credit_fen, earlier_parts(parts))
    result = adjudicate(asked, facts, ground.policy)
    if result.outcome.refuses:
        facts_zh = f"就诊 {visit.id},{visit.admitted_on},方案“{ground.policy.id}”"
        facts_en = f"visit {visit.id}, {visit.admitted_on}, policy {ground.policy.id}"
        undecided = [dict(step.inputs)["code"] for step in result.trace if _is_undecided(step)]
        todo = undecided_words([str(code) for code in undecided]) if undecided else PAYS_IN_FULL
        raise refused(result.outcome, (facts_zh, facts_en), todo)
    claim = _claim(claim_id, ground, result, now=now, day=day, by=by)
    claim.sheets_to = sheets[-1].number if sheets else settled_sheets(parts)
    claim.midway, claim.part = midway, 1 + max((one.part for one in parts), default=0)
    claim.so_far = result.so_far.stored() if midway and result.so_far is not None else None
    if ground.policy.year_by == BY_LINES:
        keys = accumulators(asked, ground.policy)  # of the years that were locked the one of the bill
    counters.add(ground.owners, claim_id, visit.institution_code, keys, result.movements)
    return Decided(claim, bill, result, facts, ground.off_path)


def _of_an_earlier_year(claim: ClaimInput, policy: Policy) -> bool:
    """Whether the costs of a patient who has left may be settled in the middle: those of a year that was over before he
    left, where they are split by their days. The others are the last part."""
    return policy.year_by == BY_LINES and benefit_year(claim, policy) < claim.ended_on.year


def of_one_year(sheets: Sequence[Sheet], admitted_on: date) -> Sequence[Sheet]:
    """The first uploads whose lines lie in one year, of a stay whose costs are split by their days; at least one."""
    found: set[int] = set()
    for count, sheet in enumerate(sheets):
        found |= {(day or admitted_on).year for day in sheet.bill.days}
        if len(found) > 1:
            return sheets[: max(count, 1)]
    return sheets


def check_open(visit: Visit) -> None:
    """Raises VISIT_WITHDRAWN for a registration that was taken back."""
    if visit.status == WITHDRAWN:
        raise VISIT_WITHDRAWN(visit_id=visit.id)


def _is_undecided(step: TraceStep) -> bool:
    """Whether a step says that a stated circumstance does not count for want of a decided case."""
    return step.step == "circumstance" and dict(step.inputs)["case"] == "no"


def check_days(visit: Visit, bill: Bill, today: date) -> None:
    """Raises LINE_OUTSIDE_STAY for a line dated before the visit, after the discharge, or ahead of ``today``."""
    first, last = visit.admitted_on, visit.discharged_on or today
    for number, day in enumerate(bill.days, 1):
        if day is not None and not first <= day <= last:
            raise LINE_OUTSIDE_STAY(line=number, day=day, first=first, last=last)


def the_bill(visit: Visit, uploaded: Bill | None, inline: Bill | None, today: date, *, final: bool = True) -> Bill:
    """The lines to settle: those uploaded or those sent along, never both. Raises what the bill is refused for.

    ``final``: an inpatient has to be discharged; a quote does not wait for that.
    """
    if final and visit.kind == INPATIENT and visit.status != DISCHARGED:
        raise VISIT_NOT_DISCHARGED(visit_id=visit.id)
    if uploaded is not None and inline is not None:
        raise BILL_TWICE(visit_id=visit.id)
    bill = inline if inline is not None else uploaded
    if visit.elsewhere is not None:
        if bill is not None:
            raise BILL_AND_ELSEWHERE(visit_id=visit.id)
        return EMPTY
    if bill is None or not any(bill.amounts_fen):
        raise BILL_EMPTY(visit_id=visit.id)
    check_days(visit, bill, today)
    return bill


def _claim(claim_id: UUID, ground: Ground, result: Adjudication, *, now: datetime, day: date, by: str) -> Claim:
    visit, coverage = ground.visit, ground.coverage
    return Claim(
        id=claim_id,
        institution_code=visit.institution_code,
        visit_id=visit.id,
        member_id=visit.member_id,
        household_id=coverage.household_id,
        township_code=coverage.township_code,
        kind=visit.kind,
        status=SETTLED,
        version=1,
        admitted_on=visit.admitted_on,
        discharged_on=visit.discharged_on,
        settled_on=day,
        settled_at=now,
        settled_by=by,
        benefit_year=result.benefit_year,
        outcome=result.outcome.value,
        total_fen=result.total_fen,
        eligible_fen=result.eligible_fen,
        benefit_fen=result.benefit_fen,
        account_fen=result.account_fen,
        elsewhere_fen=result.elsewhere_fen,
        hospital_fen=result.hospital_fen,
        payable_fen=result.benefit_fen + result.account_fen,
        paid_to=TO_PERSON if visit.channel == WINDOW else TO_HOSPITAL,
        deductible_fen=result.deductible_fen,
        policy_id=result.policy_id,
        policy_hash=result.policy_hash,
        catalogue_version=ground.catalogue_version,
        coverage_sequence=coverage.sequence,
        layers=stored_layers(
            result.layers if result.account is None else (*result.layers, result.account), visit.recover_share
        ),
    )
