import onChange from "on-change";

export function track(data, work) {
  let changed = false;
  const proxy = onChange(data, () => {
    changed = true;
  });
  const result = work(proxy);
  return changed ? data : result;
}
