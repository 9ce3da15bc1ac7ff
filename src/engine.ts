import type { Context } from "./context.ts";
import { destroyedError, valueError } from "./errors.ts";
import { destroy } from "./destroy.ts";
import { onDemand } from "./on-demand.ts";
import { save } from "./save.ts";
import type { SessionEngine } from "./session.ts";
import type { SessionState } from "./session-state.ts";
import type { Operation } from "./tracer.ts";

const reloading = onDemand(() => import("./reload.ts"));
const regenerating = onDemand(() => import("./regenerate.ts"));
const owning = onDemand(() => import("./owners/index.ts"));

/**
 * What a session has done for it, in turn: operations of one request on one session run one after another, and so do those of all
 * requests of this process on one id.
 */
export function createEngine(context: Context): SessionEngine & { inTurn: InTurn } {
  const inTurn: InTurn = (operation, state, task) =>
    context.trace(operation, state, () => {
      const queued = (): ReturnType<typeof task> => {
        const id = state.stored?.id;
        return id === undefined ? task() : context.queue.run(id, task);
      };
      const result = state.tail === undefined ? queued() : state.tail.then(queued);
      const leave = (): void => {
        if (state.tail === tail) state.tail = undefined;
      };
      const tail = result.then(leave, leave);
      state.tail = tail;
      return result;
    });
  /** What the user awaits: it resolves only if the store did it. */
  const asked: InTurn = (operation, state, task) =>
    inTurn(operation, state, async () => {
      state.refuseDegraded();
      return task();
    });
  return {
    options: context.options,
    check: (value, path) => context.codec.check(value, path),
    inTurn,
    save: (state) =>
      asked("save", state, async () => {
        if (state.status === "destroyed") throw destroyedError();
        await save(context, state);
      }),
    reload: (state) => asked("reload", state, () => reloading((code) => code.reload(context, state))),
    regenerate: (state) => asked("regenerate", state, () => regenerating((code) => code.regenerate(context, state))),
    setOwner: (state, owner, meta) =>
      asked("setOwner", state, () => owning((code) => code.setOwner(context, state, owner, meta))),
    destroy: (state) => asked("destroy", state, () => destroy(context, state)),
    update: <R>(state: SessionState, fn: (draft: Record<string, unknown>) => R) =>
      asked("update", state, async () => {
        if (state.status === "destroyed") throw destroyedError();
        let result!: R;
        await save(context, state, (draft) => {
          result = fn(draft);
          refusePromise(result);
        });
        return result;
      }),
  };
}

type InTurn = <R>(operation: Operation, state: SessionState, task: () => Promise<R>) => Promise<R>;

/** The draft is stored as soon as `fn` returns: what it did later would be lost. */
function refusePromise(result: unknown): void {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== "function") return;
  (result as Promise<unknown>).then(undefined, () => undefined);
  throw valueError(["$update"], "was given a function that returns a promise", "Await first, then update in one go");
}
