// The walk that each generated client takes. It prints what the client saw, for the test to compare.

export interface Problem {
  error_code: string;
  errors?: { loc: string[]; code: string }[];
}

export interface Answer<Body> {
  status: number;
  body?: Body;
  problem?: Problem;
}

export interface Client {
  register(email: string, password: string): Promise<Answer<{ token: string } | { next: string }>>;
  login(email: string, password: string): Promise<Answer<{ token: string }>>;
  reauthenticate(token: string, password: string): Promise<Answer<{ token: string }>>;
  getSession(token: string): Promise<Answer<{ current: boolean; user: { email: string } }>>;
  listSessions(token: string): Promise<Answer<{ handle: string }[]>>;
  listEvents(token: string): Promise<Answer<{ tag: string }[]>>;
  logout(token: string): Promise<Answer<unknown>>;
}

export const BASE = process.env.BASE!;
export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** For clients that throw. */
export async function caught<Body>(status: number, call: Promise<Body>): Promise<Answer<Body>> {
  try {
    return { status, body: await call };
  } catch (error) {
    const { response } = error as { response: Response };
    return { status: response.status, problem: await response.json() };
  }
}

export async function walk(client: Client) {
  const email = `${crypto.randomUUID()}@example.org`;
  const password = "correct horse battery";

  const registered = await client.register(email, password);
  const wantsMail = !registered.body || !("token" in registered.body); // the type narrows: a 202 has a body too
  const loggedIn = await client.login(email, password);
  const renewed = await client.reauthenticate(loggedIn.body!.token, password);
  const token = renewed.body!.token;
  const session = await client.getSession(token);
  const sessions = await client.listSessions(token);
  const events = await client.listEvents(token);
  const invalid = await client.register("no address", "short");
  const attempts: Answer<unknown>[] = [];
  do attempts.push(await client.login(email, "a wrong password"));
  while (attempts.at(-1)!.status === 401);
  const loggedOut = await client.logout(token);
  const ended = await client.getSession(token);

  const seen = {
    registered: [registered.status, wantsMail],
    logged_in: loggedIn.status,
    renewed: renewed.status,
    session: [session.status, session.body!.current, session.body!.user.email === email],
    sessions: [sessions.status, sessions.body!.length],
    events: [events.status, events.body!.map(event => event.tag)],
    invalid: [invalid.status, invalid.problem!.errors!.map(error => error.loc.join("."))],
    wrong: [attempts[0]!.status, attempts[0]!.problem!.error_code],
    limited: [attempts.at(-1)!.status, attempts.at(-1)!.problem!.error_code],
    logged_out: loggedOut.status,
    ended: [ended.status, ended.problem!.error_code],
  };
  console.log(JSON.stringify(seen));
}
