import { createCodec } from "../../../src/codec.ts";
import type { Encoded } from "../../../src/record.ts";
import { devalue } from "../../../src/serializers/devalue.ts";
import { msgpackr } from "../../../src/serializers/msgpackr.ts";
import type { Serializer } from "../../../src/serializers/serializer.ts";
import { superjson } from "../../../src/serializers/superjson.ts";
import { LARGE, rich, SMALL } from "../documents.ts";
import { OURS, type Row, type Target } from "../row.ts";

type Fields = Record<string, unknown>;

const MAX_BYTES = 1 << 20;

/** Each as a session uses it: what is written and what was read is checked. */
const codecs = {
  [OURS]: codecOf(),
  superjson: codecOf(superjson()),
  devalue: codecOf(devalue()),
  msgpackr: codecOf(msgpackr()),
};

function codecOf(...own: Serializer[]): ReturnType<typeof createCodec> {
  return createCodec(own, MAX_BYTES);
}

export async function serializers(): Promise<Row[]> {
  const small = rich(20);
  return [
    ...(await rowsOf(
      "plain data, 2 KB",
      JSON.parse(SMALL) as Fields,
      undefined,
      { most: 1.2, stretch: 1.1 },
      { most: 1.05, stretch: 1.05 },
    )),
    ...(await rowsOf(
      "plain data, 50 KB",
      JSON.parse(LARGE) as Fields,
      undefined,
      { most: 1.2, stretch: 1.1 },
      { most: 1.05, stretch: 1.05 },
    )),
    ...(await rowsOf(
      "with Date, Map and Set, 2 KB",
      small.typed,
      small.plain,
      { most: 3, stretch: 2.2 },
      { most: 2.2, stretch: 1.8 },
    )),
  ];
}

/** Writing and reading data, against `JSON` on the same data, or on what is as much of it in JSON. */
async function rowsOf(name: string, data: Fields, asJson: Fields = data, write: Target, read: Target): Promise<Row[]> {
  const text = JSON.stringify(asJson);
  // What was encoded once has its library loaded, and is then done at once.
  const encoded = new Map<string, Encoded>();
  for (const [way, codec] of Object.entries(codecs)) {
    encoded.set(way, await codec.encode(data));
    await codec.decode(encoded.get(way) as Encoded);
  }
  return [
    {
      name: `write ${name}`,
      target: write,
      ways: {
        JSON: () => JSON.stringify(asJson),
        ...Object.fromEntries(Object.entries(codecs).map(([way, codec]) => [way, () => codec.encode(data, false)])),
      },
    },
    {
      name: `read ${name}`,
      target: read,
      ways: {
        JSON: () => JSON.parse(text) as unknown,
        ...Object.fromEntries(
          Object.entries(codecs).map(([way, codec]) => [way, () => codec.decode(encoded.get(way) as Encoded)]),
        ),
      },
    },
  ];
}
