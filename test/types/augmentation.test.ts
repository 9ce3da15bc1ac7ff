import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/entries.ts";

/** Declaration merging reaches a whole program, so these files are one of their own. */

const AUGMENTATION = `
  interface User { id: number; roles: string[] }
  declare module "unsession" {
    interface SessionData { user?: User; views: number }
  }
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unsession-types-"));
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: { noUnusedLocals: false, typeRoots: [join(root, "node_modules/@types")] },
      include: ["*.mts"],
    }),
  );
});

afterAll(() => rm(folder, { recursive: true }));

/** What \`tsc\` has to say of a module in a program whose sessions are those above. */
async function errorsOf(source: string): Promise<string[]> {
  await writeFile(
    join(folder, "app.mts"),
    `import { createSessionManager, type Session } from "unsession";\n${AUGMENTATION}\n${source}`,
  );
  try {
    await promisify(execFile)(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder, "--noEmit"]);
    return [];
  } catch (error) {
    return String((error as { stdout?: string }).stdout)
      .split("\n")
      .filter((line) => line !== "");
  }
}

describe("SessionData, once it is augmented", () => {
  it("types every session that has no type of its own", async () => {
    const source = `
      const sessions = createSessionManager();
      const session: Session = await sessions.load();
      const id: number | undefined = session.user?.id;
      const views: number | undefined = session.views;
      session.user = { id: 7, roles: ["admin"] };
      delete session.user;
      session.$increment("views");
      session.$increment(["user", "id"]);
      await session.$update((draft) => void (draft.views = (draft.views ?? 0) + 1));
      const found: { user?: User; views: number } | undefined = await sessions.find("token");
      const cookies: string[] = await sessions.commit(session);
      export { id, views, found, cookies };
    `;
    expect(await errorsOf(source)).toEqual([]);
  });

  it("refuses other keys and other types", async () => {
    const source = `
      const session = await createSessionManager().load();
      session.usr = { id: 7, roles: [] };
      session.views = "1";
      session.$increment("vews");
      session.$id = "x";
    `;
    const errors = await errorsOf(source);
    const codes = errors.map((line) => /error (TS\d+)/.exec(line)?.[1]).filter((code) => code !== undefined);
    expect(codes).toEqual(["TS2551", "TS2322", "TS2345", "TS2540"]);
  });

  it("leaves a manager with a type of its own alone", async () => {
    const source = `
      const session = await createSessionManager<{ cart: string[] }>().load();
      const cart: string[] | undefined = session.cart;
      // @ts-expect-error -- of the other sessions
      void session.views;
      export { cart };
    `;
    expect(await errorsOf(source)).toEqual([]);
  });
});
