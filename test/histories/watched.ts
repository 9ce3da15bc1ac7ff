import type { MaybePromise, Replaced, Store } from "../../src/stores/store.ts";

/** A store that counts what it is asked, and tells of each moment between two calls. */
export interface Watched extends Store {
  readonly counts: { replaces: number; conflicts: number };
}

/**
 * `between` is called before each call and after its answer. `blind` takes compare-and-set away, and lets writes bring back what is
 * gone: so a history can show that it would notice.
 */
export function watched(store: Store, between: () => void, blind: boolean): Watched {
  const counts = { replaces: 0, conflicts: 0 };
  const watch = async <R>(call: () => MaybePromise<R>): Promise<R> => {
    between();
    const answer = await call();
    between();
    return answer;
  };
  const swap = async (call: () => MaybePromise<Replaced>): Promise<Replaced> => {
    counts.replaces++;
    const answer = await watch(call);
    if (answer.status === "conflict") counts.conflicts++;
    return answer;
  };
  return {
    name: store.name,
    class: store.class,
    ttl: store.ttl,
    list: store.list,
    maxBytes: store.maxBytes,
    counts,
    get: (key) => watch(() => store.get(key)),
    create: (key, value, ttl) => watch(() => store.create(key, value, ttl)),
    replace: (key, value, expected, ttl) =>
      swap(() => (blind ? overwrite(store, key, value, ttl) : store.replace(key, value, expected, ttl))),
    touch: (key, header, expected, ttl) => swap(() => store.touch(key, header, expected, ttl)),
    remove: (key) => watch(() => store.remove(key)),
    keys: (prefix) => store.keys(prefix),
  };
}

async function overwrite(store: Store, key: string, value: string, ttl: number | undefined): Promise<Replaced> {
  await store.remove(key);
  await store.create(key, value, ttl);
  return { status: "ok", entry: { value } };
}
