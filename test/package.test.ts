import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { entries, manifest, root, type Entry } from "../scripts/entries.ts";

/** Where a source file is an entry point by its place. Everything else in `src/` is private. */
const PUBLIC =
  /^src\/(index|csrf|tracing|(h3|h3-v1|nitro|nuxt|testing)\/index|drivers\/[\w-]+|serializers\/(devalue|encrypted|json|msgpackr|superjson))\.ts$/;

describe("package.json", () => {
  it("exports exactly the public source files", () => {
    const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .map((file) => `src/${file.replaceAll(sep, "/")}`)
      .filter((file) => PUBLIC.test(file));
    expect(entries.map(({ source }) => source).toSorted()).toEqual(sources.toSorted());
  });

  it("gives each export its types before its code", () => {
    for (const [subpath, target] of Object.entries(manifest.exports)) {
      if (typeof target === "string") continue;
      const file = typeof target["default"] === "string" ? target["default"].replace(/\.mjs$/, "") : "";
      expect(Object.entries(target), subpath).toEqual([
        ["types", `${file}.d.mts`],
        ["default", `${file}.mjs`],
      ]);
    }
  });

  it("has each import that tsconfig.json resolves to the sources", () => {
    const { paths } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")).compilerOptions;
    const resolve = (name: string): string | undefined => {
      const folder = name.replace(/[^/]+$/, "");
      return (paths[name]?.[0] ?? paths[`${folder}*`]?.[0])?.replace("*", name.slice(folder.length));
    };
    expect(entries.map(({ name }) => resolve(name))).toEqual(entries.map(({ source }) => `./${source}`));
  });

  it("comes with a lockfile that names no registry", () => {
    expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });
});

describe("what an import gives at run time", () => {
  it("unsession", async () => {
    expect(await namesOf(import("unsession"))).toMatchInlineSnapshot(`
      [
        "SessionError",
        "createSessionManager",
        "snapshot",
      ]
    `);
  });

  it("unsession/csrf", async () => {
    expect(await namesOf(import("unsession/csrf"))).toMatchInlineSnapshot(`
      [
        "isSameOrigin",
        "sameOriginOnly",
      ]
    `);
  });

  it("unsession/h3", async () => {
    expect(await namesOf(import("unsession/h3"))).toMatchInlineSnapshot(`
      [
        "defineSessionHandler",
        "sessionMiddleware",
        "useSession",
      ]
    `);
  });

  it("unsession/h3-v1", async () => {
    expect(await namesOf(import("unsession/h3-v1"))).toEqual(await namesOf(import("unsession/h3")));
  });

  it("unsession/nitro", async () => {
    expect(await namesOf(import("unsession/nitro"))).toEqual(["default"]);
  });

  it("unsession/testing", async () => {
    expect(await namesOf(import("unsession/testing"))).toMatchInlineSnapshot(`
      [
        "createClock",
        "createCookieJar",
        "createFaultyStore",
        "createMemoryStore",
        "describeStoreContract",
        "readSession",
        "seedSession",
      ]
    `);
  });

  it("unsession/tracing", async () => {
    expect(await namesOf(import("unsession/tracing"))).toMatchInlineSnapshot(`
      [
        "withTracing",
      ]
    `);
  });

  it("unsession/drivers/memcached", async () => {
    expect(await namesOf(import("unsession/drivers/memcached"))).toMatchInlineSnapshot(`
      [
        "default",
      ]
    `);
  });

  it("unsession/drivers/memory", async () => {
    expect(await namesOf(import("unsession/drivers/memory"))).toMatchInlineSnapshot(`
      [
        "default",
      ]
    `);
  });

  it.each(["devalue", "json", "msgpackr", "superjson"])("unsession/serializers/%s", async (name) => {
    const { source } = entries.find((entry) => entry.name === `unsession/serializers/${name}`) as Entry;
    expect(await namesOf(import(pathToFileURL(join(root, source)).href))).toEqual([name]);
  });
});

async function namesOf(module: Promise<object>): Promise<string[]> {
  return Object.keys(await module).toSorted();
}
