/** The session of this tab. Its token is in memory and in sessionStorage only: other pages share this origin. */
import { createLatchkey, type User, webStore } from "../../../clients/typescript/src/web.js";
import { go } from "./page.js";

export { LatchkeyError, type User } from "../../../clients/typescript/src/web.js";

const { settled, exclusive, ...store } = webStore("sessionStorage"); // no other tab writes to it, so none is waited for
export const latchkey = createLatchkey({ baseUrl: "", store });

// Each tab has a session of its own, so a logout must reach those of the same user in the other tabs.
const logouts = new BroadcastChannel("latchkey.logout");
let leaving = false;

export async function logOut(user: User) {
  logouts.postMessage(user.id);
  const told = await leave();
  return go("/login", told ? "logged_out" : "logged_out_only_here");
}

/** Forgets the session. Resolves to whether the service knows it. */
export function leave(): Promise<boolean> {
  leaving = true;
  return latchkey.logout();
}

/** Goes to the login when this user logs out in another tab. Without a user, no longer. */
export function watchOtherTabs(user?: User) {
  logouts.onmessage = async ({ data }) => {
    if (data !== user?.id || leaving) return;
    await leave();
    await go("/login", "logged_out_elsewhere");
  };
}

/** Goes to the login when the session of this user ends, here or by a logout in another tab. */
export function watch(user: User) {
  watchOtherTabs(user);
  latchkey.onChange(() => {
    if (!leaving) void go("/login", "session_over");
  });
}
