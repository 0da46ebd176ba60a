import createClient from "openapi-fetch";
import type { Api, paths } from "./api.js";
import { LatchkeyError, problem, requireSuccess } from "./errors.js";
import { ownLogin, type Where } from "./login.js";
import { challenge, random } from "./random.js";
import type { components } from "./schema.js";
import { type Fetch, send } from "./send.js";
import { kept, memoryStore, type Store } from "./store.js";

type Schemas = components["schemas"];
type Opened = Schemas["SessionResponse"];
type Later = Promise<void>;

/** The session of the API, with its user. */
export type Session = Schemas["UserSessionResponse"];
export type User = Schemas["UserResponse"];
/** A password; or, for users without one, the code of a sign-in and its verifier. */
export type Proof = Schemas["Reauthenticate"];
/** Asks the user. Without an answer, the user does not want to go on. */
export type Ask = () => Promise<Proof | undefined>;
export type { Where };

export interface Options {
  /** The service's `PUBLIC_URL`, or `""` where /api is on the page's own origin. */
  baseUrl: string;
  /** Where the login is kept; in memory, if nothing else is said. */
  store?: Store;
  fetch?: Fetch;
  /** Asks the user for the password, for `withRecentLogin`. */
  reauthenticate?: Ask;
}

/** `unknown`: the service cannot be reached, or refuses; the login stays. */
export type Who =
  | { state: "in"; user: User; session: Session }
  | { state: "out" }
  | { state: "unknown"; error: LatchkeyError };

export interface SignIn {
  /** A path of the front end that comes back at the end. */
  next?: string;
  /** Renews the login of a user who has no password. */
  again?: boolean;
}

export interface Landed {
  next: string;
  /** The new link, after `linkUrl`. */
  linked?: Schemas["ProviderConnection"];
}

/** Every method throws LatchkeyError, unless it says otherwise. */
export interface Latchkey {
  /** Who is logged in? For page load. Throws nothing. */
  whoAmI(): Promise<Who>;
  login(body: { email: string; password: string }): Later;
  /** Resolves to `in`; or to `mail`, where the user finds the next step in a mail. Then only the address counts. */
  register(body: Omit<Schemas["Register"], "password"> & { password?: string }): Promise<"in" | "mail" | (string & {})>;
  /** Logs in with an ID token that a provider's library on the device returned. */
  signInWithIdToken(provider: string, body: Schemas["IdToken"]): Later;
  /**
   * Forgets the token at once, then revokes the session. Resolves to false where the service could not be told:
   * the session then lives until it expires. Throws nothing.
   */
  logout(): Promise<boolean>;
  /** Renews the token. */
  reauthenticate(proof: Proof): Later;
  /** Renews the token, and revokes all other sessions. */
  changePassword(body: Schemas["PasswordChange"]): Later;
  /** Does the work. Where that needs a recent login, asks once in all parallel calls, and does the work again. */
  withRecentLogin<Result>(work: () => Promise<Result>, ask?: Ask): Promise<Result>;
  /** Where to send the browser for a sign-in. Keeps the verifier and the state in the store. */
  signInUrl(provider: string, options?: SignIn): Promise<string>;
  /** Where to send the browser to link a provider to the account. Needs a recent login. */
  linkUrl(provider: string): Promise<string>;
  /** Ends a sign-in or a link at /oauth/callback or /oauth/error. Resolves to the path that the user wanted. */
  finishSignIn(landed: string | URL): Promise<Landed>;
  /** What the pages do to which mails lead. Each takes the token that stands behind `#`. */
  mail: {
    confirmRegistration(body: Schemas["ConfirmRegistration"]): Later;
    /** Needs the login of the mail's user, as does `changeEmail`. */
    verifyEmail(token: string): Later;
    changeEmail(token: string): Later;
    requestReset(email: string): Later;
    /** Opens no session: a login follows. */
    resetPassword(body: { token: string; new_password: string }): Later;
    /** Takes the account back; a mail to choose a new password follows. */
    undoChanges(token: string): Later;
  };
  /** Calls the listener after a login or logout, not after a renewal. Returns a function that ends it. */
  onChange(listener: (where: Where) => void): () => void;
  /** All other operations. */
  api: Api;
  /** `fetch` for the routes of `baseUrl`'s origin, with the token. Returns refusals as answers. */
  fetch: typeof globalThis.fetch;
}

export function createLatchkey(options: Options): Latchkey {
  const { store = memoryStore(), fetch = (request) => globalThis.fetch(request), reauthenticate: usual } = options;
  const baseUrl = options.baseUrl.replace(/\/$/, "");
  const login = ownLogin(store);

  /** Sends the token of this login. A 401 ends the login only if no other tab has renewed the token. */
  async function authorized(request: Request, ready = renewalsDone, again = true): Promise<Response> {
    const sent = await login.token();
    const answer = await send(fetch, request, sent);
    if (!sent || answer.status !== 401 || (await problem(answer)).error_code !== "session_expired") return answer;
    await ready();
    if (again && (await login.token()) === sent) await login.settled();
    const now = await login.token();
    if (again && now && now !== sent) return authorized(request, ready, false); // nothing was done, so a POST too
    await login.forget(sent);
    return answer;
  }

  const renewalsDone = () => login.exclusive(async () => {});

  const api = createClient<paths>({ baseUrl, fetch: (request) => authorized(request) });
  api.use({
    onResponse: ({ response }) => requireSuccess(response), // openapi-fetch takes an empty refusal for no error
  });

  function post(path: string, body?: unknown) {
    const json =
      body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    return new Request(baseUrl + path, { method: "POST", ...json });
  }

  async function read<Body>(answer: Response): Promise<Body> {
    await requireSuccess(answer);
    const text = await answer.text();
    return (text ? JSON.parse(text) : undefined) as Body;
  }

  const open = (path: string, body: unknown) =>
    login.exclusive(async () => {
      const opened = await read<Opened | Schemas["RegistrationPending"]>(await send(fetch, post(path, body)));
      if (!opened) throw new LatchkeyError(0);
      if (!("token" in opened)) return opened.next;
      await login.keep(opened);
      return "in";
    });

  /** A logout during the call wins. With `before`, does nothing if the token has been renewed since. */
  const renew = (path: string, body: unknown, before?: string) =>
    login.exclusive(async () => {
      if (before && before !== (await login.token())) return;
      const renewed = await read<Opened>(await authorized(post(path, body), async () => {}));
      if (await login.token()) return login.keep(renewed, true);
      await revoke(renewed.token);
      throw new LatchkeyError(401, { error_code: "not_authenticated" });
    });

  const revoke = (token: string) =>
    send(fetch, post("/api/auth/logout"), token).then(
      ({ ok, status }) => ok || status === 401, // revoked or expired before
      () => false,
    );

  const reauthenticate = (proof: Proof, before?: string) => renew("/api/auth/reauthenticate", proof, before);

  let asking: Promise<void> | undefined;

  async function withRecentLogin<Result>(work: () => Promise<Result>, ask = usual): Promise<Result> {
    const before = await login.token();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LatchkeyError) || error.code !== "reauthentication_required" || !ask) throw error;
      if (before === (await login.token())) {
        asking ??= ask()
          .then((proof) => {
            if (!proof) throw error;
            return reauthenticate(proof, before);
          })
          .finally(() => (asking = undefined));
        await asking;
      }
      return work();
    }
  }

  async function whoAmI(): Promise<Who> {
    if (!(await login.token())) return { state: "out" };
    try {
      const session = await read<Session>(await authorized(new Request(`${baseUrl}/api/auth/session`)));
      return { state: "in", user: session.user, session };
    } catch (error) {
      return (await login.token()) ? { state: "unknown", error: error as LatchkeyError } : { state: "out" };
    }
  }

  async function logout() {
    const last = await login.token();
    if (!last) return true;
    await login.forget(last);
    return revoke(last);
  }

  async function signInUrl(provider: string, { next = "/", again = false }: SignIn = {}) {
    const [verifier, state] = [random(), random()];
    const of = again ? await login.id() : undefined;
    await store.set("signin", JSON.stringify({ verifier, state, of }));
    const query = new URLSearchParams({ next, state, code_challenge: await challenge(verifier) });
    return `${baseUrl}/api/auth/oauth/${provider}?${query}`;
  }

  async function linkUrl(provider: string) {
    const { data } = await api.POST("/api/auth/oauth/{provider}/link", { params: { path: { provider } } });
    return data!.authorize_url; // a refusal throws
  }

  async function finishSignIn(landed: string | URL): Promise<Landed> {
    const { searchParams: query } = new URL(landed);
    const next = /^\/(?![/\\])/.exec(query.get("next") ?? "")?.input ?? "/"; // never another origin
    const link = query.get("link_code");
    if (link) return { next, linked: (await api.POST("/api/auth/connections", { body: { code: link } })).data! };
    const begun = await kept(store, "signin");
    await store.remove("signin");
    const error = query.get("error");
    if (error) throw new LatchkeyError(0, { error_code: /^\w{1,40}$/.test(error) ? error : "server_error" });
    if (begun.state !== query.get("state")) throw new LatchkeyError(0, { error_code: "invalid_state" });
    const body = { code: query.get("code"), code_verifier: begun.verifier ?? null };
    if (!begun.of) await open("/api/auth/exchange", body);
    else if (begun.of === (await login.id())) await reauthenticate(body);
    else throw new LatchkeyError(401, { error_code: "not_authenticated" });
    return { next };
  }

  const plain = async (path: string, body: unknown) => read<Partial<Opened>>(await send(fetch, post(path, body)));
  const asUser = async (path: string, body: unknown) => read<void>(await authorized(post(path, body)));

  return {
    whoAmI,
    logout,
    withRecentLogin,
    signInUrl,
    linkUrl,
    finishSignIn,
    reauthenticate: (proof) => reauthenticate(proof),
    login: async (body) => void (await open("/api/auth/login", { ...body, ...(await login.device()) })),
    register: (body) => open("/api/auth/register", body),
    signInWithIdToken: async (provider, body) => void (await open(`/api/auth/oauth/${provider}/token`, body)),
    changePassword: (body) => renew("/api/auth/password", body),
    mail: {
      confirmRegistration: async (body) => void (await open("/api/auth/register/confirm", body)),
      verifyEmail: (token) => asUser("/api/auth/email/verify", { token }),
      changeEmail: (token) => asUser("/api/auth/email/change/confirm", { token }),
      requestReset: async (email) => void (await plain("/api/auth/password/reset", { email })),
      async resetPassword(body) {
        const renewed = await plain("/api/auth/password/reset/confirm", { ...body, ...(await login.device()) });
        await login.keepDevice(renewed ?? {});
      },
      undoChanges: async (token) => void (await plain("/api/auth/secure", { token })),
    },
    onChange: login.onChange,
    api: api as unknown as Api,
    fetch(input, init) {
      const request = new Request(input, init);
      const ours = new URL(request.url).origin === new URL(new Request(`${baseUrl}/`).url).origin;
      return ours ? authorized(request) : fetch(request);
    },
  };
}
