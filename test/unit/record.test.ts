import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createWriteId,
  deadRecord,
  encodeRecord,
  hasWrite,
  HEADER_LENGTH,
  isByteRecord,
  isSameText,
  overheadOf,
  parseRecord,
  rememberWrite,
  sizeOf,
  lastWrite,
  firstWrite,
  touchedHeader,
  type SessionRecord,
} from "../../src/record.ts";

const RECORD: SessionRecord = {
  state: "live",
  version: 7,
  createdAt: 1_700_000_000_000,
  touchedAt: 1_700_000_100_000,
  absoluteAt: 1_700_043_200_000,
  idleWindow: 1_800_000,
  writes: `AAAAAAAAAAABBBBBBBBBBB${".".repeat(66)}`,
  data: { serializer: "json", text: '{"user":"alice"}' },
  flash: { serializer: "superjson", text: '{"json":{"note":"hi"}}' },
  meta: { cookie: { persistent: true, maxAge: 60 } },
};

const serializer = fc.stringMatching(/^[a-z0-9-]{1,16}$/);
const instant = fc.nat({ max: 999_999_999_999_999 });
const writeId = fc.stringMatching(/^[A-Za-z0-9_-]{11}$/);
const text = fc.string({ unit: "binary", maxLength: 60 });
const encoded = fc.record({ serializer, text });

const records: fc.Arbitrary<SessionRecord> = fc.record({
  state: fc.constantFrom("live", "moved", "dead"),
  version: fc.integer({ min: 1, max: 999_999_999_998 }),
  createdAt: instant,
  touchedAt: instant,
  absoluteAt: instant,
  idleWindow: instant,
  writes: fc.array(writeId, { maxLength: 8 }).map((ids) => ids.join("").padEnd(88, ".")),
  data: encoded,
  flash: fc.option(
    encoded.filter(({ text: flash }) => flash !== ""),
    { nil: undefined },
  ),
  meta: fc.record(
    {
      owner: text,
      cookie: fc.record({ persistent: fc.boolean(), maxAge: fc.integer({ min: 1, max: 1e9 }) }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ),
}) as fc.Arbitrary<SessionRecord>;

describe("a record", () => {
  it("is read as it was written", () => {
    const property = fc.property(records, (record) => {
      expect(parseRecord(encodeRecord(record))).toEqual(record);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("is none with a length that is no number, even if it would add up", () => {
    const value = encodeRecord({ ...RECORD, meta: {}, flash: undefined, data: { serializer: "json", text: '{"a":1234}' } });
    expect(parseRecord(value)?.data.text).toBe('{"a":1234}');
    // A colon comes after the 9.
    expect(value.slice(212, 220)).toBe("00000010");
    expect(parseRecord(`${value.slice(0, 212)}0000000:${value.slice(220)}`)).toBeUndefined();
  });

  it("is read as it was written with a serializer of 16 characters and a write id that begins with digits", () => {
    const long = { serializer: "0123456789abcdef", text: "x" };
    const record = { ...RECORD, data: long, flash: long, writes: "12345678901".padEnd(88, ".") };
    expect(parseRecord(encodeRecord(record))).toEqual(record);
  });

  it.each<[string, number, string]>([
    ["the format", 0, "us1"],
    ["the state", 3, "L"],
    ["the serializer of the data, padded", 4, "json            "],
    ["the version", 20, "000000000007"],
    ["createdAt", 32, "001700000000000"],
    ["touchedAt", 47, "001700000100000"],
    ["the absolute deadline", 62, "001700043200000"],
    ["the idle window", 77, "000000001800000"],
    ["the write ids, newest first", 92, "AAAAAAAAAAABBBBBBBBBBB" + ".".repeat(66)],
    ["the serializer of the one-time values", 180, "superjson       "],
    ["the length of meta", 196, "00000042"],
    ["the length of the one-time values", 204, "00000022"],
    ["the length of the data", 212, "00000016"],
  ])("has %s at offset %d, as documented", (_, offset, expected) => {
    expect(encodeRecord(RECORD).slice(offset, offset + expected.length)).toBe(expected);
  });

  it("has meta, one-time values and data one after another behind the header", () => {
    const value = encodeRecord(RECORD);
    expect(HEADER_LENGTH).toBe(220);
    expect(value.slice(220)).toBe('{"cookie":{"persistent":true,"maxAge":60}}{"json":{"note":"hi"}}{"user":"alice"}');
  });

  it.each([
    ["live", "L"],
    ["moved", "M"],
    ["dead", "D"],
  ] as const)("writes the state %s as %s", (state, letter) => {
    expect(encodeRecord({ ...RECORD, state })[3]).toBe(letter);
  });

  it("has a header of printable ASCII and one width, whatever is in it", () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(encodeRecord(record).slice(0, HEADER_LENGTH)).toMatch(/^[\x20-\x7e]{220}$/);
      }),
    );
  });

  it("has no meta section if there is nothing in it", () => {
    expect(encodeRecord({ ...RECORD, meta: {} }).slice(196, 204)).toBe("00000000");
  });
});

/** What a binary serializer wrote: every byte. */
const BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
const BINARY: SessionRecord = { ...RECORD, data: { serializer: "msgpackr", text: BYTES, binary: true }, flash: undefined };

describe("a record with bytes in it", () => {
  const byteString = fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes));
  const binaries = fc.tuple(records, byteString, fc.option(byteString, { nil: "" })).map(([record, data, flash]): SessionRecord =>
    Object.assign(record, {
      data: { serializer: "msgpackr", text: data, binary: true },
      flash: flash === "" ? undefined : { serializer: "msgpackr", text: flash, binary: true },
    }),
  );

  it.each([true, false])("is read as it was written, for a store that keeps bytes or text (bytes: %s)", (keepsBytes) => {
    const property = fc.property(binaries, (record) => {
      expect(parseRecord(encodeRecord(record, keepsBytes))).toEqual(record);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("is a byte string where the store keeps bytes", () => {
    const value = encodeRecord({ ...BINARY, meta: { owner: "žofie 🦊" } }, true);
    expect(value.slice(0, 4)).toBe("ub1L");
    expect(value.endsWith(BYTES)).toBe(true);
    expect([...value].every((character) => character <= "\u00ff")).toBe(true);
  });

  it("is ASCII where the store keeps text alone", () => {
    const value = encodeRecord({ ...BINARY, meta: { owner: "žofie 🦊" } }, false);
    expect(value.slice(0, 4)).toBe("ua1L");
    expect(value).toMatch(/^[\x20-\x7e]+$/);
    expect(value.endsWith(btoa(BYTES))).toBe(true);
  });

  it("is ASCII unless the store is said to keep bytes", () => {
    expect(encodeRecord(BINARY)).toBe(encodeRecord(BINARY, false));
  });

  it("is known from text by how it begins", () => {
    expect([true, false].map((keepsBytes) => isByteRecord(encodeRecord(BINARY, keepsBytes)))).toEqual([true, false]);
    expect(isByteRecord("us1 is no ub1")).toBe(false);
  });

  it("may have them in its one-time values alone", () => {
    const record = { ...RECORD, data: { serializer: "json", text: '"a"' }, flash: BINARY.data };
    for (const keepsBytes of [true, false]) {
      expect(parseRecord(encodeRecord(record, keepsBytes))).toEqual({ ...record, data: { ...record.data, binary: true } });
    }
  });

  it("is refused if its one-time values are not base64", () => {
    const value = encodeRecord({ ...RECORD, meta: {}, flash: BINARY.data }, false);
    expect(parseRecord(`${value.slice(0, HEADER_LENGTH)}!${value.slice(HEADER_LENGTH + 1)}`)).toBeUndefined();
  });

  it("has its fields where text has them", () => {
    for (const keepsBytes of [true, false]) {
      const value = encodeRecord(BINARY, keepsBytes);
      const { state, version, touchedAt } = BINARY;
      expect(encodeRecord({ ...RECORD, state, version, touchedAt }).slice(20, 180)).toBe(value.slice(20, 180));
      expect([value.slice(196, 204), Number(value.slice(212, 220))]).toEqual(["00000042", keepsBytes ? 256 : 344]);
    }
  });

  it("keeps the text of another serializer beside them, as its UTF-8", () => {
    const record = { ...BINARY, flash: { serializer: "json", text: '"žluť"' } };
    for (const keepsBytes of [true, false]) {
      const flash = parseRecord(encodeRecord(record, keepsBytes))?.flash;
      expect(flash).toEqual({ serializer: "json", text: Buffer.from('"žluť"').toString("latin1"), binary: true });
    }
  });

  it("takes as many bytes as it says", () => {
    const property = fc.property(binaries, fc.boolean(), (record, keepsBytes) => {
      const size = sizeOf(record.data) + sizeOf(record.flash) + overheadOf(record, keepsBytes);
      expect(size).toBe(encodeRecord(record, keepsBytes).length);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("is refused if it is not whole, or if what should be base64 is not", () => {
    for (const keepsBytes of [true, false]) {
      const value = encodeRecord(BINARY, keepsBytes);
      for (let length = 0; length < value.length; length++) expect(parseRecord(value.slice(0, length))).toBeUndefined();
      expect(parseRecord(`${value} `)).toBeUndefined();
    }
    expect(parseRecord(`${encodeRecord(BINARY, false).slice(0, -1)}!`)).toBeUndefined();
  });

  it("is touched as it stands in the store", () => {
    for (const keepsBytes of [true, false]) {
      const value = encodeRecord(BINARY, keepsBytes);
      const header = touchedHeader({ ...BINARY, version: 8 }, value);
      expect(header + value.slice(HEADER_LENGTH)).toBe(encodeRecord({ ...BINARY, version: 8 }, keepsBytes));
    }
  });

  it("is text once there are no bytes in it any more", () => {
    const dead = { ...BINARY, state: "dead" as const, data: { serializer: "msgpackr", text: "" } };
    expect(encodeRecord(dead, true).slice(0, 4)).toBe("us1D");
  });
});

describe("what stays of a session that was ended", () => {
  it("is how it may be reached, and nothing that was in it", () => {
    const meta = { owner: "alice", prefix: "session:", signed: true } as const;
    const dead = deadRecord({ ...RECORD, meta }, 1_700_000_200_000, 60_000);
    expect(dead).toMatchObject({ state: "dead", touchedAt: 1_700_000_200_000, absoluteAt: 0, idleWindow: 60_000 });
    expect([dead.data.text, dead.flash, dead.meta]).toEqual(["", undefined, { prefix: "session:", signed: true }]);
    expect(deadRecord(RECORD, 0, 1).meta).toEqual({});
  });
});

describe("what a serializer wrote twice", () => {
  it("is the same if text and serializer are, or if there is none", () => {
    const one = { serializer: "json", text: "1" };
    const others = [one, { ...one, text: "2" }, { ...one, serializer: "devalue" }, undefined];
    expect(others.map((other) => isSameText(one, other))).toEqual([true, false, false, false]);
    expect(others.map((other) => isSameText(undefined, other))).toEqual([false, false, false, true]);
  });
});

describe("the size of what a serializer wrote", () => {
  it("is that of its UTF-8, or of its bytes, or 0 if there is none", () => {
    const sizes = [{ text: "žluť 🦊" }, { text: "\u00ff\u00fe", binary: true }].map((one) => sizeOf({ serializer: "x", ...one }));
    expect([...sizes, sizeOf(undefined)]).toEqual([11, 2, 0]);
  });
});

describe("parseRecord", () => {
  it("refuses every beginning of a record", () => {
    const value = encodeRecord(RECORD);
    for (let length = 0; length < value.length; length++)
      expect(parseRecord(value.slice(0, length)), `${length}`).toBeUndefined();
  });

  it("refuses a record with anything behind it", () => {
    expect(parseRecord(`${encodeRecord(RECORD)} `)).toBeUndefined();
  });

  const flips = (from: number, to: number): string[] => {
    const value = encodeRecord(RECORD);
    const flip = (index: number, bit: number): string =>
      value.slice(0, index) + String.fromCharCode(value.charCodeAt(index) ^ (1 << bit)) + value.slice(index + 1);
    return Array.from({ length: (to - from) * 16 }, (_, n) => flip(from + (n >> 4), n & 15));
  };

  it.each([
    ["the format", 0, 3],
    ["the lengths", 196, 220],
  ])("refuses any flipped bit of %s", (_, from, to) => {
    for (const flipped of flips(from, to)) expect(parseRecord(flipped), flipped).toBeUndefined();
  });

  it.each([
    ["state, serializer, version and instants", 3, 92],
    ["the serializer of the one-time values", 180, 196],
  ])("refuses any flipped bit of %s, or reads what stands there by now", (_, from, to) => {
    for (const flipped of flips(from, to)) {
      const record = parseRecord(flipped);
      if (record !== undefined) expect(encodeRecord(record)).toBe(flipped);
    }
  });

  it("reads no other data for any flipped bit of the write ids", () => {
    for (const flipped of flips(92, 180)) expect(parseRecord(flipped)?.data ?? RECORD.data).toEqual(RECORD.data);
  });

  it.each([
    ["an empty text", ""],
    ["a text of another kind", '{"user":"alice"}'],
    ["an unknown format", encodeRecord(RECORD).replace("us1", "us2")],
    ["an unknown state", encodeRecord(RECORD).replace("us1L", "us1X")],
    ["a version that is no number", encodeRecord(RECORD).replace("000000000007", "00000000000x")],
    ["the last version, after which a write would be none", encodeRecord({ ...RECORD, version: 999_999_999_999 })],
    ["a negative instant", encodeRecord(RECORD).replace("001700000000000", "-01700000000000")],
    ["lengths that do not add up", encodeRecord(RECORD).replace("00000016", "00000015")],
    ["lengths that add up beyond the end", encodeRecord(RECORD).replace("00000016", "99999999")],
    ["a line break in the header", encodeRecord(RECORD).replace("json ", "json\n")],
    ["220 characters of noise", "x".repeat(220)],
  ])("refuses %s", (_, value) => {
    expect(parseRecord(value)).toBeUndefined();
  });

  it.each([
    "[]",
    "null",
    "5",
    '"x"',
    "{",
    '{"cookie":5}',
    '{"cookie":null}',
    '{"owner":{}}',
    '{"to":5}',
    '{"ownerMeta":5}',
    '{"ownerMeta":null}',
    '{"listing":5}',
    '{"issuedAt":-1}',
    '{"dataVersion":1.5}',
    '{"cookie":{"maxAge":"1; Domain=evil"}}',
    '{"cookie":{"persistent":"yes"}}',
  ])("refuses a meta section of %s", (meta) => {
    const value = encodeRecord({ ...RECORD, meta: {} });
    const length = String(meta.length).padStart(8, "0");
    expect(parseRecord(value.slice(0, 196) + length + value.slice(204, 220) + meta + value.slice(220))).toBeUndefined();
  });

  it.each([-1, 0, 1.5])("refuses a cookie age of %d in the meta section", (maxAge) => {
    expect(parseRecord(encodeRecord({ ...RECORD, meta: { cookie: { maxAge } } }))).toBeUndefined();
  });

  it("keeps what a later version put in the meta section", () => {
    const meta = { owner: "alice", device: "phone" };
    expect(parseRecord(encodeRecord({ ...RECORD, meta }))?.meta).toEqual(meta);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (value) => {
        expect(parseRecord(value)).toBeUndefined();
      }),
    );
  });

  it("takes no time for a header that nearly fits", () => {
    const started = performance.now();
    for (let times = 0; times < 1000; times++) parseRecord(`us1L${"a".repeat(16)}${"0".repeat(199)}!`);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe("a touched header", () => {
  it("begins the idle window anew, and leaves the sections as they are", () => {
    const value = encodeRecord(RECORD);
    const touched = { ...RECORD, version: 8, touchedAt: RECORD.touchedAt + 5 };
    const header = touchedHeader(touched, value);
    expect(header).toHaveLength(HEADER_LENGTH);
    expect(parseRecord(header + value.slice(HEADER_LENGTH))).toEqual(touched);
  });

  it("fits any record", () => {
    fc.assert(
      fc.property(records, (record) => {
        const value = encodeRecord(record);
        expect(touchedHeader(record, value) + value.slice(HEADER_LENGTH)).toBe(value);
      }),
    );
  });
});

describe("write ids", () => {
  it("are 64 random bits", () => {
    const ids = Array.from({ length: 1000 }, createWriteId);
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[\w-]{11}$/);
  });

  it("are remembered newest first, the last 8 of them", () => {
    const ids = Array.from({ length: 11 }, createWriteId);
    const writes = ids.reduce((before, id) => rememberWrite({ ...RECORD, writes: before }, id), firstWrite());
    const record = { ...RECORD, writes };
    expect(record.writes).toBe(ids.slice(-8).reverse().join(""));
    expect(lastWrite(record)).toBe(ids.at(-1));
    expect(ids.map((id) => hasWrite(record, id))).toEqual([false, false, false, ...Array.from({ length: 8 }, () => true)]);
    expect(parseRecord(encodeRecord(record))?.writes).toEqual(record.writes);
  });
});
