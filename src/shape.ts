import type { Codec } from "./codec.ts";
import { valueError, type SessionError } from "./errors.ts";
import type { Encoded } from "./record.ts";
import type { StandardIssue, StandardSchema } from "./standard-schema.ts";
import type { MaybePromise } from "./stores/store.ts";
import { deepEqual } from "./tracking/equal.ts";
import { containerKind, isContainer } from "./tracking/kinds.ts";
import type { Path } from "./tracking/path.ts";
import { entriesOf } from "./tracking/tracker.ts";

type Fields = Record<string, unknown>;

/** Data, and how it is written. */
export interface Shaped {
  readonly data: Fields;
  readonly encoded: Encoded;
}

/** Why a record that could be decoded is set aside. */
export interface Misfit {
  readonly reason: "migrate" | "schema";
  readonly error: Error;
}

export interface ShapeOptions {
  readonly schema: StandardSchema | undefined;
  readonly version: number | undefined;
  readonly migrate: ((old: Fields, from: number) => MaybePromise<unknown>) | undefined;
}

/**
 * Brings data into the shape that `schema`, `version` and `migrate` ask for, and tells what does not fit.
 *
 * Empty data always fits: every session begins with it, and keeps it while it holds one-time values alone.
 */
export class Shape {
  readonly #options: ShapeOptions;
  readonly #codec: Codec;

  constructor(options: ShapeOptions, codec: Codec) {
    this.#options = options;
    this.#codec = codec;
  }

  /** What a new session holds: the defaults of the schema; `undefined` if it has none, or none for all that it requires. */
  async begin(): Promise<Shaped | undefined> {
    const output = await this.#validate({}).catch(() => undefined);
    return output === undefined || Object.keys(output).length === 0 ? undefined : this.#isolate(output);
  }

  /** What was stored, `from` a version of it, in the shape of today. */
  async fit(stored: Shaped, from: number): Promise<Shaped | Misfit> {
    if (Object.keys(stored.data).length === 0) return (await this.begin()) ?? stored;
    const { migrate, version = 0 } = this.#options;
    const isOlder = migrate !== undefined && from < version;
    let data: unknown = stored.data;
    try {
      if (isOlder) data = await migrate(stored.data, from);
    } catch (error) {
      return { reason: "migrate", error: asError(error) };
    }
    try {
      const output = await this.#validate(data);
      return !isOlder && deepEqual(output, data) ? stored : await this.#isolate(output);
    } catch (error) {
      return { reason: "schema", error: asError(error) };
    }
  }

  /** @throws {SessionError} `ERR_SESSION_VALUE` if data does not fit the schema */
  async check(data: Fields): Promise<void> {
    if (Object.keys(data).length > 0) await this.#validate(data);
  }

  async #validate(data: unknown): Promise<Fields> {
    const { schema } = this.#options;
    const result = schema === undefined ? { value: data } : await schema["~standard"].validate(data);
    if (result.issues !== undefined) throw refusal(result.issues, data);
    if (containerKind(result.value) !== "object") throw valueError([], NO_DATA, ADVICE);
    return result.value as Fields;
  }

  /** As read from a store: a default that the schema gives out again and again would be shared by all sessions. */
  async #isolate(output: Fields): Promise<Shaped> {
    const encoded = await this.#codec.encode(output);
    const data = await this.#codec.decode(encoded);
    if (data === undefined) throw valueError([], NO_DATA, ADVICE);
    return { data, encoded };
  }
}

const NO_DATA = "is made into what no session can hold, by the schema or `migrate`";

const ADVICE = "Give it what the schema asks for";

function refusal([first, ...others]: readonly StandardIssue[], data: unknown): SessionError {
  const path = (first?.path ?? []).map((step) => (typeof step === "object" ? step.key : step));
  const message = first === undefined || isQuoted(first.message, valueAt(data, path)) ? "" : `: ${first.message}`;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return valueError(path, `does not fit the schema${message}${more}`, ADVICE);
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (!isContainer(value)) return undefined;
    value = value instanceof Map ? value.get(step) : (value as Fields)[step as string];
  }
  return value;
}

/** Enough of a value to know it by, where a message shortens it. */
const SHOWN = 12;

/** Whether a message shows a value, or a part of it: those of valibot and arktype say what they were given, which an error must not. */
function isQuoted(message: string, value: unknown, seen: Set<object> = new Set()): boolean {
  if (value === undefined || value === null) return false;
  if (!isContainer(value)) return formsOf(value).some((form) => form !== "" && message.includes(form.slice(0, SHOWN)));
  if (seen.has(value)) return false;
  seen.add(value);
  for (const [key, part] of entriesOf(value)) {
    if ((value instanceof Map && isQuoted(message, key, seen)) || isQuoted(message, part, seen)) return true;
  }
  return false;
}

/** A value as text: as it is, and as JSON has it, without its quotes. */
function formsOf(value: {}): string[] {
  const text = String(value);
  return typeof value === "bigint" ? [text] : [text, (JSON.stringify(value) ?? "").replaceAll(/^"|"$/g, "")];
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error("What was thrown is no error.", { cause: thrown });
}
