export const TABS = ["a", "b"] as const;
export type Tab = (typeof TABS)[number];

export const COLOURS = ["green", "amber", "violet"] as const;
export type Colour = (typeof COLOURS)[number];

/** What the two tabs keep in the visitor's session. */
export interface TabsData {
  /** A place for each tab: different places never meet. */
  notes: Partial<Record<Tab, string>>;
  /** One place for both: the last to commit wins. */
  colour: Colour;
  presses: number;
  burst: Burst;
}

/** What many requests at once leave behind, each of them in every place. */
export interface Burst {
  count: number;
  log: number[];
  members: Set<number>;
  last?: number;
  runs: Run[];
}

/** One request of a burst: it knew nothing of what the others did between these two instants. */
export interface Run {
  readonly n: number;
  readonly loaded: Date;
  readonly wrote: Date;
}
