import type { Session, SessionChange } from "unsession";
import { toRaw } from "../../../src/tracking/raw.ts";
import { World, type Answer } from "../_setup.ts";

/** One stored session, for requests to be made on. */
export class Stored {
  readonly world: World = new World();
  #cookie: string | undefined;

  /** Stores a session that holds `data`. */
  static async of(data: object): Promise<Stored> {
    const stored = new Stored();
    await stored.visit((session) => void Object.assign(session, { kept: true }, data));
    return stored;
  }

  /** A whole request. */
  async visit(handler: (session: Session) => unknown): Promise<Answer> {
    const answer = await this.world.visit(this.#cookie, handler);
    this.#cookie = answer.cookie;
    return answer;
  }

  /** The session of a request that has not ended. */
  open(): Promise<Session> {
    return this.world.manager.load(this.#cookie);
  }

  /** Ends a request, and says how often the store was written to. */
  async commit(session: Session): Promise<number> {
    const before = this.world.store.calls.length;
    const [cookie] = await this.world.manager.commit(session);
    if (cookie !== undefined) this.#cookie = cookie.split(";")[0];
    return this.world.store.calls.slice(before).filter((verb) => verb === "create" || verb === "replace").length;
  }

  /** How often a request that does this writes to the store. */
  async writes(handler: (session: Session) => unknown): Promise<number> {
    const session = await this.open();
    await handler(session);
    return this.commit(session);
  }

  /** The data as the next request sees it, without what all sessions here have. */
  async data(): Promise<any> {
    const { kept: _, ...data } = (await this.open()).$snapshot();
    return data;
  }
}

/** A stored session, opened. */
export async function open(data: object = {}): Promise<Session> {
  return (await Stored.of(data)).open();
}

/** What is behind a proxy. */
export function rawOf(value: unknown): any {
  return toRaw(value);
}

/** The events of `$subscribe` from now on. */
export function listen(session: Session): SessionChange[] {
  const events: SessionChange[] = [];
  session.$subscribe((change) => void events.push(change));
  return events;
}

/** What an `ERR_SESSION_VALUE` with this message looks like. */
export function refusal(message: string): object {
  return { code: "ERR_SESSION_VALUE", message: expectStart(message) };
}

function expectStart(message: string): object {
  return {
    asymmetricMatch: (actual: string) => actual.startsWith(`[unsession] ${message}`),
    toString: () => "StringStartingWith",
    toAsymmetricMatcher: () => `a message that begins with ${JSON.stringify(message)}`,
  };
}
