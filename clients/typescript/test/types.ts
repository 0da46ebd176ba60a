// Nothing here runs: `npm run check` compiles it. Each @ts-expect-error must be an error.
import { createLatchkey, isRefusal, type User } from "../src/web.js";

const latchkey = createLatchkey({ baseUrl: "" });

export async function answersAreTyped(): Promise<User[]> {
  const { data: me } = await latchkey.api.GET("/api/users/me");
  const { data: sessions } = await latchkey.api.GET("/api/auth/sessions");
  const { data: changed } = await latchkey.api.PATCH("/api/users/me", { body: { display_name: "Alice" } });
  const { data: nothing } = await latchkey.api.DELETE("/api/auth/sessions/{handle}", {
    params: { path: { handle: sessions[0]?.handle ?? "" } },
  });
  nothing satisfies undefined;
  // @ts-expect-error: this operation has a required body
  await latchkey.api.PATCH("/api/users/me");
  // @ts-expect-error: there is no such field
  await latchkey.api.PATCH("/api/users/me", { body: { name: "Alice" } });
  return [me, changed];
}

export function tokensStayInTheClient() {
  // @ts-expect-error: `login` stores the token
  void latchkey.api.POST("/api/auth/login", { body: { email: "", password: "" } });
  // @ts-expect-error: a renewed token would be lost
  void latchkey.api.POST("/api/auth/password", { body: { new_password: "" } });
}

export async function requestsMayLeaveOptionalFieldsOut() {
  await latchkey.register({ email: "alice@example.org" });
  await latchkey.reauthenticate({ password: "correct horse battery" });
  await latchkey.changePassword({ new_password: "correct horse battery" });
  // @ts-expect-error: the address is required
  await latchkey.register({ password: "correct horse battery" });
}

export function codesAreThoseOfTheOperation(error: unknown) {
  if (!isRefusal<"login">(error)) throw error;
  const known = { authentication_failed: "Wrong email or password." } satisfies {
    [Code in NonNullable<typeof error.code>]?: string;
  };
  error.field("email")?.code satisfies string | undefined;
  // @ts-expect-error: no operation has this name
  isRefusal<"logIn">(error);
  return known;
}

export async function whoIsNarrowed() {
  const who = await latchkey.whoAmI();
  if (who.state === "in") return who.user.email;
  if (who.state === "unknown") return who.error.status;
  // @ts-expect-error: without a login there is no user
  return who.user;
}
