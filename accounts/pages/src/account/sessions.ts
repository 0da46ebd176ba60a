import { copyOf, find, show, when, write } from "../dom.js";
import { onPress, tell } from "../forms.js";
import { deviceName, from, providerName, say } from "../page.js";
import { latchkey } from "../session.js";
import { recently } from "./again.js";

const list = () => find("#sessions");

export function prepareSessions() {
  onPress(find("#end-others"), async () => {
    await recently(() => latchkey.api.DELETE("/api/auth/sessions"));
    await showSessions();
    tell(list(), "others_ended");
  });
}

export async function showSessions() {
  const sessions = await fetchSessions();
  list().replaceChildren(...sessions.map(row));
  show("#end-others", sessions.length > 1);
}

const fetchSessions = async () => (await latchkey.api.GET("/api/auth/sessions")).data;
type Session = Awaited<ReturnType<typeof fetchSessions>>[number];

function row(session: Session): HTMLElement {
  const item = copyOf("session");
  const device = deviceName(session.device) || say("unknown_device");
  const seen = say("last_seen", { at: when(session.last_seen_at) });
  write("[data-device]", device, item);
  write("[data-login]", howLoggedIn(session), item);
  write("[data-seen]", [seen, from(session.ip_address)].filter(Boolean).join(" · "), item);
  show("[data-current]", session.current, item);
  const button = find<HTMLButtonElement>("[data-end]", item);
  button.hidden = session.current; // “Log out” ends it
  button.ariaLabel = say("end_of", { device });
  onPress(button, () => end(session));
  return item;
}

function howLoggedIn({ method, created_at }: Session): string {
  const at = when(created_at);
  if (method === "password") return say("with_password", { at });
  return method === "admin" ? say("at_admin", { at }) : say("with_provider", { at, provider: providerName(method) });
}

async function end({ handle }: Session) {
  await recently(() => latchkey.api.DELETE("/api/auth/sessions/{handle}", { params: { path: { handle } } }));
  await showSessions();
  tell(list(), "session_ended");
}
