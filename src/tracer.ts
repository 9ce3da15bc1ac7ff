import type { SessionState } from "./session-state.ts";
import type { SessionHookInfo, SessionHooks } from "./types.ts";

/** What is done to a session, by the name of what the user, or the engine for him, called. */
export type Operation =
  | "load"
  | "reload"
  | "commit"
  | "save"
  | "update"
  | "touch"
  | "rotate"
  | "regenerate"
  | "setOwner"
  | "destroy";

/** Who watches the operations of one manager. */
export interface Tracer {
  /** Runs an operation, at once; answers as it does. The state is unknown where the session is yet to be found. */
  run<R>(operation: Operation, state: SessionState | undefined, task: () => Promise<R>): Promise<R>;
  /** Hears what happens while an operation runs: all that hooks are told, and that newer data was merged. */
  hear(event: keyof SessionHooks | "merged", info: SessionHookInfo): void;
}
