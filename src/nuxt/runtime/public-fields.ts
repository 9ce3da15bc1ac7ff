import { snapshot, type Session } from "unsession";

/** Those fields of a session that the browser may see. */
export type Fields = Record<string, unknown>;

/** A plain copy of the fields that are named, as far as they are there. */
export function pick(session: Session, names: readonly string[]): Fields {
  return Object.fromEntries(names.filter((name) => name in session).map((name) => [name, snapshot(session[name])]));
}
