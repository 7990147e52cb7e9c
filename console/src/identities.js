/** The six identities as small account sheets: the terms of each side, its total, and whether the sides meet. */

import { both, h } from "./dom.js";
import { grouped, isZero, negated, sum, toFen, toYuan } from "./money.js";

/** One sheet for each identity ({letter, zh, en, left, right, apart, broken, ties}). */
export function identitySheets(identities) {
  return identities.map((identity) => h("article", { class: identity.ties ? "identity" : "identity broken", "data-identity": identity.letter },
    h("header", {},
      h("span", { class: "letter", "aria-hidden": "true" }, identity.letter),
      h("h3", {}, both(identity.zh, identity.en)),
      stamp(identity)),
    side("左方", identity.left, "left"),
    side("右方", identity.right, "right"),
    apart(identity.apart ?? [])));
}

function stamp({ ties, left, right }) {
  if (ties) return h("span", { class: "stamp ties" }, "平");
  const difference = toYuan(toFen(total(left)) - toFen(total(right)));
  return h("span", { class: "stamp broken" }, "不平", h("small", {}, ` 差 ${grouped(difference)}`));
}

const signed = (term) => (term.sign < 0 ? negated(term.value) : term.value);

const total = (terms) => sum(terms.map(signed));

function side(caption, terms, where) {
  return h("table", { class: `ledger side ${where}` },
    h("caption", { class: "unseen" }, caption),
    h("tbody", {}, terms.map(termRow)),
    terms.length > 1 ? h("tfoot", {}, h("tr", { class: "total" },
      h("th", { scope: "row" }, "合计"),
      h("td", { class: "num" }, grouped(total(terms))))) : "");
}

function termRow(term) {
  return h("tr", {},
    h("th", { scope: "row" }, both(term.zh, term.en)),
    h("td", { class: isZero(term.value) ? "num zero" : "num", "data-term": term.name }, grouped(signed(term))));
}

/** Figures that are told beside the identity and stand in no sum. */
function apart(terms) {
  if (!terms.length) return "";
  return h("table", { class: "ledger side apart" },
    h("caption", {}, "另列,不入等式"),
    h("tbody", {}, terms.map(termRow)));
}

/** One sentence over all of them. */
export function verdictOn(identities) {
  const broken = identities.filter((identity) => !identity.ties).map((identity) => identity.letter);
  if (!broken.length) return { ties: true, zh: `${identities.length} 项全部平衡`, en: "All tie" };
  return { ties: false, zh: `${broken.join("、")} 项不平,请查`, en: `Not tied: ${broken.join(", ")}` };
}
