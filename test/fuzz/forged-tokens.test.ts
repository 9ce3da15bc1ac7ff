import assert from "node:assert/strict";
import crypto, { createHmac } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import { createSigner, generateToken } from "../../src/token.ts";
import { Random } from "../model/random.ts";
import { World } from "../unit/_setup.ts";
import { fuzz, tell } from "./_fuzz.ts";
import { SEED, share, TIMEOUT } from "./_runs.ts";

const RUNS = share(100_000);

const SECRETS = ["a secret that is long enough to sign", "the one before it, which still verifies"];

const CHARACTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];

afterEach(() => {
  vi.restoreAllMocks();
});

it(
  `a forged token is no session, at no read and one comparison for each secret (SEED=${SEED})`,
  async () => {
    const world = new World({ secret: SECRETS });
    const values: string[] = [];
    for (let count = 0; count < 20; count++) {
      const { cookie } = await world.visit(undefined, (session) => void (session.owner = count));
      values.push((cookie as string).slice("session=".length));
    }
    const others = [createSigner(["a secret of somebody else, also long"], "session"), createSigner(SECRETS, "other")];
    const elsewhere = await Promise.all(others.flatMap((by) => values.map((value) => by.sign(tokenIn(value)))));

    const random = new Random(SEED);
    const text = (length: number): string => Array.from({ length }, () => random.pick(CHARACTERS)).join("");
    const ways: (() => string)[] = [
      () => `${text(43)}.${text(43)}`,
      () => `${tokenIn(random.pick(values))}.${text(43)}`,
      () => `${text(1 + random.below(60))}.${signatureIn(random.pick(values))}`,
      () => flipped(random.pick(values), random),
      () => random.pick(elsewhere),
      () => `${tokenIn(random.pick(values))}.${signatureIn(random.pick(values))}`,
      () => random.pick(values).slice(0, random.below(86)),
      () => `${random.pick(values)}${random.pick([".", "=", "A", ".A", "%"])}`,
      () => tokenIn(random.pick(values)),
      () => `${tokenIn(random.pick(values))}.${createHmac("sha256", "").update(random.pick(values)).digest("base64url")}`,
      () => `${tokenIn(random.pick(values))}.${"A".repeat(43)}`,
      () => random.pick(values).toLowerCase(),
      () => `${generateToken()}.`,
    ];
    const forged = (): string => {
      const value = random.pick(ways)();
      return values.includes(value) ? forged() : value;
    };

    const compared = vi.spyOn(crypto, "createHmac");
    let comparisons = 0;
    const seen = await fuzz(RUNS, forged, async (value) => {
      world.store.calls.length = 0;
      compared.mockClear();
      const session = await world.manager.load(`session=${value}`);
      // A flipped bit may be a space, which is none of a cookie's value.
      const isWellFormed = /^[ \t]*[\w-]{1,256}\.[\w-]{42}[AEIMQUYcgkosw048][ \t]*$/.test(value);
      assert.equal(compared.mock.calls.length, isWellFormed ? SECRETS.length : 0);
      comparisons += compared.mock.calls.length;
      assert.equal(await world.manager.find(value), undefined);
      assert.deepEqual([session.$isNew, session.$id, { ...session }], [true, undefined, {}]);
      assert.deepEqual(world.store.calls, []);
      world.told.length = 0;
    });
    tell("forged tokens", seen, { comparisons });
    expect(comparisons).toBeGreaterThan(RUNS / 2);
  },
  TIMEOUT,
);

function tokenIn(value: string): string {
  return value.slice(0, value.indexOf("."));
}

function signatureIn(value: string): string {
  return value.slice(value.indexOf(".") + 1);
}

/** A value with one bit of one character changed. */
function flipped(value: string, random: Random): string {
  const at = random.below(value.length);
  return value.slice(0, at) + String.fromCharCode(value.charCodeAt(at) ^ (1 << random.below(7))) + value.slice(at + 1);
}
