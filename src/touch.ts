import { Budget, type Context } from "./context.ts";
import { isExpired, isRenewalDue, storeTtl, timeoutsOf } from "./lifecycle.ts";
import { stayListed } from "./ownership.ts";
import { parseRecord, touchedHeader } from "./record.ts";
import type { SessionState, Stored } from "./session-state.ts";

/**
 * Begins the idle window anew, data unchanged, and renews the cookie: at most once per renewal step.
 *
 * Never throws: nothing that the user wrote is at stake. If the touch does not come off, the cookie is not renewed either, and the
 * next request tries again.
 */
export async function touch(context: Context, state: SessionState): Promise<void> {
  const { options } = context;
  const stored = state.stored as Stored;
  const { key, id } = stored;
  let { entry, record } = stored;
  const budget = new Budget(context.platform, options.timeouts.save);
  try {
    for (;;) {
      const now = options.now();
      if (record.state !== "live" || isExpired(record, now) || !isRenewalDue(record, now)) return;
      const { idleWindow } = timeoutsOf(record.meta.timeouts, options);
      const next = { ...record, version: record.version + 1, touchedAt: now, idleWindow };
      if (!(await stayListed(context, key, record, next))) return;
      const header = touchedHeader(next, entry.value);
      const seen = entry;
      const touched = await context.ask(budget, "touch a session", (store) =>
        store.touch(key, header, seen, storeTtl(next, now)),
      );
      if (touched.status === "missing") return;
      if (touched.status === "ok") {
        state.stored =
          record === stored.record
            ? { ...stored, entry: touched.entry, record: next }
            : // The data is not the newest: a write after this is to notice.
              { ...stored, record: { ...stored.record, touchedAt: now, idleWindow } };
        state.cookieAction = "set";
        context.tell("touched", { id });
        return;
      }
      const current = parseRecord(touched.current.value);
      if (current === undefined || budget.left === 0) return;
      entry = touched.current;
      record = current;
    }
  } catch {
    // Told to the `error` hook where it happened.
  }
}
