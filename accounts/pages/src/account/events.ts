import { copyOf, find, show, when, write } from "../dom.js";
import { onPress } from "../forms.js";
import { deviceName, from, say } from "../page.js";
import { latchkey } from "../session.js";

const AT_ONCE = 10;
const PAGE = 50; // of the API

const fetchEvents = async (before?: number) => {
  const query = before ? { before } : {};
  return (await latchkey.api.GET("/api/users/me/events", { params: { query } })).data;
};
type Event = Awaited<ReturnType<typeof fetchEvents>>[number];

let fetched: Event[] = [];
let last: number | undefined;
let over = false;

export function prepareEvents() {
  onPress(find("#more-events"), async () => {
    const [first] = await moreEvents();
    first?.focus(); // the button may be gone
  });
}

export async function showEvents() {
  find("#events").replaceChildren();
  [fetched, last, over] = [[], undefined, false];
  await moreEvents();
}

async function moreEvents(): Promise<HTMLElement[]> {
  if (!fetched.length) {
    fetched = await fetchEvents(last);
    last = fetched.at(-1)?.id;
    over = fetched.length < PAGE;
  }
  const rows = fetched.splice(0, AT_ONCE).map(row);
  find("#events").append(...rows);
  show("#more-events", fetched.length > 0 || !over);
  return rows;
}

function row({ tag, happened_at, device, ip_address }: Event): HTMLElement {
  const item = copyOf("event");
  item.tabIndex = -1;
  write("[data-event]", say(tag, {}, "events"), item);
  write("[data-details]", [when(happened_at), deviceName(device), from(ip_address)].filter(Boolean).join(" · "), item);
  return item;
}
