import { valueError } from "./errors.ts";
import { timeoutsOf, withTimeouts, type OwnTimeouts, type Timeouts } from "./lifecycle.ts";
import type { RecordMeta, SessionRecord } from "./record.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionCookieOverrides, SessionLifetimeOverrides } from "./types.ts";

/** What one session has otherwise than its manager: the objects that the user writes, and their place in the record. */

/** `$cookie`: an object that checks what is written and takes note of it. */
export function cookieOverrides(state: SessionState): SessionCookieOverrides {
  const write = <V>(key: "persistent" | "maxAge", value: V, valid: boolean, accepted: string): void => {
    state.guard();
    checkValue(["$cookie", key], value, valid, accepted);
    if (state.cookie[key] === value) return;
    state.cookie = { ...state.cookie, [key]: value };
    state.cookieChanged = true;
  };
  return Object.seal({
    get persistent(): boolean | undefined {
      return state.cookie.persistent;
    },
    set persistent(value: boolean | undefined) {
      write("persistent", value, typeof value === "boolean", "true or false");
    },
    get maxAge(): number | undefined {
      return state.cookie.maxAge;
    },
    set maxAge(value: number | undefined) {
      write("maxAge", value, isSeconds(value, 1), "a whole number of seconds above 0");
    },
  });
}

/** `$lifetime`, likewise. */
export function lifetimeOverrides(state: SessionState): SessionLifetimeOverrides {
  const read = (key: keyof OwnTimeouts): number | null | undefined => (state.timeouts[key] === 0 ? null : state.timeouts[key]);
  const write = (key: keyof OwnTimeouts, value: number | null | undefined, least: number): void => {
    state.guard();
    const option = `${key}Timeout`;
    const never = least === 0 ? "0 or null for never" : "null for never";
    checkValue(["$lifetime", option], value, value === null || isSeconds(value, least), `a whole number of seconds, or ${never}`);
    const seconds = value ?? (value === null ? 0 : undefined);
    if (state.timeouts[key] === seconds) return;
    const { [key]: _, ...rest } = state.timeouts;
    state.timeouts = seconds === undefined ? rest : { ...rest, [key]: seconds };
    state.timeoutsChanged = true;
  };
  return Object.seal({
    get idleTimeout(): number | null | undefined {
      return read("idle");
    },
    set idleTimeout(value: number | null | undefined) {
      write("idle", value, 0);
    },
    get absoluteTimeout(): number | null | undefined {
      return read("absolute");
    },
    set absoluteTimeout(value: number | null | undefined) {
      write("absolute", value, 1);
    },
  });
}

function checkValue(path: readonly string[], value: unknown, valid: boolean, accepted: string): void {
  if (value !== undefined && !valid) throw valueError(path, `is not ${accepted}`, `Give it ${accepted}, or undefined`);
}

/** A century at most, as in the options. */
function isSeconds(value: unknown, least: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= 3_153_600_000;
}

/** What a request changed in the overrides of its session. */
export interface OverrideChanges {
  readonly cookie: SessionCookieOverrides | undefined;
  readonly timeouts: OwnTimeouts | undefined;
}

/** The meta section with the overrides that were changed in it. */
export function withOverrides(meta: RecordMeta, { cookie, timeouts }: OverrideChanges): RecordMeta {
  if (cookie === undefined && timeouts === undefined) return meta;
  const { cookie: cookieBefore, timeouts: timeoutsBefore, ...rest } = meta;
  const next = { cookie: withoutUndefined(cookie ?? cookieBefore ?? {}), timeouts: timeouts ?? timeoutsBefore ?? {} };
  const kept = Object.entries(next).filter(([, value]) => Object.keys(value).length > 0);
  return { ...rest, ...Object.fromEntries(kept) };
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

/** The deadlines of a record that is given other overrides. An absolute one that was not changed stays where it is. */
export function withOwnTimeouts(record: SessionRecord, meta: RecordMeta, otherwise: Timeouts): SessionRecord {
  const timeouts = timeoutsOf(meta.timeouts, otherwise);
  const isSame = meta.timeouts?.absolute === record.meta.timeouts?.absolute;
  return isSame ? { ...record, idleWindow: timeouts.idleWindow } : withTimeouts(record, timeouts);
}
