import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Serializer, ValueKind } from "unsession";
import { devalue } from "unsession/serializers/devalue";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";
import { createCodec } from "../../src/codec.ts";
import { sizeOf } from "../../src/record.ts";
import { VALUE_KINDS } from "../../src/serializers/value-kinds.ts";

const MAX = 65_536;

const page = readFileSync(new URL("../../docs/serializers.md", import.meta.url), "utf8");

const columns: Record<string, Serializer[]> = {
  default: [],
  "`json`": [json()],
  "`superjson`": [superjson()],
  "`devalue`": [devalue()],
  "`msgpackr`": [msgpackr()],
};

/** The rows of the table under a heading, head first, without the line between them. */
function tableUnder(heading: string): string[][] {
  const lines = page.split(`\n## ${heading}\n`)[1]?.split("\n") ?? [];
  const start = lines.findIndex((line) => line.startsWith("|"));
  const rows = lines.slice(start, lines.indexOf("", start)).filter((line) => !line.includes("---"));
  return rows.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const items = Array.from({ length: 20 }, (_, n) => ({ id: 1000 + n, name: `article ${n}`, count: 1 + (n % 3) }));

/** What the rows of the table of sizes stand for. */
const sessions: [row: string, data: Record<string, unknown>][] = [
  ["a user with two roles, and a counter", { user: { id: 7, name: "Alice", roles: ["admin", "editor"] }, views: 1234 }],
  ["a cart of 20 items of one shape", { cart: items }],
  [
    "a Date, a Map of 3, a Set of 3 and a bigint",
    {
      since: new Date("2026-01-01T12:00:00.000Z"),
      counts: new Map([
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ]),
      tags: new Set(["x", "y", "z"]),
      total: 12_345_678_901_234_567_890n,
    },
  ],
  ["1,024 bytes", { bytes: Uint8Array.from({ length: 1024 }, (_, n) => (n * 37) % 256) }],
];

describe("docs/serializers.md", () => {
  it("says of each kind of value which serializer keeps it", () => {
    const [head = [], plain, ...rows] = tableUnder("What is kept");
    expect(head.slice(1)).toEqual(Object.keys(columns));
    expect(plain?.slice(1)).toEqual(["●", "●", "●", "●", "●"]);
    const keptBy = (kind: ValueKind): string[] =>
      Object.values(columns).map(([serializer = superjson()]) => (serializer.keeps?.has(kind) === true ? "●" : "–"));
    const named = rows.map(([row = ""]) => kindIn(row));
    expect(named).toEqual(VALUE_KINDS);
    for (const [row = "", ...marks] of rows) expect([row, ...marks]).toEqual([row, ...keptBy(kindIn(row) as ValueKind)]);
  });

  it("gives the sizes that they have", async () => {
    const [head = [], ...rows] = tableUnder("Size");
    expect(head.slice(1)).toEqual(Object.keys(columns));
    for (const [index, [row, data]] of sessions.entries()) {
      const sizes = Object.values(columns).map(async (serializers) =>
        String(sizeOf(await createCodec(serializers, MAX).encode(data))),
      );
      const settled = await Promise.allSettled(sizes);
      expect(rows[index]).toEqual([row].concat(settled.map((size) => (size.status === "fulfilled" ? size.value : "–"))));
    }
    expect(rows).toHaveLength(sessions.length);
  });
});

/** The kind that a row is about: the longest that it names. */
function kindIn(row: string): string | undefined {
  const text = row.replaceAll("`", "");
  const brackets = /\(([^()]*)\)$/.exec(text)?.[1];
  const named = VALUE_KINDS.filter((kind) => (brackets ?? text).startsWith(kind));
  return named.toSorted((a, b) => b.length - a.length)[0];
}
