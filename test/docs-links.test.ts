import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../scripts/entries.ts";

const guide = readdirSync(join(root, "docs")).filter((page) => page.endsWith(".md"));
const pages = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", ...guide.map((page) => `docs/${page}`)];

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

  it("name tests that exist where they say what is tested", () => {
    const tables = read("docs/security.md").match(/(?:^\|.*\n)+/gm) ?? [];
    const named = tables.flatMap((table) => {
      const [head = [], ...rows] = table.split("\n").map((row) => row.split("|").map((cell) => cell.trim()));
      const cells = rows.map((row) => row[head.indexOf("test")] ?? "");
      return [...cells.join(" ").matchAll(/`([^`]+)`/g)].map(([, name]) => `test/${name}.test.ts`);
    });
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});
