import { acceptedBy, knownNames, membersOf, type Member } from "./reference.ts";

/** The tables of the guide that are made from the code, by the name in their marker. */
export const tables: Readonly<Record<string, () => string>> = {
  options: () => optionTable(membersOf("SessionOptions"), knownNames()),
  cookie: () => optionTable(membersOf("CookieOptions"), knownNames("cookie"), "cookie."),
  hooks: () => table("| hook | when | told, beside `id` |", checked(membersOf("SessionHooks"), knownNames("hooks")).map(hookRow)),
  session: () => table("| member | |", membersOf("SessionControls").map(memberRow)),
  manager: () => table("| member | |", membersOf("SessionManager").map(memberRow)),
  capabilities: () => table("| member | |", membersOf("SessionCapabilities").map(memberRow)),
};

const MARKED = /(<!-- made by `npm run docs`: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** A page with its marked tables made anew. */
export function withTables(page: string): string {
  return page.replaceAll(MARKED, (_, begin: string, name: string, end: string) => {
    const make = tables[name];
    if (make === undefined) throw new Error(`There is no table ${JSON.stringify(name)}.`);
    return `${begin}\n${make()}\n\n${end}`;
  });
}

/** The default of an option, as it is shown. */
export function defaultOf(member: Member): string {
  const text = member.default;
  if (text === undefined) return "none";
  return isLiteral(text) ? `\`${text}\`` : text;
}

/** Whether a documented default is a value, and no description of one. */
export function isLiteral(text: string): boolean {
  return /^(?:".*"|\d+|true|false|\{.*\})$/.test(text);
}

function optionTable(members: readonly Member[], known: readonly string[], group = ""): string {
  const row = (member: Member): string => {
    const option = group + member.name;
    // Its members take the same.
    const accepted = acceptedBy(option === "timeouts" ? "timeouts.load" : option);
    return `| \`${option}\` | ${prose(member.text)} | ${code(typeOf(member))} | ${defaultOf(member)} | ${prose(accepted)} |`;
  };
  return table("| option | | type | default | accepted |", checked(members, known).map(row));
}

/** The type of an optional member, without what all of them take. */
function typeOf({ signature }: Member): string {
  const type = signature.replace(/^\?: /, "").replaceAll(" | undefined", "");
  return type
    .replace('Predicate["test"]', "((event: unknown) => boolean)")
    .replace('PolicyOf["of"]', "((event: unknown) => StoreErrorPolicy)")
    .replace(/^\((\(.*)\)$/, "$1");
}

/** A member that the check does not know, or does without a docstring, would make the page wrong. */
function checked(members: readonly Member[], known: readonly string[]): readonly Member[] {
  const names = members.map(({ name }) => name);
  if (String(names) !== String(known))
    throw new Error(`src/types.ts has ${names.join(", ")}; src/options.ts ${known.join(", ")}.`);
  return members;
}

function hookRow({ name, text, signature }: Member): string {
  const told = [...signature.matchAll(/readonly (\w+): ([^;}]+?) *[;}]/g)].map(([, key, type]) => code(`${key}: ${type}`));
  return `| \`${name}\` | ${prose(text)} | ${told.join(", ")} |`;
}

function memberRow({ name, signature, text, throws }: Member): string {
  return `| ${code(name + signature)} | ${prose(text)}${throws === undefined ? "" : ` Throws ${prose(throws)}.`} |`;
}

function table(head: string, rows: readonly string[]): string {
  const columns = head.split("|").length - 2;
  return [head, `|${" --- |".repeat(columns)}`, ...rows].join("\n");
}

/** Text whose only markup is code in backticks. */
function prose(text: string): string {
  const parts = cell(text).split(/(`[^`]*`)/);
  return parts.map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[_*]/g, String.raw`\$&`))).join("");
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

/** A bar ends a cell, also within code. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
