import { snapshot, type Session } from "unsession";

/** Those fields of a session that the browser may see. */
export type Fields = Record<string, unknown>;

/** A plain copy of the fields that are named, as far as they are there. */
export function pick(session: Session, names: readonly string[]): Fields {
  const present = names.filter((name) => Object.hasOwn(session, name));
  return Object.fromEntries(present.map((name) => [name, snapshot(session[name])]));
}
