import { isExpired } from "../../src/lifecycle.ts";
import { OWNER_MARK } from "../../src/stores/tombstones.ts";
import { keyOf, decode, type World } from "./world.ts";
import type { Applied } from "./fake-store.ts";

/** The promises that hold in every world, whatever was done in it; each scenario adds its own. */
export function checkAlways(world: World): void {
  const last = new Map<string, Applied>();
  const issued = new Set(world.tokens.map(keyOf));
  for (const [at, applied] of world.store.log.entries()) {
    // An index of an owner has promises of its own.
    if (applied.key.startsWith(`session:${OWNER_MARK}`)) continue;
    const isKnown = (world.given.get(applied.key) ?? Infinity) <= at;
    checkStep(world, applied, last.get(applied.key), isKnown);
    world.check("I10", issued.has(applied.key), "every key is the hash of a token that the library generated");
    last.set(applied.key, applied);
  }
  checkAnswers(world);
}

/** Until a client knows its token, whoever makes a record may try again. */
function checkStep(world: World, applied: Applied, previous: Applied | undefined, isKnown: boolean): void {
  const { key, verb } = applied;
  const after = decode(applied.after)?.record;
  if (after === undefined) return;
  const before = decode(applied.before)?.record;
  const facts = { key, verb, before: before?.version, after: after.version };
  if (before === undefined) {
    // A try whose answer was lost can arrive later than all of its session's life.
    const isFirst = previous === undefined || !isKnown || isExpired(after, applied.appliedAt);
    // A tombstone may come late: it makes nothing live.
    world.check(
      "I1",
      verb === "create" && (isFirst || after.state === "dead"),
      "a record that is gone is never created anew",
      facts,
    );
    world.check("I4", after.version === 1, "the first version is 1", facts);
    return;
  }
  world.check("I1", before.state === "live", "an ended record is never written again", facts);
  world.check("I4", after.version === before.version + 1, "each write makes the next version", facts);
  world.check("I4", previous?.after === applied.before, "a write replaces the version that was written last", facts);
  const inTime = !isKnown || after.state !== "live" || world.store.faulty.has(key) || !isExpired(before, applied.sentAt);
  world.check("I9", inTime, "nothing is written into a session past its deadline", facts);
  if (after.state !== "live") return;
  world.check("I9", after.absoluteAt === before.absoluteAt, "the absolute deadline never moves", facts);
  world.check("I9", after.createdAt === before.createdAt, "the instant of creation never moves", facts);
  world.check("touch", after.touchedAt >= before.touchedAt, "a touch is never undone", facts);
}

function checkAnswers(world: World): void {
  for (const { outcome, token, cleared, ends, at, error } of world.answers) {
    world.check("I16", outcome !== "broken", "no request fails for a reason that is not the store's or another's", `${error}`);
    world.check("cookie", !cleared || ends, "only the request that ended a session removes its cookie");
    world.check("cookie", outcome !== "gone" || token === undefined, "a request whose session is gone sends no cookie");
    if (token === undefined) continue;
    const isStored = world.store.log.slice(0, at).some(({ verb, key }) => verb === "create" && key === keyOf(token));
    world.check("I18", isStored, "a cookie is only sent for a session that was stored before");
  }
}
