/** The page: takes a token, reads the public APIs with it, and keeps what it shows up to date. */

import * as api from "./api.js";
import { calculation, claimFacts, proof, slipText } from "./claim.js";
import { claimsTable, stateOptions } from "./claims.js";
import { byId, complain, h } from "./dom.js";
import { identitySheets, verdictOn } from "./identities.js";
import { drawRing, layoutFor, ringTable } from "./ring.js";
import { currentToken, forgetToken, holderOf, keepToken, takeTokenFromAddress } from "./session.js";
import { claimLabel, localTime, roleWords } from "./words.js";

const REFRESH_MILLISECONDS = 15000;

const state = { pool: "", nodes: [], claims: [], names: new Map(), cursor: null, timer: 0 };

/** Run one reader of a section: its failure is told there and nowhere else. */
async function readInto(section, read) {
  const place = byId(section);
  place.setAttribute("aria-busy", "true");
  try {
    await read(place);
    complain(byId(`${section}-error`), null);
  } catch (error) {
    complain(byId(`${section}-error`), error);
  } finally {
    place.setAttribute("aria-busy", "false");
  }
}

const readRing = () => readInto("ring", async () => {
  const ring = await api.moneyRing(state.pool);
  state.nodes = ring.nodes;
  showRing();
  byId("read-at").textContent = localTime(ring.as_of);
});

function showRing() {
  const place = byId("ring");
  place.replaceChildren(drawRing(state.nodes, place.clientWidth));
  byId("ring-table").replaceChildren(ringTable(state.nodes));
}

const readIdentities = () => readInto("identities", async (place) => {
  const answer = await api.identities(state.pool);
  place.replaceChildren(...identitySheets(answer.identities));
  const verdict = verdictOn(answer.identities);
  const line = byId("identities-verdict");
  line.className = `verdict ${verdict.ties ? "ties" : "broken"}`;
  line.replaceChildren(verdict.zh, h("span", { class: "en" }, verdict.en));
});

/** Names are a help: where they cannot be read, claims show the codes. */
async function readNames() {
  if (!state.names.size) state.names = await api.institutionNames().catch(() => new Map());
}

const readClaims = (cursor) => readInto("claims", async (place) => {
  await readNames();
  const page = await api.claimsPage(state.pool, { number: byId("claims-number").value.trim(), status: byId("claims-status").value, cursor });
  state.claims = cursor ? [...state.claims, ...page.items] : page.items;
  state.cursor = page.next_cursor ?? null;
  byId("claims-more").hidden = !state.cursor;
  place.replaceChildren(claimsTable(state.claims, state.names, openClaim));
});

/** The books are read again and again; claims only when asked, since each such reading is an entry in the audit log. */
const readBooks = () => Promise.all([readRing(), readIdentities()]);

const refresh = () => Promise.all([readBooks(), readClaims(null)]);

async function openClaim(claim) {
  const body = byId("claim-body");
  byId("claim-title").textContent = `结算 ${claimLabel(claim)}`;
  body.replaceChildren(h("p", { class: "hint" }, "读取中…"));
  byId("claim-dialog").showModal();
  const inWords = (error) => h("p", { class: "complaint" }, error.message);
  const [facts, trace, slip] = await Promise.all([
    api.claim(state.pool, claim.claim_id).then((told) => claimFacts(told, state.names)).catch(inWords),
    api.claimTrace(state.pool, claim.claim_id).then(calculation).catch(inWords),
    api.claimSlip(state.pool, claim.claim_id).then(slipText).catch(inWords),
  ]);
  body.replaceChildren(facts, proof(trace, slip, () => savePaper(claim)));
}

/** The printed slip as a file: the browser alone cannot ask for it, since the token is in no address. */
async function savePaper(claim) {
  const paper = URL.createObjectURL(await api.claimPaper(state.pool, claim.claim_id));
  h("a", { href: paper, download: `结算单-${claimLabel(claim)}.pdf` }).click();
  setTimeout(() => URL.revokeObjectURL(paper), REFRESH_MILLISECONDS);
}

function showSignIn(words) {
  clearInterval(state.timer);
  for (const id of ["board", "bearings", "actions"]) byId(id).hidden = true;
  byId("sign-in").hidden = false;
  complain(byId("token-error"), words ? { message: words } : null);
  byId("token-input").focus();
}

function showPools(pools) {
  const slot = byId("pool-slot");
  if (pools.length === 1) return slot.replaceChildren(pools[0]);
  const choose = h("select", { "aria-label": "统筹地区", on: { change: (event) => enter(event.target.value) } },
    pools.map((pool) => h("option", { value: pool }, pool)));
  slot.replaceChildren(choose);
}

function enter(pool) {
  state.pool = pool;
  state.claims = [];
  state.nodes = [];
  for (const id of ["ring", "ring-table", "identities", "identities-verdict", "claims"]) byId(id).replaceChildren();
  clearInterval(state.timer);
  state.timer = setInterval(() => document.visibilityState === "visible" && readBooks(), REFRESH_MILLISECONDS);
  return refresh();
}

function start() {
  takeTokenFromAddress();
  const token = currentToken();
  if (!token) return showSignIn("");
  const holder = holderOf(token);
  if (!holder || !holder.pools.length) {
    forgetToken();
    return showSignIn("这不是可用的令牌:读不出角色或统筹地区。请整段复制,不要带空格或引号。");
  }
  byId("sign-in").hidden = true;
  for (const id of ["board", "bearings", "actions"]) byId(id).hidden = false;
  const [zh, en] = roleWords(holder.role);
  byId("role-slot").replaceChildren(zh, h("span", { class: "en" }, en));
  showPools(holder.pools);
  return enter(holder.pools[0]);
}

function listen() {
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(byId("token-input").value);
    byId("token-input").value = "";
    start();
  });
  byId("refresh").addEventListener("click", refresh);
  byId("sign-out").addEventListener("click", () => { forgetToken(); showSignIn(""); });
  byId("claims-status").append(...stateOptions());
  byId("claims-status").addEventListener("change", () => readClaims(null));
  byId("claims-number").addEventListener("change", () => readClaims(null));
  byId("claims-number").addEventListener("search", () => readClaims(null)); // its own cross empties it
  byId("claims-more").addEventListener("click", () => readClaims(state.cursor));
  byId("claim-close").addEventListener("click", () => byId("claim-dialog").close());
  addEventListener("hashchange", start);
  let drawn = null;
  new ResizeObserver(() => {
    const layout = layoutFor(byId("ring").clientWidth);
    if (state.nodes.length && layout !== drawn) showRing();
    drawn = layout;
  }).observe(byId("ring"));
}

listen();
start();
