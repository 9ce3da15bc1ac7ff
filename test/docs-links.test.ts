import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../scripts/entries.ts";

const guide = readdirSync(join(root, "docs")).filter((page) => page.endsWith(".md"));
const pages = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", ...guide.map((page) => `docs/${page}`)];

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** The links of a page that lead to a file of the project, from its root, with their fragments. */
function linksOf(page: string): string[] {
  const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets
    .filter((target) => !/^https?:/.test(target))
    .map((target) => (target.startsWith("#") ? page + target : relative(root, join(root, dirname(page), target))));
}

/** The anchors that GitHub gives the headings of a page, and those it has of its own. */
function anchorsOf(page: string): string[] {
  const text = read(page).replaceAll(/^```[\s\S]*?^```$/gm, "");
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading.toLowerCase());
  const own = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = ""]) => id);
  return [...headings.map((heading) => heading.replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")), ...own];
}

describe("the pages", () => {
  it.each(pages)("lead to files and headings that exist: %s", (page) => {
    const broken = linksOf(page).filter((link) => {
      const [file = "", anchor] = link.split("#");
      return !existsSync(join(root, file)) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it("are all in the index", () => {
    const linked = new Set(linksOf("docs/README.md").map((link) => link.split("#")[0]));
    expect(guide.filter((page) => page !== "README.md" && !linked.has(`docs/${page}`))).toEqual([]);
  });

  it.each([
    ["docs/security.md", 20],
    ["docs/asvs.md", 25],
    ["docs/faults.md", 50],
  ])("name tests that exist where they say what is tested: %s", (page, least) => {
    const named = rowsOf(page).flatMap(({ tests }) => tests);
    expect(named.length).toBeGreaterThanOrEqual(least);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it("have a test for each fault, named after its number", () => {
    const rows = rowsOf("docs/faults.md");
    const numbers = rows.map(({ id }) => id);
    const expected = [...Array.from({ length: 36 }, (_, n) => `${n + 1}`), ...Array.from({ length: 14 }, (_, n) => `D${n + 1}`)];
    expect(numbers).toEqual(expected);
    const names = rows.map(({ id, tests }) => [id, tests.some((file) => isNamedAfter(id, read(file)))]);
    expect(names.filter(([, isNamed]) => !isNamed)).toEqual([]);
  });
});

/** The rows of the tables of a page that have a column for tests: their first cell, and the files that the column names. */
function rowsOf(page: string): { readonly id: string; readonly tests: readonly string[] }[] {
  const tables = read(page).match(/(?:^\|.*\n)+/gm) ?? [];
  return tables.flatMap((table) => {
    const [head = [], , ...rows] = table
      .trimEnd()
      .split("\n")
      .map((row) => row.split("|").map((cell) => cell.trim()));
    const column = head.indexOf("test");
    if (column < 0) return [];
    return rows.map((row) => ({
      id: row[1] ?? "",
      tests: [...(row[column] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => `test/${name}.test.ts`),
    }));
  });
}

/** Whether the title of a suite of tests begins with a number: `row 3, D9: …`. */
function isNamedAfter(id: string, source: string): boolean {
  const name = /^\d/.test(id) ? `row ${id}` : id;
  return new RegExp(`describe\\("(?:[^":]*, )?${name}(?:,[^":]*)?: `).test(source);
}
