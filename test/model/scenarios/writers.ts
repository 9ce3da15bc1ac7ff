import { Ledger, type Kind } from "../ledger.ts";
import type { Scenario } from "../run.ts";
import type { World } from "../world.ts";

/** Requests that write at the same time, each in the given ways. */
async function writeAtOnce(world: World, writes: readonly (readonly Kind[])[]): Promise<() => void> {
  const ledger = new Ledger(world);
  const token = await world.seed(Ledger.start);
  for (const kinds of writes) world.spawn(() => ledger.request(token, (pen) => pen.write(...kinds)));
  return () => ledger.check(world.session(token));
}

function times<V>(count: number, value: V): V[] {
  return Array.from({ length: count }, () => value);
}

export const increments: Scenario = {
  promise: "I3: acknowledged increments are counted exactly, unknown ones at most once",
  play: (world) => writeAtOnce(world, times(5, ["increment", "nested"])),
};

export const disjointKeys: Scenario = {
  promise: "I2: every acknowledged write to a key of its own is kept",
  play: (world) => writeAtOnce(world, times(5, ["key", "flash"])),
};

const pushes: Scenario = {
  promise: "I21: pushes are kept, each once, in the order of their request",
  async play(world) {
    const check = await writeAtOnce(world, times(4, ["push", "push", "push"]));
    return () => {
      check();
      const [token] = world.tokens as [string];
      const list = world.live(token)?.["list"] as number[];
      const orders = Array.from({ length: 4 }, (_, request) => list.filter((id) => Math.floor(id / 3) === request));
      const held = orders.every((ids) => ids.every((id, index) => index === 0 || id > (ids[index - 1] as number)));
      world.check("I21", held, "pushes of one request stay in order", list);
    };
  },
};

const firstPushes: Scenario = {
  promise: "I2: requests that each set up the same container merge into one",
  async play(world) {
    const token = await world.seed({ visits: 1 });
    const kept: string[] = [];
    for (const item of ["a", "b", "c", "d"]) {
      world.spawn(async () => {
        const { outcome } = await world.request(token, (session) => {
          session["cart"] ??= { items: [] };
          session["cart"].items.push(item);
        });
        if (outcome === "ok") kept.push(item);
      });
    }
    return () => {
      const items: string[] = world.live(token)?.["cart"]?.items ?? [];
      const once = kept.every((item) => items.filter((other) => other === item).length === 1);
      world.check("I2", once && new Set(items).size === items.length, "each item is there once", { kept, items });
    };
  },
};

const pairs: Scenario = {
  promise: "I5: x and y written together are always read equal",
  async play(world) {
    const token = await world.seed({ x: 0, y: 0 });
    for (const value of [1, 2, 3, 4]) {
      world.spawn(() =>
        world.request(token, async (session) => {
          world.check("I5", session["x"] === session["y"], "x and y are read equal");
          session["x"] = value;
          if (value % 2 === 0) await session.$update((draft) => void (draft["y"] = draft["x"]));
          else session["y"] = value;
        }),
      );
    }
    return () => {
      for (const { data } of world.history(token)) world.check("I5", data["x"] === data["y"], "x and y are stored equal", data);
    };
  },
};

const updates: Scenario = {
  promise: "I6: updates run one after another, each on the result of the one before",
  async play(world) {
    const token = await world.seed({ n: 0 });
    const results: number[] = [];
    let unknown = 0;
    for (let count = 0; count < 4; count++) {
      world.spawn(async () => {
        const seen: number[] = [];
        const { outcome } = await world.request(token, async (session) => {
          const result = await session.$update((draft) => ++draft["n"]);
          seen.push(result);
          world.check("I6", session["n"] === result, "the session shows the result of its update");
        });
        // What was acknowledged inside the request counts, whatever became of the request.
        results.push(...seen);
        if (outcome === "unknown" && seen.length === 0) unknown++;
      });
    }
    return () => {
      const n = world.live(token)?.["n"] as number;
      world.check("I6", new Set(results).size === results.length, "no two updates have the same result", results);
      world.check("I3", n >= results.length && n <= results.length + unknown, "every update counts once", {
        n,
        results,
        unknown,
      });
    };
  },
};

const lastWriterWins: Scenario = {
  promise: "I20: the same place is as the last committer left it, and no other request brings an older value back",
  async play(world) {
    const token = await world.seed({ place: 0, n: 0 });
    const stored: number[] = [];
    for (const value of [1, 2, 3]) {
      world.spawn(async () => {
        const { outcome } = await world.request(token, (session) => void (session["place"] = value));
        if (outcome === "ok") stored.push(value);
      });
    }
    for (const key of ["a", "b"]) world.spawn(() => world.request(token, (session) => void (session[key] = 1)));
    return () => {
      const values = world.history(token).map(({ data }) => data["place"] as number);
      const changes = values.filter((value, index) => index === 0 || value !== values[index - 1]);
      world.check("I20", new Set(changes).size === changes.length, "a value that was overwritten stays so", changes);
      world.check(
        "I20",
        stored.every((value) => changes.includes(value)),
        "every acknowledged value was there",
        { stored, changes },
      );
    };
  },
};

export const writers: readonly Scenario[] = [increments, disjointKeys, pushes, firstPushes, pairs, updates, lastWriterWins];
