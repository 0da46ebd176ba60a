import { createLatchkey as createCore, type Landed, type Latchkey, type Options, type SignIn } from "./client.js";
import { memoryStore, queue, type Store } from "./store.js";

export * from "./index.js";

const STORAGE_DELAY = 500; // milliseconds that a change of another tab may take to arrive

/** For a page in a browser. `store` is `webStore()`, if nothing else is said. */
export interface WebLatchkey extends Latchkey {
  /** Sends the browser to the provider. It comes back to /oauth/callback or /oauth/error. */
  startSignIn(provider: string, options?: SignIn): Promise<void>;
  /** The same for a link. */
  startLink(provider: string): Promise<void>;
  /** Ends the sign-in or link of this address, and cleans the address bar. A second call gets the same outcome. */
  finishSignIn(): Promise<Landed>;
  /** Takes the token of a mail out of the address bar. Post it at a click: mail scanners run scripts at page load. */
  mailToken(): string;
}

export function createLatchkey(options: Options): WebLatchkey {
  const core = createCore({ store: webStore(), ...options });
  let landed: Promise<Landed> | undefined; // React's strict mode runs effects twice

  return {
    ...core,
    async startSignIn(provider, options) {
      location.assign(await core.signInUrl(provider, options));
    },
    async startLink(provider) {
      location.assign(await core.linkUrl(provider));
    },
    finishSignIn: () => (landed ??= core.finishSignIn(takeAddress())),
    mailToken: () => new URL(takeAddress("hash")).hash.slice(1),
  };
}

/** The address of this page. What follows its path, or only its hash, leaves the address bar and the history. */
function takeAddress(part?: "hash") {
  const { href, pathname, search } = location;
  history.replaceState(history.state, "", part ? pathname + search : pathname);
  return href;
}

/**
 * The storage of the browser, shared by all tabs of an origin; with `sessionStorage`, each tab logs in for itself.
 *
 * Where the browser has no storage or no room, the login lives as long as the page.
 */
export function webStore(kind: "localStorage" | "sessionStorage" = "localStorage", prefix = "latchkey"): Store {
  const kinds: Record<string, typeof kind> = { session: kind, signin: "sessionStorage" };
  const area = (key: string) => globalThis[kinds[key] ?? "localStorage"]; // a browser can throw here
  const name = (key: string) => `${prefix}.${key}`;
  const unsaved = memoryStore();
  let mine = 0; // works of this page that run or wait

  const settled = () =>
    new Promise<void>((resolve) => {
      addEventListener("storage", () => resolve(), { signal: AbortSignal.timeout(STORAGE_DELAY) });
      setTimeout(resolve, STORAGE_DELAY);
    });

  /** A lock of another tab can end before its last change of the storage arrives here. */
  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const behindOthers = !mine && (await navigator.locks.query()).held?.some((lock) => lock.name === prefix);
    mine++;
    try {
      return await navigator.locks.request(prefix, async () => {
        if (behindOthers) await settled();
        return work();
      });
    } finally {
      mine--;
    }
  }

  return {
    get: (key) => unsaved.get(key) ?? attempt(() => area(key).getItem(name(key))),
    set(key, value) {
      unsaved.remove(key);
      attempt(() => {
        area(key).setItem(name(key), value);
        return true;
      }) ?? unsaved.set(key, value);
    },
    remove(key) {
      unsaved.remove(key);
      attempt(() => area(key).removeItem(name(key)));
    },
    watch(listener) {
      const heard = ({ key }: StorageEvent) => {
        if (key === name("session") || key === null) listener(); // null: all was cleared
      };
      addEventListener("storage", heard);
      return () => removeEventListener("storage", heard);
    },
    settled,
    // Browsers have locks on https and on localhost only, and a server that renders a page has none.
    exclusive: globalThis.navigator?.locks ? inTurn : queue(),
  };
}

/** What this returns, or undefined where the browser forbids it. */
function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
