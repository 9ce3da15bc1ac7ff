import { deepEqual } from "./equal.ts";
import { containerKind } from "./kinds.ts";

/** Whether two items of lists are one by their `id`; `undefined` if that does not say. */
export function haveSameId(a: unknown, b: unknown): boolean | undefined {
  const [id, other] = [idOf(a), idOf(b)];
  return id === undefined || other === undefined ? undefined : deepEqual(id, other);
}

/** Whether two items of lists are one: the same by their `id`, changed or not; without one, equal. */
export function isSameItem(a: unknown, b: unknown): boolean {
  return haveSameId(a, b) ?? deepEqual(a, b);
}

/** A value that is equal for items that are the same. */
export function identityOf(item: unknown): unknown {
  return idOf(item) ?? item;
}

function idOf(item: unknown): unknown {
  if (item instanceof Map) return item.get("id");
  return containerKind(item) === "object" && Object.hasOwn(item as object, "id") ? (item as { id: unknown }).id : undefined;
}
