// react-admin with Latchkey's client. Its documented pattern logs out after any 401 or 403. Here only the client ends a
// login: a 403 `reauthentication_required` asks for the password instead.

export function authProvider(latchkey) {
  async function user() {
    const who = await latchkey.whoAmI();
    if (who.state === "unknown") throw who.error;
    return who.user;
  }

  return {
    login: ({ username, password }) => latchkey.login({ email: username, password }),
    logout: () => latchkey.logout().then(() => {}),
    async checkAuth() {
      if ((await latchkey.whoAmI()).state === "out") throw new Error("Please log in."); // "unknown" keeps the login
    },
    async checkError({ body }) {
      if (["session_expired", "not_authenticated"].includes(body?.error_code)) throw new Error("Please log in again.");
    },
    async getIdentity() {
      const { id, display_name, email } = await user();
      return { id, fullName: display_name || email };
    },
  };
}

/** The `httpClient` of a data provider, for the routes on the service's origin. */
export const httpClient = (latchkey) => async (url, options) => {
  const answer = await latchkey.fetch(url, options);
  const body = await answer.text();
  const json = answer.headers.get("Content-Type")?.includes("json") ? JSON.parse(body) : {};
  if (!answer.ok)
    throw Object.assign(new Error(json.detail ?? answer.statusText), { status: answer.status, body: json });
  return { status: answer.status, headers: answer.headers, body, json };
};
