import type { MaybePromise } from "../stores/store.ts";

const VERBS = ["get", "create", "replace", "touch", "remove", "keys", "sweep"] as const;

/** What a store can be asked. */
export type StoreVerb = (typeof VERBS)[number];

export type StoreVerbs = StoreVerb | readonly StoreVerb[] | "all";

export interface FaultOptions {
  /** How many calls it is for, of all the verbs given together; until it is healed by default. */
  readonly times?: number | undefined;
}

/** Switches of what goes wrong. A verb has one fault at a time: the last that was set. */
export interface Faults {
  /** How often each verb was asked, whatever came of it. */
  readonly calls: Readonly<Record<StoreVerb, number>>;
  /** The store is down: it throws at once, and nothing happens. */
  fail(verbs: StoreVerbs, options?: FaultOptions & { readonly error?: unknown }): void;
  /** The store is slow: the verb is carried out so many milliseconds late, also if its caller has given up by then. */
  lag(verbs: StoreVerbs, milliseconds: number, options?: FaultOptions): void;
  /** The store never answers, and nothing happens. */
  hang(verbs: StoreVerbs, options?: FaultOptions): void;
  /** The request gets lost: nothing happens, and the connection ends. The caller cannot tell it from `loseAnswer`. */
  drop(verbs: StoreVerbs, options?: FaultOptions): void;
  /** The answer gets lost: it happens, and the connection ends. */
  loseAnswer(verbs: StoreVerbs, options?: FaultOptions): void;
  /** Ends all faults, or those of some verbs. What hangs already goes on hanging. */
  heal(verbs?: StoreVerbs): void;
  /** Begins to count anew. */
  resetCalls(): void;
}

/** Carries out a verb, or does not. */
type Behave = <R>(run: () => MaybePromise<R>) => MaybePromise<R>;

export class FaultSwitches implements Faults {
  calls: Record<StoreVerb, number> = noCalls();
  readonly #set = new Map<StoreVerb, { readonly behave: Behave; left: number }>();
  readonly #delay: (milliseconds: number) => Promise<void>;

  constructor(delay: (milliseconds: number) => Promise<void>) {
    this.#delay = delay;
  }

  fail(verbs: StoreVerbs, options: FaultOptions & { readonly error?: unknown } = {}): void {
    const { error = new Error("The store is down.") } = options;
    this.#switch(verbs, options, () => {
      throw error;
    });
  }

  lag(verbs: StoreVerbs, milliseconds: number, options?: FaultOptions): void {
    this.#switch(verbs, options, async (run) => {
      await this.#delay(milliseconds);
      return run();
    });
  }

  hang(verbs: StoreVerbs, options?: FaultOptions): void {
    this.#switch(verbs, options, () => new Promise(() => {}));
  }

  drop(verbs: StoreVerbs, options?: FaultOptions): void {
    this.#switch(verbs, options, async () => {
      throw connectionLost();
    });
  }

  loseAnswer(verbs: StoreVerbs, options?: FaultOptions): void {
    this.#switch(verbs, options, async (run) => {
      await run();
      throw connectionLost();
    });
  }

  heal(verbs: StoreVerbs = "all"): void {
    for (const verb of listOf(verbs)) this.#set.delete(verb);
  }

  resetCalls(): void {
    this.calls = noCalls();
  }

  /** Carries out a verb as its switch stands. */
  protected ask<R>(verb: StoreVerb, run: () => MaybePromise<R>): MaybePromise<R> {
    this.calls[verb]++;
    const fault = this.#set.get(verb);
    return fault === undefined || fault.left-- <= 0 ? run() : fault.behave(run);
  }

  #switch(verbs: StoreVerbs, { times = Infinity }: FaultOptions = {}, behave: Behave): void {
    const fault = { behave, left: times };
    for (const verb of listOf(verbs)) this.#set.set(verb, fault);
  }
}

function listOf(verbs: StoreVerbs): readonly StoreVerb[] {
  if (verbs === "all") return VERBS;
  return typeof verbs === "string" ? [verbs] : verbs;
}

function noCalls(): Record<StoreVerb, number> {
  return { get: 0, create: 0, replace: 0, touch: 0, remove: 0, keys: 0, sweep: 0 };
}

function connectionLost(): Error {
  return new Error("The connection to the store was lost.");
}
