import { getRandomValues, subtle } from "uncrypto";
import { utf8Of } from "../byte-string.ts";
import { optionError } from "../errors.ts";
import { createSeals } from "../seals.ts";
import { isSerializer, type BinarySerializer, type Sealing, type Serializer } from "./serializer.ts";

export interface EncryptedOptions {
  /**
   * Secrets of at least 32 bytes each, as text or as bytes: the first encrypts, all decrypt. To rotate, put a new one in front, and
   * drop the old one when its last session has ended.
   */
  readonly keys: readonly (string | Uint8Array)[];
}

const LEAST_BYTES = 32;

/** The id of the wrapped serializer follows, so that a record says what it needs. */
const PREFIX = "enc-";

/**
 * What is sealed: a byte for the form, then the id of the key, the nonce, and what AES-GCM gives, its tag last.
 *
 * The form and the key's id are authenticated with the place.
 */
const FORM = 1;
const KEY_ID_LENGTH = 4;
const NONCE_LENGTH = 12;
const NONCE_START = 1 + KEY_ID_LENGTH;
const BOX_START = NONCE_START + NONCE_LENGTH;

/**
 * Encrypts what another serializer writes: AES-256-GCM, bound to the session it is stored for, so that records cannot be read, changed
 * or swapped in the store.
 *
 * What was tampered with, or whose key is not among `keys`, is a corrupt record: a fresh session, and the `corrupt` hook. While the
 * first of a manager's serializers encrypts, records that are not encrypted are corrupt too, unless their serializer is in the list.
 *
 * Nonces are random, so that a key may encrypt 2^32 times (NIST SP 800-38D, 8.3). Encryption adds 33 bytes each to data and one-time
 * values. When a session was made, touched and ends, and its id, stay readable.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS` if a key is too short, or the serializer's id is longer than 12 characters
 * @see NIST SP 800-38D; RFC 5869; ASVS 5.0 11.3.2, 11.3.3
 * @example
 * createSessionManager({ serializer: encrypted(superjson(), { keys: [process.env.SESSION_KEY!] }) });
 */
export function encrypted(serializer: Serializer, options: EncryptedOptions): BinarySerializer {
  const isValid = isSerializer(serializer) && serializer.id.length <= 16 - PREFIX.length && serializer.sealing === undefined;
  if (!isValid)
    throw optionError("encrypted", serializer, "a serializer that does not encrypt, with an id of at most 12 characters");
  const id = PREFIX + serializer.id;
  const sealing = createSealing(serializer, id, checkKeys((options as EncryptedOptions | undefined)?.keys));
  return {
    id,
    binary: true,
    keeps: serializer.keeps,
    sealing,
    async serialize(data) {
      const written = await serializer.serialize(data);
      return sealing.seal(typeof written === "string" ? new TextEncoder().encode(written) : written, "");
    },
    async deserialize(bytes) {
      const opened = await sealing.open(bytes, "");
      return serializer.binary === true ? serializer.deserialize(opened) : serializer.deserialize(utf8Of(opened));
    },
  };
}

function createSealing(inner: Serializer, id: string, secrets: readonly Uint8Array<ArrayBuffer>[]): Sealing {
  let derived: Promise<Key[]> | undefined;
  const keys = (): Promise<Key[]> => (derived ??= Promise.all(secrets.map(deriveKey)));
  const additional = (head: Uint8Array, place: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array([...head.subarray(0, NONCE_START), ...new TextEncoder().encode(`${id} ${place}`)]);
  return {
    inner,
    createSeals,
    async seal(bytes, place) {
      const [key] = (await keys()) as [Key];
      const head = new Uint8Array(BOX_START);
      head[0] = FORM;
      head.set(key.id, 1);
      const iv = getRandomValues(head.subarray(NONCE_START));
      const box = await subtle.encrypt(
        { name: "AES-GCM", iv, additionalData: additional(head, place) },
        key.key,
        bytes as Uint8Array<ArrayBuffer>,
      );
      const sealed = new Uint8Array(BOX_START + box.byteLength);
      sealed.set(head);
      sealed.set(new Uint8Array(box), BOX_START);
      return sealed;
    },
    async open(sealed, place) {
      const bytes = sealed as Uint8Array<ArrayBuffer>;
      const iv = bytes.subarray(NONCE_START, BOX_START);
      const parameters = { name: "AES-GCM", iv, additionalData: additional(bytes, place) };
      for (const { id: its, key } of bytes[0] === FORM ? await keys() : []) {
        if (its.some((byte, index) => byte !== bytes[1 + index])) continue;
        return new Uint8Array(await subtle.decrypt(parameters, key, bytes.subarray(BOX_START)));
      }
      throw new TypeError("what none of the keys has encrypted");
    },
  };
}

interface Key {
  readonly id: Uint8Array;
  readonly key: CryptoKey;
}

/** A key, and an id that tells nothing of it, out of one secret (RFC 5869): also one that serves elsewhere, as `secret` does. */
async function deriveKey(secret: Uint8Array<ArrayBuffer>): Promise<Key> {
  const material = await subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode("unsession encrypted v1");
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const bits = new Uint8Array(await subtle.deriveBits(parameters, material, 8 * (LEAST_BYTES + KEY_ID_LENGTH)));
  const key = await subtle.importKey("raw", bits.subarray(0, LEAST_BYTES), "AES-GCM", false, ["encrypt", "decrypt"]);
  return { id: bits.subarray(LEAST_BYTES), key };
}

function checkKeys(keys: EncryptedOptions["keys"] | undefined): Uint8Array<ArrayBuffer>[] {
  if (!Array.isArray(keys) || keys.length === 0) throw optionError("encrypted.keys", keys, "a non-empty array of secrets");
  return keys.map((key: unknown, index) => {
    const bytes = typeof key === "string" ? new TextEncoder().encode(key) : key instanceof Uint8Array ? key.slice() : undefined;
    if (bytes === undefined || bytes.length < LEAST_BYTES) {
      const accepted = "at least 32 bytes, as text or as a Uint8Array: `openssl rand -base64 32` makes them";
      throw optionError(`encrypted.keys[${index}]`, key, accepted);
    }
    return bytes as Uint8Array<ArrayBuffer>;
  });
}
