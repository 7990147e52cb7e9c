"""Registering institutions and recording agreements; the agency alone decides (rulings §12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.providers import store
from services.claims.providers.queries import INSTITUTION_UNKNOWN
from shared.db.personal import Sealer
from shared.http.preconditions import Precondition, etag
from shared.http.unit import ServiceState, Unit
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import define
from shared.kernel.ids import new_id

DECIDERS = ("county_director", "city_health")
INSTITUTION, AGREEMENT = "institution", "agreement"

INSTITUTION_ELSEWHERE = define(
    "institution_elsewhere",
    403,
    "不是本县的医疗机构",
    "Not an institution of your county",
    "医疗机构 {institution_code} 已由外地登记(地区 {area_code});县级只能变更本县的机构,请由市级变更。",
    "Institution {institution_code} is registered in {area_code}: a county changes its own, the city the others.",
)
AGREEMENT_UNKNOWN = define(
    "agreement_unknown",
    404,
    "没有定点协议",
    "No agreement",
    "医疗机构 {institution_code} 在 {day} 与统筹区 {pool_code} 没有定点协议。",
    "Institution {institution_code} has no agreement with pool {pool_code} on {day}.",
)
KINDS_MISSING = define(
    "agreement_without_kinds",
    422,
    "协议没有写明服务种类",
    "The agreement names no kind of care",
    "请写明协议包括的服务种类(住院“inpatient”、门诊“outpatient”)。",
    "Name the kinds of care that the agreement covers (inpatient, outpatient).",
)
AGREEMENT_AHEAD = define(
    "agreement_decided_in_the_future",
    422,
    "决定日期还没有到",
    "The decision lies in the future",
    "决定日期 {decided_on} 晚于今天 {today},请填写文件的日期。",
    "The decision is dated {decided_on} and today is {today}: give the date of the document.",
)


@dataclass(frozen=True, slots=True)
class InstitutionState:
    """What an institution is from a day on."""

    valid_from: date
    name: str
    level: str
    ownership: str
    area_code: str


@dataclass(frozen=True, slots=True)
class AgreementState:
    """What an agreement says from a day on; the account is in clear here and sealed in the column."""

    valid_from: date
    state: str
    kinds: list[str]
    """In order, each once."""
    grade: str
    place: str | None
    payee: str
    bank_name: str
    bank_account: str
    document_number: str
    decided_on: date


def sealer_of(app: ServiceState) -> Sealer:
    """The process's sealer for personal data, made at first use."""
    sealer = app.resources.get("sealer")
    if not isinstance(sealer, Sealer):
        sealer = app.resources["sealer"] = Sealer(app.settings.personal_keys())
    return sealer


def start_tag(kind: str, row: Any) -> str | None:
    """The ETag of what counts on a day: the start that it rests on; None where there is none."""
    return None if row is None else etag(kind, row["valid_from"].isoformat(), row["recorded_seq"])


def _is_there(expected: Precondition, kind: str, row: Any, wanted: InstitutionState | AgreementState) -> bool:
    """Whether the day's start says what is wanted already: then nothing is recorded (decision 0041).

    A start on a new day adds to the timeline and takes nothing away; another one on a day that has a start corrects it,
    which takes the ETag of what is corrected.
    """
    on_its_day = row is not None and row["valid_from"] == wanted.valid_from
    same = on_its_day and all(row[name] == getattr(wanted, name) for name in wanted.__dataclass_fields__)
    expected.check(start_tag(kind, row), needed=on_its_day and not same)
    return same


async def put_institution(unit: Unit, code: str, wanted: InstitutionState, expected: Precondition) -> None:
    """Registers an institution, or records what it is from a day on. Raises what ``expected`` raises besides."""
    known = await store.institution(unit.conn, code, None)
    if known is not None and unit.actor.role != "city_health":
        for area_code in (known["area_code"], wanted.area_code):
            if area_code[:6] not in unit.actor.pools:
                raise INSTITUTION_ELSEWHERE(institution_code=code, area_code=area_code)
    await store.lock(unit.conn, code)
    current = await store.institution(unit.conn, code, wanted.valid_from)
    if not _is_there(expected, INSTITUTION, current, wanted):
        described = (wanted.name, wanted.level, wanted.ownership, wanted.area_code)
        await store.put_institution(unit.conn, code, wanted.valid_from, described, unit.actor.subject, unit.now)
    unit.result("institution", code)
    unit.note(level=wanted.level, ownership=wanted.ownership, valid_from=wanted.valid_from.isoformat())


async def put_agreement(unit: Unit, institution_code: str, wanted: AgreementState, expected: Precondition) -> None:
    """Records what the agreement says from a day on; an end is the state `none`.

    Raises AGREEMENT_AHEAD, KINDS_MISSING, INSTITUTION_UNKNOWN, and what ``expected`` raises.
    """
    today = shanghai_date(unit.now)
    if wanted.decided_on > today:
        raise AGREEMENT_AHEAD(decided_on=wanted.decided_on, today=today)
    if wanted.state != "none" and not wanted.kinds:
        raise KINDS_MISSING()
    if await store.institution(unit.conn, institution_code, wanted.valid_from) is None:
        raise INSTITUTION_UNKNOWN(institution_code=institution_code, day=wanted.valid_from)
    await store.lock(unit.conn, f"{unit.pool_code}:{institution_code}")
    known = await store.agreement(unit.conn, unit.pool_code, institution_code, wanted.valid_from)
    in_clear = None if known is None else dict(known) | {"bank_account": account_of(unit.app, known)}
    if _is_there(expected, AGREEMENT, in_clear, wanted):
        unit.result("agreement", known["id"])
        return
    agreement_id = new_id(unit.now)
    members = [getattr(wanted, name) for name in ("state", "kinds", "grade", "place", "payee", "bank_name")]
    await store.put_agreement(
        unit.conn,
        unit.pool_code,
        institution_code,
        wanted.valid_from,
        agreement_id,
        *members,
        *_sealed(unit, agreement_id, wanted.bank_account),
        wanted.document_number,
        wanted.decided_on,
        unit.actor.subject,
        unit.now,
    )
    unit.result("agreement", agreement_id)
    unit.note(institution_code=institution_code, state=wanted.state, document_number=wanted.document_number)


def account_of(app: ServiceState, row: Any) -> str:
    """The bank account of an agreement's row in clear."""
    return sealer_of(app).open("agreement", "bank_account", row["id"], row["bank_account"])


def _sealed(unit: Unit, agreement_id: UUID, bank_account: str) -> tuple[bytes, bytes]:
    sealer = sealer_of(unit.app)
    sealed = sealer.seal("agreement", "bank_account", agreement_id, bank_account)
    return sealed, sealer.blind_index("bank_account", bank_account)
