import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { rolldown, type OutputChunk } from "rolldown";
import { describe, expect, it } from "vitest";
import { entries, external, root } from "../scripts/entries.ts";

/** What `unsession` and `unsession/h3` together may weigh, minified and gzipped, without their dependencies. */
const CEILINGS = { atStart: 12 * 1024, withSession: 36 * 1024 };

/** Two requests that read and write their session, in memory. */
const REQUEST = `
  const manager = createSessionManager();
  const created = await manager.load();
  created.views = 1;
  const [cookie] = await manager.commit(created, { status: 200, headers: new Headers() });
  const session = await manager.load(cookie.split(";")[0]);
  session.user = { views: session.views + 1, roles: ["admin"] };
  await manager.commit(session, { status: 200, headers: new Headers() });
`;

describe("a bundle", () => {
  it("of unsession and unsession/h3 stays under its ceilings, at start and once a session was read and written", async () => {
    const core = await bundle("unsession");
    const both = await bundle("unsession", "unsession/h3");
    const withSession = await loadedBy(both, REQUEST);
    const [alone, start, session, all] = [core.atStart, both.atStart, withSession, chunksOf(both)].map(gzipSize);
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
    // An `import()` of what is loaded at start all the same.
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
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

function chunksOf({ atStart, onDemand }: Bundle): OutputChunk[] {
  return [...atStart, ...onDemand];
}

/** What a program loads that runs on a bundle of `unsession`. */
async function loadedBy(bundled: Bundle, program: string): Promise<OutputChunk[]> {
  const chunks = chunksOf(bundled);
  const [entry] = chunks as [OutputChunk];
  // Where dependencies are found.
  const folder = await mkdtemp(join(root, "node_modules/.bundle-"));
  try {
    await Promise.all(
      chunks.map(({ fileName, code }) =>
        writeFile(join(folder, fileName), `globalThis.loaded.push(${JSON.stringify(fileName)});${code}`),
      ),
    );
    const start = `globalThis.loaded = []; const { createSessionManager } = await import("./${entry.fileName}");`;
    await writeFile(join(folder, "program.mjs"), `${start}${program}console.log(JSON.stringify(globalThis.loaded));`);
    await writeFile(join(folder, "package.json"), `{ "type": "module" }`);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "program.mjs")]);
    const loaded: readonly string[] = JSON.parse(stdout);
    return chunks.filter(({ fileName }) => loaded.includes(fileName));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** As one, since what counts is how much code there is, not how a bundler cuts it. */
function gzipSize(chunks: readonly OutputChunk[]): number {
  return gzipSync(chunks.map(({ code }) => code).join("\n")).length;
}
