import { proxy, subscribe } from "valtio/vanilla";
import { proxyMap, proxySet } from "valtio/vanilla/utils";

/** It has a Map and a Set of its own in the place of the language's. */
export function track(data, work) {
  for (const [key, value] of Object.entries(data)) {
    if (value instanceof Map) data[key] = proxyMap(value);
    else if (value instanceof Set) data[key] = proxySet(value);
  }
  let changed = false;
  const state = proxy(data);
  const unsubscribe = subscribe(
    state,
    () => {
      changed = true;
    },
    true,
  );
  const result = work(state);
  unsubscribe();
  return changed ? state : result;
}
