"""Routes of financing: year standards, bills, sponsorships, subsidies due, totals, corrections, the closed day."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path, Query
from pydantic import Field

from services.enrollment.financing import sheets, store
from services.enrollment.financing import sponsorships as sponsorship_commands
from services.enrollment.financing.billing import standard_for
from services.enrollment.financing.closing import close_day
from services.enrollment.financing.corrections import correct, enrol_newborn
from services.enrollment.financing.dues import count_dues
from services.enrollment.financing.receipts import NewReceipt, collect, remit
from services.enrollment.financing.rules import collected_from
from services.enrollment.financing.standards import NewStandard, put_standard
from services.enrollment.financing.totals import Totals, added_up, totals_of_year
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.groups import CODES
from services.enrollment.registry.identity import Identity, mask_name, read_identity
from services.enrollment.registry.model import LEVELS, Newborn, within
from services.enrollment.registry.territory import (
    areas_named,
    areas_of,
    household_within,
    member_within,
    sees_whole_pool,
)
from services.enrollment.registry.texts import Reason, ReceiptNumber, Text60
from shared.contracts.wire import WireModel, Yuan
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, read_cursor
from shared.http.problems import NOT_FOUND, from_validation
from shared.http.unit import UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])

PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]
Year = Annotated[int, Path(ge=2003, le=2200)]
YearQuery = Annotated[int, Query(ge=2003, le=2200)]
Township = Annotated[str, Field(pattern=r"^\d{7,9}$")]
Level = Literal["central", "province", "city", "county"]

MONEY_READERS = (
    "township_clerk",
    "township_director",
    "county_recheck",
    "county_inspector",
    "county_director",
    "city_health",
    "county_finance",
    "city_finance",
    "insurer_manager",
    "insurer_finance",
    "auditor",
    "supervisor",
    "service",
)
NAMES_IN_FULL = frozenset(
    {"township_clerk", "township_director", "county_recheck", "county_inspector", "county_director", "auditor"}
)
"""Who reads the name of a head of household on its bill: those who collect at the door or keep the register."""
ID_NUMBER_UNFIT = "身份证号有误,或与出生日期、性别不一致 / no sound ID number of that birth date and sex"
RECEIPTS_MAX_BYTES = 512 * 1024
_FIRST_ID = UUID(int=0)


class Subsidies(WireModel):
    """What each fiscal level adds a head."""

    central: Yuan
    province: Yuan
    city: Yuan
    county: Yuan


class StandardBody(WireModel):
    """A coverage year: what it costs and when it runs.

    Paid by ``collection_until`` (the first covered day unless stated): covered from ``coverage_from``; later by
    ``late_start``. No payment is older than ``collection_from`` (half a year ahead of coverage unless stated).
    """

    premium: Yuan
    subsidies: Subsidies
    coverage_from: date
    coverage_to: date
    collection_from: date | None = None
    collection_until: date | None = None
    late_start: Literal["payment_day", "next_day", "next_month", "refused"] = "payment_day"
    document_number: Text60 | None = None


class StandardAnswer(WireModel):
    """A year's standard as recorded."""

    pool_code: str
    year: int
    premium: Yuan
    subsidies: Subsidies
    coverage_from: date
    coverage_to: date
    collection_from: date
    collection_until: date
    late_start: str


class BillItem(WireModel):
    """A household's bill of a year."""

    bill_id: UUID
    household_id: UUID
    township_code: str
    village_code: str
    village_name: str
    group: str
    household_number: str
    head_name: str | None
    """Masked for those who neither collect nor keep the register; null where the household has no head yet."""
    year: int
    amount: Yuan
    paid: Yuan
    open: Yuan
    refunded: Yuan
    last_paid_on: date | None


class ReceiptBody(WireModel):
    """One receipt of a collector."""

    receipt_number: ReceiptNumber
    bill_id: UUID
    amount: Annotated[Yuan, Field(gt=0)]
    paid_on: date


class ReceiptsBody(WireModel):
    """Receipts that are booked all together or not at all."""

    receipts: Annotated[list[ReceiptBody], Field(min_length=1, max_length=1000)]


class ReceiptsAnswer(WireModel):
    """What the receipts did."""

    receipt_ids: list[UUID]
    amount: Yuan
    bills_complete: int
    members_covered: int


class RemittanceBody(WireModel):
    """A township's receipts, by number or up to a day of payment, sent on to the income account."""

    township_code: Township
    receipt_numbers: Annotated[list[str], Field(min_length=1, max_length=5000)] | None = None
    up_to: date | None = None
    remitted_on: date | None = None


class YearAmount(WireModel):
    """An amount of one coverage year."""

    year: int
    amount: Yuan


class RemittanceAnswer(WireModel):
    """A recorded remittance; ``number`` is the one for people."""

    remittance_id: UUID
    number: Number
    township_code: str
    amount: Yuan
    receipt_count: int
    by_year: list[YearAmount]
    remitted_on: date


class SponsorshipBody(WireModel):
    """Who pays the premiums of a group: all of it, or the members named."""

    sponsor: Text60
    year: Annotated[int, Field(ge=2003, le=2200)]
    group: str
    member_ids: Annotated[list[UUID], Field(min_length=1, max_length=5000)] | None = None


class SponsorshipAnswer(WireModel):
    """A sponsorship and where it stands."""

    sponsorship_id: UUID
    sponsor: str
    group: str
    year: int
    head_count: int
    amount: Yuan
    status: Literal["applied", "confirmed", "refused"]
    applied_at: datetime
    decided_at: datetime | None
    reason: str | None


class ConfirmationBody(WireModel):
    """County finance confirms; nothing else is to be said."""


class RefusalBody(WireModel):
    """Why county finance sends an application back."""

    reason: Reason


class DuesBody(WireModel):
    """``audited_head_count``, where given, has to equal the register's: the dues are confirmed by it."""

    audited_head_count: Annotated[int, Field(ge=0, le=100_000_000)] | None = None


class DueItem(WireModel):
    """What one level owes by one payer; ``change`` is against the revision before."""

    due_id: UUID
    revision: int
    level: Level
    payer: str
    head_count: int
    standard: Yuan
    total: Yuan
    change: Yuan
    audited: bool


class DuesAnswer(WireModel):
    """The dues of a coverage year."""

    year: int
    head_count: int
    total: Yuan
    dues: list[DueItem]


class TotalsItem(WireModel):
    """Counts of households and members, and premiums: asked for, collected, remitted, refunded, open, still with the
    township."""

    households: int
    complete: int
    members: int
    covered: int
    to_verify: int
    excused: int
    sponsored: int
    receipts: int
    billed: Yuan
    collected: Yuan
    remitted: Yuan
    refunded: Yuan
    on_hand: Yuan
    open: Yuan
    sponsored_amount: Yuan


class TownshipTotals(TotalsItem):
    """The totals of one township."""

    township_code: str


class DueTotal(WireModel):
    """The newest due of a level and payer."""

    due_id: UUID
    level: Level
    payer: str
    head_count: int
    total: Yuan


class FinancingAnswer(WireModel):
    """The enrollment side of identity (a) for a coverage year; townships add up to the pool."""

    pool_code: str
    year: int
    pool: TotalsItem
    townships: list[TownshipTotals]
    dues: list[DueTotal]


class CorrectionBody(WireModel):
    """What happened and since when: lapse and reinstatement from the day, death on it, birth on it."""

    kind: Literal["lapse", "death", "birth", "reinstatement"]
    effective_on: date
    reason: Reason


class CorrectionAnswer(WireModel):
    """The member whose coverage changed."""

    member_id: UUID
    kind: str
    effective_on: date


class NewbornBody(WireModel):
    """A newborn of a household; the ID number may be missing."""

    name: Text60
    sex: Literal["male", "female"]
    birth_date: date
    relation: Literal["son", "daughter", "grandchild", "other"] | None = None
    """The son or the daughter of the head unless stated."""
    id_number: Annotated[str, Field(max_length=30)] | None = None


class NewbornAnswer(WireModel):
    """The newborn as a member, covered from birth."""

    member_id: UUID
    covered_from: date


class DayAnswer(WireModel):
    """A closed business day with what was published in it."""

    pool_code: str
    day: date
    totals: list["DayTotalItem"]


class DayTotalItem(WireModel):
    """Events of one type."""

    type: str
    count: int
    amount: Yuan


@router.put("/pools/{pool_code}/standards/{year}", openapi_extra=access(("county_director",), command="put_standard"))
async def record_standard(pool_code: PoolCode, year: Year, body: StandardBody, unit: UnitDep) -> StandardAnswer:
    """Records what a coverage year costs and when it runs; recorded once."""
    new = NewStandard(
        year=year,
        premium_fen=body.premium,
        subsidies_fen={level: getattr(body.subsidies, level) for level in LEVELS},
        coverage_from=body.coverage_from,
        coverage_to=body.coverage_to,
        collection_from=body.collection_from or collected_from(body.coverage_from),
        collection_until=body.collection_until or body.coverage_from,
        late_start=body.late_start,
        document_number=body.document_number,
    )
    await put_standard(unit.conn, pool_code, new, unit.actor.subject, unit.now)
    unit.result("standard", year)
    return await read_standard(pool_code, year, unit)


@router.get("/pools/{pool_code}/standards/{year}", openapi_extra=access(MONEY_READERS, command="read_standard"))
async def read_standard(pool_code: PoolCode, year: Year, unit: UnitDep) -> StandardAnswer:
    """The standard of a coverage year."""
    standard = await standard_for(unit.conn, pool_code, year)
    return StandardAnswer(
        pool_code=pool_code,
        year=year,
        premium=standard.premium_fen,
        subsidies=Subsidies(**standard.subsidies_fen),
        coverage_from=standard.coverage_from,
        coverage_to=standard.coverage_to,
        collection_from=standard.collection_from,
        collection_until=standard.collection_until,
        late_start=standard.late_start,
    )


@router.get(
    "/pools/{pool_code}/bills", openapi_extra=access(MONEY_READERS, command="list_bills", personal=True) | sheets.BILLS
)
async def list_bills(
    pool_code: PoolCode,
    unit: UnitDep,
    year: YearQuery,
    open: bool | None = None,
    township: Annotated[str | None, Query(pattern=r"^\d{7,9}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[BillItem]:
    """Household bills of a year; ``open=true`` shows those with something to pay."""
    key = read_cursor(cursor, UUID)
    after = key[0] if key else _FIRST_ID
    areas = areas_of(unit.actor)
    rows = await store.bill_page(unit.conn, pool_code, year, after, township, open, areas, limit + 1)
    items = [_bill_item(row, unit.actor.role in NAMES_IN_FULL) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(str(items[-1].bill_id)) if len(rows) > limit else None)


def _bill_item(row: Any, in_full: bool) -> BillItem:
    head = row["head_name"]
    return BillItem(
        bill_id=row["bill_id"],
        household_id=row["household_id"],
        township_code=row["township_code"],
        village_code=row["village_code"],
        village_name=row["village_name"],
        group=row["group_name"],
        household_number=row["household_number"],
        head_name=head if in_full or head is None else mask_name(head),
        year=row["year"],
        amount=row["due_fen"],
        paid=row["paid_fen"],
        open=row["due_fen"] - row["paid_fen"],
        refunded=row["refunded_fen"],
        last_paid_on=row["last_paid_on"],
    )


@router.post(
    "/pools/{pool_code}/receipts",
    openapi_extra=access(
        ("township_clerk",),
        command="book_receipts",
        max_bytes=RECEIPTS_MAX_BYTES,
        bulk="/pools/{pool_code}/receipts/bulk",
    ),
)
async def book_receipts(pool_code: PoolCode, body: ReceiptsBody, unit: UnitDep) -> ReceiptsAnswer:
    """Books premium receipts; a household whose bill becomes complete is covered by the date of payment."""
    receipts = [NewReceipt(r.receipt_number, r.bill_id, r.amount, r.paid_on) for r in body.receipts]
    done = await collect(await act_of(unit), sealer_of(unit), areas_of(unit.actor), receipts)
    unit.result("receipts", done.receipt_ids[0])
    unit.note(receipts=len(receipts), amount_fen=done.amount_fen)
    return ReceiptsAnswer(
        receipt_ids=done.receipt_ids,
        amount=done.amount_fen,
        bills_complete=done.bills_complete,
        members_covered=done.members_covered,
    )


@router.post("/pools/{pool_code}/remittances", openapi_extra=access(("township_clerk",), command="remit"))
async def record_remittance(pool_code: PoolCode, body: RemittanceBody, unit: UnitDep) -> RemittanceAnswer:
    """Remits a township's receipts to the income account: a remittance equals its receipts."""
    act = await act_of(unit)
    on = body.remitted_on or act.day
    if on > act.day:
        raise from_validation([{"loc": ("body", "remitted_on"), "msg": f"晚于今天 {act.day} / later than today"}])
    done = await remit(act, areas_of(unit.actor), body.township_code, body.up_to, body.receipt_numbers, on)
    unit.result("remittance", done.remittance_id)
    unit.note(receipts=done.receipt_count, amount_fen=done.amount_fen)
    return RemittanceAnswer(
        remittance_id=done.remittance_id,
        number=done.number,
        township_code=body.township_code,
        amount=done.amount_fen,
        receipt_count=done.receipt_count,
        by_year=[YearAmount(year=year, amount=amount) for year, amount in done.by_year.items()],
        remitted_on=on,
    )


class RemittanceItem(WireModel):
    """A remittance in a list."""

    remittance_id: UUID
    number: Number
    township_code: str
    amount: Yuan
    receipt_count: int
    remitted_on: date


@router.get(
    "/pools/{pool_code}/remittances",
    openapi_extra=access((*MONEY_READERS, "insurance_regulator", "discipline"), command="list_remittances"),
)
async def list_remittances(
    pool_code: PoolCode,
    unit: UnitDep,
    number: Annotated[Number | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RemittanceItem]:
    """Remittances of the caller's townships, newest first; ``number`` finds one by its number."""
    after = read_cursor(cursor, moment, UUID)
    rows = await store.remittances(unit.conn, pool_code, areas_of(unit.actor), number, after, limit + 1)
    items = [
        RemittanceItem(
            remittance_id=row["remittance_id"],
            number=row["number"],
            township_code=row["township_code"],
            amount=row["amount_fen"],
            receipt_count=row["receipt_count"],
            remitted_on=row["remitted_on"],
        )
        for row in rows[:limit]
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=items, next_cursor=encode_cursor(last["recorded_at"], last["remittance_id"]) if last else None)


@router.post("/pools/{pool_code}/sponsorships", openapi_extra=access(("sponsor",), command="apply_sponsorship"))
async def apply_sponsorship(pool_code: PoolCode, body: SponsorshipBody, unit: UnitDep) -> SponsorshipAnswer:
    """A sponsor lists whose premiums it pays; county finance confirms."""
    if body.group not in CODES:
        raise from_validation(
            [
                {
                    "loc": ("body", "group"),
                    "msg": f"只能是 {'、'.join(f'“{code}”' for code in CODES)} 之一 / one of these",
                }
            ]
        )
    done = await sponsorship_commands.apply(await act_of(unit), body.sponsor, body.group, body.year, body.member_ids)
    unit.result("sponsorship", done.sponsorship_id)
    unit.note(heads=done.head_count, amount_fen=done.amount_fen)
    return await _sponsorship(unit, done.sponsorship_id)


@router.get(
    "/pools/{pool_code}/sponsorships",
    openapi_extra=access(
        ("sponsor", "county_finance", "county_director", "county_recheck", "auditor"), command="list_sponsorships"
    )
    | sheets.SPONSORSHIPS,
)
async def list_sponsorships(
    pool_code: PoolCode, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[SponsorshipAnswer]:
    """Sponsorships; a sponsor sees its own lists only."""
    key = read_cursor(cursor, UUID)
    own = unit.actor.subject if unit.actor.role == "sponsor" else None
    after = key[0] if key else _FIRST_ID
    rows = await store.sponsorship_page(unit.conn, pool_code, own, after, limit + 1)
    items = [_sponsorship_item(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(str(items[-1].sponsorship_id)) if len(rows) > limit else None)


@router.post(
    "/pools/{pool_code}/sponsorships/{sponsorship_id}/confirmation",
    openapi_extra=access(("county_finance",), command="confirm_sponsorship"),
)
async def confirm_sponsorship(
    pool_code: PoolCode, sponsorship_id: UUID, body: ConfirmationBody, unit: UnitDep
) -> SponsorshipAnswer:
    """County finance confirms; households that are complete now are covered."""
    covered = await sponsorship_commands.confirm(await act_of(unit), sealer_of(unit), sponsorship_id)
    unit.result("sponsorship", sponsorship_id)
    unit.note(covered=covered)
    return await _sponsorship(unit, sponsorship_id)


@router.post(
    "/pools/{pool_code}/sponsorships/{sponsorship_id}/refusal",
    openapi_extra=access(("county_finance",), command="refuse_sponsorship"),
)
async def refuse_sponsorship(
    pool_code: PoolCode, sponsorship_id: UUID, body: RefusalBody, unit: UnitDep
) -> SponsorshipAnswer:
    """County finance sends the application back."""
    await sponsorship_commands.refuse(await act_of(unit), sponsorship_id, body.reason)
    unit.result("sponsorship", sponsorship_id)
    return await _sponsorship(unit, sponsorship_id)


async def _sponsorship(unit: UnitDep, sponsorship_id: UUID) -> SponsorshipAnswer:
    row = await store.sponsorship(unit.conn, unit.pool_code, sponsorship_id)
    if row is None:
        raise NOT_FOUND(what=(f"资助申请 {sponsorship_id}", f"sponsorship {sponsorship_id}"))
    return _sponsorship_item(row)


def _sponsorship_item(row: Any) -> SponsorshipAnswer:
    return SponsorshipAnswer(
        sponsorship_id=row["sponsorship_id"],
        sponsor=row["sponsor"],
        group=row["group_code"],
        year=row["year"],
        head_count=row["head_count"],
        amount=row["amount_fen"],
        status=row["status"],
        applied_at=row["applied_at"],
        decided_at=row["decided_at"],
        reason=row["reason"],
    )


@router.post(
    "/pools/{pool_code}/subsidies/{year}/dues", openapi_extra=access(("county_finance",), command="count_dues")
)
async def record_dues(pool_code: PoolCode, year: Year, body: DuesBody, unit: UnitDep) -> DuesAnswer:
    """Counts the covered heads and records what each fiscal level owes; again records the difference."""
    dues = await count_dues(await act_of(unit), year, body.audited_head_count)
    heads = max((sum(d.head_count for d in dues if d.level == level) for level in {d.level for d in dues}), default=0)
    unit.result("subsidy_dues", year)
    unit.note(heads=heads, dues=len(dues))
    items = [
        DueItem.model_validate(
            {
                "due_id": d.due_id,
                "revision": d.revision,
                "level": d.level,
                "payer": d.payer,
                "head_count": d.head_count,
                "standard": d.standard_fen,
                "total": d.total_fen,
                "change": d.change_fen,
                "audited": d.audited,
            }
        )
        for d in sorted(dues, key=lambda due: (due.level, due.payer))
    ]
    return DuesAnswer(year=year, head_count=heads, total=sum(d.total_fen for d in dues), dues=items)


@router.get("/pools/{pool_code}/financing/{year}", openapi_extra=access(MONEY_READERS, command="read_financing"))
async def read_financing(pool_code: PoolCode, year: Year, unit: UnitDep) -> FinancingAnswer:
    """Premiums collected, remitted, open and sponsored, and the dues of each level, for a coverage year.

    A township's people get the totals of their own townships, and no dues: those are owed to the pool.
    """
    areas = areas_of(unit.actor)
    townships = await totals_of_year(unit.conn, pool_code, year)
    by_township = {code: total for code, total in townships.items() if within(areas, code)}
    dues = await store.dues(unit.conn, pool_code, year) if sees_whole_pool(unit.actor) else []
    return FinancingAnswer(
        pool_code=pool_code,
        year=year,
        pool=TotalsItem(**_totals(added_up(by_township.values()))),
        townships=[TownshipTotals(township_code=code, **_totals(t)) for code, t in by_township.items()],
        dues=[
            DueTotal(
                due_id=row["due_id"],
                level=row["level"],
                payer=row["payer"],
                head_count=row["head_count"],
                total=row["total_fen"],
            )
            for row in dues
        ],
    )


def _totals(total: Totals) -> dict[str, Any]:
    return {
        "households": total.households,
        "complete": total.complete,
        "members": total.members,
        "covered": total.covered,
        "to_verify": total.to_verify,
        "excused": total.excused,
        "sponsored": total.sponsored,
        "receipts": total.receipts,
        "billed": total.billed_fen,
        "collected": total.collected_fen,
        "remitted": total.remitted_fen,
        "refunded": total.refunded_fen,
        "on_hand": total.on_hand_fen,
        "open": total.open_fen,
        "sponsored_amount": total.sponsored_fen,
    }


@router.post(
    "/pools/{pool_code}/members/{member_id}/coverage-corrections",
    openapi_extra=access(("county_recheck", "township_director"), command="correct_coverage"),
)
async def correct_coverage(
    pool_code: PoolCode, member_id: UUID, body: CorrectionBody, unit: UnitDep
) -> CorrectionAnswer:
    """Corrects a member's coverage; whoever reads coverage gets the whole timeline with a higher sequence."""
    await member_within(unit, member_id)
    await correct(await act_of(unit), sealer_of(unit), member_id, body.kind, body.effective_on, body.reason)
    unit.result("member", member_id)
    unit.note(kind=body.kind, effective_on=body.effective_on.isoformat())
    return CorrectionAnswer(member_id=member_id, kind=body.kind, effective_on=body.effective_on)


@router.post(
    "/pools/{pool_code}/households/{household_id}/newborns",
    openapi_extra=access(("township_clerk", "county_recheck"), command="enrol_newborn"),
)
async def record_newborn(pool_code: PoolCode, household_id: UUID, body: NewbornBody, unit: UnitDep) -> NewbornAnswer:
    """Enrols a newborn, covered from birth."""
    number = None
    if body.id_number:
        found = read_identity(body.id_number, shanghai_date(unit.now))
        if not isinstance(found, Identity) or (found.birth_date, found.sex) != (body.birth_date, body.sex):
            raise from_validation([{"loc": ("body", "id_number"), "msg": ID_NUMBER_UNFIT}])
        number = found.number
    relation = body.relation or ("son" if body.sex == "male" else "daughter")
    await household_within(unit, household_id)
    newborn = Newborn(body.name, relation, body.sex, body.birth_date, number)
    member_id = await enrol_newborn(await act_of(unit), sealer_of(unit), household_id, newborn)
    unit.result("member", member_id)
    return NewbornAnswer(member_id=member_id, covered_from=body.birth_date)


@router.post(
    "/pools/{pool_code}/days/{day}/close", openapi_extra=access(("county_director", "service"), command="close_day")
)
async def close_business_day(pool_code: PoolCode, day: date, unit: UnitDep) -> DayAnswer:
    """Closes every open day through this one and tells their totals; what comes later counts for the next day."""
    closed = await close_day(unit.conn, pool_code, day, unit.now)
    unit.result("day", f"{pool_code}:{day}")
    unit.note(days=len(closed))
    return DayAnswer(
        pool_code=pool_code,
        day=day,
        totals=[DayTotalItem(type=t.type, count=t.count, amount=t.amount_fen) for t in closed[-1].totals],
    )
