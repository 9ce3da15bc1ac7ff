import type { MaybePromise } from "./stores/store.ts";

/** Whether what answers either way answered by a promise: asked before an `await`, which takes a turn even where there is none. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === "function";
}

/**
 * Goes on with an answer: at once where it is there already.
 *
 * What a request does with its session is synchronous but for the store. An `await` at each step that might not be took a third
 * of the time of all steps together.
 */
export function andThen<A, B>(answer: MaybePromise<A>, use: (answer: A) => MaybePromise<B>): MaybePromise<B> {
  return isPromise(answer) ? answer.then(use) : use(answer);
}
