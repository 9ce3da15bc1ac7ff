import type { Ref } from "vue";
import { useState } from "#imports";
import type { Fields } from "../public-fields.ts";

/** What a plugin of the server or of the browser does for `useSessionData`. */
export interface SessionFields {
  /** Sees to it that the fields are there, if they can be. */
  load(): Promise<void>;
  /** Reads them again. */
  refresh(): Promise<void>;
}

/** The fields, in the payload of the page; `null` as long as nobody knows them: in a page that is kept for all visitors. */
export function useFields(): Ref<Fields | null> {
  return useState<Fields | null>("unsession", () => null);
}
