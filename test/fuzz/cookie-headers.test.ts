import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SessionOptions } from "unsession";
import { Random } from "../model/random.ts";
import { World } from "../unit/_setup.ts";
import { fuzz, tell } from "./_fuzz.ts";
import { mutate, type Alphabet } from "./_mutate.ts";
import { SEED, share, TIMEOUT } from "./_runs.ts";

/** `expect` takes longer than what is looked at: a million times `assert` is asked. */
const RUNS = share(1_000_000);

const alphabet: Alphabet = {
  character: (random) => String.fromCharCode(random.below(random.chance(0.8) ? 0x80 : 0x1_0000)),
  words: [
    ..."; ;; , = == % %00 %3B %20 . .. \" ' \\ / ? : $ {} [] \r\n \0 \t \u00a0 \ufeff \ud800 é 🦊".split(" "),
    " ",
    "session",
    "session=",
    "; session=",
    "Session=",
    "__proto__=1",
    "__Host-session=",
    "$Version=1; ",
    "constructor",
  ],
};

const name = fc.oneof(
  fc.constantFrom(
    "session",
    "session",
    "session",
    " session ",
    "\tsession",
    "Session",
    "session\u00a0",
    "sessio",
    "session2",
    "",
  ),
  fc.string(),
);
const value = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_-]{1,60}$/),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme" }).map(encodeURIComponent),
  fc.json(),
  fc.constantFrom("", '"', '""', "a".repeat(256), "a".repeat(257), "a".repeat(20_000), "__proto__", "../../etc/passwd"),
);

/** The values of a header's cookies of our name: by the book, apart from the code. */
function valuesOf(header: string): Set<string> {
  if (header.length > 16_384) return new Set();
  const pairs = header.split(";").map((pair) => /^[ \t]*session[ \t]*=([^]*)$/.exec(pair)?.[1]);
  return new Set(pairs.flatMap((text) => (text === undefined ? [] : [stripped(text)])));
}

function stripped(text: string): string {
  let end = text.length;
  while (end > 0 && " \t".includes(text[end - 1] as string)) end--;
  return text.slice(0, end).replace(/^[ \t]+/, "");
}

describe.each<[string, SessionOptions]>([
  ["tokens", {}],
  ["signed tokens", { secret: "a secret that is long enough to sign" }],
])("a cookie header of any kind, for %s", (what, options) => {
  it(
    `leads to the session of its token or to none, at no cost to the store without one (SEED=${SEED})`,
    async () => {
      const world = new World(options);
      const owners = new Map<string, string>();
      for (let count = 0; count < 4; count++) {
        const { cookie } = await world.visit(undefined, (session) => void (session.owner = `owner ${count}`));
        owners.set((cookie as string).slice("session=".length), `owner ${count}`);
      }
      // The last one's record is damaged, which is no session either.
      const [damaged] = [...owners.keys()].slice(-1) as [string];
      const keyOf = (value: string): string => `session:${idOf(value)}`;
      world.store.memory.set(keyOf(damaged), "damaged", undefined);
      owners.delete(damaged);

      const random = new Random(SEED);
      const pairs = fc.sample(fc.tuple(name, value), { numRuns: 2000, seed: SEED }).map((pair) => pair.join("="));
      const valid = [...owners.keys(), damaged].map((value) => `session=${value}`);
      const header = (): string => {
        const parts = Array.from({ length: 1 + random.below(5) }, () => random.pick(random.chance(0.4) ? valid : pairs));
        const text = parts.join(random.pick(["; ", "; ", ";", ";;", " ; ", ",", "\t;\t"]));
        return random.chance(0.8) ? mutate(text, random, alphabet, pairs) : text;
      };

      const isToken = (text: string): boolean => /^[\w-]{1,256}$/.test(text);
      const isAsked = options.secret === undefined ? isToken : (text: string) => owners.has(text) || text === damaged;
      let found = 0;
      const seen = await fuzz(RUNS / 2, header, async (text) => {
        const asked = [...valuesOf(text)].filter(isAsked).slice(0, 4);
        const live = asked.filter((one) => owners.has(one));
        world.store.calls.length = 0;
        const { session, setCookies, calls } = await world.visit(text);
        assert.deepEqual([setCookies, calls], [[], asked.map(() => "get")]);
        const [own] = live.length === 1 ? live : [];
        assert.equal(session.$id, own === undefined ? undefined : idOf(own));
        assert.deepEqual({ ...session }, own === undefined ? {} : { owner: owners.get(own) });
        if (own !== undefined) found++;
        world.told.length = 0;
      });
      tell(`cookie headers for ${what}`, seen, { "with a session": found });
      expect(found).toBeGreaterThan(RUNS / 50);
    },
    TIMEOUT,
  );
});

function idOf(value: string): string {
  return createHash("sha256")
    .update(value.split(".")[0] as string)
    .digest("base64url");
}
