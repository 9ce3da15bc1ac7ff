import { defineHandler } from "nitro";
import { useSession } from "unsession/h3";
import { shelfOf } from "../shelf.ts";

// Reads only: a visitor who does nothing gets no session and no cookie.
export default defineHandler(async (event) => shelfOf(await useSession(event)));
