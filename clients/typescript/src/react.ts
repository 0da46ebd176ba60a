import { useEffect, useSyncExternalStore } from "react";
import type { Latchkey, Who } from "./client.js";

export type SessionState = (Who | { state: "loading" }) & {
  /** Asks the service again. */
  refresh(): void;
};

/** One question for all components that use the same client. */
const shared = new WeakMap<Latchkey, Shared>();
type Shared = ReturnType<typeof share>;

function share(latchkey: Latchkey) {
  const listeners = new Set<() => void>();
  let end: (() => void) | undefined;
  let asked = 0;

  async function refresh() {
    const mine = ++asked;
    const who = await latchkey.whoAmI();
    if (mine !== asked) return; // a login or logout came in between
    session.current = { ...who, refresh };
    for (const listener of listeners) listener();
  }

  const session = {
    current: { state: "loading", refresh } as SessionState,
    subscribe(listener: () => void) {
      end ??= latchkey.onChange(() => void refresh());
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size) return;
        end?.();
        end = undefined;
      };
    },
    start: () => void (asked || refresh()),
  };
  return session;
}

/** Who is logged in, kept up to date over logins and logouts, also of other tabs. */
export function useSession(latchkey: Latchkey): SessionState {
  if (!shared.has(latchkey)) shared.set(latchkey, share(latchkey));
  const session = shared.get(latchkey)!;
  useEffect(session.start, [session]);
  const current = () => session.current;
  return useSyncExternalStore(session.subscribe, current, current);
}
