import type { SessionChange } from "unsession";
import { alike, clone } from "./trees.ts";

type Fields = Record<PropertyKey, unknown>;

/** What someone who only reads the documentation of `$changes` would write: applies a list of changes to a tree, in order. */
export function applyChanges(tree: object, changes: readonly SessionChange[]): void {
  // Values of one list may share objects: one clone for all.
  for (const change of clone(changes)) apply(tree, change);
}

function apply(tree: object, { op, path, value }: SessionChange): void {
  if (op === "clear") return clear(at(tree, path) as object);
  if (op === "append") return void (at(tree, path) as unknown[]).push(value);
  if (op === "add") return void (at(tree, path) as Set<unknown>).add(value);
  const container = at(tree, path.slice(0, -1)) as object;
  const key = path.at(-1);
  if (op === "delete") remove(container, key);
  else put(container, key, op === "increment" ? ((read(container, key) as number | undefined) ?? 0) + (value as number) : value);
}

function at(tree: unknown, path: readonly unknown[]): unknown {
  return path.reduce((container, step) => read(container as object, step), tree);
}

function read(container: object, step: unknown): unknown {
  if (container instanceof Map) return container.get(step);
  return Object.hasOwn(container, step as PropertyKey) ? (container as Fields)[step as PropertyKey] : undefined;
}

function put(container: object, key: unknown, value: unknown): void {
  if (container instanceof Map) container.set(key, value);
  else (container as Fields)[key as PropertyKey] = value;
}

function remove(container: object, key: unknown): void {
  if (container instanceof Map) container.delete(key);
  else if (container instanceof Set) removeMember(container, key);
  else delete (container as Fields)[key as PropertyKey];
}

function removeMember(set: Set<unknown>, member: unknown): void {
  if (!set.delete(member)) set.delete([...set].find((other) => alike(other, member)));
}

function clear(container: object): void {
  if (container instanceof Map || container instanceof Set) container.clear();
  else for (const key of Object.keys(container)) delete (container as Fields)[key];
}
