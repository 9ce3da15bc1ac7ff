import { defineNuxtPlugin, type Plugin } from "#imports";
import type { Fields } from "../public-fields.ts";
import { afterMutations } from "./mutations.ts";
import { useFields, type SessionFields } from "./state.ts";

/** As superjson makes it. */
interface Answer {
  readonly json: Fields;
  readonly meta?: object;
}

/** Reads the fields from the server, when the page came without them, and after each request that may have changed them. */
const plugin: Plugin = defineNuxtPlugin({
  name: "unsession",
  setup(nuxtApp) {
    const fields = useFields();
    const { $fetch } = globalThis as unknown as { $fetch(path: string): Promise<Answer> };
    let asked = 0;

    const refresh = async (): Promise<void> => {
      const turn = ++asked;
      const read = await decode(await $fetch("/_unsession/data"));
      // An answer that was overtaken may be older.
      if (turn === asked) fields.value = read;
    };
    const isHydrating = (): boolean => nuxtApp.isHydrating === true && nuxtApp.payload.serverRendered === true;
    const hydrated = new Promise<unknown>((resolve) => {
      if (isHydrating()) nuxtApp.hook("app:suspense:resolve", () => resolve(undefined));
      else resolve(undefined);
    });
    let loading: Promise<void> | undefined;
    const load = async (): Promise<void> => {
      if (fields.value !== null) return;
      // A page is shown as it came first, or it would not fit what the server rendered.
      loading ??= hydrated.then(refresh).finally(() => (loading = undefined));
      if (!isHydrating()) await loading;
    };
    globalThis.fetch = afterMutations(globalThis.fetch, async () => {
      if (fields.value !== null || loading !== undefined) await refresh().catch(console.warn);
    });
    const unsession: SessionFields = { load, refresh };
    return { provide: { unsession } };
  },
});

export default plugin;

/** What JSON can tell by itself needs no library. */
async function decode(answer: Answer): Promise<Fields> {
  return answer.meta === undefined ? answer.json : (await import("superjson")).deserialize(answer as never);
}
