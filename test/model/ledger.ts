import type { Session } from "../../src/types.ts";
import { outcomeOf, type Answer, type Invariant, type Kept, type Process, type World } from "./world.ts";

/** Ways to write, each of which shows in the data how often it was applied. */
export type Kind = "increment" | "nested" | "key" | "push" | "flash" | "update";

const INVARIANT: Record<Kind, Invariant> = { increment: "I3", nested: "I3", key: "I2", push: "I21", flash: "I21", update: "I3" };

/** Each counter gives every write a digit of its own, in base 4, so that a write that was applied twice is seen. */
const BASE = 4;
const MOST_WRITES = 26;

export interface Write {
  readonly kind: Kind;
  readonly id: number;
  /** It was made while a save was on its way, which may have taken it along. */
  readonly isAside: boolean;
  fate: "pending" | "stored" | "unknown" | "not stored";
}

/** All that was written to one session by anyone, and what the writers know of its fate. */
export class Ledger {
  readonly world: World;
  readonly #writes: Write[] = [];

  constructor(world: World) {
    this.world = world;
  }

  /** A session with nothing in it yet that any {@link Kind} of write needs. */
  static readonly start = { n: 0, deep: { n: 0 }, list: [] as unknown[] };

  get isFull(): boolean {
    return this.#writes.length >= MOST_WRITES;
  }

  add(kind: Kind, isAside: boolean): Write {
    if (this.isFull) throw new RangeError("too many writes for one ledger");
    const write: Write = { kind, id: this.#writes.length, isAside, fate: "pending" };
    this.#writes.push(write);
    return write;
  }

  /** A request that writes by a pen; what is pending at its end is as its answer says. */
  async request(
    token: string | undefined,
    handler: (pen: Pen, session: Session) => unknown,
    how: { ends?: boolean; process?: Process } = {},
  ): Promise<Answer> {
    let pen: Pen | undefined;
    const answer = await this.world.request(
      token,
      (session) => {
        pen = new Pen(this, session);
        return handler(pen, session);
      },
      how,
    );
    pen?.learn(answer.outcome);
    return answer;
  }

  /** Checks that the data shows what was acknowledged exactly once, what is unknown at most once, and nothing else. */
  check(kept: Kept | undefined): void {
    for (const write of this.#writes) {
      const times = kept === undefined ? 0 : timesOf(write, kept);
      const held = write.fate === "stored" ? times === 1 : write.fate === "unknown" ? times <= 1 : times === 0;
      const promise = "an acknowledged write is applied exactly once, an unknown one at most once, a refused one never";
      this.world.check(INVARIANT[write.kind], held, promise, { ...write, times, kept });
    }
  }
}

/** Writes into one session, and keeps account of it. */
export class Pen {
  readonly #ledger: Ledger;
  readonly #session: Session;
  /** Held from the first push on: a reference stays live whatever is saved or merged. */
  #list: number[] | undefined;
  readonly #pending: Write[] = [];
  /** How many saves are on their way. */
  #saving = 0;
  /** Those of a save that failed without saying whether they are stored: still changes of the session. */
  readonly #unknown: Write[] = [];

  constructor(ledger: Ledger, session: Session) {
    this.#ledger = ledger;
    this.#session = session;
  }

  write(...kinds: Kind[]): void {
    for (const kind of kinds) {
      const write = this.#ledger.add(kind, this.#saving > 0);
      this.#pending.push(write);
      if (kind === "increment") this.#session.$increment("n", BASE ** write.id);
      else if (kind === "nested") this.#session.$increment(["deep", "n"], BASE ** write.id);
      else if (kind === "key") this.#session[`k${write.id}`] = write.id;
      else if (kind === "flash") this.#session.$flash(`f${write.id}`, write.id);
      else (this.#list ??= this.#session["list"] ??= []).push(write.id);
    }
  }

  /** Takes what is unknown for pending again: the next save stores it, or finds that it is stored. */
  resume(): void {
    this.#pending.unshift(...this.#unknown.splice(0));
  }

  /** Stores what is pending. With `update`, that and one more write by `$update`. */
  async save(how: "save" | "update" = "save"): Promise<void> {
    const { world } = this.#ledger;
    const written = this.#pending.splice(0);
    const update = how === "update" ? this.#ledger.add("update", false) : undefined;
    const settle = (outcome: Answer["outcome"]): void => {
      this.#saving--;
      for (const write of update === undefined ? written : [...written, update]) write.fate = fateOf(outcome, write);
    };
    this.#saving++;
    try {
      if (update === undefined) await this.#session.$save();
      else await this.#session.$update((draft) => void (draft["n"] = (draft["n"] ?? 0) + BASE ** update.id));
      settle("ok");
      world.acknowledge(this.#session);
    } catch (error) {
      settle(outcomeOf(error));
      if (outcomeOf(error) === "unknown") this.#unknown.push(...written);
      throw error;
    }
  }

  /** Reads the session again, which drops what is pending. */
  async reload(): Promise<void> {
    await this.#session.$reload();
    this.#list = undefined;
    this.learn("gone");
  }

  /** Takes note of what became of all that is pending. */
  learn(outcome: Answer["outcome"]): void {
    for (const write of this.#pending.splice(0)) write.fate = fateOf(outcome, write);
  }
}

function fateOf(outcome: Answer["outcome"], { isAside }: Write): Write["fate"] {
  if (outcome === "ok") return "stored";
  return outcome === "unknown" || isAside ? "unknown" : "not stored";
}

function timesOf({ kind, id }: Write, { data, flash }: Kept): number {
  if (kind === "key") return data[`k${id}`] === id ? 1 : 0;
  if (kind === "flash") return flash[`f${id}`] === id ? 1 : 0;
  if (kind === "push") return (data["list"] ?? []).filter((item: unknown) => item === id).length;
  const count: unknown = kind === "nested" ? (data["deep"]?.n ?? 0) : (data["n"] ?? 0);
  return typeof count === "number" ? Math.floor(count / BASE ** id) % BASE : Number.NaN;
}
