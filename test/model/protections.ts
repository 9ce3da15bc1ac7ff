import { createHash } from "node:crypto";
import type * as loading from "../../src/load.ts";
import type * as merging from "../../src/merge.ts";
import type * as ownerIndex from "../../src/owners/owner-index.ts";
import type * as settling from "../../src/owners/settle.ts";
import type * as records from "../../src/record.ts";
import type * as tokens from "../../src/token.ts";
import type { FakeStore } from "./fake-store.ts";

/**
 * The protections of the commit protocol that a test can switch off, to see that the model notices.
 *
 * None has a switch in the library: the fake store stops doing its part, or a function of the library is wrapped by `vi.mock`.
 */
export type Protection =
  | "write ids"
  | "ring overflow check"
  | "compare-and-set"
  | "compare-and-set of moves"
  | "compare-and-set of touches"
  | "never re-create"
  | "tombstones"
  | "tombstone check on load"
  | "deletion wins"
  | "losers remove their candidate"
  | "destroy follows a rotation"
  | "no way on from an elevated session"
  | "the end of the grace"
  | "comparing a taken key with one's own record"
  | "looking at the owner's index again"
  | "settling a session that is not the owner's yet";

/** Those that are switched off just now. */
export const switchedOff: Set<Protection> = new Set();

/**
 * `src/token.ts` with a hash that answers at once: `subtle.digest` works on a thread pool, which no scheduler could order, and
 * takes longer than the whole rest of a request.
 */
export function fastTokens(original: typeof tokens): typeof tokens {
  return { ...original, hashToken: (token) => Promise.resolve(idOf(token)) };
}

/** What the session id of a token is while {@link fastTokens} stands in. */
export function idOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** `src/record.ts` whose write ids can be ignored. */
export function weakenedRecords(original: typeof records): typeof records {
  return {
    ...original,
    get REMEMBERED_WRITES() {
      return switchedOff.has("ring overflow check") ? (Infinity as number as 8) : original.REMEMBERED_WRITES;
    },
    hasWrite(record, writeId) {
      if (switchedOff.has("write ids")) return false;
      if (switchedOff.has("comparing a taken key with one's own record")) return true;
      return original.hasWrite(record, writeId);
    },
  };
}

/** `src/load.ts` that cannot tell a destroy where a session was rotated to. */
export function weakenedLoads(original: typeof loading): typeof loading {
  return {
    ...original,
    readSuccessor: async (...given) =>
      switchedOff.has("destroy follows a rotation") ? undefined : original.readSuccessor(...given),
  };
}

/** `src/merge.ts` that can bring back a container which they deleted while mine was written into. */
export function weakenedMerge(original: typeof merging): typeof merging {
  return {
    ...original,
    merge(base, mine, theirs, marksOf, policy) {
      if (switchedOff.has("deletion wins")) {
        for (const [key, value] of Object.entries(base)) {
          if (typeof value === "object" && typeof mine[key] === "object") theirs[key] ??= structuredClone(value);
        }
      }
      return original.merge(base, mine, theirs, marksOf, policy);
    },
  };
}

/** `src/owners/owner-index.ts` in which a login finds itself listed whenever it looks. */
export function weakenedIndex(original: typeof ownerIndex): typeof ownerIndex {
  return {
    ...original,
    async readIndex(context, owner) {
      const entries = await original.readIndex(context, owner);
      return switchedOff.has("looking at the owner's index again") ? Object.assign([...entries], { some: () => true }) : entries;
    },
  };
}

/** `src/owners/settle.ts` that passes over whatever is not the owner's when it looks. */
export function weakenedSettling(original: typeof settling): typeof settling {
  return {
    async settleLeaving(context, owner, entries) {
      if (!switchedOff.has("settling a session that is not the owner's yet"))
        return original.settleLeaving(context, owner, entries);
      const store = context.opened as unknown as FakeStore;
      const isOwned = (key: string): boolean => store.peek(key)?.includes(`"owner":"${owner}"`) === true;
      return original.settleLeaving(
        context,
        owner,
        entries.filter(({ key }) => isOwned(key)),
      );
    },
  };
}
