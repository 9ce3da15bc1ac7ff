import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** A process that has not stopped by then will not. */
const DEADLINE = 10_000;

/**
 * Stops a process, with its connections open, until it gets a SIGCONT.
 *
 * `kill` returns before the process stands still: on a busy machine a thread of it may answer one more request.
 *
 * @throws {Error} if it goes on, or has ended
 */
export function standStill(pid: number | undefined): void {
  if (pid === undefined) throw new Error("A process that did not start can't stand still.");
  process.kill(pid, "SIGSTOP");
  const deadline = Date.now() + DEADLINE;
  while (!states(pid).every((state) => state === "T")) {
    if (Date.now() > deadline) throw new Error(`Process ${pid} did not stand still.`);
  }
}

/** What each thread is doing, by the first letter of its state, where the system tells that of threads. */
function states(pid: number): readonly string[] {
  if (process.platform !== "linux")
    return [execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" }).charAt(0)];
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8"));
    return state?.[1] ?? "";
  });
}
