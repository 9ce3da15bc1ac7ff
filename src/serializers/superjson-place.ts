import { arrayIndex } from "../tracking/kinds.ts";

/** Where a value stands, and what was written of it, to be written again wherever else it does. */
export class Place {
  /** `undefined` for the root. */
  readonly above: Place | undefined;
  readonly key: string | number;
  /** The type of the value, and those of what is inside it, as superjson annotates it. */
  type: string | undefined;
  isWritten: boolean;
  written: unknown;
  /** Where the value was met again. */
  others: Place[] | undefined;
  /** What the paths to what is inside begin with. */
  #prefix: string | undefined;
  #inside: Annotations | undefined;

  constructor(above: Place | undefined, key: string | number) {
    this.above = above;
    this.key = key;
    this.type = undefined;
    this.isWritten = false;
    this.written = undefined;
    this.others = undefined;
    this.#prefix = above === undefined ? "" : undefined;
    this.#inside = undefined;
  }

  /** As JSON: of a value without a type, the annotations of what is inside it. */
  get annotation(): string | undefined {
    return this.type ?? this.#inside?.toString();
  }

  /** The steps from the root. */
  get steps(): string[] {
    const steps: string[] = [];
    for (let { key, above }: Place = this; above !== undefined; { key, above } = above) steps.push(escapeStep(String(key)));
    return steps.reverse();
  }

  /** What follows is inside a value that has a type: it is annotated together with it, by paths from there. */
  begin(): void {
    this.#prefix = "";
  }

  /** Tells what the type of the value is. */
  end(type: string): void {
    this.type = this.#inside === undefined ? `[${type}]` : `[${type},${this.#inside.toString()}]`;
  }

  /** Tells the place above what is annotated here, as it was where the same value was met first. */
  annotate(first: Place = this): void {
    const { above, key } = this;
    if (above === undefined) return;
    if (first.type !== undefined) {
      const isIndex = typeof key === "number" || arrayIndex(key) !== undefined;
      (above.#inside ??= new Annotations()).add(this.#path(), first.type, isIndex);
    } else if (first.#inside !== undefined) {
      (above.#inside ??= new Annotations()).addAll(first.#inside, first.#inner(), this.#inner());
    }
  }

  #path(): string {
    const { above, key } = this;
    return (above as Place).#inner() + (typeof key === "number" ? key : JSON.stringify(escapeStep(key)).slice(1, -1));
  }

  #inner(): string {
    return (this.#prefix ??= `${this.#path()}.`);
  }
}

/** Annotations by the paths to what they are of, as the fields of an object in JSON. */
class Annotations {
  readonly #fields: string[];
  #indices: number;

  constructor() {
    this.#fields = [];
    this.#indices = 0;
  }

  add(path: string, type: string, isIndex: boolean): void {
    const length = this.#fields.push(`"${path}":${type}`);
    // As in the object that superjson makes of them, indices come before other keys.
    if (isIndex && length > ++this.#indices) this.#fields.splice(this.#indices - 1, 0, this.#fields.pop() as string);
  }

  /** Adds those inside a container, where paths to there begin otherwise. */
  addAll(inside: Annotations, from: string, to: string): void {
    for (const field of inside.#fields) this.#fields.push(from === to ? field : `"${to}${field.slice(1 + from.length)}`);
  }

  toString(): string {
    return `{${this.#fields.join(",")}}`;
  }
}

function escapeStep(key: string): string {
  return key.includes(".") || key.includes("\\") ? key.replace(/[\\.]/g, "\\$&") : key;
}
