import { describe, expect, it } from "vitest";
import { checkHistory, type History } from "./checks.ts";
import type { Data, Event, Found, Outcome, Place, Write } from "./events.ts";
import { requestsOf } from "./requests.ts";

const HOUR = 3_600_000;
const DEADLINE = 12 * HOUR;

/** What is different in a request from one that does nothing and is answered. */
interface Told {
  readonly at: number;
  readonly token?: string | undefined;
  readonly family?: string;
  /** What it loaded; `none` if nothing was there. */
  readonly found?: Found | "none";
  readonly writes?: readonly Write[];
  readonly deed?: "moves" | "ends";
  readonly ended?: Partial<Event & { type: "ended" }> | "killed";
  readonly clock?: number;
}

const place = (version: number, id = "first"): Place => ({ id, version });

function found(data: Partial<Data> = {}, version = 1, absoluteAt = DEADLINE): Found {
  return { id: "first", version, absoluteAt, data: { family: "f", n: 0, keys: {}, list: [], boxes: {}, ...data } };
}

function write(kind: Write["kind"], id: string, box = id): Write {
  return { kind, id, box };
}

let lastOp = 0;

function tell({ at, token, family = "f", found: loaded, writes = [], deed, ended = {}, clock = 0 }: Told): Event[] {
  const op = `w.${++lastOp}`;
  const events: Event[] = [{ type: "clock", clock }];
  events.push({ type: "began", op, at, family, ...(token === undefined ? { sent: "nothing" } : { token }) });
  events.push({ type: "loaded", op, at: at + 1, found: loaded === "none" ? undefined : loaded });
  if (writes.length > 0) events.push({ type: "writes", op, at: at + 2, writes });
  if (deed !== undefined) events.push({ type: deed, op, at: at + 3 });
  if (ended === "killed") return events;
  const calls = { reads: token === undefined ? 0 : 1, writes: writes.length > 0 ? 1 : 0, conflicts: 0, failures: 0 };
  const answer = { outcome: "ok" as Outcome, stored: undefined, token: undefined, isAcknowledged: true, calls };
  events.push({ type: "ended", op, at: at + 4, ...answer, ...ended });
  return events;
}

/** A session is made at 0, under the token `t1`. */
const BIRTH: Told = { at: 0, writes: [write("key", "a")], ended: { token: "t1", stored: place(1) } };

type Ending = Partial<Omit<History, "requests" | "final">> & { readonly final?: Readonly<Record<string, Found>> };

/** The invariants that a history breaks. */
function broken(told: readonly Told[], { final = {}, ...rest }: Ending = {}): string[] {
  const invariants = new Set<string>();
  const history: History = {
    requests: requestsOf(told.flatMap((one) => tell(one))),
    losses: [],
    final: new Map(Object.entries(final)),
    ids: [],
    issued: new Set(),
    patience: 1000,
    life: 4 * HOUR,
    epoch: 0,
    ...rest,
  };
  checkHistory(history, (invariant) => invariants.add(invariant));
  return [...invariants].sort();
}

const KEPT = { final: { t1: found({ keys: { a: 1 } }) } };
const old = (data: Partial<Data> = {}, version = 1): Pick<Told, "token" | "found"> => ({
  token: "t1",
  found: found({ keys: { a: 1 }, ...data }, version),
});
const moved: Told = { ...old(), at: 10, deed: "moves", ended: { token: "t2", stored: place(1, "second") } };
const ended: Told = { ...old(), at: 10, deed: "ends" };

describe("a history that keeps every promise", () => {
  it.each<[string, readonly Told[], Ending]>([
    ["with a session that is made, and read", [BIRTH, { ...old(), at: 10 }], KEPT],
    [
      "with every kind of write",
      [
        BIRTH,
        {
          ...old(),
          at: 10,
          writes: [write("increment", "b"), write("push", "b"), write("pair", "b"), write("box", "b")],
          ended: { stored: place(2) },
        },
        {
          ...old({ n: 1, list: ["b"], pair: { x: "b", y: "b" }, boxes: { b: {} } }, 2),
          at: 20,
          writes: [write("delete box", "c", "b")],
          ended: { stored: place(3) },
        },
      ],
      { final: { t1: found({ n: 1, keys: { a: 1 }, list: ["b"], pair: { x: "b", y: "b" } }, 3) } },
    ],
    [
      "with a box that a request makes and deletes, and so need not store",
      [BIRTH, { ...old(), at: 10, writes: [write("box", "b"), write("delete box", "c", "b")], ended: { stored: place(1) } }],
      KEPT,
    ],
    [
      "with a worker that is killed before it knows",
      [BIRTH, { ...old(), at: 10, writes: [write("key", "b")], ended: "killed" }],
      KEPT,
    ],
    ["with a session that is ended, and asked for", [BIRTH, ended, { at: 20, token: "t1", found: "none" }], {}],
    [
      "with a session that is moved, and its old token refused",
      [BIRTH, moved, { at: 20, token: "t1", found: "none" }, { at: 30, token: "t2", found: found({ keys: { a: 1 } }) }],
      { final: { t2: found({ keys: { a: 1 } }) } },
    ],
    ["with a store that lost everything", [BIRTH, { at: 30, token: "t1", found: "none" }], { losses: [[10, 20]] }],
    [
      "made, with nothing written, while the clock went far ahead",
      [
        { at: 0, clock: 13 * HOUR, ended: { token: "t1", stored: place(1) } },
        { at: 10, token: "t1", found: "none" },
      ],
      {},
    ],
    ["with a clock that is far ahead", [BIRTH, { at: 10, token: "t1", found: "none", clock: 13 * HOUR }], KEPT],
    ["with records of issued tokens alone", [BIRTH], { ...KEPT, ids: ["first"], issued: new Set(["first"]) }],
  ])("%s", (_what, told, ending) => {
    expect(broken(told, ending)).toEqual([]);
  });
});

describe("a history is seen to break", () => {
  it.each<[string, string, readonly Told[], Ending]>([
    ["I1", "a session that was ended is loaded", [BIRTH, ended, { ...old(), at: 20 }], {}],
    ["I1", "a session that was ended is there at the end", [BIRTH, ended], KEPT],
    ["I1", "what the store lost comes back", [BIRTH, { ...old(), at: 30 }], { losses: [[10, 20]] }],
    [
      "I1",
      "a cookie is given for a session that was ended",
      [BIRTH, ended, { at: 20, token: "t1", found: "none", ended: { token: "t3" } }],
      {},
    ],
    ["I2", "an acknowledged write is not there", [BIRTH, { at: 10, token: "t1", found: found() }], KEPT],
    ["I2", "an acknowledged write is not there at the end", [BIRTH], { final: { t1: found() } }],
    ["I2", "a session that nobody ended is not found", [BIRTH, { at: 10, token: "t1", found: "none" }], KEPT],
    ["I2", "a session that nobody ended is said to be gone", [BIRTH, { ...old(), at: 10, ended: { outcome: "gone" } }], KEPT],
    [
      "I3",
      "an increment is lost",
      [BIRTH, { ...old(), at: 10, writes: [write("increment", "b")], ended: { stored: place(2) } }],
      KEPT,
    ],
    [
      "I3",
      "an increment is counted twice",
      [BIRTH, { ...old(), at: 10, writes: [write("increment", "b")], ended: { stored: place(2) } }],
      { final: { t1: found({ n: 2, keys: { a: 1 } }, 2) } },
    ],
    [
      "I4",
      "two requests make the same version",
      [
        BIRTH,
        { ...old(), at: 10, writes: [write("key", "b")], ended: { stored: place(2) } },
        { ...old(), at: 12, writes: [write("key", "c")], ended: { stored: place(2) } },
      ],
      { final: { t1: found({ keys: { a: 1, b: 1, c: 1 } }, 2) } },
    ],
    ["I5", "half of a write is read", [BIRTH, { ...old({ pair: { x: "b", y: "c" } }), at: 10 }], KEPT],
    ["I6", "a load shows the past", [BIRTH, { ...old({}, 3), at: 10 }, { ...old({}, 2), at: 20 }], KEPT],
    [
      "I7",
      "two tokens of one session live",
      [BIRTH, moved, { ...moved, at: 11, ended: { token: "t3", stored: place(1, "third") } }],
      {
        final: { t2: found({ keys: { a: 1 } }), t3: found({ keys: { a: 1 } }) },
      },
    ],
    ["I7", "a session that nobody ended is not there at the end", [BIRTH], {}],
    [
      "I8",
      "a token from before a regenerate shows what was written after it",
      [BIRTH, { ...moved, writes: [write("key", "b")] }, { ...old({ keys: { a: 1, b: 1 } }), at: 12 }],
      { final: { t2: found({ keys: { a: 1, b: 1 } }) } },
    ],
    ["I9", "a session is loaded after its deadline", [BIRTH, { ...old(), at: 10, clock: 13 * HOUR }], KEPT],
    [
      "I9",
      "the deadline moves",
      [BIRTH, { ...old(), at: 10 }, { at: 20, token: "t1", found: found({ keys: { a: 1 } }, 1, DEADLINE + 1) }],
      KEPT,
    ],
    ["I10", "a key is there that belongs to no issued token", [BIRTH], { ...KEPT, ids: ["adopted"] }],
    [
      "I11",
      "what is no token costs a read",
      [{ ...BIRTH, ended: { token: "t1", stored: place(1), calls: { reads: 1, writes: 1, conflicts: 0, failures: 0 } } }],
      KEPT,
    ],
    [
      "I12",
      "what was not committed is seen",
      [
        BIRTH,
        { ...old(), at: 10, writes: [write("key", "b")], ended: { outcome: "failed" } },
        { ...old({ keys: { a: 1, b: 1 } }), at: 20 },
      ],
      KEPT,
    ],
    [
      "I15",
      "a request costs too much",
      [BIRTH, { ...old(), at: 10, ended: { calls: { reads: 1, writes: 2, conflicts: 0, failures: 0 } } }],
      KEPT,
    ],
    ["I16", "a request fails for no reason", [BIRTH, { ...old(), at: 10, ended: { outcome: "broken" } }], KEPT],
    [
      "I18",
      "a cookie is given for what is not in the store",
      [{ ...BIRTH, ended: { token: "t1", stored: place(1), isAcknowledged: false } }],
      KEPT,
    ],
    [
      "I19",
      "a deletion is undone",
      [BIRTH, { ...old({ boxes: { b: {} } }), at: 10, writes: [write("delete box", "c", "b")], ended: { stored: place(2) } }],
      { final: { t1: found({ keys: { a: 1 }, boxes: { b: { d: 1 } } }, 3) } },
    ],
    [
      "I20",
      "an older write to one place stays",
      [
        BIRTH,
        { ...old(), at: 10, writes: [write("pair", "b")], ended: { stored: place(2) } },
        { ...old(), at: 12, writes: [write("pair", "c")], ended: { stored: place(3) } },
      ],
      { final: { t1: found({ keys: { a: 1 }, pair: { x: "b", y: "b" } }, 3) } },
    ],
    [
      "I21",
      "a push is done twice",
      [BIRTH, { ...old(), at: 10, writes: [write("push", "b")], ended: { stored: place(2) } }],
      { final: { t1: found({ keys: { a: 1 }, list: ["b", "b"] }, 3) } },
    ],
    ["I22", "a request does not end", [BIRTH, { ...old(), at: 10, ended: { at: 2000 } }], KEPT],
    ["isolation", "a token leads to another's session", [BIRTH, { ...old({ family: "g" }), at: 10 }], KEPT],
  ])("%s: %s", (invariant, _what, told, ending) => {
    expect(broken(told, ending)).toEqual([invariant]);
  });
});
