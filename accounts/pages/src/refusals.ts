/** Sentences for refusals: what to do next, in a user's words. */
import { hasText, language, say } from "./page.js";
import { LatchkeyError } from "./session.js";

const BUSY = ["server_busy", "service_unavailable"];

export function refusalText(error: unknown): string {
  if (!(error instanceof LatchkeyError)) return say("server_error");
  const { code = "", status } = error;
  const wait = duration(error.retryAfter);
  if (status === 429 || code === "rate_limited") return say("rate_limited", { wait });
  if (BUSY.includes(code) || [502, 503, 504].includes(status)) return say("busy", { wait });
  if (!status && !code) return say("offline");
  return say(hasText(code) ? code : "server_error");
}

/** In the page's language, rounded up, so that a wait of this time is long enough. */
function duration(seconds?: number): string {
  if (!seconds) return say("a_moment");
  const [unit, length] = seconds <= 90 ? ["second", 1] : seconds <= 90 * 60 ? ["minute", 60] : ["hour", 3600];
  const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" });
  return format.format(Math.ceil(seconds / length));
}
