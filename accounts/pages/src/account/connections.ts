import { copyOf, find, when, write } from "../dom.js";
import { onPress, tell } from "../forms.js";
import { config, goToProvider, providerName, say } from "../page.js";
import { latchkey } from "../session.js";
import { recently } from "./again.js";

const list = () => find("#connections");

const fetchConnections = async () => (await latchkey.api.GET("/api/auth/connections")).data;
type Connection = Awaited<ReturnType<typeof fetchConnections>>[number];

/** Shows each configured provider, and those that are linked still. Resolves to the names of the linked ones. */
export async function showConnections(): Promise<string[]> {
  const linked = await fetchConnections();
  const names = linked.map(({ provider }) => provider);
  const others = config.providers.filter(({ provider }) => !names.includes(provider));
  list().replaceChildren(...linked.map(linkedRow), ...others.map(({ provider }) => otherRow(provider)));
  find("#connections-section").hidden = !list().childElementCount;
  return names;
}

function linkedRow({ id, provider, created_at }: Connection): HTMLElement {
  return row(provider, say("connected", { at: when(created_at) }), "unlink", "disconnect", async () => {
    await recently(() => latchkey.api.DELETE("/api/auth/connections/{id}", { params: { path: { id } } }));
    await showConnections();
    tell(list(), "unlinked", { provider: providerName(provider) });
  });
}

function otherRow(provider: string): HTMLElement {
  const link = () => recently(() => latchkey.linkUrl(provider));
  return row(provider, say("not_connected"), "link", "connect", async () => goToProvider(await link()));
}

function row(provider: string, details: string, kind: string, label: string, work: () => Promise<void>): HTMLElement {
  const item = copyOf("connection");
  write("[data-provider]", providerName(provider), item);
  write("[data-details]", details, item);
  const button = find<HTMLButtonElement>(`[data-${kind}]`, item);
  button.hidden = false;
  button.ariaLabel = say(label, { provider: providerName(provider) });
  onPress(button, work);
  return item;
}
