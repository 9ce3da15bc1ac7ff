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
  /** Whether they were told: not yet in a page that is kept for all visitors, which fetches them when it is shown. */
  readonly isKnown: ComputedRef<boolean>;
  /** Reads them again. Not needed after a request by a script of the page with another method than GET and HEAD. */
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
  const data = computed(() => fields.value ?? {});
  const isKnown = computed(() => fields.value !== null);
  const state: SessionDataState = { data, isKnown, refresh };
  const loaded = load().then(() => state);
  // Once more when the component is set up, whose requests may have ended the session.
  if (getCurrentInstance() !== null) onServerPrefetch(() => loaded.then(refresh));
  return Object.assign(loaded, state);
}
