/** The six identities as small account sheets: the terms of each side, its total, and whether the sides meet. */

import { both, h } from "./dom.js";
import { grouped, isZero, sum } from "./money.js";

/** One sheet for each identity, as the API tells it; a term that is subtracted comes as a negative value. */
export function identitySheets(identities) {
  return identities.map((identity) => h("article", { class: identity.ties ? "identity" : "identity broken", "data-identity": identity.code },
    h("header", {},
      h("span", { class: "letter", "aria-hidden": "true" }, identity.code),
      h("h3", {}, both(identity.name_zh, identity.name_en)),
      stamp(identity)),
    side("左方", identity.left, "left"),
    side("右方", identity.right, "right"),
    apart(identity.apart),
    brokenParts(identity.broken)));
}

function stamp({ ties, difference }) {
  if (ties) return h("span", { class: "stamp ties" }, "平");
  return h("span", { class: "stamp broken" }, "不平", h("small", {}, ` 差 ${grouped(difference)}`));
}

function side(caption, terms, where) {
  return h("table", { class: `ledger side ${where}` },
    h("caption", { class: "unseen" }, caption),
    h("tbody", {}, terms.map(termRow)),
    terms.length > 1 ? h("tfoot", {}, h("tr", { class: "total" },
      h("th", { scope: "row" }, "合计"),
      h("td", { class: "num" }, grouped(sum(terms.map((term) => term.value)))))) : "");
}

function termRow(term) {
  return h("tr", {},
    h("th", { scope: "row" }, both(term.name_zh, term.name_en)),
    h("td", { class: isZero(term.value) ? "num zero" : "num", "data-term": term.code }, grouped(term.value)));
}

/** Figures that are told beside the identity and stand in no sum. */
function apart(terms) {
  if (!terms.length) return "";
  return h("table", { class: "ledger side apart" },
    h("caption", {}, "另列,不入等式"),
    h("tbody", {}, terms.map(termRow)));
}

/** Parts that differ although the sums may agree: two errors never cancel each other. */
function brokenParts(parts) {
  return parts.length ? h("p", { class: "complaint" }, `单项不符:${parts.join("、")}`) : "";
}

/** One sentence over all of them. */
export function verdictOn(identities) {
  const broken = identities.filter((identity) => !identity.ties).map((identity) => identity.code);
  if (!broken.length) return { ties: true, zh: `${identities.length} 项全部平衡`, en: "All tie" };
  return { ties: false, zh: `${broken.join("、")} 项不平,请查`, en: `Not tied: ${broken.join(", ")}` };
}
