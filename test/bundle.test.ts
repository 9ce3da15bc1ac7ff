import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown, type OutputChunk } from "rolldown";
import { describe, expect, it } from "vitest";
import { entries, external, root } from "../scripts/entries.ts";

/** What `unsession` and `unsession/h3` together may weigh at start, minified and gzipped, without their dependencies. */
const CEILING = 35 * 1024;

describe("a bundle", () => {
  it(`of unsession and unsession/h3 stays under ${CEILING} bytes`, async () => {
    const core = await bundle("unsession");
    const both = await bundle("unsession", "unsession/h3");
    const sizes = [core.atStart, both.atStart, both.onDemand].map(gzipSize);
    console.info(`min+gzip: unsession ${sizes[0]} bytes, with unsession/h3 ${sizes[1]} bytes, and ${sizes[2]} loaded on demand`);
    expect(sizes[1]).toBeLessThan(CEILING);
  });

  it.each(["unsession", "unsession/csrf", "unsession/h3-v1", "unsession/tracing"])(
    "of %s loads no framework, no node module and no serializer before it is needed",
    async (name) => {
      const { atStart } = await bundle(name);
      const files = new Set(atStart.map(({ fileName }) => fileName));
      const imports = atStart.flatMap((chunk) => chunk.imports).filter((imported) => !files.has(imported));
      expect(imports.filter((imported) => imported !== "uncrypto")).toEqual([]);
    },
  );

  it.each(["devalue", "msgpackr", "superjson"])(
    "of unsession/serializers/%s loads its library when it is needed",
    async (name) => {
      const { atStart, onDemand } = await bundle(`unsession/serializers/${name}`);
      const files = new Set([...atStart, ...onDemand].map(({ fileName }) => fileName));
      const others = (chunks: readonly OutputChunk[]): string[] =>
        chunks.flatMap(({ imports }) => imports).filter((imported) => !files.has(imported));
      expect(others(atStart)).toEqual([]);
      expect(others(onDemand).map((imported) => imported.replace(/\/.*/, ""))).toEqual([name]);
    },
  );

  it("that imports nothing by name is empty", async () => {
    for (const { name } of entries) {
      const { atStart } = await bundleSource(`import ${JSON.stringify(name)};`);
      expect(atStart.map(({ code }) => code.trim()).join(""), name).toBe("");
    }
  });
});

/** What an entry loads: by itself, and later by `import()`. */
interface Bundle {
  readonly atStart: readonly OutputChunk[];
  readonly onDemand: readonly OutputChunk[];
}

function bundle(...names: string[]): Promise<Bundle> {
  return bundleSource(names.map((name) => `export * from ${JSON.stringify(name)};`).join("\n"));
}

async function bundleSource(source: string): Promise<Bundle> {
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
  const { output } = await build.generate({ minify: true });
  await build.close();
  const chunks = output.filter((one) => one.type === "chunk");
  const atStart = new Set<OutputChunk>([output[0]]);
  // A set grows while it is walked.
  for (const { imports } of atStart) for (const one of chunks) if (imports.includes(one.fileName)) atStart.add(one);
  return { atStart: [...atStart], onDemand: chunks.filter((one) => !atStart.has(one)) };
}

/** As one, since what counts is how much code there is, not how a bundler cuts it. */
function gzipSize(chunks: readonly OutputChunk[]): number {
  return gzipSync(chunks.map(({ code }) => code).join("\n")).length;
}
