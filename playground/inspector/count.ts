import type { Driver } from "unstorage";
import type { Store } from "unsession";
import { current } from "./record.ts";

/** How a driver offers a store of this package: the same symbol in every copy of it. */
const kStore = Symbol.for("unsession.store");

/** What reads, by any name that drivers, stores and clients have for it. Everything else writes. */
const READ = /^(?:get|has|keys|scan|exists|find|mget|info|ping)/;

const DRIVER_CALLS = ["hasItem", "getItem", "getItemRaw", "getKeys", "setItem", "setItemRaw", "removeItem"];
const STORE_CALLS = ["get", "create", "replace", "touch", "remove", "keys", "sweep"];

/**
 * A driver that notes each call on the request that made it: those of its items, and those of the store or the client that it
 * gives out, to which sessions talk directly where they can.
 */
export function counted(driver: Driver): Driver {
  return watched(driver, (name, answer) => {
    if (DRIVER_CALLS.includes(name)) note(name);
    if (name !== "getInstance") return answer;
    return answer instanceof Promise ? answer.then(countedInstance) : countedInstance(answer);
  });
}

function countedInstance(instance: unknown): unknown {
  if (typeof instance !== "object" || instance === null) return instance;
  const store = (instance as { [kStore]?: Store })[kStore];
  if (store === undefined) {
    return watched(instance, (name, answer) => {
      // A client has a method for each command, and has asked its server where it answers by a promise.
      if (answer instanceof Promise) note(name);
      return answer;
    });
  }
  const noted = watched(store, (name, answer) => {
    if (STORE_CALLS.includes(name)) note(name);
    return answer;
  });
  return { [kStore]: noted };
}

function note(verb: string): void {
  current.getStore()?.calls.push({ verb, kind: READ.test(verb) ? "read" : "write" });
}

/** The same object; `seen` is told of each method that is called, and its answer, and gives the answer that the caller gets. */
function watched<O extends object>(target: O, seen: (name: string, answer: unknown) => unknown): O {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name, target);
      // By its constructor a client may be known.
      if (typeof value !== "function" || typeof name !== "string" || name === "constructor") return value;
      // Called on the target itself, since a proxy has no private fields.
      return (...args: unknown[]) => seen(name, Reflect.apply(value, target, args));
    },
  });
}
