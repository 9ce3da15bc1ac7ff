import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A wire between workers and a store, which can be cut. */
export interface Proxy {
  readonly port: number;
  /** Where connections go that are made from now on. */
  target: number;
  /** Resets every connection. */
  reset(): void;
  /** From now on answers get lost, while requests arrive; until `reset`. */
  loseAnswers(): void;
  close(): Promise<void>;
}

export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  let losing = false;
  const listener = createServer((client) => {
    const server = connect(proxy.target, "127.0.0.1");
    const pair = [client, server] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on("error", end).on("close", end);
    client.on("data", (chunk) => server.write(chunk));
    server.on("data", (chunk) => {
      if (!losing) client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const proxy: Proxy = {
    port: (listener.address() as AddressInfo).port,
    target,
    reset() {
      losing = false;
      for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    },
    loseAnswers() {
      losing = true;
    },
    async close() {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await closed;
    },
  };
  return proxy;
}
