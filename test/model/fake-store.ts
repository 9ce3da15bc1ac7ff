import { encodeRecord, parseRecord } from "../../src/record.ts";
import type { Replaced, Store, StoreEntry } from "../../src/stores/store.ts";
import { switchedOff } from "./protections.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Something that happened to a record, in the order in which it happened. */
export interface Applied {
  readonly verb: "create" | "replace" | "touch" | "remove" | "evict" | "expire";
  readonly key: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** When it was asked for, by the clock on the wall. */
  readonly sentAt: number;
  readonly appliedAt: number;
}

export interface Behaviour {
  /** The probability that the answer of a verb is lost. */
  readonly lost: number;
  /** How many answers may be lost at all. */
  readonly mostLost: number;
  /** What becomes of a verb whose answer is lost, each as likely. */
  readonly fates: readonly Fate[];
  /** How many turns a client takes to connect again, after which it sends a verb a second time. */
  readonly reconnect: number;
  /** Compares by a handle of its own, as memcached does, instead of by value. */
  readonly handles: boolean;
  /** Drops records by itself when their ttl is over. */
  readonly expires: boolean;
}

/** What the client does not hear of: it was not applied, was applied, is applied later, or was sent twice. */
export type Fate = "dropped" | "applied" | "late" | "resent";

interface Cell {
  value: string;
  handle: number;
  deadline: number;
}

/**
 * A store of class A on the far side of a network.
 *
 * Each verb takes a turn to arrive and another to be answered. When an answer is lost, the verb rejects and was applied, was not,
 * is applied later, or was sent a second time by the client on its own.
 */
export class FakeStore implements Store {
  readonly name = "fake";
  readonly class = "A";
  readonly ttl = true;
  readonly list = true;

  /** Everything that was ever applied. */
  readonly log: Applied[] = [];
  /** Keys at which an answer was lost. */
  readonly faulty: Set<string> = new Set();
  /** How often each verb was asked for. */
  readonly asked: Record<"get" | "create" | "replace" | "touch" | "remove", number> = {
    get: 0,
    create: 0,
    replace: 0,
    touch: 0,
    remove: 0,
  };
  /** While a scenario is set up or looked at: answers at once and loses nothing. */
  quiet = false;

  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #behaviour: Behaviour;
  readonly #now: () => number;
  readonly #cells = new Map<string, Cell>();
  /** What each key held while it was live. */
  readonly #lives = new Map<string, string>();
  #lastHandle = 0;
  #lastCreated = "";
  #lost = 0;

  constructor(timeline: Timeline, random: Random, behaviour: Behaviour, now: () => number) {
    this.#timeline = timeline;
    this.#random = random;
    this.#behaviour = behaviour;
    this.#now = now;
  }

  get(key: string): Promise<StoreEntry | undefined> {
    return this.#ask("get", key, () => {
      const cell = this.#find(key);
      if (cell === undefined) return undefined;
      const isEnded = cell.value[3] !== "L";
      if (isEnded && switchedOff.has("tombstone check on load")) return { value: this.#lives.get(key) as string };
      if (isEnded && switchedOff.has("the end of the grace")) return { value: movedAt(cell.value, this.#now()) };
      return this.#entry(cell);
    });
  }

  create(key: string, value: string, ttl: number | undefined): Promise<boolean> {
    const sentAt = this.#now();
    return this.#ask("create", key, () => {
      if (this.#find(key) !== undefined) return false;
      this.#write("create", key, value, ttl, sentAt);
      this.#lastCreated = key;
      return true;
    });
  }

  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    const sentAt = this.#now();
    const written = switchedOff.has("no way on from an elevated session") ? leadingTo(value, this.#lastCreated) : value;
    return this.#ask("replace", key, () => this.#swap("replace", key, written, expected, ttl, sentAt));
  }

  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    const value = header + expected.value.slice(header.length);
    const sentAt = this.#now();
    return this.#ask("touch", key, () => this.#swap("touch", key, value, expected, ttl, sentAt));
  }

  remove(key: string): Promise<void> {
    return this.#ask("remove", key, () => {
      if (!switchedOff.has("losers remove their candidate")) this.#drop("remove", key);
    });
  }

  *keys(prefix: string): Generator<string, void, undefined> {
    for (const key of this.#cells.keys()) if (key.startsWith(prefix)) yield key;
  }

  /** Loses a record, as a full cache does. */
  evict(key: string): void {
    this.#drop("evict", key);
  }

  /** What a key holds, for looking at. */
  peek(key: string): string | undefined {
    return this.#find(key)?.value;
  }

  async #ask<R>(verb: keyof FakeStore["asked"], key: string, run: () => R): Promise<R> {
    if (this.quiet) return run();
    this.asked[verb]++;
    await this.#timeline.turn(verb);
    const fate = this.#fate();
    if (fate === "answered") {
      const answer = run();
      if (verb !== "get") await this.#timeline.turn(`${verb} answered`);
      return answer;
    }
    this.faulty.add(key);
    if (fate === "resent") {
      if (this.#random.chance(0.5)) run();
      for (let turns = 0; turns < this.#behaviour.reconnect; turns++) await this.#timeline.turn("reconnect");
      const answer = run();
      const uncertain = (answer as { status?: unknown } | undefined)?.status === "conflict";
      return uncertain ? { ...answer, uncertain } : answer;
    }
    if (fate === "applied") run();
    if (fate === "late") void this.#timeline.turn(`${verb} late`).then(run);
    await this.#timeline.turn(`${verb} lost`);
    throw new Error("The answer was lost.");
  }

  #fate(): Fate | "answered" {
    if (this.#lost >= this.#behaviour.mostLost || !this.#random.chance(this.#behaviour.lost)) return "answered";
    this.#lost++;
    return this.#random.pick(this.#behaviour.fates);
  }

  #swap(
    verb: "replace" | "touch",
    key: string,
    value: string,
    expected: StoreEntry,
    ttl: number | undefined,
    sentAt: number,
  ): Replaced {
    const cell = this.#find(key);
    if (cell === undefined && !switchedOff.has("never re-create")) return { status: "missing" };
    if (cell !== undefined && !isExpected(cell, expected) && !isBlind(verb, value)) {
      return { status: "conflict", current: this.#entry(cell) };
    }
    if (value[3] === "D" && switchedOff.has("tombstones")) {
      this.#drop("remove", key);
      return { status: "ok", entry: { value } };
    }
    return { status: "ok", entry: this.#entry(this.#write(verb, key, value, ttl, sentAt)) };
  }

  #write(verb: Applied["verb"], key: string, value: string, ttl: number | undefined, sentAt: number): Cell {
    this.log.push({ verb, key, before: this.#cells.get(key)?.value, after: value, sentAt, appliedAt: this.#now() });
    const cell = { value, handle: ++this.#lastHandle, deadline: this.#now() + (ttl ?? Infinity) };
    this.#cells.set(key, cell);
    if (value[3] === "L") this.#lives.set(key, value);
    return cell;
  }

  #drop(verb: Applied["verb"], key: string): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) return;
    const now = this.#now();
    this.log.push({ verb, key, before: cell.value, after: undefined, sentAt: now, appliedAt: now });
    this.#cells.delete(key);
  }

  #find(key: string): Cell | undefined {
    const cell = this.#cells.get(key);
    if (cell === undefined || !this.#behaviour.expires || cell.deadline > this.#now()) return cell;
    this.#drop("expire", key);
    return undefined;
  }

  #entry(cell: Cell): StoreEntry {
    return this.#behaviour.handles ? { value: cell.value, cas: cell.handle } : { value: cell.value };
  }
}

function isExpected(cell: Cell, expected: StoreEntry): boolean {
  return expected.cas === undefined ? expected.value === cell.value : expected.cas === cell.handle;
}

/** A tombstone of a moved session as if it had been moved at another time. */
function movedAt(value: string, touchedAt: number): string {
  const record = parseRecord(value);
  return record?.state === "moved" ? encodeRecord({ ...record, touchedAt }) : value;
}

/** A tombstone of a moved session that says where to. */
function leadingTo(value: string, key: string): string {
  const record = parseRecord(value);
  const to = key.slice(key.indexOf(":") + 1);
  return record?.state === "moved" ? encodeRecord({ ...record, meta: { ...record.meta, to } }) : value;
}

/** True if the comparing is switched off for a write. */
function isBlind(verb: "replace" | "touch", value: string): boolean {
  if (switchedOff.has("compare-and-set")) return true;
  if (verb === "touch") return switchedOff.has("compare-and-set of touches");
  return value[3] === "M" && switchedOff.has("compare-and-set of moves");
}
