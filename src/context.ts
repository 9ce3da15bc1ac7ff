import type { Codec } from "./codec.ts";
import type { Seen } from "./conditional-write.ts";
import { SessionError, storeError } from "./errors.ts";
import { afterTurn } from "./event-loop.ts";
import { isPromise } from "./is-promise.ts";
import { onDemand } from "./on-demand.ts";
import type { ResolvedOptions } from "./options.ts";
import { Queue } from "./queue.ts";
import { acceptsRawIds } from "./migration.ts";
import type { MaybePromise, Store } from "./stores/store.ts";
import type { RecordMeta } from "./record.ts";
import type { Shape } from "./shape.ts";
import type { Seals } from "./seals.ts";
import type { SessionState } from "./session-state.ts";
import { createSigner, hashToken, isSessionId, isToken, type TokenSigner } from "./token.ts";
import type { Operation, Tracer } from "./tracer.ts";
import type { SessionHooks } from "./types.ts";

/** What the engine needs of its surroundings beside the clock; tests give their own. */
export interface Platform {
  sleep(milliseconds: number): Promise<void>;
  /** Waits until the event loop has let everybody else go on. */
  nextTurn(): Promise<void>;
  /** 0 to 1, for jitter only. */
  random(): number;
  /** Milliseconds that never step, for time budgets. */
  uptime(): number;
}

export const platform: Platform = {
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  nextTurn: () => new Promise((resolve) => void afterTurn(resolve)),
  random: Math.random,
  uptime: () => performance.now(),
};

/** A time budget for calls to the store: begun when made, shared by all calls of one operation. */
export class Budget {
  readonly #platform: Platform;
  #ends: number;

  constructor(on: Platform, milliseconds: number) {
    this.#platform = on;
    this.#ends = on.uptime() + milliseconds;
  }

  get left(): number {
    return Math.max(0, this.#ends - this.#platform.uptime());
  }

  /**
   * Waits for an answer of the store, but no longer than the budget lasts.
   *
   * @param errorFor what is thrown for what the store failed by
   */
  wait<R>(answer: Promise<R>, errorFor: (cause: unknown) => unknown = asIs): Promise<R> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const timer = setTimeout(() => {
        isOver = true;
        // Timers drop fractions and may fire early: what was given up must not leave time for another try.
        this.#ends = -Infinity;
        reject(errorFor(new Error("The time for the store to answer is over.")));
      }, this.left);
      const answered = (value: R): void => {
        clearTimeout(timer);
        resolve(value);
      };
      const failed = (cause: unknown): void => {
        if (isOver) return;
        clearTimeout(timer);
        reject(errorFor(cause));
      };
      // By hand, since `Promise.race` and a `finally` would make five promises of it.
      answer.then(answered, failed);
    });
  }
}

function asIs(cause: unknown): unknown {
  return cause;
}

const openCode = onDemand(() => import("./stores/open.ts"));

/** What all operations of one manager share. */
export class Context {
  readonly options: ResolvedOptions;
  readonly platform: Platform;
  /** Put in place with the first session, as is the next: until then nobody asks for them, and their code is not loaded. */
  codec!: Codec;
  seals!: Seals;
  readonly signer: TokenSigner;
  /** What a record of this manager says of itself from the beginning. */
  readonly ownMeta: RecordMeta;
  /** Operations on one session, by id. */
  readonly queue: Queue<string, Seen> = new Queue();
  /** Put in place by `unsession/tracing`. */
  tracer: Tracer | undefined;
  #shape: Promise<Shape> | undefined;
  #store: Store | undefined;
  #opening: Promise<Store> | undefined;

  constructor(options: ResolvedOptions, on: Platform) {
    this.options = options;
    this.platform = on;
    this.signer = createSigner(options.secrets, options.cookie.name);
    const { hashIds, prefix, acceptUnsignedUntil } = options;
    this.ownMeta = { ...(hashIds ? {} : { prefix }), ...(acceptUnsignedUntil === 0 ? {} : { signed: true }) };
  }

  /** What data has to be like; `undefined` if anything goes. Imported when first needed, since most applications never do. */
  get shape(): Promise<Shape> | undefined {
    const { schema, version } = this.options;
    if (schema === undefined && version === undefined) return undefined;
    return (this.#shape ??= import("./shape.ts").then(({ Shape }) => new Shape(this.options, this.codec)));
  }

  /** The store, once it was used. */
  get opened(): Store | undefined {
    return this.#store;
  }

  /**
   * Opens the store, within a budget.
   *
   * @throws {SessionError} `ERR_SESSION_STORE`, with the store's own error as cause
   */
  async open(budget: Budget, doing: string): Promise<Store> {
    return this.ask(budget, doing, (store) => store);
  }

  /**
   * Asks the store, within a budget.
   *
   * @throws {SessionError} `ERR_SESSION_STORE`, with the store's own error as cause
   */
  ask<R>(budget: Budget, doing: string, run: (store: Store) => MaybePromise<R>): MaybePromise<R> {
    const errorFor = (cause: unknown): unknown => (SessionError.is(cause) ? cause : this.storeFailed(doing, cause));
    if (this.#store === undefined) return this.#openWithin(budget, errorFor).then(() => this.ask(budget, doing, run));
    try {
      const answer = run(this.#store);
      return isPromise(answer) ? budget.wait(answer, errorFor) : answer;
    } catch (cause) {
      throw errorFor(cause);
    }
  }

  /** The error for a store that failed; the `error` hook hears of it. */
  storeFailed(doing: string, cause: unknown): SessionError {
    const error = storeError(doing, cause);
    this.tell("error", { id: undefined, error });
    return error;
  }

  /** Runs an operation, under the eyes of the tracer if there is one. */
  trace<R>(operation: Operation, state: SessionState | undefined, task: () => Promise<R>): Promise<R> {
    return this.tracer === undefined ? task() : this.tracer.run(operation, state, task);
  }

  /** Calls a hook. What it throws concerns nobody who waits for the session. */
  tell<H extends keyof SessionHooks>(hook: H, info: Parameters<NonNullable<SessionHooks[H]>>[0]): void {
    this.tracer?.hear(hook, info);
    const call = this.options.hooks[hook] as ((info: unknown) => void) | undefined;
    if (call === undefined) return;
    const failed = (error: unknown): void => {
      if (hook !== "error") this.tell("error", { id: info.id, error: asError(error) });
    };
    try {
      const result: unknown = call(info);
      // An async hook that fails must not end the process.
      if (isPromise(result)) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The store key of a token. */
  keyOf(token: string, id: string): string {
    return this.options.prefix + (this.options.hashIds ? id : token);
  }

  /** True for the key of a record of this manager, as against one that only begins with the prefix. */
  isKey(key: string): boolean {
    const { prefix, hashIds } = this.options;
    const rest = key.slice(prefix.length);
    return key.startsWith(prefix) && (hashIds && !acceptsRawIds(this.options) ? isSessionId(rest) : isToken(rest));
  }

  /** The session id that a store key belongs to: a record under a raw token says its prefix. */
  async idOf(key: string, { prefix }: RecordMeta = this.ownMeta): Promise<string> {
    const rest = key.slice(this.options.prefix.length);
    return prefix === undefined ? rest : hashToken(rest);
  }

  /** Releases what was opened here. */
  async close(): Promise<void> {
    const store = this.#store;
    this.#store = this.#opening = undefined;
    // What was given is the giver's to close.
    if (this.options.storage === undefined) await store?.close?.();
  }

  async #openWithin(budget: Budget, errorFor: (cause: unknown) => unknown): Promise<void> {
    // Memory is no back end that could hang: all that it takes is to load its code.
    if (this.options.storage !== undefined) return void (await budget.wait(this.#open(), errorFor));
    await this.#open().catch((cause: unknown) => {
      throw errorFor(cause);
    });
  }

  async #open(): Promise<Store> {
    const { storage, prefix, now } = this.options;
    this.#opening ??= openCode(({ openStore }) => openStore(storage, prefix, now));
    try {
      return (this.#store = await this.#opening);
    } catch (error) {
      // The next request may find it up.
      this.#opening = undefined;
      throw error;
    }
  }
}

/** What was thrown, as an error: what is none may not even have a text. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === "string" ? thrown : "A hook threw something that is no error.", { cause: thrown });
}
