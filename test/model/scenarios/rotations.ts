import { stateOf } from "../../../src/session.ts";
import type { SessionOptions } from "../../../src/types.ts";
import { Ledger } from "../ledger.ts";
import type { Scenario } from "../run.ts";
import { keyOf, type Answer, type World } from "../world.ts";

const EVERY = 900_000;
const GRACE = 60_000;
const options: SessionOptions = { rotateEvery: EVERY / 1000, rotateGrace: GRACE / 1000 };

/** A session that the next request rotates. */
async function seedDue(world: World): Promise<string> {
  const token = await world.seed(Ledger.start);
  world.now += EVERY;
  return token;
}

/** The tokens that clients were given, the first one with them. */
function tokensOf(world: World, first: string): string[] {
  return [...new Set([first, ...world.answers.flatMap(({ token }) => token ?? [])])];
}

/** Checks that all tokens of a session lead to one record at most, and that no other lives but what a lost answer left. */
function checkFamily(world: World, first: string): void {
  const reached = tokensOf(world, first).flatMap((token) => world.reach(token)?.key ?? []);
  world.check("I7", new Set(reached).size <= 1, "one record of the session is reached at most", reached);
  if (world.store.faulty.size > 0) return;
  const stray = world.liveKeys().filter((key) => !reached.includes(key));
  world.check("I7", stray.length === 0, "no other record of the session lives", stray);
}

export const rotationAndWriters: Scenario = {
  promise: "I7: of concurrent rotations one wins, and every write of any request is in the one record that lives",
  options,
  async play(world) {
    const ledger = new Ledger(world);
    const token = await seedDue(world);
    const answers: Answer[] = [];
    for (let count = 0; count < 3; count++)
      world.spawn(async () => {
        answers.push(await ledger.request(token, (pen) => pen.write("increment", "push", "key")));
      });
    for (let count = 0; count < 2; count++)
      world.spawn(async () => {
        answers.push(await world.request(token, (session) => session["n"] as unknown));
      });
    world.spawn(() =>
      ledger.request(token, async (pen) => {
        pen.write("increment");
        await pen.save("update");
        pen.write("nested", "push");
      }),
    );
    return () => {
      const kept = world.reach(token);
      world.check("I7", kept !== undefined, "the session lives");
      ledger.check(kept);
      checkFamily(world, token);
      const given = tokensOf(world, token).filter((one) => one !== token);
      world.check("I7", given.length <= 1, "one request sends the new token", given);
      world.check(
        "I7",
        given.every((one) => keyOf(one) === kept?.key),
        "and it is that of the session",
      );
      world.check(
        "gone",
        answers.every(({ outcome }) => outcome !== "gone" && outcome !== "refused" && outcome !== "broken"),
        "nobody is turned away for it",
        answers.map(({ outcome }) => outcome),
      );
    };
  },
};

export const rotationAndDestroy: Scenario = {
  promise: "I7: a destroy ends the session under whatever token, also while it is rotated",
  options,
  async play(world) {
    const token = await seedDue(world);
    let ended = false;
    for (const key of ["a", "b"])
      world.spawn(async () => {
        const { token: next } = await world.request(token, (session) => void (session[key] = 1));
        if (next !== undefined) await world.request(next, (session) => void (session[key] = 2));
      });
    world.spawn(() => world.request(token, (session) => session["n"] as unknown));
    world.spawn(async () => {
      for (let wait = world.random.below(12); wait > 0; wait--) await world.turn();
      const session = await world.load(token).catch(() => undefined);
      if (session === undefined || stateOf(session).status !== "stored") return;
      await world.turn();
      ended = await session.$destroy().then(
        () => true,
        () => false,
      );
    });
    return () => {
      if (!ended) return checkFamily(world, token);
      const living = tokensOf(world, token).filter((one) => world.reach(one) !== undefined);
      world.check("I7", living.length === 0, "no token leads to a session that was destroyed", living);
    };
  },
};

export const rotationAndLogin: Scenario = {
  promise: "I8: no token from before $regenerate reads what was written at or after it, whatever was rotated meanwhile",
  options,
  async play(world) {
    const token = await seedDue(world);
    let privileged: string | undefined;
    const others: string[] = [token];
    for (let count = 0; count < 2; count++)
      world.spawn(async () => {
        const { token: next } = await world.request(token, (session) => session["n"] as unknown);
        if (next !== undefined) others.push(next);
      });
    world.spawn(async () => {
      for (let wait = world.random.below(12); wait > 0; wait--) await world.turn();
      const answer = await world.request(token, async (session) => {
        if (stateOf(session).status !== "stored") return;
        await session.$regenerate();
        session["admin"] = true;
      });
      privileged = answer.token;
      world.check("gone", answer.outcome !== "refused", "a rotation turns no login away", answer.outcome);
    });
    world.spawn(async () => {
      for (let wait = world.random.below(12); wait > 0; wait--) await world.turn();
      const late = await world.load(token).catch(() => undefined);
      world.check("I8", late?.["admin"] === undefined, "the old token never sees the new privilege");
    });
    return () => {
      for (const one of others.filter((other) => other !== privileged))
        world.check("I8", world.reach(one)?.data["admin"] === undefined, "no older token leads to the new privilege");
    };
  },
};

export const afterGrace: Scenario = {
  promise: "I8: after the grace a token that was rotated away reads and writes nothing",
  options: { ...options, tombstoneTtl: 3600 },
  async play(world) {
    const token = await seedDue(world);
    world.spawn(() => world.request(token, (session) => session["n"] as unknown));
    world.spawn(async () => {
      for (let wait = world.random.below(12); wait > 0; wait--) await world.turn();
      world.now += GRACE;
    });
    for (const key of ["a", "b"])
      world.spawn(async () => {
        for (let wait = world.random.below(12); wait > 0; wait--) await world.turn();
        const moved = world.history(token).at(-1)?.record;
        const isOver = moved?.state === "moved" && world.now - moved.touchedAt >= GRACE;
        const answer = await world.request(token, (session) => void (session[key] = 1));
        if (!isOver) return;
        world.check("I8", answer.outcome !== "ok", "what comes after the grace is refused", answer.outcome);
        world.check("I8", world.reach(token)?.data[key] === undefined, "and is not stored");
      });
    return () => checkFamily(world, token);
  },
};

export const rotations: readonly Scenario[] = [rotationAndWriters, rotationAndDestroy, rotationAndLogin, afterGrace];
