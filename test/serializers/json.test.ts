import { json } from "unsession/serializers/json";
import { describeSerializer } from "./contract.ts";

const nest = (depth: number): string => '{"a":'.repeat(depth) + "1" + "}".repeat(depth);

describeSerializer("json", {
  make: json,
  hostile: [
    ["nothing", ""],
    ["null", "null"],
    ["a list", '[{"a":1}]'],
    ["a number", "5"],
    ["a key that reaches a prototype", '{"__proto__":{"polluted":1}}'],
    ["such a key in escapes, below", '{"a":[{"\\u005f_proto__":{"polluted":1}}]}'],
    ["a key constructor", '{"constructor":{"prototype":{"polluted":1}}}'],
    ["a key prototype", '{"a":{"prototype":1}}'],
    ["a key of a control", '{"$destroy":1}'],
    ["65 levels", nest(66)],
    ["ten thousand levels", nest(10_000)],
    ["ten thousand levels that never end", "[".repeat(10_000)],
    ["more than a session may hold", `{"a":"${"x".repeat(65_536)}"}`],
  ],
});
