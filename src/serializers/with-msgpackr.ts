// Not the main entry, which reads strings by native code.
import { Packr } from "msgpackr/pack";
import { checkMessagePack } from "./check-message-pack.ts";

// An object is a record, whose keys are written where its shape first occurs, and so is told from a Map. Aliases and rings are kept.
const packr = new Packr({ structuredClone: true, mapsAsObjects: false, copyBuffers: true, useToJSON: false });

export function serialize(data: unknown): Uint8Array {
  // msgpackr goes on using the memory behind what it gives.
  const bytes = Uint8Array.from(packr.pack(data));
  // Extensions that the application registered count for all of msgpackr: what could not be read is not written.
  checkMessagePack(bytes);
  return bytes;
}

export function deserialize(bytes: Uint8Array): unknown {
  checkMessagePack(bytes);
  return packr.unpack(bytes);
}
