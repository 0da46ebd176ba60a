/** The pages of mails that change an account. */
import { find, show } from "./dom.js";
import { onSubmit, tell } from "./forms.js";
import { requireMailToken, withMailToken } from "./mailToken.js";
import { go } from "./page.js";
import { LatchkeyError, latchkey } from "./session.js";

const { mail } = latchkey;

export const verify = () => asUser("log_in_to_verify", mail.verifyEmail, "verified");
export const change = () => asUser("log_in_to_change", mail.changeEmail, "email_changed");

/** The token counts for its own user only, so a login comes first. A mail scanner has none. */
async function asUser(notice: string, use: (token: string) => Promise<void>, done: string) {
  const toLogin = () => go(`/login?next=${location.pathname}`, notice);
  try {
    requireMailToken();
    const who = await latchkey.whoAmI();
    if (who.state === "out") return await toLogin();
    await withMailToken(use).catch((error) => {
      const again = use === mail.verifyEmail && who.state === "in" && who.user.email_verified;
      if (!again || error.code !== "invalid_link") throw error; // a link that was opened before has done its work
    });
    await go("/account", done);
  } catch (error) {
    if ((error as LatchkeyError).code === "session_expired") return toLogin();
    show("[data-waiting]", false);
    throw error;
  }
}

export async function undo() {
  const form = find<HTMLFormElement>("#undo");
  onSubmit(form, async () => {
    await withMailToken(mail.undoChanges);
    form.hidden = true;
    tell(form, "secured");
  });
  requireMailToken();
}
