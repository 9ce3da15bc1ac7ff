import { toRaw } from "../../../src/tracking/raw.ts";
import type { Entropy } from "./entropy.ts";

/** One value, for the plain object and for the session: equal, but made of different objects. */
export interface Twin {
  readonly plain: unknown;
  readonly tracked: unknown;
  /** Why the session must not take it, if it must not. */
  readonly refused: boolean;
}

/** Gives something that was in the tree before. Without it each object has one place, and none is in a Set, where no path leads. */
export type FromTree = ((entropy: Entropy) => Twin) | undefined;

const KEYS = ["a", "b", "c", "", "0", "a.b", "10", "then", "a\\b", "length", "$a"];

export const key = (entropy: Entropy): string => entropy.pick(KEYS);

export const FORBIDDEN_KEYS: readonly string[] = ["__proto__", "constructor", "prototype"];

const PLAIN = [0, 1, 2, "", "x", "1", true, false, null, 0.1, -5, "a.b"];
const RICH = [Number.NaN, -0, 1n, -1n, Infinity, undefined, 2, "y"];
const REFUSED = [() => 1, Symbol("s"), Symbol.iterator, Map];

export function primitive(entropy: Entropy): unknown {
  return entropy.chance(1, 4) ? entropy.pick(RICH) : entropy.pick(PLAIN);
}

const same = (value: unknown, refused = false): Twin => ({ plain: value, tracked: value, refused });

/** A value of any kind, with what is in the tree already somewhere in it. */
export function value(entropy: Entropy, fromTree: FromTree, depth = 0): Twin {
  const kind = entropy.below(depth > 2 ? 4 : 12);
  if (kind === 3) return fromTree?.(entropy) ?? same(1);
  if (kind < 3) return same(primitive(entropy));
  if (kind === 11) return special(entropy, fromTree, depth);
  if (kind === 10) return date(entropy);
  const size = entropy.below(5);
  const inner = (): Twin => value(entropy, fromTree, depth + 1);
  if (kind < 6) return object(Array.from({ length: size }, () => [key(entropy), inner()]));
  if (kind < 8) return array(Array.from({ length: size }, inner));
  if (kind === 8) return map(Array.from({ length: size }, () => [mapKey(entropy, fromTree), inner()]));
  return set(Array.from({ length: size }, fromTree === undefined ? () => same(primitive(entropy)) : inner));
}

/** Mostly a string or number; now and then something else, an object too. */
export function mapKey(entropy: Entropy, fromTree: FromTree): Twin {
  if (entropy.chance(1, 12)) return fromTree?.(entropy) ?? same("none");
  return same(entropy.chance(1, 3) ? entropy.pick([1, "1", Number.NaN, -0, 1n, null, undefined, "__proto__"]) : key(entropy));
}

function special(entropy: Entropy, fromTree: FromTree, depth: number): Twin {
  const kind = entropy.below(20);
  if (kind < 10) return frozen(value(entropy, fromTree, depth + 1));
  if (kind < 16) return twice(() => new Uint8Array([kind, 1]), false);
  if (kind === 16) return same(entropy.pick(REFUSED), true);
  if (kind === 17)
    return twice(() => Object.defineProperty({}, "a", { get: () => 1, enumerable: true, configurable: true }), true);
  if (kind === 18) return twice(() => ({ [Symbol.toStringTag]: 1 }), true);
  const text = JSON.stringify({ [entropy.pick(FORBIDDEN_KEYS)]: { polluted: true } });
  return twice(() => JSON.parse(text) as object, true);
}

const twice = (make: () => object, refused: boolean): Twin => ({ plain: make(), tracked: make(), refused });

function date(entropy: Entropy): Twin {
  const time = entropy.below(1000);
  return twice(() => new Date(time), false);
}

function frozen({ plain, tracked, refused }: Twin): Twin {
  // Typed arrays cannot be frozen, and what is behind a proxy is the session's.
  if (ArrayBuffer.isView(plain) || toRaw(tracked) !== tracked) return { plain, tracked, refused };
  return { plain: Object.freeze(plain), tracked: Object.freeze(tracked), refused };
}

const anyRefused = (twins: readonly Twin[]): boolean => twins.some(({ refused }) => refused);

export function object(entries: readonly (readonly [string, Twin])[]): Twin {
  return {
    plain: Object.fromEntries(entries.map(([key, { plain }]) => [key, plain])),
    tracked: Object.fromEntries(entries.map(([key, { tracked }]) => [key, tracked])),
    // A later entry of the same key takes the place of the earlier.
    refused: anyRefused([...new Map(entries).values()]),
  };
}

export function array(items: readonly Twin[]): Twin {
  return { plain: items.map(({ plain }) => plain), tracked: items.map(({ tracked }) => tracked), refused: anyRefused(items) };
}

function map(entries: readonly (readonly [Twin, Twin])[]): Twin {
  const plain = new Map(entries.map(([key, { plain }]) => [key.plain, plain]));
  const kept = new Map(entries.map(([key, twin]) => [key.plain, twin]));
  return {
    plain,
    tracked: new Map(entries.map(([key, { tracked }]) => [key.tracked, tracked])),
    refused: anyRefused([...kept.values()]),
  };
}

function set(members: readonly Twin[]): Twin {
  return {
    plain: new Set(members.map(({ plain }) => plain)),
    tracked: new Set(members.map(({ tracked }) => tracked)),
    refused: anyRefused(members),
  };
}
