import { defineHandler, HTTPError } from "nitro/h3";
import { useSession } from "unsession/h3";
import { shelfOf } from "../../shelf.ts";

export default defineHandler(async (event) => {
  const session = await useSession(event);
  const book = session.books?.get(event.context.params?.["id"] ?? "");
  if (book === undefined) throw new HTTPError("There is no such book.", { status: 404 });
  book.read = !book.read; // deep inside, and seen like any other change
  return shelfOf(session);
});
