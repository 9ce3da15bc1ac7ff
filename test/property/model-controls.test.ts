import { afterEach, describe, expect, it, vi } from "vitest";
import { switchedOff, type Protection } from "../model/protections.ts";
import { playOften, type Scenario } from "../model/run.ts";
import { collisions, patientCreations } from "../model/scenarios/births.ts";
import { destroys, evictions } from "../model/scenarios/endings.ts";
import { renewals } from "../model/scenarios/lifetimes.ts";
import { deletionWins, forgottenWrites } from "../model/scenarios/merges.ts";
import { elevation, rivals } from "../model/scenarios/moves.ts";
import { afterGrace, rotationAndDestroy, rotationAndLogin, rotationAndWriters } from "../model/scenarios/rotations.ts";
import { limits, logouts, slowLogins } from "../model/scenarios/owners.ts";
import { disjointKeys, increments } from "../model/scenarios/writers.ts";

vi.mock("../../src/token.ts", async (original) => (await import("../model/protections.ts")).fastTokens(await original()));
vi.mock("../../src/record.ts", async (original) => (await import("../model/protections.ts")).weakenedRecords(await original()));
vi.mock("../../src/load.ts", async (original) => (await import("../model/protections.ts")).weakenedLoads(await original()));
vi.mock("../../src/owners/owner-index.ts", async (original) =>
  (await import("../model/protections.ts")).weakenedIndex(await original()),
);
vi.mock("../../src/owners/settle.ts", async (original) =>
  (await import("../model/protections.ts")).weakenedSettling(await original()),
);
vi.mock("../../src/merge.ts", async (original) => (await import("../model/protections.ts")).weakenedMerge(await original()));

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

/** Far more than it took in any run: each is found within a few hundred. */
const MOST = 5_000;

const controls: readonly (readonly [without: string, off: readonly Protection[], scenario: Scenario])[] = [
  ["write ids", ["write ids"], increments],
  ["recognising a record that it created itself", ["write ids"], patientCreations],
  ["the ring overflow check", ["ring overflow check"], forgottenWrites],
  ["compare-and-set: increments", ["compare-and-set"], increments],
  ["compare-and-set: keys", ["compare-and-set"], disjointKeys],
  ["compare-and-set of the move", ["compare-and-set of moves"], elevation],
  ["compare-and-set of touches", ["compare-and-set of touches"], renewals],
  ["refusing to replace a record that is gone", ["never re-create"], evictions],
  ["tombstones: a destroy that just removes", ["tombstones"], destroys],
  ["both: what upserting stores do", ["tombstones", "never re-create"], destroys],
  ["a load that sees tombstones", ["tombstone check on load"], destroys],
  ["deletion wins", ["deletion wins"], deletionWins],
  ["losers of $regenerate removing their candidate", ["losers remove their candidate"], rivals],
  ["compare-and-set of the move: rotations", ["compare-and-set of moves"], rotationAndWriters],
  ["losers of a rotation removing their candidate", ["losers remove their candidate"], rotationAndWriters],
  ["a destroy that follows a rotation", ["destroy follows a rotation"], rotationAndDestroy],
  ["a $regenerate that says nothing of where to", ["no way on from an elevated session"], rotationAndLogin],
  ["an end of the grace", ["the end of the grace"], afterGrace],
  ["a login that looks at the index again", ["looking at the owner's index again"], logouts],
  ["a slow login that looks at the index again", ["looking at the owner's index again"], slowLogins],
  ["settling logins on their way", ["settling a session that is not the owner's yet"], logouts],
  ["settling logins on their way: maxPerOwner", ["settling a session that is not the owner's yet"], limits[0] as Scenario],
  ["comparing a taken key with one's own record", ["comparing a taken key with one's own record"], collisions],
];

describe(`the model notices, with seed ${seed}, what happens`, () => {
  afterEach(() => switchedOff.clear());

  it.each(controls)("without %s", async (_, off, scenario) => {
    for (const protection of off) switchedOff.add(protection);
    const { violation, interleavings } = await playOften(scenario, seed, MOST);
    expect(violation, `nothing in ${interleavings} interleavings`).toBeDefined();
  });
});
