/** Elements of the page. Texts go in as text, never as markup. */
import { language } from "./page.js";

export function find<Kind extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document): Kind {
  return root.querySelector<Kind>(selector)!;
}

export const all = <Kind extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document) => [
  ...root.querySelectorAll<Kind>(selector),
];

/** Shows the elements of this selector, or hides them. */
export function show(selector: string, shown = true, root: ParentNode = document) {
  for (const element of all(selector, root)) element.hidden = !shown;
}

export function write(selector: string, text: string, root: ParentNode = document) {
  for (const element of all(selector, root)) element.textContent = text;
}

/** The element in this template, copied. */
export function copyOf(template: string): HTMLElement {
  const { content } = document.getElementById(template) as HTMLTemplateElement;
  return content.firstElementChild!.cloneNode(true) as HTMLElement;
}

export function when(time: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
}
