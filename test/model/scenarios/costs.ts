import { Ledger } from "../ledger.ts";
import type { Scenario } from "../run.ts";
import type { World } from "../world.ts";

/** What a request does, and the calls to the store and the cookie it may cost (DESIGN.md, section 6). */
interface Kind {
  readonly run: (world: World, token: string) => Promise<{ token: string | undefined; cleared: boolean }>;
  readonly calls: number;
  readonly cookie: boolean;
}

const RENEWAL = 4 * 24 * 3_600_000;
let fresh = 0;

const KINDS: readonly Kind[] = [
  { calls: 0, cookie: false, run: (world) => world.request(undefined, (session) => session["n"] as unknown) },
  { calls: 0, cookie: false, run: (world) => world.request("no token!", (session) => session["n"] as unknown) },
  { calls: 1, cookie: true, run: (world) => world.request(undefined, (session) => void (session["n"] = 1)) },
  { calls: 1, cookie: false, run: (world, token) => world.request(token, (session) => session["n"] as unknown) },
  { calls: 1, cookie: false, run: (world, token) => world.request(token, (session) => session["n"]++ - --session["n"]) },
  { calls: 2, cookie: false, run: (world, token) => world.request(token, (session) => void (session["fresh"] = ++fresh)) },
  { calls: 2, cookie: false, run: (world, token) => world.request(token, (session) => session.$update((draft) => ++draft["n"])) },
  {
    calls: 1,
    cookie: false,
    run: (world, token) =>
      world.request(token, (session) => {
        session["list"].push(1);
        session["list"].pop();
      }),
  },
  {
    calls: 2,
    cookie: true,
    run(world, token) {
      world.now += RENEWAL;
      return world.request(token, (session) => session["n"] as unknown);
    },
  },
  {
    calls: 2,
    cookie: true,
    run(world, token) {
      world.now += RENEWAL;
      return world.request(token, (session) => void (session["fresh"] = ++fresh));
    },
  },
];

const alone: Scenario = {
  promise: "I15: a request that nobody disturbs costs the calls and the cookie of its kind, and no more",
  mostLost: 0,
  async play(world) {
    const token = await world.seed({ n: 0, list: [] });
    const calls = (): number => Object.values(world.store.asked).reduce((sum, count) => sum + count, 0);
    world.spawn(async () => {
      for (let count = 0; count < 4; count++) {
        const before = calls();
        const kind = world.random.pick(KINDS);
        const answer = await kind.run(world, token);
        const cost = { is: calls() - before, expected: kind.calls, cookie: answer.token, kind: KINDS.indexOf(kind) };
        world.check(
          "I15",
          cost.is === kind.calls && (answer.token !== undefined) === kind.cookie,
          "it costs what it should",
          cost,
        );
      }
      const before = calls();
      await world.request(token, (session) => session.$destroy(), { ends: true });
      world.check("I15", calls() - before <= 3, "a destroy costs two calls after the load");
    });
    return () => {};
  },
};

const contended: Scenario = {
  promise: "I15: a conflict costs one more write and no read, and each is somebody's success",
  mostLost: 0,
  async play(world) {
    const writers = 6;
    const ledger = new Ledger(world);
    const token = await world.seed(Ledger.start);
    for (let count = 0; count < writers; count++)
      world.spawn(() => ledger.request(token, (pen) => pen.write("increment", "push")));
    return () => {
      const { asked } = world.store;
      world.check("I15", asked.get === writers, "each reads once", asked);
      // A write fails only if another one succeeded since its version was read.
      world.check("I15", asked.replace <= (writers * (writers + 1)) / 2, "no write fails without another's success", asked);
      // In one process they queue, and each at most finds that its turn came after others.
      world.check("I15", !world.isSingle || asked.replace < writers * 2, "a process does not race itself", asked);
      world.check(
        "I2",
        world.answers.every(({ outcome }) => outcome === "ok"),
        "all succeed",
      );
      ledger.check(world.session(token));
    };
  },
};

const agreed: Scenario = {
  promise: "I15: what another request has stored already is not stored again",
  mostLost: 0,
  async play(world) {
    const token = await world.seed({ n: 0 });
    for (let count = 0; count < 3; count++) world.spawn(() => world.request(token, (session) => void (session["same"] = 1)));
    return () => world.check("I15", world.history(token).length === 2, "one write is enough");
  },
};

export const costs: readonly Scenario[] = [alone, contended, agreed];
