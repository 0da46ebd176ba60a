import * as api from "./generated/api";
import { type Answer, bearer, type Client, type Problem, walk } from "./walk";

// The union of an operation's responses; those of success have the body, all others a Problem.
type Responses = { status: number; data: unknown };
type Success<R> = Extract<R, { status: 200 | 201 | 202 }> extends { data: infer Body } ? Body : never;

async function answer<R extends Responses>(call: Promise<R>): Promise<Answer<Success<R>>> {
  const { status, data } = await call;
  return status < 400 ? { status, body: data as Success<R> } : { status, problem: data as Problem };
}

const as = (token: string): RequestInit => ({ headers: bearer(token) });

const client: Client = {
  register: (email, password) => answer(api.register({ email, password })),
  login: (email, password) => answer(api.login({ email, password })),
  reauthenticate: (token, password) => answer(api.reauthenticate({ password }, as(token))),
  getSession: token => answer(api.getSession(as(token))),
  listSessions: token => answer(api.listSessions(as(token))),
  listEvents: token => answer(api.listEvents(undefined, as(token))),
  logout: token => answer(api.logout(as(token))),
};

await walk(client);
