import { enableMapSet, produce, setAutoFreeze } from "immer";

enableMapSet();
// What was loaded is nobody else's.
setAutoFreeze(false);

export function track(data, work) {
  let result;
  const next = produce(data, (draft) => {
    result = work(draft);
  });
  return next === data ? result : next;
}
