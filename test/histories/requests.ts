import type { Calls, Event, Found, Outcome, Place, Sent, Write } from "./events.ts";

/** One request, as all that is known of it. */
export interface Request {
  readonly op: string;
  readonly family: string;
  readonly token: string | undefined;
  readonly sent: Sent | undefined;
  readonly began: number;
  /** How far the clock of its worker was off while it lasted, in milliseconds. */
  readonly clocks: number[];
  loadedAt?: number;
  found?: Found | undefined;
  /** Nothing was loaded: the store did not answer. */
  unavailable: boolean;
  readonly writes: Written[];
  /** How often it saved before its end. */
  saves: number;
  /** When it began to regenerate, or to end, the session. */
  movesAt?: number;
  endsAt?: number;
  /** `undefined` if its worker was killed. */
  outcome?: Outcome;
  endedAt?: number;
  /** The token it handed to the browser. */
  given?: string | undefined;
  isAcknowledged?: boolean;
  calls?: Calls;
  error?: string | undefined;
}

export interface Written extends Write {
  fate: Fate;
  /** When it was known. */
  settledAt: number | undefined;
  stored: Place | undefined;
}

/** A write that was acknowledged is there, one that was refused is not, and of the rest nobody knows. */
export type Fate = "stored" | "unknown" | "not stored";

const fates: Record<Outcome, Fate> = {
  ok: "stored",
  unknown: "unknown",
  refused: "not stored",
  gone: "not stored",
  failed: "not stored",
  broken: "unknown",
};

/** The token that a request moved its session to. */
export function successorOf({ movesAt, given, token }: Request): string | undefined {
  return movesAt === undefined || given === token ? undefined : given;
}

/** Puts the events of a worker together, by request. */
export function requestsOf(events: readonly Event[]): Request[] {
  const requests = new Map<string, Request>();
  const open = new Set<Request>();
  let clock = 0;
  for (const event of events) {
    if (event.type === "token") continue;
    if (event.type === "clock") {
      ({ clock } = event);
      for (const request of open) request.clocks.push(clock);
    } else if (event.type === "began") {
      const { op, family, token, sent, at } = event;
      const request = { op, family, token, sent, began: at, clocks: [clock], unavailable: false, writes: [], saves: 0 };
      requests.set(op, request);
      open.add(request);
    } else {
      const request = requests.get(event.op) as Request;
      note(request, event);
      if (request.endedAt !== undefined) open.delete(request);
    }
  }
  return [...requests.values()];
}

function note(request: Request, event: Exclude<Event, { type: "token" | "clock" | "began" }>): void {
  switch (event.type) {
    case "unavailable":
      request.unavailable = true;
      request.endedAt = event.at;
      return;
    case "loaded":
      request.loadedAt = event.at;
      request.found = event.found;
      return;
    case "writes":
      for (const write of event.writes)
        request.writes.push({ ...write, fate: "unknown", settledAt: undefined, stored: undefined });
      return;
    case "moves":
      request.movesAt = event.at;
      return;
    case "ends":
      request.endsAt = event.at;
      return;
    case "saved":
      request.saves++;
      settle(request, "stored", event);
      return;
    case "ended": {
      const { at, outcome, token, isAcknowledged, calls, error } = event;
      Object.assign(request, { outcome, endedAt: at, given: token, isAcknowledged, calls, error });
      settle(request, fates[outcome], event);
    }
  }
}

function settle(request: Request, fate: Fate, { at, stored }: { at: number; stored: Place | undefined }): void {
  for (const write of request.writes) {
    if (write.settledAt === undefined) Object.assign(write, { fate, settledAt: at, stored });
  }
}
