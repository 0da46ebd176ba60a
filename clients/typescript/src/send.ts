import { LatchkeyError, retryAfter } from "./errors.js";

export type Fetch = (request: Request) => Promise<Response>;

const RETRIES = 2;
const LONGEST_WAIT = 10; // seconds; after a longer Retry-After the user decides
const USUAL_WAIT = 5; // seconds, where a proxy does not say how long
const GIVE_UP_AFTER = 20_000; // milliseconds

/**
 * The whole answer to this request, sent with this token.
 *
 * Waits and repeats after 429, when nothing was done; after 503 only what can be repeated safely.
 * Throws LatchkeyError with status 0 without an answer, and the reason of an aborted request.
 */
export async function send(fetch: Fetch, request: Request, token?: string): Promise<Response> {
  for (let retries = RETRIES; ; retries--) {
    const answer = await attempt(fetch, request.clone(), token);
    const wait = retryAfter(answer) ?? USUAL_WAIT;
    if (!retries || wait > LONGEST_WAIT || !repeatable(request.method, answer.status)) return answer;
    await pause(wait * (1000 + 500 * Math.random()), request.signal); // spreads the clients
  }
}

/** Throws the reason of an abort at once. */
const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => reject(signal.reason));
  });

function repeatable(method: string, status: number) {
  return status === 429 || (status === 503 && ["GET", "HEAD", "DELETE"].includes(method));
}

async function attempt(fetch: Fetch, request: Request, token?: string): Promise<Response> {
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  try {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(GIVE_UP_AFTER)]);
    const answer = await fetch(new Request(request, { signal }));
    const text = await answer.text().catch((broken) => {
      if (answer.ok) throw broken;
      return ""; // the status says enough
    });
    return new Response(text || null, answer);
  } catch (cause) {
    request.signal.throwIfAborted();
    throw new LatchkeyError(0, {}, undefined, { cause });
  }
}
