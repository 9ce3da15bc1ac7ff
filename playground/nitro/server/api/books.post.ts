import { defineHandler, HTTPError } from "nitro/h3";
import { useSession } from "unsession/h3";
import { shelfOf } from "../shelf.ts";

const MOST = 50;

export default defineHandler(async (event) => {
  const { title } = (await event.req.json()) as { title?: unknown };
  if (typeof title !== "string" || title.trim() === "") throw new HTTPError("A book needs a title.", { status: 400 });
  const session = await useSession(event);
  session.books ??= new Map();
  if (session.books.size >= MOST) throw new HTTPError("The shelf is full.", { status: 409 });
  // Two tabs that add at the same time both keep their book.
  session.books.set(crypto.randomUUID(), { title: title.trim().slice(0, 100), added: new Date(), read: false });
  return shelfOf(session);
});
