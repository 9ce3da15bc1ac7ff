import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createSessionManager } from "unsession";
import { root } from "../scripts/entries.ts";
import { knownNames, membersOf, withOption } from "../scripts/reference.ts";
import { defaultOf, isLiteral, tables, withTables } from "../scripts/tables.ts";
import { resolveOptions } from "../src/options.ts";

const read = (page: string): string => readFileSync(join(root, page), "utf8");
const pages = readdirSync(join(root, "docs")).filter((page) => page.endsWith(".md"));

/** The cells of a table, by its first line. */
function tableIn(page: string, head: string): string[][] {
  const lines = page.split("\n");
  const begin = lines.indexOf(head) + 2;
  const rows = lines.slice(begin, lines.indexOf("", begin));
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((text) => text.trim()),
  );
}

/** What stands in backticks. */
function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]*)`/g)].map(([, code = ""]) => code);
}

describe("the tables that are made from the code", () => {
  it.each(pages)("are up to date in docs/%s: else `npm run docs`", (page) => {
    const text = read(join("docs", page));
    expect(text).toBe(withTables(text));
  });

  it("are all shown", () => {
    const shown = pages.flatMap((page) => read(join("docs", page)).match(/(?<=^<!-- made by `npm run docs`: )\w+/gm) ?? []);
    expect(shown.sort()).toEqual(Object.keys(tables).sort());
  });
});

/** Functions are made anew each time. */
const comparable = (options?: object): string => JSON.stringify(resolveOptions(options));

const options = [
  ...membersOf("SessionOptions").map((member) => ({ option: member.name, member })),
  ...membersOf("CookieOptions").map((member) => ({ option: `cookie.${member.name}`, member })),
];

describe("a documented default", () => {
  const literals = options.filter(({ member }) => isLiteral(member.default ?? ""));

  it.each(literals)("is that of the code: $option", ({ option, member }) => {
    const value: unknown = JSON.parse((member.default as string).replaceAll(/([{,] ?)(\w+):/g, '$1"$2":'));
    expect(comparable(withOption(option, value))).toBe(comparable());
  });

  it("is missing only where there is none", () => {
    const without = options.filter(({ member }) => member.default === undefined).map(({ option }) => option);
    expect(without).toEqual([
      "absoluteTimeout",
      "rotateEvery",
      "schema",
      "version",
      "migrate",
      "secret",
      "acceptUnsignedUntil",
      "acceptRawIdsUntil",
      "cookie.domain",
      "cookie.priority",
    ]);
  });
});

describe("the README", () => {
  const readme = read("README.md");

  it("has every option, with its default", () => {
    const rows = tableIn(readme, "| option | default | |");
    expect(rows.map(([name]) => name)).toEqual(knownNames().map((name) => `\`${name}\``));
    for (const [name = "", shown = ""] of rows) {
      const { member } = options.find(({ option }) => `\`${option}\`` === name) as (typeof options)[number];
      if (shown.startsWith("`")) expect(shown, name).toBe(defaultOf(member));
    }
  });

  it("has every setting of the cookie, and every hook", () => {
    const [, , cookie = ""] = tableIn(readme, "| option | default | |").find(([name]) => name === "`cookie`") as string[];
    const [, , hooks = ""] = tableIn(readme, "| option | default | |").find(([name]) => name === "`hooks`") as string[];
    expect(codeIn(cookie)).toEqual(expect.arrayContaining(knownNames("cookie")));
    expect(codeIn(hooks)).toEqual([knownNames("hooks").join(" ")]);
  });

  it("has every member of the session and of the manager", () => {
    const [, table = ""] = /## The session object([\s\S]*?)\n## /.exec(readme) ?? [];
    const shown = new Set([...table.matchAll(/\$\w+/g)].map(([name]) => name));
    expect(shown).toEqual(new Set(membersOf("SessionControls").map(({ name }) => name)));
    const [, manager = ""] = /\n(The manager also has [\s\S]*?)\n\n/.exec(readme) ?? [];
    const members = ["load", "commit", ...codeIn(manager).map((code) => code.replace(/\(.*/, ""))];
    expect(members).toEqual(Object.keys(createSessionManager()));
  });
});
