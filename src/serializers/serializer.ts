import type { MaybePromise } from "../stores/store.ts";

/**
 * Turns session data into text and back.
 *
 * `deserialize(serialize(data))` gives data that is deeply equal, and `serialize` of that gives the same text again: how the text
 * compares decides whether a session changed.
 *
 * @example
 * const yaml: Serializer = { id: "yaml", serialize: (data) => YAML.stringify(data), deserialize: (text) => YAML.parse(text) };
 */
export interface Serializer {
  /** Written into each record, so that records of another serializer are recognised: 1 to 16 of `a-z`, `0-9`, `-`. */
  readonly id: string;
  serialize(data: unknown): MaybePromise<string>;
  deserialize(text: string): MaybePromise<unknown>;
}
