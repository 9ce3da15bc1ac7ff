import { libraryError } from "../errors.ts";
import type { MaybePromise } from "../stores/store.ts";

/** What a serializer does once its library is there. */
export interface Loaded<Encoded> {
  serialize(data: unknown): Encoded;
  deserialize(encoded: Encoded): unknown;
}

const ready = new WeakSet<object>();

/**
 * A serializer whose library is imported when first needed, and used without waiting from then on.
 *
 * An application whose sessions never need it does not load it, and one that did not install it is told so.
 *
 * @param load imports the module that imports the library
 * @throws {SessionError} `ERR_SESSION_UNSUPPORTED`, by both functions, if the library cannot be imported
 */
export function lazy<Encoded>(
  library: string,
  load: () => Promise<Loaded<Encoded>>,
): { serialize(data: unknown): MaybePromise<Encoded>; deserialize(encoded: Encoded): MaybePromise<unknown> } {
  let loaded: Loaded<Encoded> | undefined;
  async function waiting<R>(run: (by: Loaded<Encoded>) => R): Promise<R> {
    const found = await load().catch((cause: unknown) => {
      throw libraryError(library, cause);
    });
    loaded = found;
    ready.add(deserialize);
    return run(found);
  }
  const use = <R>(run: (by: Loaded<Encoded>) => R): MaybePromise<R> => (loaded === undefined ? waiting(run) : run(loaded));
  const deserialize = (encoded: Encoded): MaybePromise<unknown> => use((by) => by.deserialize(encoded));
  return { serialize: (data) => use((by) => by.serialize(data)), deserialize };
}

/** True for a `deserialize` that waited for its library, and will not wait again. */
export function isReady(deserialize: object): boolean {
  return ready.has(deserialize);
}
