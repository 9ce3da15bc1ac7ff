import { optionError } from "../../errors.ts";

const DEFAULT_PORT = 11_211;

const SERVER = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;

/** The servers of an option, each as `host:port`, once, in an order of their own: processes that list them differently agree. */
export function parseServers(servers: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(servers) ? servers : [servers];
  if (list.length === 0) throw invalid(servers);
  return [...new Set(list.map(parseServer))].sort();
}

function parseServer(server: unknown): string {
  const [, host, port = DEFAULT_PORT] = SERVER.exec(typeof server === "string" ? server : "") ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw invalid(server);
  return `${host.toLowerCase()}:${Number(port)}`;
}

function invalid(value: unknown): Error {
  return optionError("servers", value, '"host:port" of a memcached server, or a list of at least one; a name or an IPv4 address');
}

/**
 * The server that keeps a key, by consistent hashing: one server more or less moves the keys of that server alone.
 *
 * By rendezvous, the highest of one hash per server and key: as even as a ring of very many points, and there is no ring to keep.
 * It depends on the list alone, never on which servers are up. A key that moved away from a dead server would find, when the server
 * is back, what it held before: sessions that ended meanwhile.
 */
export function serverOf(key: string, servers: readonly string[]): string {
  let chosen = servers[0] as string;
  let highest = -1;
  for (const server of servers) {
    const weight = hash(`${server} ${key}`);
    if (weight <= highest) continue;
    chosen = server;
    highest = weight;
  }
  return chosen;
}

/** 32 bits of a text: FNV-1a, and the finalizer of MurmurHash3 to spread what differs in the last characters over all bits. */
function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) bits = Math.imul(bits ^ text.charCodeAt(index), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
