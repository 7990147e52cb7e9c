"""Routes of institutions and their agreements with pools."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Response
from pydantic import BeforeValidator, Field

from services.claims.benefits.schema import Level, Place
from services.claims.providers import commands, sheets, store
from services.claims.providers.commands import AGREEMENT_UNKNOWN, AgreementState, InstitutionState
from services.claims.providers.queries import INSTITUTION_UNKNOWN
from shared.contracts.wire import FreeText, Reason, WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.http.preconditions import PreconditionDep, show
from shared.http.problems import PRECONDITION_FAILED, PRECONDITION_REQUIRED, documented
from shared.http.roles import ROLES
from shared.http.unit import UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(tags=["providers"])
READERS = sorted(ROLES - {"public", "operator", "sponsor"})
InstitutionCode = Annotated[str, Path(pattern=r"^[A-Z0-9]{12}$")]
Kind = Literal["inpatient", "outpatient"]
Name = Annotated[str, Field(min_length=1, max_length=200)]


def _digits(value: Any) -> Any:
    """An account as banks print it, in groups, is the same account."""
    return value.replace(" ", "").replace("-", "") if isinstance(value, str) else value


BankAccount = Annotated[str, BeforeValidator(_digits), Field(pattern=r"^[0-9]{8,32}$")]
On = Annotated[date | None, Query(description="day asked about; today where not given")]


class InstitutionIn(WireModel):
    """What the institution is from a day on."""

    valid_from: date
    name: Name
    level: Level
    ownership: Literal["public", "private"]
    area_code: Annotated[str, Field(pattern=r"^[0-9]{6,12}$")]


class InstitutionOut(InstitutionIn):
    """An institution on a day."""

    code: str


class AgreementIn(WireModel):
    """What the agreement says from a day on; `none` ends it, `suspended` refuses new registrations."""

    valid_from: date
    state: Literal["active", "suspended", "none"] = "active"
    kinds: Annotated[list[Kind], Field(max_length=20)]
    grade: Annotated[FreeText, Field(max_length=20)] = ""
    place: Place | None = None
    payee: Name
    bank_name: Name
    bank_account: BankAccount
    document_number: Annotated[Reason, Field(max_length=100)]
    decided_on: date


class AgreementOut(WireModel):
    """An agreement on a day; of the bank account the last four digits."""

    pool_code: str
    institution_code: str
    valid_from: date
    recorded_seq: int
    state: Literal["active", "suspended", "none"]
    kinds: list[Kind]
    grade: str
    place: Place | None
    payee: str
    bank_name: str
    bank_account_masked: str
    document_number: str
    decided_on: date


class PayeeAccount(WireModel):
    """Where the benefits that an institution has advanced are paid to."""

    institution_code: str
    payee: str
    bank_name: str
    bank_account: str
    agreement_from: date
    recorded_seq: int


@router.put(
    "/institutions/{institution_code}",
    openapi_extra=access(commands.DECIDERS, scope="free", command="put_institution", bulk="/institutions/bulk"),
    responses=documented(commands.INSTITUTION_ELSEWHERE, PRECONDITION_FAILED, PRECONDITION_REQUIRED),
)
async def put_institution(
    institution_code: InstitutionCode, body: InstitutionIn, unit: UnitDep, expected: PreconditionDep, response: Response
) -> InstitutionOut:
    """Registers an institution, or records what it is from a day on; correcting a day's start needs its ETag."""
    wanted = InstitutionState(body.valid_from, body.name, body.level, body.ownership, body.area_code)
    await commands.put_institution(unit, institution_code, wanted, expected)
    return await read_institution(institution_code, unit, response, body.valid_from)


@router.get(
    "/institutions", openapi_extra=access(READERS, scope="free", command="list_institutions") | sheets.INSTITUTIONS
)
async def list_institutions(
    unit: UnitDep, on: On = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[InstitutionOut]:
    """Institutions in order of their code."""
    after = decode_cursor(cursor, 1)
    day = on or shanghai_date(unit.now)
    rows = await store.institutions(unit.conn, str(after[0]) if after else "", day, limit + 1)
    items = [InstitutionOut.model_validate(dict(row)) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].code) if len(rows) > limit else None)


@router.get(
    "/institutions/{institution_code}",
    openapi_extra=access(READERS, scope="free", command="read_institution"),
    responses=documented(INSTITUTION_UNKNOWN),
)
async def read_institution(
    institution_code: InstitutionCode, unit: UnitDep, response: Response, on: On = None
) -> InstitutionOut:
    """One institution on a day, with the ETag of the start that counts on it."""
    day = on or shanghai_date(unit.now)
    row = await store.institution(unit.conn, institution_code, day)
    if row is None:
        raise INSTITUTION_UNKNOWN(institution_code=institution_code, day=day)
    show(response, commands.start_tag(commands.INSTITUTION, row) or "")
    return InstitutionOut.model_validate({name: row[name] for name in InstitutionOut.model_fields})


@router.put(
    "/pools/{pool_code}/agreements/{institution_code}",
    openapi_extra=access(commands.DECIDERS, command="put_agreement", bulk="/pools/{pool_code}/agreements/bulk"),
    responses=documented(
        INSTITUTION_UNKNOWN,
        commands.KINDS_MISSING,
        commands.AGREEMENT_AHEAD,
        PRECONDITION_FAILED,
        PRECONDITION_REQUIRED,
    ),
)
async def put_agreement(
    pool_code: str,
    institution_code: InstitutionCode,
    body: AgreementIn,
    unit: UnitDep,
    expected: PreconditionDep,
    response: Response,
) -> AgreementOut:
    """Records what the agreement says from a day on, with the document that decided it; correcting a day's start
    needs its ETag."""
    members = body.model_dump() | {"kinds": sorted(set(body.kinds))}
    await commands.put_agreement(unit, institution_code, AgreementState(**members), expected)
    return await read_agreement(pool_code, institution_code, unit, response, body.valid_from)


@router.get(
    "/pools/{pool_code}/agreements",
    openapi_extra=access(READERS, command="list_agreements") | sheets.AGREEMENTS,
)
async def list_agreements(
    pool_code: str, unit: UnitDep, on: On = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[AgreementOut]:
    """The agreements of the pool as they stand on a day; a hospital sees its own."""
    after = decode_cursor(cursor, 1)
    day = on or shanghai_date(unit.now)
    rows = await store.agreements(unit.conn, pool_code, str(after[0]) if after else "", day, limit + 1)
    items = [_agreement(unit, row) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].institution_code) if len(rows) > limit else None)


@router.get(
    "/pools/{pool_code}/agreements/{institution_code}",
    openapi_extra=access(READERS, scope="institution", command="read_agreement"),
    responses=documented(AGREEMENT_UNKNOWN),
)
async def read_agreement(
    pool_code: str, institution_code: InstitutionCode, unit: UnitDep, response: Response, on: On = None
) -> AgreementOut:
    """The agreement as it stands on a day, with the ETag of the start that counts on it."""
    row = await _found(unit, institution_code, on)
    show(response, commands.start_tag(commands.AGREEMENT, row) or "")
    return _agreement(unit, row)


@router.get(
    "/pools/{pool_code}/agreements/{institution_code}/account",
    openapi_extra=access(["service", "insurer_finance", "auditor"], command="read_payee_account", personal=True),
    responses=documented(AGREEMENT_UNKNOWN),
)
async def read_payee_account(
    pool_code: str, institution_code: InstitutionCode, unit: UnitDep, on: On = None
) -> PayeeAccount:
    """The whole bank account of the agreement, for a payment; each reading by a person is logged."""
    row = await _found(unit, institution_code, on)
    unit.result("agreement", row["id"])
    return PayeeAccount(
        institution_code=institution_code,
        payee=row["payee"],
        bank_name=row["bank_name"],
        bank_account=_account(unit, row),
        agreement_from=row["valid_from"],
        recorded_seq=row["recorded_seq"],
    )


async def _found(unit: UnitDep, institution_code: str, on: date | None) -> Any:
    day = on or shanghai_date(unit.now)
    row = await store.agreement(unit.conn, unit.pool_code, institution_code, day)
    if row is None:
        raise AGREEMENT_UNKNOWN(institution_code=institution_code, pool_code=unit.pool_code, day=day)
    return row


def _account(unit: UnitDep, row: Any) -> str:
    return commands.account_of(unit.app, row)


def _agreement(unit: UnitDep, row: Any) -> AgreementOut:
    members = {name: row[name] for name in AgreementOut.model_fields if name != "bank_account_masked"}
    return AgreementOut(**members, bank_account_masked="*" * 6 + _account(unit, row)[-4:])
