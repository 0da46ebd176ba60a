/** The token of a mail: out of the address bar, and kept in this tab over a login or a change of the language. */
import { drop, keep, kept } from "./page.js";
import { LatchkeyError, latchkey } from "./session.js";

const key = () => `token:${location.pathname}`;

export function mailToken(): string {
  const token = latchkey.mailToken();
  if (token) keep(key(), token);
  return token || kept<string>(key()) || "";
}

/** Throws `no_token` where the link was cut. */
export function requireMailToken(): string {
  const token = mailToken();
  if (!token) throw new LatchkeyError(0, { error_code: "no_token" });
  return token;
}

/** Uses the token. One that is used, or invalid, is forgotten. */
export async function withMailToken<Result>(work: (token: string) => Promise<Result>): Promise<Result> {
  try {
    const done = await work(requireMailToken());
    drop(key());
    return done;
  } catch (error) {
    if ((error as LatchkeyError).code === "invalid_link") drop(key());
    throw error;
  }
}
