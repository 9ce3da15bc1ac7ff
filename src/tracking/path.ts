/** Steps from the root of a session to a place in it: object keys, array indexes, Map keys, Set members. */
export type Path = readonly unknown[];

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Shows a path as a user would write it, `session.user.roles[0]`; for messages only, since it is ambiguous for Map keys. */
export function formatPath(path: Path): string {
  let text = "session";
  for (const step of path) {
    if (typeof step === "string" && IDENTIFIER.test(step)) text += `.${step}`;
    else if (typeof step === "string") text += `[${JSON.stringify(step)}]`;
    else if (typeof step === "object" && step !== null) text += "[object]";
    else text += `[${String(step)}]`;
  }
  return text;
}
