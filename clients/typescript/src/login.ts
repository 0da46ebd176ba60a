import { random } from "./random.js";
import type { components } from "./schema.js";
import { kept, queue, type Store } from "./store.js";

/** Where a login or logout happened: in this client, or in another one with the same store, such as another tab. */
export type Where = "here" | "elsewhere";

type Session = Pick<components["schemas"]["SessionResponse"], "token" | "device_token">;

/** The login that this client began with, or made itself. It never becomes one that another tab made. */
export function ownLogin(store: Store) {
  let own: string | undefined;
  const listeners = new Set<(where: Where) => void>();
  const exclusive = store.exclusive ?? queue();
  let unwatch: (() => void) | undefined;

  const stored = () => kept(store, "session");
  // Reads at once: a login that another tab makes later is not ours.
  const begun = stored().then(({ login }) => void (own = login));

  /** The token of this login. One that no header can carry is none: `fetch` would put it into its error. */
  async function token(): Promise<string | undefined> {
    await begun;
    const { login, token } = await stored();
    return own && login === own && /^[\w.~+/=-]+$/.test(token ?? "") ? token : undefined;
  }

  /** Stores a new login, or the renewed token of this one. */
  async function keep(session: Session, renewed = false) {
    await begun;
    if (!renewed) own = random();
    await store.set("session", JSON.stringify({ login: own, token: session.token }));
    await keepDevice(session);
    if (!renewed) tell("here");
  }

  async function keepDevice({ device_token }: { device_token?: string }) {
    if (device_token) await store.set("device", device_token);
  }

  /** Ends this login in the store, unless the store has a newer token. The device token stays. */
  async function forget(revoked: string) {
    if ((await stored()).token !== revoked) return;
    await store.remove("session");
    own = undefined;
    tell("here");
  }

  function tell(where: Where) {
    for (const listener of listeners) listener(where);
  }

  async function look() {
    await begun;
    if ((await stored()).login !== own) tell("elsewhere");
  }

  function onChange(listener: (where: Where) => void) {
    unwatch ??= store.watch?.(look);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size) return;
      unwatch?.();
      unwatch = undefined;
    };
  }

  /** What to send so that strangers' guesses do not delay the user here. */
  const device = async () => ({ device_token: (await store.get("device")) ?? null });

  const settled = async () => store.settled?.();
  const id = () => begun.then(() => own);

  return { token, keep, keepDevice, forget, onChange, device, exclusive, settled, id };
}
