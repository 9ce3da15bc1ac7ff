const checked = new WeakSet<object>();

/**
 * Takes note that a function throws, as it reads, for what no session could have written: what it gives is not looked through again.
 *
 * It is the function that counts, so that a user's own in a copy of the serializer is not taken for it.
 */
export function checksItself<F extends (...given: never) => unknown>(deserialize: F): F {
  checked.add(deserialize);
  return deserialize;
}

export function isChecked(deserialize: object): boolean {
  return checked.has(deserialize);
}
