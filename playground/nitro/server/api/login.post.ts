import { defineHandler, HTTPError } from "nitro/h3";
import { useSession } from "unsession/h3";
import { shelfOf } from "../shelf.ts";

export default defineHandler(async (event) => {
  const { name } = (await event.req.json()) as { name?: unknown };
  if (typeof name !== "string" || name.trim() === "") throw new HTTPError("Tell us your name.", { status: 400 });
  const session = await useSession(event);
  // A real application checks a password here.
  await session.$regenerate(); // a token that was known before the login is worth nothing after it
  session.user = { name: name.trim().slice(0, 40) };
  return shelfOf(session);
});
