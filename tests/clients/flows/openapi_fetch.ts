import createClient from "openapi-fetch";

import type { paths } from "./generated/api";
import { type Answer, BASE, bearer, type Client, type Problem, walk } from "./walk";

const api = createClient<paths>({ baseUrl: BASE });

async function answer<Body>(
  call: Promise<{ data?: Body; error?: Problem; response: Response }>,
): Promise<Answer<Body>> {
  const { data, error, response } = await call;
  return { status: response.status, body: data, problem: error };
}

const client: Client = {
  register: (email, password) => answer(api.POST("/api/auth/register", { body: { email, password } })),
  login: (email, password) => answer(api.POST("/api/auth/login", { body: { email, password } })),
  reauthenticate: (token, password) =>
    answer(api.POST("/api/auth/reauthenticate", { body: { password }, headers: bearer(token) })),
  getSession: token => answer(api.GET("/api/auth/session", { headers: bearer(token) })),
  listSessions: token => answer(api.GET("/api/auth/sessions", { headers: bearer(token) })),
  listEvents: token => answer(api.GET("/api/users/me/events", { headers: bearer(token) })),
  logout: token => answer(api.POST("/api/auth/logout", { headers: bearer(token) })),
};

await walk(client);
