"""The slip (结算单): the decision in words, made from its trace alone, so that the patient can redo the sum by hand.

Over 400 lines because a third of it is the sentences in both languages, which stand beside what fills them in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from services.claims.benefits import words
from services.claims.benefits.face import Face
from services.claims.benefits.presumed import presumed
from shared.kernel.money import format_yuan, parse_ratio, parse_yuan

WIDTH = 60
Document = Mapping[str, Any]

SENTENCES: words.Words = {
    "title": ("合作医疗费用补偿结算单", "Settlement slip"),
    "void_title": ("【已撤销·作废】合作医疗费用补偿结算单", "[Cancelled: void] Settlement slip"),
    "void": (
        "这笔结算已经撤销,本单作废,不得作为补偿或报销的凭据。",
        "This settlement was cancelled: the slip is void, nothing is paid on it.",
    ),
    "pair": ("{label}:{value}", "{label}: {value}"),
    "costs": ("一、费用(元)", "1. Costs (yuan)"),
    "total": ("  医疗费总额:{amount}", "  Total charges: {amount}"),
    "excluded": ("  减 不予补偿的费用:{amount}", "  less not covered: {amount}"),
    "over_ceiling": ("  减 超过最高限价的部分:{amount}", "  less above the price ceiling: {amount}"),
    "own_share": ("  减 先由个人负担的部分:{amount}", "  less own share first: {amount}"),
    "eligible": ("  等于 可补偿费用:{amount}", "  equals eligible costs: {amount}"),
    "calculation": ("二、计算", "2. Calculation"),
    "refused": ("不能补偿:{outcome}。", "Not paid: {outcome}."),
    "rule": ("适用“{name}”一项。", "The row “{name}” applies."),
    "rule_left": (
        "适用“{name}”一项,以可补偿费用中还没有补偿的部分为基数:{expression} = {amount} 元。",
        "The row “{name}” applies to what is left of the eligible costs: {expression} = {amount} yuan.",
    ),
    "rule_items": (
        "适用“{name}”一项,以可补偿费用中单列项目的 {amount} 元为基数。",
        "The row “{name}” applies to its items among the eligible costs: {amount} yuan.",
    ),
    "rule_cut_by_cap": (
        "适用“{name}”一项,以上一层年度封顶线以上没有补偿的 {amount} 元为基数。",
        "The row “{name}” applies to what the year's cap of the layer before cut off: {amount} yuan.",
    ),
    "no_deductible": ("不设起付线。", "No deductible."),
    "deductible": (
        "起付线 {full} 元,本次扣除 {amount} 元:{before} − {amount} = {after} 元。",
        "Deductible {full}, taken here {amount}: {before} − {amount} = {after} yuan.",
    ),
    "deductible_left": (
        "起付线每年 {full} 元,本年此前已扣 {year} 元,本次扣除 {amount} 元:{before} − {amount} = {after} 元。",
        "Deductible {full} a year, {year} taken before: {amount} is taken: {before} − {amount} = {after} yuan.",
    ),
    "deductible_stay": (
        "起付线 {full} 元,此前各次已扣 {taken} 元,整次住院共扣 {amount} 元:{before} − {amount} = {after} 元。",
        "Deductible {full}, {taken} taken by parts before, {amount} of the stay: {before} − {amount} = {after} yuan.",
    ),
    "deductible_stay_over": (
        "起付线 {full} 元,此前各次已扣 {taken} 元,整次住院共扣 {amount} 元,计入的费用 {before} 元没有超过。",
        "Deductible {full}, {taken} taken by the parts before, {amount} of the stay: the {before} do not exceed it.",
    ),
    "bonus_points": ("{name}:补偿比例提高 {points} 个百分点。", "{name}: the ratio is raised by {points} points."),
    "bonus_factor": ("{name}:补偿比例按原比例提高 {factor}。", "{name}: the ratio is raised by {factor} of itself."),
    "ratio": (
        "{expression} = {amount} 元(四舍五入到分)。",
        "{expression} = {amount} yuan (rounded to the fen).",
    ),
    "bands": (
        "分段补偿:{expression},合计 {amount} 元(四舍五入到分)。",
        "By bands: {expression}; together {amount} yuan.",
    ),
    "year": (
        "按全年累计计算:({expression}) − 此前累计的({before}) = {amount} 元(各自四舍五入到分)。",
        "Over the year: ({expression}) − earlier ({before}) = {amount} yuan (each rounded to the fen).",
    ),
    "year_stay": (
        "加此前各次算得的 {worked} 元,整次住院 {whole} 元。",
        " With the {worked} of the parts before, {whole} yuan of the stay.",
    ),
    "deductible_year": (
        "起付线全年 {full} 元,此前累计费用 {before} 元,加本次 {base} 元共 {sum} 元,超过起付线 {over} 元,"
        "本次扣除 {amount} 元。",
        "Deductible {full} a year, {before} of costs before and {base} now are {sum}, {over} above it; {amount} taken.",
    ),
    "third_party": (
        "第三人负担:{base} × {share} = {amount} 元,从可补偿费用中扣除。",
        "Borne by a third party: {base} × {share} = {amount} yuan, taken off the eligible costs.",
    ),
    "third_party_part": (
        "第三人负担:整次住院 {base} × {share} = {whole} 元,此前各次 {before} 元,本次 {amount} 元,从可补偿费用中扣除。",
        "Borne by a third party: the whole stay {base} × {share} = {whole}, before {before}, now {amount} yuan.",
    ),
    "elsewhere": (
        "基本补偿已在别处结算({settlement}),补偿 {amount} 元,封顶线以上未补偿 {over_cap} 元;照此计入,不重新计算。",
        "The basic benefit was settled elsewhere ({settlement}): {amount} paid, {over_cap} over its cap; as given.",
    ),
    "earlier": (
        "此前已中途结算:可补偿费用 {eligible} 元,扣起付线 {deductible} 元,补偿 {amount} 元;以下按整次住院计算。",
        "Settled midway before: eligible {eligible}, deductible {deductible}, paid {amount}; now for the whole stay.",
    ),
    "part": (
        "整次住院减去此前各次:{whole} − {before} = {amount} 元。",
        "The whole stay less the parts before: {whole} − {before} = {amount} yuan.",
    ),
    "part_bounded": (
        "整次住院为 {whole} 元,此前各次为 {before} 元;本次以本次可补偿费用中尚未补偿的部分为限,为 {amount} 元。",
        "The whole stay {whole}, the parts before {before}; bounded by what is open of this part's eligible: {amount}.",
    ),
    "limit": (
        "单病种限额 {limit} 元,可补偿费用 {base} 元,计入 {amount} 元。",
        "Limit for the disease {limit}, eligible {base}: {amount} counts.",
    ),
    "limit_shared": (
        "单病种限额 {limit} 元,可补偿费用 {base} 元,超过部分中 {shared} 元按 {share} 计入,共计入 {amount} 元。",
        "Limit for the disease {limit}, eligible {base}; {share} of {shared} above it counts: {amount} in all.",
    ),
    "nth_admission": (
        "本年第 {admission} 次,从第 {waived_from} 次起免除起付线。",
        "Number {admission} of the year: no deductible from the {waived_from}. on.",
    ),
    "waiver": ("{name}:免除起付线。", "{name}: no deductible."),
    "essential": (
        "{name}:其中 {base} 元的补偿比例提高 {points} 个百分点。",
        "{name}: the ratio for {base} of it is raised by {points} points.",
    ),
    "fixed": (
        "定额补偿 {fixed} 元,可补偿费用 {base} 元,补偿 {amount} 元。",
        "Fixed benefit {fixed}, eligible {base}: {amount} yuan.",
    ),
    "patient_part": (
        "个人负担 {own} 元,其余补偿:{expression} = {amount} 元。",
        "{own} is the patient's, the rest is paid: {expression} = {amount} yuan.",
    ),
    "patient_part_all": (
        "个人负担 {own} 元,计入的费用 {base} 元没有超过,补偿 {amount} 元。",
        "{own} is the patient's; the {base} that count do not exceed it: {amount} is paid.",
    ),
    "accident": ("{name}:按正常补偿的 {factor} 补偿。", "{name}: {factor} of the normal benefit."),
    "floor": (
        "{name}:{of} × {floor} 为最低补偿,计算所得 {before} 元,补偿 {amount} 元。",
        "{name}: at least {of} × {floor}; {before} by calculation, {amount} paid.",
    ),
    "circumstance_counts": ("{what}经县合管办批准,计入。", "The {what} was decided by the county office: it counts."),
    "circumstance_not": (
        "{what}没有经县合管办批准的申请,按没有{what}计算。",
        "No decided case states the {what}: it does not count.",
    ),
    "off_path": (
        "病例退出单病种路径,按一般规定补偿:{reason}。",
        "The case left the path of its disease, the ordinary rules apply: {reason}.",
    ),
    "off_path_over": (
        "总费用 {total} 元超过“{name}”的 {over} 元,退出单病种,按一般规定补偿。",
        "The bill of {total} is over the {over} of “{name}”: it left that row, the ordinary rules apply.",
    ),
    "hospital": (
        "超过限额没有计入的 {amount} 元由医疗机构负担,不向病人收取。",
        "The {amount} over the limit that do not count are borne by the hospital, not charged to the patient.",
    ),
    "submission": (
        "材料 {submitted_on} 送到窗口,受理期限 {last_day}({name}),在期限内。",
        "Papers came on {submitted_on}, deadline {last_day} ({name}): in time.",
    ),
    "submission_late": (
        "材料 {submitted_on} 送到窗口,受理期限 {last_day}({name}),已过期限。",
        "Papers came on {submitted_on}, deadline {last_day} ({name}): too late.",
    ),
    "submission_approved": (
        "材料 {submitted_on} 送到窗口,受理期限 {last_day}({name}),县合管办批准逾期受理。",
        "Papers came on {submitted_on}, deadline {last_day} ({name}): approved by the county office.",
    ),
    "advanced": (
        "基金先行支付 {amount} 元,以后向责任人追偿。",
        "The fund advances {amount} and recovers it from who is liable.",
    ),
    "account": (
        "{name}余额 {left} 元,支付个人负担部分中的 {amount} 元。",
        "{name}: balance {left}, pays {amount} of the patient's part.",
    ),
    "per_head": (
        "{name}:每人 {each} 元,全家参合 {insured} 人:{each} × {insured} = {amount} 元。",
        "{name}: {each} for each of the {insured} insured of the household: {each} × {insured} = {amount} yuan.",
    ),
    "per_head_unknown": (
        "{name}:每人 {each} 元,没有写明全家参合人数,按 1 人计算:{each} × 1 = {amount} 元。",
        "{name}: {each} for each insured member; how many there are is not said, counted as 1: {each} × 1 = {amount}.",
    ),
    "cap_free": (
        "{name} {cap} 元({period}),此前已补偿 {used} 元,本次 {before} 元,未超过。",
        "{name}: {cap} yuan {period}, {used} paid before, {before} now: not exceeded.",
    ),
    "cap_cut": (
        "{name} {cap} 元({period}),此前已补偿 {used} 元,还可补偿 {cap} − {used} = {left} 元,本次按 {amount} 元补偿。",
        "{name}: {cap} yuan {period}, {used} paid before, {left} left: {amount} is paid.",
    ),
    "cap_over": (
        "{name} {cap} 元({period}),此前已补偿 {used} 元,已达到或超过,本次补偿 {amount} 元。",
        "{name}: {cap} yuan {period}, {used} paid before, nothing left: {amount} is paid.",
    ),
    "layer": ("{payer}支付({name}):{amount} 元。", "Paid by {payer} ({name}): {amount} yuan."),
    "clause": ("依据:“{clause}”", " Source: “{clause}”"),
    "result": ("三、结果(元)", "3. Result (yuan)"),
    "benefit": ("  补偿金额:{amount}", "  Benefit: {amount}"),
    "patient": ("  个人负担:{expression} = {amount}", "  To be paid by the patient: {expression} = {amount}"),
    "outcome": ("  {outcome}。", "  {outcome}."),
    "of_account": (
        "  其中家庭账户支付:{account},现金:{cash}",
        "  of it from the family account: {account}, in cash: {cash}",
    ),
    "paid_elsewhere": ("  已在别处补偿:{amount}", "  Paid elsewhere: {amount}"),
    "hospital_bears": ("  医疗机构负担:{amount}", "  Borne by the hospital: {amount}"),
    "cut": ("四、没有全部计入的明细(元)", "4. Lines not counted in full (yuan)"),
    "line": (
        "  第 {number} 行 {name} {billed}未计入 {amount}:{reason}",
        "  line {number} {name} {billed}not counted {amount}: {reason}",
    ),
    "billed": ("{price} × {quantity} = {amount},", "{price} × {quantity} = {amount}, "),
    "billed_as": ("{price} × {quantity},医院按 {amount} 收取,", "{price} × {quantity}, billed as {amount}, "),
    "over_line": (
        "最高限价 {ceiling} × {quantity} = {allowed},超过 {amount}",
        "ceiling {ceiling} × {quantity} = {allowed}, {amount} above it",
    ),
    "share_line": (
        "先由个人负担 {base} × {share} = {amount}",
        "own share first {base} × {share} = {amount}",
    ),
    "between": (";", "; "),
    "third_part": ("  第三人负担:{amount}", "  Borne by a third party: {amount}"),
    "idle": (
        "“{name}”:没有应由这一层补偿的金额,支付 0.00 元。",
        "“{name}”: nothing is left for this layer, it pays 0.00 yuan.",
    ),
    "presumed": ("(来源没有写明,为推定)", " (presumed: the source does not say)"),
    "policy": ("方案:{policy},版本指纹 {digest}", "Policy {policy}, fingerprint {digest}"),
    "illustrative": (
        "以下规定来源没有写明,须由统筹区点名接受:{names}",
        "Not stated by the source, to be accepted by the pool by name: {names}",
    ),
}


def slip_text(
    decision: Document,
    heading: Sequence[tuple[str, str]] = (),
    faces: Mapping[int, Face] | None = None,
    language: str = "zh",
    *,
    void: bool = False,
) -> str:
    """The slip of a decision document (`wire.decision_document`).

    `heading` are lines above the sum (person, hospital, dates) as (label, value); `faces` are the lines of the bill
    by their number; `language` is `zh` or `en`; `void` says above and below the sum that the settlement was cancelled.
    """
    say = Voice(language)
    lines = [say("void_title" if void else "title"), "=" * WIDTH]
    lines += [say("pair", label=label, value=value) for label, value in heading]
    lines += [say("void"), ""] if void else [""]
    lines += [say("costs"), *costs(decision, say)]
    lines += ["", say("calculation")]
    lines += [f"  {number}. {sentence}" for number, (sentence, _) in enumerate(steps(decision, say), start=1)]
    lines += ["", say("result"), *result(decision, say), *([say("void")] if void else [])]
    if cut := list(_cut_lines(decision, faces or {}, say)):
        lines += ["", say("cut"), *cut]
    lines += ["", "-" * WIDTH, say("policy", policy=decision["policy"], digest=decision["policy_hash"][:16])]
    if decision["illustrative"]:
        lines.append(say("illustrative", names=presumed(decision, language)))
    return "\n".join(lines) + "\n"


def yuan(amount: str) -> str:
    """`12345.60` as `12,345.60`."""
    whole, _, cents = amount.partition(".")
    return f"{int(whole):,}.{cents}"


def percent(ratio: str) -> str:
    """`0.7000` as `70%`, `0.3750` as `37.5%`."""
    return f"{points(ratio)}%"


def points(ratio: str) -> str:
    """`0.1000` as `10`, `0.55125` as `55.125`."""
    value = f"{Decimal(ratio) * 100:f}"
    return value.rstrip("0").rstrip(".") if "." in value else value


class Voice:
    """Sentences in one language; amounts among the parameters come ready to print."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **parameters: object) -> str:
        return words.word(SENTENCES, key, self.language).format_map(parameters)

    def code(self, table: words.Words, code: str) -> str:
        """The words of a code."""
        return words.word(table, code, self.language)


def costs(decision: Document, say: Voice) -> Iterator[str]:
    """From the total charges to the eligible costs."""
    yield say("total", amount=yuan(decision["total"]))
    for member in ("excluded", "over_ceiling", "own_share"):
        if parse_yuan(decision[member]):
            yield say(member, amount=yuan(decision[member]))
    yield say("eligible", amount=yuan(decision["eligible"]))


def steps(decision: Document, say: Voice) -> Iterator[tuple[str, Document]]:
    """Each step of the calculation in words, with the step; a clause is quoted once."""
    base = decision["eligible"]
    told: set[str] = set()
    for step in _worth_telling(decision["trace"]):
        if step["step"] in ("rule", "limit"):
            base = step["amount"]
        sentence = _sentence(step, base, say)
        if sentence is None:
            continue
        if step["step"] not in ("layer", "idle"):
            sentence += _origin(step, decision["illustrative"], told, say)
        yield sentence, step


def _origin(step: Document, illustrative: Sequence[str], told: set[str], say: Voice) -> str:
    """The clause that a step rests on, or that it is presumed; each once, what is `told` not again."""
    said, clause, rule = "", step["clause"], step["rule"]
    if clause and clause not in told:
        told.add(clause)
        said += say("clause", clause=clause)
    if rule and rule not in told and any(name == rule or name.startswith(f"{rule}.") for name in illustrative):
        told.add(rule)
        said += say("presumed")
    return said


def _worth_telling(trace: Sequence[Document]) -> Iterator[Document]:
    """The steps without those of a bucket that had nothing to work on; a layer with only such buckets is one step."""
    worked, begun = True, False
    for step in trace:
        if step["step"] == "layer":
            yield step if begun else {**step, "step": "idle"}
            worked, begun = True, False
            continue
        if step["step"] == "rule":
            worked = parse_yuan(step["amount"]) > 0
            begun = begun or worked
        if worked:
            yield step


def _sentence(step: Document, base: str, say: Voice) -> str | None:
    """One step in words; None for a step that the costs have told already."""
    inputs, amount = step["inputs"], yuan(step["amount"])
    match step["step"]:
        case "refused":
            return say("refused", outcome=say.code(words.OUTCOMES, inputs["outcome"]))
        case "circumstance":
            what = say.code(words.CIRCUMSTANCES, inputs["code"])
            return say("circumstance_counts" if inputs["case"] == "yes" else "circumstance_not", what=what)
        case "off_path" if "over" in inputs:
            return say("off_path_over", **_printed(inputs))
        case "off_path":
            return say("off_path", **inputs)
        case "submission":
            return say(_submission(inputs), **inputs)
        case "rule" if "of" in inputs:
            return _rule(step, say)
        case "rule" | "layer" | "idle" | "nth_admission":
            return say(step["step"], amount=amount, **inputs)
        case "deductible":
            return _deductible(step, base, say)
        case "bonus":
            by_points = parse_ratio(inputs["points_ratio"]) > 0
            raised = {"points": points(inputs["points_ratio"]), "factor": percent(inputs["factor_ratio"])}
            return say("bonus_points" if by_points else "bonus_factor", name=inputs["name"], **raised)
        case "ratio":
            return _ratio(step, say)
        case "patient_part":
            return _patient_part(step, say)
        case "cap":
            return _cap(step, say)
        case "per_head":
            known, each = inputs["insured"] != "0", yuan(inputs["each"])
            key = "per_head" if known else "per_head_unknown"
            return say(key, name=inputs["name"], each=each, insured=inputs["insured"], amount=amount)
        case "part":
            true = parse_yuan(inputs["whole"]) - parse_yuan(inputs["before"]) == parse_yuan(step["amount"])
            return say("part" if true else "part_bounded", amount=amount, **_printed(inputs))
        case "third_party" if "before" in inputs:
            now = format_yuan(_borne_now(step))
            return say("third_party_part", whole=amount, amount=yuan(now), **_printed(inputs))
        case "limit" if parse_yuan(inputs["shared"]):
            return say("limit_shared", amount=amount, **_printed(inputs))
        case "lines":
            return None
        case _:
            return say(step["step"], amount=amount, **_printed(inputs))


def _submission(inputs: Mapping[str, str]) -> str:
    if inputs["submitted_on"] <= inputs["last_day"]:  # ISO days are in order as text
        return "submission"
    return "submission_approved" if inputs["late"] == "approved" else "submission_late"


_RATIOS = {"share_ratio": "share", "factor_ratio": "factor", "floor_ratio": "floor"}
_TEXTS = ("name", "settlement")


def _printed(inputs: Mapping[str, str]) -> dict[str, str]:
    """The inputs of a step as they are printed: amounts with separators, ratios as percentages."""
    printed = {}
    for name, value in inputs.items():
        if name == "points_ratio":
            printed["points"] = points(value)
        elif name in _RATIOS:
            printed[_RATIOS[name]] = percent(value)
        else:
            printed[name] = value if name in _TEXTS else yuan(value)
    return printed


_TERMS = ("whole", "borne", "paid", "hospital", "items")


def _rule(step: Document, say: Voice) -> str:
    """The row with the base that it works on, where that is not the whole eligible amount."""
    inputs = step["inputs"]
    expression = " − ".join(yuan(inputs[term]) for term in _TERMS if term in inputs)
    return say(f"rule_{inputs['of']}", name=inputs["name"], expression=expression, amount=yuan(step["amount"]))


def _deductible(step: Document, base: str, say: Voice) -> str:
    if not parse_yuan(step["inputs"]["full"]):
        return say("no_deductible")
    if "before" in step["inputs"]:
        full, before, now = (parse_yuan(step["inputs"][name]) for name in ("full", "before", "base"))
        sums = {"sum": _figure(before + now), "over": _figure(max(0, before + now - full))}
        return say("deductible_year", amount=yuan(step["amount"]), **_printed(step["inputs"]), **sums)
    inputs, after = step["inputs"], parse_yuan(base) - parse_yuan(step["amount"])
    key = "deductible"
    if "taken" in inputs:
        key = "deductible_stay" if after > 0 else "deductible_stay_over"
    elif parse_yuan(inputs.get("year", "0.00")):
        key = "deductible_left"
    figures = {"amount": yuan(step["amount"]), "before": yuan(base), "after": _figure(max(0, after))}
    return say(key, **_printed(inputs), **figures)


def _ratio(step: Document, say: Voice) -> str:
    """The multiplication as it can be redone by hand."""
    inputs, amount = step["inputs"], yuan(step["amount"])
    expression, single = _expression(inputs, inputs["base"])
    if "before" in inputs:
        before, _ = _expression(inputs, inputs["before"])
        told = say("year", expression=expression, before=before, amount=amount)
        if "worked" not in inputs:
            return told
        whole = _figure(parse_yuan(inputs["worked"]) + parse_yuan(step["amount"]))
        return told + say("year_stay", worked=yuan(inputs["worked"]), whole=whole)
    for number in range(1, len(inputs) + 1):
        if f"essential_{number}" in inputs:
            expression += f" + {yuan(inputs[f'essential_{number}'])} × {percent(inputs[f'points_{number}_ratio'])}"
    if "factor_ratio" in inputs:
        expression = f"({expression}) × {percent(inputs['factor_ratio'])}"
    return say("ratio" if single else "bands", expression=expression, amount=amount)


def _patient_part(step: Document, say: Voice) -> str:
    """The subtraction as it can be redone by hand."""
    inputs, amount = step["inputs"], yuan(step["amount"])
    own, base = yuan(inputs["own"]), yuan(inputs["base"])
    if parse_yuan(inputs["base"]) <= parse_yuan(inputs["own"]):
        return say("patient_part_all", own=own, base=base, amount=amount)
    expression = f"{base} − {own}"
    if "factor_ratio" in inputs:
        expression = f"({expression}) × {percent(inputs['factor_ratio'])}"
    return say("patient_part", own=own, expression=expression, amount=amount)


def _expression(inputs: Mapping[str, str], amount: str) -> tuple[str, bool]:
    """An amount times its ratio, or band by band, and whether it is one ratio."""
    if "applied_ratio" in inputs:
        return f"{yuan(amount)} × {percent(inputs['applied_ratio'])}", True
    base, below, told = parse_yuan(amount), 0, []
    for number in range(1, len(inputs) + 1):
        if f"applied_{number}_ratio" not in inputs or below >= base:
            break
        end = parse_yuan(inputs[f"up_to_{number}"]) if f"up_to_{number}" in inputs else base
        part = format_yuan(min(base, end) - below)
        told.append(f"{yuan(part)} × {percent(inputs[f'applied_{number}_ratio'])}")
        below = min(base, end)
    return " + ".join(told) or "0.00", False


def _cap(step: Document, say: Voice) -> str:
    inputs = step["inputs"]
    amounts = {member: yuan(inputs[member]) for member in ("cap", "used", "left", "before")}
    cut = parse_yuan(step["amount"]) < parse_yuan(inputs["before"])
    over = parse_yuan(inputs["used"]) > parse_yuan(inputs["cap"])
    period = say.code(words.PERIODS, inputs["period"])
    return say(
        "cap_over" if over else "cap_cut" if cut else "cap_free",
        name=inputs["name"],
        period=period,
        amount=yuan(step["amount"]),
        **amounts,
    )


def _borne_now(step: Document) -> int:
    """What a third party bears of this part of an admission; its step tells the whole one."""
    return max(0, parse_yuan(step["amount"]) - parse_yuan(step["inputs"].get("before", "0.00")))


def own_part(decision: Document) -> int:
    """What is left to the patient, family account included, in fen."""
    return parse_yuan(decision["patient"]) - parse_yuan(decision["third_party"])


def result(decision: Document, say: Voice) -> Iterator[str]:
    """What is paid, what is left to the patient, and how the claim ended."""
    third, hospital = decision["third_party"], decision["hospital"]
    others = {"paid_elsewhere": decision["elsewhere"], "third_part": third, "hospital_bears": hospital}
    yield say("benefit", amount=yuan(decision["benefit"]))
    taken = [decision["total"], decision["benefit"]]
    for key, amount in others.items():
        if parse_yuan(amount):
            yield say(key, amount=yuan(amount))
            taken.append(amount)
    yield say("patient", expression=" − ".join(map(yuan, taken)), amount=_figure(own_part(decision)))
    if account := parse_yuan(decision["account"]):
        yield say("of_account", account=_figure(account), cash=_figure(own_part(decision) - account))
    yield say("outcome", outcome=say.code(words.OUTCOMES, decision["outcome"]))


def _cut_lines(decision: Document, faces: Mapping[int, Face], say: Voice) -> Iterator[str]:
    for line in decision.get("lines", ()):
        if line["reason"] in ("eligible", "claim_refused"):
            continue
        face = faces.get(line["number"])
        own = sum(parse_yuan(line[member]) for member in _NOT_COUNTED)
        billed = ""
        if face is not None and face.price:
            amount = own + parse_yuan(line["eligible"])
            figures = {"price": short(face.price), "quantity": short(face.quantity), "amount": _figure(amount)}
            exact = Decimal(face.price) * Decimal(face.quantity) * 100
            billed = say("billed" if abs(exact - amount) <= Decimal("0.5") else "billed_as", **figures)
        name = "" if face is None else face.name
        reason = why(line, face, say)
        yield say("line", number=line["number"], name=name, billed=billed, amount=_figure(own), reason=reason)


_NOT_COUNTED = ("excluded", "over_ceiling", "own_share")


def why(line: Document, face: Face | None, say: Voice) -> str:
    """Why a line does not count in full, so that it can be redone: the ceiling and the own share in figures."""
    over, own = parse_yuan(line["over_ceiling"]), parse_yuan(line["own_share"])
    told = []
    if over and face is not None and face.ceiling:
        allowed, quantity = own + parse_yuan(line["eligible"]), short(face.quantity)
        figures = {"ceiling": short(face.ceiling), "quantity": quantity, "allowed": _figure(allowed)}
        told.append(say("over_line", amount=_figure(over), **figures))
    if own and face is not None and face.own_share:
        base = _figure(own + parse_yuan(line["eligible"]))
        told.append(say("share_line", base=base, share=percent(face.own_share), amount=_figure(own)))
    return say("between").join(told) or say.code(words.REASONS, line["reason"])


def short(number: str) -> str:
    """`1200.500000` as `1,200.50`, `2.0000` as `2`: a price keeps two places, a quantity what it needs."""
    whole, _, places = number.partition(".")
    kept = places.rstrip("0")
    if len(places) > 4 and len(kept) < 2:
        kept = places[:2]
    return f"{int(whole):,}.{kept}" if kept else f"{int(whole):,}"


def _figure(amount_fen: int) -> str:
    return yuan(format_yuan(amount_fen))
