import { optionError } from "./errors.ts";

/** Checks of a single option: each gives the value back, or throws `ERR_SESSION_OPTIONS` with what is accepted. */

/** A century: more is a mistake in the unit. */
const MAX_SECONDS = 100 * 365 * 24 * 60 * 60;

export function check<V>(option: string, value: V, valid: boolean, accepted: string): V {
  if (!valid) throw optionError(option, value, accepted);
  return value;
}

/** A misspelt option would otherwise be a default that nobody wanted. */
export function checkKeys<O extends object>(option: string, value: O, known: readonly string[]): O {
  check(option, value, isObject(value), "an object");
  for (const [key, given] of Object.entries(value)) {
    const name = option === "options" ? key : `${option}.${key}`;
    check(name, given, known.includes(key), `no value: there is no such option, only ${known.join(", ")}`);
  }
  return value;
}

/** `null` is a value, and mostly a wrong one. */
export function or<V>(value: V | undefined, otherwise: V): V {
  return value === undefined ? otherwise : value;
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

export function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

export function text(option: string, value: string, pattern: RegExp, longest: number, accepted: string): string {
  return check(option, value, typeof value === "string" && value.length <= longest && pattern.test(value), accepted);
}

export function whole(option: string, value: number, least: number, most: number, what: string): number {
  return check(option, value, Number.isInteger(value) && value >= least && value <= most, `${what} (${least} to ${most})`);
}

/** Seconds of the user's to milliseconds. */
export function seconds(option: string, value: number, least: number): number {
  const none = least === 0 ? ", 0 or null for never" : "";
  return whole(option, value, least, MAX_SECONDS, `a whole number of seconds, at least ${Math.max(least, 1)}${none}`) * 1000;
}

/** A date up to which something old is accepted, in milliseconds; 0 for none. */
export function until(option: string, date: Date | string | number | undefined, isNeeded: boolean, needs: string): number {
  if (date === undefined) return 0;
  const time = date instanceof Date || typeof date === "string" ? new Date(date).getTime() : date;
  check(option, date, Number.isInteger(time) && time > 0, "a Date, an ISO 8601 string, or milliseconds since the epoch");
  check(option, date, isNeeded, `no value without ${needs}`);
  return time;
}

export function booleanOr(option: string, value: boolean | undefined, otherwise: boolean): boolean {
  const given = or(value, otherwise);
  return check(option, given, typeof given === "boolean", "true or false");
}

export function functionOr<F extends (...args: never[]) => unknown>(option: string, value: F | undefined, otherwise: F): F {
  const given = or(value, otherwise);
  return check(option, given, isFunction(given), "a function");
}

/** A function of the event, also for what is the same for all. */
export function predicate<P extends (event: unknown) => boolean>(
  option: string,
  value: boolean | P | undefined,
  otherwise: boolean,
): (event: unknown) => boolean {
  const given = or<boolean | P>(value, otherwise);
  check(option, given, typeof given === "boolean" || isFunction(given), "a boolean or a function of the event");
  return typeof given === "function" ? given : () => given;
}

/** One of some values; `undefined` too where it is among them. */
export function oneOf<V extends string | boolean | undefined>(option: string, value: V, accepted: readonly V[]): V {
  const names = accepted.filter((one) => one !== undefined).map((one) => JSON.stringify(one));
  return check(option, value, accepted.includes(value), listed(names));
}

/** As text: `a, b or c`. */
function listed(names: readonly string[]): string {
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].join(" or ");
}
