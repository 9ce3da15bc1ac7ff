import { readFileSync } from "node:fs";

/** What one request does to its session, beside reading it. */
export interface Write {
  /** Shows in the data what wrote it. */
  readonly id: string;
  readonly kind: "increment" | "key" | "push" | "pair" | "box" | "delete box" | "below box";
  /** The box that is meant, where one is. */
  readonly box: string;
}

/**
 * How a request ended: stored what it wrote; asked a store that did not say; was refused for what others did; found its session
 * ended; failed by itself, so that nothing is stored; or failed as no request may.
 */
export type Outcome = "ok" | "unknown" | "refused" | "gone" | "failed" | "broken";

/** What a request without a session of its own comes with: no cookie, a token that nobody issued, or what is no token. */
export type Sent = "nothing" | "unknown" | "malformed";

/**
 * What a worker notes of a request, one JSON line each, before it goes on: so a worker that is killed leaves all that it had begun.
 * Instants are milliseconds of the machine's monotonic clock, which all processes share.
 */
export type Event =
  /** A token was generated; nobody has it yet. */
  | { readonly type: "token"; readonly token: string }
  /** From now on the worker's clock is off by so many milliseconds. */
  | { readonly type: "clock"; readonly clock: number }
  | {
      readonly type: "began";
      readonly op: string;
      readonly at: number;
      readonly family: string;
      readonly token?: string | undefined;
      readonly sent?: Sent;
    }
  /** The store did not answer the load. */
  | { readonly type: "unavailable"; readonly op: string; readonly at: number }
  | {
      readonly type: "loaded";
      readonly op: string;
      readonly at: number;
      /** `undefined` if there was no session for the token. */
      readonly found: Found | undefined;
    }
  /** What it is about to store. */
  | { readonly type: "writes"; readonly op: string; readonly at: number; readonly writes: readonly Write[] }
  | { readonly type: "moves" | "ends"; readonly op: string; readonly at: number }
  /** What it has written so far was stored. */
  | { readonly type: "saved"; readonly op: string; readonly at: number; readonly stored: Place | undefined }
  | {
      readonly type: "ended";
      readonly op: string;
      readonly at: number;
      readonly outcome: Outcome;
      readonly stored: Place | undefined;
      /** The token it handed to the browser, and whether the store had acknowledged its record by then. */
      readonly token: string | undefined;
      readonly isAcknowledged: boolean;
      readonly calls: Calls;
      readonly error?: string;
    };

/** What a request asked the store for. */
export interface Calls {
  reads: number;
  writes: number;
  conflicts: number;
  /** Failed, or not answered by the end of the request. */
  failures: number;
}

/** A version of a record. */
export interface Place {
  readonly id: string;
  readonly version: number;
}

/** What a load gave. */
export interface Found extends Place {
  readonly absoluteAt: number;
  readonly data: Data;
}

/** What a session of a history holds. */
export interface Data {
  readonly family: string;
  readonly n: number;
  /** One key of its own for each request. */
  readonly keys: Record<string, number>;
  readonly list: readonly string[];
  /** Always written together. */
  readonly pair?: { readonly x: string; readonly y: string };
  /** Made once, deleted once, and written into meanwhile. */
  readonly boxes: Record<string, Record<string, number>>;
}

/** Milliseconds of the machine's monotonic clock. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** The events in a worker's file; a last line that a kill cut short is left out. */
export function readEvents(file: string): Event[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Event);
}
