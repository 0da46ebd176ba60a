/** Buttons and forms: progress, messages, and errors beside their fields. */
import { all, find } from "./dom.js";
import { hasText, say, type Values } from "./page.js";
import { refusalText } from "./refusals.js";
import { LatchkeyError } from "./session.js";

/** The user does not want to go on. */
export class Cancelled extends Error {}

/** The part of the page whose messages belong to this element. */
const partOf = (element: Element) => element.closest("dialog, section.sheet, .sheet") ?? document;

/** Says in this part of the page what was done. The focus moves there, for the button may be gone. */
export function tell(element: Element, key: string, values: Values = {}) {
  const message = find("[data-message]", partOf(element));
  message.textContent = say(key, values);
  message.focus();
}

/** Says in this part of the page why it did not work. */
export function refuse(element: Element, error: unknown) {
  if (error instanceof Cancelled) return;
  find("[data-alert]", partOf(element)).textContent = refusalText(error);
  const { code } = error as LatchkeyError;
  for (const hint of all("[data-if]", partOf(element))) hint.hidden = hint.dataset["if"] !== code;
}

function silence(element: Element) {
  for (const message of all("[data-message], [data-alert]", partOf(element))) message.textContent = "";
}

type Work = () => Promise<unknown>;

/** Does the work with this button, which shows progress meanwhile and cannot be pressed twice. */
async function withProgress(button: HTMLButtonElement, work: Work, refused: (error: unknown) => void) {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  silence(button);
  try {
    await work();
  } catch (error) {
    refused(error);
  } finally {
    button.ariaDisabled = null;
  }
}

export function onPress(button: HTMLButtonElement, work: Work) {
  button.disabled = false;
  button.addEventListener("click", () => withProgress(button, work, (error) => refuse(button, error)));
}

export type Entered = Record<string, string>;

/** `fields` has the refusals that belong beside a field: the name of the field by `error_code`. */
export function onSubmit(form: HTMLFormElement, work: (entered: Entered) => Promise<unknown>, fields: Entered = {}) {
  const button = find<HTMLButtonElement>("button:not([type=button])", form);
  button.disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.ariaDisabled === "true") return;
    clearFields(form);
    const missing = inputs(form).filter(({ required, value }) => required && !value);
    if (missing.length) return markFields(missing.map((input) => [input, fieldText("missing")]));
    const entered = Object.fromEntries(inputs(form).map(({ name, value }) => [name, value]));
    void withProgress(button, () => work(entered), (error) => refuseForm(form, error, fields));
  });
}

/** The fields that take part: hidden parts of a form do not. */
const inputs = (form: HTMLFormElement) =>
  all<HTMLInputElement>("input[name]", form).filter((input) => !input.closest("[hidden]"));

function refuseForm(form: HTMLFormElement, error: unknown, fields: Entered) {
  const refusal = error instanceof LatchkeyError ? error : new LatchkeyError(0, { error_code: "server_error" });
  const marks = inputs(form).flatMap((input): Mark[] => {
    const wrong = refusal.field(input.name);
    if (wrong) return [[input, fieldText(wrong.code, wrong.params)]];
    return fields[refusal.code ?? ""] === input.name ? [[input, refusalText(refusal)]] : [];
  });
  if (marks.length) markFields(marks);
  else refuse(form, error);
}

const fieldText = (code: string, values: Values = {}) =>
  say(hasText("fields", code) ? code : "invalid", values, "fields");

type Mark = [HTMLInputElement, string];

function markFields(marks: Mark[]) {
  for (const [input, text] of marks) {
    input.ariaInvalid = "true";
    const error = document.getElementById(`${input.id}-error`)!;
    error.textContent = text;
    error.hidden = false;
  }
  marks[0]?.[0].focus();
}

export function markField(input: HTMLInputElement, text: string) {
  markFields([[input, text]]);
}

export function clearFields(form: HTMLFormElement) {
  for (const input of inputs(form)) {
    input.ariaInvalid = null;
    document.getElementById(`${input.id}-error`)!.hidden = true;
  }
  for (const button of all("[data-reveal]", form)) reveal(button, false); // browsers save a password field only
}

/** The buttons beside passwords. */
export function prepareReveal() {
  for (const button of all("[data-reveal]")) {
    button.addEventListener("click", () => reveal(button, passwordOf(button).type === "password"));
  }
}

const passwordOf = (button: HTMLElement) => document.getElementById(button.dataset["reveal"]!) as HTMLInputElement;

function reveal(button: HTMLElement, shown: boolean) {
  passwordOf(button).type = shown ? "text" : "password";
  button.ariaLabel = say(shown ? "hide_password" : "show_password");
  button.textContent = say(shown ? "hide" : "show");
}
