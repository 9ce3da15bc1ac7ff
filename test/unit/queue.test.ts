import { describe, expect, it, vi } from "vitest";
import { Queue } from "../../src/queue.ts";

/** Tasks that end when they are told to. */
function controlled() {
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const task =
    (name: string, fails = false) =>
    (): Promise<string> => {
      log.push(`${name} begins`);
      return new Promise((resolve, reject) => {
        ends.set(name, () => {
          log.push(`${name} ends`);
          if (fails) reject(new Error(name));
          else resolve(name);
        });
      });
    };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
  };
  return { log, task, end };
}

describe("a queue", () => {
  it("runs the tasks of one key one after another", async () => {
    const queue = new Queue<string>();
    const { log, task, end } = controlled();
    const results = [queue.run("a", task("1")), queue.run("a", task("2")), queue.run("a", task("3"))];
    expect(log).toEqual(["1 begins"]);
    await end("1");
    await end("2");
    await end("3");
    expect(log).toEqual(["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"]);
    expect(await Promise.all(results)).toEqual(["1", "2", "3"]);
  });

  it("runs the tasks of different keys side by side", () => {
    const queue = new Queue<string>();
    const { log, task } = controlled();
    void queue.run("a", task("1"));
    void queue.run("b", task("2"));
    expect(log).toEqual(["1 begins", "2 begins"]);
  });

  it("begins a task at once where none waits", () => {
    const { log, task } = controlled();
    void new Queue<string>().run("a", task("1"));
    expect(log).toEqual(["1 begins"]);
  });

  it("goes on after a task that failed, and tells only its caller", async () => {
    const queue = new Queue<string>();
    const { task, end } = controlled();
    const results = Promise.allSettled([queue.run("a", task("1", true)), queue.run("a", task("2"))]);
    await end("1");
    await end("2");
    expect(await results).toEqual([
      { status: "rejected", reason: new Error("1") },
      { status: "fulfilled", value: "2" },
    ]);
  });

  it("keeps the order for a task that is added while another runs", async () => {
    const queue = new Queue<string>();
    const { log, task, end } = controlled();
    void queue.run("a", task("1"));
    void queue.run("a", task("2"));
    await end("1");
    void queue.run("a", task("3"));
    await end("2");
    await end("3");
    expect(log.filter((line) => line.endsWith("begins"))).toEqual(["1 begins", "2 begins", "3 begins"]);
  });

  it("begins anew for a key once all its tasks are done", async () => {
    const queue = new Queue<string>();
    for (let times = 0; times < 3; times++) expect(await queue.run("a", async () => times)).toBe(times);
  });

  it("keeps nothing of a key whose tasks are done", async () => {
    const forget = vi.spyOn(Map.prototype, "delete");
    const queue = new Queue<string>();
    await Promise.all([queue.run("a", async () => 1), queue.run("a", async () => 2)]);
    expect(forget.mock.calls).toEqual([["a"]]);
    forget.mockRestore();
  });

  it("hands what a task left to those that wait for the same key, and to nobody else", async () => {
    const queue = new Queue<string, number>();
    const leaving = queue.run("a", async () => queue.leave("a", 7));
    const waiting = queue.run("a", async () => [queue.left("a"), queue.left("b")]);
    await leaving;
    expect(await waiting).toEqual([7, undefined]);
    expect(await queue.run("a", async () => queue.left("a"))).toBeUndefined();
  });

  it("counts the tasks that went before, until a line ends", async () => {
    const queue = new Queue<string>();
    const count = async (): Promise<number> => queue.streak("a");
    expect(
      await Promise.all([queue.run("a", count), queue.run("b", count), queue.run("a", count), queue.run("a", count)]),
    ).toEqual([0, 0, 1, 2]);
    expect(await queue.run("a", count)).toBe(0);
  });

  it("takes any value for a key", async () => {
    const queue = new Queue<object>();
    expect(await Promise.all([queue.run({}, async () => 1), queue.run({}, async () => 2)])).toEqual([1, 2]);
  });
});
