// axios through Latchkey's client: it sends the token, waits Retry-After, and ends the login only when that is over.
// No interceptor is needed; leave those out that log out or refresh after any 401 or 403.
import axios from "axios";

/** An axios instance for the routes of this `baseURL`, on the service's origin. */
export const throughLatchkey = (latchkey, baseURL) =>
  axios.create({ baseURL, adapter: "fetch", env: { fetch: latchkey.fetch, Request, Response } });
