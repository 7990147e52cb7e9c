/** The steps of a benefit calculation in words: what was done, on what, by which clause, and what came of it. */

import { both, h } from "./dom.js";
import { grouped } from "./money.js";

const STEPS = {
  lines: ["费用归集:可补偿费用", "Bill sorted: eligible"],
  rule: ["适用档次:计算基数", "The row that applies: base"],
  deductible: ["扣除起付线", "Deductible taken"],
  bonus: ["优惠对象提高比例", "Bonus of a special group"],
  ratio: ["按比例补偿", "Times the ratio"],
  patient_part: ["个人负担以外补偿", "Beyond the patient's part"],
  nth_admission: ["第几次起免起付线", "No deductible from this admission on"],
  per_head: ["全家共用的封顶线", "Cap shared by the household"],
  cap: ["封顶线之内", "Within the cap"],
  layer: ["由该层支付", "Paid by this layer"],
  refused: ["不予补偿", "Not paid"],
  circumstance: ["情形是否计入", "Whether the circumstance counts"],
  submission: ["材料送到的期限", "Deadline of the papers"],
  earlier: ["此前中途结算", "Settled midway before"],
  off_path: ["退出单病种路径", "Left the path of its disease"],
  third_party: ["第三人负担", "Borne by a third party"],
  elsewhere: ["已在别处结算", "Settled elsewhere"],
  limit: ["单病种限额以内计入", "Counted within the disease's limit"],
  hospital: ["医疗机构负担", "Borne by the hospital"],
  waiver: ["免起付线", "No deductible"],
  essential: ["基本药物提高比例", "Raise for essential medicines"],
  fixed: ["定额补偿", "Fixed benefit"],
  accident: ["意外伤害", "Accident"],
  floor: ["保底", "Floor"],
  part: ["减去此前各次", "Less the parts before"],
  advanced: ["基金先行支付", "Advanced by the fund"],
  account: ["家庭账户支付", "From the family account"],
};

const INPUTS = {
  total: "总费用", excluded: "不予补偿", over_ceiling: "超限价", own_share: "先行自付", name: "", level: "级别", place: "地点",
  own: "个人负担", each: "每人", insured: "全家参合人数", admission: "本年第几次", waived_from: "从第几次起免",
  full: "起付线", base: "基数", applied_ratio: "比例", points_ratio: "提高百分点", factor_ratio: "相对提高", groups: "对象",
  cap: "封顶线", used: "已补偿", left: "剩余", before: "此前", period: "周期", payer: "付款方", outcome: "原因",
  share_ratio: "份额", floor_ratio: "保底比例", limit: "限额", shared: "分担部分", fixed: "定额", whole: "整次住院",
  eligible: "可补偿费用", deductible: "起付线", settlement: "结算号", over_cap: "封顶线以上", wanted: "要求支付", of: "按",
  code: "情形", case: "已批准", reason: "原因", submitted_on: "送到", last_day: "期限", late: "逾期", patient: "个人负担金额",
  borne: "第三人负担", paid: "前面各层补偿", hospital: "医疗机构负担", items: "单列项目", over: "退出的总费用",
};

/** What `before` is differs by step. */
const BEFORE = { cap: "封顶前", floor: "保底前" };

const VALUES = {
  village: "村级", township: "乡级", county: "县级", prefecture: "地市级", province: "省级",
  left: "未补偿部分", cut_by_cap: "上层封顶线以上", items: "单列项目",
  in_county: "县内", in_province: "县外省内", out_of_province: "省外",
  admission: "每次", person_day: "每人每日", person_year: "每人每年", household_year: "每户每年",
};

const AMOUNT = /^-?\d+\.\d{2}$/;
const RATIO = /^[01]\.\d{4,8}$/;

/** "0.7000" as "70%", "0.55125" as "55.125%". */
function percent(ratio) {
  return `${String(Number((Number(ratio) * 100).toFixed(6)))}%`;
}

function spoken(name, value) {
  if (RATIO.test(value) && name.endsWith("_ratio")) return percent(value);
  if (AMOUNT.test(value)) return grouped(value);
  return VALUES[value] ?? value;
}

function inputWords(step, [name, value]) {
  if (value === "0.00" && ["excluded", "over_ceiling", "own_share"].includes(name)) return "";
  if (value === "0.0000") return "";
  const label = (name === "before" && BEFORE[step]) || (INPUTS[name] ?? name);
  return label ? `${label} ${spoken(name, value)}` : spoken(name, value);
}

/** An ordered list of steps ({step, rule, clause, inputs, amount}). */
export function traceSteps(steps) {
  return h("ol", { class: "steps" }, steps.map((step, index) => h("li", {},
    h("span", { class: "what" }, both(...(STEPS[step.step] ?? [step.step, ""]))),
    h("span", { class: "amount" }, ["bonus", "nth_admission"].includes(step.step) ? "" : grouped(step.amount)),
    h("span", { class: "why" }, Object.entries(step.inputs ?? {}).map((input) => inputWords(step.step, input)).filter(Boolean).join(" · ")),
    step.clause && step.clause !== steps[index - 1]?.clause ? h("q", { class: "clause" }, step.clause) : "")));
}
