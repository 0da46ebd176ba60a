// nuxt-auth's `local` provider with Latchkey. It sends credentials: set CORS_ALLOW_CREDENTIALS=true at the service, or
// serve /api on the pages' own origin. nuxt-auth forgets the login after any failed /session, also while the service is
// away; latchkey-client does not.
export default defineNuxtConfig({
  modules: ["@sidebase/nuxt-auth"],
  ssr: false,
  compatibilityDate: "2026-01-01",
  auth: {
    baseURL: `${process.env.LATCHKEY_URL ?? "http://localhost:8000"}/api/auth`,
    provider: {
      type: "local", // not `refresh`: sessions are never refreshed
      endpoints: {
        signIn: { path: "/login", method: "post" },
        signUp: { path: "/register", method: "post" }, // without a display name: nuxt-auth sends the same to /login
        signOut: { path: "/logout", method: "post" },
        getSession: { path: "/session", method: "get" },
      },
      token: {
        signInResponseTokenPointer: "/token",
        type: "Bearer",
        maxAgeInSeconds: 365 * 24 * 3600, // the service ends sessions itself
        sameSiteAttribute: "strict",
      },
    },
  },
});
