import { SessionError, type Session } from "unsession";
import { useSession } from "unsession/h3-v1";
import { defineNuxtPlugin, type Plugin, useRequestEvent } from "#imports";
import { publicFields } from "#build/unsession/public-fields.mjs";
import { pick } from "../public-fields.ts";
import { useFields, type SessionFields } from "./state.ts";

/** Reads the fields from the session of the page's request, and keeps them as they are there until the page is rendered. */
const plugin: Plugin = defineNuxtPlugin({
  name: "unsession",
  setup(nuxtApp) {
    const event = useRequestEvent();
    const fields = useFields();
    let loading: Promise<Session | undefined> | undefined;

    const load = async (): Promise<Session | undefined> => {
      const session = await useSession(event).catch(unlessCached);
      session?.$subscribe(() => void (fields.value = pick(session, publicFields)));
      return session;
    };
    const refresh = async (): Promise<void> => {
      const session = await (loading ??= load());
      if (session !== undefined) fields.value = pick(session, publicFields);
    };
    // What a request of the page did last is in no component any more, but in the payload.
    nuxtApp.hook("app:rendered", () => (loading === undefined ? undefined : refresh()));
    const unsession: SessionFields = { load: refresh, refresh };
    return { provide: { unsession } };
  },
});

export default plugin;

function unlessCached(error: unknown): undefined {
  if (SessionError.is(error) && error.code === "ERR_SESSION_CACHED") return undefined;
  throw error;
}
