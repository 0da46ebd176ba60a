/** Sentences for refusals: what to do next, in a user's words. */
import { hasText, language, say, type Values } from "./page.js";
import { LatchkeyError } from "./session.js";

const BUSY = ["server_busy", "service_unavailable"];

export function refusalText(error: unknown): string {
  if (!(error instanceof LatchkeyError)) return refused("server_error");
  const { code = "", status } = error;
  const wait = duration(error.retryAfter);
  if (status === 429 || code === "rate_limited") return refused("rate_limited", { wait });
  if (BUSY.includes(code) || [502, 503, 504].includes(status)) return refused("busy", { wait });
  if (!status && !code) return refused("offline");
  return refused(hasText("refusals", code) ? code : "server_error");
}

const refused = (key: string, values: Values = {}) => say(key, values, "refusals");

/** In the page's language, rounded up, so that a wait of this time is long enough. */
function duration(seconds?: number): string {
  if (!seconds) return say("a_moment");
  const [unit, length] = seconds <= 90 ? ["second", 1] : seconds <= 90 * 60 ? ["minute", 60] : ["hour", 3600];
  const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" });
  return format.format(Math.ceil(seconds / length));
}
