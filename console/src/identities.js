/** The six identities as small account sheets: the terms of each side, its total, and whether the sides meet. */

import { both, h } from "./dom.js";
import { grouped, sum, toFen, toYuan } from "./money.js";

/** One sheet for each identity. */
export function identitySheets(identities) {
  return identities.map((identity) => h("article", { class: identity.ties ? "identity" : "identity broken", "data-identity": identity.code },
    h("header", {},
      h("span", { class: "letter", "aria-hidden": "true" }, identity.code),
      h("h3", {}, both(identity.name_zh, identity.name_en)),
      stamp(identity)),
    side("左方", identity.left),
    side("右方", identity.right)));
}

function stamp({ ties, left, right }) {
  if (ties) return h("span", { class: "stamp ties" }, "平");
  const difference = toYuan(toFen(sum(left.map(amountOf))) - toFen(sum(right.map(amountOf))));
  return h("span", { class: "stamp broken" }, `不平 差 ${grouped(difference)}`);
}

const amountOf = (term) => term.value;

function side(caption, terms) {
  return h("table", { class: "ledger side" },
    h("caption", { class: "unseen" }, caption),
    h("tbody", {}, terms.map((term) => h("tr", {},
      h("th", { scope: "row" }, both(term.name_zh, term.name_en)),
      h("td", { class: "num", "data-term": term.code ?? null }, grouped(term.value))))),
    h("tfoot", {}, h("tr", { class: "total" },
      h("th", { scope: "row" }, "合计"),
      h("td", { class: "num" }, grouped(sum(terms.map(amountOf)))))));
}

/** One sentence over all of them. */
export function verdictOn(identities) {
  const broken = identities.filter((identity) => !identity.ties).map((identity) => identity.code);
  if (!broken.length) return { ties: true, zh: `${identities.length} 项全部平衡`, en: "All tie" };
  return { ties: false, zh: `${broken.join("、")} 项不平,请查`, en: `Not tied: ${broken.join(", ")}` };
}
