// Sends requests over connections that stay open, in a process of its own: it is told what to send, and answers how it went.
//
// Written for this one end: a full HTTP client would take more of the processor than the servers that it is to measure.
import { connect } from "node:net";

/** One request at a time over one connection. */
class Connection {
  #socket;
  #answer = "";
  #settle;

  async open(port) {
    this.#socket = connect(port, "127.0.0.1").setNoDelay(true);
    await new Promise((resolve, reject) => this.#socket.once("connect", resolve).once("error", reject));
    this.#socket.on("data", (chunk) => this.#hear(chunk.latin1Slice()));
    this.#socket.on("close", () => this.#settle?.(new Error("The server closed the connection.")));
  }

  send(request, settle) {
    this.#settle = settle;
    this.#socket.write(request);
  }

  close() {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #hear(text) {
    this.#answer += text;
    const head = this.#answer.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#answer)?.[1];
    const complete = length === undefined ? this.#answer.endsWith("0\r\n\r\n") : this.#answer.length >= head + 4 + Number(length);
    if (!complete) return;
    const answer = this.#answer;
    const settle = this.#settle;
    this.#answer = "";
    this.#settle = undefined;
    settle(undefined, answer);
  }
}

/** Sends for `seconds`, or `count` requests, with each cookie in turn. */
async function run({ port, path, cookies, connections, seconds = Infinity, count = Infinity }) {
  const requests = cookies.map((cookie) =>
    Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${cookie === "" ? "" : `cookie: ${cookie}\r\n`}\r\n`),
  );
  const open = Array.from({ length: connections }, () => new Connection());
  await Promise.all(open.map((connection) => connection.open(port)));
  const waits = [];
  const setCookies = [];
  let sent = 0;
  let body = "";
  const ends = performance.now() + seconds * 1000;
  const drive = (connection) =>
    new Promise((resolve, reject) => {
      const next = () => {
        const began = performance.now();
        if (began >= ends || sent >= count) return resolve();
        connection.send(requests[sent++ % requests.length], (error, answer) => {
          if (error !== undefined || !answer.startsWith("HTTP/1.1 200")) {
            return reject(error ?? new Error(`${path} answered ${answer.slice(0, answer.indexOf("\r\n"))}`));
          }
          waits.push(performance.now() - began);
          // Only what a caller asked for by number is kept: a minute of cookies would not fit.
          if (count !== Infinity) {
            setCookies.push([...answer.matchAll(/\r\nset-cookie: *([^;\r]*)/gi)].map(([, pair]) => pair).join("; "));
            body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
          }
          next();
        });
      };
      next();
    });
  const began = performance.now();
  try {
    await Promise.all(open.map(drive));
  } finally {
    for (const connection of open) connection.close();
  }
  waits.sort((a, b) => a - b);
  const took = (performance.now() - began) / 1000;
  return { requests: waits.length, seconds: took, p50: waits[Math.floor(waits.length / 2)], setCookies, body };
}

process.on("message", async (asked) => {
  try {
    process.send({ outcome: await run(asked) });
  } catch (error) {
    process.send({ failure: String(error) });
  }
});
process.on("disconnect", () => process.exit());
