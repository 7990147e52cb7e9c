/** One claim: its facts, the steps by which its benefit was computed, and the slip in words. */

import { both, h } from "./dom.js";
import { grouped } from "./money.js";
import { kindWords, localTime, stateWords } from "./words.js";

/** The heading facts of a claim. */
export function claimFacts(claim) {
  const [stateZh, stateEn] = stateWords(claim.status);
  const facts = [
    ["状态", "State", `${stateZh} ${stateEn}`],
    ["机构", "Hospital", claim.institution_code],
    ["类别", "Kind", kindWords(claim.kind).join(" ")],
    ["入院/就诊", "Admitted", claim.admitted_on ?? "—"],
    ["结算时间", "Settled", localTime(claim.settled_at)],
    ["总费用", "Charged", grouped(claim.total), "big"],
    ["补偿", "Benefit", grouped(claim.benefit), "big"],
    ["自付", "Patient", grouped(claim.patient), "big"],
  ];
  return h("dl", { class: "facts" }, facts.map(([zh, en, value, size]) =>
    h("div", {}, h("dt", {}, zh, " ", h("span", { class: "en" }, en)), h("dd", { class: size }, value))));
}

/** Trace and slip side by side; either may be an error in words. */
export function proof(trace, slip) {
  return h("div", { class: "proof" },
    h("section", {}, h("h3", {}, both("计算过程", "How it was computed")), trace),
    h("section", {}, h("h3", {}, both("结算单", "The patient's slip")), slip));
}

export const slipText = (text) => h("pre", { class: "slip", lang: "zh-CN", tabindex: "0", "aria-label": "结算单" }, text);
