/** Where the user wants to be after the login. It outlives a registration and a provider's sign-in in this tab. */
import { config, drop, go, keep, kept, type Values } from "./page.js";
import { LatchkeyError, latchkey } from "./session.js";

/** With a challenge, a front end without a login page asked for the login. `next` is then a path of that front end. */
interface Wanted {
  challenge: string;
  state: string;
  next: string;
  until: number;
}

const KEPT_FOR = 30 * 60_000; // milliseconds: a later login is not meant for the front end

/** Reads the address of the login page. Throws `incomplete_request`. */
export function noteWanted() {
  const query = new URLSearchParams(location.search);
  const [challenge, state, next] = ["code_challenge", "state", "next"].map((name) => query.get(name) ?? "");
  if (!query.has("code_challenge") && !next) return;
  drop("wanted");
  const complete = config.front_end && /^[\w-]{43}$/.test(challenge!); // S256, RFC 7636
  if (query.has("code_challenge") && !complete) throw new LatchkeyError(0, { error_code: "incomplete_request" });
  keep("wanted", { challenge, state, next, until: Date.now() + KEPT_FOR });
}

function wanted(): Wanted | undefined {
  const noted = kept<Wanted>("wanted");
  return noted && noted.until > Date.now() ? noted : undefined;
}

export const forgetWanted = () => drop("wanted");

/** The host of the front end that waits for the login, if one does. */
export const waitingFrontEnd = () => (wanted()?.challenge ? new URL(config.front_end).host : "");

/** Goes there with the session of this tab; our own page then shows the notice. Throws LatchkeyError, also where the login is too old to hand it over. */
export async function arrive(notice = "", values: Values = {}): Promise<never> {
  const { challenge, state = "", next = "" } = wanted() ?? {};
  if (!challenge) {
    forgetWanted();
    return go(ownAddress(next), notice, values);
  }
  const { data } = await latchkey.api.POST("/api/auth/handover", { body: { code_challenge: challenge } });
  forgetWanted();
  const query = new URLSearchParams(Object.entries({ code: data.code, state, next }).filter(([, value]) => value));
  return go(`${config.front_end}/oauth/callback?${query}`);
}

const NOT_AFTER_LOGIN = ["/login", "/register"];

/** An address of this service, whatever `next` says: a link to our login must not lead to another site. */
function ownAddress(next: string): string {
  const url = next && URL.canParse(next, location.origin) ? new URL(next, location.origin) : undefined;
  const ours = url?.href.startsWith(`${location.origin}/`); // the origin of a blob's address is ours too
  return url && ours && !NOT_AFTER_LOGIN.includes(url.pathname) ? url.href : "/account";
}
