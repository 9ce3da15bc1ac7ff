import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entries, manifest, root } from "../../scripts/entries.ts";

/** The oldest compiler whose users we support. It is no devDependency: two packages with a `tsc` would fight over the name. */
const OLD_TYPESCRIPT = "typescript@5.9.3";

/** Those of serializers, which are left out, so that it shows what a user is told. */
const LIBRARIES = ["devalue", "msgpackr"];

/** Those that a user has at most one of, and `test/nitro` installs: the types are to compile without. */
const FRAMEWORKS = ["nitro", "nitropack", "nuxt"];

/** The entries that need none of them to be imported: a module of Nuxt is for Nuxt alone, and `test/nuxt` imports and compiles it. */
const alone = entries.filter(({ name }) => name !== `${manifest.name}/nuxt`);

/** Users' programs, the version of h3 beside each, and what it prints. */
const CONSUMERS = [
  {
    program: "consumer",
    h3: manifest.devDependencies["h3"] as string,
    answers: {
      views: [1, 2],
      outcomes: ["created", "saved"],
      driver: "unsession-memcached",
      code: "ERR_SESSION_NOT_LOADED",
    },
  },
  {
    program: "consumer-h3-v1",
    h3: (manifest.devDependencies["h3-v1"] as string).replace("npm:h3@", ""),
    answers: { views: [1, 2], away: [302, 1], layers: 2 },
  },
] as const;

let folder: string;
let tarball: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unsession-"));
  // Packing runs `prepack`, so this is the build too.
  const pack = await run("npm", ["pack", "--pack-destination", folder], root);
  expect(pack.code, pack.output).toBe(0);
  tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`);

  for (const { program, h3 } of CONSUMERS) {
    const project = join(folder, program);
    await mkdir(project);
    await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const needed = Object.keys(manifest.peerDependencies).filter((name) => ![...LIBRARIES, ...FRAMEWORKS].includes(name));
    const versions: Readonly<Record<string, string>> = { ...manifest.devDependencies, h3 };
    const packages = ["@types/node", ...needed].map((name) => `${name}@${versions[name]}`);
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"];
    const install = await run("npm", ["install", ...flags, tarball, ...packages, OLD_TYPESCRIPT], project);
    expect(install.code, install.output).toBe(0);
  }
  installed = join(folder, CONSUMERS[0].program, "node_modules", manifest.name);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the packed tarball", () => {
  it("holds the built files, and none of the sources", async () => {
    const files = await readdir(installed, { recursive: true, withFileTypes: true });
    const names = files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(installed.length + 1));
    const others = names.filter((name) => !/^dist\/.*\.(mjs|d\.m?ts)$/.test(name));
    expect(others.toSorted()).toEqual(["LICENSE", "README.md", "docs/errors.md", "package.json"]);
    expect(names).toEqual(expect.arrayContaining(entries.flatMap(({ built }) => built)));
  });

  it("is clean for publint", async () => {
    const bytes = new Uint8Array(await readFile(tarball));
    const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg ?? {}, { color: false }))).toEqual([]);
  });

  it("is clean for attw", async () => {
    const attw = join(dirname(createRequire(import.meta.url).resolve("@arethetypeswrong/cli/package.json")), "dist/index.js");
    const { code, output } = await run(process.execPath, [attw, tarball, "--profile", "esm-only", "--format", "ascii"]);
    expect(code, output).toBe(0);
    for (const { name } of entries) expect(output).toContain(name);
  });
});

describe("the installed package", () => {
  it.each(alone)("loads $name on plain node, with the names of its source", async ({ name, source }) => {
    const script = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(name)}))))`;
    const { output } = await run(process.execPath, ["--input-type=module", "--eval", script]);
    const expected = Object.keys(await import(pathToFileURL(join(root, source)).href));
    expect(JSON.parse(output).toSorted()).toEqual(expected.toSorted());
  });

  it.each(LIBRARIES)("says that %s is to be installed, when it is needed", async (name) => {
    const script = `
      import { ${name} } from "unsession/serializers/${name}";
      import { createSessionManager } from "unsession";
      const sessions = createSessionManager({ serializer: ${name}() });
      const session = await sessions.load();
      session.user = "alice";
      await sessions.commit(session).catch(({ code, message }) => console.log(JSON.stringify([code, message])));`;
    const { output } = await run(process.execPath, ["--input-type=module", "--eval", script]);
    const message = `[unsession] The serializer needs the package \`${name}\`, which could not be imported. Install it: \`npm i ${name}\`.`;
    expect(JSON.parse(output)).toEqual(["ERR_SESSION_UNSUPPORTED", expect.stringContaining(message)]);
  });

  const compiled = new Set<string>();

  it.each(
    CONSUMERS.flatMap((consumer) =>
      ["NodeNext", "Bundler"].map((resolution) => [consumer.program, resolution, consumer] as const),
    ),
  )("compiles %s with TypeScript 5.9 under %s, and it runs", async (program, resolution, { answers }) => {
    const project = join(folder, program);
    const source = `${resolution}.mts`;
    const code = await readFile(join(root, `test/package/${program}.mts`), "utf8");
    await writeFile(join(project, source), code.replace('"h3-v1"', '"h3"'));

    const tsc = join(project, "node_modules/typescript/bin/tsc");
    const module = resolution === "Bundler" ? "ESNext" : resolution;
    const target = ["--target", "ES2022", "--module", module, "--moduleResolution", resolution, "--types", "node"];
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipLibCheck", "false"];
    const flags = ["--pretty", "false", "--listFiles", ...target, ...strict];
    const { output } = await run(process.execPath, [tsc, ...flags, source], project);

    const lines = output.split("\n").map((line) => line.replace(`${project}/`, ""));
    for (const line of lines) compiled.add(line);
    // With libraries checked, h3 and unstorage have errors of their own: only this package's and its user's count.
    const errors = lines.filter((line) => line.includes("error TS"));
    expect(errors.filter((line) => !/^node_modules\/(?!unsession\/)/.test(line))).toEqual([]);

    const ran = await run(process.execPath, [source.replace(/mts$/, "mjs")], project);
    expect(JSON.parse(ran.output)).toEqual(answers);
  });

  it("has no types that were not compiled", () => {
    const types = alone.map(({ built }) => `node_modules/${manifest.name}/${built[0]}`);
    expect(types.filter((file) => !compiled.has(file))).toEqual([]);
  });
});

/** Runs a program to its end, also a failing one. `output` is what it printed, errors included. */
function run(file: string, args: string[], cwd: string = dirname(dirname(installed))): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}
