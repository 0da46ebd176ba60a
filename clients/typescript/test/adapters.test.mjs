// The examples, with the libraries that they are for, against the running service.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Auth } from "../examples/node_modules/@auth/core/index.js";
import { authConfig } from "../examples/auth-js.js";
import { throughLatchkey } from "../examples/axios.js";
import { authProvider, httpClient } from "../examples/react-admin.js";
import { createLatchkey, forRequest, memoryStore } from "latchkey-client/node";

const { OPEN: baseUrl } = process.env;
const password = "correct horse battery";
let users = 0;

async function loggedIn(fetch) {
  const store = memoryStore();
  const latchkey = createLatchkey({ baseUrl, store, ...(fetch && { fetch }) });
  const email = `adapter-${process.pid}-${++users}@example.org`;
  await latchkey.register({ email, password });
  const token = () => JSON.parse(store.get("session")).token;
  return { latchkey, email, token };
}

const sessionState = async (token) => (await forRequest(token, { baseUrl }).whoAmI()).state;

test("axios sends the token, follows a renewal, and a refusal ends no login", async () => {
  const { latchkey, email } = await loggedIn();
  const api = throughLatchkey(latchkey, baseUrl);
  assert.equal((await api.get("/api/users/me")).data.email, email);
  const [me] = await Promise.all([api.get("/api/users/me"), latchkey.reauthenticate({ password })]);
  assert.equal(me.data.email, email);
  await assert.rejects(api.patch("/api/users/me", { display_name: 5 }), ({ response }) => response.status === 422);
  await assert.rejects(api.post("/api/auth/login", { email, password: "not this one" }), (error) => {
    return error.response.data.error_code === "authentication_failed";
  });
  assert.equal((await latchkey.whoAmI()).state, "in");
  await latchkey.logout();
  await assert.rejects(api.get("/api/users/me"), ({ response }) => response.data.error_code === "not_authenticated");
});

test("axios waits after 429, and shows no token in its errors", async () => {
  const busy = [new Response(null, { status: 429, headers: { "Retry-After": "0.01" } })];
  const { latchkey, token } = await loggedIn(async (request) => {
    return (request.url.endsWith("/me") && busy.pop()) || fetch(request);
  });
  const api = throughLatchkey(latchkey, baseUrl);
  assert.equal((await api.get("/api/users/me")).status, 200);
  await assert.rejects(api.get("/api/nowhere"), (error) => !JSON.stringify(error).includes(token()));
});

/** A visitor of an app with Auth.js: what the app answers, and the cookies that the browser keeps. */
function visitor() {
  const config = authConfig({ baseUrl, secret: "only-for-tests".repeat(4), clientIp: () => "203.0.113.7" });
  const cookies = new Map();
  async function ask(path, form) {
    const headers = {
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      "user-agent": "Visitor/1",
    };
    const body = form && new URLSearchParams(form);
    const request = new Request(`http://localhost/auth${path}`, { method: form ? "POST" : "GET", headers, body });
    const answer = await Auth(request, { basePath: "/auth", logger: { error() {} }, ...config });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (/Max-Age=0|01 Jan 1970/i.test(cookie) || !value) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  }
  const send = async (path, form = {}) =>
    ask(path, { ...form, csrfToken: (await (await ask("/csrf")).json()).csrfToken });
  const session = async () => (await ask("/session")).json();
  return { ask, send, session, cookies };
}

test("Auth.js logs in, and follows the end of the session", async () => {
  const { email } = await loggedIn();
  const { send, session, cookies } = visitor();
  const refused = await send("/callback/credentials", { email, password: "not this one" });
  assert.match(refused.headers.get("location"), /error=CredentialsSignin/);
  assert.equal(await session(), null);
  await send("/callback/credentials", { email, password });
  const seen = await session();
  assert.equal(seen.user.email, email);
  assert.ok(!/s_\w{20}/.test(JSON.stringify(seen)), "the token is readable");
  const [, kept] = [...cookies].find(([name]) => name.includes("session-token"));
  assert.ok(JSON.parse(Buffer.from(kept.split(".")[0], "base64url")).enc, "the cookie is not encrypted");
  const latchkey = forRequest(undefined, { baseUrl });
  await latchkey.login({ email, password });
  const { data } = await latchkey.api.GET("/api/auth/sessions");
  const visitors = data.filter(({ ip_address }) => ip_address === "203.0.113.7");
  assert.deepEqual(
    visitors.map(({ user_agent }) => user_agent),
    ["Visitor/1"],
  );
  await latchkey.api.DELETE("/api/auth/sessions/{handle}", { params: { path: { handle: visitors[0].handle } } });
  assert.equal(await session(), null);
  assert.ok(![...cookies.keys()].some((name) => name.includes("session-token")));
});

test("Auth.js revokes the session at its logout", async () => {
  const { email } = await loggedIn();
  const { send, session } = visitor();
  await send("/callback/credentials", { email, password });
  const latchkey = forRequest(undefined, { baseUrl });
  await latchkey.login({ email, password });
  const count = async () => (await latchkey.api.GET("/api/auth/sessions")).data.length;
  const before = await count();
  await send("/signout");
  assert.equal(await count(), before - 1);
  assert.equal(await session(), null);
  assert.equal(await sessionState(await latchkey.token()), "in");
});

test("react-admin keeps the login after refusals, and ends it after session_expired", async () => {
  const { latchkey, email } = await loggedIn();
  const provider = authProvider(latchkey);
  const ask = (path, options) => httpClient(latchkey)(`${baseUrl}${path}`, options);
  const thrown = (work) =>
    work.then(
      () => assert.fail("nothing was thrown"),
      (error) => error,
    );
  await provider.checkAuth();
  assert.equal((await provider.getIdentity()).fullName, email);
  assert.equal((await ask("/api/users/me")).json.email, email);
  for (const refused of [await thrown(ask("/api/nowhere")), { status: 401 }, { status: 403, body: REAUTHENTICATE }]) {
    assert.ok(refused.status >= 400);
    await provider.checkError(refused);
  }
  const other = forRequest(undefined, { baseUrl });
  await other.login({ email, password });
  await other.api.DELETE("/api/auth/sessions");
  const expired = await thrown(ask("/api/users/me"));
  assert.equal(expired.status, 401);
  await assert.rejects(provider.checkError(expired));
  await assert.rejects(provider.checkAuth());
  await provider.login({ username: email, password });
  await provider.checkAuth();
  await provider.logout();
  await assert.rejects(provider.checkAuth());
});

const REAUTHENTICATE = { error_code: "reauthentication_required" };
