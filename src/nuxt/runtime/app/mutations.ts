type Fetch = typeof globalThis.fetch;

/** A `fetch` that waits for `refresh` after each request to this site that is not only to read. `$fetch` and `useFetch` use it too. */
export function afterMutations(fetch: Fetch, refresh: () => Promise<void>): Fetch {
  return async (input, init) => {
    try {
      return await fetch(input, init);
    } finally {
      if (isMutation(input, init?.method)) await refresh();
    }
  };
}

function isMutation(input: RequestInfo | URL, method: string | undefined): boolean {
  const request = input instanceof Request ? input : { url: String(input), method: "GET" };
  const isRead = /^(?:get|head|options)$/i.test(method ?? request.method);
  return !isRead && new URL(request.url, location.href).origin === location.origin;
}
