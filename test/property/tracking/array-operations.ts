import type { Entropy } from "./entropy.ts";
import type { Operation } from "./operations.ts";
import type { Twin } from "./values.ts";
import type { Held, World } from "./world.ts";

type Items = unknown[];

const LONGEST = 12;

const several = (world: World, entropy: Entropy): Twin[] => Array.from({ length: entropy.below(3) }, () => world.value(entropy));
const plains = (twins: readonly Twin[]): Items => twins.map(({ plain }) => plain);
const trackeds = (twins: readonly Twin[]): Items => twins.map(({ tracked }) => tracked);
/** A place in an array, from either end, or past one. */
const place = (entropy: Entropy, { plain }: Held): number => entropy.below((plain as Items).length + 4) - 2;

const call =
  (method: "push" | "unshift"): Operation<Items> =>
  (world, held, entropy) => {
    const { plain, tracked } = held;
    if (plain.length > LONGEST) return;
    const given = several(world, entropy);
    const results = world.write(
      held,
      given,
      () => plain[method](...plains(given)),
      () => tracked[method](...trackeds(given)),
    );
    if (results !== undefined) world.meet(...results);
  };

const take =
  (method: "pop" | "shift"): Operation<Items> =>
  (world, held) => {
    const { plain, tracked } = held;
    const results = world.write(
      held,
      [],
      () => plain[method](),
      () => tracked[method](),
    );
    if (results === undefined) return;
    world.meet(...results);
    world.release([results[0]]);
  };

const splice: Operation<Items> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const given = plain.length > LONGEST ? [] : several(world, entropy);
  const numbers = [place(entropy, held), entropy.below(4) - 1].slice(0, given.length > 0 ? 2 : entropy.below(3)) as [
    number,
    number,
  ];
  const results = world.write(
    held,
    given,
    () => plain.splice(...numbers, ...plains(given)),
    () => tracked.splice(...numbers, ...trackeds(given)),
  );
  if (results === undefined) return;
  const [removed, released] = results as [Items, Items];
  world.meetAll(removed, released);
  world.release(removed);
};

const sort: Operation<Items> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const kindOf = (item: unknown): string => (typeof item === "object" ? Object.prototype.toString.call(item) : String(item));
  const compare = entropy.pick([undefined, (a: unknown, b: unknown) => (kindOf(a) < kindOf(b) ? -1 : 1)]);
  const results = world.write(
    held,
    [],
    () => plain.sort(compare),
    () => tracked.sort(compare),
  );
  if (results !== undefined) world.meet(...results);
};

const reverse: Operation<Items> = (world, held) => {
  const { plain, tracked } = held;
  const results = world.write(
    held,
    [],
    () => plain.reverse(),
    () => tracked.reverse(),
  );
  if (results !== undefined) world.meet(...results);
};

const fill: Operation<Items> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const given = world.value(entropy);
  // One value at several places is an alias.
  if (!world.aliases && typeof given.plain === "object") return;
  const numbers = [place(entropy, held), place(entropy, held)].slice(entropy.below(3));
  world.write(
    held,
    [given],
    () => plain.fill(given.plain, ...numbers),
    () => tracked.fill(given.tracked, ...numbers),
  );
};

const copyWithin: Operation<Items> = (world, held, entropy) => {
  if (!world.aliases) return;
  const { plain, tracked } = held;
  const [target, start, end] = [place(entropy, held), place(entropy, held), place(entropy, held)];
  world.write(
    held,
    [],
    () => plain.copyWithin(target, start, end),
    () => tracked.copyWithin(target, start, end),
  );
};

const resize: Operation<Items> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const length = entropy.below(plain.length + 2);
  world.write(
    held,
    [],
    () => void (plain.length = length),
    () => void (tracked.length = length),
  );
};

/** At an index that is there, the next one, or past the end. */
const write: Operation<Items> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const index = entropy.below(Math.min(plain.length, LONGEST) + (entropy.chance(1, 4) ? 4 : 1));
  const given = world.value(entropy);
  world.write(
    held,
    [given],
    () => void (plain[index] = given.plain),
    () => void (tracked[index] = given.tracked),
  );
};

const remove: Operation<Items> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const index = entropy.below(plain.length + 1);
  world.write(
    held,
    [],
    () => delete plain[index],
    () => delete tracked[index],
  );
};

const named: Operation<Items> = (world, held, entropy) => {
  if (Object.isFrozen(held.plain)) return;
  const name = entropy.pick(["x", "-1", "01", "1.5", "4294967295"]);
  const refused = [{ plain: 0, tracked: 0, refused: true }];
  world.write(
    held,
    refused,
    () => undefined,
    () => void ((held.tracked as unknown as Record<string, unknown>)[name] = 1),
  );
};

const readItem: Operation<Items> = (world, { plain, tracked }, entropy) => {
  const index = entropy.below(plain.length + 1);
  world.meet(plain[index], tracked[index]);
  world.meet(plain.at(-index), tracked.at(-index));
};

const search: Operation<Items> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const index = entropy.below(plain.length + 1);
  const sought = index < plain.length ? { plain: plain[index], tracked: tracked[index] } : world.value(entropy);
  const from = place(entropy, held);
  for (const method of ["includes", "indexOf", "lastIndexOf"] as const) {
    world.meet(plain[method](sought.plain), tracked[method](sought.tracked));
    world.meet(plain[method](sought.plain, from), tracked[method](sought.tracked, from));
  }
};

const copies: Operation<Items> = (world, held, entropy) => {
  const start = place(entropy, held);
  const ways: ((items: Items) => Items)[] = [
    (items) => [...items],
    (items) => items.slice(start),
    (items) => items.concat([1]),
    (items) => items.filter((item) => typeof item === "object"),
    (items) => items.map((item) => item),
    (items) => items.toReversed(),
    (items) => [items.find((item) => typeof item === "object"), items.findLastIndex((item) => item === 1)],
    (items) => Array.from(items.entries()).flat(),
    (items) => Object.values(items),
  ];
  const way = entropy.pick(ways);
  const [plain, tracked] = world.read(
    () => way(held.plain as Items),
    () => way(held.tracked as Items),
  );
  world.meetAll(plain as Items, tracked as Items);
};

export const arrayOperations: readonly Operation[] = [
  call("push"),
  call("push"),
  call("unshift"),
  take("pop"),
  take("shift"),
  splice,
  splice,
  sort,
  reverse,
  fill,
  copyWithin,
  resize,
  write,
  write,
  remove,
  named,
  readItem,
  readItem,
  readItem,
  search,
  copies,
];
