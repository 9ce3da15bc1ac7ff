import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown, type OutputChunk } from "rolldown";
import { describe, expect, it } from "vitest";
import { entries, external, root } from "../scripts/entries.ts";

/** What `unsession` and `unsession/h3` together may weigh, minified and gzipped, without their dependencies. */
const CEILINGS = { atStart: 12 * 1024, withSession: 33 * 1024 };

/** What a request loads that reads and writes its session, in memory. */
const FOR_A_SESSION = ["operations.ts", "stores/open.ts", "stores/memory.ts"];

describe("a bundle", () => {
  it("of unsession and unsession/h3 stays under its ceilings, at start and once a session was read and written", async () => {
    const core = await bundle("unsession");
    const { atStart, onDemand } = await bundle("unsession", "unsession/h3");
    const forSession = onDemand.filter(({ facadeModuleId }) =>
      FOR_A_SESSION.some((file) => facadeModuleId?.endsWith(`/src/${file}`)),
    );
    expect(forSession).toHaveLength(FOR_A_SESSION.length);
    const withSession = closure([...atStart, ...forSession], onDemand);
    const [alone, start, session, all] = [core.atStart, atStart, withSession, [...atStart, ...onDemand]].map(gzipSize);
    console.info(
      `min+gzip at start: unsession ${alone} bytes, with unsession/h3 ${start}; with a session ${session}; all ${all}`,
    );
    expect(start).toBeLessThan(CEILINGS.atStart);
    expect(session).toBeLessThan(CEILINGS.withSession);
  });

  it.each(["unsession", "unsession/csrf", "unsession/h3-v1", "unsession/tracing"])(
    "of %s loads no framework, no node module and no serializer before it is needed",
    async (name) => {
      const { atStart, onDemand } = await bundle(name);
      const files = new Set([...atStart, ...onDemand].map(({ fileName }) => fileName));
      const others = (chunks: readonly OutputChunk[]): string[] =>
        chunks.flatMap(({ imports }) => imports).filter((imported) => !files.has(imported) && imported !== "uncrypto");
      expect(others(atStart)).toEqual([]);
      expect(others(onDemand).filter((imported) => imported !== "superjson")).toEqual([]);
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
  const atStart = closure([output[0]], chunks);
  return { atStart, onDemand: chunks.filter((one) => !atStart.includes(one)) };
}

/** Chunks and what they import, which is loaded with them. */
function closure(roots: readonly OutputChunk[], chunks: readonly OutputChunk[]): OutputChunk[] {
  const loaded = new Set(roots);
  // A set grows while it is walked.
  for (const { imports } of loaded) for (const one of chunks) if (imports.includes(one.fileName)) loaded.add(one);
  return [...loaded];
}

/** As one, since what counts is how much code there is, not how a bundler cuts it. */
function gzipSize(chunks: readonly OutputChunk[]): number {
  return gzipSync(chunks.map(({ code }) => code).join("\n")).length;
}
