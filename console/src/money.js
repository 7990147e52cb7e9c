/** Amounts are strings of yuan with two places; arithmetic here is in whole fen as BigInt, never in floats. */

const AMOUNT = /^(-?)(\d+)\.(\d{2})$/;

/** Yuan string to fen; throws on anything that is not exactly two places. */
export function toFen(yuan) {
  const match = AMOUNT.exec(yuan);
  if (!match) throw new Error(`金额格式不对:${yuan}`);
  const fen = BigInt(match[2]) * 100n + BigInt(match[3]);
  return match[1] ? -fen : fen;
}

/** Fen to a yuan string. */
export function toYuan(fen) {
  const size = fen < 0n ? -fen : fen;
  const text = `${size / 100n}.${String(size % 100n).padStart(2, "0")}`;
  return fen < 0n ? `-${text}` : text;
}

/** "1234567.89" as people read it: "1,234,567.89"; a true minus sign in front of a negative amount. */
export function grouped(yuan) {
  const match = AMOUNT.exec(yuan ?? "");
  if (!match) return yuan ?? "—";
  const whole = match[2].replace(/\B(?=(\d{3})+$)/g, ",");
  return `${match[1] ? "−" : ""}${whole}.${match[3]}`;
}

export function sum(amounts) {
  return toYuan(amounts.reduce((total, amount) => total + toFen(amount), 0n));
}

export function isZero(yuan) {
  return toFen(yuan) === 0n;
}
