import type { News } from "./families.ts";
import type { Address } from "./storage.ts";

/** What a worker is told at its start. */
export interface Job {
  /** Begins the id of each of its requests; no other worker has it. */
  readonly name: string;
  readonly seed: number;
  readonly address: Address;
  /** Where its events go. */
  readonly file: string;
  /** Its store compares nothing: see `watched`. */
  readonly blind: boolean;
  readonly known: readonly News[];
}

/** What the conductor of a history tells a worker: also after how many more moments between calls to the store it is to die. */
export type Order =
  | { readonly news: News }
  | { readonly clock: number }
  | { readonly dieAfter: number }
  | { readonly stop: true };

/** Of each call to the store, in milliseconds. */
export const TIMEOUTS = { load: 1000, save: 2000 };

/** In seconds: a clock that is an hour off makes requests renew the idle window; one that is further ends sessions for its process alone. */
export const IDLE_TIMEOUT: number = 6 * 3600;
export const ABSOLUTE_TIMEOUT: number = 12 * 3600;

/** How many requests of one worker are under way at a time, on how many families. */
export const REQUESTS = 6;
export const FAMILIES = 6;

/** Within so many milliseconds every request must have ended: all of a worker's may wait for each other, at one session. */
export const PATIENCE: number = REQUESTS * (TIMEOUTS.load + 2 * TIMEOUTS.save);
