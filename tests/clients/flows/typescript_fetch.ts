import { AccountApi, Configuration, LoginApi, RegistrationApi, SessionsApi } from "./generated/api";
import { BASE, caught, type Client, walk } from "./walk";

const as = (token?: string) => new Configuration({ basePath: BASE, accessToken: token });
const login = (token?: string) => new LoginApi(as(token));
const sessions = (token: string) => new SessionsApi(as(token));

const client: Client = {
  register: (email, password) => caught(201, new RegistrationApi(as()).register({ register: { email, password } })),
  login: (email, password) => caught(200, login().login({ login: { email, password } })),
  reauthenticate: (token, password) => caught(200, login(token).reauthenticate({ reauthenticate: { password } })),
  getSession: token => caught(200, sessions(token).getSession()),
  listSessions: token => caught(200, sessions(token).listSessions()),
  listEvents: token => caught(200, new AccountApi(as(token)).listEvents()),
  logout: token => caught(204, sessions(token).logout()),
};

await walk(client);
