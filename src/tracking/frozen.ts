import type { Container } from "./kinds.ts";

/*
 * A proxy must report a read-only, non-configurable property of its target exactly as it is (ECMA-262, 10.5.8), so a proxy of a
 * frozen container could not hand out proxies for what is inside. Hence these two cases.
 */

/**
 * Fills and freezes `standIn`, which the user gets in place of a frozen object or array: exact for ever, since nothing in it can
 * change, and what it holds is watched. (A frozen Map or Set needs none: it still takes entries, and has no properties.)
 */
export function fillStandIn(standIn: object, raw: Container, handOut: (value: unknown, key: string) => unknown): void {
  // An array may end in holes.
  if (Array.isArray(raw)) (standIn as unknown[]).length = raw.length;
  for (const key of Object.keys(raw)) {
    const value = handOut((raw as Record<string, unknown>)[key], key);
    Object.defineProperty(standIn, key, { value, enumerable: true });
  }
  Object.freeze(standIn);
}

/** True for a place in a container that was frozen after its proxy was made: what is there must be handed out raw. */
export function isFrozenPlace(container: Container, key: unknown): boolean {
  if (Object.isExtensible(container) || container instanceof Map || container instanceof Set) return false;
  const descriptor = Object.getOwnPropertyDescriptor(container, key as PropertyKey);
  return descriptor !== undefined && !descriptor.configurable && descriptor.writable === false;
}
