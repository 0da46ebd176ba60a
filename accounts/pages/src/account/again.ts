/** Some steps need a recent login. A dialog asks for the password, or leads to the provider. */
import { all, find, show } from "../dom.js";
import { Cancelled, clearFields, markField, onPress, onSubmit } from "../forms.js";
import { AGAIN, goToProvider } from "../page.js";
import { refusalText } from "../refusals.js";
import { LatchkeyError, latchkey, type User } from "../session.js";

type Answer = string | undefined;
let answer: (password: Answer) => void;
let finished = () => {}; // ends the progress of the dialog's button

const dialog = () => find<HTMLDialogElement>("#again");
const form = () => find<HTMLFormElement>("#again-form");
const field = () => find<HTMLInputElement>("#again-password");

export function prepareAgain() {
  onSubmit(form(), ({ password }) => answerAndWait(password));
  dialog().addEventListener("close", () => answer(undefined)); // also by Escape
  for (const button of all<HTMLButtonElement>("[data-cancel]", dialog())) button.onclick = () => dialog().close();
  for (const button of all<HTMLButtonElement>("[data-again-by]", dialog())) {
    const options = { again: true, next: AGAIN };
    onPress(button, async () => goToProvider(await latchkey.signInUrl(button.dataset["againBy"]!, options)));
  }
}

/** Which of the two the dialog shows. `linked` are the providers by which this user logs in. */
export function askAgainBy(user: User, linked: string[]) {
  form().hidden = !user.has_password;
  show("#again-by-provider", !user.has_password);
  for (const button of all("[data-again-by]", dialog())) button.hidden = !linked.includes(button.dataset["againBy"]!);
}

/** The work, after the dialog where it needs a recent login. Throws Cancelled, and the refusals of the work. */
export async function recently<Result>(work: () => Promise<Result>): Promise<Result> {
  let asked = false;
  try {
    for (;;) {
      try {
        return await latchkey.withRecentLogin(work, async () => ({ password: await ask(asked) }));
      } catch (error) {
        if ((error as LatchkeyError).code !== "invalid_password") throw error;
        asked = true;
      }
    }
  } finally {
    finished();
    dialog().close();
  }
}

/** Opens the dialog, or keeps it open after a wrong password. */
async function ask(again: boolean): Promise<string> {
  finished();
  if (again && !dialog().open) throw new Cancelled(); // closed while the service checked the password
  if (again) markField(field(), refusalText(new LatchkeyError(403, { error_code: "invalid_password" })));
  else open();
  return new Promise((resolve, reject) => {
    answer = (password) => (password === undefined ? reject(new Cancelled()) : resolve(password));
  });
}

function open() {
  clearFields(form());
  field().value = "";
  dialog().showModal();
}

/** The button shows progress until the service has checked the password. */
function answerAndWait(password: Answer): Promise<void> {
  const checked = new Promise<void>((resolve) => (finished = resolve));
  answer(password);
  return checked;
}
