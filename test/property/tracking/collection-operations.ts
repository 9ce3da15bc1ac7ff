import type { Operation } from "./operations.ts";

type Entries = Map<unknown, unknown>;

const clear: Operation<Entries | Set<unknown>> = (world, held) => {
  const { plain, tracked } = held;
  world.write(
    held,
    [],
    () => plain.clear(),
    () => tracked.clear(),
  );
};

const get: Operation<Entries> = (world, { plain, tracked }, entropy) => {
  const member = world.member(entropy);
  world.meet(plain.get(member.plain), tracked.get(member.tracked));
  const [existing] = [...plain.keys()];
  if (typeof existing !== "object" && plain.size > 0) world.meet(plain.get(existing), tracked.get(existing));
};

const set: Operation<Entries> = (world, held, entropy) => {
  const member = world.member(entropy);
  const given = world.value(entropy);
  const { plain, tracked } = held;
  const results = world.write(
    held,
    [member, given],
    () => plain.set(member.plain, given.plain),
    () => tracked.set(member.tracked, given.tracked),
  );
  if (results !== undefined) world.meet(...results);
};

const has: Operation<Entries | Set<unknown>> = (world, { plain, tracked }, entropy) => {
  const member = world.member(entropy);
  world.meet(plain.has(member.plain), tracked.has(member.tracked));
  world.meet(plain.size, tracked.size);
};

const remove: Operation<Entries | Set<unknown>> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const all = [...plain.keys()];
  const index = entropy.below(all.length + 1);
  const member = index < all.length ? { plain: all[index], tracked: [...tracked.keys()][index] } : world.member(entropy);
  const results = world.write(
    held,
    [],
    () => plain.delete(member.plain),
    () => tracked.delete(member.tracked),
  );
  if (results !== undefined) world.meet(...results);
};

const walk: Operation<Entries | Set<unknown>> = (world, { plain, tracked }, entropy) => {
  const walks: ((all: Entries | Set<unknown>) => unknown[])[] = [
    (all) => (all instanceof Map ? [...all].flat() : [...all]),
    (all) => [...all.entries()].flat(),
    (all) => [...all.keys()],
    (all) => [...all.values()],
    (all) => {
      const seen: unknown[] = [];
      (all as Entries).forEach((value, key) => seen.push(key, value));
      return seen;
    },
    (all) => [...new Set(all.keys())],
  ];
  const way = entropy.pick(walks);
  world.meetAll(way(plain), way(tracked));
  world.meet(String(plain), String(tracked));
  world.meet(plain instanceof Map, tracked instanceof Map);
};

const add: Operation<Set<unknown>> = (world, held, entropy) => {
  const member = world.member(entropy);
  const { plain, tracked } = held;
  const results = world.write(
    held,
    [member],
    () => plain.add(member.plain),
    () => tracked.add(member.tracked),
  );
  if (results !== undefined) world.meet(...results);
};

const name: Operation<Entries | Set<unknown>> = (world, held) => {
  const refused = [{ plain: 0, tracked: 0, refused: true }];
  world.write(
    held,
    refused,
    () => undefined,
    () => void ((held.tracked as { extra?: number }).extra = 1),
  );
};

export const mapOperations: readonly Operation[] = [get, get, get, set, set, set, set, has, remove, clear, walk, walk, name];
export const setOperations: readonly Operation[] = [add, add, add, add, has, remove, walk, clear, walk, walk, name];
