import { Cluster, type Redis } from "ioredis";
import { Cluster as Cluster6 } from "ioredis-6";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionManager } from "unsession";
import { createRedisStore } from "../../src/stores/redis.ts";
import { startRedisCluster, until, type RedisServer } from "../services/redis.ts";
import { commandsOf, header } from "./_redis.ts";
import { begin, idOf, inParallel, timeouts, visit } from "./_sessions.ts";

const HOUR = 3_600_000;
const increment = (session: Session): void => session.$increment("count");

const versions: [string, (nodes: readonly RedisServer[]) => Cluster][] = [
  ["ioredis 5", (nodes) => new Cluster(nodes.map(({ host, port }) => ({ host, port })))],
  ["ioredis 6", (nodes) => new Cluster6(nodes.map(({ host, port }) => ({ host, port }))) as unknown as Cluster],
];

// Three servers take seconds to meet.
for (const [version, connect] of versions) {
  describe(`a Cluster of ${version}`, () => {
    let servers: readonly RedisServer[];
    let cluster: Cluster;
    let manager: SessionManager;

    beforeEach(async () => {
      servers = await startRedisCluster();
      cluster = connect(servers);
      manager = createSessionManager({ storage: cluster, timeouts });
    });
    afterEach(async () => {
      cluster.disconnect();
      await Promise.all(servers.map((server) => server.stop()));
    });

    /** The connection to the node that has a key, and its server. */
    const nodeOf = async (key: string): Promise<{ node: Redis; server: RedisServer }> => {
      const slot = Number(await cluster.cluster("KEYSLOT", key));
      const server = servers[Math.floor(slot / 5461.5)] as RedisServer;
      const node = cluster.nodes("master").find(({ options }) => options.port === server.port) as Redis;
      return { node, server };
    };

    it("spreads sessions over its nodes, and lists all of them", async () => {
      await inParallel(60, () => begin(manager));
      expect(await manager.count()).toBe(60);
      const sizes = await Promise.all(cluster.nodes("master").map((node) => node.dbsize()));
      expect(sizes.every((size) => size > 0)).toBe(true);
      expect(sizes.reduce((sum, size) => sum + size)).toBe(60);
    });

    it("sends to each node in one piece what it is asked in one turn", async () => {
      const cookies = await inParallel(60, () => begin(manager));
      const sockets = cluster.nodes("master").map((node) => node["stream"]);
      const before = sockets.map((socket) => socket.bytesWritten);
      const loading = inParallel(60, (n) => manager.load(cookies[n]));
      expect(sockets.map((socket) => socket.writableCorked)).toEqual([1, 1, 1]);
      expect((await loading).every(({ begun }) => begun === true)).toBe(true);
      expect(sockets.map((socket) => socket.writableCorked)).toEqual([0, 0, 0]);
      expect(sockets.every((socket, n) => socket.bytesWritten > (before[n] as number))).toBe(true);
    });

    it("reads from masters, also where it would read from replicas", async () => {
      const [{ host, port }] = servers as [RedisServer];
      const spread = new Cluster([{ host, port }], { scaleReads: "slave" });
      const cookie = await begin(manager);
      const reader = createSessionManager({ storage: spread, timeouts });
      await Promise.all(cluster.nodes("master").map((node) => node.config("RESETSTAT")));
      expect({ ...(await reader.load(cookie)) }).toEqual({ begun: true });
      spread.disconnect();
      const commands = await Promise.all(cluster.nodes("master").map(commandsOf));
      expect(commands.some((each) => each["eval"] === 1 && each["get"] === 1)).toBe(true);
    });

    it("loses no acknowledged change while its connections are reset", async () => {
      const cookie = await begin(manager);
      for (let round = 0; round < 5; round++) {
        const sessions = await inParallel(10, () => manager.load(cookie));
        sessions.forEach(increment);
        const commits = sessions.map((session) => manager.commit(session));
        for (const node of cluster.nodes("master")) node["stream"]?.destroy();
        await Promise.all(commits);
      }
      expect((await manager.load(cookie))["count"]).toBe(50);
    });

    it("says that a conflict is uncertain if the node's connection closed during the write", async () => {
      const store = createRedisStore(cluster as never);
      await store.create("key", header(0), HOUR);
      await store.replace("key", header(1), { value: header(0) }, HOUR);
      const { node, server } = await nodeOf("key");
      server.pause();
      const answer = store.replace("key", header(2), { value: header(1) }, HOUR);
      await until("the write was sent", () => node["commandQueue"].length > 0);
      node["stream"].destroy();
      server.resume();
      expect(await answer).toEqual({ status: "conflict", current: { value: header(2) }, uncertain: true });
    });

    it("answers in time for a node that died, and lists all sessions or none", async () => {
      const hasty = createSessionManager({ storage: cluster, timeouts: { load: 500, save: 500 } });
      const cookies = await inParallel(20, () => begin(hasty));
      const [cookie] = cookies as [string, ...string[]];
      const { server } = await nodeOf(`session:${await idOf(hasty, cookie)}`);
      await server.kill();
      await expect(hasty.load(cookie)).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
      await expect(hasty.count()).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    });

    it("refuses what a node has that hangs, and serves it when it goes on", async () => {
      const hasty = createSessionManager({ storage: cluster, timeouts: { load: 500, save: 500 } });
      const cookie = await begin(hasty);
      const { server } = await nodeOf(`session:${await idOf(hasty, cookie)}`);
      server.pause();
      await expect(hasty.load(cookie)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
      server.resume();
      await visit(manager, cookie, increment);
      expect({ ...(await manager.load(cookie)) }).toEqual({ begun: true, count: 1 });
    });
  });
}
