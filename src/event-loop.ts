/**
 * Runs a task once the event loop has handed out all input that has come so far.
 *
 * Kept from when the package was loaded: tools for tests put in its place what waits for them.
 */
export const afterTurn: (task: () => void) => unknown = globalThis.setImmediate ?? ((task: () => void) => setTimeout(task));
