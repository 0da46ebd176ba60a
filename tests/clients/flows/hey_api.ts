import { client as http } from "./generated/api/client.gen";
import * as api from "./generated/api/sdk.gen";
import { type Answer, BASE, bearer, type Client, type Problem, walk } from "./walk";

http.setConfig({ baseUrl: BASE });

async function answer<Body>(
  call: Promise<{ data?: Body; error?: Problem; response?: Response }>,
): Promise<Answer<Body>> {
  const { data, error, response } = await call;
  return { status: response!.status, body: data, problem: error };
}

const client: Client = {
  register: (email, password) => answer(api.register({ body: { email, password } })),
  login: (email, password) => answer(api.login({ body: { email, password } })),
  reauthenticate: (token, password) => answer(api.reauthenticate({ body: { password }, headers: bearer(token) })),
  getSession: token => answer(api.getSession({ headers: bearer(token) })),
  listSessions: token => answer(api.listSessions({ headers: bearer(token) })),
  listEvents: token => answer(api.listEvents({ headers: bearer(token) })),
  logout: token => answer(api.logout({ headers: bearer(token) })),
};

await walk(client);
