/**
 * Code that is imported when it is first needed, and called without waiting from then on.
 *
 * An import that failed is tried again by the next call: the caller of this one is told.
 */
export function onDemand<M>(load: () => Promise<M>): <R>(use: (module: M) => Promise<R>) => Promise<R> {
  let loaded: M | undefined;
  return (use) => {
    if (loaded !== undefined) return use(loaded);
    return load().then((module) => use((loaded = module)));
  };
}
