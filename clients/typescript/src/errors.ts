import type { ErrorCodes } from "./codes.js";
import type { components } from "./schema.js";

export type Problem = components["schemas"]["Problem"];
/** What is wrong with a field: `code` and `params` choose your own sentence. */
export type FieldError = components["schemas"]["ProblemError"];
/** The name of an operation in the API document, such as `login`. */
export type Operation = keyof ErrorCodes;

/** A refusal of the service or of a proxy, or no answer. It never contains a token. */
export class LatchkeyError<Code extends string = string> extends Error {
  override readonly name = "LatchkeyError";
  /** The `error_code`. It is undefined where a proxy answered, or nothing did. */
  readonly code: Code | undefined;
  /** With `validation_error`: the invalid fields, without their values. */
  readonly errors: FieldError[];

  constructor(
    /** Of HTTP; 0 without an answer of the API. */
    readonly status: number,
    problem: Partial<Problem> = {},
    /** In seconds, where the answer says so. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(problem.detail ?? problem.error_code ?? (status ? `status ${status}` : "no answer"), options);
    this.code = problem.error_code as Code | undefined;
    this.errors = Array.isArray(problem.errors) ? problem.errors : []; // a proxy has a form of its own
  }

  /** What is wrong with this field of the request, if anything. */
  field(name: string): FieldError | undefined {
    return this.errors.find(({ loc }) => loc?.at(-1) === name);
  }

  toJSON() {
    const { name, message, status, code, errors, retryAfter } = this;
    return { name, message, status, code, errors, retryAfter };
  }
}

/** Whether this is a refusal. `isRefusal<"login">(error)` gives `error.code` the codes of that operation. */
export function isRefusal<Name extends Operation>(error: unknown): error is LatchkeyError<ErrorCodes[Name]> {
  return error instanceof LatchkeyError;
}

/** Throws what is no answer of the API: a refusal, also an empty one, or the page of a proxy or a captive portal. */
export async function requireSuccess(answer: Response): Promise<void> {
  if (!answer.ok) throw new LatchkeyError(answer.status, await problem(answer), retryAfter(answer));
  if (answer.body && !(await isJson(answer))) throw new LatchkeyError(0);
}

/** The parser's own error would quote the answer, and so a token. */
const isJson = (answer: Response) =>
  answer.clone().json().then(
    () => true,
    () => false,
  );

/** The body of a refusal, or an empty object where it is none of the service's. */
export async function problem(answer: Response): Promise<Partial<Problem>> {
  try {
    return Object(await answer.clone().json());
  } catch {
    return {};
  }
}

/** Seconds; a proxy may send a date (RFC 9110, 10.2.3). */
export function retryAfter(answer: Response): number | undefined {
  const header = answer.headers.get("Retry-After");
  if (!header) return undefined;
  const seconds = /^[\d.]+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
