import type { Random } from "../model/random.ts";

/** What a mutation may put into a text, beside what is there. */
export interface Alphabet {
  /** Any one character. */
  readonly character: (random: Random) => string;
  /** Texts of some meaning. */
  readonly words: readonly string[];
}

type Mutation = (text: string, random: Random, alphabet: Alphabet, others: readonly string[]) => string;

/** Replaces `[start, start + length)`. */
function replace(text: string, start: number, length: number, by: string): string {
  return text.slice(0, start) + by + text.slice(start + length);
}

const MUTATIONS: readonly Mutation[] = [
  // A flipped bit.
  (text, random) => {
    const at = random.below(text.length);
    const code = text.charCodeAt(at) ^ (1 << random.below(8));
    return text === "" ? text : replace(text, at, 1, String.fromCharCode(code));
  },
  // Another character, inserted or in the place of one.
  (text, random, { character }) => replace(text, random.below(text.length + 1), random.below(2), character(random)),
  (text, random, { words }) => replace(text, random.below(text.length + 1), random.below(4), random.pick(words)),
  // Cut at the end, at the beginning, in the middle.
  (text, random) => text.slice(0, random.below(text.length + 1)),
  (text, random) => text.slice(random.below(Math.min(text.length, 20) + 1)),
  (text, random) => replace(text, random.below(text.length + 1), random.below(12), ""),
  // A piece twice, or in another place.
  (text, random) => {
    const start = random.below(text.length + 1);
    return replace(text, start, 0, text.slice(start, start + random.below(40)));
  },
  (text, random) => {
    const start = random.below(text.length + 1);
    const piece = text.slice(start, start + random.below(20));
    return replace(replace(text, start, piece.length, ""), random.below(text.length - piece.length + 1), 0, piece);
  },
  // The beginning of this and the end of another.
  (text, random, _, others) => {
    const other = random.pick(others);
    return text.slice(0, random.below(text.length + 1)) + other.slice(random.below(other.length + 1));
  },
];

/** Seldom, since it takes its time: a piece many times over. */
const flood: Mutation = (text, random, { words }) => {
  const start = random.below(text.length + 1);
  const piece = random.chance(0.5) ? random.pick(words) : text.slice(start, start + 1 + random.below(4));
  return replace(text, start, 0, piece.repeat(1 + random.below(20_000 / Math.max(piece.length, 1))));
};

/** A text with up to four changes, at random. */
export const mutate: Mutation = (text, random, alphabet, others) => {
  let mutated = text;
  for (let times = 1 + random.below(4); times > 0; times--) {
    const mutation = random.chance(0.005) ? flood : random.pick(MUTATIONS);
    mutated = mutation(mutated, random, alphabet, others);
  }
  return mutated;
};
