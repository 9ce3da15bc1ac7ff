import { createSessionManager, type Session, type SessionHookInfo, type SessionHooks, type SessionManager } from "unsession";
import type { MaybePromise, Replaced, SessionOptions, Store, StoreEntry } from "unsession";
import { createMemoryStore, type MemoryStore } from "../../src/stores/memory.ts";

/** The time, which stands still until it is advanced. */
export interface Clock {
  readonly now: () => number;
  readonly advance: (milliseconds: number) => void;
}

export function createClock(time = 1_700_000_000_000): Clock {
  return { now: () => time, advance: (milliseconds) => void (time += milliseconds) };
}

export type Verb = "get" | "create" | "replace" | "touch" | "remove" | "keys" | "sweep" | "close";

/** A memory store that notes each call, and fails as it is told. */
export class SpyStore implements Store {
  readonly name = "spy";
  readonly class = "A";
  readonly ttl = true;
  list = true;
  binary: boolean | undefined;
  maxBytes: number | undefined;
  readonly calls: Verb[] = [];
  /** Asked before each call: what it throws, or a promise it returns, takes the place of the answer. */
  fault: ((verb: Verb) => MaybePromise<never> | undefined) | undefined;
  /** Verbs whose next call is done, but not answered. */
  readonly lost: Verb[] = [];
  readonly memory: MemoryStore;

  constructor(now: () => number) {
    this.memory = createMemoryStore({ now });
  }

  /** Keys and values, as a thief of the store would see them. */
  get dump(): Record<string, string> {
    return Object.fromEntries([...this.memory.keys("")].map((key) => [key, this.memory.get(key)?.value ?? ""]));
  }

  /** The only record. */
  get record(): string {
    const [value, ...others] = Object.values(this.dump);
    if (value === undefined || others.length > 0) throw new Error(`there are ${value === undefined ? 0 : "several"} records`);
    return value;
  }

  set record(value: string) {
    const [key] = Object.keys(this.dump) as [string];
    this.memory.set(key, value, undefined);
  }

  get(key: string): MaybePromise<StoreEntry | undefined> {
    return this.#call("get", () => this.memory.get(key));
  }

  create(key: string, value: string, ttl: number | undefined): MaybePromise<boolean> {
    return this.#call("create", () => this.memory.create(key, value, ttl));
  }

  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): MaybePromise<Replaced> {
    return this.#call("replace", () => this.memory.replace(key, value, expected, ttl));
  }

  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): MaybePromise<Replaced> {
    return this.#call("touch", () => this.memory.touch(key, header, expected, ttl));
  }

  remove(key: string): MaybePromise<void> {
    return this.#call("remove", () => this.memory.remove(key));
  }

  keys(prefix: string): Iterable<string> {
    return this.#call("keys", () => [...this.memory.keys(prefix)]) as string[];
  }

  sweep(): MaybePromise<number> {
    return this.#call("sweep", () => this.memory.sweep());
  }

  close(): MaybePromise<void> {
    return this.#call("close", () => undefined);
  }

  #call<R>(verb: Verb, run: () => R): MaybePromise<R> {
    this.calls.push(verb);
    const failure = this.fault?.(verb);
    if (failure !== undefined) return failure;
    const answer = run();
    const index = this.lost.indexOf(verb);
    if (index < 0) return answer;
    this.lost.splice(index, 1);
    throw new Error(`the answer to ${verb} was lost`);
  }
}

/** A store that never answers the verb. */
export const hanging =
  (...verbs: Verb[]) =>
  (verb: Verb): Promise<never> | undefined =>
    verbs.includes(verb) ? new Promise<never>(() => {}) : undefined;

/** A store that fails the verb. */
export const failing =
  (...verbs: Verb[]) =>
  (verb: Verb): undefined => {
    if (verbs.includes(verb)) throw new Error(`no ${verb} today`);
  };

const HOOKS = [
  "created",
  "loaded",
  "saved",
  "touched",
  "regenerated",
  "destroyed",
  "expired",
  "rejected",
  "conflict",
  "gone",
  "corrupt",
  "rotated",
  "reuse",
  "error",
] as const;

export type HookName = (typeof HOOKS)[number];
type Told = SessionHookInfo & Record<string, unknown>;

/** What a request was answered with. */
export interface Answer {
  readonly session: Session;
  readonly setCookies: string[];
  readonly headers: Headers;
  /** The `Cookie` header of the browser's next request. */
  readonly cookie: string | undefined;
  /** What the store was asked. */
  readonly calls: Verb[];
}

export interface RequestOptions {
  readonly status?: number;
  readonly headers?: HeadersInit;
  readonly secure?: boolean | undefined;
}

/** A manager over a {@link SpyStore}, with a clock that stands still and every hook noted. */
export class World {
  readonly clock: Clock = createClock();
  readonly store: SpyStore = new SpyStore(this.clock.now);
  readonly told: [hook: HookName, info: Told][] = [];
  readonly hooks: SessionHooks;
  readonly manager: SessionManager;

  constructor(options: SessionOptions = {}) {
    const noting = (hook: HookName) => (info: SessionHookInfo) => void this.told.push([hook, info as Told]);
    this.hooks = Object.fromEntries(HOOKS.map((hook) => [hook, noting(hook)]));
    this.manager = this.another(options);
  }

  /** A second manager on the same store. */
  another(options: SessionOptions = {}): SessionManager {
    return createSessionManager({ storage: this.store, now: this.clock.now, hooks: this.hooks, ...options });
  }

  /** The hooks called so far, by name. */
  get heard(): HookName[] {
    return this.told.map(([hook]) => hook);
  }

  /** What a hook was told. */
  infos(hook: HookName): Told[] {
    return this.told.filter(([name]) => name === hook).map(([, info]) => info);
  }

  /** A whole request: load, whatever the handler does, commit. */
  async visit(
    cookie: string | undefined,
    handler: (session: Session) => unknown = () => undefined,
    { status = 200, headers: init, secure }: RequestOptions = {},
  ): Promise<Answer> {
    const before = this.store.calls.length;
    const session = await this.manager.load(cookie, { secure });
    await handler(session);
    const headers = new Headers(init);
    const setCookies = await this.manager.commit(session, { status, headers });
    return { session, setCookies, headers, cookie: nextCookie(cookie, setCookies), calls: this.store.calls.slice(before) };
  }

  /** The data that the next request would see. */
  async dataOf(cookie: string | undefined): Promise<unknown> {
    return { ...(await this.manager.load(cookie)) };
  }
}

/** What a browser sends after an answer. */
export function nextCookie(cookie: string | undefined, setCookies: readonly string[]): string | undefined {
  const last = setCookies.at(-1);
  if (last === undefined) return cookie;
  return /; Max-Age=0(;|$)/.test(last) ? undefined : last.split(";")[0];
}

/** The token in a `Cookie` header. */
export function tokenOf(cookie: string | undefined): string {
  return (cookie ?? "").slice((cookie ?? "").indexOf("=") + 1).split(".")[0] as string;
}

/** A record with another data section. */
export function withData(record: string, text: string, serializer?: string): string {
  const header = record.slice(0, 212) + String(text.length).padStart(8, "0");
  const named = serializer === undefined ? header : header.slice(0, 4) + serializer.padEnd(16) + header.slice(20);
  const meta = Number(record.slice(196, 204));
  const flash = Number(record.slice(204, 212));
  return named + record.slice(220, 220 + meta + flash) + text;
}

/** What a promise was rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: unknown; status?: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
