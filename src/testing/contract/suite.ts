import type { Store, StoreEntry } from "../../stores/store.ts";

/** What the suite uses of a test runner's `expect`; any that calls `assert` will do. */
export type Expect = (actual: unknown) => { toBe(expected: unknown): unknown; toEqual(expected: unknown): unknown };

/** The functions of a test runner, such as Vitest, Jest, `bun:test`, or `node:test` with an `expect` of yours. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, run: (...context: readonly unknown[]) => Promise<void>, timeout?: number) => unknown;
  readonly expect: Expect;
}

export interface StoreContractOptions {
  /** Whether records leave by themselves, as `Store.ttl` must say too. @default true */
  readonly ttl?: boolean;
  /** Whether `keys` works, as `Store.list` must say too. @default true */
  readonly list?: boolean;
  /** Whether bytes are kept, as `Store.binary` must say too. @default true */
  readonly binary?: boolean;
  /** Lets time pass; advances the clock by default. A server with a clock of its own waits. */
  readonly elapse?: (milliseconds: number) => Promise<void>;
  /** A record header of fixed width, for back ends that compare its fields; plain text by default. */
  readonly header?: (version: number) => string;
}

/** What a test of the contract is given: a store of its own, and keys that no other test has. */
export interface Bench {
  readonly store: Store;
  /** Begins every key of this test. */
  readonly base: string;
  /** One key below it. */
  readonly key: string;
  readonly elapse: (milliseconds: number) => Promise<void>;
  /** Creates a record and reads it, as a request does before it writes. */
  readonly seed: (value: string, ttl?: number, at?: string) => Promise<StoreEntry>;
  readonly valueAt: (key: string) => Promise<string | undefined>;
  /** The keys below a prefix, sorted. */
  readonly listed: (prefix: string) => Promise<string[]>;
}

/** What the tests of one verb are defined with. */
export interface Suite {
  readonly test: (name: string, run: (bench: Bench) => Promise<void>) => void;
  readonly expect: Expect;
  readonly header: (version: number) => string;
  /** A record of a version, with its payload. */
  readonly record: (version: number, payload: string) => string;
}

/** Lifetimes apart enough for a server that counts in whole seconds, and starts somewhere within one. */
export const SHORT = 1_000;
export const PAST_SHORT = 2_500;
export const LONG = 60_000;
export const FORTY_DAYS: number = 40 * 24 * 3_600_000;
