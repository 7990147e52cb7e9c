"""What is contradictory in a claim of a file, or unknown to the policy that is to decide it: each with its line."""

from __future__ import annotations

from collections.abc import Iterator

from services.claims.benefits import messages, words
from services.claims.benefits.claim_document import ClaimDoc
from services.claims.benefits.document import Finding, Path, Source
from services.claims.benefits.engine import ACCOUNT_SPENT
from services.claims.benefits.model import Policy
from services.claims.benefits.paying import counters
from services.claims.benefits.quote import group_code, group_names, told_groups

_FEN = 100
_PERIODS = ("person_year", "household_year", "disease_year", "person_day")


def claim_findings(document: ClaimDoc, source: Source, policy: Policy) -> list[Finding]:
    """Every contradiction, in the order in which a claim is written; empty where the policy can decide it."""
    found = [
        *_dates(document, policy),
        *_catalogue(document),
        *_lines(document, policy),
        *_years(document, policy),
        *_person(document, policy),
        *_third_party(document),
        *_elsewhere(document),
        *_earlier(document, policy),
        *_account(document, policy),
        *_used(document, policy),
    ]
    return [source.finding(path, message) for path, message in found]


def _dates(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    admitted = document.admitted or policy.effective_from
    for name, word in (("discharged", "出院"), ("settled", "结算")):
        day = getattr(document, name)
        if day is not None and day < admitted:
            yield (name,), f"{word}日期 {day} 早于入院(就诊)日期 {admitted}"
    ended = document.discharged or admitted
    if document.submitted is not None and document.submitted < ended:
        yield ("submitted",), f"送材料的日期 {document.submitted} 早于出院(就诊)日期 {ended}"


def _catalogue(document: ClaimDoc) -> Iterator[tuple[Path, str]]:
    if document.catalogue and not document.lines:
        yield ("catalogue",), "没有写费用明细(lines)的,不写目录(catalogue)"


def _lines(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    """Lines dated outside the stay or visit, which no hospital may send either."""
    first = document.admitted or policy.effective_from
    last = document.discharged or (first if document.kind == "outpatient" else document.settled)
    for number, line in enumerate(document.lines):
        if line.day is not None and (line.day < first or (last is not None and line.day > last)):
            span = f"{first} 至 {last}" if last is not None else f"{first} 起"
            yield ("lines", number, "day"), f"费用日期 {line.day} 不在住院(就诊)期间({span})"


def _years(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    """Lines of a second year, where the policy splits the costs of a stay over the years of their days."""
    admitted = document.admitted or policy.effective_from
    years = [(line.day or admitted).year for line in document.lines] if policy.year_by == "lines" else []
    first = min(years, default=0)
    for number, year in enumerate(years):
        if year != first:
            told = f"方案按费用发生日期归年:{year} 年的费用与 {first} 年的分开写成两份,后一份在 earlier 写明前一份"
            yield ("lines", number), told


def _account(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    if document.family_account is None:
        return
    if policy.family_account is None:
        yield ("family_account",), "方案没有家庭账户"
    elif document.kind not in policy.family_account.kinds:
        kinds = "、".join(words.word(words.KINDS, kind) for kind in sorted(policy.family_account.kinds))
        yield ("family_account",), f"方案的家庭账户只支付{kinds}"


def _person(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    names = group_names(policy)
    for group in document.person.groups:
        if group_code(group, policy) not in names:
            yield ("person", "groups"), f"方案不认识人群 {group};认识的有:{told_groups(names)}"
    admitted = document.admitted or policy.effective_from
    if document.person.birth is not None and document.person.birth > admitted:
        yield ("person", "birth"), f"出生日期 {document.person.birth} 晚于入院(就诊)日期 {admitted}"
    intervals = [days.interval() for days in document.person.coverage or ()]
    for number, one in enumerate(intervals):
        if any(one.holds(other.start) or other.holds(one.start) for other in intervals[:number]):
            yield ("person", "coverage", number), "与前面的参合期间重叠,请写成一段"
    kinds = _cards(policy)
    for number, card in enumerate(document.person.cards):
        if card.kind not in kinds:
            told = messages.choices(sorted(kinds), words.ENTITLEMENTS)
            yield ("person", "cards", number, "kind"), f"没有这种证 {card.kind};有的是:{told}"
    voluntary = [layer.id for layer in policy.layers if layer.voluntary]
    for layer in document.person.joined or ():
        if layer not in voluntary:
            yield ("person", "joined"), f"方案没有自愿参加的一层 {layer};有的是:{'、'.join(voluntary) or '没有'}"


def _third_party(document: ClaimDoc) -> Iterator[tuple[Path, str]]:
    if (document.third_party == "shared") != bool(document.third_party_share):
        told = "第三人负担的比例(third_party_share)只在 third_party 为 shared 时写,并且必须写"
        yield ("third_party_share" if document.third_party_share else "third_party",), told


def _elsewhere(document: ClaimDoc) -> Iterator[tuple[Path, str]]:
    given = document.elsewhere
    if given is not None and not given.benefit <= given.eligible <= given.total:
        yield ("elsewhere",), "在别处做的基本结算,补偿不得超过可补偿费用,可补偿费用不得超过总额"
    elif given is not None and given.over_cap > given.eligible - given.benefit:
        yield ("elsewhere", "over_cap"), "封顶线以上的部分不得超过没有补偿的可补偿费用"


def _earlier(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    """What earlier parts had: only of the first layer can a file say it."""
    given = document.earlier
    if given is None:
        return
    if document.elsewhere is not None:
        yield ("earlier",), "基本补偿已在别处结算(elsewhere)的,没有中途结算"
    above = [layer.name for layer in policy.layers[1:] if any(one.kind == document.kind for one in layer.buckets)]
    if above:
        yield ("earlier",), f"方案在第一层以上还有“{above[0]}”,此前各次在那里得到的补偿文件里写不了,不能这样试算"
    if given.total is not None and given.total < given.eligible:
        yield ("earlier", "total"), "此前各次的可补偿费用不得超过总费用"
    if given.deductible > given.eligible:
        yield ("earlier", "deductible"), "此前各次扣除的起付线不得超过可补偿费用"
    if given.benefit + given.hospital > given.eligible:
        yield ("earlier", "benefit"), "此前各次的补偿与医院负担的部分,合计不得超过可补偿费用"


def _used(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    known, seen = _counts(policy), dict[tuple[str, str], str]()
    for written, amount in document.used.items():
        scope, _, name = written.rpartition(":")
        if scope and scope not in _PERIODS:
            yield ("used", written), f"没有累计期间 {scope};有的是:{'、'.join(_PERIODS)}"
        elif (scope or default_scope(name), name) not in known:
            told = "、".join(sorted(f"{one}:{count}" for one, count in known))
            yield ("used", written), f"方案没有累计项 {written};有的是:{told}"
        elif name.endswith(".admissions") and amount % _FEN:
            yield ("used", written), "住院次数写整数,例如 2"
        elif (first := seen.setdefault((scope or default_scope(name), name), written)) != written:
            yield ("used", written), f"与 {first} 是同一个累计项,只写一个"


def _cards(policy: Policy) -> set[str]:
    """Kinds of cards: those that the cases of the county grant, and those that the policy asks for."""
    asked = {benefit.entitlement for layer in policy.layers for benefit in layer.buckets}
    return (asked | words.ENTITLEMENTS.keys()) - {""}


def default_scope(name: str) -> str:
    """The period of a count that is written without one: the person's year; of the family account the household."""
    return "household_year" if name == ACCOUNT_SPENT else "person_year"


def _counts(policy: Policy) -> set[tuple[str, str]]:
    """Every (period, name) that the policy may count."""
    known = {("household_year", ACCOUNT_SPENT)} if policy.family_account is not None else set()
    for benefit in (bucket for layer in policy.layers for bucket in layer.buckets):
        known.update(benefit.adds_to)
        known.update(("person_year", name) for name in counters(benefit))
    return known
