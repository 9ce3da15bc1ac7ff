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

/** Types by the paths to their values, each as JSON. */
class Annotations {
  readonly #paths: string[];
  readonly #types: string[];
  #indices: number;

  constructor() {
    this.#paths = [];
    this.#types = [];
    this.#indices = 0;
  }

  add(path: string, type: string, isIndex: boolean): void {
    this.#paths.push(path);
    this.#types.push(type);
    // In an object, as which superjson has them, indices come before other keys.
    if (!isIndex || this.#paths.length === ++this.#indices) return;
    this.#paths.splice(this.#indices - 1, 0, this.#paths.pop() as string);
    this.#types.splice(this.#indices - 1, 0, this.#types.pop() as string);
  }

  /** Adds those of a container, whose paths begin otherwise from here. */
  addAll(inside: Annotations, from: string, to: string): void {
    for (const path of inside.#paths) this.#paths.push(from === to ? path : to + path.slice(from.length));
    this.#types.push(...inside.#types);
  }

  toString(): string {
    return `{${this.#paths.map((path, at) => `"${path}":${this.#types[at]}`).join(",")}}`;
  }
}

function escapeStep(key: string): string {
  return key.includes(".") || key.includes("\\") ? key.replace(/[\\.]/g, "\\$&") : key;
}
