import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** The wire between clients and a server, which can be cut at chosen moments. */
export interface TcpProxy {
  /** As `host:port`, for the client. */
  readonly address: string;
  readonly port: number;
  /** As `host:port`: where connections go that are made from now on. */
  target: string;
  /** Cuts the connection that sends something next: before the server gets it, or once the server has answered. */
  cutNext(when: "before" | "answered"): void;
  /** From now on the server's answers arrive in pieces of so many bytes. */
  chop(bytes: number): void;
  /** From now on requests arrive and answers get lost, until `reset`. */
  loseAnswers(): void;
  /** Resets every connection, as a peer does that knows nothing of it. */
  reset(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let cut: "before" | "answered" | undefined;
  let piece = Infinity;
  let isLosing = false;

  const server = createServer({ noDelay: true }, (client) => {
    const [host, port] = proxy.target.split(":") as [string, string];
    const upstream = connect({ host, port: Number(port), noDelay: true });
    let isAnswerLost = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // What is cut here is an error there.
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk) => {
      if (cut === "before") client.destroy();
      else upstream.write(chunk);
      isAnswerLost = cut === "answered";
      cut = undefined;
    });
    upstream.on("data", (chunk: Buffer) => {
      if (isLosing) return;
      if (isAnswerLost) client.destroy();
      else for (let at = 0; at < chunk.length; at += piece) client.write(chunk.subarray(at, at + piece));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));

  const { port } = server.address() as AddressInfo;
  const proxy: TcpProxy = {
    address: `127.0.0.1:${port}`,
    port,
    target,
    cutNext: (when) => void (cut = when),
    chop: (bytes) => void (piece = bytes),
    loseAnswers: () => void (isLosing = true),
    reset() {
      isLosing = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return proxy;
}
