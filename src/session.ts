import { valueError } from "./errors.ts";
import { expiresAt } from "./lifecycle.ts";
import type { ResolvedOptions } from "./options.ts";
import { cookieOverrides, lifetimeOverrides } from "./overrides.ts";
import type { SessionState } from "./session-state.ts";
import { admit } from "./tracking/admit.ts";
import { increment } from "./tracking/increment.ts";
import { Node } from "./tracking/node.ts";
import type { Path } from "./tracking/path.ts";
import { snapshot } from "./tracking/snapshot.ts";
import { Tracker, type Change } from "./tracking/tracker.ts";
import type { OwnerMeta, Session, SessionControls, SessionCookieOverrides, SessionLifetimeOverrides } from "./types.ts";

type Fields = Record<string, unknown>;

/** What a session has done for it: everything that takes I/O. */
export interface SessionEngine {
  readonly options: ResolvedOptions;
  /** Checks that a value can be kept. @throws {SessionError} `ERR_SESSION_VALUE`, with its path */
  check(value: Fields, path: Path): void;
  save(state: SessionState): Promise<void>;
  reload(state: SessionState): Promise<void>;
  regenerate(state: SessionState): Promise<void>;
  setOwner(state: SessionState, owner: string | null | undefined, meta: OwnerMeta | undefined): Promise<void>;
  destroy(state: SessionState): Promise<void>;
  update<R>(state: SessionState, fn: (draft: Fields) => R): Promise<R>;
}

/** What a session, and nothing else, answers with its state; see `kNode` in `tracking/raw.ts`. */
const kState: unique symbol = Symbol("state");

/** Makes the proxy through which the user sees `data` as a session. */
export function createSession(state: SessionState, data: Fields, engine: SessionEngine): Session {
  state.tracker = new Tracker(
    () => state.guard(),
    (tracker) => new SessionNode(data, tracker, state, engine),
  );
  return state.tracker.root.proxy as Session;
}

/** The state behind a session. @throws {TypeError} for anything else */
export function stateOf(session: object): SessionState {
  const state = (session as { readonly [kState]?: SessionState } | undefined)?.[kState];
  if (state === undefined) throw new TypeError("[unsession] This is not a session. Pass what `load` gave.");
  return state;
}

/** The root of the tree: data keys as on any object, controls under `$`, and reads taken note of. */
class SessionNode extends Node {
  readonly #state: SessionState;
  readonly #engine: SessionEngine;
  #controls: Controls | undefined;
  #bound: Record<string, unknown> | undefined;

  constructor(data: Fields, tracker: Tracker, state: SessionState, engine: SessionEngine) {
    super(data, tracker, undefined, undefined);
    this.#state = state;
    this.#engine = engine;
  }

  override get(target: object, key: PropertyKey, receiver?: unknown): unknown {
    if (isControl(key)) return this.#control(key);
    if (key === kState) return receiver === this.proxy ? this.#state : undefined;
    this.#read(key);
    return super.get(target, key, receiver);
  }

  has(target: object, key: PropertyKey): boolean {
    if (isControl(key)) return false;
    this.#read(key);
    return Reflect.has(target, key);
  }

  ownKeys(target: object): (string | symbol)[] {
    this.#state.wasRead = true;
    return Reflect.ownKeys(target);
  }

  override getOwnPropertyDescriptor(target: object, key: PropertyKey): PropertyDescriptor | undefined {
    if (isControl(key)) return undefined;
    this.#read(key);
    return super.getOwnPropertyDescriptor(target, key);
  }

  protected override assign(key: PropertyKey, value: unknown): boolean {
    if (isControl(key)) throw reservedKey(key);
    return super.assign(key, value);
  }

  /** Awaiting a session reads `then`, and tools read symbols: neither shows any data. */
  #read(key: PropertyKey): void {
    if (typeof key === "string" && key !== "then") this.#state.wasRead = true;
  }

  #control(key: string): unknown {
    if (!Object.hasOwn(Controls.prototype, key)) return undefined;
    const known = this.#bound?.[key];
    if (known !== undefined) return known;
    this.#controls ??= new Controls(this.#state, this.#engine);
    const control: unknown = (this.#controls as unknown as Fields)[key];
    if (typeof control !== "function") return control;
    // Bound once, so that a control can be passed on and is the same each time.
    const bound: unknown = control.bind(this.#controls);
    (this.#bound ??= {})[key] = bound;
    return bound;
  }
}

function isControl(key: PropertyKey): key is string {
  return typeof key === "string" && key.charCodeAt(0) === 0x24;
}

function reservedKey(key: string): Error {
  return valueError(
    [key],
    "has a key that begins with `$`",
    "These names are controls of the session, and cannot be assigned; nested they are plain data",
  );
}

/** The members under `$`. */
class Controls implements SessionControls<Fields> {
  readonly #state: SessionState;
  readonly #engine: SessionEngine;
  #cookie: SessionCookieOverrides | undefined;
  #lifetime: SessionLifetimeOverrides | undefined;

  constructor(state: SessionState, engine: SessionEngine) {
    this.#state = state;
    this.#engine = engine;
  }

  get $id(): string | undefined {
    return this.#seen().stored?.id;
  }

  get $isNew(): boolean {
    return this.#seen().stored === undefined;
  }

  get $isDegraded(): boolean {
    return this.#seen().status === "degraded";
  }

  get $isDirty(): boolean {
    const state = this.#state;
    return state.status !== "destroyed" && state.status !== "degraded" && (state.changes.length > 0 || state.extrasChanged);
  }

  get $changes(): readonly Change[] {
    return Object.freeze(this.#seen().changes);
  }

  get $createdAt(): Date {
    return new Date(this.#seen().stored?.record.createdAt ?? this.#state.createdAt);
  }

  get $expiresAt(): Date | null {
    const end = expiresAt(this.#seen().life(this.#engine.options));
    return end === undefined ? null : new Date(end);
  }

  get $cookie(): SessionCookieOverrides {
    this.#cookie ??= cookieOverrides(this.#state);
    return this.#cookie;
  }

  get $lifetime(): SessionLifetimeOverrides {
    this.#lifetime ??= lifetimeOverrides(this.#state);
    return this.#lifetime;
  }

  $save(): Promise<void> {
    return this.#engine.save(this.#state);
  }

  $reload(): Promise<void> {
    return this.#engine.reload(this.#state);
  }

  $regenerate(): Promise<void> {
    return this.#engine.regenerate(this.#state);
  }

  $setOwner(owner: string | null | undefined, meta?: OwnerMeta): Promise<void> {
    return this.#engine.setOwner(this.#state, owner, meta && { ...meta });
  }

  $destroy(): Promise<void> {
    return this.#engine.destroy(this.#state);
  }

  $update<R>(fn: (draft: Fields) => R): Promise<R> {
    return this.#engine.update(this.#state, fn);
  }

  $clear(): void {
    const state = this.#state;
    state.guard();
    const { tracker, raw } = state;
    for (const key of Object.keys(raw)) delete raw[key];
    state.flashChanges.clear();
    state.cleared = true;
    tracker.wrote(() => ({ op: "clear", path: [] }));
  }

  $increment(path: string | readonly unknown[], by: number = 1): void {
    const steps = Array.isArray(path) ? (path as readonly unknown[]) : [path];
    if (typeof steps[0] === "string" && isControl(steps[0])) throw reservedKey(steps[0]);
    increment(this.#state.tracker, steps, by);
  }

  $flash<V = unknown>(key: string, ...[value]: [unknown?]): V | undefined {
    const state = this.#state;
    // Told by the number of arguments, so that a value that happens to be undefined does not read.
    if (arguments.length > 1) {
      state.guard();
      const kept = snapshot(admit(value, () => ["$flash", key]));
      this.#engine.check({ [key]: kept }, ["$flash"]);
      state.flashChanges.set(key, kept);
      return undefined;
    }
    this.#seen();
    const found = state.flashNow().get(key);
    if (found === undefined) return undefined;
    state.guard();
    // Also if it was set by this request: a save may just be storing it.
    state.flashChanges.set(key, undefined);
    return found as V;
  }

  $subscribe(fn: (change: Change) => void): () => void {
    return this.#state.tracker.listen(fn);
  }

  $snapshot(): Fields {
    return snapshot(this.#seen().raw);
  }

  /** What shows something of the session makes the response depend on it. */
  #seen(): SessionState {
    this.#state.wasRead = true;
    return this.#state;
  }
}
