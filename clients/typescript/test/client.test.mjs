// The built package in Node, against the running service: tests/clients/typescript/test_package.py starts both.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { inspect } from "node:util";
import { createLatchkey, forRequest, isRefusal, LatchkeyError, memoryStore } from "latchkey-client/node";

const { OPEN: baseUrl, VERIFIED: byMail, MAILS: mails } = process.env;
const password = "correct horse battery";
let users = 0;
const address = () => `user-${process.pid}-${++users}@example.org`;

/** A new user, logged in; the store too, and the token in it. */
async function loggedIn({ store = memoryStore(), ...options } = {}) {
  const latchkey = createLatchkey({ baseUrl, store, ...options });
  const email = address();
  assert.equal(await latchkey.register({ email, password }), "in");
  return { latchkey, store, email, token: JSON.parse(await store.get("session")).token };
}

/** What the work throws. */
async function thrown(work) {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof LatchkeyError, inspect(error));
    return error;
  }
  assert.fail("nothing was thrown");
}

/** A `fetch` through a proxy that answers the first requests itself, and the requests that were made. */
function behindProxy(...answers) {
  const seen = [];
  const fetch = async (request) => {
    const answer = answers.shift() ?? (await globalThis.fetch(request));
    seen.push(`${request.method} ${new URL(request.url).pathname} ${answer.status}`);
    return answer;
  };
  return { fetch, seen, answers };
}

const busy = (status, headers) => new Response("<h1>A proxy's own words</h1>", { status, headers });
const soon = { "Retry-After": "0.01" };

/** The token in the mail to this address that leads to this page. Django puts hyphens between mails in one file. */
async function mailToken(to, page) {
  const link = new RegExp(`${page}#(\\w+)`);
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const files = await Promise.all((await readdir(mails)).map((name) => readFile(`${mails}/${name}`, "utf8")));
    const texts = files.flatMap((file) => file.split(`\n${"-".repeat(79)}\n`));
    const mail = texts.find((text) => text.includes(`\nTo: ${to}\n`) && link.test(text));
    if (mail) return link.exec(mail)[1];
  }
  assert.fail(`no mail to ${to}`);
}

test("login and logout", async () => {
  const { latchkey, store, email, token } = await loggedIn();
  const who = await latchkey.whoAmI();
  assert.equal(who.state, "in");
  assert.equal(who.user.email, email);
  assert.equal(who.session.current, true);
  assert.equal(await latchkey.logout(), true);
  assert.deepEqual(await latchkey.whoAmI(), { state: "out" });
  assert.equal(await latchkey.logout(), true);
  const { status } = await fetch(`${baseUrl}/api/auth/session`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(status, 401);
  await latchkey.login({ email, password });
  assert.equal((await latchkey.api.GET("/api/users/me")).data.email, email);
  assert.notEqual(JSON.parse(store.get("session")).token, token);
});

test("the device token outlives the logout, and goes along with the next login and reset", async () => {
  const bodies = [];
  const fetch = async (request) => {
    bodies.push([new URL(request.url).pathname, await request.clone().text()]);
    return globalThis.fetch(request);
  };
  const { latchkey, store, email } = await loggedIn({ fetch });
  const device = store.get("device");
  await latchkey.logout();
  await latchkey.login({ email, password });
  await latchkey.mail.requestReset(email);
  await latchkey.mail.resetPassword({
    token: await mailToken(email, "/password/reset"),
    new_password: `${password} staple`,
  });
  const sent = bodies.filter(([path]) => /login|confirm/.test(path)).map(([, body]) => JSON.parse(body).device_token);
  assert.equal(sent.length, 2);
  assert.equal(sent[0], device);
  assert.ok(sent[1]);
  assert.ok(![device, ...sent].includes(store.get("device")), "a reset gives a new one");
  assert.deepEqual(await latchkey.whoAmI(), { state: "out" }); // a reset revokes all sessions
  await latchkey.login({ email, password: `${password} staple` });
});

test("a wrong password is thrown, and keeps the login", async () => {
  const { latchkey, store, email, token } = await loggedIn();
  const error = await thrown(latchkey.login({ email, password: "not this one" }));
  assert.ok(isRefusal(error));
  assert.deepEqual([error.status, error.code], [401, "authentication_failed"]);
  assert.equal((await thrown(latchkey.reauthenticate({ password: "nor this" }))).code, "invalid_password");
  assert.equal(JSON.parse(store.get("session")).token, token);
  assert.equal((await latchkey.whoAmI()).state, "in");
});

test("errors tell what is wrong with each field", async () => {
  const latchkey = createLatchkey({ baseUrl });
  const error = await thrown(latchkey.register({ email: "no address", password: "short" }));
  assert.deepEqual([error.status, error.code], [422, "validation_error"]);
  assert.equal(error.field("password").code, "password_too_short");
  assert.equal(error.field("password").params.min_length, 8);
  assert.ok(error.field("email"));
  assert.equal(error.field("display_name"), undefined);
});

test("a registration by mail ends with a login", async () => {
  const latchkey = createLatchkey({ baseUrl: byMail });
  const email = address();
  assert.equal(await latchkey.register({ email }), "mail");
  assert.deepEqual(await latchkey.whoAmI(), { state: "out" });
  await latchkey.mail.confirmRegistration({
    token: await mailToken(email, "/register/confirm"),
    password,
    display_name: "Alice",
  });
  const { user } = await latchkey.whoAmI();
  assert.deepEqual([user.email, user.display_name, user.email_verified], [email, "Alice", true]);
});

test("links of mails verify, change and undo", async () => {
  const { latchkey, email } = await loggedIn();
  await latchkey.mail.verifyEmail(await mailToken(email, "/email/verify"));
  assert.equal((await latchkey.whoAmI()).user.email_verified, true);
  const next = address();
  await latchkey.api.POST("/api/auth/email/change", { body: { email: next } });
  await latchkey.mail.changeEmail(await mailToken(next, "/email/change"));
  assert.equal((await latchkey.whoAmI()).user.email, next);
  await latchkey.mail.undoChanges(await mailToken(email, "/secure"));
  assert.deepEqual(await latchkey.whoAmI(), { state: "out" });
  const error = await thrown(latchkey.mail.undoChanges("not-of-a-mail"));
  assert.deepEqual([error.status, error.code], [400, "invalid_link"]);
});

test("renewals keep the login, and the old token is replaced", async () => {
  const { latchkey, store, token } = await loggedIn();
  const other = createLatchkey({ baseUrl, store }); // as in another tab
  assert.equal((await other.whoAmI()).state, "in");
  await latchkey.reauthenticate({ password });
  const renewed = JSON.parse(store.get("session")).token;
  assert.notEqual(renewed, token);
  await latchkey.changePassword({ current_password: password, new_password: `${password} staple` });
  assert.notEqual(JSON.parse(store.get("session")).token, renewed);
  assert.equal((await latchkey.whoAmI()).state, "in");
  assert.equal((await other.whoAmI()).state, "in");
});

test("a request beside a renewal waits for the new token", async () => {
  let serviceRenewed, requestRefused;
  const renewed = new Promise((resolve) => (serviceRenewed = resolve));
  const refused = new Promise((resolve) => (requestRefused = resolve));
  const { latchkey } = await loggedIn({
    async fetch(request) {
      const answer = await globalThis.fetch(request);
      if (answer.status === 401) setTimeout(requestRefused, 50); // the renewal arrives after this refusal
      if (!request.url.endsWith("/reauthenticate")) return answer;
      serviceRenewed();
      return refused.then(() => answer); // this answer is slow
    },
  });
  const renewal = latchkey.reauthenticate({ password });
  await renewed;
  const { data } = await latchkey.api.PATCH("/api/users/me", { body: { display_name: "Alice" } });
  assert.equal(data.display_name, "Alice");
  await renewal;
});

test("a POST is repeated after 429 only, a GET after 503 too, and neither after a long wait", async () => {
  const { latchkey, email } = await loggedIn();
  const proxied = (...answers) => {
    const proxy = behindProxy(...answers);
    return { ...proxy, latchkey: createLatchkey({ baseUrl, fetch: proxy.fetch }) };
  };
  const post = proxied(busy(429, soon), busy(429, soon));
  await post.latchkey.login({ email, password });
  assert.deepEqual(
    post.seen.map((line) => line.slice(-3)),
    ["429", "429", "200"],
  );
  for (const [status, headers] of [
    [503, soon],
    [429, { "Retry-After": "11" }],
    [502, soon],
  ]) {
    const once = proxied(busy(status, headers));
    const error = await thrown(once.latchkey.login({ email, password }));
    assert.deepEqual([error.status, error.code, error.retryAfter], [status, undefined, Number(headers["Retry-After"])]);
    assert.equal(once.seen.length, 1);
  }
  const get = proxied(busy(503, soon), busy(503, { "Retry-After": new Date().toUTCString() }));
  await get.latchkey.api.GET("/api/auth/config");
  assert.equal(get.seen.length, 3);
  const never = proxied(busy(503, soon), busy(503, soon), busy(503, soon));
  assert.equal((await thrown(never.latchkey.api.GET("/api/auth/config"))).status, 503);
  assert.equal(never.seen.length, 3);
  assert.equal((await latchkey.whoAmI()).state, "in");
});

test("an empty 401 of a proxy is a refusal, and ends no login", async () => {
  const proxy = behindProxy();
  const { latchkey, store } = await loggedIn({ fetch: proxy.fetch });
  const empty = () => new Response(null, { status: 401, headers: { "Content-Length": "0" } });
  proxy.answers.push(empty());
  assert.equal((await thrown(latchkey.api.GET("/api/users/me"))).status, 401);
  proxy.answers.push(empty());
  const who = await latchkey.whoAmI();
  assert.deepEqual([who.state, who.error.status, who.error.code], ["unknown", 401, undefined]);
  assert.ok(store.get("session"));
});

test("the page of a captive portal is no answer", async () => {
  const proxy = behindProxy();
  const { latchkey, email } = await loggedIn({ fetch: proxy.fetch });
  const page = () => new Response("<h1>Accept our terms</h1>", { headers: { "Content-Type": "text/html" } });
  proxy.answers.push(page());
  assert.equal((await thrown(latchkey.api.GET("/api/users/me"))).status, 0);
  proxy.answers.push(page());
  assert.equal((await latchkey.whoAmI()).state, "unknown");
  proxy.answers.push(page());
  assert.equal((await thrown(latchkey.login({ email, password }))).status, 0);
  assert.equal((await latchkey.whoAmI()).user.email, email);
});

test("a sign-in that was not begun here is refused, and leads to no other origin", async () => {
  const store = memoryStore({ signin: "no JSON" });
  const latchkey = createLatchkey({ baseUrl, store });
  const land = (query) => thrown(latchkey.finishSignIn(`https://app.example.org/oauth/callback?${query}`));
  assert.equal((await land("code=x&state=y")).code, "invalid_state");
  assert.equal((await land("code=x")).code, "invalid_state");
  assert.equal((await land("error=access_denied")).code, "access_denied");
  assert.equal((await land("error=Call+0800+1234")).code, "server_error");
  const url = new URL(await latchkey.signInUrl("google", { next: "/inbox" }));
  assert.equal(url.searchParams.get("code_challenge").length, 43);
  assert.equal((await land(`code=${"x".repeat(43)}&state=${url.searchParams.get("state")}`)).code, "invalid_code");
  assert.equal((await land(`code=${"x".repeat(43)}&state=${url.searchParams.get("state")}`)).code, "invalid_state");
});

test("without an answer the status is 0, and the login is unknown", async () => {
  const { latchkey, store } = await loggedIn();
  const away = createLatchkey({ baseUrl: "http://127.0.0.1:9", store });
  const who = await away.whoAmI();
  assert.deepEqual([who.state, who.error.status, who.error.message], ["unknown", 0, "no answer"]);
  assert.ok(who.error.cause);
  assert.equal(await away.logout(), false);
  assert.deepEqual(await latchkey.whoAmI(), { state: "out" }); // forgotten first
});

test("an aborted request throws its own reason", async () => {
  const { latchkey } = await loggedIn();
  const signal = AbortSignal.abort(new Error("changed my mind"));
  await assert.rejects(latchkey.api.GET("/api/users/me", { signal }), /changed my mind/);
});

test("an abort ends the wait after a refusal at once", async () => {
  const abort = new AbortController();
  const refuse = async () => {
    setTimeout(() => abort.abort(new Error("changed my mind")), 10);
    return busy(429, { "Retry-After": "5" });
  };
  const latchkey = createLatchkey({ baseUrl, fetch: refuse });
  const started = Date.now();
  await assert.rejects(latchkey.api.GET("/api/users/me", { signal: abort.signal }), /changed my mind/);
  assert.ok(Date.now() - started < 4000);
});

test("a broken answer is no answer, and no error quotes it", async () => {
  for (const broken of ['{"token":"s_secret"x', "null", '{"token":']) {
    const json = async () => new Response(broken, { headers: { "Content-Type": "application/json" } });
    const latchkey = createLatchkey({ baseUrl, fetch: json });
    const error = await thrown(latchkey.login({ email: address(), password }));
    assert.equal(error.status, 0);
    assert.ok(!inspect(error).includes("secret"));
  }
});

test("a refusal of another form is still a refusal", async () => {
  for (const errors of ['[{"title":"no loc"}]', '{"email":"taken"}', "null"]) {
    const refuse = async () => new Response(`{"errors":${errors}}`, { status: 400 });
    const error = await thrown(createLatchkey({ baseUrl, fetch: refuse }).login({ email: address(), password }));
    assert.equal(error.field("email"), undefined);
  }
});

test("neither errors nor the client show a token", async () => {
  const { latchkey, store, token } = await loggedIn();
  const dead = createLatchkey({ baseUrl: "http://127.0.0.1:9", store });
  const errors = [await thrown(dead.api.GET("/api/users/me")), await thrown(dead.reauthenticate({ password }))];
  errors.push(await thrown(latchkey.api.DELETE("/api/auth/sessions/{handle}", { params: { path: { handle: "x" } } })));
  for (const secret of [token, password, store.get("device")]) {
    for (const shown of [latchkey, store, ...errors]) {
      assert.ok(!inspect(shown, { depth: 9, showHidden: true }).includes(secret));
      assert.ok(!`${JSON.stringify(shown)}${shown}${shown.stack}`.includes(secret));
    }
  }
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(errors[2]))), ["name", "message", "status", "code", "errors"]);
  // `fetch` would put a token that no header can carry into the message of its error.
  const odd = memoryStore({ session: JSON.stringify({ login: "x", token: "s_secret\nmore" }) });
  const error = await thrown(createLatchkey({ baseUrl, store: odd }).api.GET("/api/users/me"));
  assert.equal(error.code, "not_authenticated");
  assert.ok(!inspect(error).includes("secret"));
});

test("the token goes to the service's origin only", async () => {
  const { latchkey, email } = await loggedIn();
  assert.equal((await (await latchkey.fetch(`${baseUrl}/api/users/me`)).json()).email, email);
  const elsewhere = await latchkey.fetch(`${byMail}/api/users/me`);
  assert.equal((await elsewhere.json()).error_code, "not_authenticated");
});

test("a client never acts for a login that another one made", async () => {
  const { latchkey, store } = await loggedIn();
  const other = createLatchkey({ baseUrl, store });
  const email = address();
  await other.register({ email, password });
  assert.equal((await thrown(latchkey.api.DELETE("/api/users/me"))).code, "not_authenticated");
  assert.equal((await other.whoAmI()).user.email, email);
});

test("listeners hear logins and logouts, and no renewals", async () => {
  const { latchkey, email } = await loggedIn();
  const heard = [];
  const end = latchkey.onChange((where) => heard.push(where));
  await latchkey.reauthenticate({ password });
  assert.deepEqual(heard, []);
  await latchkey.logout();
  await latchkey.login({ email, password });
  assert.deepEqual(heard, ["here", "here"]);
  end();
  await latchkey.logout();
  assert.deepEqual(heard, ["here", "here"]);
});

test("a store may answer later", async () => {
  const store = memoryStore();
  const later = {
    get: async (key) => store.get(key),
    set: async (key, value) => store.set(key, value),
    remove: async (key) => store.remove(key),
  };
  const { latchkey, email } = await loggedIn({ store: later });
  assert.equal((await latchkey.whoAmI()).user.email, email);
  assert.equal((await createLatchkey({ baseUrl, store: later }).whoAmI()).user.email, email);
});

test("a server that renders a page can create the page's client", async () => {
  const web = await import("latchkey-client/web");
  assert.deepEqual(await web.createLatchkey({ baseUrl }).whoAmI(), { state: "out" });
});

test("a server speaks for its visitor", async () => {
  const { email } = await loggedIn();
  const visitor = {
    baseUrl,
    clientIp: "203.0.113.7",
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Firefox/150.0",
  };
  const first = forRequest(undefined, visitor);
  await first.login({ email, password });
  const token = await first.token();
  const { session } = await forRequest(token, visitor).whoAmI();
  assert.deepEqual([session.ip_address, session.device], ["203.0.113.7", "Firefox on Linux"]);
  const last = forRequest(token, { baseUrl });
  await last.reauthenticate({ password });
  assert.notEqual(await last.token(), token);
  assert.equal((await forRequest(token, { baseUrl }).whoAmI()).state, "out");
  await last.logout();
  assert.equal(await last.token(), undefined);
});
