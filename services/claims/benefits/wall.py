"""The policy as the table on the office wall, in Chinese: the seven disclosures (七公开) under their headings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.claims.benefits import words
from services.claims.benefits.areas import phrases
from services.claims.benefits.diseases import told as told_codes
from services.claims.benefits.model import (
    Benefit,
    Bonus,
    Cap,
    Circumstance,
    Deadline,
    FamilyAccount,
    Inquiry,
    Layer,
    Origin,
    Papers,
    Policy,
    Rule,
    Waiver,
)
from services.claims.benefits.quote import group_names, rested_on
from services.claims.benefits.schema import PolicyDoc
from services.claims.benefits.sharing import counted_with, together
from services.claims.benefits.slip import percent, yuan
from shared.kernel.money import format_ratio, format_yuan

DISCLOSURES = {
    "catalogue": ("一、基本药物目录", "以现行目录为准,每笔结算单写明目录版本;可向经办窗口和定点机构查阅。"),
    "prices": ("二、药品价格", "目录规定的最高限价,超过部分不予补偿;定点机构公示实际售价。"),
    "services": ("三、服务项目", "定点机构公示服务项目;下列待遇所说的项目可以补偿。"),
    "charges": ("四、收费标准", "按物价部门的标准收费,定点机构公示并提供费用清单。"),
    "procedure": ("五、报销程序", "在定点机构凭证件登记,出院(就诊)时当场结算;不能当场结算的,凭发票和清单到窗口办理。"),
    "results": ("六、报销结果", "按月在乡镇和村公示;本人可凭结算编号查询每一步计算。"),
}
"""The first six of the seven; the seventh, the ratios, is the table itself."""
_BASES = {
    "eligible": "",
    "eligible_unpaid": ",以前面各层没有补偿的合规费用为基数",
    "cut_by_cap": ",从前一层封顶线用完以后起",
}
_WIDEST = 4
_PRESUMED = "(推定,须统筹区接受)"


def wall_table(policy: Policy, document: PolicyDoc) -> str:
    """The policy as plain text for the notice board."""
    until = f"至 {_day(policy.effective_to)} " if policy.effective_to else ""
    lines = [policy.title, f"自 {_day(policy.effective_from)}起{until}执行", ""]
    for name, (heading, usual) in DISCLOSURES.items():
        said = getattr(document.disclosure, name) if document.disclosure else None
        lines += [heading, *(f"  {sentence}" for sentence in said or [usual])]
    lines += ["七、补偿比例", ""]
    for layer in policy.layers:
        lines += _layer_lines(layer, policy)
    lines += _parameter_lines(policy, document)
    for reading in document.readings:
        lines.append(f"问:{reading.question} 答:{reading.taken}")
    sources = "、".join(source.title for _, source in sorted(document.sources.items()))
    lines += ["", f"依据:{sources}", f"方案编号:{policy.id} 版本指纹:{policy.hash}"]
    return "\n".join(lines) + "\n"


def _day(day: object) -> str:
    return f"{day:%Y 年 %-m 月 %-d 日}"


def _layer_lines(layer: Layer, policy: Policy) -> Iterator[str]:
    names = group_names(policy)
    yield f"【{layer.name}】由{layer.payer}支付{layer_words(layer)}{_mark(layer.origin)}"
    for benefit in layer.buckets:
        yield f"  {benefit.name}{bucket_words(benefit)}"
        for rule in benefit.rules:
            yield f"    {rule.name}:{rule_words(rule, yearly=benefit.yearly)}{_mark(rule.origin)}"
            yield from (f"      适用:{where}" for where in _where(benefit, rule))
        shared = {cap.id: shared_words(benefit, cap, policy) for cap in benefit.caps}
        for row_id, name, told, origin in named_rows(benefit, names):
            yield f"    {name if told == name else f'{name}:{told}'}{shared.get(row_id, '')}{_mark(origin)}"
    yield ""


def _where(benefit: Benefit, rule: Rule) -> list[str]:
    """Where a row applies, unless that takes more phrases than a wall has room for."""
    tables = (benefit.table, *(table for disease, table in benefit.by_disease.items() if disease in rule.diseases))
    told = phrases({situation for table in tables for situation, one in table.items() if one is rule})
    return told if len(told) <= _WIDEST else []


def _parameter_lines(policy: Policy, document: PolicyDoc) -> Iterator[str]:
    if policy.waiting_days:
        yield f"等待期:参合后 {policy.waiting_days} 天{_parameter_mark(policy, 'waiting_days')}"
    year = {"admission": "入院(就诊)", "discharge": "出院", "settlement": "结算", "lines": "费用发生"}[policy.year_by]
    yield f"年度:按{year}日期所在的年度累计封顶线{_parameter_mark(policy, 'year_by')}"
    if policy.lines_after_coverage == "excluded":
        yield f"参合期以外发生的费用不予补偿{_parameter_mark(policy, 'lines_after_coverage')}"
    if policy.newborn_days:
        yield f"新生儿:出生 {policy.newborn_days} 天内随母亲参合{_parameter_mark(policy, 'newborn_days')}"
    if (account := policy.family_account) is not None:
        yield f"{account.name}:{account_words(account)}{_mark(account.origin)}"
    yield from (f"{told}{_mark(origin)}" for told, origin in said_rows(policy))
    if used := rested_on(policy) & document.groups.keys():
        yield "特殊人群:" + "、".join(document.groups[code].name for code in sorted(used))


# ---------------------------------------------------------------- values in words


def layer_words(layer: Layer) -> str:
    """What the layer starts from and for whom."""
    return _BASES[layer.base] + (",只给参加的人" if layer.voluntary else "")


def rule_words(rule: Rule, *, yearly: bool) -> str:
    """Diseases, deductible and ratio of a row."""
    where = f"病种 {told_codes(rule.diseases)}:" if rule.diseases else ""
    return where + paid_words(rule, yearly=yearly)


def paid_words(rule: Rule, *, yearly: bool) -> str:
    """Deductible and ratio of a row; `yearly`: of a bucket that counts both over the year."""
    path = f"(总费用超过 {_yuan(rule.off_path_over_fen)} 元的除外)" if rule.off_path_over_fen is not None else ""
    if not rule.pays:
        return "不补偿"
    if rule.fixed_fen is not None:
        return f"定额补偿 {_yuan(rule.fixed_fen)} 元{path}"
    limit = ""
    if rule.limit is not None:
        limit = f"限额 {_yuan(rule.limit.amount_fen)} 元"
        if rule.limit.shared_up_to:
            share, up_to = percent(format_ratio(rule.limit.share)), percent(format_ratio(rule.limit.shared_up_to))
            limit += f"(超过限额 {up_to} 以内的部分按 {share} 计入)"
        if rule.limit.hospital_bears:
            limit += ",不计入的部分由医疗机构负担"
        limit += ","
    if rule.patient_fen is not None:
        return f"{limit}个人负担 {_yuan(rule.patient_fen)} 元,其余由基金支付{path}"
    return f"{limit}{deductible_words(rule, yearly=yearly)},{ratio_words(rule)}{path}"


def deductible_words(rule: Rule, *, yearly: bool) -> str:
    """`起付线每次 200.00 元`."""
    deductible = rule.deductible
    if not deductible.amount_fen:
        return "不设起付线"
    per = "每年" if yearly or deductible.per == "person_year" else "每次"
    waived = f"(第 {deductible.waived_from} 次起免)" if deductible.waived_from is not None else ""
    return f"起付线{per} {_yuan(deductible.amount_fen)} 元{waived}"


def ratio_words(rule: Rule) -> str:
    """`补偿 60%`, or band by band: bands are of what lies above the deductible."""
    parts = []
    above = "超过起付线的部分中 " if rule.deductible.amount_fen and len(rule.bands) > 1 else ""
    for band in rule.bands:
        limit = f"{_yuan(band.up_to_fen)} 元以内 " if band.up_to_fen is not None else ""
        limit = "其余 " if band.up_to_fen is None and len(rule.bands) > 1 else limit
        parts.append(f"{limit}补偿 {percent(format_ratio(band.ratio))}")
    return above + ",".join(parts) if parts else "不补偿"


def cap_words(cap: Cap) -> str:
    """`每人每年 60,000.00 元`, `每户每年 60.00 元,按全家参合人数每人一份,全家共用`."""
    where = f"病种 {told_codes(cap.diseases)} " if cap.diseases else ""
    each = ",按全家参合人数每人一份,全家共用" if cap.per_head else ""
    return f"{where}{words.word(words.PERIODS, cap.period)} {_yuan(cap.amount_fen)} 元{each}"


def shared_words(benefit: Benefit, cap: Cap, policy: Policy) -> str:
    """With which other benefits a cap is shared; empty where it is its bucket's own."""
    others = counted_with(benefit, cap, policy)
    return f",{together(others)}" if others else ""


def bonus_words(bonus: Bonus, names: Mapping[str, str]) -> str:
    """Who gets how much more; `names` are those of the groups."""
    raised = f"{percent(format_ratio(bonus.points))[:-1]} 个百分点" if bonus.points else ""
    raised = raised or f"原比例的 {percent(format_ratio(bonus.factor))}"
    return f"{_people(bonus, names)}提高 {raised}" + (",每类各提高一次" if bonus.stacks else "")


def waiver_words(waiver: Waiver, names: Mapping[str, str]) -> str:
    """Who pays no deductible; just the name of the row where that says it."""
    people = _people(waiver, names)
    if not waiver.emergency and sorted(waiver.name.removesuffix("免起付线").split("、")) == sorted(people.split("、")):
        return waiver.name
    return f"{people}{'急诊' if waiver.emergency else ''}免起付线"


def account_words(account: FamilyAccount) -> str:
    """What the family account may pay."""
    kinds = "、".join(words.word(words.KINDS, kind) for kind in sorted(account.kinds))
    what = "个人负担部分" if account.covers == "all" else "可补偿费用中的个人负担部分"
    return f"可支付{kinds}的{what},不计入封顶线和补偿比例"


def circumstance_words(one: Circumstance) -> str:
    """How a circumstance is shown, and until when."""
    how = "凭县合管办批准的申请计入" if one.by_case else "凭医院说明或县合管办批准的申请计入"
    days = "" if one.notice_days is None else f",发生后 {one.notice_days} 天内申请"
    return f"{words.word(words.CIRCUMSTANCES, one.code)}:{how}{days}{_LATE if one.late_approved else ''}"


_LATE = ",逾期的须经县合管办负责人批准"


def inquiry_words(one: Inquiry) -> str:
    """What an accident's inquiry has to keep."""
    told = []
    if one.report_days is not None:
        told.append(f"发生后 {one.report_days} 天内报告{_LATE if one.late_approved else ',逾期不予受理'}")
    if one.posted_days is not None:
        told.append(f"乡镇负责人签署意见后在村里公示 {one.posted_days} 天,期满再决定")
    return f"意外伤害:{';'.join(told)}"


def deadline_words(one: Deadline) -> str:
    """Until when the papers of which care may come."""
    kinds = "、".join(words.word(words.KINDS, kind) for kind in sorted(one.kinds, reverse=True))
    until = f"出院(就诊)后 {one.days} 天内"
    if one.month_day is not None:
        until = f"次年 {one.month_day[0]} 月 {one.month_day[1]} 日以前"
    return f"{one.name}:{kinds}的材料{until}送到窗口,逾期须经县合管办批准"


def papers_words(one: Papers) -> str:
    """What has to come with a claim at the window."""
    return f"{words.word(words.KINDS, one.kind)}到窗口报销要带:{'、'.join(one.needed)}"


def said_rows(policy: Policy) -> Iterator[tuple[str, Origin]]:
    """Circumstances, accidents, deadlines and papers in words, with their origin."""
    yield from ((circumstance_words(one), one.origin) for one in policy.circumstances)
    if policy.accidents is not None:
        yield inquiry_words(policy.accidents), policy.accidents.origin
    yield from ((deadline_words(one), one.origin) for one in policy.deadlines)
    yield from ((papers_words(one), one.origin) for one in policy.papers)


def bucket_words(benefit: Benefit) -> str:
    """What a bucket asks for, and how it counts."""
    told = []
    if benefit.entitlement:
        told.append(f"凭{words.word(words.ENTITLEMENTS, benefit.entitlement)}证")
    if benefit.diseases:
        told.append(f"病种 {told_codes(benefit.diseases)}")
    if benefit.items:
        told.append(f"项目 {'、'.join(sorted(benefit.items))}")
    if benefit.yearly:
        told.append("起付线和分段按全年累计费用计算")
    return f"({';'.join(told)})" if told else ""


def named_rows(benefit: Benefit, names: Mapping[str, str]) -> Iterator[tuple[str, str, str, Origin]]:
    """(id, name, words, origin) of every row of a bucket beside its table; `names` are those of the groups."""
    for cap in benefit.caps:
        yield cap.id, cap.name, cap_words(cap), cap.origin
    for bonus in benefit.bonuses:
        yield bonus.id, bonus.name, bonus_words(bonus, names), bonus.origin
    for waiver in benefit.waivers:
        yield waiver.id, waiver.name, waiver_words(waiver, names), waiver.origin
    if (floor := benefit.floor) is not None:
        of = "总费用" if floor.of == "total" else "可补偿费用"
        yield floor.id, floor.name, f"补偿不低于{of}的 {percent(format_ratio(floor.ratio))}", floor.origin
    if (accident := benefit.accident) is not None:
        most = f",每次不超过 {_yuan(accident.cap_fen)} 元" if accident.cap_fen is not None else ""
        told = f"无第三人责任的意外伤害按正常补偿的 {percent(format_ratio(accident.factor))}{most}"
        yield accident.id, accident.name, told, accident.origin
    if (essential := benefit.essential) is not None:
        points = percent(format_ratio(essential.points))[:-1]
        yield essential.id, essential.name, f"基本药物提高 {points} 个百分点", essential.origin


def _people(row: Bonus | Waiver, names: Mapping[str, str]) -> str:
    """The groups of a row; of one told by age the age, unless its name says it."""
    ages = dict(row.ages)
    told = []
    for code in sorted(row.groups):
        name, age = names.get(code, code), ages.get(code)
        told.append(name if age is None or str(age) in name else f"{name}(年满 {age} 周岁)")
    return "、".join(told)


def _yuan(amount_fen: int) -> str:
    return yuan(format_yuan(amount_fen))


def _parameter_mark(policy: Policy, name: str) -> str:
    return _PRESUMED if f"parameters.{name}" in policy.illustrative else ""


def _mark(origin: Origin) -> str:
    return _PRESUMED if origin.illustrative else ""
