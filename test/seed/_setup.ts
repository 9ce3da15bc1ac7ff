import { readFile } from "node:fs/promises";
import { H3, type EventHandler, type H3Event } from "h3";
import { expect } from "vitest";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";
import memory, { type MemoryStore } from "unsession/drivers/memory";
import { sessionMiddleware, useSession } from "unsession/h3";
import type { Store } from "../../src/stores/store.ts";
import type { Answer } from "../integration/_setup.ts";
import { createClock, type Clock } from "../stores/contract.ts";

export const DAY: number = 24 * 60 * 60 * 1000;

type Handle = (session: Session, event: H3Event) => unknown;

/** An application with sessions, the store behind them, and a clock that moves only when told. */
export interface World {
  readonly app: H3;
  readonly manager: SessionManager;
  readonly store: MemoryStore;
  /** What the store was asked, in order. */
  readonly calls: Call[];
  readonly clock: Clock;
  /** One request, whose handler does what is given with the session. Rejects with what the handler throws. */
  visit(handle: Handle, cookie?: string, origin?: string): Promise<Answer>;
  /** One request for a path. */
  get(path: string, cookie?: string): Promise<Answer>;
  /** All keys of the store. */
  keys(): string[];
}

export function start(options: SessionOptions = {}): World {
  const clock = createClock();
  const store = newStore(clock);
  const calls: Call[] = [];
  const manager = createSessionManager({ storage: recorded(store, calls), now: clock.now, ...options });
  const app = new H3({ silent: true }).use(sessionMiddleware(manager));
  const handles = new Map<string, Handle>();
  app.get("/visit/**", async (event) => handles.get(event.url.pathname)?.(await useSession(event), event));
  const get = (path: string, cookie?: string): Promise<Answer> => ask(app, path, cookie);
  return {
    app,
    manager,
    store,
    calls,
    clock,
    get,
    async visit(handle, cookie, origin = "http://example.com") {
      const path = `/visit/${handles.size}`;
      const errors: unknown[] = [];
      // An expectation that fails in a handler would only be a 500 otherwise.
      handles.set(path, async (session, event) => {
        try {
          return await handle(session, event);
        } catch (error) {
          errors.push(error);
          throw error;
        }
      });
      const answer = await get(origin + path, cookie);
      if (errors.length > 0) throw errors[0];
      return answer;
    },
    keys: () => [...store.keys("")],
  };
}

/** What the memory driver keeps its sessions in. */
export function newStore(clock: Clock = createClock()): MemoryStore {
  return memory({ now: clock.now }).getInstance?.() as MemoryStore;
}

/** One request to an application. */
export async function ask(app: H3, path: string, cookie?: string): Promise<Answer> {
  const headers: HeadersInit = cookie === undefined ? {} : { cookie };
  const response = await app.fetch(new Request(new URL(path, "http://example.com"), { headers }));
  const { status } = response;
  return { status, headers: response.headers, body: await response.text(), cookies: response.headers.getSetCookie() };
}

/** The seed's example: counts requests in `foo`. */
export const index: EventHandler = async (event) => {
  const session = await useSession(event);
  if (!session.foo) session.foo = 0;
  session.foo += 1;
  return session.foo;
};

/** The one cookie that an answer sets, with its attributes by name; `true` for those without a value. */
export function cookieIn(answer: Answer): { name: string; value: string; attributes: Record<string, string | true> } {
  expect(answer.cookies).toHaveLength(1);
  const [pair, ...attributes] = (answer.cookies[0] as string).split("; ").map((part) => part.split("=") as [string, string?]);
  const [name, value] = pair as [string, string];
  return { name, value, attributes: Object.fromEntries(attributes.map(([key, text]) => [key, text ?? (true as const)])) };
}

/** The token in the cookie that an answer sets. */
export function tokenIn(answer: Answer): string {
  return cookieIn(answer).value;
}

export interface Call {
  readonly verb: "get" | "create" | "replace" | "touch" | "remove";
  readonly key: string;
  /** Milliseconds the store is to keep the record. */
  readonly ttl?: number | undefined;
}

/** A store that takes note of what it is asked. */
export function recorded(store: Store, calls: Call[]): Store {
  const { name, class: storeClass, ttl, list } = store;
  return {
    name,
    class: storeClass,
    ttl,
    list,
    get(key) {
      calls.push({ verb: "get", key });
      return store.get(key);
    },
    create(key, value, ttl) {
      calls.push({ verb: "create", key, ttl });
      return store.create(key, value, ttl);
    },
    replace(key, value, expected, ttl) {
      calls.push({ verb: "replace", key, ttl });
      return store.replace(key, value, expected, ttl);
    },
    touch(key, header, expected, ttl) {
      calls.push({ verb: "touch", key, ttl });
      return store.touch(key, header, expected, ttl);
    },
    remove(key) {
      calls.push({ verb: "remove", key });
      return store.remove(key);
    },
    keys: (prefix) => store.keys(prefix),
  };
}

/** What the package says of itself. */
export async function readPackage(): Promise<Record<string, Record<string, unknown>>> {
  return JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
}
