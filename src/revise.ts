import type { Merged } from "./merge.ts";
import { admit } from "./tracking/admit.ts";
import { containerKind } from "./tracking/kinds.ts";
import type { Pairs } from "./tracking/pairing.ts";
import { copy } from "./tracking/snapshot.ts";

/** What `$update` was given: run on the newest data, again whenever someone else wrote first. */
export type Revise = (draft: Record<string, unknown>) => unknown;

/**
 * Runs a revision on what was merged, and takes a copy of what it made of that: what it put there is its caller's, who could
 * change it unseen later, or a proxy of the session itself.
 *
 * @throws {SessionError} `ERR_SESSION_VALUE` for what an assignment to the session would refuse
 */
export function applyRevision(revise: Revise, { tree, pairs }: Merged): Pick<Merged, "tree" | "pairs"> {
  revise(tree);
  admit(tree, () => []);
  const copies = new Map<object, object>();
  const revised = copy(tree, copies) as Record<string, unknown>;
  for (const made of copies.values()) dropUndefined(made);
  const kept: Pairs = new Map();
  for (const [container, live] of pairs) {
    const copied = copies.get(container);
    if (copied !== undefined) kept.set(copied, live);
  }
  return { tree: revised, pairs: kept };
}

/** A key that is set to `undefined` is deleted, as in the session itself. */
function dropUndefined(made: object): void {
  if (containerKind(made) !== "object") return;
  for (const [key, value] of Object.entries(made)) if (value === undefined) Reflect.deleteProperty(made, key);
}
