import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { AnswerReader, type Answer } from "./answers.ts";

/** Errors after which memcached may take the rest of a command for another, so that answers are out of step. */
const OUT_OF_STEP = ["ERROR", "CLIENT_ERROR"];

/** A command that has been sent. */
interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * One connection to a memcached server: commands go out at once, answers come in their order.
 *
 * It ends with the first thing that goes wrong, and all that was waiting is rejected: which of it was done is not known, and none
 * is sent again. While nothing waits, it does not keep the process alive.
 */
export class Connection {
  readonly #timeout: number;
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();
  readonly #waiting: Waiting[] = [];
  #ended = false;

  /** @param timeout for connecting and answering together, in milliseconds */
  constructor(host: string, port: number, timeout: number) {
    this.#timeout = timeout;
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true });
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("error", (error) => this.end(error));
    this.#socket.on("end", () => this.end(new Error("it closed the connection")));
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Sends a line, and the value that belongs to it. */
  send(line: string, value?: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // Answers are in order: when the first is late, so are all behind it.
      const late = (): void => this.end(new Error(`no answer within ${this.#timeout} ms`));
      this.#waiting.push({ resolve, reject, timer: setTimeout(late, this.#timeout) });
      this.#socket.ref();
      this.#socket.write(
        value === undefined ? `${line}\r\n` : Buffer.concat([Buffer.from(`${line}\r\n`), value, Buffer.from("\r\n")]),
      );
    });
  }

  end(error: Error): void {
    this.#ended = true;
    this.#socket.destroy();
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
  }

  #receive(chunk: Buffer): void {
    try {
      for (const answer of this.#reader.read(chunk)) this.#answer(answer);
    } catch (error) {
      this.end(error as Error);
    }
  }

  #answer(answer: Answer): void {
    if (OUT_OF_STEP.includes(answer.code)) throw new Error(answer.line);
    const first = this.#waiting.shift();
    if (first === undefined) throw new Error(`it answered what nobody had asked: ${answer.code}`);
    clearTimeout(first.timer);
    first.resolve(answer);
    if (this.#waiting.length === 0) this.#socket.unref();
  }
}
