/** The account page: who the user is, and forms for the name, the address and the password. */
import { all, find, show, write } from "../dom.js";
import { onPress, onSubmit, refuse, tell } from "../forms.js";
import { go } from "../page.js";
import { latchkey, logOut, type User, watch } from "../session.js";
import { forgetWanted } from "../wanted.js";
import { askAgainBy, prepareAgain, recently } from "./again.js";
import { showConnections } from "./connections.js";
import { prepareData } from "./data.js";
import { prepareEvents, showEvents } from "./events.js";
import { prepareSessions, showSessions } from "./sessions.js";

let user: User;
let linked: string[] = [];

export async function account() {
  onPress(find("[data-again] button"), load);
  await load();
}

async function load() {
  const { hash } = location; // a password manager leads to the form, and a new tab has no login
  const who = await latchkey.whoAmI();
  if (who.state === "out") return go(hash ? `/login?next=${encodeURIComponent(`/account${hash}`)}` : "/login");
  show("[data-waiting]", false);
  show("[data-again]", who.state === "unknown");
  if (who.state === "unknown") throw who.error;
  forgetWanted(); // the user is here instead
  watch(who.user);
  showUser(who.user);
  prepare();
  show("#who, #log-out, #account");
  document.getElementById(hash.slice(1))?.scrollIntoView(); // it was hidden when the browser looked for it
  await Promise.all([part("#sessions", showSessions), part("#connections", showLinks), part("#events", showEvents)]);
}

/** A list that cannot be shown says so, and the rest of the page works. */
const part = (selector: string, work: () => Promise<unknown>) => work().catch((error) => refuse(find(selector), error));

async function showLinks() {
  linked = await showConnections();
  askAgainBy(user, linked);
}

function showUser(changed: User) {
  user = changed;
  write("[data-name]", user.display_name);
  write("[data-email]", user.email);
  show("[data-verified]", user.email_verified);
  show("[data-unverified]", !user.email_verified);
  show("[data-with-password]", user.has_password);
  show("[data-without-password]", !user.has_password);
  find<HTMLInputElement>("#name-display_name").value = user.display_name;
  for (const input of all<HTMLInputElement>("[data-username]")) input.value = user.email;
  askAgainBy(user, linked);
}

function prepare() {
  prepareAgain();
  prepareSessions();
  prepareEvents();
  prepareData();
  onPress(find("#log-out"), () => logOut(user));
  onSubmit(find("#name"), async ({ display_name = "" }) => {
    const { data } = await latchkey.api.PATCH("/api/users/me", { body: { display_name } });
    showUser(data);
    tell(find("#name"), "saved");
  });
  onPress(find("#resend"), async () => {
    await latchkey.api.POST("/api/auth/email/verify/resend");
    tell(find("#email"), "mail_sent", { email: user.email });
  });
  onSubmit(find("#email"), async ({ email = "" }) => {
    await recently(() => latchkey.api.POST("/api/auth/email/change", { body: { email } }));
    find<HTMLFormElement>("#email").reset();
    tell(find("#email"), "mail_sent", { email });
  });
  onSubmit(find("#password"), changePassword, { invalid_password: "current_password" });
}

async function changePassword({ current_password, new_password = "" }: Record<string, string>) {
  const current = current_password === undefined ? {} : { current_password };
  const change = () => latchkey.changePassword({ ...current, new_password });
  await (user.has_password ? change() : recently(change));
  find<HTMLFormElement>("#password").reset();
  showUser({ ...user, has_password: true });
  tell(find("#password"), "password_changed");
  await part("#sessions", showSessions);
}
