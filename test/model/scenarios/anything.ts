import type { Session } from "../../../src/types.ts";
import { Ledger, type Kind, type Pen } from "../ledger.ts";
import type { Scenario } from "../run.ts";
import { outcomeOf, type World } from "../world.ts";

const KINDS: readonly Kind[] = ["increment", "nested", "key", "push", "flash"];
const STEPS = [
  "write",
  "write",
  "write",
  "turn",
  "save",
  "save aside",
  "save again",
  "try to save",
  "update",
  "reload",
  "regenerate",
  "destroy",
] as const;
type Step = (typeof STEPS)[number];

/** Does what chance wants, in the order it wants. */
async function improvise(world: World, ledger: Ledger, pen: Pen, session: Session, steps: readonly Step[]): Promise<void> {
  const aside: Promise<void>[] = [];
  for (const step of steps) {
    if (step === "turn") await world.turn();
    else if (step === "reload") await pen.reload();
    else if (step === "regenerate") await session.$regenerate();
    else if (step === "destroy") {
      await session.$destroy();
      return pen.learn("gone");
    } else if (step === "save") await pen.save();
    else if (step === "save again") await saveAgain(pen);
    else if (step === "try to save") await tryToSave(pen);
    else if (ledger.isFull) continue;
    else if (step === "write") pen.write(world.random.pick(KINDS));
    else if (step === "update") await pen.save("update");
    else {
      const saving = pen.save();
      saving.catch(() => undefined);
      aside.push(saving);
    }
  }
  await Promise.all(aside);
}

/** Goes on if it cannot be known whether that is stored. */
async function tryToSave(pen: Pen): Promise<void> {
  await pen.save().catch((error: unknown) => {
    if (outcomeOf(error) !== "unknown") throw error;
  });
}

/** What a failed save leaves pending is as the next one says. */
async function saveAgain(pen: Pen): Promise<void> {
  try {
    await pen.save();
  } catch (error) {
    if (outcomeOf(error) !== "unknown") throw error;
    pen.resume();
    await pen.save();
  }
}

const improvisation: Scenario = {
  promise: "I1 to I10: whatever requests do to one session, in whatever order",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    let current = token;
    const isRenewed = world.random.chance(0.3);
    if (isRenewed) {
      world.spawn(async () => {
        await world.turn();
        world.now += 4 * 24 * 3_600_000;
      });
    }
    for (let count = 0; count < 4; count++) {
      // Ends are rare, or nothing would be left to see; once the tombstone has run out, an old cookie begins another session.
      const without: Step[] = isRenewed ? ["destroy", "regenerate"] : world.random.chance(0.8) ? ["destroy"] : [];
      const possible = STEPS.filter((step) => !without.includes(step));
      const steps = Array.from({ length: 1 + world.random.below(5) }, () => world.random.pick(possible));
      world.spawn(async () => {
        const ends = steps.includes("destroy");
        const { token: given } = await ledger.request(token, (pen, session) => improvise(world, ledger, pen, session, steps), {
          ends,
        });
        if (given !== undefined && given !== token) current = given;
      });
    }
    return () => {
      if (world.session(current) !== undefined) ledger.check(world.session(current));
      const others = world.liveKeys().length - (world.session(current) === undefined ? 0 : 1);
      world.check("I7", others === 0 || world.store.faulty.size > 0, "one record of a session lives at most", others);
    };
  },
};

const insistence: Scenario = {
  promise: "I21: who saves again after a failure, or lets the commit do so, is not counted twice",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    for (let count = 0; count < 2; count++) {
      world.spawn(() =>
        ledger.request(token, async (pen) => {
          pen.write("increment", "push", "nested");
          if (world.random.chance(0.5)) {
            await saveAgain(pen).catch(() => pen.resume());
          } else {
            await tryToSave(pen);
            await pen.reload();
          }
          pen.write("increment", "flash");
        }),
      );
    }
    world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push")));
    return () => ledger.check(world.session(token));
  },
};

export const anything: readonly Scenario[] = [insistence, improvisation];
