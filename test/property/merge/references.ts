import { inspect } from "node:util";
import { SessionError, type Session } from "unsession";
import { isContainer } from "../tracking/trees.ts";
import type { Requests } from "./requests.ts";
import { at, ways } from "./trees.ts";

/** A reference that the user holds, with what told it from all others when he took it. */
export interface Held {
  readonly reference: any;
  readonly id: unknown;
}

const idOf = (container: any): unknown => (container instanceof Map ? container.get("id") : container.id);

/** Takes a reference to each object and Map that has an id. */
export function holdItems(session: Session): Held[] {
  return ways(session)
    .filter((way) => way.length > 0)
    .map((way) => at(session, way))
    .filter((reference) => !Array.isArray(reference) && !(reference instanceof Set))
    .map((reference) => ({ reference, id: idOf(reference) }));
}

/** Each reference shows its own item if that is still there; a write through it is stored or refused, and never vanishes. */
export async function expectKept(requests: Requests, session: Session, held: readonly Held[]): Promise<void> {
  const ids = new Map(
    ways(session)
      .map((way) => at(session, way))
      .filter((container) => isContainer(container) && !Array.isArray(container) && !(container instanceof Set))
      .map((container) => [idOf(container), container]),
  );
  const marks: string[] = [];
  for (const [index, { reference, id }] of held.entries()) {
    if (ids.has(id) && reference !== ids.get(id)) throw new Error(`the reference to ${String(id)} shows ${inspect(reference)}`);
    const mark = `mark${index}`;
    try {
      if (reference instanceof Map) reference.set(mark, true);
      else reference[mark] = true;
      marks.push(mark);
    } catch (error) {
      if (!SessionError.is(error) || error.code !== "ERR_SESSION_VALUE" || ids.has(id)) throw error;
    }
  }
  await requests.commit(session);
  const stored = await requests.data();
  for (const mark of marks) {
    const found = ways(stored).some((way) => {
      const container: any = at(stored, way);
      return container instanceof Map ? container.has(mark) : Object.hasOwn(container as object, mark);
    });
    if (!found) throw new Error(`a write through a reference vanished: ${mark}`);
  }
}
