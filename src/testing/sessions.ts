import type { DataOf, SessionManager } from "../types.ts";
import type { CookieJar } from "./cookie-jar.ts";

/**
 * Stores a session as a handler would have left it, and gives the `Cookie` header of its next request.
 *
 * With a jar its cookie is kept there too, for the jar's origin. What the manager checks is checked here: throws what `commit`
 * throws, and a `TypeError` if there is nothing to store, or if the jar refuses the cookie.
 *
 * @example
 * await seedSession(sessions, { user: { id: 7, roles: ["admin"] } }, jar);
 * const page = await jar.fetch(app, "/admin");
 */
export async function seedSession<T extends object>(
  manager: SessionManager<T>,
  data: NoInfer<Partial<T>>,
  jar?: CookieJar,
): Promise<string> {
  const session = await manager.load(undefined, { secure: jar?.origin.startsWith("https:") });
  Object.assign(session, data);
  const [cookie] = await manager.commit(session);
  if (cookie === undefined)
    throw new TypeError("[unsession] seedSession() was given no data, and an empty session is not stored.");
  if (jar?.set(cookie) === false) {
    throw new TypeError(
      `[unsession] No browser at ${jar.origin} takes this cookie. Make the jar with an \`origin\` that suits \`cookie\`.`,
    );
  }
  return cookie.split(";", 1)[0] as string;
}

/**
 * Reads what is stored for a cookie, as a plain copy; `undefined` if there is no such session, or there are several.
 *
 * It takes a jar, a `Cookie` header or the cookie's value alone, signed or not. It asks `manager.find`: nothing is touched and no
 * hook is called.
 *
 * @throws {SessionError} `ERR_SESSION_STORE`
 * @example
 * assert.deepEqual(await readSession(sessions, jar), { views: 2 });
 */
export async function readSession<T extends object>(
  manager: SessionManager<T>,
  from: CookieJar | string,
): Promise<DataOf<T> | undefined> {
  const found: DataOf<T>[] = [];
  for (const value of new Set(typeof from === "string" ? valuesIn(from) : from.cookies.map((cookie) => cookie.value))) {
    const data = await manager.find(value);
    if (data !== undefined) found.push(data);
  }
  return found.length === 1 ? found[0] : undefined;
}

function valuesIn(header: string): string[] {
  return header.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
}
