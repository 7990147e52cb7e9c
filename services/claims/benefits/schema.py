"""What a policy document may say, read by pydantic from text; its dump is the canonical form that is hashed.

A value may be written plainly, or with its own origin: `ratio: 80%` or
`ratio: {value: 80%, clause: …, source: …, effective_from: 2008-01-01, illustrative: true}`.

Over 400 lines because an officer who asks what may be written finds all of it in one place.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)

from services.claims.benefits.model import FULL_RATIO
from shared.contracts.layers import LayerBook, RiskBearer
from shared.kernel.money import format_ratio, format_yuan

T = TypeVar("T")
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,2})?")
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%")
_DECIMAL = re.compile(r"([0-9])\.([0-9]{1,4})")
_DAY = re.compile(r"([12][0-9]{3})-([0-9]{2})-([0-9]{2})")
_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")
_COMMON_YEAR = 2011
"""A year without 29 February."""
ID_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
COUNT_PATTERN = r"^[a-z0-9_.-]{1,64}$"
"""The name of a count."""


def _amount(value: Any) -> int:
    """Fen of yuan with at most two places."""
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise ValueError("金额写作元,最多两位小数,不能为负,例如 200 或 200.50")
    whole, _, cents = value.partition(".")
    return int(whole) * 100 + int((cents + "00")[:2])


def _ratio(value: Any) -> int:
    """1/10,000 of `80%`, `37.5%` or `0.8000`; never over 100%."""
    text = value if isinstance(value, str) else ""
    if match := _PERCENT.fullmatch(text):
        ratio = int(match[1]) * 100 + int(((match[2] or "") + "00")[:2])
    elif match := _DECIMAL.fullmatch(text):
        ratio = int(match[1]) * FULL_RATIO + int((match[2] + "0000")[:4])
    else:
        raise ValueError("比例写作百分数,例如 80% 或 37.5%")
    if ratio > FULL_RATIO:
        raise ValueError("比例不能超过 100%")
    return ratio


def _positive(amount_fen: int) -> int:
    if not amount_fen:
        raise ValueError("应大于 0 元")
    return amount_fen


def day_of(value: Any) -> date:
    """The day of `2010-01-01`, and of nothing else: a number would be read as seconds since 1970."""
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("日期写作 2010-01-01")
    try:
        return date(*map(int, match.groups()))
    except ValueError as error:
        raise ValueError(f"日期写作 2010-01-01;没有 {value} 这一天") from error


def _listed(value: Any) -> Any:
    """One value stands for a list of one."""
    return [value] if isinstance(value, str) else value


Amount = Annotated[int, BeforeValidator(_amount), PlainSerializer(format_yuan, return_type=str)]
PositiveAmount = Annotated[Amount, AfterValidator(_positive)]
Day = Annotated[date, BeforeValidator(day_of)]
Percent = Annotated[int, BeforeValidator(_ratio), PlainSerializer(format_ratio, return_type=str)]
Level = Literal["village", "township", "county", "prefecture", "province"]
Place = Literal["in_county", "in_province", "out_of_province"]
Identifier = Annotated[str, Field(pattern=ID_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Codes = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")]],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=2000),
]
"""Codes of diseases or catalogue items."""
PaperName = Annotated[str, Field(min_length=1, max_length=64)]
Sentences = Annotated[list[Text], BeforeValidator(_listed), Field(min_length=1, max_length=20)]


class Part(BaseModel):
    """Base: unknown members are refused, everything is read from text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sourced(Part, Generic[T]):
    """A value with an origin of its own; what is missing is taken from the row around it."""

    value: T
    clause: Text | None = None
    source: Identifier | None = None
    effective_from: Day | None = None
    illustrative: bool = False

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"value": value}


class Row(Part):
    """Base of everything that has a legal source."""

    clause: Text | None = None
    source: Identifier | None = None
    effective_from: Day | None = None
    illustrative: bool = False
    note: Text | None = None


class SourceDoc(Part):
    """A document that values come from, and when somebody last compared them with it."""

    title: Text
    issuer: Text | None = None
    number: Text | None = None
    verified_on: Day


class When(Part):
    """Situations a row speaks of: all that is named must hold; what is not named does not matter."""

    level: Annotated[list[Level], BeforeValidator(_listed)] | None = None
    place: Annotated[list[Place], BeforeValidator(_listed)] | None = None
    ownership: Annotated[list[Literal["public", "private"]], BeforeValidator(_listed)] | None = None
    designation: Annotated[list[Literal["designated", "none"]], BeforeValidator(_listed)] | None = None
    emergency: bool | None = None
    migrant: bool | None = None
    referred: bool | None = None


class BandDoc(Part):
    """A step of a ratio."""

    up_to: PositiveAmount | None = None
    ratio: Percent


class LimitDoc(Part):
    """Eligible costs of a disease count up to an amount; a part of the excess may be shared."""

    amount: PositiveAmount
    shared_up_to: Percent | None = None
    share: Percent | None = None
    excess: Literal["patient", "hospital"] | None = None
    """Who bears what does not count: the patient where it is not written."""

    @model_validator(mode="after")
    def _both(self) -> LimitDoc:
        if (self.shared_up_to is None) != (self.share is None):
            raise ValueError("shared_up_to 和 share 一起写")
        return self


class RuleDoc(Row):
    """A row of the benefit table."""

    name: Text
    order: int = 0
    when: Annotated[list[When], BeforeValidator(lambda v: [v] if isinstance(v, dict) else v), Field(min_length=1)]
    deductible: Sourced[Amount] = Sourced[Amount](value="0")
    deductible_per: Literal["admission", "person_year"] = "admission"
    deductible_waived_from: Sourced[Annotated[int, Field(ge=2, le=99)]] | None = None
    ratio: Sourced[Percent] | None = None
    bands: Annotated[list[BandDoc], Field(min_length=1)] | None = None
    nothing: bool = False
    diseases: Codes | None = None
    fixed: Sourced[PositiveAmount] | None = None
    patient: Sourced[PositiveAmount] | None = None
    limit: LimitDoc | None = None
    off_path_over: PositiveAmount | None = None
    when_stated: bool = True
    """False: the source does not say where the row applies; `note` tells what was presumed."""

    @model_validator(mode="after")
    def _one_way(self) -> RuleDoc:
        ways = (self.ratio, self.bands, self.fixed, self.patient)
        if sum(way is not None for way in ways) + self.nothing != 1:
            raise ValueError("ratio、bands、fixed、patient、nothing 写且只写一个")
        if self.fixed is not None and (self.deductible.value or self.limit is not None):
            raise ValueError("定额(fixed)补偿不另设起付线和限额")
        if self.patient is not None and self.deductible.value:
            raise ValueError("写明个人负担金额(patient)的行不另设起付线")
        if self.off_path_over is not None and self.diseases is None:
            raise ValueError("off_path_over 只用于写明 diseases 的行")
        ends = [band.up_to for band in self.bands or []]
        if ends and (ends[-1] is not None or None in ends[:-1] or ends[:-1] != sorted(set(ends[:-1]))):  # type: ignore[type-var]
            raise ValueError("分段应由低到高,只有最后一段不写 up_to")
        return self


class CapDoc(Row):
    """A limit."""

    name: Text
    order: int = 0
    amount: Sourced[Amount]
    period: Literal["admission", "visit", "person_day", "person_year", "household_year", "disease_year"]
    per_head: bool | None = None
    """The amount is for each insured member of the household, who share the sum."""
    diseases: Codes | None = None
    counts: Annotated[str, Field(pattern=COUNT_PATTERN)] | None = None

    @model_validator(mode="after")
    def _of_a_disease(self) -> CapDoc:
        if self.diseases is not None and self.period not in ("admission", "visit", "disease_year"):
            raise ValueError(
                "限于某些病种(diseases)的封顶线,期间写 admission、visit 或 disease_year;"
                "几个病种合在一起按天、按年限额,请把它们单列一项(写在 benefits 的 diseases)"
            )
        return self


class BonusDoc(Row):
    """A raise of the ratio for groups."""

    name: Text
    order: int = 0
    groups: Annotated[list[Identifier], BeforeValidator(_listed), Field(min_length=1)]
    points: Percent | None = None
    factor: Percent | None = None
    stacks: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> BonusDoc:
        if (self.points is None) == (self.factor is None):
            raise ValueError("points(百分点)与 factor(按比例)写且只写一个")
        return self


class WaiverDoc(Row):
    """Who pays no deductible: groups, emergencies, or groups in an emergency."""

    name: Text
    groups: Annotated[list[Identifier], BeforeValidator(_listed), Field(min_length=1)] | None = None
    emergency: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> WaiverDoc:
        if self.groups is None and not self.emergency:
            raise ValueError("写明 groups 或 emergency: true")
        return self


class FloorDoc(Row):
    """The least share of the bill that is paid (保底)."""

    name: Text
    ratio: Percent
    of: Literal["eligible", "total"] = "eligible"


class AccidentDoc(Row):
    """What an accident gets for which nobody else is liable."""

    name: Text
    factor: Percent
    cap: Amount | None = None


class EssentialDoc(Row):
    """Essential medicines are paid at a higher ratio."""

    name: Text
    points: Percent


class BenefitDoc(Part):
    """A bucket: one kind of care in one layer."""

    name: Text
    order: int = 0
    kind: Annotated[str, Field(pattern=ID_PATTERN)]
    account: Annotated[str, Field(pattern=r"^[0-9.]{4,16}$")]
    adds_to: Annotated[list[str], BeforeValidator(_listed)] | None = None
    rules: Annotated[dict[Identifier, RuleDoc], Field(min_length=1)]
    caps: dict[Identifier, CapDoc] = {}
    bonuses: dict[Identifier, BonusDoc] = {}
    entitlement: Identifier | None = None
    diseases: Codes | None = None
    items: Codes | None = None
    yearly: bool | None = None
    floor: FloorDoc | None = None
    waivers: dict[Identifier, WaiverDoc] | None = None
    accident: AccidentDoc | None = None
    essential: EssentialDoc | None = None

    @property
    def condition(self) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
        """What the bucket asks for; None where it is the ordinary one of its kind."""
        asked = (self.entitlement or "", tuple(sorted(self.diseases or ())), tuple(sorted(self.items or ())))
        return asked if any(asked) else None

    @model_validator(mode="after")
    def _fits(self) -> BenefitDoc:
        if self.items is not None and (self.entitlement is not None or self.diseases is not None):
            raise ValueError("写了 items 的一项不能再写 entitlement 或 diseases")
        limits = [rule.limit for rule in self.rules.values() if rule.limit is not None]
        if self.floor is not None and any(limit.excess == "hospital" for limit in limits):
            raise ValueError("超限额由医院负担(excess: hospital)的一项不能设保底")
        if self.items is not None and self.floor is not None:
            raise ValueError("写了 items 的一项不能设保底")
        if self.yearly and any(
            rule.fixed or rule.patient or rule.limit or rule.deductible_per == "person_year"
            for rule in self.rules.values()
        ):
            raise ValueError("全年累计(yearly)的一项不能写 fixed、patient、limit 和 deductible_per")
        by_admission = (self.waivers, self.accident, self.essential)
        if self.yearly and (
            any(by_admission) or any(rule.deductible_waived_from is not None for rule in self.rules.values())
        ):
            raise ValueError("全年累计(yearly)的一项不能写 waivers、accident、essential 和 deductible_waived_from")
        return self


class FamilyAccountDoc(Row):
    """The household's account."""

    name: Text
    kinds: Annotated[list[Literal["inpatient", "outpatient"]], BeforeValidator(_listed), Field(min_length=1)]
    covers: Literal["eligible", "all"] = "all"
    payer: Text
    account: Annotated[str, Field(pattern=r"^[0-9.]{4,16}$")]
    book: LayerBook
    expense_account: Annotated[str, Field(pattern=r"^[0-9.]{4,16}$")]


Late = Literal["refused", "approved"] | None
"""What becomes of what is told after its days: refused (not written: too), or granted on the director's approval."""


class CircumstanceDoc(Row):
    """Whether a circumstance counts as the hospital states it, or only by a decided case and in time."""

    counts: Literal["stated", "decided"] = "decided"
    notice_days: Annotated[int, Field(ge=0, le=365)] | None = None
    late: Late = None

    @model_validator(mode="after")
    def _fits(self) -> CircumstanceDoc:
        if self.late is not None and self.notice_days is None:
            raise ValueError("没有写 notice_days 的,不写 late")
        if self.counts == "stated" and self.notice_days is not None:
            raise ValueError("凭医院说明即可(stated)的,不写 notice_days")
        return self


class AccidentsDoc(Row):
    """The inquiry into an accident: until when it is reported, and for how long it hangs out in the village."""

    report_days: Annotated[int, Field(ge=0, le=365)] | None = None
    late: Late = None
    posted_days: Annotated[int, Field(ge=1, le=60)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> AccidentsDoc:
        if self.report_days is None and self.posted_days is None:
            raise ValueError("report_days(报告期限)与 posted_days(公示天数)至少写一个")
        if self.late is not None and self.report_days is None:
            raise ValueError("没有写 report_days 的,不写 late")
        return self


def _month_day(value: Any) -> Any:
    """(month, day) of `03-31`; the day has to be there in every year."""
    match = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("截止日写作 月-日,例如 03-31")
    month, day = int(match[1]), int(match[2])
    try:
        date(_COMMON_YEAR, month, day)
    except ValueError as error:
        raise ValueError(f"不是每年都有 {value} 这一天") from error
    return value


class DeadlineDoc(Row):
    """Until when papers may come to the window: a day of the following year, or days after the care ended."""

    name: Text
    kinds: Annotated[list[Literal["inpatient", "outpatient"]], BeforeValidator(_listed), Field(min_length=1)] = [
        "inpatient",
        "outpatient",
    ]
    by: Annotated[str, BeforeValidator(_month_day)] | None = None
    days: Annotated[int, Field(ge=1, le=1_000)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> DeadlineDoc:
        if (self.by is None) == (self.days is None):
            raise ValueError("by(次年某日以前)与 days(结束后若干天内)写且只写一个")
        return self


class PapersDoc(Row):
    """The papers that have to come with a claim at the window."""

    needed: Annotated[list[PaperName], BeforeValidator(_listed), Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _once(self) -> PapersDoc:
        if len(set(self.needed)) != len(self.needed):
            raise ValueError("同一种材料写了两次")
        return self


class WindowDoc(Part):
    """What the window asks of papers that a patient brings (rulings §14)."""

    deadlines: dict[Identifier, DeadlineDoc] = {}
    papers: dict[Literal["inpatient", "outpatient"], PapersDoc] | None = None


class LayerDoc(Row):
    """A payer."""

    name: Text
    order: int = 0
    payer: Text
    account: Annotated[str, Field(pattern=r"^[0-9.]{4,16}$")]
    book: LayerBook
    risk_bearer: RiskBearer
    base: Literal["eligible", "eligible_unpaid", "cut_by_cap"] = "eligible"
    voluntary: bool = False
    benefits: Annotated[dict[Identifier, BenefitDoc], Field(min_length=1)]


class GroupDoc(Part):
    """A special group; one told by age needs no certificate."""

    name: Text
    age_from: Annotated[int, Field(ge=1, le=120)] | None = None


YearBy = Literal["admission", "discharge", "settlement", "lines"]


class ParametersDoc(Part):
    """What the ruling leaves to the policy. What is not written follows rulings §4."""

    year_by: Sourced[YearBy] = Sourced[YearBy](value="settlement")
    waiting_days: Sourced[Annotated[int, Field(ge=0, le=365)]] = Sourced[Annotated[int, Field(ge=0, le=365)]](value=0)
    newborn_days: Sourced[Annotated[int, Field(ge=1, le=365)]] | None = None
    lines_after_coverage: Sourced[Literal["excluded", "covered"]] = Sourced[Literal["excluded", "covered"]](
        value="excluded"
    )


class DisclosureDoc(Part):
    """What the wall says beside the table (七公开), where the policy says it in its own words."""

    catalogue: Sentences | None = None
    prices: Sentences | None = None
    services: Sentences | None = None
    charges: Sentences | None = None
    procedure: Sentences | None = None
    results: Sentences | None = None


class ReadingDoc(Part):
    """A question that the source leaves open, and the reading taken."""

    question: Text
    taken: Text
    otherwise: Text | None = None


class PolicyDoc(Part):
    """A version of a policy."""

    policy: Identifier
    title: Text
    scheme: Literal["nrcms", "urban_residents", "rural_supplementary"]
    pools: Annotated[list[Annotated[str, Field(pattern=r"^[0-9]{6}$")]], BeforeValidator(_listed)] = []
    inherits: Identifier | None = None
    effective_from: Day
    effective_to: Day | None = None
    source: Identifier | None = None
    sources: Annotated[dict[Identifier, SourceDoc], Field(min_length=1)]
    parameters: ParametersDoc = ParametersDoc()
    groups: dict[Identifier, GroupDoc] = {}
    layers: Annotated[dict[Identifier, LayerDoc], Field(min_length=1)]
    readings: list[ReadingDoc] = []
    disclosure: DisclosureDoc | None = None
    family_account: FamilyAccountDoc | None = None
    circumstances: dict[Literal["referred", "emergency", "migrant"], CircumstanceDoc] | None = None
    window: WindowDoc | None = None
    accidents: AccidentsDoc | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_order(cls, value: Any) -> Any:
        """Writes the order of the document into its rows: the canonical form sorts keys."""
        return _numbered(value, ("layers", "benefits", "rules", "caps", "bonuses"))

    @field_validator("effective_to")
    @classmethod
    def _dates(cls, until: date | None, info: ValidationInfo) -> date | None:
        since = info.data.get("effective_from")
        if until is not None and since is not None and until < since:
            raise ValueError(f"终止日期 {until} 早于生效日期(effective_from){since}")
        return until


def _numbered(value: Any, tables: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        return value
    numbered = {}
    for key, member in value.items():
        if key in tables and isinstance(member, dict):
            rows = enumerate(member.items(), start=1)
            member = {
                name: _numbered({"order": str(number)} | row, tables) if isinstance(row, dict) else row
                for number, (name, row) in rows
            }
        numbered[key] = member
    return numbered
