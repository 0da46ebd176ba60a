// Auth.js (next-auth 5) with Latchkey's password login. In Next, pass this object to NextAuth().
import Credentials from "@auth/core/providers/credentials";
import { forRequest, isRefusal } from "latchkey-client/node";

/** `clientIp` returns the address that your own proxy saw. The service lists this server in TRUSTED_PEERS. */
export function authConfig({ baseUrl, secret, clientIp }) {
  const visitor = (request) => ({
    baseUrl,
    clientIp: clientIp(request),
    userAgent: request.headers.get("user-agent") ?? "",
  });

  async function authorize({ email, password }, request) {
    const latchkey = forRequest(undefined, visitor(request));
    try {
      await latchkey.login({ email, password });
    } catch (error) {
      if (isRefusal(error) && error.code === "authentication_failed") return null;
      throw error;
    }
    const { user } = await latchkey.whoAmI();
    return { id: user.id, email: user.email, name: user.display_name, token: await latchkey.token() };
  }

  return {
    secret,
    trustHost: true,
    providers: [Credentials({ credentials: { email: {}, password: {} }, authorize })],
    callbacks: {
      // The token stays in the encrypted cookie. `session` does not get it, so no script of a page can read it.
      async jwt({ token, user }) {
        if (user) return { ...token, latchkey: user.token };
        const { state } = await forRequest(token.latchkey, { baseUrl }).whoAmI();
        return state === "out" ? null : token; // null deletes the cookie; "unknown" keeps it
      },
    },
    events: {
      signOut: async ({ token }) => void (await forRequest(token.latchkey, { baseUrl }).logout()),
    },
  };
}
