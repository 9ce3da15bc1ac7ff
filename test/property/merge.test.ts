import { inspect } from "node:util";
import type { SessionConflict } from "unsession";
import { describe, expect, it, vi } from "vitest";
import { makeEdits, type Edit } from "./merge/edits.ts";
import { expectKept, holdItems } from "./merge/references.ts";
import { Requests } from "./merge/requests.ts";
import { check, SEED, share, TIMEOUT } from "./merge/runs.ts";
import { at, Source, ways, type Fields } from "./merge/trees.ts";
import type { Entropy } from "./tracking/entropy.ts";
import { alike, clone } from "./tracking/trees.ts";

// Hashing takes half of the time, and is not what is looked at.
vi.mock("../../src/token.ts", async (original) => ({
  ...(await original<typeof import("../../src/token.ts")>()),
  hashToken: (token: string) => Promise.resolve([...token].toReversed().join("")),
}));

const whole = (entropy: Entropy, below = 5): number => 1 + entropy.below(below);

/** Ways to objects and Maps below the root: what can be written into, deleted and replaced. */
function containers(tree: Fields): (readonly unknown[])[] {
  return ways(tree).filter((way) => way.length > 0 && !Array.isArray(at(tree, way)) && !(at(tree, way) instanceof Set));
}

function put(container: unknown, key: unknown, value: unknown): void {
  if (container instanceof Map) container.set(key, value);
  else (container as Fields)[key as string] = value;
}

/** What another request may do to a list of items: put some before, change, remove and reorder. */
function moveItems(list: Fields[], entropy: Entropy, source: Source): void {
  for (let times = entropy.below(4); times > 0; times--) {
    entropy.pick([
      () => void list.unshift(source.object([["n", 1]])),
      () => void list.push(source.object([["n", 1]])),
      () => void list.splice(entropy.below(list.length), 1),
      () => void list.reverse(),
      () => {
        const item = list.at(entropy.below(9) % Math.max(list.length, 1));
        if (item !== undefined) item["n"] = source.next;
      },
    ])();
  }
}

describe(`concurrent requests on one session (SEED=${SEED}, ${share(1)} runs)`, { timeout: TIMEOUT }, () => {
  it(
    "keep all changes of different places, as if one had come after the other, whatever the order",
    check(0.4, async (entropy) => {
      const source = new Source();
      const base = source.tree(entropy);
      const mine = makeEdits(base, entropy, source, []);
      const theirs = makeEdits(base, entropy, source, mine);
      const orders = [
        [mine, theirs],
        [theirs, mine],
      ] as const;
      for (const [earlier, later] of orders) {
        const requests = await Requests.of(base);
        const [one, other] = await requests.openTwo();
        for (const edit of earlier) edit.apply(one);
        for (const edit of later) edit.apply(other);
        await requests.commit(one);
        await requests.commit(other);
        const serially = clone(base);
        for (const edit of [...earlier, ...later]) edit.apply(serially);
        const stored = await requests.data();
        const story = { base, earlier, later, stored, serially, conflicts: requests.conflicts };
        if (!alike(stored, serially) || requests.conflicts.length > 0) throw new Error(inspect(story, { depth: 12 }));
      }
    }),
  );

  it(
    "add up increments and pushes exactly, also of what was not there before",
    check(0.1, async (entropy) => {
      const base = entropy.chance(1, 2) ? {} : { n: entropy.below(9), stats: { hits: 1 }, list: ["base"] };
      const requests = await Requests.of({ kept: true, ...base });
      const sessions = await requests.openAll(2 + entropy.below(3));
      const expected = { n: (base as Fields)["n"] ?? 0, hits: base.stats?.hits ?? 0, list: [...(base.list ?? [])] } as any;
      for (const [index, session] of sessions.entries()) {
        for (let times = whole(entropy); times > 0; times--) {
          const by = entropy.below(7) - 3;
          session.$increment("n", by);
          session.$increment(["stats", "hits"]);
          (session["list"] ??= []).push(`${index}-${times}`);
          expected.n += by;
          expected.hits++;
          expected.list.push(`${index}-${times}`);
        }
      }
      for (const session of sessions) await requests.commit(session);
      const { n = 0, stats, list } = (await requests.data()) as any;
      expect({ n, hits: stats.hits, list }).toEqual(expected);
      expect(requests.conflicts).toEqual([]);
    }),
  );

  it(
    "let a deletion win over writes below it, whatever the order, and report it",
    check(0.1, async (entropy) => {
      const source = new Source();
      const base = source.tree(entropy);
      const way = entropy.pick([...containers(base), ["z"]]);
      if (at(base, way) === undefined) base["z"] = source.object([]);
      const [key, above] = [way.at(-1), way.slice(0, -1)];
      for (const deletionFirst of [true, false]) {
        const requests = await Requests.of(base);
        const [deleting, writing] = await requests.openTwo();
        const from: any = at(deleting, above);
        if (from instanceof Map) from.delete(key);
        else if (Array.isArray(from)) from[key as number] = null;
        else delete from[key as string];
        put(at(writing, way), "written", 1);
        for (const session of deletionFirst ? [deleting, writing] : [writing, deleting]) await requests.commit(session);
        const left: any = at(await requests.data(), above);
        expect(left instanceof Map ? left.has(key) : (left[key as string] ?? undefined) !== undefined).toBe(false);
        expect(requests.conflicts).toEqual([way]);
      }
    }),
  );

  it(
    "let the last to commit win where both wrote the same place, and tell the hook of it once",
    check(0.1, async (entropy) => {
      const source = new Source();
      const base = source.tree(entropy);
      const way = entropy.pick([...containers(base), []]);
      const key = entropy.chance(1, 2) ? "id" : "new";
      const requests = await Requests.of(base);
      const [one, other] = await requests.openTwo();
      const same = entropy.chance(1, 4);
      const first = source.scalar(entropy);
      const last = same ? first : source.scalar(entropy);
      put(at(one, way), key, first);
      put(at(other, way), key, last);
      await requests.commit(one);
      await requests.commit(other);
      expect(alike(at(await requests.data(), [...way, key]), last)).toBe(true);
      expect(requests.conflicts).toEqual(same ? [] : [[...way, key]]);
    }),
  );

  it(
    'with `conflict: "reject"` refuse the later one and leave the store as it is, but keep changes of different places',
    check(0.1, async (entropy) => {
      const source = new Source();
      const base = source.tree(entropy);
      const mine = makeEdits(base, entropy, source, []);
      const theirs = makeEdits(base, entropy, source, mine);
      const requests = await Requests.of({ ...base, same: 0 }, { conflict: "reject" });
      const [one, other] = await requests.openTwo();
      const clash = entropy.chance(1, 2);
      for (const edit of mine) edit.apply(one);
      for (const edit of theirs) edit.apply(other);
      if (clash) [one["same"], other["same"]] = [1, 2];
      await requests.commit(one);
      const { text } = requests.record();
      if (!clash) return requests.commit(other);
      await expect(requests.commit(other)).rejects.toMatchObject({ code: "ERR_SESSION_CONFLICT", status: 409 });
      expect(requests.record().text).toBe(text);
      expect(requests.conflicts).toEqual([["same"]]);
    }),
  );

  it(
    "store what a `conflict` function makes of the three values",
    check(0.1, async (entropy) => {
      const source = new Source();
      const base = source.tree(entropy);
      const way = entropy.pick([...containers(base), []]);
      const conflicts: SessionConflict[] = [];
      const answer = entropy.pick<(conflict: SessionConflict) => unknown>([
        ({ mine }) => mine,
        ({ theirs }) => theirs,
        ({ base }) => base,
        ({ mine, theirs }) => ({ both: [theirs, mine] }),
        () => undefined,
      ]);
      const conflict = (seen: SessionConflict): unknown => answer((conflicts.push(seen), seen));
      const requests = await Requests.of(base, { conflict });
      const [one, other] = await requests.openTwo();
      const [first, last] = [source.scalar(entropy), source.scalar(entropy)];
      put(at(one, way), "x", first);
      put(at(other, way), "x", last);
      await requests.commit(one);
      await requests.commit(other);
      const seen = { path: [...way, "x"], base: undefined, mine: last, theirs: first };
      expect(conflicts).toEqual([seen]);
      expect(alike(at(await requests.data(), [...way, "x"]), answer(seen))).toBe(true);
    }),
  );

  it(
    "merge containers that both put where there was none, down to what is in them",
    check(0.1, async (entropy) => {
      const requests = await Requests.of({ kept: true });
      const sessions = await requests.openAll(2 + entropy.below(2));
      const all: string[] = [];
      for (const [index, session] of sessions.entries()) {
        const cart = (session["cart"] ??= { items: [], by: new Map(), tags: new Set(), deep: { er: {} } });
        for (let times = whole(entropy, 3); times > 0; times--) {
          const name = `${index}-${times}`;
          cart.items.push(name);
          cart.by.set(name, new Map([[name, true]]));
          (cart.by.get("all") ?? cart.by.set("all", new Map()).get("all")).set(name, true);
          cart.tags.add(name);
          cart.deep.er[name] = true;
          all.push(name);
        }
      }
      for (const session of sessions) await requests.commit(session);
      const { cart } = (await requests.data()) as any;
      expect(cart.items).toEqual(all);
      expect([...cart.by.keys()].toSorted()).toEqual([...all, "all"].toSorted());
      expect([...cart.by.get("all").keys()].toSorted()).toEqual(all.toSorted());
      expect([...cart.tags].toSorted()).toEqual(all.toSorted());
      expect(Object.keys(cart.deep.er).toSorted()).toEqual(all.toSorted());
      expect(requests.conflicts).toEqual([]);
    }),
  );

  it(
    "append pushes to whatever an array has become, and let a rearranged one replace it as a whole, reported",
    check(0.1, async (entropy) => {
      const source = new Source();
      const list = Array.from({ length: 2 + entropy.below(4) }, () => source.object([]));
      const pushed = Array.from({ length: whole(entropy, 3) }, () => source.object([]));
      const index = entropy.below(list.length);
      const pushes = (items: any): void => void items.push(...clone(pushed));
      const writes = (items: any): void => void (items[index].written = 1);
      const rearranges = entropy.pick<(items: any) => void>([
        (items) => void items.reverse(),
        (items) => void items.shift(),
        (items) => void items.splice(1, 1),
        (items) => void items.unshift({ id: -1 }),
      ]);
      const alone = (...changes: ((items: any) => void)[]): Fields[] => {
        const items = clone(list);
        for (const change of changes) change(items);
        return items;
      };
      const together = async (first: (items: any) => void, last: (items: any) => void): Promise<[unknown, number]> => {
        const requests = await Requests.of({ list });
        const [one, other] = await requests.openTwo();
        first(one["list"]);
        last(other["list"]);
        await requests.commit(one);
        await requests.commit(other);
        return [(await requests.data())["list"], requests.conflicts.length];
      };
      expect(await together(rearranges, pushes)).toEqual([alone(rearranges, pushes), 0]);
      expect(await together(pushes, rearranges)).toEqual([alone(rearranges), 1]);
      expect(await together(writes, rearranges)).toEqual([alone(rearranges), 1]);
      expect(await together(rearranges, writes)).toEqual([alone(writes), 1]);
      expect(await together(pushes, writes)).toEqual([alone(pushes, writes), 0]);
      expect(await together(writes, pushes)).toEqual([alone(pushes, writes), 0]);
    }),
  );

  it(
    "lose nothing that is written while a save is on its way",
    check(0.1, async (entropy) => {
      const source = new Source();
      const base = { ...source.tree(entropy), n: 1 };
      const counts: Edit = { name: "increment", claims: [["n"]], apply: () => undefined };
      const theirs = makeEdits(base, entropy, source, [counts]);
      const before = makeEdits(base, entropy, source, [counts, ...theirs]);
      const during = makeEdits(base, entropy, source, [counts, ...theirs, ...before]);
      const requests = await Requests.of(base);
      const [session, other] = await requests.openTwo();
      for (const edit of theirs) edit.apply(other);
      other.$increment("n", 10);
      await requests.commit(other);
      for (const edit of before) edit.apply(session);
      session.$increment("n");
      const saving = entropy.chance(1, 2) ? session.$save() : session.$update((draft) => void (draft["draft"] = 1));
      for (const edit of during) {
        for (let turns = entropy.below(6); turns > 0; turns--) await Promise.resolve();
        edit.apply(session);
        session.$increment("n");
      }
      await saving;
      await requests.commit(session);
      const { draft: _, ...stored } = await requests.data();
      const expected = clone(base);
      for (const edit of [...theirs, ...before, ...during]) edit.apply(expected);
      expected["n"] = 12 + during.length;
      if (!alike(stored, expected)) throw new Error(inspect({ base, theirs, before, during, stored, expected }, { depth: 12 }));
    }),
  );

  it(
    "leave references live and on their items, wherever the other request moved them, or let writes through them throw",
    check(0.1, async (entropy) => {
      const source = new Source();
      const base = { ...source.tree(entropy), list: Array.from({ length: whole(entropy) }, () => source.object([["n", 1]])) };
      const requests = await Requests.of(base);
      const [session, other] = await requests.openTwo();
      const held = holdItems(session);
      const list: Edit = {
        name: "list",
        claims: [["list"]],
        apply: (tree) => moveItems(tree["list"] as Fields[], entropy, source),
      };
      for (const edit of [list, ...makeEdits(base, entropy, source, [list])]) edit.apply(other);
      await requests.commit(other);
      const calls = [
        () => session.$reload(),
        () => ((session["mine"] = 1), session.$save()),
        () => session.$update((draft) => void (draft["mine"] = 1)),
        () => ((session["mine"] = 1), session.$regenerate()),
      ];
      await entropy.pick(calls)();
      await expectKept(requests, session, held);
    }),
  );
});
