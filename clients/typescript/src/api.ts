import type { FetchResponse, MaybeOptionalInit } from "openapi-fetch";
import type { paths as all } from "./schema.js";

/** The paths whose answer is a token, or ends one. They have methods of their own, which store it. */
type OwnMethods =
  | "/api/auth/login"
  | "/api/auth/logout"
  | "/api/auth/register"
  | "/api/auth/register/confirm"
  | "/api/auth/exchange"
  | "/api/auth/reauthenticate"
  | "/api/auth/password"
  | "/api/auth/password/reset/confirm"
  | "/api/auth/oauth/{provider}/token";
export type paths = Omit<all, OwnMethods>;

type Method = "get" | "post" | "patch" | "delete";
type With<Name extends Method> = {
  [Path in keyof paths]: paths[Path] extends Record<Name, object> ? Path : never;
}[keyof paths];
// As in openapi-fetch: without a required part, the second argument can be left out.
type Arguments<Init> = Partial<Init> extends Init ? [Init?] : [Init];
type Answer<Path extends keyof paths, Name extends Method, Init> = FetchResponse<
  Extract<paths[Path][Name], Record<string, unknown>>,
  Init,
  `${string}/${string}`
>;

type Call<Name extends Method> = <Path extends With<Name>, Init extends MaybeOptionalInit<paths[Path], Name>>(
  path: Path,
  ...init: Arguments<Init>
) => Promise<Extract<Answer<Path, Name, Init>, { data: unknown }>>;

/** The client of openapi-fetch. A refusal is thrown as LatchkeyError, so `data` is always that of a success. */
export interface Api {
  GET: Call<"get">;
  POST: Call<"post">;
  PATCH: Call<"patch">;
  DELETE: Call<"delete">;
}
