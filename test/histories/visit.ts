import { SessionError, type Session, type SessionManager } from "unsession";
import { stateOf } from "../../src/session.ts";
import type { Random } from "../model/random.ts";
import { now, type Calls, type Data, type Event, type Found, type Outcome, type Place, type Sent, type Write } from "./events.ts";
import type { Family, News } from "./families.ts";
import { current } from "./watched.ts";

/** What a visit needs of its worker. */
export interface Host {
  readonly manager: SessionManager;
  readonly random: Random;
  note(event: Event): void;
  tell(news: News): void;
  isAcknowledged(token: string): Promise<boolean>;
}

/** The handler of a request that fails by itself. */
class HandlerError extends Error {}

/** One request: loads its session, does something with it, and commits. Takes note of all before it happens. */
export function visit(host: Host, op: string, family: Family): Promise<void> {
  const calls: Calls = { reads: 0, writes: 0, conflicts: 0, failures: 0 };
  return current.run(calls, () => new Visit(host, op, family, calls).run());
}

class Visit {
  readonly #host: Host;
  readonly #op: string;
  readonly #family: Family;
  readonly #calls: Calls;

  constructor(host: Host, op: string, family: Family, calls: Calls) {
    this.#host = host;
    this.#op = op;
    this.#family = family;
    this.#calls = calls;
  }

  async run(): Promise<void> {
    const { manager, random } = this.#host;
    const { name: family, tokens } = this.#family;
    this.#family.requests++;
    const token = random.chance(0.9) ? tokens.at(-1) : random.pick(tokens);
    const sent: Sent = random.pick(["nothing", "unknown", "malformed"]);
    this.#note({ type: "began", at: now(), family, ...(token === undefined ? { sent } : { token }) });
    let session: Session;
    try {
      session = await manager.load(token === undefined ? cookies[sent]() : `session=${token}`);
    } catch (error) {
      if (outcomeOf(error) === "broken") return this.#end(undefined, error, undefined);
      this.#note({ type: "unavailable", at: now() });
      return wait(random.below(20));
    }
    const found = foundOf(session);
    this.#note({ type: "loaded", at: now(), found });
    if (found === undefined && token !== undefined && token === tokens.at(-1)) this.#family.over = true;
    if (token === undefined) Object.assign(session, { family, n: 0, keys: {}, list: [], boxes: {} });
    await wait(random.below(15));
    let thrown: unknown;
    try {
      if (token === undefined || found !== undefined) await this.#act(session, token !== undefined);
      else if (stateOf(session).status === "ended") this.#writeLate(session);
    } catch (error) {
      thrown = error;
    }
    await this.#answer(session, thrown);
  }

  /** What the handler does with the session. */
  async #act(session: Session, isOld: boolean): Promise<void> {
    const { random } = this.#host;
    const deed = random.next();
    if (isOld && deed < 0.04) {
      this.#note({ type: "ends", at: now() });
      await session.$destroy();
      this.#host.tell({ family: this.#family.name, over: true });
      return;
    }
    this.#write(this.#op, session);
    if (isOld && deed < 0.1) {
      this.#note({ type: "moves", at: now() });
      await session.$regenerate();
    } else if (isOld && deed < 0.2) {
      await (random.chance(0.5) ? session.$save() : this.#update(session));
      this.#note({ type: "saved", at: now(), stored: placeOf(session) });
    }
    if (deed < 0.3) this.#write(`${this.#op}b`, session);
    else if (isOld && deed < 0.35) throw new HandlerError();
  }

  /** Some writes of every kind; the note comes first, since a save may be on its way when the worker dies. */
  #write(id: string, session: Session): void {
    const { random } = this.#host;
    const boxes = Object.keys(session["boxes"]);
    const likely = { increment: 0.6, key: 0.6, push: 0.4, pair: 0.3, box: 0.2 } as const;
    const kinds = (Object.keys(likely) as (keyof typeof likely)[]).filter((kind) => random.chance(likely[kind]));
    const writes: Write[] = kinds.map((kind) => ({ id, kind, box: id }));
    if (boxes.length > 0 && random.chance(0.3))
      writes.push({ id, kind: random.chance(0.4) ? "delete box" : "below box", box: random.pick(boxes) });
    if (writes.length === 0) return;
    this.#note({ type: "writes", at: now(), writes });
    for (const { kind, box } of writes) {
      if (kind === "increment") session.$increment("n");
      else if (kind === "key") session["keys"][id] = 1;
      else if (kind === "push") session["list"].push(id);
      else if (kind === "pair") session["pair"] = { x: id, y: id };
      else if (kind === "box") session["boxes"][box] = {};
      else if (kind === "delete box") delete session["boxes"][box];
      else if (session["boxes"][box] !== undefined) session["boxes"][box][id] = 1;
    }
  }

  /** Into a session that has ended, which must take nothing. */
  #writeLate(session: Session): void {
    this.#note({ type: "writes", at: now(), writes: [{ id: this.#op, kind: "key", box: "" }] });
    session["keys"] = { [this.#op]: 1 };
  }

  #update(session: Session): Promise<void> {
    this.#note({ type: "writes", at: now(), writes: [{ id: `${this.#op}u`, kind: "increment", box: "" }] });
    return session.$update((draft) => void (draft["n"] += 1));
  }

  /** As adapters do it: after an error only the cookie of what did come off. */
  async #answer(session: Session, thrown: unknown): Promise<void> {
    const { manager } = this.#host;
    const headers = new Headers();
    let error = thrown;
    let lines: string[] = [];
    if (error === undefined) {
      try {
        lines = await manager.commit(session, { status: 200, headers });
      } catch (refusal) {
        error = refusal;
      }
    }
    if (error !== undefined) lines = await manager.commit(session, { status: 503, headers });
    const given = lines.map((line) => /^session=([^;]*)/.exec(line)?.[1]).find(Boolean);
    if (given !== undefined) this.#host.tell({ family: this.#family.name, token: given });
    await this.#end(given, error, placeOf(session));
  }

  async #end(token: string | undefined, error: unknown, stored: Place | undefined): Promise<void> {
    const isAcknowledged = token === undefined || (await this.#host.isAcknowledged(token));
    const outcome = outcomeOf(error);
    const text = outcome === "broken" ? { error: error instanceof Error ? `${error.stack}` : String(error) } : {};
    this.#note({ type: "ended", at: now(), outcome, stored, token, isAcknowledged, calls: this.#calls, ...text });
  }

  #note(event: Unsigned<Event>): void {
    this.#host.note({ ...event, op: this.#op } as Event);
  }
}

/** An event before it says whose it is. */
type Unsigned<E> = E extends { readonly op: string } ? Omit<E, "op"> : never;

const cookies: Record<Sent, () => string | undefined> = {
  nothing: () => undefined,
  unknown: () => `session=${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`,
  malformed: () => "session=no token; session=%00",
};

/** The session as it was loaded, if the store had it. */
export function foundOf(session: Session): Found | undefined {
  const { status, stored } = stateOf(session);
  if (status !== "stored" || stored === undefined) return undefined;
  const { version, absoluteAt } = stored.record;
  return { id: stored.id, version, absoluteAt, data: session.$snapshot() as unknown as Data };
}

function placeOf(session: Session): Place | undefined {
  const { stored } = stateOf(session);
  return stored === undefined ? undefined : { id: stored.id, version: stored.record.version };
}

export function outcomeOf(error: unknown): Outcome {
  if (error === undefined) return "ok";
  if (error instanceof HandlerError) return "failed";
  const code = SessionError.is(error) ? error.code : undefined;
  if (code === "ERR_SESSION_STORE") return "unknown";
  // A write through what another request has deleted is refused as a value is.
  if (code === "ERR_SESSION_CONFLICT" || code === "ERR_SESSION_VALUE") return "refused";
  return code === "ERR_SESSION_GONE" ? "gone" : "broken";
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
