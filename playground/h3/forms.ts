import { redirect, type H3Event, type HTTPResponse } from "h3";

export async function readForm(event: H3Event): Promise<URLSearchParams> {
  return new URLSearchParams(await event.req.text());
}

/** After a POST: the browser gets the page, and reloading it posts nothing again. Always to a path of our own. */
export function seeOther(path: `/${string}`): HTTPResponse {
  return redirect(path, 303);
}
