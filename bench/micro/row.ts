/** Something that is done in several ways, each of which has what it needs made anew every time. */
export interface Row {
  readonly name: string;
  /** By name. The first is what the others are measured against. */
  readonly ways: Readonly<Record<string, Way>>;
  /** What unsession is to need at most, as a multiple of the first way. */
  readonly target?: Target;
}

/** Does it once. What it gives is consumed, so that no work is left out as useless. */
export type Way = () => unknown;

export interface Target {
  readonly most: number;
  readonly stretch: number;
}

/** The way that is this package's. */
export const OURS = "unsession";
