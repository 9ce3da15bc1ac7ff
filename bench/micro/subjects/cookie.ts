import { readCookies, setCookie } from "../../../src/cookie.ts";
import { generateToken } from "../../../src/token.ts";
import { OURS, type Row } from "../row.ts";

/** Cookies, against the shortest code that could do. */
export function cookie(): Row[] {
  const value = generateToken();
  const header = `theme=dark; _ga=GA1.1.1290.17; session=${value}; lang=en`;
  const attributes = {
    name: "session",
    domain: undefined,
    path: "/",
    httpOnly: true,
    sameSite: "lax",
    partitioned: false,
  } as const;
  return [
    {
      name: "read a cookie",
      ways: { "by hand": () => /(?:^|; )session=([^;]*)/.exec(header)?.[1], [OURS]: () => readCookies(header, "session") },
    },
    {
      name: "write a cookie",
      ways: {
        "by hand": () => `session=${value}; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax`,
        [OURS]: () => setCookie(attributes as never, value, true, 2_592_000),
      },
    },
  ];
}
