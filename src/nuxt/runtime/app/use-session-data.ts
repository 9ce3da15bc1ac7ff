import { computed, getCurrentInstance, onServerPrefetch, type ComputedRef } from "vue";
import type { DefaultSessionData } from "unsession";
import type { PublicSessionFields } from "unsession/nuxt";
import { useNuxtApp } from "#imports";
import { useFields, type SessionFields } from "./state.ts";

/** Those keys of the session that `publicFields` names. */
export type PublicSessionData = Partial<Pick<DefaultSessionData, keyof DefaultSessionData & keyof PublicSessionFields>>;

/** What {@link useSessionData} gives. */
export interface SessionDataState {
  /** The fields, as the server last told them; empty until then. */
  readonly data: ComputedRef<PublicSessionData>;
  /** Reads them again. Not needed after a request by `$fetch` or `useFetch` with another method than GET and HEAD. */
  refresh(): Promise<void>;
}

/**
 * The public fields of the visitor's session, for components, plugins and middleware of pages.
 *
 * A page brings them along as they are when it is rendered. Await it where they are needed in `setup` or in a middleware.
 *
 * @example
 * const { data } = useSessionData();
 * <p v-if="data.user">Hello {{ data.user.name }}</p>
 */
export function useSessionData(): SessionDataState & Promise<SessionDataState> {
  const { load, refresh } = useNuxtApp().$unsession as SessionFields;
  const fields = useFields();
  const state: SessionDataState = { data: computed(() => fields.value ?? {}), refresh };
  const loaded = load().then(() => state);
  if (getCurrentInstance() !== null) onServerPrefetch(() => loaded);
  return Object.assign(loaded, state);
}
