/** Runs one work at a time, in the order of the calls. */
export type Exclusive = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * Where a client keeps its login (`session`), its device token (`device`), and a begun sign-in (`signin`).
 *
 * Values are texts. `get` and `set` may answer at once or later.
 */
export interface Store {
  get(key: string): MaybeLater<string | null | undefined>;
  set(key: string, value: string): MaybeLater<void>;
  remove(key: string): MaybeLater<void>;
  /** Calls the listener after others changed `session`. Returns a function that ends it. */
  watch?(listener: () => void): () => void;
  /** Resolves once the last changes of others have arrived. */
  settled?(): Promise<void>;
  /** One at a time among all that share the store. Without it, among the calls of this client. */
  exclusive?: Exclusive;
}

type MaybeLater<Value> = Value | Promise<Value>;

/** A store that lives as long as this object. No property shows what it keeps. */
export function memoryStore(content: Record<string, string> = {}): Store {
  const values = new Map(Object.entries(content));
  return {
    get: (key) => values.get(key),
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
  };
}

/** The object that is kept under this key; an empty one where another script wrote something else. */
export async function kept(store: Store, key: string): Promise<Record<string, string | undefined>> {
  try {
    return Object(JSON.parse((await store.get(key)) ?? ""));
  } catch {
    return {};
  }
}

export function queue(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {}); // the caller gets the error
    return next;
  };
}
