"""Registering a visit, its lines and its discharge. Each takes the request's transaction and never commits."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from services.claims.benefits.model import Outcome
from services.claims.providers.queries import institution_on
from services.claims.visits import coverage_store, store
from services.claims.visits.asking import EnrollmentDesk
from services.claims.visits.bill import VISIT_LINES_MAX, Bill
from services.claims.visits.coverage import ID_NUMBER, Coverage
from services.claims.visits.deciding import DISCHARGED, HOSPITAL_ROLE, INPATIENT, Visit, check_days, check_open, serves
from services.claims.visits.elsewhere import Given
from services.claims.visits.problems import (
    BILL_AND_ELSEWHERE,
    BILL_TOO_LONG,
    DISCHARGE,
    DISCHARGE_BEFORE_ADMISSION,
    ELSEWHERE_LINES,
    ELSEWHERE_PERSON,
    ELSEWHERE_SUMS,
    ELSEWHERE_TWICE,
    FIELD_WORDS,
    MEMBER_UNKNOWN,
    NOT_A_NEWBORN,
    OWN_MOTHER,
    SHEET_UNKNOWN,
    TIME_AHEAD,
    VISIT_EXISTS,
    VISIT_NOT_YOURS,
    VISIT_NUMBER_USED,
    VISIT_SETTLED,
    VISIT_STATE,
    VISIT_UNKNOWN,
    VISIT_WORDS,
    refused,
)
from services.claims.visits.settling import DESK
from shared.db.personal import Sealer
from shared.http.problems import FORBIDDEN_INSTITUTION
from shared.http.unit import Unit
from shared.kernel.dates import shanghai_date, shanghai_time, too_far_ahead
from shared.kernel.id_numbers import normal_form

NEWBORN_AT_MOST = timedelta(days=365)
"""The longest that a policy may let a child be covered by its mother."""


async def member_coverage(unit: Unit, member_id: UUID) -> Coverage:
    """What is known of a member; enrollment is asked about one never heard of. Raises MEMBER_UNKNOWN."""
    known = await coverage_store.of_member(unit.conn, unit.pool_code, member_id)
    if known is not None:
        return known
    desk: EnrollmentDesk = unit.app.resources[DESK]
    question = ("coverage", member_id)
    told = unit.ask({question: partial(desk.of_member, unit.pool_code, member_id)})[question]
    return await _learnt(unit, told)


async def member_with(unit: Unit, id_number: str) -> Coverage:
    """The member with an ID number, in the same way. Raises MEMBER_UNKNOWN."""
    index = Sealer(unit.settings.personal_keys()).blind_index(ID_NUMBER, normal_form(id_number))
    known = await coverage_store.by_index(unit.conn, unit.pool_code, index)
    if known is not None:
        return known
    desk: EnrollmentDesk = unit.app.resources[DESK]
    question = ("index", index)
    answer = unit.ask({question: partial(desk.by_index, unit.pool_code, index)})[question]
    return await _learnt(unit, None if answer is None else answer[0])


async def _learnt(unit: Unit, told: Coverage | None) -> Coverage:
    if told is None:
        raise MEMBER_UNKNOWN(pool_code=unit.pool_code)
    await coverage_store.replace(unit.conn, unit.pool_code, told, coverage_store.ANSWER, unit.now)
    return told


def check_stay(admitted_at: datetime, discharged_at: datetime) -> None:
    """Raises DISCHARGE_BEFORE_ADMISSION."""
    if discharged_at < admitted_at:
        raise DISCHARGE_BEFORE_ADMISSION(
            discharged_at=shanghai_time(discharged_at), admitted_at=shanghai_time(admitted_at)
        )


async def register(unit: Unit, new: Visit) -> tuple[Visit, bool]:
    """Registers a visit under the client's id; False where the same visit was registered before.

    Raises FORBIDDEN_INSTITUTION, TIME_AHEAD, MEMBER_UNKNOWN, OWN_MOTHER, NOT_A_NEWBORN, VISIT_EXISTS,
    VISIT_NUMBER_USED, and the refusal of a suspended hospital (rulings §12: patients admitted before are settled to
    discharge, new ones are refused).
    """
    own = unit.actor.institutions
    if new.institution_code not in own:
        raise FORBIDDEN_INSTITUTION(institution_code=new.institution_code)
    if too_far_ahead(new.admitted_at, unit.now):
        raise TIME_AHEAD(field=FIELD_WORDS["admitted_at"])
    child = await member_coverage(unit, new.member_id)
    if new.mother_id is not None:
        if new.mother_id == new.member_id:
            raise OWN_MOTHER()
        if new.admitted_on > child.birth_date + NEWBORN_AT_MOST:
            raise NOT_A_NEWBORN(birth_date=child.birth_date)
        await member_coverage(unit, new.mother_id)
    return await record(unit, new)


async def record(unit: Unit, new: Visit) -> tuple[Visit, bool]:
    """Writes a visit of a known member; False where the same visit was registered before.

    Raises VISIT_EXISTS, VISIT_WITHDRAWN, VISIT_NUMBER_USED, the refusal of a suspended hospital and that of an unknown
    one.
    """
    place = await institution_on(unit.conn, unit.pool_code, new.institution_code, new.admitted_on)
    if place.suspended:
        at_hospital = f"{new.institution_code},{new.admitted_on}"
        raise refused(Outcome.INSTITUTION_SUSPENDED, (at_hospital, at_hospital))
    if await store.register(unit.conn, unit.pool_code, new, now=unit.now, by=unit.actor.subject):
        return new, True
    known = await store.visit(unit.conn, unit.pool_code, new.id)
    if known is None:
        return await _taken(unit, new)
    check_open(known)
    if _same(known, new):
        return known, False
    raise VISIT_EXISTS(visit_id=new.id)


async def _taken(unit: Unit, new: Visit) -> tuple[Visit, bool]:
    """Tells which of the two keys is taken; an id of another hospital's visit is told without its facts."""
    other = await store.visit_with_number(unit.conn, unit.pool_code, new.institution_code, new.institution_number)
    if other is not None:
        raise VISIT_NUMBER_USED(number=new.institution_number, visit_id=other)
    raise VISIT_EXISTS(visit_id=new.id)


def _same(known: Visit, new: Visit) -> bool:
    """Whether a registration says again what is registered; what came later (discharge, lines) does not matter."""
    facts = ("institution_code", "institution_number", "member_id", "kind", "admitted_at", "diagnosis_code",
             "diagnosis_name", "circumstances", "mother_id", "channel")  # fmt: skip
    accident = (known.third_party == "none") == (new.third_party == "none") or known.facts_seq > 0
    return accident and all(getattr(known, fact) == getattr(new, fact) for fact in facts)


async def known_visit(unit: Unit, visit_id: UUID) -> Visit:
    """A visit that the caller may see. Raises VISIT_UNKNOWN."""
    visit = await store.visit(unit.conn, unit.pool_code, visit_id)
    if visit is None:
        raise VISIT_UNKNOWN(visit_id=visit_id)
    return visit


async def open_visit(unit: Unit, visit_id: UUID) -> Visit:
    """Locks a visit that is not settled. Raises VISIT_UNKNOWN, VISIT_WITHDRAWN, VISIT_SETTLED."""
    visit = await store.visit(unit.conn, unit.pool_code, visit_id, lock=True)
    if visit is None:
        raise VISIT_UNKNOWN(visit_id=visit_id)
    check_open(visit)
    claim_id = await store.live_claim(unit.conn, unit.pool_code, visit_id)
    if claim_id is not None:
        raise VISIT_SETTLED(visit_id=visit_id, claim_id=claim_id)
    return visit


def check_desk(unit: Unit, visit: Visit) -> Visit:
    """The visit, where it is this caller's to enter. Raises VISIT_NOT_YOURS."""
    if not serves(unit.actor.role, visit.channel):
        raise VISIT_NOT_YOURS(visit_id=visit.id)
    return visit


async def add_lines(unit: Unit, visit_id: UUID, bill: Bill) -> tuple[int, int, int]:
    """Adds an upload to a visit: its number, and lines and sum in fen of all uploads. Raises BILL_TOO_LONG besides."""
    visit = check_desk(unit, await open_visit(unit, visit_id))
    if visit.elsewhere is not None:
        raise BILL_AND_ELSEWHERE(visit_id=visit_id)
    check_days(visit, bill, max(shanghai_date(unit.now), visit.admitted_on))
    lines, total_fen = await standing(unit, visit_id)
    if lines + len(bill) > VISIT_LINES_MAX:
        raise BILL_TOO_LONG(limit=VISIT_LINES_MAX)
    sheet = await store.add_sheet(unit.conn, unit.pool_code, visit, bill, now=unit.now, by=unit.actor.subject)
    return sheet, lines + len(bill), total_fen + sum(bill.amounts_fen)


async def standing(unit: Unit, visit_id: UUID) -> tuple[int, int]:
    """Lines that the bill of a visit has by now, and their sum in fen."""
    counted = [one for one in await store.uploads(unit.conn, unit.pool_code, visit_id) if one.counts]
    return sum(one.lines for one in counted), sum(one.total_fen for one in counted)


async def withdraw_lines(unit: Unit, visit_id: UUID, sheet: int) -> None:
    """Takes an upload out of the bill of a visit that is not settled.

    The upload stays as it came, and a second withdrawal changes nothing. Raises VISIT_UNKNOWN, VISIT_NOT_YOURS,
    VISIT_SETTLED, SHEET_UNKNOWN.
    """
    visit = check_desk(unit, await open_visit(unit, visit_id))
    if not 0 < sheet <= visit.line_sheets:
        raise SHEET_UNKNOWN(visit_id=visit_id, sheet=sheet)
    for part in await store.parts(unit.conn, unit.pool_code, visit_id):
        if sheet <= part.sheets_to:
            raise VISIT_SETTLED(visit_id=visit_id, claim_id=part.id)
    await store.withdraw_sheet(unit.conn, unit.pool_code, visit, sheet, now=unit.now, by=unit.actor.subject)


async def settled_elsewhere(unit: Unit, visit_id: UUID, given: Given, id_number: str) -> Visit:
    """Keeps the basic settlement that another system made of a visit: its layers above start from it (rulings §3).

    Taken as given. Raises ELSEWHERE_SUMS where it does not add up, ELSEWHERE_PERSON where it is somebody else's,
    ELSEWHERE_TWICE where another visit rests on it, ELSEWHERE_LINES where fee lines were uploaded, VISIT_SETTLED.
    """
    if not given.adds_up:
        raise ELSEWHERE_SUMS()
    visit = await open_visit(unit, visit_id)
    if unit.actor.role == HOSPITAL_ROLE:  # the intake desk enters it for both kinds of visits
        check_desk(unit, visit)
    if parts := await store.parts(unit.conn, unit.pool_code, visit_id):
        raise VISIT_SETTLED(visit_id=visit_id, claim_id=parts[0].id)
    if visit.line_sheets and (await standing(unit, visit_id))[0]:
        raise ELSEWHERE_LINES(visit_id=visit_id)
    coverage = await member_coverage(unit, visit.member_id)
    index = Sealer(unit.settings.personal_keys()).blind_index(ID_NUMBER, normal_form(id_number))
    if index != coverage.blind_index:
        raise ELSEWHERE_PERSON(visit_id=visit_id)
    other = await store.set_elsewhere(unit.conn, unit.pool_code, visit_id, given)
    if other is not None:
        raise ELSEWHERE_TWICE(settlement=given.settlement)
    return await known_visit(unit, visit_id)


async def discharge(unit: Unit, visit_id: UUID, at: datetime) -> Visit:
    """Discharges an inpatient, once. Raises DISCHARGE_BEFORE_ADMISSION, TIME_AHEAD, VISIT_STATE besides."""
    visit = check_desk(unit, await open_visit(unit, visit_id))
    if visit.kind != INPATIENT or (visit.status == DISCHARGED and visit.discharged_at != at):
        raise VISIT_STATE(visit_id=visit_id, status=VISIT_WORDS[visit.kind, visit.status], act=DISCHARGE)
    check_stay(visit.admitted_at, at)
    if too_far_ahead(at, unit.now):
        raise TIME_AHEAD(field=FIELD_WORDS["discharged_at"])
    await store.discharge(unit.conn, unit.pool_code, visit_id, at)
    changed = await store.visit(unit.conn, unit.pool_code, visit_id)
    assert changed is not None
    return changed
