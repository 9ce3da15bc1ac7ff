import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { missingServices, noticeOf } from "./available.ts";

/** A PATH with programs of these names. */
async function pathWith(...names: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "unsession-path-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of names) {
    await writeFile(join(folder, name), "");
    await chmod(join(folder, name), 0o755);
  }
  return ["/nowhere", folder].join(delimiter);
}

const missing = async (names: string[], env: Record<string, string> = {}): Promise<string[]> =>
  missingServices({ PATH: await pathWith(...names), ...env }).map(noticeOf);

describe("the tests of a server that is not installed", () => {
  it("are not run, and that is said", async () => {
    expect(await missing(["redis-server", "memcached", "java"])).toEqual([
      "NOT RUN: test/{stores,histories}/mongodb*.test.ts: no java, javac, mvn on the PATH. apt-get install default-jdk maven, or set MONGODB_URL",
    ]);
    expect(await missing([])).toHaveLength(3);
  });

  it("are run, and fail, in CI", async () => {
    expect(await missing([], { CI: "true" })).toEqual([]);
  });

  it("are run when every server is there", async () => {
    expect(await missing(["redis-server", "memcached", "java", "javac", "mvn"])).toEqual([]);
  });

  it("are run when one is named that is running already", async () => {
    expect(await missing(["redis-server", "memcached"], { MONGODB_URL: "mongodb://127.0.0.1" })).toEqual([]);
  });
});
