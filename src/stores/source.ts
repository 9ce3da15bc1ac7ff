import { isRedisClient } from "./redis/client.ts";
import { kStore, type Store } from "./store.ts";
import type { StorageWithMounts } from "./mount.ts";

/** Tells what could be a storage from what cannot: whether it can keep sessions shows when it is opened. */
export function isStorageSource(value: unknown): boolean {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null) return false;
  return storeOf(value) !== undefined || isStorage(value) || isRedisClient(value) || "getItem" in value || "getInstance" in value;
}

export function isStorage(value: object): value is StorageWithMounts {
  return "getMount" in value && typeof value.getMount === "function";
}

/** A {@link Store}, or the one that a driver of this package offers. */
export function storeOf(value: unknown): Store | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const offered = (value as { [kStore]?: Store })[kStore];
  if (offered !== undefined) return offered;
  return "replace" in value && "create" in value && "touch" in value && "class" in value ? (value as Store) : undefined;
}
