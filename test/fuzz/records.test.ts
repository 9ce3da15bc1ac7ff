import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SessionError, type Session } from "unsession";
import { parseRecord } from "../../src/record.ts";
import { VALUE_KINDS } from "../../src/serializers/value-kinds.ts";
import { Random } from "../model/random.ts";
import { sessionsOf, trees } from "../serializers/_samples.ts";
import { withData, World } from "../unit/_setup.ts";
import { fuzz, tell } from "./_fuzz.ts";
import { mutate, type Alphabet } from "./_mutate.ts";
import { SEED, share, TIMEOUT } from "./_runs.ts";
import { SERIALIZERS } from "./_serializers.ts";

const RUNS = share(1_000_000 / SERIALIZERS.length);

const MAX_BYTES = 65_536;

/** Of a header: what is a digit or a letter there. */
const FIELDS: readonly [start: number, end: number][] = [
  [0, 3],
  [3, 4],
  [4, 20],
  [20, 32],
  [32, 47],
  [47, 62],
  [62, 77],
  [77, 92],
  [92, 180],
  [180, 196],
  [196, 204],
  [204, 212],
  [212, 220],
];

const text: Alphabet = {
  character: (random) => String.fromCharCode(random.below(random.chance(0.9) ? 0x80 : 0x1_0000)),
  words: [
    ...'{ } [ ] [[ ]] , : " {} [] null true -0 1e999 NaN 0 -1 -7 99999999 1.5 \\u0000 \\ud800'.split(" "),
    '"__proto__":',
    '"constructor":',
    '"prototype":',
    '"$id":',
    '{"__proto__":{"polluted":true}}',
    '{"json":',
    ',"meta":{"values":{"a":["Date"]}}',
    '"referentialEqualities":{"a":["b"]}',
    '["bigint"]',
    '["Map",1,2]',
    '["Set",1]',
    '["RegExp","(a+)+$"]',
    '["custom","Error"]',
    '["BigInt","' + "9".repeat(5000) + '"]',
    "9".repeat(400),
    '{"a":'.repeat(70),
    "[".repeat(200),
  ],
};

const METAS = [
  "{}",
  '{"owner":"alice","dataVersion":2}',
  '{"cookie":{"persistent":true,"maxAge":9007199254740991}}',
  '{"timeouts":{"idle":9007199254740991,"absolute":60}}',
  '{"timeouts":{"idle":60,"absolute":9007199254740991},"issuedAt":1700000000000}',
  '{"prefix":"session:","signed":true}',
  '{"to":"__proto__","__proto__":{"polluted":true}}',
];

const byte = (...codes: number[]): string => String.fromCharCode(...codes);
const bytes: Alphabet = {
  character: (random) => byte(random.below(0x100)),
  words: [
    byte(0xc0),
    byte(0xc1),
    byte(0xdd, 0xff, 0xff, 0xff, 0xff),
    byte(0xdf, 0xff, 0xff, 0xff, 0xff),
    byte(0xdb, 0x7f, 0xff, 0xff, 0xff),
    byte(0xc9, 0x00, 0x00, 0xff, 0xff, 0x42),
    byte(0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61),
    byte(0xd5, 0x72, 0x40, 0x01),
    byte(0xd6, 0x69, 0, 0, 0, 1),
    byte(0xd6, 0x70, 0, 0, 0, 1),
    byte(0xd4, 0x73, 0x00, 0x92, 1, 2),
    byte(0xd4, 0x78, 0x00, 0x92, 0xa1, 0x28, 0xa0),
    byte(0xd6, 0xff, 0, 0, 0, 1),
    byte(0xc7, 0x09, 0x74, 0x08, 1, 2, 3, 4, 5, 6, 7, 8),
    byte(0x81, 0xa9) + "__proto__",
    byte(0xa9) + "__proto__",
    byte(0x91).repeat(300),
    byte(0x40).repeat(20),
  ],
};

describe.each(SERIALIZERS)("a damaged or forged record of $name", ({ name, make, keepsBytes = false }) => {
  it(
    `is a session that could have been written, or none, and is left alone (SEED=${SEED})`,
    async () => {
      const serializer = make();
      const alphabet = serializer.binary === true ? bytes : text;
      const world = new World({ serializer, absoluteTimeout: 86_400 });
      world.store.binary = keepsBytes;

      const kinds = new Set(VALUE_KINDS.filter((kind) => serializer.keeps?.has(kind) ?? true));
      const samples = fc.sample(sessionsOf(trees(kinds)), { numRuns: 300, seed: SEED });
      // All of one session, since what is encrypted is bound to it.
      const { cookie } = await world.visit(undefined, (session) => void (session.user = "alice"));
      const [key] = Object.keys(world.store.dump) as [string];
      const records = [world.store.record];
      for (const [index, data] of samples.entries()) {
        await world.visit(cookie, async (session) => {
          for (const name of Object.keys(session)) delete session[name];
          Object.assign(session, data);
          session.$flash("note", index % 4 === 0 ? data : 1);
          if (index % 4 > 0) session.$flash("note");
          session.$cookie.maxAge = index % 5 === 0 ? 60 : undefined;
        });
        records.push(world.store.record);
      }
      const payloads = records.map((record) => payloadOf(record, parseRecord(record)?.data.text ?? ""));

      const random = new Random(SEED);
      const forged = (): string => {
        const record = random.pick(records);
        if (random.chance(0.1)) return mutate(record, random, alphabet, records);
        if (random.chance(0.15)) return withField(record, random);
        if (random.chance(0.1)) return withMeta(record, mutate(random.pick(METAS), random, text, METAS));
        const payload = mutate(random.pick(payloads), random, alphabet, payloads);
        const by = random.chance(0.05) ? random.pick(["json", "superjson", "devalue", "msgpackr", "none"]) : undefined;
        return withData(record, record.startsWith("ua1") && random.chance(0.98) ? btoa(payload) : payload, by);
      };

      let [live, written] = [0, 0];
      const seen = await fuzz(RUNS, forged, async (record) => {
        world.store.memory.set(key, record, undefined);
        world.told.length = 0;
        const session = await world.manager.load(cookie);
        const data = session.$snapshot();
        if (session.$isNew) {
          assert.deepEqual(data, {});
          if (world.heard.length === 0) assert.notEqual(parseRecord(record)?.state, "live");
          assert.deepEqual(await world.manager.commit(session), []);
          assert.equal(world.store.memory.get(key)?.value, record);
          return;
        }
        live++;
        assert.ok(stepsOf(data) <= 65);
        if (await isWritten(world, session)) {
          written++;
          assert.equal(((await world.dataOf(cookie)) as Record<string, unknown>)["fuzz"], live);
        }
      });
      tell(`records of ${name}`, seen, { "read as sessions": live, "of these written again": written });
      // That what is forged gets far enough; of few records, chance may leave none.
      if (RUNS > 10_000) expect(live).toBeGreaterThan(RUNS / 100);

      /** Whether what was read can be changed; if not, because of what it holds, that is told, and the record stays. */
      async function isWritten({ manager, store }: World, session: Session): Promise<boolean> {
        const before = store.memory.get(key)?.value;
        session["fuzz"] = live;
        try {
          await manager.commit(session);
          return true;
        } catch (error) {
          assert.match(String(SessionError.is(error) && error.code), /^ERR_SESSION_(VALUE|TOO_LARGE|SERIALIZE)$/);
          assert.equal(store.memory.get(key)?.value, before);
          return false;
        }
      }
    },
    TIMEOUT,
  );
});

/** A record with another meta section. */
function withMeta(record: string, meta: string): string {
  const length = Number(record.slice(196, 204));
  return `${record.slice(0, 196)}${String(meta.length).padStart(8, "0")}${record.slice(204, 220)}${meta}${record.slice(220 + length)}`;
}

/** What is in the data section, before base64. */
function payloadOf(record: string, data: string): string {
  return record.startsWith("us1") ? record.slice(record.length - data.length) : data;
}

/** A header with another value in one of its fields. */
function withField(record: string, random: Random): string {
  const [start, end] = random.pick(FIELDS);
  const width = end - start;
  const values = [
    () => "9".repeat(width),
    () => "0".repeat(width),
    () => String(random.below(100)).padStart(width, "0"),
    () => "-1".padStart(width),
    () => Array.from({ length: width }, () => random.below(10)).join(""),
    () => record.slice(start, end).split("").reverse().join(""),
    () => random.pick(["json", "devalue", "L", "M", "D", "us1", "ub1", "ua1", "."]).padEnd(width),
  ];
  return record.slice(0, start) + random.pick(values)().slice(0, width) + record.slice(end);
}

/** How deep data is, in which there is nothing that reaches a prototype, and no more than its record can hold. */
function stepsOf(data: object): number {
  const depths = new Map<object, number>();
  let deepest = 0;
  const visit = (value: unknown, depth: number): void => {
    // msgpackr's are bounded by their bytes, a few digits above.
    if (typeof value === "bigint") assert.ok(value.toString().length < 4130);
    assert.ok(typeof value !== "function" && typeof value !== "symbol");
    if (typeof value !== "object" || value === null || depths.has(value)) return;
    depths.set(value, depth);
    assert.ok(depths.size <= MAX_BYTES);
    if (depth > deepest) deepest = depth;
    for (const key of Object.getPrototypeOf(value) === Object.prototype ? Reflect.ownKeys(value) : []) {
      assert.ok(key !== "__proto__" && key !== "constructor" && key !== "prototype");
      visit((value as Record<PropertyKey, unknown>)[key], depth + 1);
    }
    const items = value instanceof Map ? [...value].flat(1) : Array.isArray(value) || value instanceof Set ? value : [];
    for (const item of items) visit(item, depth + 1);
  };
  visit(data, 0);
  return deepest;
}
