import { describe, expect, it } from "vitest";
import { Turns, turnsOf } from "../../src/stores/turns.ts";

/** A value that is empty while it is written, as a file is. */
function file(turns: Turns, key = "a") {
  let text = "0";
  const steps: string[] = [];
  const step = async (name: string): Promise<void> => {
    steps.push(name);
    for (let n = 0; n < 3; n++) await Promise.resolve();
  };
  return {
    steps,
    read: () =>
      turns.read(key, async () => {
        await step("read");
        return text;
      }),
    write: (next: string) =>
      turns.write(key, async () => {
        text = "";
        // Longer than a read takes.
        await step("write");
        await step("written");
        text = next;
      }),
  };
}

describe("turns at a key", () => {
  it("let writes happen one after another", async () => {
    const turns = new Turns();
    let count = 0;
    const add = (): Promise<void> =>
      turns.write("a", async () => {
        const before = count;
        await Promise.resolve();
        count = before + 1;
      });
    await Promise.all(Array.from({ length: 50 }, add));
    expect(count).toBe(50);
  });

  it("let writes of different keys happen side by side", async () => {
    const turns = new Turns();
    const never = turns.write("a", () => new Promise<never>(() => {}));
    expect(await Promise.race([never, turns.write("b", async () => "done")])).toBe("done");
  });

  it("let reads happen side by side", async () => {
    const turns = new Turns();
    const never = turns.read("a", () => new Promise<never>(() => {}));
    expect(await Promise.race([never, turns.read("a", async () => "done")])).toBe("done");
  });

  it("let no write wait for a read", async () => {
    const turns = new Turns();
    const never = turns.read("a", () => new Promise<never>(() => {}));
    expect(await Promise.race([never, turns.write("a", async () => "done")])).toBe("done");
  });

  it.each([1, 2])("show a read nothing half written, before, between and after %i write(s)", async (count) => {
    const { read, write } = file(new Turns());
    const reads = [read()];
    const writes = Array.from({ length: count }, (_, n) => {
      const writing = write(`${n + 1}`);
      reads.push(read());
      return writing;
    });
    await Promise.all(writes);
    expect(await Promise.all(reads)).not.toContain("");
    expect(await read()).toBe(`${count}`);
  });

  it("repeat a read only if a write overlapped it", async () => {
    const { read, write, steps } = file(new Turns());
    await write("1");
    await Promise.all([read(), read()]);
    expect(steps.splice(0)).toEqual(["write", "written", "read", "read"]);
    await Promise.all([read(), write("2")]);
    expect(steps).toEqual(["read", "write", "written", "read"]);
  });

  it("repeat a read that failed only if a write overlapped it", async () => {
    const turns = new Turns();
    let reads = 0;
    const failing = (): Promise<string> =>
      turns.read("a", async () => {
        await Promise.resolve();
        if (++reads % 2 === 1) throw new Error("half a file");
        return "whole";
      });
    await expect(failing()).rejects.toThrow("half a file");
    reads = 0;
    expect((await Promise.all([failing(), turns.write("a", async () => {})]))[0]).toBe("whole");
  });

  it("go on after one that failed", async () => {
    const turns = new Turns();
    const failed = turns.write("a", () => Promise.reject(new Error("no")));
    const next = turns.write("a", async () => "done");
    await expect(failed).rejects.toThrow("no");
    expect(await next).toBe("done");
  });

  it("keep nothing of a key that nobody uses any more", async () => {
    const turns = new Turns();
    const { read, write } = file(turns, "a");
    const calls = [read(), write("1"), turns.read("b", async () => {}), turns.write("c", () => Promise.reject(new Error("no")))];
    expect(turns.size).toBe(3);
    await Promise.allSettled(calls);
    expect(turns.size).toBe(0);
  });

  it("are the same for all who use one back end, and for nobody else", () => {
    const [one, other] = [{}, {}];
    expect(turnsOf(one)).toBe(turnsOf(one));
    expect(turnsOf(one)).not.toBe(turnsOf(other));
  });
});
