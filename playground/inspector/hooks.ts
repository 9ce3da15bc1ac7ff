import { inspect } from "node:util";
import type { SessionHookInfo, SessionHooks } from "unsession";
import { moveLog } from "./log.ts";
import { current } from "./record.ts";

type Info = SessionHookInfo & { readonly path?: readonly unknown[]; readonly reason?: string; readonly previousId?: string };
type Hook = (info: Info) => void;

const HOOKS = "created loaded saved touched regenerated destroyed expired rejected conflict gone corrupt error".split(
  " ",
) as (keyof SessionHooks)[];

/** Hooks that note themselves on the request at hand before they do what they are for. */
export function noted<T extends object>(hooks: SessionHooks<T>): SessionHooks<T> {
  const all = HOOKS.map((name): [string, Hook] => [
    name,
    (info) => {
      current.getStore()?.hooks.push(described(name, info));
      if (info.previousId !== undefined && info.id !== undefined) moveLog(info.previousId, info.id);
      (hooks[name] as Hook | undefined)?.(info);
    },
  ]);
  return Object.fromEntries(all);
}

function described(name: string, { path, reason }: Info): string {
  if (path !== undefined) return `${name} at ${pathText(path)}`;
  return reason === undefined ? name : `${name}: ${reason}`;
}

/** A path as it would be written in code. */
export function pathText(path: readonly unknown[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "string" && /^[A-Za-z_$][\w$]*$/.test(step)) return text === "" ? step : `${text}.${step}`;
    return `${text}[${inspect(step)}]`;
  }, "");
}
