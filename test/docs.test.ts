import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { manifest, root } from "../scripts/entries.ts";
import { freePort } from "./services/free-port.ts";

interface Block {
  readonly title: string;
  readonly language: string;
  readonly code: string;
}

const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    // What is on these is built and run by test/nitro, test/nuxt and test/package.
    .filter((page) => page.endsWith(".md") && !["nitro.md", "nuxt.md", "starters.md"].includes(page))
    .map((page) => join("docs", page)),
];
const blocks = pages.flatMap((page) => blocksOf(page));
const scripts = blocks.filter(({ language }) => language === "ts");

/** Each takes a process of its own: a quick run runs README's, and reads the types of all. */
const isRun = ({ title }: Block): boolean => process.env["ALL"] !== undefined || title.startsWith("README.md");

/** Inside the project, so that the blocks find what is installed. */
const folder = mkdtempSync(join(root, "node_modules", ".docs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const files = scripts.map(({ code }, index) => {
  const file = join(folder, `block-${index}.ts`);
  // What is written for h3 v1 finds it under the name that it has here.
  writeFileSync(file, code.includes('"unsession/h3-v1"') ? code.replaceAll('from "h3"', 'from "h3-v1"') : code);
  return file;
});

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", code = ""], index) => ({
    title: `${page}, block ${index + 1}: ${code.split("\n").find((line) => line.trim() !== "" && !line.startsWith("import"))}`,
    language,
    code,
  }));
}

/** What a block says that it prints: behind a `console.log`, or as `// prints "…"` where a callback does. */
function promisedBy(code: string): string[] {
  const promises = code.matchAll(/console\.log\(.*\); \/\/ (.*)$|\/\/ prints "(.*)"$/gm);
  return [...promises].map(([, logged, printed]) => logged ?? printed ?? "");
}

/** The notices that a block says it is given. */
function warnedBy(code: string): string[] {
  return code.match(/(?<=\/\/ warns ").*(?="$)/gm) ?? [];
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Asks until the server of a block answers, or the block has ended. */
async function firstAnswer(child: ChildProcess, url: string): Promise<Response> {
  for (;;) {
    try {
      return await fetch(url);
    } catch (error) {
      if (child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe("the code in README and docs", () => {
  it.each(scripts.flatMap((block, index) => (isRun(block) ? [[block.title, block.code, files[index] as string]] : [])))(
    "runs: %s",
    async (_title, code, file) => {
      const port = await freePort();
      const child = spawn(process.execPath, [join(root, "test/docs/run-block.mjs"), file], {
        env: { ...process.env, PORT: String(port), HOST: "127.0.0.1", NODE_ENV: "development" },
      });
      let output = "";
      let errors = "";
      child.stdout.on("data", (chunk) => (output += chunk));
      child.stderr.on("data", (chunk) => (errors += chunk));
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      if (/\bserve\(|\.listen\(/.test(code)) {
        try {
          const answer = await firstAnswer(child, `http://127.0.0.1:${port}/`);
          expect([answer.status, answer.headers.getSetCookie().length]).toEqual([200, 1]);
          expect(await answer.text()).toMatch(/"?views"?: ?1/);
        } finally {
          child.kill("SIGKILL");
          await ended;
        }
      } else {
        expect([await ended, linesOf(errors)]).toEqual([0, warnedBy(code)]);
        expect(linesOf(output)).toEqual(promisedBy(code));
      }
    },
  );

  // What a block declares of a module holds for its whole program.
  const declaring = files.filter((_, index) => scripts[index]?.code.includes("declare module"));
  const others = files.filter((file) => !declaring.includes(file));

  it.each([[others], ...declaring.map((file) => [[file]])])("type-checks, program %#", (program) => {
    const config = join(folder, "tsconfig.json");
    writeFileSync(
      config,
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        include: [],
        compilerOptions: { isolatedDeclarations: false, declaration: false, moduleDetection: "force" },
        files: program,
      }),
    );
    const { status, stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", config], {
      encoding: "utf8",
    });
    expect([stdout, status]).toEqual(["", 0]);
  });

  it("gives only commands that exist", () => {
    const commands = blocks.filter(({ language }) => language === "sh").flatMap(({ code }) => code.trim().split(/\n| && /));
    for (const command of commands) {
      const [, script] = /^npm (?:run )?([\w:]+)(?: -- .*?)?(?: +#.*)?$/.exec(command) ?? [];
      expect(["ci", ...Object.keys((manifest as unknown as { scripts: object }).scripts)]).toContain(script);
    }
  });

  it("has no block of another language that nobody runs", () => {
    expect(blocks.map(({ language }) => language).filter((language) => !["ts", "sh"].includes(language))).toEqual([]);
  });
});
