/** The language of `?lang=` stays over links and over a provider's sign-in, in this tab. */
import { all } from "./dom.js";
import { go, keep, kept, language } from "./page.js";

export async function keepLanguage() {
  const { searchParams } = new URL(location.href);
  if (searchParams.has("lang")) keep("language", language);
  const chosen = kept<string>("language");
  if (!chosen) return;
  if (chosen !== language) await go(withLanguage(location.href, chosen));
  for (const link of all<HTMLAnchorElement>('a[href^="/"]')) link.href = withLanguage(link.href, chosen);
}

/** The links to the other languages lead to this very page, with all that stands in its address. */
export function prepareLanguageLinks() {
  for (const link of all<HTMLAnchorElement>("[data-language]")) {
    link.href = withLanguage(location.href, link.dataset["language"]!);
  }
}

function withLanguage(address: string, language: string): string {
  const url = new URL(address);
  url.searchParams.set("lang", language);
  return url.href;
}
