import type { Serializer } from "unsession";
import { devalue } from "unsession/serializers/devalue";
import { encrypted } from "unsession/serializers/encrypted";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";

const keys = ["a key that is long enough to encrypt with", "the one before it, which still decrypts"];

/** What is fuzzed: one line for each serializer, and for each form that a store keeps its records in. */
export const SERIALIZERS: readonly { name: string; make: () => Serializer; keepsBytes?: boolean }[] = [
  { name: "json", make: json },
  { name: "superjson", make: superjson },
  { name: "devalue", make: devalue },
  { name: "msgpackr, as bytes", make: msgpackr, keepsBytes: true },
  { name: "msgpackr, as text", make: msgpackr },
  { name: "what is encrypted", make: () => encrypted(superjson(), { keys }), keepsBytes: true },
];
