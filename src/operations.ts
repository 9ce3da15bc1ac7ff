import { createCodec } from "./codec.ts";
import { commit } from "./commit.ts";
import { Budget, type Context } from "./context.ts";
import { createEngine } from "./engine.ts";
import { findByToken, loadSession } from "./load.ts";
import { readToken } from "./migration.ts";
import type { Seals } from "./seals.ts";
import type { DataOf, Session, SessionManager } from "./types.ts";

/** What a manager does for requests: all that is loaded with the first session, and not before. */
export type Operations<T extends object> = Pick<SessionManager<T>, "load" | "commit" | "find">;

/** Records as they are written by the codec. */
const IN_CLEAR: Seals = { seal: (encoded) => encoded, open: (stored) => stored, move: (record) => record };

export function createOperations<T extends object>(context: Context): Operations<T> {
  const { serializers, maxBytes, timeouts } = context.options;
  context.codec = createCodec(
    serializers.map((one) => one.sealing?.inner ?? one),
    maxBytes,
  );
  const sealing = serializers.find((one) => one.sealing !== undefined)?.sealing;
  context.seals = sealing?.createSeals(serializers, maxBytes) ?? IN_CLEAR;
  const engine = createEngine(context);
  return {
    load: (header, request) => loadSession(context, engine, header, request) as Promise<Session<T>>,
    commit: (session, response) => commit(context, engine, session, response),
    async find(value) {
      const brought = await readToken(context, value);
      if (brought === undefined) return undefined;
      const found = await findByToken(context, new Budget(context.platform, timeouts.load), brought);
      return found.kind === "live" ? (found.data as DataOf<T>) : undefined;
    },
  };
}
