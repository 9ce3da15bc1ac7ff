import { reactive } from "@vue/reactivity";

/** Without a watcher: it cannot tell that something changed, which is what it would cost most. */
export function track(data, work) {
  return work(reactive(data));
}
