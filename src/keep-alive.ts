/** How a host is told to go on with a request whose client is gone. */
type WaitUntil = ((promise: Promise<unknown>) => unknown) | undefined;

const ends = new WeakMap<object, () => void>();

/**
 * Keeps a request going until it is let go; `key` is whatever stands for its use of a session.
 *
 * Workers drop a request together with its client, at any `await`. One that has the turn of its session at that moment would never
 * give it up, and every later request of the session would wait in vain.
 */
export function keepAlive(key: object, waitUntil: WaitUntil): void {
  if (waitUntil === undefined || ends.has(key)) return;
  waitUntil(new Promise<void>((resolve) => ends.set(key, resolve)));
}

/** Says that a request has its answer. */
export function letGo(key: object): void {
  ends.get(key)?.();
}

/** Lets a request go with the answer that is made for it. Gives that back. */
export function letGoWith<R>(key: object, answer: Promise<R>): Promise<R> {
  // Made for those that are kept only: all others pass here too.
  if (ends.has(key))
    answer.then(
      () => letGo(key),
      () => letGo(key),
    );
  return answer;
}
