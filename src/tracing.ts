import type { AsyncLocalStorage } from "node:async_hooks";
import type { Channel, TracingChannel } from "node:diagnostics_channel";
import type { Context } from "./context.ts";
import { SessionError } from "./errors.ts";
import { contextOf } from "./manager.ts";
import { stateOf } from "./session.ts";
import type { SessionState } from "./session-state.ts";
import type { Operation, Tracer } from "./tracer.ts";
import type { RejectReason, SessionHookInfo, SessionHooks, SessionManager } from "./types.ts";

export type { Operation as SessionOperation } from "./tracer.ts";

/** How an operation ended; named as the hooks where one of them was told. `failed` is whatever threw, but for `gone`. */
export type SessionOutcome =
  | Exclude<keyof SessionHooks, "conflict" | "error">
  /** There was no session to load. */
  | "new"
  /** The session was ended by another request before it was loaded. */
  | "ended"
  /** The store could not be read, and the request went on without it (`onStoreError`). */
  | "degraded"
  /** There was nothing to do, or nothing left to be done. */
  | "unchanged"
  | "failed";

/**
 * What subscribers are given of one operation: one object, filled in by the time of `asyncStart`.
 *
 * Never a token, and nothing of the data: not even the names of keys.
 */
export interface SessionTrace {
  /** What was called: a method of the manager or session, or `touch` or `rotate`, which a commit does. */
  readonly type: Operation;
  /** The manager's `name`. */
  readonly name: string;
  /** The session id, once it is known. */
  id: string | undefined;
  /** The session id before `$regenerate` or a rotation. */
  previousId: string | undefined;
  outcome: SessionOutcome | undefined;
  /** Why a cookie was rejected. */
  reason: RejectReason | undefined;
  /** How often others wrote first, so that their data was merged. */
  merged: number;
  /** How many places others had changed too. */
  conflicts: number;
  /** Milliseconds from the call to its end, with the wait for other operations on the session. */
  duration: number | undefined;
  /** Set where the operation threw: with the code of the error, and without what its message and cause tell. */
  error?: Error;
}

/** The last part of the channel's name. */
const CHANNELS = {
  load: "load",
  reload: "load",
  commit: "save",
  save: "save",
  update: "save",
  touch: "touch",
  rotate: "regenerate",
  regenerate: "regenerate",
  setOwner: "save",
  destroy: "destroy",
} as const satisfies Record<Operation, string>;

/**
 * Has a manager publish what it does through `node:diagnostics_channel`; gives the manager itself.
 *
 * Tracing channels: `unsession.load`, `.save`, `.touch`, `.regenerate`, `.destroy`. A channel: `unsession.conflict`, once at the end
 * of each operation that others came before. All with a {@link SessionTrace}. Without subscribers nothing is made or measured, and
 * where the platform has no such channels this does nothing.
 *
 * @example
 * app.use(sessionMiddleware(withTracing(createSessionManager(options))));
 * tracingChannel("unsession.save").asyncEnd.subscribe(({ duration, outcome }) => histogram.record(duration, { outcome }));
 */
export function withTracing<T extends object>(manager: SessionManager<T>): SessionManager<T> {
  const context = contextOf(manager);
  context.tracer ??= createTracer(context);
  return manager;
}

function createTracer(context: Context): Tracer | undefined {
  // As h3 and unstorage do: an import of `node:` would keep the module from loading at all on other platforms.
  const { process } = globalThis as { process?: NodeJS.Process };
  const diagnostics = process?.getBuiltinModule?.("node:diagnostics_channel");
  const hooks = process?.getBuiltinModule?.("node:async_hooks");
  if (diagnostics?.tracingChannel === undefined || hooks === undefined) return undefined;
  return new ChannelTracer(context, diagnostics, new hooks.AsyncLocalStorage());
}

/** An operation that runs. */
interface Running {
  readonly trace: SessionTrace;
  /** Something failed meanwhile, though it may have come off in the end. */
  failed: boolean;
}

class ChannelTracer implements Tracer {
  readonly #context: Context;
  readonly #channels: Record<string, TracingChannel<unknown, SessionTrace>>;
  readonly #conflict: Channel;
  /** The operation that what happens belongs to. */
  readonly #running: AsyncLocalStorage<Running>;

  constructor(
    context: Context,
    { channel, tracingChannel }: typeof import("node:diagnostics_channel"),
    running: AsyncLocalStorage<Running>,
  ) {
    this.#context = context;
    this.#running = running;
    this.#conflict = channel("unsession.conflict");
    this.#channels = Object.fromEntries(
      Object.entries(CHANNELS).map(([type, name]) => [type, tracingChannel(`unsession.${name}`)]),
    );
  }

  run<R>(type: Operation, state: SessionState | undefined, task: () => Promise<R>): Promise<R> {
    const channel = this.#channels[type] as TracingChannel<unknown, SessionTrace>;
    return isHeard(channel) || this.#conflict.hasSubscribers ? this.#trace(channel, type, state, task) : task();
  }

  hear(
    event: keyof SessionHooks | "merged",
    info: Partial<SessionHookInfo & { previousId: string; reason: RejectReason }>,
  ): void {
    const running = this.#running.getStore();
    if (running === undefined) return;
    const { trace } = running;
    if (event === "error") running.failed = true;
    else if (event === "merged") trace.merged++;
    else if (event === "conflict") trace.conflicts++;
    else {
      trace.outcome = event;
      trace.reason = info.reason;
      trace.previousId = info.previousId;
      // What was rejected is the id of no session.
      if (event !== "rejected") trace.id = info.id ?? trace.id;
    }
  }

  async #trace<R>(
    channel: TracingChannel<unknown, SessionTrace>,
    type: Operation,
    state: SessionState | undefined,
    task: () => Promise<R>,
  ): Promise<R> {
    const { options, platform } = this.#context;
    const began = platform.uptime();
    const running: Running = {
      failed: false,
      trace: {
        type,
        name: options.name,
        id: state?.stored?.id,
        previousId: undefined,
        outcome: undefined,
        reason: undefined,
        merged: 0,
        conflicts: 0,
        duration: undefined,
      },
    };
    const { trace } = running;
    let result!: Promise<R>;
    // A promise of its own: Node shows subscribers what the traced one resolves to, and ours are sessions and cookies.
    const ended = async (): Promise<void> => {
      result = task();
      try {
        const answer = await result;
        trace.outcome ??= running.failed ? "failed" : outcomeOf(type, state ?? answer);
      } catch (error) {
        if (trace.outcome !== "gone") trace.outcome = "failed";
        trace.error = withoutDetails(error);
        throw trace.error;
      } finally {
        trace.duration = platform.uptime() - began;
      }
    };
    await channel.tracePromise(() => this.#running.run(running, ended), trace).catch(() => undefined);
    if (trace.merged + trace.conflicts > 0 || isConflict(trace.error)) this.#conflict.publish(trace);
    return result;
  }
}

/** By each of the five channels, since the `hasSubscribers` of them all is missing on Bun. */
function isHeard({ start, end, asyncStart, asyncEnd, error }: TracingChannel<unknown, SessionTrace>): boolean {
  return [start, end, asyncStart, asyncEnd, error].some(({ hasSubscribers }) => hasSubscribers);
}

/** How an operation ended that no hook was told of. */
function outcomeOf(type: Operation, subject: unknown): SessionOutcome {
  if (CHANNELS[type] !== "load") return "unchanged";
  const { status } = type === "load" ? stateOf(subject as object) : (subject as SessionState);
  return status === "stored" ? "loaded" : status === "ended" || status === "degraded" ? status : "new";
}

/** What may be told of an error: its message may name keys, and its cause hold a whole record. */
function withoutDetails(error: unknown): Error {
  return SessionError.is(error)
    ? new SessionError(error.code, "An operation on a session failed. The error that it threw tells more.")
    : new Error("[unsession] An operation on a session failed by an error of the application. The error itself tells more.");
}

function isConflict(error: Error | undefined): boolean {
  return SessionError.is(error) && error.code === "ERR_SESSION_CONFLICT";
}
