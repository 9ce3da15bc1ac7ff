/** What tracking can look into: these are handed out as proxies, everything else as it is. */
export type ContainerKind = "object" | "array" | "map" | "set";

/** A raw container, as opposed to the proxy that is handed out for it. */
export type Container = object;

const TO_STRING = Object.prototype.toString;

/**
 * Tells which kind of container a value is, `undefined` for anything else.
 *
 * Subclasses of Map, Set and Array are no containers: they may keep state that tracking cannot see.
 */
export function containerKind(value: unknown): ContainerKind | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return "object";
  if (prototype === Array.prototype) return "array";
  if (prototype === Map.prototype) return "map";
  if (prototype === Set.prototype) return "set";
  return foreignKind(value, prototype);
}

/** Containers of another realm (a vm context, a test runner's sandbox) have other prototypes of the same shape. */
function foreignKind(value: object, prototype: unknown): ContainerKind | undefined {
  if (Array.isArray(value)) return isRealmPrototype(prototype, "Array") ? "array" : undefined;
  const tag = TO_STRING.call(value);
  if (tag === "[object Map]") return isRealmPrototype(prototype, "Map") ? "map" : undefined;
  if (tag === "[object Set]") return isRealmPrototype(prototype, "Set") ? "set" : undefined;
  if (tag !== "[object Object]") return undefined;
  return isRealmPrototype(prototype, "Object") ? "object" : undefined;
}

function isRealmPrototype(prototype: unknown, name: string): boolean {
  if (typeof prototype !== "object" || prototype === null) return false;
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return (
    typeof constructor === "function" &&
    constructor.name === name &&
    constructor.prototype === prototype &&
    // A class named `Object` written in JavaScript is no realm's own: natives print as native code.
    Function.prototype.toString.call(constructor).includes("[native code]")
  );
}

export function isContainer(value: unknown): value is Container {
  return containerKind(value) !== undefined;
}

/** Keys that can reach a prototype when written by a tool that assigns without care; refused everywhere as steps of a path. */
export function isForbiddenKey(key: unknown): boolean {
  return key === "__proto__" || key === "constructor" || key === "prototype";
}

/** The array index a property key stands for, `undefined` for any other key. */
export function arrayIndex(key: string): number | undefined {
  const index = Number(key);
  return index >= 0 && index < 4_294_967_295 && Number.isInteger(index) && String(index) === key ? index : undefined;
}
