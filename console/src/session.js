/** The token of this tab: taken from the fragment or pasted, kept in sessionStorage, sent only to this origin. */

const KEY = "heyi.token";

/** Take `#token=…` out of the address, so that it is neither bookmarked nor shown. */
export function takeTokenFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (!token) return;
  sessionStorage.setItem(KEY, token.trim());
  history.replaceState(null, "", location.pathname + location.search);
}

export const currentToken = () => sessionStorage.getItem(KEY);
export const keepToken = (token) => sessionStorage.setItem(KEY, token.trim());
export const forgetToken = () => sessionStorage.removeItem(KEY);

/** What the token says about its holder, for display only; the services check it, this page cannot. */
export function holderOf(token) {
  try {
    const payload = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    const pools = Array.isArray(claims.pools) ? claims.pools : [];
    return { role: String(claims.role ?? ""), pools };
  } catch {
    return null;
  }
}
