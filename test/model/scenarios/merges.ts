import { Ledger } from "../ledger.ts";
import type { Scenario } from "../run.ts";

export const deletionWins: Scenario = {
  promise: "I19: an acknowledged deletion is not undone by a write below it",
  async play(world) {
    const token = await world.seed({ user: { id: 7, seen: 0 }, cart: { box: { lid: 0 } } });
    let deleted = false;
    world.spawn(async () => {
      const { outcome } = await world.request(token, (session) => {
        delete session["user"];
        delete session["cart"].box;
      });
      deleted = outcome === "ok";
    });
    for (const value of [1, 2, 3]) {
      world.spawn(() =>
        world.request(token, (session) => {
          if (session["user"] !== undefined) session["user"].seen = value;
          if (session["cart"].box !== undefined) session["cart"].box.lid = value;
        }),
      );
    }
    return () => {
      const data = world.live(token);
      const held = !deleted || (data?.["user"] === undefined && data?.["cart"]?.box === undefined);
      world.check("I19", held, "what was deleted stays deleted", data);
    };
  },
};

const rejects: Scenario = {
  promise: 'I20: with `conflict: "reject"` nobody overwrites a value that he has not seen',
  options: { conflict: "reject" },
  async play(world) {
    const token = await world.seed({ place: 0 });
    const seenBy = new Map<unknown, unknown>();
    for (const value of [1, 2, 3, 4]) {
      world.spawn(() =>
        world.request(token, (session) => {
          seenBy.set(value, session["place"]);
          session["place"] = value;
        }),
      );
    }
    world.spawn(() => world.request(token, (session) => void (session["elsewhere"] = 1)));
    return () => {
      const values = world.history(token).map(({ data }) => data["place"] as unknown);
      const changes = values.filter((value, index) => index === 0 || value !== values[index - 1]);
      const held = changes.every((value, index) => index === 0 || seenBy.get(value) === changes[index - 1]);
      world.check("I20", held, "each value replaces the one that its writer saw", changes);
      const quiet = world.store.faulty.size > 0 || world.answers.filter(({ outcome }) => outcome === "ok").length >= 2;
      world.check("I20", quiet, "somebody gets through");
    };
  },
};

const resolves: Scenario = {
  promise: "I3: a `conflict` function that adds both sides loses nothing",
  options: {
    conflict: ({ base, mine, theirs }) => (mine as number) - (base as number) + (theirs as number),
  },
  async play(world) {
    const token = await world.seed({ n: 0 });
    let least = 0;
    let most = 0;
    for (const by of [1, 10, 100, 1000]) {
      world.spawn(async () => {
        const { outcome } = await world.request(token, (session) => void (session["n"] += by));
        if (outcome === "ok") least += by;
        if (outcome === "ok" || outcome === "unknown") most += by;
      });
    }
    return () => {
      const n = world.live(token)?.["n"] as number;
      world.check("I3", n >= least && n <= most, "each addition is kept", { n, least, most });
    };
  },
};

export const forgottenWrites: Scenario = {
  promise: "I21: a write that others have pushed out of the record's memory is unknown, never applied twice",
  reconnect: 40,
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    // While this one waits to ask again, the others write more often than a record remembers.
    world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push"), { process: world.process(40) }));
    for (const writes of [5, 6]) {
      world.spawn(() =>
        ledger.request(token, async (pen) => {
          for (let count = 0; count < writes; count++) {
            pen.write("increment", "push");
            await pen.save();
          }
        }),
      );
    }
    return () => ledger.check(world.session(token));
  },
};

export const merges: readonly Scenario[] = [deletionWins, rejects, resolves, forgottenWrites];
