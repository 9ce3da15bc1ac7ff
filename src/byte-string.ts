/**
 * Bytes as text: one character of U+0000 to U+00FF for each (WebIDL's `ByteString`).
 *
 * So bytes are compared by `===` and cut by offset as text is, and a store may keep text alone. V8 keeps such text in one byte for
 * each character.
 */

/** Arguments to one call of `fromCharCode`: hosts throw at some 65,000 to 120,000. */
const CHUNK = 8192;

export function toByteString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return text;
}

/** The bytes, in an array of their own. */
export function fromByteString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** The UTF-8 of a text. */
export function encodeUtf8(text: string): string {
  return toByteString(new TextEncoder().encode(text));
}

/** The text whose UTF-8 this is. */
export function decodeUtf8(bytes: string): string {
  return utf8Of(fromByteString(bytes));
}

/** The text of bytes as they are, a byte order mark among them. */
export function utf8Of(bytes: AllowSharedBufferSource): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
