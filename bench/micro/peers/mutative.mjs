import { create } from "mutative";

export function track(data, work) {
  let result;
  const next = create(data, (draft) => {
    result = work(draft);
  });
  return next === data ? result : next;
}
