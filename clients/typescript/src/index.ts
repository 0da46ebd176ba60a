export type { Api } from "./api.js";
export type { ErrorCodes } from "./codes.js";
export { type FieldError, isRefusal, LatchkeyError, type Operation, type Problem } from "./errors.js";
export {
  type Ask,
  createLatchkey,
  type Landed,
  type Latchkey,
  type Options,
  type Proof,
  type Session,
  type SignIn,
  type User,
  type Where,
  type Who,
} from "./client.js";
export type { components, operations, paths } from "./schema.js";
export type { Fetch } from "./send.js";
export { type Exclusive, memoryStore, type Store } from "./store.js";
