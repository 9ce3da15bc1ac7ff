import { readFileSync } from "node:fs";
import { resolveOptions } from "../src/options.ts";
import type { SessionOptions } from "../src/types.ts";
import { root } from "./entries.ts";

/** One member of a public interface, as its docstring has it. */
export interface Member {
  readonly name: string;
  /** What follows the name: `?: boolean | undefined`, `(id: string): Promise<boolean>`. */
  readonly signature: string;
  /** Its sentences, on one line. */
  readonly text: string;
  readonly throws: string | undefined;
  readonly default: string | undefined;
}

const types = withPublicNames(readFileSync(`${root}src/types.ts`, "utf8"), readFileSync(`${root}src/index.ts`, "utf8"));

/** The members of an interface in `src/types.ts`, in order; an overload is one of its own. */
export function membersOf(name: string): Member[] {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, "m").exec(types)?.[1];
  if (body === undefined) throw new Error(`There is no interface ${name} in src/types.ts.`);
  const members = body.matchAll(/^ {2}(?:\/\*\*([\s\S]*?)\*\/\n {2})?(?:readonly )?([$\w]+)(\??[(:<][\s\S]*?);\n/gm);
  return [...members].map(([, doc, member = "", signature = ""]) => {
    if (doc === undefined) throw new Error(`${name}.${member} has no docstring.`);
    return parseMember(member, signature, doc);
  });
}

/** Options with one of them set, by its dotted name. */
export function withOption(name: string, value: unknown): SessionOptions {
  const [first = "", second] = name.split(".");
  return second === undefined ? { [first]: value } : { [first]: { [second]: value } };
}

/** What an option takes, in the words of the check that refuses everything else. */
export function acceptedBy(option: string): string {
  // No option takes a symbol. What follows in parentheses is where to read more.
  return refusal(withOption(option, Symbol("refused")), /Give it (.*)\.(?: \(|$)/);
}

/** Names that `options`, or one group of them, may have: the check of misspelt ones lists them. */
export function knownNames(group?: "cookie" | "timeouts" | "hooks"): string[] {
  const misspelt = group === undefined ? "none" : `${group}.none`;
  return refusal(withOption(misspelt, 1), /there is no such option, only ([\w, ]*)/).split(", ");
}

/** Types by the names they are exported under. */
function withPublicNames(source: string, index: string): string {
  const renamed = new Map([...index.matchAll(/(\w+) as (\w+)/g)].map(([, inside = "", outside = ""]) => [inside, outside]));
  return source.replaceAll(/\b[A-Z]\w+/g, (name) => renamed.get(name) ?? name);
}

function refusal(options: SessionOptions, part: RegExp): string {
  try {
    resolveOptions(options);
  } catch (error) {
    const found = part.exec((error as Error).message)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`These options were not refused as expected: ${part}`);
}

function parseMember(name: string, signature: string, doc: string): Member {
  const lines = doc.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trim());
  const [text = "", ...tags] = ` ${lines.join(" ").replaceAll(/\s+/g, " ").trim()}`.split(/ @(?=[a-z])/);
  const tag = (key: string): string | undefined => tags.find((one) => one.startsWith(`${key} `))?.slice(key.length + 1);
  return {
    name,
    signature,
    text: text.trim().replaceAll(/\{@link (\w+)\}/g, "`$1`"),
    throws: tag("throws")?.replace("{SessionError} ", ""),
    default: tag("default"),
  };
}
