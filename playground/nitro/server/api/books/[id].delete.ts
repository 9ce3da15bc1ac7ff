import { defineHandler } from "nitro/h3";
import { useSession } from "unsession/h3";
import { shelfOf } from "../../shelf.ts";

export default defineHandler(async (event) => {
  const session = await useSession(event);
  session.books?.delete(event.context.params?.["id"] ?? "");
  return shelfOf(session);
});
