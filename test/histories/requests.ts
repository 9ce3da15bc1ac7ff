import type { Event, Found, Outcome, Place, Write } from "./events.ts";

/** One request, as all that is known of it. */
export interface Request {
  readonly op: string;
  readonly family: string;
  readonly token: string | undefined;
  readonly began: number;
  loadedAt?: number;
  found?: Found | undefined;
  /** Nothing was loaded: the store did not answer. */
  unavailable: boolean;
  readonly writes: Written[];
  moves: boolean;
  ends: boolean;
  /** `undefined` if its worker was killed. */
  outcome?: Outcome;
  endedAt?: number;
  given?: string | undefined;
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

/** Puts the events of all workers together, by request. */
export function requestsOf(events: readonly Event[]): Request[] {
  const requests = new Map<string, Request>();
  for (const event of events) {
    if (event.type === "token") continue;
    if (event.type === "began") {
      const { op, family, token, at } = event;
      requests.set(op, { op, family, token, began: at, unavailable: false, writes: [], moves: false, ends: false });
    } else note(requests.get(event.op) as Request, event);
  }
  return [...requests.values()];
}

function note(request: Request, event: Exclude<Event, { type: "token" | "began" }>): void {
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
      request.moves = true;
      return;
    case "ends":
      request.ends = true;
      return;
    case "saved":
      settle(request, "stored", event);
      return;
    case "ended":
      request.outcome = event.outcome;
      request.endedAt = event.at;
      request.given = event.token;
      request.error = event.error;
      settle(request, event.outcome === "ok" ? "stored" : event.outcome === "unknown" ? "unknown" : "not stored", event);
  }
}

function settle(request: Request, fate: Fate, { at, stored }: { at: number; stored: Place | undefined }): void {
  for (const write of request.writes) {
    if (write.settledAt === undefined) Object.assign(write, { fate, settledAt: at, stored });
  }
}
