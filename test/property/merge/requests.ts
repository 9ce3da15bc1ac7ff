import type { Session, SessionConflict, SessionManager, SessionOptions } from "unsession";
import { platform } from "../../../src/context.ts";
import { createManager } from "../../../src/manager.ts";
import { parseRecord } from "../../../src/record.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { Fields, Steps } from "./trees.ts";

/** One stored session and its requests. */
export class Requests {
  /** Paths that the `conflict` hook was told of. */
  readonly conflicts: Steps[] = [];
  readonly manager: SessionManager<Record<string, any>>;
  readonly #store = createMemoryStore({});
  #cookie = "";

  private constructor(options: SessionOptions<Record<string, any>>) {
    const hooks = { conflict: ({ path }: { path: Steps }): void => void this.conflicts.push(path) };
    this.manager = createManager({ ...options, storage: this.#store, hooks }, { ...platform, sleep: () => Promise.resolve() });
  }

  /** Stores a session with this data. */
  static async of(
    data: Fields,
    options: { conflict?: "merge" | "reject" | ((conflict: SessionConflict) => unknown) } = {},
  ): Promise<Requests> {
    const requests = new Requests(options);
    const session = await requests.manager.load();
    Object.assign(session, structuredClone(data));
    await requests.commit(session);
    return requests;
  }

  open(): Promise<Session<Record<string, any>>> {
    return this.manager.load(this.#cookie);
  }

  /** Begins several requests, before the first of them ends. */
  openAll(count: number): Promise<Session<Record<string, any>>[]> {
    return Promise.all(Array.from({ length: count }, () => this.open()));
  }

  async openTwo(): Promise<[Session<Record<string, any>>, Session<Record<string, any>>]> {
    return [await this.open(), await this.open()];
  }

  async commit(session: Session<Record<string, any>>): Promise<void> {
    const [cookie] = await this.manager.commit(session);
    if (cookie !== undefined) this.#cookie = cookie.split(";")[0] as string;
  }

  /** The data as the next request finds it. */
  async data(): Promise<Fields> {
    return (await this.open()).$snapshot();
  }

  /** The record as it is stored, whole. */
  record(): { version: number; text: string } {
    const [key] = [...this.#store.keys("session:")];
    const text = (this.#store.get(key as string) as { value: string }).value;
    return { version: parseRecord(text)?.version ?? 0, text };
  }
}
