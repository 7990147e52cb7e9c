/** Reading the public APIs under this origin; every failure becomes a sentence that says what to do. */

import { currentToken } from "./session.js";

const TIMEOUT_MILLISECONDS = 15000;

export class ApiError extends Error {
  constructor(message, { status = 0, code = "" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const WORDS = {
  401: "令牌无效或已过期,请退出后换用新的令牌。",
  403: "此令牌的角色或统筹地区无权查看这一项。",
  404: "没有这一项记录。",
  429: "请求过于频繁,请稍后再试。",
  503: "服务暂时不可用,请稍后刷新。",
};

function wordsFor(response, problem) {
  const said = [problem?.title, problem?.detail].filter(Boolean).join(":");
  const words = WORDS[response.status];
  if (words && said) return `${words}(${said})`;
  return words ?? (said || `服务答复 ${response.status},请稍后刷新;仍不行请告知值班人员。`);
}

async function problemOf(response) {
  const type = response.headers.get("content-type") ?? "";
  if (!type.includes("json")) return null;
  return response.json().catch(() => null);
}

async function ask(path, accept) {
  let response;
  try {
    response = await fetch(path, {
      headers: { Authorization: `Bearer ${currentToken()}`, Accept: accept, "Accept-Language": "zh-CN" },
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
  } catch (error) {
    const late = error.name === "TimeoutError";
    throw new ApiError(late ? "服务超过 15 秒没有答复,请稍后刷新。" : "连不上服务,请检查网络或确认系统在运行。");
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    throw new ApiError(wordsFor(response, problem), { status: response.status, code: problem?.code ?? "" });
  }
  return response;
}

const pathOf = (service, pool, rest) => `/${service}/v1/pools/${encodeURIComponent(pool)}/${rest}`;

const json = async (path) => (await ask(path, "application/json")).json();

export const moneyRing = (pool) => json(pathOf("settlement", pool, "money-ring"));
export const identities = (pool) => json(pathOf("settlement", pool, "identities"));

/** One page of claims, latest first, or the one with a number; `cursor` continues an earlier page. */
export function claimsPage(pool, { number, status, cursor, limit = 20 } = {}) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (number) query.set("number", number);
  if (status) query.set("status", status);
  if (cursor) query.set("cursor", cursor);
  return json(pathOf("claims", pool, `claims?${query}`));
}

const claimPath = (pool, id, rest = "") => pathOf("claims", pool, `claims/${encodeURIComponent(id)}${rest}`);

export const claim = (pool, id) => json(claimPath(pool, id));
export const claimTrace = (pool, id) => json(claimPath(pool, id, "/trace"));
export const claimSlip = async (pool, id) => (await ask(claimPath(pool, id, "/slip"), "text/plain")).text();
export const claimPaper = async (pool, id) => (await ask(claimPath(pool, id, "/slip.pdf"), "application/pdf")).blob();

/** Names of all institutions by code; without them codes are shown. */
export async function institutionNames() {
  const names = new Map();
  let cursor = "";
  do {
    const query = new URLSearchParams({ limit: "200", ...(cursor && { cursor }) });
    const page = await json(`/claims/v1/institutions?${query}`);
    for (const institution of page.items) names.set(institution.code, institution.name);
    cursor = page.next_cursor;
  } while (cursor);
  return names;
}
