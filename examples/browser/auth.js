// A client for front ends in plain JavaScript, to copy. docs/clients.md explains it.
// navigator.locks needs https or localhost.
const API = "http://localhost:8000"; // your PUBLIC_URL, or "" where /api is on the front end's own origin
const store = localStorage; // or sessionStorage
const KEY = "latchkey";
const LONGEST_WAIT = 10; // seconds; after a longer Retry-After the user decides

/** What is stored, or an empty object where another script wrote something else. */
function read() {
  try {
    return Object(JSON.parse(store.getItem(KEY)));
  } catch {
    return {};
  }
}

let login = read().login; // the login of this page; it never acts for a user who logged in later in another tab

function token() {
  const stored = read();
  return stored.login === login ? stored.token : undefined;
}

/** Stores the token of a new login, or the renewed token of the login `of`. */
export function keep(token, of = crypto.randomUUID()) {
  login = of;
  store.setItem(KEY, JSON.stringify({ login, token }));
}

function forget(revoked) {
  if (read().token === revoked) store.removeItem(KEY);
}

/** `code` is the error_code, where the answer has one; `status` is 0 without an answer; `retryAfter` is in seconds. */
export class Refused extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.error_code ?? `status ${status}`);
    Object.assign(this, { status, code: problem.error_code, errors: problem.errors ?? [], retryAfter });
  }
}

async function send(method, path, body, bearer, repeatable = ["GET", "DELETE"].includes(method)) {
  const headers = {};
  if (bearer) headers["Authorization"] = `Bearer ${bearer}`;
  if (body) headers["Content-Type"] = "application/json";
  for (let retries = 2; ; retries--) {
    let answer = Response.error(); // status 0
    let parsed = {};
    try {
      const signal = AbortSignal.timeout(20_000);
      answer = await fetch(API + path, { method, headers, body: JSON.stringify(body), signal });
      const text = await answer.text();
      if (text) parsed = JSON.parse(text);
    } catch {
      if (answer.ok) answer = Response.error(); // the connection broke; an error in HTML comes from a proxy
    }
    if (answer.ok) return parsed;
    const wait = Number(answer.headers.get("Retry-After")) || 5;
    const retry = answer.status === 429 || (answer.status === 503 && repeatable);
    if (!retry || !retries || wait > LONGEST_WAIT) throw new Refused(answer.status, parsed, wait);
    await new Promise((resolve) => setTimeout(resolve, wait * (1000 + 500 * Math.random()))); // spreads the clients
  }
}

/** Runs one at a time, across all tabs. */
const exclusive = (work) => navigator.locks.request(KEY, work);
/** Resolves when no tab is renewing the token. */
const renewalsDone = () => navigator.locks.request(KEY, { mode: "shared" }, () => {});
/** Resolves when the store changes: what another tab stored can arrive here a moment later. */
const storeChange = () =>
  new Promise((resolve) => {
    addEventListener("storage", resolve, { once: true });
    setTimeout(resolve, 500);
  });

async function attempt(method, path, body, ready, again = true) {
  const sent = token();
  try {
    return await send(method, path, body, sent);
  } catch (refused) {
    if (refused.code !== "session_expired") throw refused;
    await ready();
    if (again && token() === sent) await storeChange();
    if (again && token() && token() !== sent) return attempt(method, path, body, ready, false);
    forget(sent);
    throw refused;
  }
}

/** Returns the parsed answer of the API. Throws Refused. */
export const call = (method, path, body) => attempt(method, path, body, renewalsDone);

/** Calls POST /api/auth/login or /api/auth/register, and stores the token. */
export const open = (path, body) => exclusive(async () => keep((await send("POST", path, body)).token));

/** Calls POST /api/auth/reauthenticate or /api/auth/password. A logout during the call wins. */
export const renew = (path, body) =>
  exclusive(async () => {
    const renewed = (await attempt("POST", path, body, () => {})).token;
    if (token()) return keep(renewed, login);
    await revoke(renewed);
    throw new Refused(401, { error_code: "not_authenticated" });
  });

/** Runs the work. Where it needs a recent login, asks for the password and runs the work again. */
export async function withPassword(ask, work) {
  try {
    return await work();
  } catch (refused) {
    if (refused.code !== "reauthentication_required") throw refused;
    await renew("/api/auth/reauthenticate", { password: await ask() });
    return work();
  }
}

/** Returns false where the service could not be reached: the session then lives until it expires. */
const revoke = (bearer) =>
  send("POST", "/api/auth/logout", undefined, bearer, true).then(
    () => true,
    (refused) => refused.status === 401, // revoked or expired before
  );

/** Logs out in this browser at once. Returns whether the service has revoked the session. */
export async function logOut() {
  const last = token();
  forget(last);
  return last ? revoke(last) : true;
}

/** For page load. `state` is "in" (with the session and its user), "out", or "unknown" while the service is away. */
export async function whoAmI() {
  if (!token()) return { state: "out" };
  try {
    return { state: "in", ...(await call("GET", "/api/auth/session")) };
  } catch (refused) {
    return { state: refused.status === 401 ? "out" : "unknown", refused };
  }
}

/** Calls the listener when another tab logs out or logs in. */
export const onLoginChange = (listener) =>
  addEventListener("storage", () => read().login !== login && listener());
