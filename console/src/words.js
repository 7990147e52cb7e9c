/** Chinese and English words for the codes that the APIs answer with. An unknown code is shown as it is. */

const ROLES = {
  hospital: ["医疗机构", "Hospital"],
  insurer_intake: ["保险公司受理", "Insurer, intake"],
  insurer_reviewer: ["保险公司审核", "Insurer, reviewer"],
  insurer_approver: ["保险公司复核", "Insurer, approver"],
  insurer_finance: ["保险公司财务", "Insurer, finance"],
  insurer_manager: ["保险公司负责人", "Insurer, manager"],
  township_clerk: ["乡镇经办员", "Township clerk"],
  township_director: ["乡镇合管办主任", "Township director"],
  county_recheck: ["县合管办复核", "County re-check"],
  county_inspector: ["县合管办稽核", "County inspector"],
  county_director: ["县合管办负责人", "County director"],
  city_health: ["市卫生局", "City health bureau"],
  county_finance: ["县财政局", "County finance"],
  city_finance: ["市财政局", "City finance"],
  sponsor: ["资助单位", "Sponsor"],
  auditor: ["审计", "Auditor"],
  insurance_regulator: ["保险监管部门", "Insurance regulator"],
  discipline: ["纪检监察", "Discipline inspection"],
  supervisor: ["监督委员会", "Supervisory committee"],
  coordination_secretary: ["协调领导小组秘书", "Coordination secretary"],
  public: ["公众", "Public"],
  service: ["系统服务", "Service"],
  operator: ["系统运维", "Operator"],
};

const STATES = {
  settled: ["已结算", "Settled"],
  approved: ["已审核", "Approved"],
  returned: ["已退回", "Returned"],
  rejected: ["已拒付", "Rejected"],
  cancelled: ["已撤销", "Cancelled"],
  released: ["已放行", "Released"],
  reversed: ["已冲销", "Reversed"],
};

const KINDS = { inpatient: ["住院", "Inpatient"], outpatient: ["门诊", "Outpatient"] };

const REASONS = {
  not_in_catalogue: "不在目录内 not in the catalogue",
  own_expense_class: "目录内自费项目 own expense",
  restriction_not_met: "不符合限定条件 restriction not met",
  not_covered_on_day: "发生在参合期以外 outside the coverage",
  over_price_ceiling: "超过最高限价 above the price ceiling",
  own_share_first: "先由个人负担一部分 own share first",
  claim_refused: "整笔不予补偿 the claim is refused",
};

const lookUp = (table) => (code) => table[code] ?? [code ?? "—", ""];

export const roleWords = lookUp(ROLES);
export const stateWords = lookUp(STATES);
export const kindWords = lookUp(KINDS);
export const reasonWords = (code) => REASONS[code] ?? code;
export const STATE_CODES = Object.keys(STATES);

const SHANGHAI = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
});

/** An instant as people in Shanghai write it: 2010-03-04 09:30. */
export function localTime(instant) {
  if (!instant) return "—";
  const parts = Object.fromEntries(SHANGHAI.formatToParts(new Date(instant)).map((part) => [part.type, part.value]));
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}`;
}

/** What a claim is called on the page: 结算单号, as on the slip in the patient's hand. */
export const claimLabel = (claim) => claim.number;
