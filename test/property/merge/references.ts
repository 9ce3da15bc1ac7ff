import { inspect } from "node:util";
import { SessionError, type Session } from "unsession";
import type { Requests } from "./requests.ts";
import { at, ways } from "./trees.ts";

/** A reference that the user holds, with what told it from all others when he took it. */
export interface Held {
  readonly reference: any;
  readonly id: unknown;
  readonly inList: boolean;
}

const idOf = (container: any): unknown => (container instanceof Map ? container.get("id") : container.id);

const hasId = (container: unknown): boolean =>
  !Array.isArray(container) && !(container instanceof Set) && idOf(container) !== undefined;

/** Takes a reference to each object and Map that has an id. */
export function holdItems(session: Session): Held[] {
  return ways(session)
    .map((way) => ({ reference: at(session, way), inList: way[0] === "list" }))
    .filter(({ reference }) => reference !== session && hasId(reference))
    .map((held) => Object.assign({}, held, { id: idOf(held.reference) }));
}

/**
 * A reference to an item of the list shows that item if it is still there. A write through any reference is stored with the item
 * it was taken for, or refused: it never vanishes, nor lands elsewhere.
 */
export async function expectKept(requests: Requests, session: Session, held: readonly Held[]): Promise<void> {
  const containers = ways(session).map((way) => at(session, way));
  const ids = new Map(containers.filter(hasId).map((container) => [idOf(container), container]));
  const marks: string[] = [];
  for (const [index, { reference, id, inList }] of held.entries()) {
    const mark = `mark${index}`;
    try {
      if (reference instanceof Map) reference.set(mark, true);
      else reference[mark] = true;
      marks.push(mark);
      if (ids.has(id) && reference !== ids.get(id)) throw new Error(`the reference to ${String(id)} shows ${inspect(reference)}`);
    } catch (error) {
      const isRefusal = SessionError.is(error) && error.code === "ERR_SESSION_VALUE";
      if (!isRefusal || (inList && ids.has(id))) throw error;
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
