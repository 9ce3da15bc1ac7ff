import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { H3 } from "h3";
import { describe, expect, it } from "vitest";
import { createSessionManager, type Session } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { root } from "../../scripts/entries.ts";
import { resolveOptions } from "../../src/options.ts";
import { createSigner, generateToken } from "../../src/token.ts";
import { tokenOf, World } from "../unit/_setup.ts";

/** Rows T1 to T10 of the security checklist: tokens. The long run draws more. */

const isLong = process.env["LONG"] !== undefined;
const [SECRET, NEXT] = ["a secret that is long enough to sign", "another secret, as long as the first"];

const write = (session: Session): void => void (session.user = "alice");

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("testing"))
  .map((name) => ({ name, text: readFileSync(join(root, "src", name), "utf8") }));

describe("T1: a token is 256 bits from a CSPRNG", () => {
  const count = isLong ? 1_000_000 : 50_000;

  it(`of which ${count} differ, with each bit as often set as not`, () => {
    const ones = new Uint32Array(256);
    const seen = new Set<string>();
    for (let drawn = 0; drawn < count; drawn++) {
      const token = generateToken();
      seen.add(token);
      const bytes = Buffer.from(token, "base64url");
      for (let bit = 0; bit < 256; bit++) ones[bit]! += ((bytes[bit >> 3] as number) >> (bit & 7)) & 1;
    }
    expect(seen.size).toBe(count);
    // Chi-squared of one degree of freedom: 42 for p = 1e-10, so that all 256 together fail once in 40 million runs.
    const worst = Math.max(...Array.from(ones, (set) => (set - count / 2) ** 2 / (count / 4)));
    expect(worst).toBeLessThan(42);
  });

  it("and nothing weaker makes one: no randomUUID, and Math.random for jitter alone", () => {
    const withWord = (word: string): string[] => sources.filter(({ text }) => text.includes(word)).map(({ name }) => name);
    expect(withWord("randomUUID")).toEqual([]);
    expect(withWord("Math.random")).toEqual(["context.ts"]);
  });
});

it("T2: a token is the server's only: a well-signed one that no record belongs to is not adopted, and creates nothing", async () => {
  const world = new World({ secret: SECRET });
  const planted = await createSigner([SECRET], "session").sign(generateToken());
  expect((await world.visit(`session=${planted}`)).calls).toEqual(["get"]);
  const { cookie } = await world.visit(`session=${planted}`, write);
  expect(cookie).not.toBe(`session=${planted}`);
  expect(world.infos("rejected")).toMatchObject([{ reason: "unknown" }, { reason: "unknown" }]);
});

describe("T3: a token is untrusted input", () => {
  const NAUGHTY = [
    "\r\n",
    "\0",
    "../",
    "$",
    "a:b",
    "__proto__.x",
    "constructor()",
    "%2e%2e",
    "'--",
    "\uD800",
    "é",
    '"x"',
    " ",
    "=",
    "a?b",
    "a/b",
    "x".repeat(257),
    "x".repeat(100_000),
  ];

  it.each(NAUGHTY.map((value) => [JSON.stringify(value.slice(0, 20)), value]))(
    "%s costs no store call, and throws nothing",
    async (_, value) => {
      for (const options of [{}, { secret: SECRET }]) {
        const world = new World(options);
        expect(await world.dataOf(`session=${value}`)).toEqual({});
        expect(await world.dataOf(value)).toEqual({});
        expect(world.store.calls).toEqual([]);
      }
    },
  );
});

it("T4: forged tokens never reach the store", async () => {
  const world = new World({ secret: SECRET });
  for (let times = 0; times < (isLong ? 100_000 : 2000); times++)
    await world.manager.load(`session=${generateToken()}.${generateToken()}`);
  expect(world.store.calls).toEqual([]);
});

it("T5: a dump of the store lets nobody in", async () => {
  const world = new World();
  const { cookie } = await world.visit(undefined, write);
  expect(JSON.stringify(world.store.dump)).not.toContain(tokenOf(cookie));
  for (const word of JSON.stringify(world.store.dump).match(/[\w-]{11,}/g) ?? [])
    expect(await world.dataOf(`session=${word}`)).toEqual({});
});

it("T6: a signature is for the cookie of one name: moved to another with the same secret it is none", async () => {
  const world = new World({ secret: SECRET });
  const { cookie } = await world.visit(undefined, write);
  const admin = world.another({ secret: SECRET, cookie: { name: "admin" } });
  world.store.calls.length = 0;
  expect({ ...(await admin.load(cookie?.replace("session=", "admin="))) }).toEqual({});
  expect(world.store.calls).toEqual([]);
});

describe("T7: secrets rotate", () => {
  it("without a logout, while requests go on", async () => {
    const world = new World({ secret: SECRET });
    const cookies = await Promise.all(Array.from({ length: 20 }, async () => (await world.visit(undefined, write)).cookie));
    const rotated = world.another({ secret: [NEXT, SECRET] });
    for (const cookie of cookies) expect({ ...(await rotated.load(cookie)) }).toEqual({ user: "alice" });
    const session = await rotated.load();
    session.user = "bob";
    const [setCookie = ""] = await rotated.commit(session);
    const fresh = setCookie.split(";")[0];
    expect({ ...(await world.another({ secret: NEXT }).load(fresh)) }).toEqual({ user: "bob" });
    expect(await world.dataOf(fresh)).toEqual({});
  });

  it("and never fall back to none", async () => {
    const world = new World({ secret: SECRET });
    const { cookie } = await world.visit(undefined, write);
    for (const value of [tokenOf(cookie), `${tokenOf(cookie)}.`, `${tokenOf(cookie)}.none`])
      expect(await world.dataOf(`session=${value}`)).toEqual({});
    for (const secret of ["short", "x".repeat(31), []]) expect(() => resolveOptions({ secret })).toThrow("secret");
  });

  it("nor does a date in the past accept what is unsigned", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, write);
    const signing = world.another({ secret: SECRET, acceptUnsignedUntil: world.clock.now() });
    expect({ ...(await signing.load(cookie)) }).toEqual({});
  });
});

it("T8: the cookie is the only carrier: in a header, the query or the body a token is nothing", async () => {
  const sessions = createSessionManager();
  const seeded = await sessions.load();
  seeded.user = "alice";
  const [cookie = ""] = await sessions.commit(seeded);
  const token = tokenOf(cookie.split(";")[0]);
  const app = new H3({ silent: true }).use(sessionMiddleware(sessions)).all("/", async (event) => {
    const session = await useSession(event, sessions);
    return String(session.user);
  });
  const user = async (path: string, init?: RequestInit): Promise<string> => (await app.request(path, init)).text();
  expect(await user("/", { headers: { cookie } })).toBe("alice");
  for (const name of ["x-session", "x-h3-session", "x-session-session", "authorization", "session"])
    expect(await user("/", { headers: { [name]: token } }), name).toBe("undefined");
  expect(await user(`/?session=${token}&h3-session=${token}`)).toBe("undefined");
  expect(await user("/", { method: "POST", body: `session=${token}` })).toBe("undefined");
});

it("T9: a token means nothing, and its cookie's name does not say what made it", async () => {
  const world = new World();
  const { setCookies } = await world.visit(undefined, (session) => void (session.user = { id: 7, mail: "alice@example.com" }));
  expect(setCookies[0]).toMatch(/^session=[\w-]{43};/);
});

it("T10: a token is in no hook, no error, and nothing that is printed", async () => {
  const world = new World({ idleTimeout: 1000, rotateEvery: 300, secret: SECRET });
  const shown: unknown[] = [];
  const tokens: string[] = [];
  let cookie: string | undefined;
  for (const use of [write, (one: Session) => one.$regenerate(), () => world.clock.advance(300_000), write, write]) {
    const answer = await world.visit(cookie, use);
    tokens.push(tokenOf(answer.cookie));
    shown.push(inspect(answer.session, { depth: 9 }), JSON.stringify(answer.session), answer.session.$id);
    cookie = answer.cookie;
  }
  world.clock.advance(70_000);
  for (const token of tokens) await world.manager.load(`session=${await createSigner([SECRET], "session").sign(token)}`);
  const late = await world.manager.load(cookie);
  await world.visit(cookie, (one) => one.$destroy());
  late.user = "bob";
  shown.push(
    inspect(await world.manager.commit(late).catch((error: unknown) => error), { depth: 9, showHidden: true }),
    inspect(world.told),
  );
  expect(world.heard).toEqual(expect.arrayContaining(["rotated", "regenerated", "reuse", "destroyed", "gone"]));
  for (const token of tokens) expect(shown.join("\n")).not.toContain(token);
});
