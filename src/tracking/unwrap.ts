import { containerKind, type Container } from "./kinds.ts";
import { registerSubstitute, toRaw } from "./raw.ts";
import { replaceInside } from "./replace.ts";

/**
 * Replaces each proxy in `containers`, which are all that `value` is made of, by what `rawOf` gives for it.
 *
 * A frozen container that holds proxies cannot be mended in place: a frozen copy takes its place, the same one for ever.
 */
export function unwrap(value: unknown, containers: ReadonlySet<Container>, rawOf: (value: unknown) => unknown): unknown {
  const copies = copyFrozen(containers);
  for (const container of containers) if (!isFrozenValue(container)) replaceInside(container, rawOf);
  for (const copy of copies) {
    replaceInside(copy, rawOf);
    Object.freeze(copy);
  }
  return rawOf(value);
}

/** Makes the copies of frozen containers that hold proxies, or hold such containers: still to be mended. */
function copyFrozen(containers: ReadonlySet<Container>): Container[] {
  const copies: Container[] = [];
  const frozen = [...containers].filter((container) => isFrozenValue(container));
  const isStale = (container: Container): boolean =>
    toRaw(container) === container && Object.values(container).some((child) => toRaw(child) !== child);
  for (let stale = frozen.filter(isStale); stale.length > 0; stale = frozen.filter(isStale)) {
    for (const container of stale) {
      const copy = Array.isArray(container) ? container.slice() : { ...container };
      registerSubstitute(container, copy);
      copies.push(copy);
    }
  }
  return copies;
}

/** Frozen Maps and Sets still take entries. */
function isFrozenValue(container: Container): boolean {
  const kind = containerKind(container);
  return (kind === "object" || kind === "array") && Object.isFrozen(container);
}
