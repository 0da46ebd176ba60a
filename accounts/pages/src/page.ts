/** What the service wrote into this page, and the ways to other pages. */

export interface Provider {
  provider: string;
  name: string;
}

interface Config {
  registration: string;
  providers: Provider[];
  /** The base URL of a front end that has no login page of its own, or empty. */
  front_end: string;
  public_url: string;
}

export type Values = Record<string, unknown>;

export const config = written<Config>("config");
type Group = "texts" | "refusals" | "fields" | "events";
const texts = written<Record<Group, Record<string, string>>>("texts");
export const language = document.documentElement.lang;

function written<Content>(id: string): Content {
  return JSON.parse(document.getElementById(id)!.textContent!);
}

export const hasText = (group: Group, key: string) => Object.hasOwn(texts[group], key);

/** The sentence of accounts/pages/texts.py with these values. */
export function say(key: string, values: Values = {}, group: Group = "texts"): string {
  return (texts[group][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

export const providerName = (provider: string) =>
  config.providers.find((known) => known.provider === provider)?.name ?? provider;

/** What the API calls “Firefox on Linux”, in the page's language. */
export function deviceName(device: string): string {
  const [browser, system] = device.split(" on ");
  return system ? say("device", { browser, system }) : device;
}

/** The `next` of a sign-in by which the user logs in again. */
export const AGAIN = "/account?again";

/** Replaces this page, so that Back does not return to a form that is done. Never resolves: the page ends. */
export function go(address: string, notice = "", values: Values = {}): Promise<never> {
  if (notice) keep("notice", { notice, values });
  location.replace(address);
  return new Promise(() => {});
}

const OWN_MACHINE = ["localhost", "127.0.0.1", "[::1]"];

/** On a developer's machine, goes to the name of PUBLIC_URL: a provider comes back to it, and cookies have one name. */
export async function takeOurName() {
  const ours = new URL(config.public_url);
  const there = new URL(location.href);
  there.hostname = ours.hostname;
  const known = [ours, location].every(({ hostname }) => OWN_MACHINE.includes(hostname));
  if (known && there.origin === ours.origin && there.href !== location.href) await go(there.href);
}

/** "IP address 127.0.0.1", or nothing where the service does not know it. */
export const from = (address: string | null) => address && say("ip_address", { address });

/** Sends the browser to a start of the API, which comes back to our own pages. */
export function goToProvider(start: string): Promise<never> {
  location.assign(`${start}&landing=pages`);
  return new Promise(() => {});
}

/** The sentence that the last page left for this one, once. */
export function takeNotice(): string {
  const left = kept<{ notice: string; values: Values }>("notice");
  drop("notice");
  return left ? say(left.notice, left.values) : "";
}

const name = (key: string) => `latchkey.pages.${key}`;

/** Keeps a value in this tab, until the tab closes. */
export function keep(key: string, value: unknown) {
  try {
    sessionStorage.setItem(name(key), JSON.stringify(value));
  } catch {
    // The browser has no room. The next page then knows less.
  }
}

export function kept<Value>(key: string): Value | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(name(key)) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

export function drop(key: string) {
  try {
    sessionStorage.removeItem(name(key));
  } catch {
    // There is nothing to remove.
  }
}

/** Whether the next page will know of this one. A user can forbid it. */
export function canKeep(): boolean {
  keep("try", true);
  const can = kept<boolean>("try") ?? false;
  drop("try");
  return can;
}
