import { superjson } from "unsession/serializers/superjson";
import { describeSerializer } from "./contract.ts";

const nest = (depth: number): string => '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
const valued = (json: string, values: string): string => `{"json":${json},"meta":{"values":${values},"v":1}}`;
const aliased = (json: string, equalities: string): string =>
  `{"json":${json},"meta":{"referentialEqualities":${equalities},"v":1}}`;

/** Each holds the one before twice, by way of an alias: 2^n paths. */
function aliasBomb(levels: number): string {
  let json = "{}";
  const equalities: string[] = [];
  for (let level = 0; level < levels; level++) {
    json = `{"l":${json},"r":null}`;
    const at = "l.".repeat(levels - level - 1);
    equalities.push(`"${at}l":["${at}r"]`);
  }
  return aliased(json, `{${equalities.join(",")}}`);
}

/** A chain that is as long as it has links, though each of them stands at the top too. */
function chain(links: number): string {
  const fields = Array.from({ length: links }, (_, n) => `"n${n}":{${n === 0 ? "" : '"next":null'}}`).join(",");
  const equalities = Array.from({ length: links - 1 }, (_, n) => `"n${n}":["n${n + 1}.next"]`).join(",");
  return aliased(`{${fields}}`, `{${equalities}}`);
}

describeSerializer("superjson", {
  make: superjson,
  hostile: [
    ["nothing", ""],
    ["no JSON", "x"],
    ["null", "null"],
    ["an empty envelope", "{}"],
    ["a list", '{"json":[1]}'],
    ["a Date", valued('"1970"', '["Date"]')],
    ["a Map", valued("[]", '["map"]')],
    ["a key that reaches a prototype", '{"json":{"a":{"__proto__":{"polluted":1}}}}'],
    ["a key constructor", '{"json":{"constructor":{"prototype":{"polluted":1}}}}'],
    ["such a key in a key of a Map", valued('{"m":[[{"__proto__":{"polluted":1}},1]]}', '{"m":["map"]}')],
    [
      "such a key in the cause of an error",
      valued('{"e":{"type":"Error","message":"","cause":{"constructor":1}}}', '{"e":[["custom","Error"]]}'),
    ],
    ["a path to a prototype", valued('{"a":"1"}', '{"__proto__.polluted":["bigint"]}')],
    ["a path below a constructor", valued('{"a":"1"}', '{"constructor.prototype.polluted":[["custom","bigint"]]}')],
    ["a text in the place of all annotations", valued('{"a":1}', '"Date"')],
    ["a text in the place of the annotations of a container", valued('{"a":[1]}', '{"a":["set","01"]}')],
    ["a member far behind the end of a Set", valued('{"a":[1]}', '{"a":["set",{"999999999":["Date"]}]}')],
    ["an item far behind the end of a list", valued('{"a":[1]}', '{"a.999999999":["undefined"]}')],
    ["annotations below thousands of steps", valued('{"a":1}', `{"${"a.".repeat(15_000)}a":["map",{"0":["Date"]}]}`)],
    ["an alias below thousands of steps", aliased('{"a":{}}', `{"a":["${"a.".repeat(30_000)}a"]}`)],
    ["an alias to a prototype", aliased('{"a":{}}', '{"a":["__proto__"]}')],
    ["an alias below a prototype", aliased('{"a":{}}', '{"a":["constructor.prototype.polluted"]}')],
    ["an alias to nothing", aliased('{"a":{}}', '{"a":["b.c"]}')],
    ["a key of a control", '{"json":{"$id":1}}'],
    ["65 levels", `{"json":${nest(66)}}`],
    ["ten thousand levels", `{"json":${nest(10_000)}}`],
    ["a chain of a thousand aliases", chain(1000)],
    ["70 levels of aliases that multiply", aliasBomb(70)],
    ["a bigint of 5,000 digits", valued(`{"a":"${"9".repeat(5000)}"}`, '{"a":[["custom","bigint"]]}')],
    ["a bigint of 60,000 digits, as others write one", valued(`{"a":"${"9".repeat(60_000)}"}`, '{"a":["bigint"]}')],
    ["a bigint that is no number", valued('{"a":"x"}', '{"a":[["custom","bigint"]]}')],
    ["an error of an unknown type", valued('{"a":{"type":"Function","message":"x"}}', '{"a":[["custom","Error"]]}')],
    ["an error whose message is none", valued('{"a":{"type":"Error","message":{}}}', '{"a":[["custom","Error"]]}')],
    ["an instance of a class", valued('{"a":{}}', '{"a":[["class","Account"]]}')],
    ["a symbol", valued('{"a":{}}', '{"a":[["symbol","x"]]}')],
    ["an unknown type", valued('{"a":{}}', '{"a":["function"]}')],
    ["an invalid Date", valued('{"a":"x"}', '{"a":["Date"]}')],
    ["a pattern that is none", valued('{"a":"/(/"}', '{"a":["regexp"]}')],
    ["an address that is none", valued('{"a":"x"}', '{"a":["URL"]}')],
    ["more than a session may hold", `{"json":{"a":"${"x".repeat(65_536)}"}}`],
  ],
});
