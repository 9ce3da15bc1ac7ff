import { describe, expect, it } from "vitest";
import type { Store } from "unsession";
import {
  createClock as createSeconds,
  describeStoreContract as describeContract,
  type StoreContractOptions,
} from "unsession/testing";

export type { StoreContractOptions } from "unsession/testing";

/** A clock of `unsession/testing` that is advanced by milliseconds, which is what stores count in. */
export interface Clock {
  readonly now: () => number;
  readonly advance: (milliseconds: number) => void;
}

export function createClock(start?: number): Clock {
  const { now, advance } = createSeconds(start);
  return { now, advance: (milliseconds) => advance(milliseconds / 1000) };
}

/** The contract suite of `unsession/testing`, run by Vitest. */
export function describeStoreContract(
  name: string,
  makeStore: (clock: Pick<Clock, "now">) => Store | Promise<Store>,
  options?: StoreContractOptions,
): void {
  describeContract(name, makeStore, { describe, expect, it }, options);
}
