import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A connection between a client and a server that can be cut at chosen moments. */
export interface TcpProxy {
  /** As `host:port`, for the client. */
  readonly address: string;
  /** Cuts the connection that sends something next: before the server gets it, or once the server has answered. */
  cutNext(when: "before" | "answered"): void;
  /** From now on the server's answers arrive in pieces of so many bytes. */
  chop(bytes: number): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const [host, port] = target.split(":") as [string, string];
  const sockets = new Set<Socket>();
  let cut: "before" | "answered" | undefined;
  let piece = Infinity;

  const server = createServer({ noDelay: true }, (client) => {
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
      if (isAnswerLost) client.destroy();
      else for (let at = 0; at < chunk.length; at += piece) client.write(chunk.subarray(at, at + piece));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutNext: (when) => void (cut = when),
    chop: (bytes) => void (piece = bytes),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
