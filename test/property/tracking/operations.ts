import type { Entropy } from "./entropy.ts";
import { arrayOperations } from "./array-operations.ts";
import { mapOperations, setOperations } from "./collection-operations.ts";
import { isContainer } from "./trees.ts";
import { FORBIDDEN_KEYS, key } from "./values.ts";
import type { Held, World } from "./world.ts";

/** Does one thing to something the user holds, on the plain tree and through the session. */
export type Operation<P = any> = (world: World, held: { plain: P; tracked: P }, entropy: Entropy) => void;

type Fields = Record<PropertyKey, unknown>;

/** As a session writes to an object: `undefined` deletes. */
export function assign(object: Fields, name: string, value: unknown): void {
  if (value === undefined && !Object.isFrozen(object)) delete object[name];
  else object[name] = value;
}

const isRoot = (world: World, { plain }: Held): boolean => world.held[0]?.plain === plain;

/** A key, and whether the root must refuse it. */
const keyFor = (world: World, held: Held, entropy: Entropy): [string, boolean] => {
  const name = entropy.chance(1, 30) ? entropy.pick(FORBIDDEN_KEYS) : key(entropy);
  return [name, FORBIDDEN_KEYS.includes(name) || (name.startsWith("$") && isRoot(world, held))];
};

const readKey: Operation<Fields> = (world, { plain, tracked }, entropy) => {
  const names = Object.keys(plain);
  const name = names.length > 0 && entropy.chance(4, 5) ? entropy.pick(names) : key(entropy);
  world.meet(
    ...world.read(
      () => plain[name],
      () => tracked[name],
    ),
  );
};

const write: Operation<Fields> = (world, held, entropy) => {
  const [name, refused] = keyFor(world, held, entropy);
  const given = world.value(entropy);
  // Whoever deletes what is not there changes nothing, whatever its name.
  const isNone = given.plain === undefined;
  const twin = { ...given, refused: given.refused || (refused && !isNone) };
  if (refused && isNone) return;
  const { plain, tracked } = held;
  world.write(
    held,
    [twin],
    () => assign(plain, name, given.plain),
    () => void (tracked[name] = given.tracked),
  );
};

const define: Operation<Fields> = (world, held, entropy) => {
  const [name, refused] = keyFor(world, held, entropy);
  const given = world.value(entropy);
  const odd = entropy.chance(1, 4);
  const descriptor = { enumerable: !odd, configurable: true, writable: true };
  const { plain, tracked } = held;
  if (given.plain === undefined || Object.isFrozen(plain)) return;
  world.write(
    held,
    [{ ...given, refused: given.refused || refused || odd }],
    () => void Object.defineProperty(plain, name, { ...descriptor, value: given.plain }),
    () => void Object.defineProperty(tracked, name, { ...descriptor, value: given.tracked }),
  );
};

const remove: Operation<Fields> = (world, held, entropy) => {
  const name = key(entropy);
  const { plain, tracked } = held;
  world.write(
    held,
    [],
    () => delete plain[name],
    () => delete tracked[name],
  );
};

/** Moves values, as `[a.x, a.y] = [a.y, a.x]` does. */
const swap: Operation<Fields> = (world, held, entropy) => {
  const { plain, tracked } = held;
  const isList = Array.isArray(plain);
  const [one, other] = isList ? ["0", "1"] : [key(entropy), key(entropy)];
  if ((isList && plain.length < 2) || ([one, other].includes("$a") && isRoot(world, held))) return;
  const onPlain = { one: plain[one], other: plain[other] };
  const onTracked = { one: tracked[one], other: tracked[other] };
  const put = (name: string, from: "one" | "other"): void => {
    const plainly = (): void => (isList ? void (plain[name] = onPlain[from]) : assign(plain, name, onPlain[from]));
    world.write(held, [], plainly, () => void (tracked[name] = onTracked[from]));
  };
  put(one, "other");
  put(other, "one");
};

const assignAll: Operation<Fields> = (world, held, entropy) => {
  const given = [world.value(entropy), world.value(entropy)] as const;
  const names = [key(entropy), key(entropy)] as const;
  if (given.some(({ refused }) => refused) || (names.includes("$a") && isRoot(world, held))) return;
  const pairs = <V>(values: readonly V[]): Record<string, V> =>
    Object.fromEntries(names.map((name, index) => [name, values[index] as V]));
  const { plain, tracked } = held;
  const source = pairs(given.map((twin) => twin.plain));
  world.write(
    held,
    [],
    () => {
      for (const [name, value] of Object.entries(source)) assign(plain, name, value);
    },
    () => void Object.assign(tracked, pairs(given.map((twin) => twin.tracked))),
  );
};

const inspect: Operation<Fields> = (world, { plain, tracked }, entropy) => {
  const name = key(entropy);
  const isList = Array.isArray(plain);
  const same = (onPlain: () => unknown, onTracked: () => unknown): void => world.meet(...world.read(onPlain, onTracked));
  same(
    () => name in plain,
    () => name in tracked,
  );
  same(
    () => Object.hasOwn(plain, name),
    () => Object.hasOwn(tracked, name),
  );
  same(
    () => JSON.stringify(plain),
    () => JSON.stringify(tracked),
  );
  same(
    () => Object.keys(plain).join(),
    () => Object.keys(tracked).join(),
  );
  same(
    () => Array.isArray(plain),
    () => Array.isArray(tracked),
  );
  same(
    () => Object.prototype.toString.call(plain),
    () => Object.prototype.toString.call(tracked),
  );
  if (!isList) world.meetAll(Object.values({ ...plain }), Object.values({ ...tracked }));
  const walked: string[] = [];
  for (const each in tracked) walked.push(each);
  world.meetAll(Object.keys(plain), walked);
};

/** The forms of refusal that need no value. */
const misuse: Operation<Fields> = (world, held, entropy) => {
  const { tracked } = held;
  if (Object.isFrozen(held.plain)) return;
  const refused = [{ plain: 0, tracked: 0, refused: true }];
  const calls = [
    () => Object.defineProperty(tracked, "a", { get: () => 1, configurable: true, enumerable: true }),
    () => Object.setPrototypeOf(tracked, null),
    () => Object.freeze(tracked),
    () => void (tracked["__proto__"] = { polluted: true }),
    () => void (tracked[Symbol.for("k") as never] = 1),
    () => void (tracked["a"] = () => 1),
  ];
  world.write(held, refused, () => undefined, entropy.pick(calls));
};

const setTime: Operation<Date> = (world, { plain, tracked }, entropy) => {
  if (!world.aliases) return;
  const time = entropy.below(1000);
  plain.setTime(time);
  tracked.setTime(time);
};

const setByte: Operation<Uint8Array> = (world, { plain, tracked }, entropy) => {
  if (world.aliases) plain[1] = tracked[1] = entropy.below(256);
};

const objectOperations: readonly Operation[] = [
  readKey,
  readKey,
  readKey,
  readKey,
  write,
  write,
  write,
  write,
  define,
  remove,
  swap,
  assignAll,
  inspect,
  misuse,
];

/** Does something to something. */
export function operate(world: World, entropy: Entropy): string {
  const held = world.pick(entropy);
  const operation = entropy.pick(operationsOn(held.plain));
  operation(world, held, entropy);
  return operation.name;
}

function operationsOn(plain: object): readonly Operation[] {
  if (plain instanceof Date) return [setTime];
  if (plain instanceof Map) return mapOperations;
  if (plain instanceof Set) return setOperations;
  if (Array.isArray(plain)) return [...arrayOperations, inspect, swap];
  return isContainer(plain) ? objectOperations : [setByte];
}
