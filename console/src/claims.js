/** The list of latest claims: a table on a wide page, cards on a narrow one (the same markup). */

import { both, h } from "./dom.js";
import { grouped } from "./money.js";
import { claimLabel, kindWords, localTime, stateWords, STATE_CODES } from "./words.js";

const COLUMNS = [["结算单号", "Claim"], ["状态", "State"], ["机构", "Hospital"], ["类别", "Kind"], ["结算时间", "Settled"], ["总费用", "Charged"], ["补偿", "Benefit"]];

/** A table of claims; `names` are those of institutions by code; `open` is called with the claim that was chosen. */
export function claimsTable(claims, names, open) {
  if (!claims.length) return h("p", { class: "empty" }, "还没有结算记录。", h("span", { class: "en" }, "No claims yet."));
  return h("table", { class: "claims" },
    h("thead", {}, h("tr", {}, COLUMNS.map(([zh, en], index) =>
      h("th", { scope: "col", class: index > 4 ? "num" : null }, both(zh, en))))),
    h("tbody", {}, claims.map((claim) => claimRow(claim, names, open))));
}

function claimRow(claim, names, open) {
  const [stateZh, stateEn] = stateWords(claim.status);
  return h("tr", { "data-claim": claim.claim_id },
    h("td", {}, h("button", { type: "button", class: "link", on: { click: () => open(claim) } }, claimLabel(claim))),
    h("td", {}, h("span", { class: `state ${claim.status}`, title: stateEn }, stateZh)),
    h("td", {}, names.has(claim.institution_code) ? both(names.get(claim.institution_code), claim.institution_code) : claim.institution_code),
    h("td", {}, kindWords(claim.kind)[0]),
    h("td", {}, localTime(claim.settled_at)),
    h("td", { class: "num", "data-label": "总费用" }, grouped(claim.total)),
    h("td", { class: "num", "data-label": "补偿" }, h("strong", {}, grouped(claim.benefit))));
}

/** The choices of the state filter. */
export function stateOptions() {
  return [h("option", { value: "" }, "全部"), STATE_CODES.map((code) => h("option", { value: code }, stateWords(code)[0]))].flat();
}
