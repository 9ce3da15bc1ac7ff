/** Whether what answers either way answered by a promise: asked before an `await`, which takes a turn even where there is none. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === "function";
}
