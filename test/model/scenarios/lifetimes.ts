import { isExpired } from "../../../src/lifecycle.ts";
import { stateOf } from "../../../src/session.ts";
import { Ledger, Pen } from "../ledger.ts";
import type { Scenario } from "../run.ts";
import { keyOf } from "../world.ts";

const DAY = 24 * 3_600_000;

export const renewals: Scenario = {
  promise: "touch: a renewal is never undone, loses no write, and moves touchedAt only together with a cookie",
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    world.spawn(async () => {
      await ledger.request(token, (pen) => pen.write("increment", "push"));
      world.now += 4 * DAY;
    });
    world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push")));
    for (let count = 0; count < 2; count++) world.spawn(() => world.request(token, (session) => session["n"] as unknown));
    world.spawn(async () => {
      const process = world.process();
      const session = await world.load(token, process).catch(() => undefined);
      if (session === undefined) return;
      for (let wait = world.random.below(6); wait > 0; wait--) await world.turn();
      // Only looks, so that its commit touches; then writes when the response has left.
      const [cookie] = await process.commit(session).catch(() => []);
      world.answers.push({ ...QUIET, token: cookie === undefined ? undefined : token, at: world.store.log.length });
      await new Pen(ledger, session).save("update").catch(() => undefined);
    });
    return () => {
      ledger.check(world.session(token));
      if (world.store.faulty.size > 0) return;
      const renewed = world.history(token).filter(({ record }, index, all) => {
        return index > 0 && record.touchedAt !== all[index - 1]?.record.touchedAt;
      });
      const cookies = world.answers.filter((answer) => answer.token !== undefined);
      world.check("touch", renewed.length === cookies.length, "each renewal comes with a cookie", {
        renewed: renewed.length,
        cookies: cookies.length,
      });
    };
  },
};

const QUIET = { outcome: "ok", error: undefined, cleared: false, ends: false } as const;

const deadlines: Scenario = {
  promise: "I9: no load finds a session past its deadline, whatever was in flight, and it is never created again",
  options: { idleTimeout: 100, absoluteTimeout: 150 },
  async play(world) {
    const token = await world.seed({ n: 0 });
    let successor: string | undefined;
    world.spawn(async () => {
      for (let step = 0; step < 4; step++) {
        await world.turn();
        world.now += 50_000;
      }
    });
    for (const key of ["a", "b", "c", "d"]) {
      world.spawn(async () => {
        const began = world.now;
        let moves = false;
        const answer = await world.request(token, async (session) => {
          const { stored } = stateOf(session);
          world.check("I9", stored === undefined || !isExpired(stored.record, began), "nothing is loaded past its deadline");
          moves = key === "c" && stored !== undefined;
          for (let wait = world.random.below(4); wait >= 0; wait--) await world.turn();
          if (moves) await session.$regenerate();
          if (key !== "d") session[key] = 1;
        });
        if (moves && answer.token !== token) successor = answer.token;
      });
    }
    return () => {
      const history = [...world.history(token), ...(successor === undefined ? [] : world.history(successor))];
      const deadlines = new Set(history.filter(({ record }) => record.state === "live").map(({ record }) => record.absoluteAt));
      world.check("I9", deadlines.size === 1, "the absolute deadline stays, also under a new token");
      if (successor === undefined || [token, successor].some((one) => world.store.faulty.has(keyOf(one)))) return;
      const birth = world.store.log.find(({ verb, key }) => verb === "create" && key === keyOf(successor as string));
      const old = world.history(token).findLast(({ record }) => record.state === "live");
      const inTime = birth !== undefined && old !== undefined && !isExpired(old.record, birth.sentAt);
      world.check("I9", inTime, "no $regenerate brings back a session past its deadline");
    };
  },
};

const budgets: Scenario = {
  promise: "I22: an operation ends when its time is over, and says what it knows",
  options: { timeouts: { load: 5, save: 2 } },
  fates: ["late", "late", "dropped"],
  async play(world) {
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    for (let count = 0; count < 5; count++) world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push")));
    return () => ledger.check(world.session(token));
  },
};

export const lifetimes: readonly Scenario[] = [renewals, deadlines, budgets];
