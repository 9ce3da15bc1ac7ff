import { inspect } from "node:util";
import { createSessionManager, SessionError, type Session, type SessionChange, type SessionManager } from "unsession";
import { createCodec } from "../../../src/codec.ts";
import { parseRecord, type Encoded } from "../../../src/record.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import { toRaw } from "../../../src/tracking/raw.ts";
import { applyChanges } from "./apply-changes.ts";
import { Entropy } from "./entropy.ts";
import { incrementBoth } from "./increment.ts";
import { operate } from "./operations.ts";
import { alike, clone, extentOf, holdsProxy, reachable } from "./trees.ts";
import { World } from "./world.ts";

const MAX_BYTES = 65_536;
const MAX_DEPTH = 65;

/** Keeps few sessions, and counts what is written to it. */
class Place {
  writes = 0;
  readonly manager: SessionManager<Record<string, any>>;
  readonly #store = createMemoryStore({ maxEntries: 4 });

  constructor() {
    const store = this.#store;
    const { create, replace } = store;
    store.create = (...call) => this.#counted(() => create.apply(store, call));
    store.replace = (...call) => this.#counted(() => replace.apply(store, call));
    this.manager = createSessionManager({ storage: store });
  }

  /** The data of a session as it is stored. */
  stored(session: Session): Encoded | undefined {
    const entry = session.$id === undefined ? undefined : this.#store.get(`session:${session.$id}`);
    return entry === undefined ? undefined : parseRecord((entry as { value: string }).value)?.data;
  }

  #counted<R>(call: () => R): R {
    this.writes++;
    return call();
  }
}

const place = new Place();
const codec = createCodec([], MAX_BYTES);

/** Runs a sequence of operations on a plain object and on a session, and compares them in every way that counts. */
export async function runSequence(operations: readonly (readonly number[])[]): Promise<void> {
  const settings = new Entropy(operations[0] ?? []);
  const aliases = settings.chance(2, 3);
  const base = operations.slice(1, 1 + settings.below(12));
  const cookie = await createBase(base, aliases);
  const run = new Run(await place.manager.load(cookie), cookie, aliases);
  for (const [index, numbers] of operations.slice(1 + base.length).entries()) {
    run.operate(numbers);
    // Now and then saved on the way, and the same references used on.
    if (index % 12 === 11 && !(await run.save())) return;
  }
  await run.end();
}

/** A stored session, made by other operations; none if it came to something that cannot be stored. */
async function createBase(operations: readonly (readonly number[])[], aliases: boolean): Promise<string> {
  const session = await place.manager.load();
  session["kept"] = true;
  const world = new World({ kept: true }, session, aliases);
  for (const numbers of operations) operate(world, new Entropy(numbers));
  try {
    return pairOf(await place.manager.commit(session)) ?? "";
  } catch (error) {
    if (SessionError.is(error)) return "";
    throw error;
  }
}

function pairOf([cookie]: readonly string[]): string | undefined {
  return cookie?.split(";")[0];
}

class Run {
  readonly #session: Session;
  readonly #world: World;
  readonly #plain: Record<string, unknown>;
  readonly #atStart: object;
  readonly #events: SessionChange[] = [];
  #cookie: string;
  /** The tree as it was last stored. */
  #base: object;
  #cleared = false;

  constructor(session: Session, cookie: string, aliases: boolean) {
    this.#session = session;
    this.#cookie = cookie;
    this.#base = session.$snapshot();
    this.#atStart = clone(this.#base);
    this.#plain = clone(this.#base) as Record<string, unknown>;
    this.#world = new World(this.#plain, session, aliases);
    session.$subscribe((change) => this.#events.push(change));
  }

  operate(numbers: readonly number[]): void {
    const entropy = new Entropy(numbers);
    if (entropy.chance(1, 16)) incrementBoth(this.#plain, this.#session, entropy);
    else if (entropy.chance(1, 200)) this.#clear();
    else operate(this.#world, entropy);
  }

  /** False if the session cannot be stored, or ended. */
  save(): Promise<boolean> {
    return this.#store(() => this.#session.$save());
  }

  async end(): Promise<void> {
    const stored = await this.#store(async () => {
      this.#cookie = pairOf(await place.manager.commit(this.#session)) ?? this.#cookie;
    });
    if (!stored) return;
    const fresh = await place.manager.load(this.#cookie);
    expectAlike(fresh.$snapshot(), this.#plain, "a fresh load");
  }

  #clear(): void {
    this.#world.look();
    this.#session.$clear();
    for (const key of Object.keys(this.#plain)) delete this.#plain[key];
    this.#cleared = true;
  }

  /** Compares what can be seen before a commit. */
  #check(): void {
    const raw = toRaw<object>(this.#session);
    expectAlike(raw, this.#plain, "the tree");
    expect(!holdsProxy(raw), "the raw tree holds a proxy");
    expect(!holdsProxy(this.#session.$snapshot()), "a snapshot holds a proxy");
    expect(!("polluted" in {}), "Object.prototype was changed");
    const changes = this.#session.$changes;
    expect(this.#session.$isDirty === changes.length > 0, "$isDirty and $changes do not agree");
    const replayed = clone(this.#base);
    applyChanges(replayed, changes);
    expectAlike(replayed, this.#plain, "$changes on the old tree");
    if (this.#world.aliases) return;
    const followed = clone(this.#atStart);
    applyChanges(followed, this.#events);
    expectAlike(followed, this.#plain, "the events on the old tree");
  }

  async #store(commit: () => Promise<void>): Promise<boolean> {
    this.#check();
    const before = place.stored(this.#session);
    const ends = this.#cleared && Object.keys(this.#plain).length === 0;
    const { writes } = place;
    try {
      await commit();
    } catch (error) {
      expectTooMuch(error, this.#plain);
      expect(place.writes === writes, "a session that was refused was written");
      return false;
    }
    fillHoles(this.#plain);
    const now = await codec.encode(toRaw<Record<string, unknown>>(this.#session));
    const changed = before === undefined ? Object.keys(this.#plain).length > 0 : now.text !== before.text;
    expect(
      place.writes - writes === (changed || (ends && before !== undefined) ? 1 : 0),
      "written although unchanged, or not although changed",
    );
    if (ends) return false;
    const stored = place.stored(this.#session);
    expect(stored?.text === (changed || before !== undefined ? now.text : undefined), "something else was stored than the tree");
    this.#base = stored === undefined ? {} : ((await codec.decode(stored)) as object);
    this.#cleared = false;
    return true;
  }
}

/** As a commit does, since no serializer keeps them. */
function fillHoles(tree: object): void {
  for (const value of reachable(tree)) {
    if (!Array.isArray(value) || Object.isFrozen(value)) continue;
    for (const index of value.keys()) if (!(index in value)) value[index] = undefined;
  }
}

/** What a commit may refuse of a tree that can be written: aliases and rings make small trees deep, and tangle Sets. */
function expectTooMuch(error: unknown, plain: object): void {
  const { depth, objects, tangled } = extentOf(plain, MAX_BYTES);
  if (SessionError.is(error) && (depth > MAX_DEPTH || objects > 1000 || tangled)) return;
  throw error;
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function expectAlike(actual: unknown, expected: unknown, what: string): void {
  if (!alike(actual, expected)) throw new Error(`${what} is ${inspect(actual)}\n  where a plain object is ${inspect(expected)}`);
}
