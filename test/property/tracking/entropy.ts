/** A list of numbers that choices are drawn from: fast-check makes and shrinks the list, and what is drawn past its end is 0. */
export class Entropy {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return (this.#numbers[this.#next++] ?? 0) % end;
  }

  /** True `times` times out of `outOf`; false once the numbers are used up. */
  chance(times: number, outOf: number): boolean {
    return this.below(outOf) >= outOf - times;
  }

  pick<V>(values: readonly V[]): V {
    return values[this.below(values.length)] as V;
  }
}
