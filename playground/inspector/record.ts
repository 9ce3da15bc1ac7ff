import { AsyncLocalStorage } from "node:async_hooks";
import type { SessionChange } from "unsession";

/** A call of the store, or of what is behind it. */
export interface StoreCall {
  readonly verb: string;
  readonly kind: "read" | "write";
}

/** What one request did, as the inspector shows it. */
export interface RequestRecord {
  /** Counts up, so that the newest is known. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly at: Date;
  status: number;
  /** Milliseconds until the response was ready, its commit included. */
  duration: number;
  usedSession: boolean;
  /** `$changes` as they were before the commit. */
  changes: readonly SessionChange[];
  readonly calls: StoreCall[];
  /** Hooks that were called, with what they said. */
  readonly hooks: string[];
  /** Raw `Set-Cookie` headers. */
  cookies: readonly string[];
}

let last = 0;

export function createRecord(method: string, path: string): RequestRecord {
  return {
    number: ++last,
    method,
    path,
    at: new Date(),
    status: 0,
    duration: 0,
    usedSession: false,
    changes: [],
    calls: [],
    hooks: [],
    cookies: [],
  };
}

/** The record of the request at hand, wherever its code is: in a handler, in the commit, in a store. */
export const current: AsyncLocalStorage<RequestRecord> = new AsyncLocalStorage();
