/** Starts the page that `data-page` names. */
import { account } from "./account/account.js";
import { find } from "./dom.js";
import { confirmRegistration, landing, login, register, reset, signInFailed } from "./entry.js";
import { prepareReveal, refuse } from "./forms.js";
import { keepLanguage, prepareLanguageLinks } from "./languages.js";
import { change, undo, verify } from "./mailPages.js";
import { canKeep, takeNotice, takeOurName } from "./page.js";
import { LatchkeyError } from "./session.js";

const pages: Record<string, () => Promise<unknown>> = {
  account,
  change,
  confirm_registration: confirmRegistration,
  landing,
  login,
  register,
  reset,
  sign_in_failed: signInFailed,
  undo,
  verify,
};

// The Back button can bring a page back as it was, with the data of a user who has logged out since.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

// The link of a mail, opened where its page is open already, changes no more than the part behind `#`.
addEventListener("hashchange", () => location.reload());

async function start(): Promise<unknown> {
  await takeOurName();
  if (!canKeep()) throw new LatchkeyError(0, { error_code: "no_storage" });
  await keepLanguage();
  return pages[document.body.dataset["page"]!]!();
}

document.body.dataset["started"] = "";
prepareReveal();
await start().catch((error) => refuse(find(".sheet"), error));
prepareLanguageLinks(); // without the token of a mail, which has left the address by now
find("[data-message]").textContent ||= takeNotice();
