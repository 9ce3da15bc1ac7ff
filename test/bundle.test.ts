import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown, type OutputChunk } from "rolldown";
import { describe, expect, it } from "vitest";
import { entries, external, root } from "../scripts/entries.ts";

/** What `unsession` and `unsession/h3` together may weigh, minified and gzipped, without their dependencies. */
const CEILING = 30 * 1024;

describe("a bundle", () => {
  it(`of unsession and unsession/h3 stays under ${CEILING} bytes`, async () => {
    const core = gzipSize(await bundle("unsession"));
    const both = gzipSize(await bundle("unsession", "unsession/h3"));
    console.info(`min+gzip: unsession ${core} bytes, with unsession/h3 ${both} bytes`);
    expect(both).toBeLessThan(CEILING);
  });

  it.each(["unsession", "unsession/tracing"])(
    "of %s loads no framework, no node module and no serializer before it is needed",
    async (name) => {
      const { imports } = await bundle(name);
      expect(imports.filter((name) => name !== "uncrypto")).toEqual([]);
    },
  );

  it("that imports nothing by name is empty", async () => {
    for (const { name } of entries) {
      const { code } = await bundleSource(`import ${JSON.stringify(name)};`);
      expect(code.trim(), name).toBe("");
    }
  });
});

function bundle(...names: string[]): Promise<OutputChunk> {
  return bundleSource(names.map((name) => `export * from ${JSON.stringify(name)};`).join("\n"));
}

async function bundleSource(source: string): Promise<OutputChunk> {
  const build = await rolldown({
    input: "virtual:entry",
    external: [...external, /^node:/],
    platform: "neutral",
    plugins: [
      {
        name: "entries",
        resolveId: (id) => {
          const entry = entries.find(({ name }) => name === id);
          return entry === undefined ? (id === "virtual:entry" ? id : null) : join(root, entry.source);
        },
        load: (id) => (id === "virtual:entry" ? source : null),
      },
    ],
    treeshake: { moduleSideEffects: (id, isExternal) => !isExternal && !id.startsWith(join(root, "src")) },
  });
  const { output } = await build.generate({ codeSplitting: false, minify: true });
  await build.close();
  return output[0];
}

function gzipSize({ code }: OutputChunk): number {
  return gzipSync(code).length;
}
