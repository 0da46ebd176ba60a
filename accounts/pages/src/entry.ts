/** The pages by which a user logs in or registers. */
import { find, show, write } from "./dom.js";
import { onPress, onSubmit, refuse, tell } from "./forms.js";
import { mailToken, requireMailToken, withMailToken } from "./mailToken.js";
import { AGAIN, config, go, goToProvider, providerName, say } from "./page.js";
import { LatchkeyError, latchkey, type User, watchOtherTabs } from "./session.js";
import { arrive, noteWanted, waitingFrontEnd } from "./wanted.js";

const sheet = () => find(".sheet");

export async function login() {
  prepareProviders();
  onSubmit(find("#login"), async ({ email = "", password = "" }) => {
    await latchkey.login({ email, password });
    await arrive();
  });
  try {
    noteWanted();
  } catch (error) {
    return refuse(sheet(), error);
  }
  sayWhoWaits();
  const who = await latchkey.whoAmI();
  if (who.state === "unknown") refuse(sheet(), who.error);
  if (who.state !== "in") return;
  if (waitingFrontEnd()) askToContinue(who.user);
  else await arrive();
}

/** Another site opened this page, so the user decides whether it gets the login. */
function askToContinue(user: User) {
  write("[data-ask]", say("continue_as", { email: user.email, site: waitingFrontEnd() }));
  chooseWay(false);
  watchOtherTabs(user);
  onPress(find("#go-on"), () => arrive().catch(loginAgain));
  onPress(find("#another"), async () => {
    await latchkey.logout();
    chooseWay(true);
    find("#login-email").focus();
  });
}

function chooseWay(login: boolean) {
  if (login) watchOtherTabs();
  show("#ways", login);
  show("#continue", !login);
}

/** A login that is too old to be handed over makes room for a new one. */
async function loginAgain(error: LatchkeyError) {
  if (!["reauthentication_required", "session_expired"].includes(error.code ?? "")) throw error;
  await latchkey.logout();
  chooseWay(true);
  throw error;
}

export async function register() {
  prepareProviders();
  sayWhoWaits();
  const form = document.querySelector<HTMLFormElement>("#register");
  if (!form) return; // registration is closed
  onSubmit(form, async ({ email = "", password, display_name }) => {
    const body = { email, ...(password && { password }), ...(display_name && { display_name }) };
    if ((await latchkey.register(body)) === "in") return arrive("mail_sent", { email });
    show("#ways", false);
    tell(form, "mail_sent", { email });
  });
}

export async function confirmRegistration() {
  onSubmit(find("#confirm"), async ({ password = "", display_name }) => {
    const more = display_name ? { display_name } : {};
    await withMailToken((token) => latchkey.mail.confirmRegistration({ token, password, ...more }));
    await arrive(config.front_end && "account_ready"); // the front end's own tab has the request, or another browser
  });
  requireMailToken();
}

function prepareProviders() {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-sign-in]")) {
    onPress(button, async () => goToProvider(await latchkey.signInUrl(button.dataset["signIn"]!)));
  }
}

function sayWhoWaits() {
  const site = waitingFrontEnd();
  if (site) write("[data-for]", say("continue_to", { site }));
  show("[data-for]", Boolean(site));
}

/** Where a provider's sign-in ends: a login, a link, or a login again. */
export async function landing() {
  try {
    const { next, linked } = await latchkey.finishSignIn();
    if (linked) return await go("/account", "linked", { provider: providerName(linked.provider) });
    if (next === AGAIN) return await go("/account", "authenticated_again");
    await arrive();
  } catch (error) {
    show("[data-waiting]", false);
    show("[data-after]");
    throw error;
  }
}

export async function signInFailed() {
  await latchkey.finishSignIn(); // throws the refusal that the address names
}

export async function reset() {
  onSubmit(find("#ask"), async ({ email = "" }) => {
    await latchkey.mail.requestReset(email);
    show("#ask", false);
    tell(sheet(), "reset_sent", { email });
  });
  onSubmit(find("#reset"), async ({ new_password = "" }) => {
    await withMailToken((token) => latchkey.mail.resetPassword({ token, new_password }));
    await go("/login", "password_reset");
  });
  const token = mailToken();
  show("#ask", !token);
  show("#reset", Boolean(token));
}
