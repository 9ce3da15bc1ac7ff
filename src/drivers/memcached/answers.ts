import { Buffer } from "node:buffer";

/** An answer of memcached's meta protocol (its doc/protocol.txt), or of any kind of error. */
export interface Answer {
  /** `HD`, `VA`, `EN`, `NF`, `NS`, `EX`, or the first word of an error. */
  readonly code: string;
  /** The line as it came, for messages. */
  readonly line: string;
  /** What follows the letter of a returned flag: `c123` is 123 for `c`. */
  readonly flag: (letter: string) => string | undefined;
  /** The bytes of a `VA`. */
  readonly value: Buffer | undefined;
}

const CRLF = "\r\n";

/** More than any line of an answer to a command of ours. */
const LONGEST_LINE = 2048;

/** Reads answers from a stream of bytes, however they are cut into chunks. */
export class AnswerReader {
  #unread: Buffer = Buffer.alloc(0);
  /** The line of an answer whose value has not come as a whole. */
  #begun: string | undefined;

  /**
   * The answers that are complete with this chunk.
   *
   * @throws {Error} if the bytes are no answers: what follows then cannot be told apart
   */
  *read(chunk: Buffer): Generator<Answer, void, undefined> {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const line = this.#begun ?? this.#line();
      if (line === undefined) return;
      this.#begun = line;
      const [code = "", size, ...rest] = line.split(" ");
      const value = code === "VA" ? this.#value(Number(size)) : undefined;
      if (code === "VA" && value === undefined) return;
      this.#begun = undefined;
      const flags = code === "VA" || size === undefined ? rest : [size, ...rest];
      yield { code, line, value, flag: (letter) => flags.find((flag) => flag.startsWith(letter))?.slice(1) };
    }
  }

  #line(): string | undefined {
    const end = this.#unread.indexOf(CRLF);
    if (end > LONGEST_LINE || (end < 0 && this.#unread.length > LONGEST_LINE))
      throw new Error("it answered with too long a line");
    return end < 0 ? undefined : this.#take(end).toString("latin1");
  }

  #value(size: number): Buffer | undefined {
    if (!Number.isInteger(size) || size < 0) throw new Error("it answered with a value of no size");
    return this.#unread.length < size + CRLF.length ? undefined : this.#take(size);
  }

  /** Takes so many bytes, and the end of line that must follow them. */
  #take(size: number): Buffer {
    const taken = this.#unread.subarray(0, size);
    const end = this.#unread.subarray(size, size + CRLF.length);
    if (end.toString("latin1") !== CRLF) throw new Error("it answered with a value of another size than it said");
    this.#unread = this.#unread.subarray(size + CRLF.length);
    return taken;
  }
}
