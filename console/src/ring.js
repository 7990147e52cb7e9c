/** The money ring: a drawing of the fund's accounts with their live balances, and the same as a table. */

import { both, h, s } from "./dom.js";
import { grouped, isZero, sum } from "./money.js";
import { NARROW, WIDE } from "./ring-layout.js";

const NARROW_BELOW = 760;

export const layoutFor = (width) => (width < NARROW_BELOW ? NARROW : WIDE);

/** Draw the ring of `nodes` ({account, name_zh, name_en, balance, held}) for a place `width` pixels wide. */
export function drawRing(nodes, width) {
  const layout = layoutFor(width);
  const byAccount = new Map(nodes.map((node) => [node.account, node]));
  const [w, hgt] = layout.size;
  return s("svg", { viewBox: `0 0 ${w} ${hgt}`, role: "img", "aria-label": spoken(nodes), class: layout === WIDE ? "wide" : "narrow" },
    s("defs", {}, arrowhead("tip"), arrowhead("tip-back")),
    layout.arrows.map(arrow),
    layout.boxes.map((box) => drawBox(box, byAccount.get(box.account))),
    layout.pills.map((pill) => drawPill(pill, byAccount.get(pill.account))),
    heart(layout, nodes));
}

const spoken = (nodes) => `资金闭环。${nodes.map((node) => `${node.name_zh} ${grouped(node.balance)} 元`).join(";")}`;

function arrowhead(id) {
  return s("marker", { id, viewBox: "0 0 10 10", refX: 8, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" },
    s("path", { d: "M0 0.8 9 5 0 9.2Z", class: id }));
}

function arrow({ d, back, label }) {
  return [
    s("path", { d, class: back ? "flow back" : "flow", "marker-end": back ? "url(#tip-back)" : "url(#tip)" }),
    label ? s("text", { x: label[1], y: label[2], class: "flow-label" }, label[0]) : null,
  ];
}

function drawBox(box, node) {
  const middle = box.x + box.w / 2;
  const lines = box.outside ? outsideLines(box) : accountLines(box, node);
  const height = lines.reduce((total, line) => total + line.lead, 0);
  let y = box.y + (box.h - height) / 2 - 3;
  const kind = box.outside ? "box outside" : box.main ? "box main" : "box";
  return s("g", { class: kind, "data-account": box.account ?? null },
    s("rect", { x: box.x, y: box.y, width: box.w, height: box.h, rx: box.outside ? box.h / 2.6 : 8 }),
    box.account ? s("text", { x: box.x + 9, y: box.y + 16, class: "code" }, box.account) : null,
    lines.map((line) => s("text", { x: middle, y: (y += line.lead), class: line.class, "data-balance": line.balance ?? null }, line.text)));
}

function outsideLines(box) {
  const lines = [{ text: box.zh, class: "name", lead: 20 }, { text: box.en, class: "english", lead: 16 }];
  return box.note ? [...lines, { text: box.note, class: "english", lead: 16 }] : lines;
}

function accountLines(box, node) {
  const held = node && !isZero(node.held) ? [{ text: `其中冻结 held ${grouped(node.held)}`, class: "english held", lead: 17 }] : [];
  return [
    { text: node?.name_zh ?? box.account, class: "name", lead: 20 },
    { text: node?.name_en ?? "no reading", class: "english", lead: 15 },
    { text: node ? grouped(node.balance) : "—", class: "amount", lead: box.main ? 34 : 28, balance: node?.balance },
    ...held,
  ];
}

function drawPill({ account, x, y }, node) {
  const text = `在途 ${node ? grouped(node.balance) : "—"}`;
  const width = Math.max(96, 22 + text.length * 8);
  const kind = node && !isZero(node.balance) ? "pill moving" : "pill";
  return s("g", { class: kind, "data-account": account },
    s("title", {}, node ? `${node.name_zh} ${node.name_en}` : account),
    s("rect", { x: x - width / 2, y: y - 14, width, height: 28, rx: 14 }),
    s("text", { x, y: y + 5, "data-balance": node?.balance ?? null }, text));
}

function heart({ heart: at }, nodes) {
  const total = nodes.length ? grouped(sum(nodes.map((node) => node.balance))) : "—";
  return s("g", { class: "heart" },
    s("text", { x: at.x, y: at.y - 26, class: "name" }, "基金货币资金合计"),
    s("text", { x: at.x, y: at.y - 9, class: "english" }, "All money of the fund"),
    s("text", { x: at.x, y: at.y + 22, class: "amount" }, total));
}

/** Every account with its balance and the total under a double rule. */
export function ringTable(nodes) {
  return h("table", { class: "ledger" },
    h("thead", {}, h("tr", {}, ["科目", "名称", "其中冻结", "余额(元)"].map((name, index) =>
      h("th", { scope: "col", class: index > 1 ? "num" : null }, name)))),
    h("tbody", {}, nodes.map((node) => h("tr", {},
      h("td", {}, node.account),
      h("td", {}, both(node.name_zh, node.name_en)),
      h("td", { class: isZero(node.held) ? "num zero" : "num" }, grouped(node.held)),
      h("td", { class: "num" }, grouped(node.balance))))),
    h("tfoot", {}, h("tr", { class: "total" },
      h("th", { scope: "row", colspan: 3 }, "合计"),
      h("td", { class: "num" }, grouped(sum(nodes.map((node) => node.balance)))))));
}
