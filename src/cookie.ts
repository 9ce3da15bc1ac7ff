/** Attributes of the session cookie; see {@link CookieOptions} for the meaning of each. */
export interface CookieAttributes {
  readonly name: string;
  readonly domain: string | undefined;
  readonly path: string;
  readonly httpOnly: boolean;
  readonly sameSite: "lax" | "strict" | "none" | false;
  readonly partitioned: boolean;
  readonly priority: "low" | "medium" | "high" | undefined;
}

/** RFC 9110, 5.6.2: token = 1*tchar. Cookie names are tokens (RFC 6265, 4.1.1). */
export const COOKIE_NAME: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Browsers cap a cookie's life at 400 days (RFC 6265bis, 5.5). */
export const MAX_COOKIE_AGE: number = 400 * 24 * 60 * 60;

/** More of a header is not read: our cookie is small, and what is behind would be an attack. */
const MAX_HEADER_LENGTH = 16_384;

/**
 * The values of all cookies of a name, in the order sent, each once.
 *
 * Works on the raw header, since parsers that give one value per name let the first of several win (RFC 6265bis: "SHOULD NOT rely
 * upon the order"). Names are compared as they are: only SP and HTAB are stripped and nothing is decoded, so that no other name can
 * be taken for ours (CVE-2026-39410).
 */
export function readCookies(header: string | null | undefined, name: string): string[] {
  if (typeof header !== "string" || header.length === 0 || header.length > MAX_HEADER_LENGTH) return [];
  const values: string[] = [];
  for (let at = header.indexOf(name); at >= 0;) {
    const equals = skipSpaces(header, at + name.length);
    const isOurs = header.charCodeAt(equals) === EQUALS && isStart(header, at);
    const end = isOurs ? endOf(header, equals) : at + name.length;
    if (isOurs) values.push(strip(header.slice(equals + 1, end)));
    at = header.indexOf(name, end);
  }
  return values.length > 1 ? [...new Set(values)] : values;
}

const EQUALS = 0x3d;
const SEMICOLON = 0x3b;

/** True where a pair begins: nothing but spaces since the last `;`. */
function isStart(header: string, at: number): boolean {
  while (at > 0 && isSpace(header.charCodeAt(at - 1))) at--;
  return at === 0 || header.charCodeAt(at - 1) === SEMICOLON;
}

function skipSpaces(header: string, at: number): number {
  while (isSpace(header.charCodeAt(at))) at++;
  return at;
}

function endOf(header: string, at: number): number {
  const end = header.indexOf(";", at);
  return end < 0 ? header.length : end;
}

/** By hand: a pattern for the end would be tried at each of a thousand spaces in the middle. */
function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The `Set-Cookie` value that sets the cookie; `maxAge` in seconds, `undefined` for a cookie that ends with the browser. */
export function setCookie(attributes: CookieAttributes, value: string, secure: boolean, maxAge: number | undefined): string {
  const life = maxAge === undefined ? [] : [`Max-Age=${Math.min(Math.floor(maxAge), MAX_COOKIE_AGE)}`];
  return [`${attributes.name}=${value}`, ...life, ...scope(attributes, secure)].join("; ");
}

/** The `Set-Cookie` value that removes the cookie: same name, domain, path and flags, or the browser would keep it. */
export function clearCookie(attributes: CookieAttributes, secure: boolean): string {
  return [`${attributes.name}=`, "Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", ...scope(attributes, secure)].join("; ");
}

const SAME_SITE = { lax: "Lax", strict: "Strict", none: "None" } as const;
const PRIORITY = { low: "Low", medium: "Medium", high: "High" } as const;

function scope(attributes: CookieAttributes, secure: boolean): string[] {
  const { domain, path, httpOnly, sameSite, partitioned, priority } = attributes;
  return [
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    `Path=${path}`,
    ...(httpOnly ? ["HttpOnly"] : []),
    ...(secure ? ["Secure"] : []),
    ...(sameSite === false ? [] : [`SameSite=${SAME_SITE[sameSite]}`]),
    ...(priority === undefined ? [] : [`Priority=${PRIORITY[priority]}`]),
    ...(partitioned ? ["Partitioned"] : []),
  ];
}
