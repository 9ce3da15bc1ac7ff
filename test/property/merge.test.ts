import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { alike, clone } from "./tracking/trees.ts";
import { makeEdits } from "./merge/edits.ts";
import { Requests } from "./merge/requests.ts";
import { check, SEED, share } from "./merge/runs.ts";
import { Source } from "./merge/trees.ts";

// Hashing takes half of the time, and is not what is looked at.
vi.mock("../../src/token.ts", async (original) => ({
  ...(await original<typeof import("../../src/token.ts")>()),
  hashToken: (token: string) => Promise.resolve([...token].toReversed().join("")),
}));

describe(`two requests on one session (SEED=${SEED})`, () => {
  it(`keep all changes of different places, as if one had come after the other (${share(0.5)} runs)`, () =>
    check(0.5, async (entropy) => {
      const source = new Source();
      const base = source.tree(entropy);
      const first = makeEdits(base, entropy, source, []);
      const second = makeEdits(base, entropy, source, first);
      for (const [earlier, later] of [
        [first, second],
        [second, first],
      ] as const) {
        const requests = await Requests.of(base);
        const [one, other] = await requests.openAll(2);
        for (const edit of earlier) edit.apply(one!);
        for (const edit of later) edit.apply(other!);
        await requests.commit(one!);
        await requests.commit(other!);
        const serially = clone(base);
        for (const edit of [...earlier, ...later]) edit.apply(serially);
        const stored = await requests.data();
        const made = (): string => inspect({ base, earlier, later, stored, serially }, { depth: 12 });
        expect(alike(stored, serially) && requests.conflicts.length === 0, alike(stored, serially) ? "conflicts" : made()).toBe(true);
      }
    }));
});
