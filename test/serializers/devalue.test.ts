import { describe, expect, it } from "vitest";
import { devalue } from "unsession/serializers/devalue";
import { describeSerializer } from "./contract.ts";

/** A chain of containers, each inside the one before. */
const chain = (links: number, link: (next: number) => string): string =>
  `[${Array.from({ length: links }, (_, n) => link(n + 1)).join(",")},1]`;

/** The same chain the other way round: each link stands at the top too. */
const backwards = (links: number): string => {
  const all = Array.from({ length: links }, (_, n) => n + 2);
  return `[{"list":1},[${all.join(",")}],[],${all
    .slice(1)
    .map((n) => `[${n - 1}]`)
    .join(",")}]`;
};

describeSerializer("devalue", {
  make: devalue,
  hostile: [
    ["nothing", ""],
    ["no JSON", "x"],
    ["null", "null"],
    ["a number of no meaning", "5"],
    ["undefined", "-1"],
    ["NaN", "-3"],
    ["no values", "[]"],
    ["an object", '{"a":1}'],
    ["a list", "[[1],1]"],
    ["a Date", '[["Date","1970"]]'],
    ["a Map", '[["Map"]]'],
    ["an object without a prototype", '[["null","a",1],1]'],
    ["a key that reaches a prototype", '[{"__proto__":1},{"polluted":2},1]'],
    ["such a key in escapes", '[{"a":1},{"\\u005f_proto__":2},{"polluted":3},1]'],
    ["such a key of an object without a prototype", '[{"a":1},["null","__proto__",2],{"polluted":3},1]'],
    ["a key constructor", '[{"constructor":1},{"prototype":2},{"polluted":3},1]'],
    ["a key prototype in a key of a Map", '[{"a":1},["Map",2,3],{"prototype":3},1]'],
    [
      "such a key in the cause of an error",
      '[{"a":1},["Error",2],{"type":3,"message":4,"cause":5},"Error","",{"constructor":4}]',
    ],
    ["a key of a control", '[{"$id":1},1]'],
    ["an index into a prototype", '[{"a":"__proto__"},1]'],
    ["an index that is not there", '[{"a":5},1]'],
    ["an index below zero", '[{"a":-9},1]'],
    ["an index that is no whole number", '[{"a":0.5},1]'],
    ["a sparse array of any length", '[{"a":1},[-7,4294967295]]'],
    ["a sparse array of a hundred million", '[{"a":1},[-7,99999999,5,2],1]'],
    ["70 levels", chain(70, (next) => `{"a":${next}}`)],
    ["ten thousand levels of objects", chain(6000, (next) => `{"a":${next}}`)],
    ["ten thousand levels of arrays", `[{"a":1},${chain(8000, (next) => `[${next + 1}]`).slice(1)}`],
    ["three thousand levels of Maps", `[{"a":1},${chain(3000, (next) => `["Map",${next + 1},${next + 1}]`).slice(1)}`],
    ["three thousand levels of errors", `[{"a":1},${chain(3000, (next) => `["Error",${next + 1}]`).slice(1)}`],
    ["three thousand levels that stand at the top too", backwards(3000)],
    ["an error that is its own field", '[{"a":1},["Error",1]]'],
    ["an error of an unknown type", '[{"a":1},["Error",2],{"type":3,"message":3},"Function"]'],
    ["an error of no fields", '[{"a":1},["Error",-1]]'],
    ["a bigint of 5,000 digits", `[{"a":1},["BigInt","${"9".repeat(5000)}"]]`],
    ["a bigint of 60,000 digits", `[{"a":1},["BigInt","${"9".repeat(60_000)}"]]`],
    ["a bigint of 60,000 hexadecimal digits in a box", `[{"a":1},["Object",2],["BigInt","0x${"f".repeat(60_000)}"]]`],
    ["a bigint of a list of digits", `[{"a":1},["BigInt",["${"9".repeat(60_000)}"]]]`],
    ["a bigint that is no number", '[{"a":1},["BigInt","x"]]'],
    ["a boxed text", '[{"a":1},["Object",2],"x"]'],
    ["a box inside itself", '[{"a":1},["Object",1]]'],
    ["a typed array of a length instead of bytes", '[{"a":1},["Uint8Array",2],4000000000]'],
    ["a typed array inside itself", '[{"a":1},["Uint8Array",1]]'],
    ["a typed array beyond its bytes", '[{"a":1},["Uint8Array",2,0,4000000000],["ArrayBuffer","eA=="]]'],
    ["bytes alone", '[{"a":1},["ArrayBuffer","eA=="]]'],
    ["bytes that are no base64", '[{"a":1},["Uint8Array",2],["ArrayBuffer",{}]]'],
    ["search parameters", '[{"a":1},["URLSearchParams","a=1"]]'],
    ["a time", '[{"a":1},["Temporal.Instant","x"]]'],
    ["a pattern that is none", '[{"a":1},["RegExp","("]]'],
    ["an address that is none", '[{"a":1},["URL","x"]]'],
    ["a type that every object has", '[{"a":1},["constructor",2],1]'],
    ["an unknown type", '[{"a":1},["Account",2],{}]'],
    ["more than a session may hold", `[{"a":1},"${"x".repeat(65_536)}"]`],
  ],
});

describe("devalue", () => {
  it("writes of a view nothing but what it shows", async () => {
    const secret = new TextEncoder().encode("someone else's");
    const text = await devalue().serialize({ view: secret.subarray(0, 2), data: new DataView(secret.buffer, 3, 1) });
    expect(text).toBe(`[{"view":1,"data":3},["Uint8Array",2],["ArrayBuffer","c28="],["DataView",4],["ArrayBuffer","ZQ=="]]`);
  });
});
