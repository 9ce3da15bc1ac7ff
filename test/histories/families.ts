import type { Random } from "../model/random.ts";

/** What workers tell each other: a family's newest token, or that it is over. */
export interface News {
  readonly family: string;
  readonly token?: string | undefined;
  readonly over?: boolean;
}

/** A session that many requests write into, under one token after the other. */
export interface Family {
  readonly name: string;
  readonly tokens: string[];
  requests: number;
  over: boolean;
}

/** Then a session would outgrow `maxBytes`, and what is known of it would take long to check. */
const MOST_REQUESTS = 60;

/** The families that a worker knows of. */
export class Families {
  readonly #most: number;
  readonly #random: Random;
  readonly #known = new Map<string, Family>();

  /** `most` are to be there at a time. */
  constructor(most: number, random: Random, news: readonly News[]) {
    this.#most = most;
    this.#random = random;
    for (const one of news) this.learn(one);
  }

  learn({ family: name, token, over }: News): void {
    const known = this.#known.get(name);
    // That a session is over is no news to one who has never heard of it, and could not visit it.
    if (known === undefined && token === undefined) return;
    const family = known ?? begin(name);
    this.#known.set(name, family);
    if (token !== undefined && !family.tokens.includes(token)) {
      family.tokens.push(token);
      // Where the older ones led nowhere, this one was on its way.
      family.over = false;
    }
    if (over) family.over = true;
  }

  /** One to visit; perhaps a new one, of this name. */
  pick(name: string): Family {
    const open = [...this.#known.values()].filter(({ over, requests }) => !over && requests < MOST_REQUESTS);
    if (open.length < this.#most && this.#random.chance(0.2)) return begin(name);
    // What is over is visited too: it must not come back.
    const recent = [...this.#known.values()].slice(-2 * this.#most);
    return this.#random.pick(open.length > 0 && this.#random.chance(0.9) ? open : recent) ?? begin(name);
  }
}

function begin(name: string): Family {
  return { name, tokens: [], requests: 0, over: false };
}
