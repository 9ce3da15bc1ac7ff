import type { Replaced, StoreEntry } from "../../stores/store.ts";

export function present(entry: StoreEntry | undefined): StoreEntry {
  if (entry === undefined) throw new Error("expected a record, and there is none");
  return entry;
}

export function written(answer: Replaced): StoreEntry {
  if (answer.status !== "ok") throw new Error(`expected the write to hold, and it ended as ${answer.status}`);
  return answer.entry;
}

export function conflicting(answer: Replaced): StoreEntry {
  if (answer.status !== "conflict") throw new Error(`expected a conflict, and it ended as ${answer.status}`);
  return answer.current;
}

/** How many answers have a status. */
export function count(answers: readonly Replaced[], status: Replaced["status"]): number {
  return answers.filter((answer) => answer.status === status).length;
}

export async function inParallel<T>(times: number, call: (n: number) => T | Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, async (_, n) => call(n)));
}
