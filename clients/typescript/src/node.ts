import { createLatchkey, type Latchkey, type Options } from "./client.js";
import { kept, memoryStore } from "./store.js";

export * from "./index.js";

export interface RequestOptions extends Pick<Options, "baseUrl" | "fetch"> {
  /** The address that your proxy saw. The service believes it from `TRUSTED_PEERS` only. */
  clientIp?: string;
  /** The `User-Agent` of the visitor. */
  userAgent?: string;
}

export interface RequestLatchkey extends Latchkey {
  /** The token for your own cookie; after a renewal the new one, after a logout undefined. */
  token(): Promise<string | undefined>;
}

/** A client for one request of one visitor, with the visitor's token. Never share it between requests. */
export function forRequest(token: string | undefined, options: RequestOptions): RequestLatchkey {
  const { baseUrl, clientIp, userAgent, fetch = (request) => globalThis.fetch(request) } = options;
  const store = memoryStore(token ? { session: JSON.stringify({ login: "of the request", token }) } : {});

  function named(request: Request) {
    if (clientIp) request.headers.set("Latchkey-Client-IP", clientIp);
    if (userAgent) request.headers.set("Latchkey-Client-User-Agent", userAgent);
    return fetch(request);
  }

  return {
    ...createLatchkey({ baseUrl, store, fetch: named }),
    token: async () => (await kept(store, "session")).token,
  };
}
