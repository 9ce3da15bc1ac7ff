import { Ledger } from "../ledger.ts";
import type { Scenario } from "../run.ts";
import { keyOf, type Answer, type World } from "../world.ts";

/** Visitors without a cookie. */
function visit(world: World, expectSuccess: boolean): () => void {
  const given: string[] = [];
  for (const name of ["ann", "bob", "eve"]) {
    world.spawn(async () => {
      const answer = await world.request(undefined, (session) => void (session["name"] = name));
      world.check(
        "I18",
        (answer.outcome === "ok") === (answer.token !== undefined),
        "a cookie is sent if it is stored, and only then",
      );
      if (expectSuccess) world.check("I18", answer.outcome === "ok", "few lost answers do not hinder a creation");
      if (answer.token === undefined) return;
      given.push(answer.token);
      world.check("I18", world.live(answer.token)?.["name"] === name, "the session of a cookie is there when it is sent");
    });
  }
  return () => {
    world.check("I10", new Set(given).size === given.length, "each visitor has a token of his own");
    if (expectSuccess) world.check("I18", world.liveKeys().length === 3, "each creation makes one record");
  };
}

const creations: Scenario = {
  promise: "I18: a creation whose answers are lost makes one record, and a cookie only if it is stored",
  play: async (world) => visit(world, false),
};

export const patientCreations: Scenario = {
  promise: "I21: a creation whose answer was lost recognises its own record",
  mostLost: 3,
  play: async (world) => visit(world, true),
};

const doubleCreations: Scenario = {
  promise: "I18: saves of a new session that nobody waits for make one record, with all that was written",
  async play(world) {
    let answer: Answer | undefined;
    const ledger = new Ledger(world);
    world.spawn(async () => {
      answer = await ledger.request(undefined, async (pen) => {
        const saving: Promise<void>[] = [];
        for (let save = 0; save < 3; save++) {
          pen.write("increment", "key");
          saving.push(pen.save());
          saving.at(-1)?.catch(() => undefined);
          if (world.random.chance(0.5)) await world.turn();
        }
        pen.write("increment", "push");
        if (world.random.chance(0.5)) await Promise.all(saving);
      });
    });
    return () => {
      if (answer?.token === undefined) return;
      ledger.check(world.session(answer.token));
      if (world.store.faulty.size === 0) world.check("I18", world.liveKeys().length === 1, "one record is made");
    };
  },
};

export const collisions: Scenario = {
  promise: "I10: a token that is in use is never adopted",
  async play(world) {
    const victim = await world.seed({ name: "victim" });
    world.nextToken = () => victim;
    world.spawn(async () => {
      const answer = await world.request(undefined, (session) => void (session["name"] = "thief"));
      world.check("I10", answer.outcome === "unknown" && answer.token === undefined, "who is given a used token fails", answer);
    });
    return () => {
      world.check("I10", world.history(victim).length === 1, "the record is as it was");
      world.check("I10", world.live(victim)?.["name"] === "victim", "its data is as it was");
    };
  },
};

const twins: Scenario = {
  promise: "I10: of two creations with the same token one fails",
  async play(world) {
    world.nextToken = () => "twin";
    const given: string[] = [];
    for (const name of ["castor", "pollux"]) {
      world.spawn(async () => {
        const answer = await world.request(undefined, (session) => void (session["name"] = name));
        if (answer.token !== undefined) given.push(name);
      });
    }
    return () => {
      world.check("I10", given.length <= 1, "one at most gets the cookie", given);
      const [name] = given;
      if (name !== undefined) world.check("I10", world.live("twin")?.["name"] === name, "whose session it is");
    };
  },
};

const takenSuccessor: Scenario = {
  promise: "I10: a $regenerate that is given a used token fails and leaves both sessions alone",
  async play(world) {
    const victim = await world.seed({ name: "victim" });
    const token = await world.seed({ name: "mover" });
    world.nextToken = () => victim;
    world.spawn(async () => {
      const answer = await world.request(token, (session) => session.$regenerate());
      world.check("I10", answer.outcome !== "ok" && answer.token === undefined, "who is given a used token fails");
    });
    world.spawn(() => world.request(token, (session) => void (session["a"] = 1)));
    return () => {
      world.check("I10", world.live(victim)?.["name"] === "victim", "the one in use is as it was");
      world.check("I10", world.history(victim).length === 1, "nothing was written there");
      world.check("I7", world.store.peek(keyOf(token))?.[3] === "L", "the old session lives on");
    };
  },
};

export const births: readonly Scenario[] = [creations, patientCreations, doubleCreations, collisions, twins, takenSuccessor];
