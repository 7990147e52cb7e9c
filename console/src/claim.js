/** One claim: its facts, the steps and lines by which its benefit was computed, and the slip in words. */

import { both, h } from "./dom.js";
import { grouped } from "./money.js";
import { traceSteps } from "./trace.js";
import { kindWords, localTime, reasonWords, stateWords } from "./words.js";

/** The heading facts of a claim, and what its decision rests on; `names` are those of institutions by code. */
export function claimFacts(claim, names) {
  const facts = [
    ["状态", "State", stateWords(claim.status).join(" ")],
    ["机构", "Hospital", names.get(claim.institution_code) ?? claim.institution_code],
    ["类别", "Kind", kindWords(claim.kind).join(" ")],
    ["入院/就诊", "Admitted", claim.admitted_on],
    ["总费用", "Charged", grouped(claim.total), "big"],
    ["可补偿", "Eligible", grouped(claim.eligible), "big"],
    ["补偿", "Benefit", grouped(claim.benefit), "big"],
    ["自付", "Patient", grouped(claim.patient), "big"],
    ["应付医院", "Payable", grouped(claim.payable)],
    ["结算时间", "Settled", localTime(claim.settled_at)],
    ["方案版本", "Policy", `${claim.policy_id} · ${claim.policy_hash.slice(0, 12)}`],
    ["目录 · 参合序号", "Catalogue · coverage", `${claim.catalogue_version} · ${claim.coverage_sequence}`],
  ];
  return h("dl", { class: "facts" }, facts.map(([zh, en, value, size]) =>
    h("div", {}, h("dt", {}, zh, " ", h("span", { class: "en" }, en)), h("dd", { class: size }, value))));
}

/** The steps of the calculation and, folded away, the bill as it was counted. */
export function calculation(trace) {
  return h("div", {}, traceSteps(trace.trace), billTable(trace.lines), illustrative(trace.illustrative));
}

function billTable(lines) {
  return h("details", { class: "bill" },
    h("summary", {}, `费用明细 ${lines.length} 行 `, h("span", { class: "en" }, "The bill, line by line")),
    h("table", { class: "ledger" },
      h("thead", {}, h("tr", {}, ["项目", "金额", "计入"].map((name, index) => h("th", { scope: "col", class: index ? "num" : null }, name)))),
      h("tbody", {}, lines.map((line) => h("tr", {},
        h("th", { scope: "row" }, `${line.number} ${line.item_name}`, line.reason === "eligible" ? "" : h("span", { class: "en" }, reasonWords(line.reason))),
        h("td", { class: "num" }, grouped(line.amount)),
        h("td", { class: "num" }, grouped(line.eligible)))))));
}

function illustrative(names) {
  if (!names.length) return "";
  return h("p", { class: "hint" }, `来源没有写明、由统筹地区点名接受的规定:${names.join("、")}`);
}

/** Calculation and slip side by side; either may be an error in words. `save` gives the slip to be printed. */
export function proof(trace, slip, save) {
  const complaint = h("p", { class: "complaint", role: "alert" });
  const print = () => save().then(() => { complaint.textContent = ""; }, (error) => { complaint.textContent = error.message; });
  return h("div", { class: "proof" },
    h("section", {}, h("h3", {}, both("计算过程", "How it was computed")), trace),
    h("section", {}, h("h3", {}, both("结算单", "The patient's slip")), slip,
      h("button", { type: "button", class: "print", on: { click: print } }, both("下载 PDF", "To be printed")), complaint));
}

export const slipText = (text) => h("pre", { class: "slip", lang: "zh-CN", tabindex: "0", "aria-label": "结算单" }, text);
