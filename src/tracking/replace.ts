import { containerKind, type Container } from "./kinds.ts";

type Replacement = (value: unknown) => unknown;

/** Replaces what stands directly inside a container, where `by` gives another value for it. Order stays. */
export function replaceInside(container: Container, by: Replacement): void {
  const stays = (value: unknown): boolean => by(value) === value;
  switch (containerKind(container)) {
    case "object":
    case "array":
      for (const [key, value] of Object.entries(container)) {
        if (!stays(value)) (container as Record<string, unknown>)[key] = by(value);
      }
      break;
    case "map": {
      const map = container as Map<unknown, unknown>;
      const entries = [...map];
      if (entries.flat().every(stays)) break;
      map.clear();
      for (const [key, value] of entries) map.set(by(key), by(value));
      break;
    }
    case "set": {
      const set = container as Set<unknown>;
      const members = [...set];
      if (members.every(stays)) break;
      set.clear();
      for (const member of members) set.add(by(member));
      break;
    }
    default:
      if (container instanceof Error && !stays(container.cause)) container.cause = by(container.cause);
  }
}
