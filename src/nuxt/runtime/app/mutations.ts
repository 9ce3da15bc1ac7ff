/** What is needed of `$fetch`. */
export interface Fetch extends Ask {
  readonly raw: Ask;
  create(...options: unknown[]): Fetch;
}

interface Ask {
  (request: unknown, options?: { method?: string }): Promise<unknown>;
}

/** A `$fetch` that waits for `refresh` after each request to this site that is not only to read. */
export function afterMutations(fetch: Fetch, refresh: () => Promise<void>): Fetch {
  const around =
    (ask: Ask): Ask =>
    async (request, options) => {
      try {
        return await ask(request, options);
      } finally {
        if (isMutation(request, options?.method)) await refresh();
      }
    };
  const create: Fetch["create"] = (...options) => afterMutations(fetch.create(...options), refresh);
  return Object.assign(around(fetch), fetch, { raw: around(fetch.raw), create });
}

function isMutation(request: unknown, method: string | undefined): boolean {
  const { url, method: own } = request instanceof Request ? request : { url: String(request), method: "GET" };
  const isRead = /^(?:get|head|options)$/i.test(method ?? own);
  return !isRead && new URL(url, location.href).origin === location.origin;
}
