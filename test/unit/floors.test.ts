import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { manifest, root } from "../../scripts/entries.ts";

/** Below these versions a record could do harm: the advisories are in `docs/security.md`. */
const FLOORS = { superjson: "1.8.1", devalue: "5.9.1", msgpackr: "1.10.1" };

const ranges: Readonly<Record<string, string>> = { ...manifest.dependencies, ...manifest.peerDependencies };
const least = (range: string): number[] => range.replace("^", "").split(".").map(Number);

describe("the library of a serializer", () => {
  it.each(Object.entries(FLOORS))("%s is never older than %s", (name, floor) => {
    const range = ranges[name] as string;
    expect(range).toMatch(/^\^\d+\.\d+\.\d+$/);
    const [first, second] = [least(range), least(floor)];
    const index = first.findIndex((part, at) => part !== second[at]);
    expect(first[index]).toBeGreaterThan(second[index] as number);
  });

  it.each(Object.keys(FLOORS))("%s has its least version in the guide", (name) => {
    const guide = readFileSync(`${root}/docs/security.md`, "utf8");
    expect(guide).toContain(`| \`${name}\` | ${ranges[name]?.replace("^", "")} |`);
  });
});
