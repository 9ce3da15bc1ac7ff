import { AsyncLocalStorage } from "node:async_hooks";
import type { MaybePromise, Replaced, Store } from "../../src/stores/store.ts";
import type { Calls } from "./events.ts";

/** Whose calls are counted: those of the request that is under way. */
export const current: AsyncLocalStorage<Calls> = new AsyncLocalStorage();

export interface Watched extends Store {
  /** Keys whose records the store has acknowledged, or shown. */
  readonly acknowledged: Set<string>;
}

/**
 * A store that counts what each request asks of it. `between` is called before each call and after its answer.
 *
 * `blind` takes compare-and-set away, and lets writes bring back what is gone: so a history can show that it would notice.
 */
export function watched(store: Store, between: () => void, blind: boolean): Watched {
  const acknowledged = new Set<string>();
  const watch = async <R>(kind: "reads" | "writes", key: string, call: () => MaybePromise<R>): Promise<R> => {
    const calls = current.getStore();
    if (calls !== undefined) {
      calls[kind]++;
      calls.failures++;
    }
    between();
    const answer = await call();
    between();
    if (calls !== undefined) calls.failures--;
    if (isThere(answer)) acknowledged.add(key);
    return answer;
  };
  const swap = async (key: string, call: () => MaybePromise<Replaced>): Promise<Replaced> => {
    const answer = await watch("writes", key, call);
    const calls = current.getStore();
    if (answer.status === "conflict" && calls !== undefined) calls.conflicts++;
    return answer;
  };
  const { name, ttl, list, binary, maxBytes } = store;
  return {
    name,
    class: store.class,
    ttl,
    list,
    binary,
    maxBytes,
    acknowledged,
    get: (key) => watch("reads", key, () => store.get(key)),
    async create(key, value, ttl) {
      const isCreated = await watch("writes", key, () => store.create(key, value, ttl));
      const calls = current.getStore();
      // No two keys are equal: the client has sent it twice, since the first answer was lost.
      if (!isCreated && calls !== undefined) calls.failures++;
      return isCreated;
    },
    replace: (key, value, expected, ttl) =>
      swap(key, () => (blind ? overwrite(store, key, value, ttl) : store.replace(key, value, expected, ttl))),
    touch: (key, header, expected, ttl) => swap(key, () => store.touch(key, header, expected, ttl)),
    remove: (key) => watch("writes", key, () => store.remove(key)),
    keys: (prefix) => store.keys(prefix),
  };
}

/** Whether an answer says that the record is in the store. */
function isThere(answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null) return answer === true;
  return !("status" in answer) || answer.status !== "missing";
}

async function overwrite(store: Store, key: string, value: string, ttl: number | undefined): Promise<Replaced> {
  await store.remove(key);
  await store.create(key, value, ttl);
  return { status: "ok", entry: { value } };
}
