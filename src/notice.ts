const given = new Set<string>();

/** Tells a developer something once per process, on the console. Never anything about one session. */
export function notice(topic: string, message: string): void {
  if (given.has(topic)) return;
  given.add(topic);
  console.warn(`[unsession] ${message}`);
}

/** Whether `NODE_ENV` says so; runtimes without `process` count as development. */
export function isProduction(): boolean {
  return globalThis.process?.env?.["NODE_ENV"] === "production";
}
