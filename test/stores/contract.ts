import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Replaced, Store, StoreEntry } from "../../src/stores/store.ts";

/** The time a store is made with; it stands still until it is advanced. */
export interface Clock {
  readonly now: () => number;
  readonly advance: (milliseconds: number) => void;
}

export function createClock(start = 1_700_000_000_000): Clock {
  let time = start;
  return { now: () => time, advance: (milliseconds) => void (time += milliseconds) };
}

export interface StoreContractOptions {
  /** Lets time pass; advances the clock by default. A server with a clock of its own waits. */
  readonly elapse?: (milliseconds: number) => Promise<void>;
  /** A record header of fixed width, for back ends that compare its fields; plain text by default. */
  readonly header?: (version: number) => string;
}

/** Lifetimes apart enough for a server that counts in whole seconds, and starts somewhere within one. */
const SHORT = 1_000;
const PAST_SHORT = 2_500;
const LONG = 60_000;
const FORTY_DAYS = 40 * 24 * 3_600_000;

/** Real servers wait, and race fifty writers. */
const TIMEOUT = 30_000;

/**
 * Holds a store to the contract in `src/stores/store.ts`.
 *
 * Keys are new in each test, so that a server may be shared and hold anything else meanwhile. What a store says it cannot do
 * (`ttl`, `list`) is skipped, and shows as skipped.
 */
export function describeStoreContract(
  name: string,
  makeStore: (clock: Clock) => Store | Promise<Store>,
  options: StoreContractOptions = {},
): void {
  const { header = (version: number) => `header/${String(version).padStart(10, "0")}:` } = options;
  const record = (version: number, payload: string): string => header(version) + payload;

  describe(`${name} as a store`, { timeout: TIMEOUT }, () => {
    let store: Store;
    let base: string;
    let key: string;
    let elapse: (milliseconds: number) => Promise<void>;

    beforeEach(async () => {
      const clock = createClock();
      store = await makeStore(clock);
      base = `contract:${randomUUID()}:`;
      key = `${base}key`;
      elapse = options.elapse ?? (async (milliseconds) => clock.advance(milliseconds));
    });

    afterEach(async () => {
      await store.close?.();
    });

    const valueAt = async (at: string): Promise<string | undefined> => (await store.get(at))?.value;

    /** Creates a record and reads it, as a request does before it writes. */
    const seed = async (value: string, ttl: number | undefined = LONG, at: string = key): Promise<StoreEntry> => {
      expect(await store.create(at, value, ttl)).toBe(true);
      return present(await store.get(at));
    };

    const listed = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const each of store.keys(prefix)) keys.push(each);
      return keys.sort();
    };

    describe("get", () => {
      it("answers undefined for a key that was never written", async () => {
        expect(await store.get(key)).toBeUndefined();
      });

      it("gives back what was created", async () => {
        await store.create(key, record(1, "a"), LONG);
        expect(await valueAt(key)).toBe(record(1, "a"));
      });

      it("keeps every character of a text", async () => {
        const text = record(1, "línea\n\t\0 ✓ 🦊 \u2028 \uFEFF \\ \" ' base64:eA== {}");
        expect((await seed(text)).value).toBe(text);
      });

      it("keeps a record of 64 KiB", async () => {
        const text = record(1, "x".repeat(65_536));
        expect((await seed(text)).value).toBe(text);
      });

      it("keeps a record with no payload", async () => {
        expect((await seed(record(1, ""))).value).toBe(record(1, ""));
      });

      it("hands out copies, which change nothing in the store", async () => {
        const entry = await seed(record(1, "a"));
        Object.assign(entry, { value: "spoilt" });
        expect(await valueAt(key)).toBe(record(1, "a"));
      });
    });

    describe("create", () => {
      it("refuses a key that is taken, and leaves it alone", async () => {
        await seed(record(1, "first"));
        expect(await store.create(key, record(1, "second"), LONG)).toBe(false);
        expect(await valueAt(key)).toBe(record(1, "first"));
      });

      it("takes a key that was removed", async () => {
        await seed(record(1, "first"));
        await store.remove(key);
        expect((await seed(record(1, "second"))).value).toBe(record(1, "second"));
      });

      it("keeps keys apart", async () => {
        await seed(record(1, "a"), LONG, `${base}a`);
        await seed(record(1, "ab"), LONG, `${base}ab`);
        expect(await valueAt(`${base}a`)).toBe(record(1, "a"));
        expect(await valueAt(`${base}ab`)).toBe(record(1, "ab"));
      });

      it("keeps the case of a key", async () => {
        await seed(record(1, "lower"), LONG, `${base}abc`);
        expect(await store.get(`${base}ABC`)).toBeUndefined();
      });

      it("lets exactly one of fifty concurrent calls in", async () => {
        const answers = await inParallel(50, (n) => store.create(key, record(1, `call ${n}`), LONG));
        expect(answers.filter(Boolean)).toHaveLength(1);
        expect(await valueAt(key)).toBe(record(1, `call ${answers.indexOf(true)}`));
      });
    });

    describe("replace", () => {
      it("writes over what it expected", async () => {
        const read = await seed(record(1, "old"));
        expect((await store.replace(key, record(2, "new"), read, LONG)).status).toBe("ok");
        expect(await valueAt(key)).toBe(record(2, "new"));
      });

      it("answers with the entry that the next replace expects", async () => {
        const read = await seed(record(1, "a"));
        const second = written(await store.replace(key, record(2, "b"), read, LONG));
        expect(second.value).toBe(record(2, "b"));
        expect((await store.replace(key, record(3, "c"), second, LONG)).status).toBe("ok");
        expect(await valueAt(key)).toBe(record(3, "c"));
      });

      it("shortens and lengthens a record", async () => {
        const read = await seed(record(1, "x".repeat(1_000)));
        const short = written(await store.replace(key, record(2, ""), read, LONG));
        expect(await valueAt(key)).toBe(record(2, ""));
        await store.replace(key, record(3, "y".repeat(2_000)), short, LONG);
        expect(await valueAt(key)).toBe(record(3, "y".repeat(2_000)));
      });

      it("leaves alone what it did not expect", async () => {
        const read = await seed(record(1, "a"));
        await store.replace(key, record(2, "theirs"), read, LONG);
        expect((await store.replace(key, record(2, "mine"), read, LONG)).status).toBe("conflict");
        expect(await valueAt(key)).toBe(record(2, "theirs"));
      });

      it("answers a conflict with the current entry, which the next replace may expect", async () => {
        const read = await seed(record(1, "a"));
        await store.replace(key, record(2, "theirs"), read, LONG);
        const current = conflicting(await store.replace(key, record(2, "mine"), read, LONG));
        expect(current.value).toBe(record(2, "theirs"));
        expect((await store.replace(key, record(3, "merged"), current, LONG)).status).toBe("ok");
      });

      it("does not take a record made anew for the one it expected", async () => {
        const read = await seed(record(1, "a"));
        await store.remove(key);
        await seed(record(7, "another"));
        expect((await store.replace(key, record(2, "b"), read, LONG)).status).toBe("conflict");
        expect(await valueAt(key)).toBe(record(7, "another"));
      });

      it("never brings back a removed record", async () => {
        const read = await seed(record(1, "a"));
        await store.remove(key);
        expect(await store.replace(key, record(2, "b"), read, LONG)).toEqual({ status: "missing" });
        expect(await store.get(key)).toBeUndefined();
      });

      it("has exactly one winner among fifty concurrent calls", async () => {
        const read = await seed(record(1, "a"));
        const answers = await inParallel(50, (n) => store.replace(key, record(2, `call ${n}`), read, LONG));
        const winner = record(2, `call ${answers.findIndex((answer) => answer.status === "ok")}`);
        expect(answers.filter((answer) => answer.status === "ok")).toHaveLength(1);
        expect(answers.filter((answer) => answer.status === "conflict" && answer.current.value === winner)).toHaveLength(49);
        expect(await valueAt(key)).toBe(winner);
      });

      it("loses none of fifty concurrent increments that try until they win", async () => {
        const zero = await seed(record(1, "0"));
        const width = header(1).length;
        await inParallel(50, async () => {
          let expected = zero;
          for (;;) {
            const count = Number(expected.value.slice(width)) + 1;
            const answer = await store.replace(key, record(count + 1, String(count)), expected, LONG);
            if (answer.status === "ok") return;
            expected = conflicting(answer);
          }
        });
        expect(await valueAt(key)).toBe(record(51, "50"));
      });

      it("loses to a concurrent remove, whichever comes first", async () => {
        const read = await seed(record(1, "a"));
        await inParallel(20, (n) => (n === 10 ? store.remove(key) : store.replace(key, record(2, `${n}`), read, LONG)));
        expect(await store.get(key)).toBeUndefined();
      });
    });

    describe("touch", () => {
      it("writes the header and keeps the payload", async () => {
        const read = await seed(record(1, "payload: žluť 🦊"));
        expect((await store.touch(key, header(2), read, LONG)).status).toBe("ok");
        expect(await valueAt(key)).toBe(record(2, "payload: žluť 🦊"));
      });

      it("answers with the entry that the next write expects", async () => {
        const read = await seed(record(1, "a"));
        const touched = written(await store.touch(key, header(2), read, LONG));
        expect(touched.value).toBe(record(2, "a"));
        expect((await store.replace(key, record(3, "b"), touched, LONG)).status).toBe("ok");
      });

      it("leaves alone what it did not expect, and answers with the current entry", async () => {
        const read = await seed(record(1, "a"));
        await store.replace(key, record(2, "theirs"), read, LONG);
        const current = conflicting(await store.touch(key, header(2), read, LONG));
        expect(current.value).toBe(record(2, "theirs"));
        expect(await valueAt(key)).toBe(record(2, "theirs"));
      });

      it("never brings back a removed record", async () => {
        const read = await seed(record(1, "a"));
        await store.remove(key);
        expect(await store.touch(key, header(2), read, LONG)).toEqual({ status: "missing" });
        expect(await store.get(key)).toBeUndefined();
      });

      it("and replace together have exactly one winner among fifty concurrent calls", async () => {
        const read = await seed(record(1, "a"));
        const answers = await inParallel(50, (n) =>
          n % 2 === 0 ? store.touch(key, header(2), read, LONG) : store.replace(key, record(2, `call ${n}`), read, LONG),
        );
        expect(answers.filter((answer) => answer.status === "ok")).toHaveLength(1);
        expect(answers.filter((answer) => answer.status === "conflict")).toHaveLength(49);
      });
    });

    describe("remove", () => {
      it("removes the key, whatever it holds", async () => {
        const read = await seed(record(1, "a"));
        await store.replace(key, record(2, "b"), read, LONG);
        await store.remove(key);
        expect(await store.get(key)).toBeUndefined();
      });

      it("does nothing to a key that is absent", async () => {
        await store.remove(key);
        expect(await store.get(key)).toBeUndefined();
      });

      it("leaves every other key alone", async () => {
        await seed(record(1, "other"), LONG, `${base}other`);
        await seed(record(1, "a"));
        await store.remove(key);
        expect(await valueAt(`${base}other`)).toBe(record(1, "other"));
      });
    });

    describe("ttl", () => {
      beforeEach(({ skip }) => skip(!store.ttl, "records do not expire by themselves in this store"));

      it("ends a record", async () => {
        await seed(record(1, "a"), SHORT);
        await elapse(PAST_SHORT);
        expect(await store.get(key)).toBeUndefined();
      });

      it("does not end a record early", async () => {
        await seed(record(1, "a"), LONG);
        await elapse(SHORT);
        expect(await valueAt(key)).toBe(record(1, "a"));
      });

      it("may be longer than 30 days", async () => {
        await seed(record(1, "a"), FORTY_DAYS);
        await elapse(SHORT);
        expect(await valueAt(key)).toBe(record(1, "a"));
      });

      it("may be none", async () => {
        expect(await store.create(key, record(1, "a"), undefined)).toBe(true);
        await elapse(PAST_SHORT);
        expect(await valueAt(key)).toBe(record(1, "a"));
      });

      it("frees the key for another create", async () => {
        await seed(record(1, "a"), SHORT);
        await elapse(PAST_SHORT);
        expect(await store.create(key, record(1, "b"), LONG)).toBe(true);
        expect(await valueAt(key)).toBe(record(1, "b"));
      });

      it("that has passed makes replace and touch miss", async () => {
        const read = await seed(record(1, "a"), SHORT);
        await elapse(PAST_SHORT);
        expect(await store.replace(key, record(2, "b"), read, LONG)).toEqual({ status: "missing" });
        expect(await store.touch(key, header(2), read, LONG)).toEqual({ status: "missing" });
      });

      it("is extended by replace", async () => {
        const read = await seed(record(1, "a"), SHORT);
        await store.replace(key, record(2, "b"), read, LONG);
        await elapse(PAST_SHORT);
        expect(await valueAt(key)).toBe(record(2, "b"));
      });

      it("is extended by touch", async () => {
        const read = await seed(record(1, "a"), SHORT);
        await store.touch(key, header(2), read, LONG);
        await elapse(PAST_SHORT);
        expect(await valueAt(key)).toBe(record(2, "a"));
      });

      it("is shortened by replace", async () => {
        const read = await seed(record(1, "a"), LONG);
        await store.replace(key, record(2, "dead"), read, SHORT);
        await elapse(PAST_SHORT);
        expect(await store.get(key)).toBeUndefined();
      });

      it("is taken away by a replace without one", async () => {
        const read = await seed(record(1, "a"), SHORT);
        await store.replace(key, record(2, "b"), read, undefined);
        await elapse(PAST_SHORT);
        expect(await valueAt(key)).toBe(record(2, "b"));
      });

      it("is given to a record without one by touch", async () => {
        expect(await store.create(key, record(1, "a"), undefined)).toBe(true);
        await store.touch(key, header(2), present(await store.get(key)), SHORT);
        await elapse(PAST_SHORT);
        expect(await store.get(key)).toBeUndefined();
      });

      it("is not extended by reads, refused creates and conflicts", async () => {
        const read = await seed(record(1, "a"), LONG);
        await store.replace(key, record(2, "b"), read, SHORT);
        await store.get(key);
        await store.create(key, record(1, "c"), LONG);
        await store.replace(key, record(2, "c"), read, LONG);
        await store.touch(key, header(2), read, LONG);
        await elapse(PAST_SHORT);
        expect(await store.get(key)).toBeUndefined();
      });
    });

    describe("keys", () => {
      beforeEach(({ skip }) => skip(!store.list, "this store cannot list its keys"));

      it("are none for a prefix that nothing begins with", async () => {
        await seed(record(1, "a"));
        expect(await listed(`${base}nothing`)).toEqual([]);
      });

      it("are those that begin with the prefix", async () => {
        for (const each of ["s:a", "s:b", "t:s:c", "s"]) await seed(record(1, each), LONG, base + each);
        expect(await listed(`${base}s:`)).toEqual([`${base}s:a`, `${base}s:b`]);
      });

      it("come whole, with their prefix", async () => {
        await seed(record(1, "a"));
        expect(await listed(base)).toEqual([key]);
      });

      it("take every character of the prefix literally", async () => {
        const odd = `${base}*?[a-z]^$.+(\\)|{1}:`;
        await seed(record(1, "odd"), LONG, `${odd}a`);
        await seed(record(1, "plain"), LONG, `${base}plain`);
        expect(await listed(odd)).toEqual([`${odd}a`]);
        expect(await listed(`${base}*`)).toEqual([`${odd}a`]);
        expect(await listed(`${base}.`)).toEqual([]);
      });

      it("come once each, more than fit in one page", async () => {
        const all = Array.from({ length: 1_500 }, (_, n) => `${base}${String(n).padStart(4, "0")}`);
        await Promise.all(all.map(async (each) => store.create(each, record(1, each), LONG)));
        expect(await listed(base)).toEqual(all);
      });

      it("leave out what was removed", async () => {
        await seed(record(1, "a"));
        await seed(record(1, "b"), LONG, `${base}removed`);
        await store.remove(`${base}removed`);
        expect(await listed(base)).toEqual([key]);
      });

      it("may be read, touched and removed during the walk", async () => {
        const all = Array.from({ length: 100 }, (_, n) => `${base}${String(n).padStart(3, "0")}`);
        await Promise.all(all.map(async (each) => store.create(each, record(1, each), LONG)));
        const seen: string[] = [];
        for await (const each of store.keys(base)) {
          seen.push(each);
          await store.touch(each, header(2), present(await store.get(each)), LONG);
          if (seen.length % 2 === 0) await store.remove(each);
        }
        expect(seen.sort()).toEqual(all);
        expect(await listed(base)).toHaveLength(50);
      });

      it("may be walked part of the way", async () => {
        for (const each of ["a", "b", "c"]) await seed(record(1, each), LONG, base + each);
        for await (const each of store.keys(base)) {
          expect(each.startsWith(base)).toBe(true);
          break;
        }
        expect(await listed(base)).toHaveLength(3);
      });
    });
  });
}

async function inParallel<T>(times: number, call: (n: number) => T | Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, async (_, n) => call(n)));
}

function present(entry: StoreEntry | undefined): StoreEntry {
  if (entry === undefined) throw new Error("expected a record, and there is none");
  return entry;
}

function written(answer: Replaced): StoreEntry {
  if (answer.status !== "ok") throw new Error(`expected the write to hold, and it ended as ${answer.status}`);
  return answer.entry;
}

function conflicting(answer: Replaced): StoreEntry {
  if (answer.status !== "conflict") throw new Error(`expected a conflict, and it ended as ${answer.status}`);
  return answer.current;
}
