"""The slip (结算单): the decision in words, made from its trace alone, so that the patient can redo the sum by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.claims.benefits import words
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
    "no_deductible": ("不设起付线。", "No deductible."),
    "deductible": (
        "起付线 {full} 元,本次扣除 {amount} 元:{before} − {amount} = {after} 元。",
        "Deductible {full}, taken here {amount}: {before} − {amount} = {after} yuan.",
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
    "deductible_year": (
        "起付线全年 {full} 元,此前累计费用 {before} 元,本次扣除 {amount} 元。",
        "Deductible {full} a year, {before} of costs before: {amount} is taken.",
    ),
    "third_party": (
        "第三人负担:{base} × {share} = {amount} 元,从可补偿费用中扣除。",
        "Borne by a third party: {base} × {share} = {amount} yuan, taken off the eligible costs.",
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
    "waiver": ("{name}:免除起付线。", "{name}: no deductible."),
    "essential": (
        "{name}:其中 {base} 元的补偿比例提高 {points} 个百分点。",
        "{name}: the ratio for {base} of it is raised by {points} points.",
    ),
    "fixed": (
        "定额补偿 {fixed} 元,可补偿费用 {base} 元,补偿 {amount} 元。",
        "Fixed benefit {fixed}, eligible {base}: {amount} yuan.",
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
    "patient": (
        "  个人负担:{total} − {benefit} = {amount}",
        "  To be paid by the patient: {total} − {benefit} = {amount}",
    ),
    "outcome": ("  {outcome}。", "  {outcome}."),
    "of_account": (
        "  其中家庭账户支付:{account},现金:{cash}",
        "  of it from the family account: {account}, in cash: {cash}",
    ),
    "paid_elsewhere": ("  已在别处补偿:{amount}", "  Paid elsewhere: {amount}"),
    "patient_elsewhere": (
        "  个人负担:{total} − {elsewhere} − {benefit} = {amount}",
        "  To be paid by the patient: {total} − {elsewhere} − {benefit} = {amount}",
    ),
    "hospital_bears": ("  医疗机构负担:{amount}", "  Borne by the hospital: {amount}"),
    "patient_hospital": (
        "  个人负担:{total} − {benefit} − {hospital} = {amount}",
        "  To be paid by the patient: {total} − {benefit} − {hospital} = {amount}",
    ),
    "cut": ("四、没有全部计入的明细(元)", "4. Lines not counted in full (yuan)"),
    "line": (
        "  第 {number} 行 {name} 未计入 {amount}:{reason}",
        "  line {number} {name} not counted {amount}: {reason}",
    ),
    "policy": ("方案:{policy},版本指纹 {digest}", "Policy {policy}, fingerprint {digest}"),
    "illustrative": (
        "以下规定来源没有写明,须由统筹区点名接受:{names}",
        "Not stated by the source, to be accepted by the pool by name: {names}",
    ),
}


def slip_text(
    decision: Document,
    heading: Sequence[tuple[str, str]] = (),
    names: Mapping[int, str] | None = None,
    language: str = "zh",
    *,
    void: bool = False,
) -> str:
    """The slip of a decision document (`wire.decision_document`).

    `heading` are lines above the sum (person, hospital, dates) as (label, value); `names` are the names of bill lines
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
    if cut := list(_cut_lines(decision, names or {}, say)):
        lines += ["", say("cut"), *cut]
    lines += ["", "-" * WIDTH, say("policy", policy=decision["policy"], digest=decision["policy_hash"][:16])]
    if decision["illustrative"]:
        lines.append(say("illustrative", names=", ".join(decision["illustrative"])))
    return "\n".join(lines) + "\n"


def yuan(amount: str) -> str:
    """`12345.60` as `12,345.60`."""
    whole, _, cents = amount.partition(".")
    return f"{int(whole):,}.{cents}"


def percent(ratio: str) -> str:
    """`0.7000` as `70%`, `0.3750` as `37.5%`."""
    return f"{points(ratio)}%"


def points(ratio: str) -> str:
    """`0.1000` as `10`."""
    value = parse_ratio(ratio)
    return str(value // 100) if value % 100 == 0 else f"{value // 100}.{value % 100:02d}".rstrip("0")


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
    for step in decision["trace"]:
        if step["step"] in ("rule", "limit"):
            base = step["amount"]
        sentence = _sentence(step, base, say)
        if sentence is None:
            continue
        if step["clause"] and step["clause"] not in told and step["step"] != "layer":
            told.add(step["clause"])
            sentence += say("clause", clause=step["clause"])
        yield sentence, step


def _sentence(step: Document, base: str, say: Voice) -> str | None:
    """One step in words; None for a step that the costs have told already."""
    inputs, amount = step["inputs"], yuan(step["amount"])
    match step["step"]:
        case "refused":
            return say("refused", outcome=say.code(words.OUTCOMES, inputs["outcome"]))
        case "circumstance":
            what = say.code(words.CIRCUMSTANCES, inputs["code"])
            return say("circumstance_counts" if inputs["case"] == "yes" else "circumstance_not", what=what)
        case "off_path":
            return say("off_path", **inputs)
        case "submission":
            return say(_submission(inputs), **inputs)
        case "rule" | "layer":
            return say(step["step"], amount=amount, **inputs)
        case "deductible":
            return _deductible(step, base, say)
        case "bonus":
            by_points = parse_ratio(inputs["points_ratio"]) > 0
            raised = {"points": points(inputs["points_ratio"]), "factor": percent(inputs["factor_ratio"])}
            return say("bonus_points" if by_points else "bonus_factor", name=inputs["name"], **raised)
        case "ratio":
            return _ratio(step, say)
        case "cap":
            return _cap(step, say)
        case "part":
            true = parse_yuan(inputs["whole"]) - parse_yuan(inputs["before"]) == parse_yuan(step["amount"])
            return say("part" if true else "part_bounded", amount=amount, **_printed(inputs))
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


def _deductible(step: Document, base: str, say: Voice) -> str:
    if not parse_yuan(step["inputs"]["full"]):
        return say("no_deductible")
    if "before" in step["inputs"]:
        return say("deductible_year", amount=yuan(step["amount"]), **_printed(step["inputs"]))
    after = format_yuan(parse_yuan(base) - parse_yuan(step["amount"]))
    return say(
        "deductible",
        full=yuan(step["inputs"]["full"]),
        amount=yuan(step["amount"]),
        before=yuan(base),
        after=yuan(after),
    )


def _ratio(step: Document, say: Voice) -> str:
    """The multiplication as it can be redone by hand."""
    inputs, amount = step["inputs"], yuan(step["amount"])
    expression, single = _expression(inputs, inputs["base"])
    if "before" in inputs:
        before, _ = _expression(inputs, inputs["before"])
        return say("year", expression=expression, before=before, amount=amount)
    for number in range(1, len(inputs) + 1):
        if f"essential_{number}" in inputs:
            expression += f" + {yuan(inputs[f'essential_{number}'])} × {percent(inputs[f'points_{number}_ratio'])}"
    if "factor_ratio" in inputs:
        expression = f"({expression}) × {percent(inputs['factor_ratio'])}"
    return say("ratio" if single else "bands", expression=expression, amount=amount)


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


def result(decision: Document, say: Voice) -> Iterator[str]:
    """What is paid, what is left to the patient, and how the claim ended."""
    total, benefit, elsewhere = yuan(decision["total"]), yuan(decision["benefit"]), decision["elsewhere"]
    own = yuan(decision["patient"])
    yield say("benefit", amount=benefit)
    if parse_yuan(elsewhere):
        yield say("paid_elsewhere", amount=yuan(elsewhere))
        yield say("patient_elsewhere", total=total, elsewhere=yuan(elsewhere), benefit=benefit, amount=own)
    elif parse_yuan(decision["hospital"]):
        hospital = yuan(decision["hospital"])
        yield say("hospital_bears", amount=hospital)
        yield say("patient_hospital", total=total, benefit=benefit, hospital=hospital, amount=own)
    else:
        yield say("patient", total=total, benefit=benefit, amount=own)
    if account := parse_yuan(decision["account"]):
        cash = format_yuan(parse_yuan(decision["patient"]) - account)
        yield say("of_account", account=yuan(decision["account"]), cash=yuan(cash))
    yield say("outcome", outcome=say.code(words.OUTCOMES, decision["outcome"]))


def _cut_lines(decision: Document, names: Mapping[int, str], say: Voice) -> Iterator[str]:
    for line in decision.get("lines", ()):
        if line["reason"] in ("eligible", "claim_refused"):
            continue
        own = sum(parse_yuan(line[member]) for member in ("excluded", "over_ceiling", "own_share"))
        yield say(
            "line",
            number=line["number"],
            name=names.get(line["number"], ""),
            amount=yuan(format_yuan(own)),
            reason=say.code(words.REASONS, line["reason"]),
        )
