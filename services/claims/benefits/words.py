"""The codes of a decision in the words of the office, Chinese and English."""

from services.claims.benefits.model import Outcome, Reason

Words = dict[str, tuple[str, str]]

OUTCOMES: Words = {
    Outcome.POLICY_NOT_IN_FORCE: ("就诊当日该方案没有生效", "the policy was not in force on the day of admission"),
    Outcome.NOT_COVERED: ("就诊当日没有参合", "not covered on the day of admission"),
    Outcome.WAITING: ("还在等待期内", "still in the waiting period"),
    Outcome.KIND_NOT_COVERED: ("方案不补偿这类医疗服务", "this kind of care is not covered"),
    Outcome.INSTITUTION_SUSPENDED: ("该医疗机构已暂停新的登记", "the institution may not register new patients"),
    Outcome.INSTITUTION_NOT_DESIGNATED: (
        "该医疗机构不是这类服务的定点机构",
        "the institution is not designated for this care",
    ),
    Outcome.NO_RULE: ("方案没有规定这种情形的补偿", "the policy says nothing for this situation"),
    Outcome.THIRD_PARTY_PENDING: ("意外伤害责任尚未查清,暂由本人垫付", "liability is still being inquired into"),
    Outcome.THIRD_PARTY_LIABLE: ("应由第三人负担的费用,基金不予补偿", "a third party has to pay"),
    Outcome.ILLUSTRATIVE_NOT_ACCEPTED: (
        "用到的规定没有依据,统筹区也没有点名接受",
        "rests on a value the pool has not accepted",
    ),
    Outcome.SUBMITTED_LATE: ("材料过了受理期限,也没有批准逾期受理", "the papers came after their deadline"),
    Outcome.NOTHING_ELIGIBLE: ("没有可补偿的费用", "nothing on the bill is eligible"),
    Outcome.BELOW_DEDUCTIBLE: ("可补偿费用没有超过起付线", "the eligible amount does not exceed the deductible"),
    Outcome.CAP_EXHAUSTED: ("补偿已达封顶线", "the cap is used up"),
    Outcome.ZERO_BENEFIT: ("按规定计算的补偿为零", "the benefit comes to zero"),
    Outcome.ACCOUNT_ONLY: ("只从家庭账户支付", "paid from the family account alone"),
    Outcome.CAPPED: ("已按封顶线补偿", "paid up to the cap"),
    Outcome.SETTLED: ("已按规定补偿", "paid by the rules"),
}

REASONS: Words = {
    Reason.ELIGIBLE: ("全部可补偿", "eligible"),
    Reason.NOT_IN_CATALOGUE: ("不在目录内", "not in the catalogue"),
    Reason.OWN_EXPENSE_CLASS: ("目录内自费项目", "own expense by the catalogue"),
    Reason.RESTRICTION_NOT_MET: ("不符合限定条件", "its restriction is not met"),
    Reason.NOT_COVERED_ON_DAY: ("发生在参合期以外", "not covered on that day"),
    Reason.OVER_PRICE_CEILING: ("超过最高限价", "above the price ceiling"),
    Reason.OWN_SHARE_FIRST: ("先由个人负担一部分", "own share first"),
    Reason.CLAIM_REFUSED: ("整笔不予补偿", "the claim as a whole is refused"),
}

LEVELS: Words = {
    "village": ("村级", "village"),
    "township": ("乡级", "township"),
    "county": ("县级", "county"),
    "prefecture": ("地(市)级", "prefecture"),
    "province": ("省级", "province"),
}

PLACES: Words = {
    "in_county": ("县内", "in the county"),
    "in_province": ("县外省内", "outside the county, in the province"),
    "out_of_province": ("省外", "outside the province"),
}

OWNERSHIPS: Words = {"public": ("公立", "public"), "private": ("民营", "private")}
DESIGNATIONS: Words = {"designated": ("定点", "designated"), "none": ("非定点", "not designated")}

PERIODS: Words = {
    "admission": ("每次", "per admission or visit"),
    "visit": ("每次", "per visit"),
    "person_day": ("每人每日", "per person and day"),
    "person_year": ("每人每年", "per person and year"),
    "household_year": ("每户每年", "per household and year"),
    "disease_year": ("每人每病种每年", "per person, disease and year"),
}

ENTITLEMENTS: Words = {
    "chronic": ("慢性病", "chronic disease"),
    "special": ("特殊病", "special disease"),
    "tb": ("结核病", "tuberculosis"),
    "rabies": ("狂犬病暴露", "exposure to rabies"),
    "delivery": ("住院分娩", "hospital delivery"),
}

CIRCUMSTANCES: Words = {
    "referred": ("转诊", "referral"),
    "emergency": ("急诊", "emergency"),
    "migrant": ("外出务工", "migrant work"),
}

KINDS: Words = {"inpatient": ("住院", "inpatient"), "outpatient": ("门诊", "outpatient")}

ITEM_CLASSES: Words = {
    "A": ("甲类", "class A"),
    "B": ("乙类", "class B"),
    "C": ("丙类", "class C"),
    "none": ("目录以外", "outside the catalogue"),
}

CATEGORIES: Words = {
    "drug": ("药品", "drug"),
    "treatment": ("诊疗", "treatment"),
    "material": ("材料", "material"),
    "bed": ("床位", "bed"),
    "other": ("其他", "other"),
}

LAYERS: Words = {
    "basic": ("基本医疗", "basic"),
    "critical_illness": ("大病保险", "critical illness"),
    "supplementary": ("补充保险", "supplementary cover"),
    "assistance": ("医疗救助", "medical assistance"),
    "family_account": ("家庭账户", "family account"),
}
"""The layers as policies usually name them; one of another name is told by it."""
BOOKS: Words = {
    "basic": ("基本基金", "basic fund"),
    "critical_illness": ("大病保险", "critical illness"),
    "supplementary": ("补充保险", "supplementary cover"),
    "assistance": ("医疗救助", "medical assistance"),
}
RISK_BEARERS: Words = {
    "pool": ("统筹基金", "the pool"),
    "insurer": ("保险公司", "the insurer"),
    "government": ("政府", "the government"),
}

SCHEMES: Words = {
    "nrcms": ("新型农村合作医疗", "new rural cooperative medical scheme"),
    "urban_residents": ("城镇居民医保", "urban residents' scheme"),
    "rural_supplementary": ("农村补充医疗", "rural supplementary cover"),
}
BASES: Words = {
    "eligible": ("合规费用", "the eligible amount"),
    "eligible_unpaid": ("前面各层没有补偿的合规费用", "what earlier layers left of the eligible amount"),
    "cut_by_cap": ("前一层因封顶线没有补偿的部分", "what the cap of the layer before took away"),
}
YEARS: Words = {
    "admission": ("入院日期", "day of admission"),
    "discharge": ("出院日期", "day of discharge"),
    "settlement": ("结算日期", "day of settlement"),
}
PAYMENT_METHODS: Words = {
    "item": ("按项目", "by item"),
    "visit": ("次均", "average a visit"),
    "day": ("床日均", "average a day"),
    "head": ("按人头", "by head"),
    "total": ("年总额", "a total a year"),
    "points": ("按点数", "by points"),
}
THIRD_PARTIES: Words = {
    "none": ("不是意外伤害", "no accident"),
    "pending": ("责任尚未查清", "liability not known yet"),
    "liable": ("由第三人全部负担", "a third party pays all"),
    "shared": ("第三人负担一部分", "a third party pays a share"),
    "advanced": ("基金先行支付", "the fund pays in advance"),
    "accident": ("意外伤害,没有第三人责任", "an accident without another's liability"),
}

GROUPS: Words = {
    "wubao": ("五保", "five guarantees"),
    "dibao": ("低保", "minimum living allowance"),
    "tekun": ("特困", "extreme hardship"),
    "disabled": ("残疾", "disabled"),
    "only_child": ("独生子女户", "one-child household"),
    "two_daughters": ("二女户", "two-daughter household"),
    "village_cadre": ("在职村干部", "village cadre in office"),
    "former_village_cadre": ("离任村干部", "village cadre after office"),
    "youfu": ("优抚", "special care"),
    "age_60": ("60 岁以上", "aged 60 or above"),
}
"""The codes in which the register tells the groups of a person, and those told by age."""


def word(words: Words, code: str, language: str = "zh") -> str:
    """The words of a code; the code itself where there are none."""
    pair = words.get(code)
    return code if pair is None else pair[0 if language == "zh" else 1]
