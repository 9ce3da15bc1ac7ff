import { Ledger, type Kind } from "../ledger.ts";
import type { Scenario } from "../run.ts";

const savesBetween: Scenario = {
  promise: "I3: what is saved in the middle of a request counts once, and so does what follows",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    for (let count = 0; count < 3; count++) {
      world.spawn(() =>
        ledger.request(token, async (pen) => {
          pen.write("increment", "push");
          await pen.save();
          pen.write("increment", "key", "nested");
        }),
      );
    }
    return () => ledger.check(world.session(token));
  },
};

const writesDuringSave: Scenario = {
  promise: "I2: no mutation is lost that is made while a save nobody waits for is on its way",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    for (let count = 0; count < 2; count++) {
      const ways: Kind[] = world.random.chance(0.5) ? ["increment", "push"] : ["nested", "key"];
      world.spawn(() =>
        ledger.request(token, async (pen) => {
          pen.write(...ways);
          const saving = pen.save(world.random.pick(["save", "update"]));
          saving.catch(() => undefined);
          for (let step = world.random.below(4); step >= 0; step--) {
            await world.turn();
            if (step < 2) pen.write(...ways);
          }
          await saving;
          pen.write("increment");
        }),
      );
    }
    for (let count = 0; count < 2; count++) world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push")));
    return () => ledger.check(world.session(token));
  },
};

const writesDuringRegenerate: Scenario = {
  promise: "I2: no mutation is lost that is made before, while or after a session regenerates",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    let successor: string | undefined;
    world.spawn(async () => {
      const answer = await ledger.request(token, async (pen, session) => {
        pen.write("increment", "push", "key");
        const moving = session.$regenerate();
        moving.catch(() => undefined);
        await world.turn();
        pen.write("increment", "nested", "push");
        await moving;
        pen.write("increment", "key");
        await pen.save("update");
      });
      successor = answer.token;
    });
    for (let count = 0; count < 2; count++)
      world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "nested", "push")));
    return () => {
      if (successor !== undefined) ledger.check(world.session(successor));
    };
  },
};

const reloads: Scenario = {
  promise: "I6: $reload drops what was not saved, and shows what was acknowledged before",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    for (let count = 0; count < 2; count++) {
      world.spawn(() =>
        ledger.request(token, async (pen, session) => {
          pen.write("increment", "key", "push");
          const least = world.kept(token)?.data["list"].length as number;
          await pen.reload();
          world.check("I6", session["list"].length >= least, "a reload shows what was there when it was called");
          pen.write("increment", "push");
        }),
      );
    }
    for (let count = 0; count < 2; count++) world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push")));
    return () => ledger.check(world.session(token));
  },
};

const afterResponse: Scenario = {
  promise: "I3: $update after the response counts, one after another or beside others",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    for (let count = 0; count < 2; count++) {
      world.spawn(async () => {
        const late: (() => Promise<void>)[] = [];
        await ledger.request(token, (pen) => {
          pen.write("increment", "push");
          late.push(() => pen.save("update"));
        });
        for (const update of [...late, ...late]) await update().catch(() => undefined);
      });
    }
    world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push")));
    return () => ledger.check(world.session(token));
  },
};

const oneTimeValues: Scenario = {
  promise: "I21: a one-time value that somebody was shown is not kept for another",
  async play(world) {
    const token = await world.seed({ n: 0 }, { note: "once" });
    let shown = false;
    let current = token;
    for (let count = 0; count < 2; count++) {
      world.spawn(async () => {
        const late = shown;
        let seen: unknown;
        const { outcome } = await world.request(token, (session) => {
          seen = session.$flash("note");
        });
        world.check("I21", !late || seen === undefined, "nobody sees what was shown and acknowledged before");
        if (outcome === "ok" && seen !== undefined) shown = true;
      });
    }
    world.spawn(() => world.request(token, (session) => void (session["a"] = 1)));
    world.spawn(async () => {
      const answer = await world.request(token, async (session) => {
        if (world.random.chance(0.5)) await session.$regenerate();
        await world.turn();
        session["b"] = 1;
      });
      current = answer.token ?? token;
    });
    return () => {
      const kept = world.kept(current);
      const held = !shown || kept?.record.state !== "live" || kept.record.flash === undefined;
      world.check("I21", held, "what was shown is not kept", kept?.record.flash);
    };
  },
};

const takenBack: Scenario = {
  promise: "I21: a one-time value that is read while it is being stored is not kept",
  async play(world) {
    const token = await world.seed({ n: 0 });
    let shown = false;
    world.spawn(async () => {
      const { outcome } = await world.request(token, async (session) => {
        session.$flash("note", "once");
        const saving = session.$save();
        saving.catch(() => undefined);
        await world.turn();
        shown = session.$flash("note") !== undefined;
        await saving;
        world.check("I21", session.$flash("note") === undefined, "it is shown once");
      });
      shown &&= outcome === "ok";
    });
    world.spawn(() => world.request(token, (session) => void (session["a"] = 1)));
    return () => {
      world.check("I21", !shown || world.session(token)?.flash["note"] === undefined, "what was shown is not kept");
    };
  },
};

const isolation: Scenario = {
  promise: "I12: what a request changed but never committed is seen by nobody",
  async play(world) {
    const token = await world.seed({ list: [{ n: 1 }], user: { name: "ann" } });
    world.spawn(() =>
      world.request(token, async (session) => {
        session["list"][0].n = "spoilt";
        session["user"].name = "spoilt";
        await world.turn();
        session["list"].push("spoilt");
        throw new TypeError("spoilt");
      }),
    );
    for (const key of ["a", "b"]) {
      world.spawn(() =>
        world.request(token, async (session) => {
          world.check("I12", !JSON.stringify(session).includes("spoilt"), "nothing uncommitted is seen");
          session[key] = 1;
          await session.$save();
          world.check("I12", !JSON.stringify(session).includes("spoilt"), "nor after a save");
        }),
      );
    }
    return () => {
      world.check("I12", !JSON.stringify(world.history(token)).includes("spoilt"), "nor stored");
      world.answers.splice(0, Infinity, ...world.answers.filter(({ error }) => !(error instanceof TypeError)));
    };
  },
};

export const inRequest: readonly Scenario[] = [
  savesBetween,
  writesDuringSave,
  writesDuringRegenerate,
  reloads,
  afterResponse,
  oneTimeValues,
  takenBack,
  isolation,
];
